/**
 * An edge in a scan: where it lies, how wide the beam is, and how well both are known. Least squares, begun from the
 * best of a coarse grid so that no scan depends on a first guess. Pure.
 */
import { edgeResponse, type EdgeShape } from "./edge-response.ts";
import { estimated, notEstimated, type Estimate, type ScanPoint } from "./estimate.ts";
import { solveSymmetric } from "../diffraction/solve-symmetric.ts";

export interface EdgeEstimate {
  readonly atMm: number;
  readonly atSigmaMm: number;
  /** Full width of the beam along the scan, at half maximum of a gaussian one. */
  readonly widthMm: number;
  /** 0 where the width was given. */
  readonly widthSigmaMm: number;
  /** Signal before and behind the edge, in the scan's direction. */
  readonly before: number;
  readonly behind: number;
}

export interface EdgeQuestion {
  readonly shape: EdgeShape;
  /** What the signal does towards larger coordinates. */
  readonly goes: "up" | "down";
  /** Known from elsewhere: only the place is fitted then. */
  readonly widthMm?: number;
}

/** An edge counts as one when it stands out of the noise by as much. */
const CONTRAST_MIN = 8;
/** Chi squared for each degree of freedom beyond which the points are none of such an edge. */
const CHI2_MAX = 20;
const PLACES = 40;
const WIDTHS = 14;
const STEPS_MAX = 40;

export function fitEdge(given: readonly ScanPoint[], question: EdgeQuestion): Estimate<EdgeEstimate> {
  const { shape, widthMm: known } = question;
  const points = given.filter(({ atMm, signal, sigma }) => [atMm, signal, sigma].every(Number.isFinite) && sigma > 0);
  const freeCount = known === undefined ? 4 : 3;
  if (points.length <= freeCount) {
    return notEstimated("too-few-points", `${points.length} points cannot tell ${freeCount} unknowns`);
  }
  const saturated = points.filter(({ isSaturated }) => isSaturated === true).length;
  if (saturated > 0) return notEstimated("saturated", `${saturated} of ${points.length} readings are saturated`);
  const from = Math.min(...points.map(({ atMm }) => atMm));
  const to = Math.max(...points.map(({ atMm }) => atMm));
  const signals = points.map(({ signal }) => signal);
  const spread = Math.max(...signals) - Math.min(...signals);
  const noise = median(points.map(({ sigma }) => sigma));
  if (!(to > from) || spread < CONTRAST_MIN * noise) {
    return notEstimated("no-edge", `the signal changes by ${(spread / noise).toFixed(1)} of its uncertainty only`);
  }
  const start = bestOfGrid(points, shape, from, to, known);
  const fit = refine(points, shape, start, known === undefined);
  const { atMm, widthMm, before, behind, chi2 } = fit;
  const step = behind - before;
  if (!(atMm >= from && atMm <= to) || Math.abs(step) < CONTRAST_MIN * noise) {
    return notEstimated("no-edge", `no edge lies between ${from.toFixed(3)} and ${to.toFixed(3)} mm`);
  }
  if (step > 0 !== (question.goes === "up")) {
    return notEstimated("wrong-side", `the signal goes ${step > 0 ? "up" : "down"} at ${atMm.toFixed(3)} mm`);
  }
  const reduced = chi2 / (points.length - freeCount);
  if (reduced > CHI2_MAX) {
    return notEstimated("poor-fit", `the points scatter ${Math.sqrt(reduced).toFixed(1)} times as far as they should`);
  }
  const grown = Math.sqrt(Math.max(1, reduced));
  const [atSigma, widthSigma] = uncertainties(points, shape, fit, known === undefined);
  if (atSigma === undefined || widthSigma === undefined) {
    return notEstimated("poor-fit", "the points do not tell where on the edge they lie");
  }
  return estimated({
    ...{ atMm, atSigmaMm: grown * atSigma, widthMm, widthSigmaMm: grown * widthSigma },
    ...{ before, behind },
  });
}

interface EdgeModel {
  readonly atMm: number;
  readonly widthMm: number;
  readonly before: number;
  readonly behind: number;
}

interface Fitted extends EdgeModel {
  readonly chi2: number;
}

function bestOfGrid(
  points: readonly ScanPoint[],
  shape: EdgeShape,
  from: number,
  to: number,
  known: number | undefined,
): Fitted {
  let best: Fitted = { atMm: from, widthMm: to - from, before: 0, behind: 0, chi2: Infinity };
  const narrowest = (to - from) / 100;
  for (let place = 0; place <= PLACES; place += 1) {
    const atMm = from + ((to - from) * place) / PLACES;
    for (let width = 0; width < WIDTHS; width += 1) {
      const widthMm = known ?? narrowest * 100 ** (width / (WIDTHS - 1));
      const found = levelsFor(points, shape, atMm, widthMm);
      if (found.chi2 < best.chi2) best = found;
      if (known !== undefined) break;
    }
  }
  return best;
}

/** The signal before and behind the edge that suit the points best. */
function levelsFor(points: readonly ScanPoint[], shape: EdgeShape, atMm: number, widthMm: number): Fitted {
  const sum = { w: 0, f: 0, ff: 0, s: 0, fs: 0 };
  for (const point of points) {
    const w = 1 / point.sigma ** 2;
    const f = edgeResponse(shape, point.atMm - atMm, widthMm);
    sum.w += w;
    sum.f += w * f;
    sum.ff += w * f * f;
    sum.s += w * point.signal;
    sum.fs += w * f * point.signal;
  }
  const determinant = sum.w * sum.ff - sum.f * sum.f;
  if (!(determinant > 1e-9 * sum.w * sum.w)) return { atMm, widthMm, before: 0, behind: 0, chi2: Infinity };
  const step = (sum.w * sum.fs - sum.f * sum.s) / determinant;
  const before = (sum.s - step * sum.f) / sum.w;
  const model = { atMm, widthMm, before, behind: before + step };
  return { ...model, chi2: chi2Of(points, shape, model) };
}

function chi2Of(points: readonly ScanPoint[], shape: EdgeShape, model: EdgeModel): number {
  let chi2 = 0;
  for (const point of points) chi2 += ((point.signal - signalAt(shape, model, point.atMm)) / point.sigma) ** 2;
  return chi2;
}

function signalAt(shape: EdgeShape, { atMm, widthMm, before, behind }: EdgeModel, xMm: number): number {
  return before + (behind - before) * edgeResponse(shape, xMm - atMm, widthMm);
}

/** Shrinking steps over place and width; the levels follow them exactly. */
function refine(points: readonly ScanPoint[], shape: EdgeShape, start: Fitted, fitsWidth: boolean): Fitted {
  let best = start;
  let stepMm = start.widthMm / 4;
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const before = best.chi2;
    const tries: readonly (readonly [number, number])[] = fitsWidth
      ? [
          [stepMm, 0],
          [-stepMm, 0],
          [0, stepMm],
          [0, -stepMm],
          [stepMm, stepMm],
          [-stepMm, -stepMm],
          [stepMm, -stepMm],
          [-stepMm, stepMm],
        ]
      : [
          [stepMm, 0],
          [-stepMm, 0],
        ];
    for (const [byMm, widerMm] of tries) {
      const widthMm = best.widthMm + widerMm;
      if (!(widthMm > 0)) continue;
      const found = levelsFor(points, shape, best.atMm + byMm, widthMm);
      if (found.chi2 < best.chi2) best = found;
    }
    if (best.chi2 === before) stepMm /= 2;
    if (stepMm < 1e-6) break;
  }
  return best;
}

/** Of place and width, from how the signal follows each; undefined where it does not. */
function uncertainties(
  points: readonly ScanPoint[],
  shape: EdgeShape,
  fit: Fitted,
  fitsWidth: boolean,
): readonly (number | undefined)[] {
  const smallMm = fit.widthMm / 50;
  const moved = (change: Partial<EdgeModel>) => ({ ...fit, ...change });
  const pairs: readonly (readonly [EdgeModel, EdgeModel, number])[] = [
    [moved({ atMm: fit.atMm + smallMm }), moved({ atMm: fit.atMm - smallMm }), 2 * smallMm],
    [moved({ before: fit.before + 0.5 }), moved({ before: fit.before - 0.5 }), 1],
    [moved({ behind: fit.behind + 0.5 }), moved({ behind: fit.behind - 0.5 }), 1],
    ...(fitsWidth
      ? ([[moved({ widthMm: fit.widthMm + smallMm }), moved({ widthMm: fit.widthMm - smallMm }), 2 * smallMm]] as const)
      : []),
  ];
  const size = pairs.length;
  const normal = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const { atMm, sigma } of points) {
    const slopes = pairs.map(
      ([up, down, by]) => (signalAt(shape, up, atMm) - signalAt(shape, down, atMm)) / by / sigma,
    );
    slopes.forEach((a, row) => {
      slopes.forEach((b, column) => {
        const line = normal[row];
        if (line !== undefined) line[column] = (line[column] ?? 0) + a * b;
      });
    });
  }
  const inverse = solveSymmetric(
    normal,
    pairs.map(() => 0),
  )?.inverse;
  const sigmaOf = (index: number): number | undefined => {
    const variance = inverse?.[index]?.[index];
    return variance !== undefined && variance > 0 && Number.isFinite(variance) ? Math.sqrt(variance) : undefined;
  };
  return [sigmaOf(0), fitsWidth ? sigmaOf(3) : 0];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
