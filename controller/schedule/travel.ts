/**
 * How long the beam stands idle between two cells: the way of a stage, or the exchange of a robot. Pure; worked out once
 * for a site, then only looked up.
 */
import { axisMoveS } from "../../protocols/campaign/sweep-plan.ts";
import { createReachMap, type ReachedStage } from "../../protocols/site/reach-map.ts";
import type { SiteStage } from "../../protocols/site/site.ts";

export interface Place {
  readonly xMm: number;
  readonly yMm: number;
}

export interface Travel {
  readonly placeCount: number;
  /** Seconds from place to place, row by row: `moveS[from * placeCount + to]`; 0 from a place to itself, for which see `spotS`. */
  readonly moveS: Float64Array;
  /** Wait after a move, seconds. */
  readonly settleS: number;
  /** From one spot of a cell to another, settling put in; 0 where each cell has one spot. */
  readonly spotS: number;
  /** So much of a move is done while the exposure before it is still on: a robot's second gripper fetches ahead. */
  readonly aheadS: number;
  /** Index of the place where a beam that cannot be closed does no harm; null where the site has none. */
  readonly shadow: number | null;
  /** Rank of each place on a tour row by row, every second row backwards. */
  readonly rank: Int32Array;
  /** What all of it follows from. */
  readonly plan: TravelPlan;
}

export type TravelPlan =
  | {
      readonly kind: "stage";
      readonly stage: Pick<SiteStage, "speedMmS" | "accelerationMmS2" | "settleS">;
      readonly cells: readonly Place[];
      readonly shadow: Place | null;
      readonly spots: readonly Place[];
      /** Left out where nothing is in the way. */
      readonly reach?: ReachedStage;
    }
  | { readonly kind: "changer"; readonly cellCount: number; readonly robot: ChangerTimes };

export interface ChangerTimes {
  /** Put one back and the next one in, seconds. */
  readonly exchangeS: number;
  /** Fetch the next one out of the rack, seconds; with a second gripper while the beam is on the one before. */
  readonly fetchS: number;
  readonly hasSecondGripper: boolean;
  readonly settleS: number;
  /** The last place is the one in the beam with no cell in it: what a robot has instead of a shadow. */
  readonly isLastEmpty?: boolean;
}

/** The same ways again. */
export function travelOf(plan: TravelPlan): Travel {
  if (plan.kind === "changer") return changerTravel(plan.cellCount, plan.robot);
  return stageTravel(plan.stage, plan.cells, plan.shadow ?? undefined, plan.spots, plan.reach);
}

/** Places first, in the order of cells; the shadow, where there is one, comes last. */
export function stageTravel(
  stage: Pick<SiteStage, "speedMmS" | "accelerationMmS2" | "settleS">,
  cells: readonly Place[],
  shadow?: Place,
  /** Of a cell, from its middle. */
  spots: readonly Place[] = [],
  reach?: ReachedStage,
): Travel {
  const places = shadow === undefined ? cells : [...cells, shadow];
  const placeCount = places.length;
  const moveS = new Float64Array(placeCount * placeCount);
  // On a rack the same few distances come again and again.
  const known = new Map<number, number>();
  const axisS = (distanceMm: number): number => {
    const distance = Math.abs(distanceMm);
    const before = known.get(distance);
    if (before !== undefined) return before;
    const seconds = axisMoveS(distance, stage);
    known.set(distance, seconds);
    return seconds;
  };
  const map = reach === undefined ? undefined : createReachMap(reach);
  places.forEach((from, row) => {
    places.forEach((to, column) => {
      const way = map?.wayTo(from, to);
      moveS[row * placeCount + column] =
        way?.kind === "way" ? way.moveS : Math.max(axisS(to.xMm - from.xMm), axisS(to.yMm - from.yMm));
    });
  });
  const rows = [...new Set(places.map(({ yMm }) => yMm))].sort((a, b) => a - b);
  const rowOf = new Map(rows.map((yMm, row) => [yMm, row]));
  const order = places
    .map((place, index) => ({ xMm: place.xMm, row: rowOf.get(place.yMm) ?? 0, index }))
    .sort((a, b) => a.row - b.row || (a.row % 2 === 0 ? a.xMm - b.xMm : b.xMm - a.xMm));
  const rank = new Int32Array(placeCount);
  order.forEach(({ index }, at) => {
    rank[index] = at;
  });
  return {
    placeCount,
    moveS,
    settleS: stage.settleS,
    spotS: spotWayS(stage.settleS, spots, axisS),
    aheadS: 0,
    shadow: shadow === undefined ? null : cells.length,
    rank,
    plan: { kind: "stage", stage, cells, shadow: shadow ?? null, spots, ...(reach === undefined ? {} : { reach }) },
  };
}

/** The longest way between two spots of a cell: which of them is next, its dose decides. */
function spotWayS(settleS: number, spots: readonly Place[], axisS: (distanceMm: number) => number): number {
  let longestS = 0;
  for (const from of spots) {
    for (const to of spots) longestS = Math.max(longestS, axisS(to.xMm - from.xMm), axisS(to.yMm - from.yMm));
  }
  return longestS > 0 ? longestS + settleS : 0;
}

/** A robot brings cells to one place in the beam; the cell that is there is put back in the same exchange. */
export function changerTravel(cellCount: number, robot: ChangerTimes): Travel {
  const moveS = new Float64Array(cellCount * cellCount).fill(robot.exchangeS + robot.fetchS);
  for (let cell = 0; cell < cellCount; cell += 1) moveS[cell * cellCount + cell] = 0;
  return {
    placeCount: cellCount,
    moveS,
    settleS: robot.settleS,
    spotS: 0,
    aheadS: robot.hasSecondGripper ? robot.fetchS : 0,
    shadow: robot.isLastEmpty === true ? cellCount - 1 : null,
    rank: Int32Array.from({ length: cellCount }, (_, index) => index),
    plan: { kind: "changer", cellCount, robot },
  };
}

/** Seconds from the end of an exposure of `occupiedS` at one place until the shutter may open at another. */
export function gapS(travel: Travel, from: number, to: number, occupiedS: number): number {
  if (from === to) return travel.spotS;
  const moveS = travel.moveS[from * travel.placeCount + to] ?? 0;
  return moveS - Math.min(travel.aheadS, occupiedS) + travel.settleS;
}

/** The same from where stage or robot stands now; `fetched` is the cell in the robot's other gripper, if any. */
export function gapFromS(
  travel: Travel,
  from: { readonly place: number; readonly fetched: number | null },
  to: number,
): number {
  return gapS(travel, from.place, to, from.fetched === to ? travel.aheadS : 0);
}
