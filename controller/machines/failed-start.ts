/** What becomes of a cell whose step is refused, or fails as soon as it runs. Pure. */
import type { CellContext, CellEvent } from "./cell-news.ts";

/** Then its link is made anew. */
const STARTS_PER_LINK = 3;
const STARTS_MAX = 9;
/**
 * A step that ran for so long has begun for good. An instrument whose firmware ends every step says so within seconds, and
 * one that tells no sample after a few intervals of them (chosen).
 */
const BEGUN_MS = 60_000;

/** What becomes of a cell whose step could not be started once more. */
export function afterFailedStart({ failedStartsCount }: CellContext): "again" | "new-link" | "given-up" {
  const count = failedStartsCount + 1;
  if (count >= STARTS_MAX) return "given-up";
  return count % STARTS_PER_LINK === 0 ? "new-link" : "again";
}

/** Of the step that runs. */
export function hasBegunForGood({ stepStartedAtMs }: CellContext, nowMs: number): boolean {
  return nowMs - stepStartedAtMs >= BEGUN_MS;
}

/** The same of a step that had been acknowledged; null where it ran for a while, or its link went: that is tried for its own time. */
export function afterFailure(
  context: CellContext,
  event: CellEvent,
  nowMs: number,
): ReturnType<typeof afterFailedStart> | null {
  const isOfLink = event.type === "STEP_FAILED" && event.fault.code.startsWith("link.");
  return isOfLink || hasBegunForGood(context, nowMs) ? null : afterFailedStart(context);
}
