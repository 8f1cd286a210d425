/** The simulator's clock on a real one: what the virtual world does in virtual time happens here as it is due. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { createEventHeap } from "../../simulator/clock/event-heap.ts";
import type { WorldClock } from "../../simulator/plant/plant.ts";

export interface WallWorldClock extends WorldClock {
  /** UTC at the clock's zero. */
  readonly startWallMs: number;
  /** Nothing more happens. */
  stop(): void;
}

/**
 * Time counts from now. Events happen in the order of their times, and at one time in the order in which they were asked
 * for: the system's timers, one for each, would keep neither within a millisecond, and two lines of one device would change
 * places. What an event throws goes to `onError`: it must not end the others.
 */
export function createWallWorldClock(clock: Clock, onError: (error: Error) => void): WallWorldClock {
  const startMs = clock.monoMs();
  const startWallMs = clock.wallMs();
  const agenda = createEventHeap();
  let timer: TimerHandle;
  /** When the timer is due; Infinity without one. */
  let timerMs = Infinity;
  let isRunning = false;
  let isStopped = false;

  const nowMs = (): number => clock.monoMs() - startMs;

  /** One timer for the next event. Timers of the system may come early; instruments never act before their time. */
  function arm(): void {
    const nextMs = agenda.nextMs();
    if (isRunning || isStopped || nextMs === timerMs) return;
    if (timerMs !== Infinity) clock.clearTimeout(timer);
    timerMs = nextMs;
    if (nextMs !== Infinity) timer = clock.setTimeout(run, Math.max(0, nextMs - nowMs()));
  }

  /** What is due by now; what comes due meanwhile leaves room for cables and sockets first. */
  function run(): void {
    timerMs = Infinity;
    isRunning = true;
    const untilMs = nowMs();
    while (!isStopped && agenda.nextMs() <= untilMs) {
      try {
        agenda.pop()();
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
    isRunning = false;
    arm();
  }

  return {
    startWallMs,
    nowMs,
    at(atMs, fn) {
      const handle = agenda.push(Math.max(atMs, nowMs()), 0, fn);
      arm();
      return handle;
    },
    cancel(handle) {
      if (agenda.cancel(handle)) arm();
    },
    stop() {
      isStopped = true;
      if (timerMs !== Infinity) clock.clearTimeout(timer);
      timerMs = Infinity;
    },
  };
}
