/**
 * The way of the stage into the shadow, the place where a beam that cannot be closed falls on no cell: off the cell
 * into the lane between two rows, along it past the last column, then to the place itself. One axis at a time, so
 * that no neighbour is crossed however the axes keep pace; of a rack that was measured to lie turned, along its own lane
 * in steps too short to leave it.
 */
import { COLUMN_COUNT, ROW_COUNT } from "../base/position.ts";
import { placedOnStage, pointOfRack, type RackPlacement } from "../align/placement.ts";
import type { RackGeometry } from "./site.ts";

/** Half of a 2032 cell's diameter, and a millimetre for the beam and the stage's error. */
export const KEPT_OFF_MM = 11;

export interface StagePoint {
  readonly xMm: number;
  readonly yMm: number;
}

/** Where the stage goes in turn, from where it stands; undefined where the site has no shadow. */
export function shadowPath(rack: RackGeometry, travelYMm: number, from: StagePoint): readonly StagePoint[] | undefined {
  const { shadow, pitchMm, originYMm, placement } = rack;
  if (shadow === undefined) return undefined;
  if (placement !== undefined) return placedPath(rack, placement, shadow, travelYMm, from);
  const row = Math.max(0, Math.min(ROW_COUNT - 1, Math.round((from.yMm - originYMm) / pitchMm)));
  const lanes = [row - 0.5, row + 0.5]
    .map((at) => originYMm + at * pitchMm)
    .filter((yMm) => yMm >= 0 && yMm <= travelYMm)
    .sort((a, b) => Math.abs(a - shadow.yMm) - Math.abs(b - shadow.yMm));
  const [laneMm] = lanes;
  if (laneMm === undefined) return undefined;
  return [{ xMm: from.xMm, yMm: laneMm }, { xMm: shadow.xMm, yMm: laneMm }, shadow];
}

/** By so much, at the most, a step leads across the lane. */
const ACROSS_MM = 0.5;

function placedPath(
  rack: RackGeometry,
  placement: RackPlacement,
  shadow: StagePoint,
  travelYMm: number,
  from: StagePoint,
): readonly StagePoint[] | undefined {
  const { pitchMm } = rack;
  const angle = (placement.rotationDeg * Math.PI) / 180;
  const origin = placedOnStage(rack, placement, { xMm: 0, yMm: 0 });
  /** Of a line along the rack, so far from its first row, the stage's y at an x of the stage. */
  const lineYMm = (fromRowMm: number, xMm: number): number =>
    origin.yMm + (xMm - origin.xMm) * Math.tan(angle) + fromRowMm / Math.cos(angle);
  const { yMm: onRackMm } = pointOfRack(rack, placement, from);
  const row = Math.max(0, Math.min(ROW_COUNT - 1, Math.round(onRackMm / pitchMm)));
  const isWithin = (yMm: number): boolean => yMm >= 0 && yMm <= travelYMm;
  const [laneMm] = [row - 0.5, row + 0.5]
    .map((at) => at * pitchMm)
    .filter((at) => isWithin(lineYMm(at, from.xMm)) && isWithin(lineYMm(at, shadow.xMm)))
    .sort((a, b) => Math.abs(lineYMm(a, shadow.xMm) - shadow.yMm) - Math.abs(lineYMm(b, shadow.xMm) - shadow.yMm));
  if (laneMm === undefined) return undefined;
  const acrossMm = Math.abs(lineYMm(laneMm, shadow.xMm) - lineYMm(laneMm, from.xMm));
  const steps = Math.max(1, Math.ceil(acrossMm / ACROSS_MM));
  const along = Array.from({ length: steps + 1 }, (_, step) => {
    const xMm = from.xMm + ((shadow.xMm - from.xMm) * step) / steps;
    return { xMm, yMm: lineYMm(laneMm, xMm) };
  });
  return [...along, shadow];
}

/** What is wrong with the shadow of a rack; null when nothing is, or there is none. */
export function shadowProblem(rack: RackGeometry, travelXMm: number, travelYMm: number): string | null {
  const { shadow, pitchMm, originXMm } = rack;
  if (shadow === undefined) return null;
  if (!(shadow.xMm <= travelXMm && shadow.yMm <= travelYMm)) return "the shadow is beyond the stage's travel";
  if (!(pitchMm / 2 >= KEPT_OFF_MM)) return `between rows ${pitchMm} mm apart no lane leads past the cells`;
  const nearMm = Math.min(
    ...Array.from({ length: COLUMN_COUNT }, (_, column) => Math.abs(shadow.xMm - originXMm - column * pitchMm)),
  );
  if (!(nearMm >= KEPT_OFF_MM))
    return `the shadow is ${nearMm} mm from the middle of a column; at least ${KEPT_OFF_MM} mm are needed`;
  return null;
}
