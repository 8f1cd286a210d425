/** How long a sweep takes at the least, and what would fit into its cadence. From the site's numbers alone. */
import { columnIndex, rowIndex } from "../base/position.ts";
import type { Occupant } from "../base/position.ts";
import { axisMoveS } from "../site/axis-move.ts";
import { createReachMap, type ReachMap } from "../site/reach-map.ts";
import { hasDoubleGripper, stageTarget } from "../site/site-lookup.ts";
import type { Site } from "../site/site.ts";

export { axisMoveS } from "../site/axis-move.ts";

/** What links, commits and checks may add to the physical bound of a sweep. */
export const SWEEP_OVERHEAD_FRACTION = 0.02;

/** Row by row, every second row backwards: no hop is longer than it must be. */
export function serpentine<Place extends Occupant>(positions: readonly Place[]): readonly Place[] {
  return [...positions].sort((a, b) => {
    const rows = rowIndex(a) - rowIndex(b);
    if (rows !== 0) return rows;
    return (rowIndex(a) % 2 === 0 ? 1 : -1) * (columnIndex(a) - columnIndex(b));
  });
}

export interface SweepPlan {
  readonly cellCount: number;
  /** Sum over the tour of hop (or exchange), settling, shutter both ways, exposure and read-out. */
  readonly boundS: number;
  /** The bound and the overhead that is allowed on it. */
  readonly expectedS: number;
  readonly cadenceS: number;
  readonly fits: boolean;
  /** Longest exposure per cell that fits with these cells and this cadence; 0 when none does. */
  readonly exposureMaxS: number;
  /** Most cells that fit with this exposure and cadence. */
  readonly cellCountMax: number;
  readonly cadenceMinS: number;
}

export function planSweep(site: Site, positions: readonly Occupant[], exposureS: number, cadenceS: number): SweepPlan {
  const tour = serpentine(positions);
  const overhead = 1 + SWEEP_OVERHEAD_FRACTION;
  const exchangeS = exchangeGapS(site, exposureS);
  const perCellS =
    site.stage.settleS + 2 * site.shutter.travelS + site.detector.readOutS + (site.shutter.gate?.leadS ?? 0);
  const ways = createReachMap(site.stage);
  let hopsS = 0;
  let boundS = 0;
  let cellCountMax = 0;
  tour.forEach((position, index) => {
    const previous = tour[index - 1];
    // With a robot the first cell has to be brought as well.
    if (exchangeS !== null) hopsS += exchangeS;
    else if (previous !== undefined) hopsS += hopS(site, ways, previous, position);
    boundS = hopsS + (index + 1) * (perCellS + exposureS);
    if (boundS * overhead <= cadenceS) cellCountMax = index + 1;
  });
  const count = tour.length;
  const exposureMaxS = count === 0 ? 0 : (cadenceS / overhead - hopsS) / count - perCellS;
  const expectedS = boundS * overhead;
  return {
    cellCount: count,
    boundS,
    expectedS,
    cadenceS,
    fits: expectedS <= cadenceS,
    exposureMaxS: Math.max(0, Math.floor(exposureMaxS * 100) / 100),
    cellCountMax,
    cadenceMinS: Math.ceil(expectedS),
  };
}

/** Between two exposures by a robot; what a double gripper does meanwhile is not waited for. Null where the stage hops. */
export function exchangeGapS({ sampleChanger }: Site, exposureS: number): number | null {
  if (sampleChanger?.toBeam === undefined) return null;
  const { exchangeS, fetchS } = sampleChanger.toBeam;
  return exchangeS - (hasDoubleGripper(sampleChanger) ? Math.min(fetchS, exposureS) : 0);
}

function hopS(site: Site, ways: ReachMap, from: Occupant, to: Occupant): number {
  const centre = { xMm: 0, yMm: 0 };
  const [a, b] = [stageTarget(site, from, centre), stageTarget(site, to, centre)];
  const way = ways.wayTo(a, b);
  if (way.kind === "way") return way.moveS;
  // Such a site is refused.
  return Math.max(axisMoveS(b.xMm - a.xMm, site.stage), axisMoveS(b.yMm - a.yMm, site.stage));
}
