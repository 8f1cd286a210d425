/** What becomes of a cell whose step is refused, or fails or is aborted as soon as it runs. Pure. */
import type { CellContext, CellEvent } from "./cell-news.ts";

/** Then its link is made anew. */
const STARTS_PER_LINK = 3;
const STARTS_MAX = 9;
/**
 * A step that ran for so long has begun for good: an instrument whose firmware ends every step says so within seconds. One that
 * tells no sample is silent only after a few intervals of them, which may take longer (chosen).
 */
const BEGUN_MS = 60_000;

/** What becomes of a cell whose step could not be started once more. */
export function afterFailedStart({ failedStartsCount }: CellContext): "again" | "new-link" | "given-up" {
  const count = failedStartsCount + 1;
  if (count >= STARTS_MAX) return "given-up";
  return count % STARTS_PER_LINK === 0 ? "new-link" : "again";
}

/** Of the step that ran until `event`. */
function hasBegunForGood({ cursor, effects, stepStartedAtMs }: CellContext, event: CellEvent, nowMs: number): boolean {
  // A spectrum has no samples.
  const hasSamples = cursor?.step.channelStep.kind !== "impedance";
  const isSilent = event.type === "STEP_FAILED" && event.fault.code === "channel.silent";
  if (isSilent && hasSamples && effects.stepSamples?.() === null) return false;
  return nowMs - stepStartedAtMs >= BEGUN_MS;
}

/** Of its link, and not of the step. */
function isOfLink(event: CellEvent): boolean {
  return event.type === "STEP_FAILED" && event.fault.code.startsWith("link.");
}

/** Starts in a row that failed, as the step that runs breaks off: one that was heard, and that nothing of its own ended, had begun. */
export function failedBefore(context: CellContext, event: CellEvent, nowMs: number): number {
  if (hasBegunForGood(context, event, nowMs)) return 0;
  const isAborted = event.type === "STEP_ENDED" && event.end === "aborted";
  const isOwn = isAborted || (event.type === "STEP_FAILED" && !isOfLink(event));
  const isHeard = (context.effects.stepSamples?.() ?? null) !== null;
  return isHeard && !isOwn ? 0 : context.failedStartsCount;
}

/** What becomes of a cell whose step had been acknowledged, and failed or was aborted, as `afterFailedStart`; null where it ran for a while, or its link went: that is tried for its own time. */
export function afterFailure(
  context: CellContext,
  event: CellEvent,
  nowMs: number,
): ReturnType<typeof afterFailedStart> | null {
  return isOfLink(event) || hasBegunForGood(context, event, nowMs) ? null : afterFailedStart(context);
}
