import { describe, expect, it } from "vitest";
import { decide } from "../../../../controller/schedule/decide.ts";
import { gapS } from "../../../../controller/schedule/travel.ts";
import { createChance } from "../../../../simulator/chance/chance.ts";
import { rackTravel } from "../../../support/schedule/workloads.ts";

const TRAVEL = rackTravel();

/** Seconds of the way of a sweep of these cells from the first of them, as it was decided. */
function decidedWayS(cells: readonly number[]): number {
  const requests = cells.map((cellIndex) => ({
    ...{ id: String(cellIndex), cellIndex, earliestMs: 0, wantedMs: null, latestMs: 3_600_000 },
    ...{ occupiesMs: 6000, weight: 1, group: null },
  }));
  const { timetable } = decide({
    ...{ nowMs: 0, place: cells[0] ?? 0, fetched: null, travel: TRAVEL, requests, exposuresLeft: () => Infinity },
    ...{
      beam: { missing: null, stops: [], losses: null },
      shares: new Map(),
      lately: { met: 0, missed: 0 },
      order: [],
    },
  });
  expect(timetable).toHaveLength(cells.length);
  return wayS(timetable.map(({ request }) => request.cellIndex));
}

function wayS(tour: readonly number[]): number {
  return tour.reduce((sum, cell, k) => sum + (k === 0 ? 0 : gapS(TRAVEL, tour[k - 1] ?? 0, cell, 0)), 0);
}

/** From the nearest-neighbour tour, stretches turned round until none is shorter for it. */
function twoOptWayS(cells: readonly number[]): number {
  const left = new Set(cells);
  const tour: number[] = [];
  for (let here = cells[0] ?? 0; left.size > 0;) {
    const next = [...left].reduce((best, cell) =>
      gapS(TRAVEL, here, cell, 0) < gapS(TRAVEL, here, best, 0) ? cell : best,
    );
    left.delete(next);
    tour.push(next);
    here = next;
  }
  let best = wayS(tour);
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (let from = 1; from < tour.length - 1; from += 1) {
      for (let to = from + 1; to < tour.length; to += 1) {
        const turned = [...tour.slice(0, from), ...tour.slice(from, to + 1).reverse(), ...tour.slice(to + 1)];
        const turnedS = wayS(turned);
        if (turnedS >= best - 1e-9) continue;
        best = turnedS;
        tour.splice(0, tour.length, ...turned);
        isBetter = true;
      }
    }
  }
  return best;
}

describe("the order of a sweep", () => {
  it("of a full rack takes the shortest hop there is each time, as a serpentine does", () => {
    const all = Array.from({ length: 96 }, (_, cell) => cell);
    expect(decidedWayS(all)).toBeCloseTo(95 * gapS(TRAVEL, 0, 1, 0), 6);
  });

  it.each([10, 20, 40, 60])("of any %i cells is no longer than a two-opt tour by more than a twentieth", (count) => {
    const chance = createChance(count);
    let decidedS = 0;
    let twoOptS = 0;
    for (let round = 0; round < 4; round += 1) {
      const cells = Array.from({ length: 96 }, (_, cell) => ({ cell, key: chance.uniform() }))
        .sort((a, b) => a.key - b.key)
        .slice(0, count)
        .map(({ cell }) => cell);
      const ownS = decidedWayS(cells);
      const otherS = twoOptWayS(cells);
      decidedS += ownS;
      twoOptS += otherS;
      expect(ownS).toBeLessThanOrEqual(1.05 * otherS);
    }
    expect(decidedS).toBeLessThanOrEqual(1.02 * twoOptS);
  });
});
