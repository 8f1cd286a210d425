/** The middle between two opposite edges of one thing: an opening of the rack, a disc in a cell. Pure. */
import type { EdgeEstimate } from "./edge-fit.ts";
import { estimated, notEstimated, type Estimate } from "./estimate.ts";

export interface Middle {
  readonly atMm: number;
  readonly sigmaMm: number;
  /** From edge to edge. */
  readonly acrossMm: number;
}

/** `toleranceMm`: how far the thing may be from its size, by how it was made and by where it is crossed. */
export function middleBetween(
  low: EdgeEstimate,
  high: EdgeEstimate,
  expectedMm: number,
  toleranceMm: number,
): Estimate<Middle> {
  const acrossMm = high.atMm - low.atMm;
  const sigmaMm = Math.hypot(low.atSigmaMm, high.atSigmaMm) / 2;
  if (Math.abs(acrossMm - expectedMm) > toleranceMm + 6 * sigmaMm) {
    const what = `${acrossMm.toFixed(3)} mm from edge to edge, not ${expectedMm} mm`;
    return notEstimated("other-size", what);
  }
  return estimated({ atMm: (low.atMm + high.atMm) / 2, sigmaMm, acrossMm });
}
