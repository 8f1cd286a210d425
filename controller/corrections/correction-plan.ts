/**
 * When a correction frame is taken: in a pause of the beam that is long enough, as soon as it is due; where no pause comes,
 * before the next exposure, a quarter of its interval late. Pure.
 */
import type { CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import type { WholePlan } from "../beam/wanted.ts";

/** A frame of the site's list, and when it was last taken. */
export interface KeptFrame {
  readonly frame: CorrectionFrame;
  /** Campaign milliseconds; null before the first. */
  readonly lastMs: number | null;
  /** After one that failed: not before. */
  readonly notBeforeMs: number;
}

/** Of its interval, how long a frame that is due waits for a pause. */
const PATIENCE_SHARE = 0.25;
/** Beyond so many intervals it tells nothing of what is measured now. */
const HOLDS_INTERVALS = 2;

export function dueMs({ frame, lastMs, notBeforeMs }: KeptFrame): number {
  return Math.max(notBeforeMs, lastMs === null ? 0 : lastMs + frame.everyMs);
}

export function pressingMs(kept: KeptFrame): number {
  const { lastMs, frame } = kept;
  // The first is taken before anything is exposed that it is to correct.
  return lastMs === null ? dueMs(kept) : dueMs(kept) + PATIENCE_SHARE * frame.everyMs;
}

export function expiresMs({ frame, lastMs }: KeptFrame): number {
  return (lastMs ?? 0) + HOLDS_INTERVALS * frame.everyMs;
}

export interface CorrectionFacts {
  readonly nowMs: number;
  readonly kept: readonly KeptFrame[];
  /** Beam and equipment are fit for this frame, for so long from now. */
  readonly isFit: (frame: CorrectionFrame) => boolean;
  /** How long it keeps the beam's equipment busy. */
  readonly takesMs: (frame: CorrectionFrame) => number;
}

/** What cannot wait for a pause any more; undefined for nothing. */
export function pressing({ nowMs, kept, isFit }: CorrectionFacts): CorrectionFrame | undefined {
  return kept.find((one) => nowMs >= pressingMs(one) && isFit(one.frame))?.frame;
}

export type PlanWithCorrection<Plan extends WholePlan> = Plan & { readonly correction?: CorrectionFrame };

/** Puts what is due into the pause that the plan leaves; a pause ends in time for what falls due in it. */
export function inPause<Plan extends WholePlan>(plan: Plan, facts: CorrectionFacts): PlanWithCorrection<Plan> {
  const { act } = plan;
  const { nowMs, kept, isFit, takesMs } = facts;
  if (act.kind !== "wait") return plan;
  const fits = kept.find((one) => nowMs >= dueMs(one) && isFit(one.frame) && nowMs + takesMs(one.frame) <= act.untilMs);
  if (fits !== undefined) return { ...plan, correction: fits.frame };
  const nextMs = Math.min(...kept.map(dueMs).filter((atMs) => atMs > nowMs));
  return nextMs < act.untilMs ? { ...plan, act: { ...act, untilMs: nextMs } } : plan;
}
