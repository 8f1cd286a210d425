/**
 * Wish lists as campaigns make them, seeded: ninety-six cells on the reference site's stage, or a robot. The load is the
 * time that all exposures take with the shortest hops, as a part of the time with beam; exposures are as long as it asks.
 */
import { stageTravel, changerTravel, gapS, type Travel } from "../../../controller/schedule/travel.ts";
import type { KnownStop } from "../../../controller/schedule/schedule-state.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import type { Chance } from "../../../simulator/plant/plant.ts";
import type { Dump, Wish, WishList } from "./wish-list.ts";

/** The reference site's stage. */
const STAGE = { speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 };
const PITCH_MM = 25;
const COLUMNS = 12;
const H = 3_600_000;
const MIN = 60_000;
/** Shutter both ways and read-out. */
const AROUND_S = 0.041;

export function rackTravel(cellCount = 96, columns = COLUMNS): Travel {
  const cells = Array.from({ length: cellCount }, (_, index) => ({
    xMm: 12.5 + (index % columns) * PITCH_MM,
    yMm: 12.5 + Math.floor(index / columns) * PITCH_MM,
  }));
  return stageTravel(STAGE, cells, { xMm: 0, yMm: 0 });
}

interface Asked {
  readonly cellIndex: number;
  readonly fromMs: number;
  readonly wantedMs: number | null;
  readonly toMs: number;
  readonly knownAtMs: number;
  readonly forecastOff: number;
  readonly group: string | null;
}

interface Case {
  readonly asked: readonly Asked[];
  readonly endMs: number;
  readonly travel?: Travel;
  readonly dumps?: readonly Dump[];
  readonly stops?: readonly KnownStop[];
  readonly losses?: WishList["losses"];
  readonly exposuresPerCell?: number;
  readonly shares?: ReadonlyMap<string, number>;
  readonly ratePerS?: number;
}

export interface Workload {
  readonly name: string;
  readonly what: string;
  make(chance: Chance): Case;
}

/** Cells of a state-of-charge grid: each passes its marks at its own pace, known from its forecast. */
function grid(
  chance: Chance,
  cells: readonly number[],
  endMs: number,
  options: {
    readonly stepMs: (cell: number) => number;
    readonly startMs: (cell: number) => number;
    /** Half the window, as a part of the step. */
    readonly half: number;
    readonly group?: (cell: number) => string;
  },
): readonly Asked[] {
  return cells.flatMap((cellIndex) => {
    // Capacities spread, so that cells that began together drift apart.
    const stepMs = options.stepMs(cellIndex) * (1 + 0.02 * chance.normal());
    const halfMs = options.half * stepMs;
    const asked: Asked[] = [];
    for (let wantedMs = options.startMs(cellIndex) + stepMs; wantedMs + halfMs < endMs; wantedMs += stepMs) {
      asked.push({
        cellIndex,
        fromMs: wantedMs - halfMs,
        wantedMs,
        toMs: wantedMs + halfMs,
        knownAtMs: Math.max(0, wantedMs - 20 * MIN),
        forecastOff: 0.005 * Math.max(-2, Math.min(2, chance.normal())),
        group: options.group?.(cellIndex) ?? null,
      });
    }
    return asked;
  });
}

function sweeps(cells: readonly number[], cadenceMs: number, endMs: number): readonly Asked[] {
  const asked: Asked[] = [];
  for (let dueMs = 0; dueMs + cadenceMs <= endMs; dueMs += cadenceMs) {
    for (const cellIndex of cells) {
      asked.push({
        ...{
          cellIndex,
          fromMs: dueMs,
          wantedMs: null,
          toMs: dueMs + cadenceMs,
          knownAtMs: Math.max(0, dueMs - 3 * MIN),
        },
        ...{ forecastOff: 0, group: null },
      });
    }
  }
  return asked;
}

const ALL = Array.from({ length: 96 }, (_, index) => index);

function someOf(chance: Chance, count: number): readonly number[] {
  return ALL.map((cell) => ({ cell, key: chance.uniform() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ cell }) => cell)
    .sort((a, b) => a - b);
}

const staggered = (chance: Chance, stepMs: number) => (): number => -chance.uniform() * stepMs;

function dumpsIn(chance: Chance, endMs: number): readonly Dump[] {
  const count = 2 + Math.floor(2 * chance.uniform());
  return Array.from({ length: count }, (_, index) => {
    const fromMs = ((index + 0.2 + 0.6 * chance.uniform()) * endMs) / count;
    return { fromMs, toMs: fromMs + (3 + 7 * chance.uniform()) * MIN };
  });
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: "full sweeps",
    what: "all 96 cells every 12 min",
    make: () => ({ asked: sweeps(ALL, 12 * MIN, 2 * H), endMs: 2 * H }),
  },
  {
    name: "sweeps of some",
    what: "40 cells anywhere on the rack every 5 min",
    make: (chance) => ({ asked: sweeps(someOf(chance, 40), 5 * MIN, 2 * H), endMs: 2 * H }),
  },
  {
    name: "soc C/20 together",
    what: "every 1 % at C/20, all begun within ten minutes, window ± 0.4 %",
    make: (chance) => ({
      asked: grid(chance, ALL, 2 * H, {
        stepMs: () => 12 * MIN,
        startMs: () => -chance.uniform() * 10 * MIN,
        half: 0.4,
      }),
      endMs: 2 * H,
      ratePerS: 1 / (20 * 3600),
    }),
  },
  {
    name: "soc C/5 staggered",
    what: "every 5 % at C/5, begun one after another, window ± 1 %",
    make: (chance) => ({
      asked: grid(chance, ALL, 2 * H, { stepMs: () => 15 * MIN, startMs: staggered(chance, 15 * MIN), half: 0.2 }),
      endMs: 2 * H,
      ratePerS: 1 / (5 * 3600),
    }),
  },
  {
    name: "soc C/20 to 2C",
    what: "six rates side by side, 1 % to 20 % apart, window ± a fifth of that",
    make: (chance) => {
      const stepsMin = [12, 12, 9, 6, 6, 6];
      const stepMs = (cell: number): number => (stepsMin[cell % 6] ?? 6) * MIN;
      return {
        asked: grid(chance, ALL, 1.5 * H, { stepMs, startMs: (cell) => -chance.uniform() * stepMs(cell), half: 0.2 }),
        endMs: 1.5 * H,
      };
    },
  },
  {
    name: "grid and sweeps",
    what: "a state-of-charge grid on half of the rack, sweeps of the other half",
    make: (chance) => ({
      asked: [
        ...grid(chance, ALL.slice(0, 48), 2 * H, {
          ...{ stepMs: () => 10 * MIN, startMs: staggered(chance, 10 * MIN), half: 0.2 },
        }),
        ...sweeps(ALL.slice(48), 12 * MIN, 2 * H),
      ],
      endMs: 2 * H,
    }),
  },
  {
    name: "steps and rests",
    what: "five exposures after each rest begins, at 0, 1, 2, 5 and 10 min, window ± 15 s and wider later",
    make: (chance) => {
      const asked = ALL.flatMap((cellIndex) => {
        const series: Asked[] = [];
        for (let restMs = chance.uniform() * 50 * MIN; restMs + 11 * MIN < 2 * H; restMs += 50 * MIN) {
          for (const afterMin of [0, 1, 2, 5, 10]) {
            const wantedMs = restMs + afterMin * MIN;
            const halfMs = (15 + 6 * afterMin) * 1000;
            series.push({
              ...{ cellIndex, fromMs: wantedMs - (afterMin === 0 ? 0 : halfMs), wantedMs, toMs: wantedMs + halfMs },
              ...{ knownAtMs: Math.max(0, restMs - 20 * MIN), forecastOff: 0, group: null },
            });
          }
        }
        return series;
      });
      return { asked, endMs: 2 * H };
    },
  },
  {
    name: "beam dumps",
    what: "the staggered grid with two or three losses of beam and an announced stop",
    make: (chance) => ({
      asked: grid(chance, ALL, 2 * H, { stepMs: () => 15 * MIN, startMs: staggered(chance, 15 * MIN), half: 0.3 }),
      endMs: 2 * H,
      dumps: dumpsIn(chance, 1.6 * H),
      losses: { perHour: 1.5, lastMs: 6.5 * MIN },
      stops: [{ fromMs: 1.75 * H, toMs: 1.75 * H + 4 * MIN, what: "injection" }],
    }),
  },
  {
    name: "dose bound",
    what: "the staggered grid with dose left for five of every seven",
    make: (chance) => ({
      asked: grid(chance, ALL, 2 * H, { stepMs: () => 15 * MIN, startMs: staggered(chance, 15 * MIN), half: 0.2 }),
      endMs: 2 * H,
      exposuresPerCell: 5,
    }),
  },
  {
    name: "four groups",
    what: "a quarter of the rack and of the beam each; one group asks four times as often",
    make: (chance) => {
      const group = (cell: number): string => `group ${1 + Math.floor(cell / 24)}`;
      const stepMs = (cell: number): number => (cell < 24 ? 5 : 20) * MIN;
      return {
        asked: grid(chance, ALL, 2 * H, {
          ...{ stepMs, startMs: (cell) => -chance.uniform() * stepMs(cell), half: 0.25, group },
        }),
        endMs: 2 * H,
        shares: new Map([1, 2, 3, 4].map((number) => [`group ${number}`, 0.25])),
      };
    },
  },
  {
    name: "sample changer",
    what: "48 cells by a robot with two grippers, every 2.5 % at C/20, window ± 0.75 %",
    make: (chance) => ({
      asked: grid(chance, ALL.slice(0, 48), 6 * H, {
        ...{ stepMs: () => 30 * MIN, startMs: staggered(chance, 30 * MIN), half: 0.3 },
      }),
      endMs: 6 * H,
      travel: changerTravel(48, { exchangeS: 8, fetchS: 6, hasSecondGripper: true, settleS: 0.5 }),
    }),
  },
];

export function wishList(workload: Workload, load: number, seed: number): WishList {
  const made = workload.make(createChance(seed).stream(workload.name));
  const travel = made.travel ?? rackTravel();
  const { asked, endMs, dumps = [], stops = [] } = made;
  const awayMs = [...dumps, ...stops].reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const cells = made.exposuresPerCell ?? Infinity;
  const counted = Math.min(asked.length, cells * new Set(asked.map(({ cellIndex }) => cellIndex)).size);
  const hopMs = 1000 * gapS(travel, 0, 1, Infinity);
  const occupiesMs = Math.max(1000 * AROUND_S + 100, (load * (endMs - awayMs)) / counted - hopMs);
  const wishes = asked.map(({ fromMs, wantedMs, toMs, ...rest }, index): Wish => {
    return { ...rest, id: String(index), earliestMs: fromMs, wantedMs, latestMs: toMs, occupiesMs, weight: 1 };
  });
  return {
    ...{ travel, startPlace: travel.shadow ?? 0, wishes, dumps, stops, losses: made.losses ?? null },
    exposuresPerCell: made.exposuresPerCell ?? Infinity,
    shares: made.shares ?? new Map(),
    ratePerS: made.ratePerS ?? 0,
  };
}
