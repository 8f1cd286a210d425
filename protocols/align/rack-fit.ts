/** The rigid motion in the plane that takes a rack's marks from where they were made to where they were found. Pure. */
import { estimated, notEstimated, type Estimate } from "./estimate.ts";
import type { PlaneMm, RackGrid, RackPlacement } from "./placement.ts";

export interface FoundMark {
  readonly name: string;
  /** From A1 along the rack's axes, as it was made. */
  readonly onRack: PlaneMm;
  /** Stage coordinates. */
  readonly found: PlaneMm;
  /** Standard uncertainty of either coordinate. */
  readonly sigmaMm: number;
}

export interface RackFit {
  readonly placement: Omit<RackPlacement, "cells">;
  readonly rotationSigmaDeg: number;
  /** Standard uncertainty of a place found with it, at the middle of the marks and at a point of the rack. */
  sigmaMmAt(onRack: PlaneMm): number;
  /** Distances between the marks as found over those as made, less 1. */
  readonly stretch: number;
  /** How far each mark lies from where the fit has it. */
  readonly residualsMm: readonly { readonly name: string; readonly mm: number }[];
}

/** Nearer together the marks do not tell the rotation to 50 um over a rack. */
const LEAST_APART_MM = 50;
/** Making of the plate, and what a stage's screw is wrong by (chosen). */
const MISFIT_MM = 0.05;
const STRETCH_MAX = 1e-3;

/** At least two marks; weights by their uncertainties. */
export function fitRack(grid: RackGrid, marks: readonly FoundMark[]): Estimate<RackFit> {
  if (marks.length < 2) return notEstimated("too-few-points", `${marks.length} marks do not tell a rotation`);
  const weights = marks.map(({ sigmaMm }) => 1 / sigmaMm ** 2);
  const total = weights.reduce((sum, w) => sum + w, 0);
  if (!(total > 0 && Number.isFinite(total))) return notEstimated("too-few-points", "a mark has no uncertainty");
  const from = meanOf(marks.map(({ onRack }) => onRack));
  const to = meanOf(marks.map(({ found }) => found));
  const sum = { dot: 0, cross: 0, spread: 0, foundSpread: 0 };
  marks.forEach(({ onRack, found }, index) => {
    const w = weights[index] ?? 0;
    const [a, b] = [onRack.xMm - from.xMm, onRack.yMm - from.yMm];
    const [c, d] = [found.xMm - to.xMm, found.yMm - to.yMm];
    sum.dot += w * (a * c + b * d);
    sum.cross += w * (a * d - b * c);
    sum.spread += w * (a * a + b * b);
    sum.foundSpread += w * (c * c + d * d);
  });
  if (Math.sqrt(sum.spread / total) < LEAST_APART_MM / 2) {
    return notEstimated("too-close", `the marks lie within ${LEAST_APART_MM} mm`);
  }
  const angle = Math.atan2(sum.cross, sum.dot);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const placement = {
    shiftXMm: to.xMm - (cos * from.xMm - sin * from.yMm) - grid.originXMm,
    shiftYMm: to.yMm - (sin * from.xMm + cos * from.yMm) - grid.originYMm,
    rotationDeg: (angle * 180) / Math.PI,
  };
  const residualsMm = marks.map(({ name, onRack, found }) => {
    const [a, b] = [onRack.xMm - from.xMm, onRack.yMm - from.yMm];
    return { name, mm: Math.hypot(found.xMm - to.xMm - (cos * a - sin * b), found.yMm - to.yMm - (sin * a + cos * b)) };
  });
  const stretch = Math.sqrt(sum.foundSpread / sum.spread) - 1;
  const worst = residualsMm.reduce((a, b) => (b.mm > a.mm ? b : a));
  const allowedMm = Math.max(MISFIT_MM, 5 / Math.sqrt(Math.min(...weights)));
  if (worst.mm > allowedMm) {
    return notEstimated("misfit", `${worst.name} lies ${worst.mm.toFixed(3)} mm from where the other marks have it`);
  }
  if (Math.abs(stretch) > STRETCH_MAX) {
    return notEstimated("misfit", `the marks lie ${(100 * stretch).toFixed(2)} % further apart than they were made`);
  }
  const rotationSigma = 1 / Math.sqrt(sum.spread);
  return estimated({
    placement,
    rotationSigmaDeg: (rotationSigma * 180) / Math.PI,
    sigmaMmAt: ({ xMm, yMm }) =>
      Math.sqrt(1 / total + rotationSigma ** 2 * ((xMm - from.xMm) ** 2 + (yMm - from.yMm) ** 2)),
    stretch,
    residualsMm,
  });

  function meanOf(points: readonly PlaneMm[]): PlaneMm {
    const sumOf = (coordinate: keyof PlaneMm): number =>
      points.reduce((mean, point, index) => mean + ((weights[index] ?? 0) * point[coordinate]) / total, 0);
    return { xMm: sumOf("xMm"), yMm: sumOf("yMm") };
  }
}
