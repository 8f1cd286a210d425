/** Campaign time on a real clock: zero when the campaign began, and never jumping while a run goes on. */
import type { Clock } from "../../protocols/base/clock.ts";

export interface CampaignClock extends Clock {
  /** The run is over: nothing that was to happen later happens any more. */
  end(): void;
}

interface Timer {
  handle: unknown;
}

/** `beganAgoMs`: how long ago the campaign began, for a run that goes on. */
export function createCampaignClock(clock: Clock, beganAgoMs = 0): CampaignClock {
  const startMs = clock.monoMs() - beganAgoMs;
  const pending = new Set<Timer>();
  let isOver = false;
  return {
    wallMs: () => clock.wallMs(),
    monoMs: () => clock.monoMs() - startMs,
    setTimeout(fn, ms) {
      const timer: Timer = { handle: undefined };
      if (isOver) return timer;
      pending.add(timer);
      timer.handle = clock.setTimeout(() => {
        pending.delete(timer);
        fn();
      }, ms);
      return timer;
    },
    clearTimeout(handle) {
      const timer = handle as Timer;
      if (pending.delete(timer)) clock.clearTimeout(timer.handle);
    },
    end() {
      isOver = true;
      for (const timer of pending) clock.clearTimeout(timer.handle);
      pending.clear();
    },
  };
}
