/** Runs a workload under the scheduler and every baseline, over many seeds. */
import type { Decision, ScheduleState } from "../../../controller/schedule/schedule-state.ts";
import { baseline, BASELINES, HABITS, thisScheduler } from "./policies.ts";
import { play, type Played } from "./play.ts";
import { upperBound } from "./upper-bound.ts";
import { rackTravel, wishList, type Workload } from "./workloads.ts";

export const LOADS = [0.5, 0.9, 1.2] as const;

export interface Row {
  readonly name: string;
  readonly met: number;
  readonly met_share: number;
  /** Mean distance of the opening from the wanted moment, early or late; requests without one do not count. */
  readonly lateness_s: number;
  readonly travel_s: number;
  readonly fairness: number;
  /** Median distance from the wanted state of charge; null where none is wanted. */
  readonly soc_error_median: number | null;
}

export interface Compared {
  readonly name: string;
  readonly load: number;
  readonly asked: number;
  readonly bound: number;
  readonly of_bound: number;
  readonly is_best: boolean;
  readonly rows: readonly Row[];
}

/** One list under the scheduler and under each baseline in each habit, by their names. */
export interface CaseResult {
  readonly asked: number;
  readonly bound: number;
  readonly ratePerS: number;
  readonly runs: { readonly [name: string]: Omit<Played, "made"> };
}

export const OURS = "this scheduler";

export function runCase(workload: Workload, load: number, seed: number): CaseResult {
  const list = wishList(workload, load, seed);
  const runs: { [name: string]: Omit<Played, "made"> } = { [OURS]: counted(play(list, thisScheduler())) };
  for (const name of BASELINES) {
    for (const habit of HABITS) runs[`${name} ${habit}`] = counted(play(list, baseline(name, habit)));
  }
  return { asked: list.wishes.length, bound: upperBound(list), ratePerS: list.ratePerS, runs };
}

function counted(played: Played): Omit<Played, "made"> {
  const { asked, met, latenessS, medianLatenessS, travelS, fairness, decisions } = played;
  return { asked, met, latenessS, medianLatenessS, travelS, fairness, decisions };
}

export function compare(workload: Workload, load: number, seeds: readonly number[]): Compared {
  return comparedOf(
    workload.name,
    load,
    seeds.map((seed) => runCase(workload, load, seed)),
  );
}

/** @param results of one workload at one load, a seed each */
export function comparedOf(name: string, load: number, results: readonly CaseResult[]): Compared {
  const asked = sum(results.map((one) => one.asked));
  const bound = sum(results.map((one) => one.bound));
  const rate = results[0]?.ratePerS ?? 0;
  const rowOf = (rowName: string, runName: string): Row => {
    const runs = results.flatMap((one) => one.runs[runName] ?? []);
    return {
      name: rowName,
      met: sum(runs.map(({ met }) => met)),
      met_share: sum(runs.map(({ met }) => met)) / asked,
      lateness_s: sum(runs.map(({ latenessS }) => latenessS)) / runs.length,
      travel_s: sum(runs.map(({ travelS }) => travelS)) / runs.length,
      fairness: sum(runs.map(({ fairness }) => fairness)) / runs.length,
      soc_error_median: rate === 0 ? null : (rate * sum(runs.map((run) => run.medianLatenessS))) / runs.length,
    };
  };
  const ours = rowOf(OURS, OURS);
  const others = BASELINES.map((rule) =>
    HABITS.map((habit) => rowOf(rule, `${rule} ${habit}`)).reduce((best, row) => (isBetter(row, best) ? row : best)),
  );
  return {
    ...{ name, load, asked, bound },
    of_bound: bound === 0 ? 1 : ours.met / bound,
    is_best: !others.some((row) => isBetter(row, ours)),
    rows: [ours, ...others],
  };
}

/** More met; with as many met, nearer to the wanted moments by more than a millisecond. */
function isBetter(row: Row, other: Row): boolean {
  return row.met > other.met || (row.met === other.met && row.lateness_s < other.lateness_s - 0.001);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export interface DecisionTime {
  readonly requests: number;
  readonly what: string;
  readonly median_ms: number;
  readonly p99_ms: number;
  /** Of the processor alone, collections of memory put in: on a computer that does other things beside, this counts. */
  readonly processor_median_ms: number;
  readonly bound_ms: number;
}

/** One request of each of so many cells: all new, as when a sweep begins, and with the order known from before. */
export function timeDecisions(
  decide: (state: ScheduleState) => Decision,
  monoMs: () => number,
  processorMs: () => number,
  rounds = 60,
  /** A controller has decided often before: not counted. */
  roundsBefore = 60,
): readonly DecisionTime[] {
  return [96, 240, 480, 960].flatMap((cells) => {
    const travel = rackTravel(cells, 12 * Math.ceil(Math.sqrt(cells / 96)));
    const state = (round: number, order: readonly string[]): ScheduleState => ({
      nowMs: 0,
      place: (round * 7) % cells,
      fetched: null,
      travel,
      requests: Array.from({ length: cells }, (_, cellIndex) => {
        const wantedMs = ((cellIndex * 37 + round * 11) % cells) * 7000;
        return {
          ...{
            id: String(cellIndex),
            cellIndex,
            earliestMs: wantedMs - 300_000,
            wantedMs,
            latestMs: wantedMs + 300_000,
          },
          ...{ occupiesMs: 6000, weight: 1, group: null },
        };
      }),
      exposuresLeft: () => Infinity,
      beam: { missing: null, stops: [], losses: null },
      shares: new Map(),
      lately: { met: 0, missed: 0 },
      order,
    });
    return [false, true].map((isKnown): DecisionTime => {
      const times: number[] = [];
      const processorTimes: number[] = [];
      for (let round = 0; round < rounds + roundsBefore; round += 1) {
        const order = isKnown ? decide(state(round, [])).order : [];
        const asked = state(round, order);
        const beganMs = monoMs();
        const processorBeganMs = processorMs();
        decide(asked);
        if (round < roundsBefore) continue;
        processorTimes.push(processorMs() - processorBeganMs);
        times.push(monoMs() - beganMs);
      }
      for (const one of [times, processorTimes]) one.sort((a, b) => a - b);
      return {
        requests: cells,
        what: isKnown ? "order known" : "all new",
        median_ms: times[Math.floor(times.length / 2)] ?? NaN,
        p99_ms: times[Math.floor(0.99 * times.length)] ?? NaN,
        processor_median_ms: processorTimes[Math.floor(processorTimes.length / 2)] ?? NaN,
        bound_ms: cells <= 96 ? 2 : 20,
      };
    });
  });
}
