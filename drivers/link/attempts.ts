/** Attempts to connect, of which the newest alone is wanted: what opens for another is closed and given to nobody. */
import { Fault } from "../../protocols/base/fault.ts";

export interface Attempts {
  /** One has begun and was not ended: connected, or on the way there. */
  readonly isWanted: boolean;
  /** A connect, from the moment it is asked for. What is under way already is not wanted any more. */
  begin(): Attempt;
  /** A disconnect: none is wanted. */
  end(): void;
}

export interface Attempt {
  readonly isWanted: boolean;
  /** Throws Fault `link.closed` once it is not wanted any more. */
  needWanted(): void;
  /** Rejects as `needWanted` does, before it opens anything or when that is closed again; else as `open` does. */
  open<T extends { close(): void }>(open: () => Promise<T>): Promise<T>;
}

/** @param name the device, in the operator's words */
export function createAttempts(name: string): Attempts {
  let count = 0;
  let isWanted = false;

  function end(): void {
    count += 1;
    isWanted = false;
  }

  return {
    get isWanted() {
      return isWanted;
    },
    begin() {
      end();
      isWanted = true;
      const mine = count;
      const isMine = (): boolean => mine === count;
      function needWanted(): void {
        if (!isMine()) throw new Fault("link.closed", name, "disconnected while connecting");
      }
      return {
        get isWanted() {
          return isMine();
        },
        needWanted,
        async open(open) {
          needWanted();
          const opened = await open();
          if (!isMine()) opened.close();
          needWanted();
          return opened;
        },
      };
    },
    end,
  };
}
