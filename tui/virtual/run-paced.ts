/** The virtual world at a given pace: so many of its seconds in one of the day, for people who watch it. */
import type { Clock } from "../../protocols/base/clock.ts";
import { sleep } from "../../protocols/base/clock.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";

export interface PacedRun {
  readonly clock: VirtualClock;
  /** The machine's. */
  readonly dayClock: Clock;
  /** Seconds of the world in one of the day. */
  readonly pace: number;
  readonly untilMs: number;
  readonly isDone: () => boolean;
  readonly onBreath: () => void;
}

/** Steps this short look like time that flows. */
const STEP_MS = 50;
/** What the processor cannot make up for is let go of: after a suspended laptop the world does not race. */
const BEHIND_MAX_MS = 1000;

/** Resolves at `untilMs`, or when the run is done. Events are the same as without a pace. */
export async function runPaced({ clock, dayClock, pace, untilMs, isDone, onBreath }: PacedRun): Promise<void> {
  let fromDayMs = dayClock.monoMs();
  let fromMs = clock.monoMs();
  while (!isDone() && clock.monoMs() < untilMs) {
    const behindMs = dayClock.monoMs() - fromDayMs;
    const targetMs = Math.min(untilMs, fromMs + behindMs * pace);
    await clock.run(targetMs, { onBreath });
    onBreath();
    const lateMs = (fromMs + (dayClock.monoMs() - fromDayMs) * pace - clock.monoMs()) / pace;
    if (lateMs > BEHIND_MAX_MS) {
      fromDayMs = dayClock.monoMs();
      fromMs = clock.monoMs();
    }
    await sleep(dayClock, Math.max(1, STEP_MS - Math.max(0, lateMs)));
  }
}
