/** Whose dose a point of an alignment is: the cell nearest to it by where the site has them, and its nearest spot. Pure. */
import { ALL_POSITIONS, positionAt, type Position } from "../../protocols/base/position.ts";
import type { PlaneMm } from "../../protocols/align/placement.ts";
import { stageTarget } from "../../protocols/site/site-lookup.ts";
import type { Site } from "../../protocols/site/site.ts";

export interface NearestSpot {
  readonly position: Position;
  readonly spotIndex: number;
}

/** `spotsAt`: of the cell at a place, in its own coordinates; undefined where the campaign has none. */
export function nearestSpot(
  site: Site,
  { xMm, yMm }: PlaneMm,
  spotsAt: (position: Position) => readonly PlaneMm[] | undefined,
): NearestSpot {
  let best = { position: positionAt(0), spotIndex: 0, mm: Infinity };
  for (const position of ALL_POSITIONS) {
    const centre = stageTarget(site, position, { xMm: 0, yMm: 0 });
    const mm = Math.hypot(xMm - centre.xMm, yMm - centre.yMm);
    if (!(mm < best.mm)) continue;
    const spots = spotsAt(position);
    if (spots === undefined) continue;
    const apart = spots.map((spot) => Math.hypot(xMm - centre.xMm - spot.xMm, yMm - centre.yMm - spot.yMm));
    best = { position, spotIndex: Math.max(0, apart.indexOf(Math.min(...apart))), mm };
  }
  return best;
}
