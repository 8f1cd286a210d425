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

export function compare(workload: Workload, load: number, seeds: readonly number[]): Compared {
  const lists = seeds.map((seed) => wishList(workload, load, seed));
  const asked = sum(lists.map(({ wishes }) => wishes.length));
  const bound = sum(lists.map(upperBound));
  const rate = lists[0]?.ratePerS ?? 0;
  const rowOf = (name: string, runs: readonly Played[]): Row => ({
    name,
    met: sum(runs.map(({ met }) => met)),
    met_share: sum(runs.map(({ met }) => met)) / asked,
    lateness_s: sum(runs.map(({ latenessS }) => latenessS)) / runs.length,
    travel_s: sum(runs.map(({ travelS }) => travelS)) / runs.length,
    fairness: sum(runs.map(({ fairness }) => fairness)) / runs.length,
    soc_error_median: rate === 0 ? null : (rate * sum(runs.map((run) => run.medianLatenessS))) / runs.length,
  });
  const ours = rowOf(
    "this scheduler",
    lists.map((list) => play(list, thisScheduler())),
  );
  const others = BASELINES.map((name) =>
    HABITS.map((habit) =>
      rowOf(
        name,
        lists.map((list) => play(list, baseline(name, habit))),
      ),
    ).reduce((best, row) => (isBetter(row, best) ? row : best)),
  );
  return {
    ...{ name: workload.name, load, asked, bound },
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
  readonly bound_ms: number;
}

/** One request of each of so many cells: all new, as when a sweep begins, and with the order known from before. */
export function timeDecisions(
  decide: (state: ScheduleState) => Decision,
  monoMs: () => number,
  rounds = 60,
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
      for (let round = 0; round < rounds + 5; round += 1) {
        const order = isKnown ? decide(state(round, [])).order : [];
        const asked = state(round, order);
        const beganMs = monoMs();
        decide(asked);
        if (round >= 5) times.push(monoMs() - beganMs);
      }
      times.sort((a, b) => a - b);
      return {
        requests: cells,
        what: isKnown ? "order known" : "all new",
        median_ms: times[Math.floor(times.length / 2)] ?? NaN,
        p99_ms: times[Math.floor(0.99 * times.length)] ?? NaN,
        bound_ms: cells <= 96 ? 2 : 20,
      };
    });
  });
}
