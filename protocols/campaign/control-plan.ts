/**
 * Control visits of a campaign (`controls:`): every so many sweeps each exposed cell gets, right after its ordinary
 * exposure, a second one on a spot that is kept for this. Both patterns are compared; docs/beam-effect.md says how.
 */
import type { CellRole, SpotOffset } from "./campaign.ts";

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
  /** What `lower` means for the cells concerned. */
  readonly lowered: LoweredExposures;
  /** Rarely exposed cells are exposed in each sweep of this multiple, which is a control sweep; null without such cells. */
  readonly rareEverySweeps: number | null;
}

export interface LoweredExposures {
  /** Of the ordinary exposures only those in each sweep of this multiple are left, beside those of control visits. */
  readonly everySweeps: number;
  /** Each of them lasts this share of the preset's time, 0..1. */
  readonly exposureFraction: number;
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

/** Whether a sweep asks for a cell at all: rarely exposed cells are asked for in few sweeps, dark ones in none. */
export function isAskedFor(role: CellRole, plan: ControlPlan | undefined, sweep: number): boolean {
  if (role === "exposed") return true;
  return role === "rare-control" && sweep >= 1 && sweep % (plan?.rareEverySweeps ?? Infinity) === 0;
}

/** A lowered cell keeps this sweep's exposure. */
export function isKeptWhenLowered(plan: ControlPlan, sweep: number): boolean {
  return isControlSweep(plan, sweep) || sweep % plan.lowered.everySweeps === 0;
}

/** Sweeps among so many that ask for a rarely exposed cell. */
export function rareVisitCount({ rareEverySweeps }: ControlPlan, sweepCount: number): number {
  return rareEverySweeps === null ? 0 : Math.floor(sweepCount / rareEverySweeps);
}
