/**
 * How far the computer's clock is off UTC goes on record while a run goes on: soon after it began and every hour, and
 * where nobody says, that nobody does. Nothing is decided by it: exports tell it with the data.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { ClockOffset } from "../../protocols/base/clock-offset.ts";
import { isFault } from "../../protocols/base/fault.ts";

export interface ClockWatchDeps {
  /** The campaign's. */
  readonly clock: Clock;
  /** Null where nobody says. */
  readonly read: () => Promise<ClockOffset | null>;
  readonly store: { appendEvent(event: { readonly atMs: number; readonly type: string; readonly data: Json }): number };
}

export interface ClockWatch {
  start(): void;
  /** Nothing more is put on record. */
  stop(): void;
}

export const CLOCK_EVENT = "clock-compared";

/** The campaign has begun on record by then. */
const FIRST_LOOK_MS = 2000;
const LOOK_MS = 3_600_000;

export function createClockWatch({ clock, read, store }: ClockWatchDeps): ClockWatch {
  let wasUnknown = false;
  let isOver = false;

  async function look(): Promise<void> {
    clock.setTimeout(() => void look(), LOOK_MS);
    const found = await read();
    if (isOver || (found === null && wasUnknown)) return;
    wasUnknown = found === null;
    try {
      store.appendEvent({
        atMs: clock.monoMs(),
        type: CLOCK_EVENT,
        data: {
          source: found?.source ?? "unknown",
          utc_less_clock_s: found?.offsetS ?? null,
          uncertainty_s: found?.uncertaintyS ?? null,
        },
      });
    } catch (error) {
      // A record that cannot be written is told of by whoever writes what matters more.
      isOver = true;
      if (!isFault(error)) throw error;
    }
  }

  return {
    start() {
      clock.setTimeout(() => void look(), FIRST_LOOK_MS);
    },
    stop() {
      isOver = true;
    },
  };
}
