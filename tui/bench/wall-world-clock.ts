/** The simulator's clock on a real one: what the virtual world does in virtual time happens here as it is due. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { WorldClock } from "../../simulator/plant/plant.ts";

export interface WallWorldClock extends WorldClock {
  /** UTC at the clock's zero. */
  readonly startWallMs: number;
  /** Nothing more happens. */
  stop(): void;
}

/** Time counts from now. What an event throws goes to `onError`: it must not end the timers of all the others. */
export function createWallWorldClock(clock: Clock, onError: (error: Error) => void): WallWorldClock {
  const startMs = clock.monoMs();
  const startWallMs = clock.wallMs();
  const timers = new Map<number, TimerHandle>();
  let lastHandle = 0;
  let isStopped = false;

  const nowMs = (): number => clock.monoMs() - startMs;

  function arm(handle: number, atMs: number, fn: () => void): void {
    timers.set(
      handle,
      clock.setTimeout(
        () => {
          // Timers of the system may come up to a millisecond early; instruments never act before their time.
          if (nowMs() < atMs) {
            arm(handle, atMs, fn);
            return;
          }
          timers.delete(handle);
          try {
            fn();
          } catch (error) {
            onError(error instanceof Error ? error : new Error(String(error)));
          }
        },
        Math.max(0, atMs - nowMs()),
      ),
    );
  }

  return {
    startWallMs,
    nowMs,
    at(atMs, fn) {
      lastHandle += 1;
      if (!isStopped && atMs !== Infinity) arm(lastHandle, atMs, fn);
      return lastHandle;
    },
    cancel(handle) {
      const timer = timers.get(handle);
      if (timer === undefined) return;
      timers.delete(handle);
      clock.clearTimeout(timer);
    },
    stop() {
      isStopped = true;
      for (const timer of timers.values()) clock.clearTimeout(timer);
      timers.clear();
    },
  };
}
