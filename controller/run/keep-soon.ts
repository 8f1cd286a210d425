/**
 * What a restart goes on from is made durable soon after it is written, not only with the next frame of samples: a
 * second of it is the most that a lost controller forgets.
 */
import type { Clock } from "../../protocols/base/clock.ts";

const WITHIN_MS = 1000;

/**
 * As soon as the devices have been told: what was stopped begins by itself after no kill, and a beam that is known to be on,
 * or may be, is charged by whoever comes next.
 */
const KEPT_AT_ONCE: ReadonlySet<string> = new Set(["stop-ordered", "shutter-late", "beam-not-off"]);

const KEPT: ReadonlySet<string> = new Set([
  "campaign-started",
  "campaign-resumed",
  "campaign-complete",
  "step-started",
  "step-ended",
  "step-interrupted",
  "cell-found",
  "cell-proof",
  "cell-taken-out",
  "cell-put-back",
  "cell-act",
  "cell-held",
  "cell-isolated",
  "cell-complete",
  "cell-stopped",
  "cells-ordered-off",
  "charge-doubted",
  "stop-ended",
  "safety-input-tripped",
  "exposing-held",
  "exposing-resumed",
  "interlock-broken",
  "interlock-rearmed",
  "access-asked",
  "access-refused",
  "access-closed",
  "campaign-amended",
]);

/** Told the type of every event that is written. */
export function createKeepSoon(clock: Clock, commit: () => void): (type: string) => void {
  let isDue = false;
  return (type) => {
    if (KEPT_AT_ONCE.has(type)) {
      clock.setTimeout(commit, 0);
      return;
    }
    if (isDue || !KEPT.has(type)) return;
    isDue = true;
    clock.setTimeout(() => {
      isDue = false;
      commit();
    }, WITHIN_MS);
  };
}
