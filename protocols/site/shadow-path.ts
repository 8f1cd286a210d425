/**
 * The way of the stage into the shadow, the place where a beam that cannot be closed falls on no cell: off the cell
 * into the lane between two rows, along it past the last column, then to the place itself. One axis at a time, so
 * that no neighbour is crossed however the axes keep pace.
 */
import { COLUMN_COUNT, ROW_COUNT } from "../base/position.ts";
import type { RackGeometry } from "./site.ts";

/** Half of a 2032 cell's diameter, and a millimetre for the beam and the stage's error. */
export const KEPT_OFF_MM = 11;

export interface StagePoint {
  readonly xMm: number;
  readonly yMm: number;
}

/** Where the stage goes in turn, from where it stands; undefined where the site has no shadow. */
export function shadowPath(rack: RackGeometry, travelYMm: number, from: StagePoint): readonly StagePoint[] | undefined {
  const { shadow, pitchMm, originYMm } = rack;
  if (shadow === undefined) return undefined;
  const row = Math.max(0, Math.min(ROW_COUNT - 1, Math.round((from.yMm - originYMm) / pitchMm)));
  const lanes = [row - 0.5, row + 0.5]
    .map((at) => originYMm + at * pitchMm)
    .filter((yMm) => yMm >= 0 && yMm <= travelYMm)
    .sort((a, b) => Math.abs(a - shadow.yMm) - Math.abs(b - shadow.yMm));
  const [laneMm] = lanes;
  if (laneMm === undefined) return undefined;
  return [{ xMm: from.xMm, yMm: laneMm }, { xMm: shadow.xMm, yMm: laneMm }, shadow];
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
