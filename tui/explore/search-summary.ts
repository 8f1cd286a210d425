/** What a search found over all its seeds, in the form of CONTRACTS. */
import type { SmallCase } from "./minimise.ts";
import type { SeedResult, SeedViolation } from "./seed-run.ts";

export interface SearchSummary {
  readonly seeds: { readonly from: number; readonly to: number };
  readonly campaign: string;
  readonly faults: string;
  readonly runs: number;
  readonly violations: readonly (SeedViolation & { readonly replay: string })[];
  readonly checks: Readonly<Record<string, number>>;
  /** Requests met of those that could have been, over all runs; null without any. */
  readonly feasible_met_fraction: number | null;
  readonly coverage: {
    /** That took effect, by kind. */
    readonly faults: Readonly<Record<string, number>>;
    readonly faults_begun: Readonly<Record<string, number>>;
    /** Kinds that began and never took effect. */
    readonly faults_without_effect: readonly string[];
    readonly states: Readonly<Record<string, number>>;
    /** Of machines that were there. */
    readonly states_never_entered: readonly string[];
  };
  readonly small_cases: readonly (SmallCase & { readonly replay: string })[];
  readonly seeds_per_min: number;
  readonly exposures: number;
  /** Photons charged over photons given, of the run where it was largest; null without any. */
  readonly charged_over_given_max: number | null;
  readonly dose_limit_fraction_max: number;
  readonly shutter_failure_excess_max_Gy: number;
  readonly interrupted: boolean;
  readonly virtual_s: number;
  readonly wall_s: number;
}

export interface SearchFacts {
  readonly from: number;
  readonly to: number;
  readonly campaign: string;
  readonly faults: string;
  /** The command that repeats a seed. */
  readonly replay: (seed: number) => string;
  readonly interrupted: boolean;
  readonly wallS: number;
  /** Seeds run in that time; others were read from a file. */
  readonly runsNow: number;
  readonly smallCases: SearchSummary["small_cases"];
}

/** Of all feasible requests, what at the least must be met. */
export const FEASIBLE_MET_MIN = 0.7;

export function searchSummary(unordered: readonly SeedResult[], facts: SearchFacts): SearchSummary {
  const results = [...unordered].sort((a, b) => a.seed - b.seed);
  const feasible = sum(results, ({ requests }) => requests.feasible);
  const met = sum(results, ({ requests }) => Math.min(requests.met, requests.feasible));
  const states = Object.entries(added(results.map((result) => result.states)));
  const faults = added(results.map((result) => result.faults));
  const begun = added(results.map((result) => result.faults_begun));
  const ratios = results.flatMap((result) => result.charged_over_given ?? []);
  return {
    seeds: { from: facts.from, to: facts.to },
    campaign: facts.campaign,
    faults: facts.faults,
    runs: results.length,
    violations: results
      .flatMap((result) => result.violations)
      .map((found) => ({ ...found, replay: facts.replay(found.seed) })),
    checks: added(results.map((result) => result.checks)),
    feasible_met_fraction: feasible === 0 ? null : met / feasible,
    coverage: {
      faults,
      faults_begun: begun,
      faults_without_effect: Object.keys(begun).filter((kind) => (faults[kind] ?? 0) === 0),
      states: Object.fromEntries(states.filter(([, count]) => count > 0)),
      states_never_entered: states.flatMap(([name, count]) => (count === 0 ? [name] : [])),
    },
    small_cases: facts.smallCases,
    seeds_per_min: facts.wallS > 0 ? Number(((60 * facts.runsNow) / facts.wallS).toFixed(1)) : 0,
    exposures: sum(results, (result) => result.exposures),
    charged_over_given_max: ratios.length === 0 ? null : Math.max(...ratios),
    dose_limit_fraction_max: results.reduce((most, result) => Math.max(most, result.dose_limit_fraction_max), 0),
    shutter_failure_excess_max_Gy: results.reduce(
      (most, result) => Math.max(most, result.shutter_failure_excess_Gy),
      0,
    ),
    interrupted: facts.interrupted,
    virtual_s: sum(results, (result) => result.virtual_s),
    wall_s: Number(facts.wallS.toFixed(3)),
  };
}

/** Whether the search found nothing: no violation, and not safe by refusing. */
export function isSound({ violations, feasible_met_fraction: met }: SearchSummary): boolean {
  return violations.length === 0 && (met === null || met >= FEASIBLE_MET_MIN);
}

/** Lines for people. */
export function searchText(summary: SearchSummary): readonly string[] {
  const { seeds, runs, violations, coverage, feasible_met_fraction: met } = summary;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  const failing = new Set(violations.map((found) => found.seed));
  return [
    ...violations.flatMap(({ seed, invariant, at_s, what, replay }) => [
      `seed ${seed}: ${invariant} at ${at_s} s: ${what}`,
      `  ${replay}`,
    ]),
    ...summary.small_cases.flatMap(({ seed, invariant, faultsDrawn, faultsLeft, replay }) => [
      `seed ${seed}, ${invariant}: ${faultsLeft} of its ${faultsDrawn} faults are enough`,
      `  ${replay}`,
    ]),
    `${summary.campaign}: ${runs} runs, seeds ${seeds.from} to ${seeds.to}, faults ${summary.faults}`,
    `  found      ${violations.length} violations in ${failing.size} runs`,
    `  requests   ${met === null ? "none was feasible" : `${(100 * met).toFixed(1)} % of the feasible ones met (at least ${100 * FEASIBLE_MET_MIN} %)`}`,
    `  exposures  ${summary.exposures}; true dose at most ${(100 * summary.dose_limit_fraction_max).toFixed(0)} % of a limit; shutter failures gave at most ${summary.shutter_failure_excess_max_Gy.toFixed(0)} Gy beyond`,
    `  faults     took effect, of those that began: ${shares(coverage.faults, coverage.faults_begun)}; never ${coverage.faults_without_effect.join(", ") || "none"}`,
    `  states     ${Object.keys(coverage.states).length} of the controller's machines entered; never ${coverage.states_never_entered.join(", ") || "none"}`,
    `  pace       ${summary.seeds_per_min} seeds a minute`,
    `  checks     ${counts(summary.checks)}`,
  ];
}

function shares(some: Readonly<Record<string, number>>, all: Readonly<Record<string, number>>): string {
  return Object.entries(all)
    .map(([name, count]) => `${name} ${some[name] ?? 0}/${count}`)
    .join(", ");
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function added(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const one of all) for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count;
  return Object.fromEntries(Object.entries(total).sort(([a], [b]) => (a < b ? -1 : 1)));
}
