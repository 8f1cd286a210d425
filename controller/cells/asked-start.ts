/**
 * A start that is asked for, until it is answered. Where this process had no processor meanwhile, the first samples of the
 * step are read before its answer is: they say that it runs.
 */
import type { Clock } from "../../protocols/base/clock.ts";

export interface AskedStart {
  /** A start is on its way; `begun` is told once, by whatever says first that the step runs, and for how long it has by then at least. */
  ask(begun: (ranForS: number) => void): OneStart;
  /** A sample came, of this time of its step: it may be of the step before. */
  heard(stepTimeS: number): void;
  /** Its step is over. */
  over(): void;
}

/** The next one may be asked for before this one is answered, whose step is over by then. */
export interface OneStart {
  answered(): void;
  /** It failed, or nobody awaits it any more. Whether nothing had said by then that the step runs. */
  failed(): boolean;
}

/** A step's own clock may run a little ahead. */
const AHEAD_MS = 50;

export function createAskedStart(clock: Pick<Clock, "monoMs">): AskedStart {
  let asked: { readonly atMs: number; readonly begun: (ranForS: number) => void } | null = null;

  function tell(ranForS: number): void {
    const of = asked;
    asked = null;
    of?.begun(ranForS);
  }

  return {
    ask(begun) {
      const own = { atMs: clock.monoMs(), begun };
      asked = own;
      return {
        answered() {
          if (asked === own) tell(0);
        },
        failed() {
          if (asked !== own) return false;
          asked = null;
          return true;
        },
      };
    },
    heard(stepTimeS) {
      if (asked !== null && 1000 * stepTimeS <= clock.monoMs() - asked.atMs + AHEAD_MS) tell(stepTimeS);
    },
    over() {
      asked = null;
    },
  };
}
