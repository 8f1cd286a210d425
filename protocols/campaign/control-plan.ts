/**
 * Control visits of a campaign (`controls:`): every so many sweeps each exposed cell gets, right after its ordinary
 * exposure, a second one on a spot that is kept for this. Both patterns are compared; docs/beam-effect.md says how.
 */
import type { SpotOffset } from "./campaign.ts";

/** What a beam effect that was found does to further exposures of the cells concerned. */
export type OnBeamEffect = "tell" | "lower" | "stop";

export interface ControlPlan {
  /** Kept for control visits, used in turn; none of them is one of the preset's. */
  readonly spots: readonly SpotOffset[];
  readonly everySweeps: number;
  /** Lag in lithium that matters, 0..1. */
  readonly lag: number;
  readonly power: number;
  /** Chance of a false alarm in the whole campaign. */
  readonly falseAlarms: number;
  /** Standard error of lithium in one reading, as expected; the verdict uses the fits' own. */
  readonly readingError: number;
  /** Standard deviation of lithium between untouched spots of one cell. */
  readonly spotScatter: number;
  readonly onBeamEffect: OnBeamEffect;
}

export function isControlSweep(plan: ControlPlan, sweep: number): boolean {
  return sweep >= 1 && sweep % plan.everySweeps === 0;
}

/** Which control spot a sweep's visit goes to, by its index among the control spots. */
export function controlSpotOf(plan: ControlPlan, sweep: number): number {
  return (Math.floor(sweep / plan.everySweeps) - 1) % plan.spots.length;
}

/** Control visits among so many sweeps. */
export function visitCount(plan: ControlPlan, sweepCount: number): number {
  return Math.floor(sweepCount / plan.everySweeps);
}
