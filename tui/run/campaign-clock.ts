/** Campaign time on a real clock: zero when the campaign begins, and never jumping. */
import type { Clock } from "../../protocols/base/clock.ts";

export function createCampaignClock(clock: Clock): Clock {
  const startMs = clock.monoMs();
  return {
    wallMs: () => clock.wallMs(),
    monoMs: () => clock.monoMs() - startMs,
    setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
    clearTimeout: (handle) => {
      clock.clearTimeout(handle);
    },
  };
}
