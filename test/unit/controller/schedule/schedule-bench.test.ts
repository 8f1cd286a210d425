import { describe, expect, it } from "vitest";
import { createChance } from "../../../../simulator/chance/chance.ts";
import { compare } from "../../../support/schedule/compare.ts";
import { bestByTrying } from "../../../support/schedule/exhaustive.ts";
import { play } from "../../../support/schedule/play.ts";
import { thisScheduler } from "../../../support/schedule/policies.ts";
import { upperBound } from "../../../support/schedule/upper-bound.ts";
import type { WishList } from "../../../support/schedule/wish-list.ts";
import { rackTravel, WORKLOADS } from "../../../support/schedule/workloads.ts";

const TRAVEL = rackTravel();

/** A few wishes of up to as many cells (each of its own for every third seed), tight enough that not all can be met. */
function smallList(seed: number, count = 6): WishList {
  const chance = createChance(seed).stream("small list");
  const cells = 1 + Math.floor(count * chance.uniform());
  const cellOf = (index: number): number => (seed % 3 === 0 ? index : Math.floor(cells * chance.uniform()));
  const wishes = Array.from({ length: count }, (_, index) => {
    const earliestMs = (count / 6) * 25_000 * chance.uniform();
    const latestMs = earliestMs + 12_000 * chance.uniform();
    return {
      ...{ id: String(index), cellIndex: (17 * cellOf(index)) % 96, earliestMs, latestMs },
      ...{ wantedMs: (earliestMs + latestMs) / 2, occupiesMs: 2000 + 6000 * chance.uniform(), weight: 1 },
      ...{ group: null, knownAtMs: 0, forecastOff: 0 },
    };
  });
  const dumps = chance.uniform() < 0.5 ? [] : [{ fromMs: 12_000, toMs: 18_000 }];
  return {
    ...{ travel: TRAVEL, startPlace: 96, wishes, dumps, stops: [], losses: null, ratePerS: 0 },
    ...{ exposuresPerCell: chance.uniform() < 0.3 ? 2 : Infinity, shares: new Map() },
  };
}

describe("the bound that schedules are held against", () => {
  it("is never below what the best order of all reaches", () => {
    let boundSum = 0;
    let bestSum = 0;
    let mostCells = 0;
    for (const count of [6, 7, 8]) {
      for (let seed = 1; seed <= 150; seed += 1) {
        const list = smallList(seed, count);
        const bound = upperBound(list);
        const best = bestByTrying(list);
        expect(bound, `${count} wishes, seed ${seed}`).toBeGreaterThanOrEqual(best);
        boundSum += bound;
        bestSum += best;
        mostCells = Math.max(mostCells, new Set(list.wishes.map(({ cellIndex }) => cellIndex)).size);
      }
    }
    expect(mostCells).toBe(8);
    // And it says something: most of it can be reached.
    expect(bestSum).toBeGreaterThan(0.75 * boundSum);
  });

  it("is near to what the scheduler reaches where everything is known before", () => {
    let met = 0;
    let best = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const list = { ...smallList(seed), dumps: [], exposuresPerCell: Infinity };
      met += play(list, thisScheduler()).met;
      best += bestByTrying(list);
    }
    expect(met).toBeLessThanOrEqual(best);
    expect(met).toBeGreaterThan(0.95 * best);
  });
});

describe("one seed of the scheduler's bench", () => {
  it.each([
    ["soc C/5 staggered", 0.5],
    ["sample changer", 0.9],
  ])("%s at load %d: nearly all that can be met is met, and no baseline does better", (name, load) => {
    const workload = WORKLOADS.find((one) => one.name === name);
    if (workload === undefined) throw new Error(`no workload ${name}`);
    const one = compare(workload, load, [1]);
    expect(one.of_bound).toBeGreaterThanOrEqual(0.99);
    expect(one.is_best).toBe(true);
    const error = one.rows[0]?.soc_error_median ?? 0;
    if (load <= 0.5) expect(error).toBeLessThan(0.002);
  });
});
