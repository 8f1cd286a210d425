/** The machine's clock, for everything that runs in wall time. */
import { performance } from "node:perf_hooks";
import type { Clock } from "../../protocols/base/clock.ts";

/** Delays beyond what Node's timers can hold would fire at once; they are waited for in pieces. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

interface Timer {
  node: NodeJS.Timeout;
}

export function createRealClock(): Clock {
  function arm(timer: Timer | undefined, fn: () => void, ms: number): Timer {
    const piece = Math.min(ms, LONGEST_DELAY_MS);
    const node = setTimeout(() => {
      if (ms > piece) arm(own, fn, ms - piece);
      else fn();
    }, piece);
    const own: Timer = timer ?? { node };
    own.node = node;
    return own;
  }
  return {
    wallMs: () => Date.now(),
    monoMs: () => performance.now(),
    setTimeout: (fn, ms) => arm(undefined, fn, ms),
    clearTimeout(handle) {
      if (isTimer(handle)) clearTimeout(handle.node);
    },
  };
}

function isTimer(handle: unknown): handle is Timer {
  return typeof handle === "object" && handle !== null && "node" in handle;
}
