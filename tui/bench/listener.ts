/** A real endpoint with a simulated instrument behind it, and what joins the two. */
import type { DeviceEnd } from "../../simulator/plant/plant.ts";

export interface BenchListener {
  /** Where a driver finds it: a path, or host:port. Known once it has started. */
  readonly where: string;
  /** Begins to listen, for the first time or after an `unplug`. Rejects with Fault `bench.listen`. */
  plug(): Promise<void>;
  /** As if the cable were pulled: open connections break, new ones are refused. */
  unplug(): Promise<void>;
  /** Lets go of the endpoint for good. */
  close(): Promise<void>;
}

/** What a listener tells the instrument, and how it hands on what the instrument says. */
export interface DevicePort {
  readonly end: DeviceEnd;
  /** A connection: from now on the instrument's bytes go to it. */
  opened(connection: DeviceConnection): void;
  /** That connection is gone. */
  closed(connection: DeviceConnection): void;
  data(connection: DeviceConnection, chunk: Uint8Array): void;
  readonly isOpen: boolean;
}

export interface DeviceConnection {
  send(chunk: Uint8Array): void;
  hangUp(why: string): void;
}

/** One connection at a time; what the instrument says while there is none is lost. */
export function createDevicePort(): DevicePort {
  let current: DeviceConnection | undefined;
  let onOpen: (() => void) | undefined;
  let onClose: (() => void) | undefined;
  let onData: ((chunk: Uint8Array) => void) | undefined;

  return {
    end: {
      onOpen(handler) {
        onOpen = handler;
      },
      onClose(handler) {
        onClose = handler;
      },
      onData(handler) {
        onData = handler;
      },
      send(chunk) {
        current?.send(chunk);
      },
      hangUp(why) {
        current?.hangUp(why);
      },
    },
    opened(connection) {
      current = connection;
      onOpen?.();
    },
    closed(connection) {
      if (current !== connection) return;
      current = undefined;
      onClose?.();
    },
    data(connection, chunk) {
      if (current === connection) onData?.(chunk);
    },
    get isOpen() {
      return current !== undefined;
    },
  };
}
