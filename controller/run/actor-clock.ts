import type { Clock } from "../../protocols/base/clock.ts";

/** The injected clock as actors take it. */
export interface ActorClock {
  readonly setTimeout: (fn: () => void, ms: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
}

export function actorClock(clock: Clock): ActorClock {
  return {
    setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
    clearTimeout: (handle) => {
      clock.clearTimeout(handle);
    },
  };
}
