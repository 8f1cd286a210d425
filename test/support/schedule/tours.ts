/** How long the ways of a tour are: as decided, by two-opt, and what no tour can be shorter than. */
import { decide } from "../../../controller/schedule/decide.ts";
import { gapS, type Travel } from "../../../controller/schedule/travel.ts";
import type { Chance } from "../../../simulator/plant/plant.ts";
import { rackTravel } from "./workloads.ts";

const TRAVEL = rackTravel();
/** Shutter both ways and read-out: the shortest there is, so that the way counts most. */
const SHORTEST_S = 0.141;

/** Seconds of the way of a sweep of these cells from the first of them, as it is decided. */
export function decidedWayS(cells: readonly number[]): number {
  const requests = cells.map((cellIndex) => ({
    ...{ id: String(cellIndex), cellIndex, earliestMs: 0, wantedMs: null, latestMs: 3_600_000 },
    ...{ occupiesMs: 6000, weight: 1, group: null },
  }));
  const { timetable } = decide({
    ...{ nowMs: 0, place: cells[0] ?? 0, fetched: null, travel: TRAVEL, requests, exposuresLeft: () => Infinity },
    beam: { missing: null, stops: [], losses: null },
    ...{ shares: new Map(), lately: { met: 0, missed: 0 }, order: [] },
  });
  if (timetable.length !== cells.length) throw new Error("a cell of the sweep is left out");
  return wayS(
    TRAVEL,
    timetable.map(({ request }) => request.cellIndex),
  );
}

/** From the nearest-neighbour tour, stretches turned round until none is shorter for it. */
export function twoOptWayS(cells: readonly number[]): number {
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
  const hopS = (k: number, l: number): number => {
    const [from, to] = [tour[k], tour[l]];
    return from === undefined || to === undefined ? 0 : gapS(TRAVEL, from, to, 0);
  };
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (let from = 1; from < tour.length - 1; from += 1) {
      for (let to = from + 1; to < tour.length; to += 1) {
        const saved = hopS(from - 1, from) + hopS(to, to + 1) - hopS(from - 1, to) - hopS(from, to + 1);
        if (saved <= 1e-9) continue;
        tour.splice(from, to + 1 - from, ...tour.slice(from, to + 1).reverse());
        isBetter = true;
      }
    }
  }
  return wayS(TRAVEL, tour);
}

/** What a sweep of the full rack takes, against the shortest hop there is each time. */
export function fullSweepOfBound(): number {
  const cells = Array.from({ length: 96 }, (_, cell) => cell);
  const exposedS = cells.length * SHORTEST_S;
  return (exposedS + decidedWayS(cells)) / (exposedS + (cells.length - 1) * shortestHopS());
}

export function shortestHopS(): number {
  return gapS(TRAVEL, 0, 1, 0);
}

/** So many cells anywhere on the rack. */
export function someCells(chance: Chance, count: number): readonly number[] {
  return Array.from({ length: 96 }, (_, cell) => ({ cell, key: chance.uniform() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ cell }) => cell);
}

function wayS(travel: Travel, tour: readonly number[]): number {
  return tour.reduce((sum, cell, k) => sum + (k === 0 ? 0 : gapS(travel, tour[k - 1] ?? 0, cell, 0)), 0);
}
