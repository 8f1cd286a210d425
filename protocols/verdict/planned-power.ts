/** What the planned control visits will be able to see, before any of them is made. */
import { hypothesisCount, levelToFind, levelToSuspectCells, type VerdictRules } from "./beam-verdict.ts";
import {
  BEND_FREEDOM,
  betweenGroups,
  criticalDistance,
  pairedEffect,
  powerFor,
  scatterOf,
  type PairValue,
} from "./paired-effect.ts";

export interface PlannedPairs {
  readonly cellCount: number;
  readonly materialCount: number;
  /** Control visits of each cell, one pair each. */
  readonly visitCount: number;
  readonly spotCount: number;
  readonly controlCount: number;
  /** Of lithium, one reading. */
  readonly readingError: number;
  /** Which of a cell's visits meet which spots: by the number of the visit, from 0. */
  readonly spotOf: (visit: number) => number;
}

export interface PlannedPower {
  /** At the last look. */
  readonly power: number;
  /** Visits after which the power asked for is reached; null when it is not. */
  readonly visitsNeeded: number | null;
  /** Smallest lag that is found with the power asked for at the last look; null when there is none up to 1. */
  readonly lagFound: number | null;
}

export interface PlannedRare {
  readonly exposedCount: number;
  readonly rareCount: number;
  /** Pairs of each cell at the last look. */
  readonly exposedVisits: number;
  readonly rareVisits: number;
  readonly looks: number;
  /** Comparisons of whole cells, all materials together. */
  readonly comparisonCount: number;
  readonly readingError: number;
}

/**
 * Smallest difference between the lags of exposed and of rarely exposed cells of one material that is suspected with the
 * power asked for at the last look; null when there is none up to 1.
 */
export function plannedAgainstRare(rules: VerdictRules, plan: PlannedRare): number | null {
  if (plan.exposedCount < 3 || plan.rareCount < 3 || !(plan.rareVisits >= 1)) return null;
  const variance = (visits: number): number => (2 * plan.readingError ** 2 + 2 * rules.spotScatter ** 2) / visits;
  const { error, freedom } = betweenGroups(
    { count: plan.exposedCount, variance: variance(plan.exposedVisits) },
    { count: plan.rareCount, variance: variance(plan.rareVisits) },
  );
  const critical = criticalDistance(freedom, levelToSuspectCells(rules, plan.looks, plan.comparisonCount));
  for (let step = 1; step <= 1000; step += 1) {
    if (powerFor(step / 1000, error, critical) >= rules.power) return step / 1000;
  }
  return null;
}

export function plannedPower(rules: VerdictRules, plan: PlannedPairs): PlannedPower {
  /** Power after so many visits for a lag of any size. */
  const afterVisits = (count: number): ((lag: number) => number) => {
    if (count < rules.pairsMin) return () => 0;
    const values = Array.from({ length: count }, (_, visit): PairValue => {
      const error = Math.SQRT2 * plan.readingError;
      return { value: 0, error, spotIndex: plan.spotOf(visit), controlIndex: visit % Math.max(1, plan.controlCount) };
    });
    const scatter = scatterOf(1, (BEND_FREEDOM * (count - 2) * plan.cellCount) / plan.materialCount);
    const effect = pairedEffect(values, scatter, rules.spotScatter);
    if (effect === undefined) return () => 0;
    const level = levelToFind(rules, count, hypothesisCount(plan.cellCount, plan.materialCount));
    const critical = criticalDistance(effect.freedom, level);
    return (lag) => powerFor(lag, effect.error, critical);
  };
  let visitsNeeded: number | null = null;
  for (let count = 1; count <= plan.visitCount && visitsNeeded === null; count += 1) {
    if (afterVisits(count)(rules.lag) >= rules.power) visitsNeeded = count;
  }
  const atEnd = afterVisits(plan.visitCount);
  let lagFound: number | null = null;
  for (let step = 1; step <= 1000 && lagFound === null; step += 1) {
    if (atEnd(step / 1000) >= rules.power) lagFound = step / 1000;
  }
  return { power: atEnd(rules.lag), visitsNeeded, lagFound };
}
