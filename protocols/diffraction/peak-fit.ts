/**
 * One line of a powder pattern: a pseudo-Voigt over a straight background, fitted by maximum likelihood for Poisson
 * counts (Fisher scoring: weighted least squares whose weights are one over the model's own counts, so that low counts
 * bias nothing), with Levenberg's damping. Errors come from the curvature, scaled up where the misfit is larger than
 * counting explains, never down.
 */
import { solveSymmetric } from "./solve-symmetric.ts";
import type { PowderPattern } from "./powder-pattern.ts";

/** Where a line may stand and how wide it should be, degrees. */
export interface PeakWindow {
  readonly fromDeg: number;
  readonly toDeg: number;
  /** Of instrument and grains together, as expected. */
  readonly fwhmDeg: number;
}

export interface FittedPeak {
  readonly centreDeg: number;
  readonly centreErrorDeg: number;
  readonly fwhmDeg: number;
  readonly fwhmErrorDeg: number;
  /** Counts x degrees. */
  readonly area: number;
  readonly areaError: number;
  /** Misfit per degree of freedom; 1 where counting explains it. */
  readonly misfit: number;
}

export type PeakFit =
  | { readonly kind: "peak"; readonly peak: FittedPeak }
  | { readonly kind: "none"; readonly reason: string };

/** A line of known place and width. */
export interface FittedArea {
  readonly area: number;
  readonly areaError: number;
}

/** Lorentzian share of the line, as the instrument's calibration gives it. */
const LORENTZ_SHARE = 0.35;
/** Background on both sides of the line, in widths. */
const REACH_FWHM = 5;
const POINTS_MIN = 12;
const TURNS_MAX = 60;
/** A line stands out of its background by this many errors, or it is none. */
const AREA_ERRORS_MIN = 5;
/** Below this at its best place no fit makes a line of it. */
const WORTH_FITTING_ERRORS = 3;
/** Widths that a line can have, over the one expected. */
const FWHM_SHARE = { min: 0.4, max: 4 } as const;

const GAUSS_AREA = 2 * Math.sqrt(Math.LN2 / Math.PI);
const LORENTZ_AREA = 2 / Math.PI;

interface Cut {
  readonly places: Float64Array;
  readonly counts: Float64Array;
  readonly middleDeg: number;
}

/** The line within a window: place, width and area are free. Never throws. */
export function fitPeak(pattern: PowderPattern, window: PeakWindow): PeakFit {
  const startDeg = strongestPlace(pattern, window);
  if (startDeg === undefined) return none("the pattern does not cover the window");
  let data = cut(pattern, startDeg, REACH_FWHM * window.fwhmDeg);
  if (data === undefined) return none("the pattern does not cover the window");
  const first = areaIn(data, startDeg, window.fwhmDeg);
  if (first === undefined) return none("no counts to fit");
  if (!(first.area > WORTH_FITTING_ERRORS * first.areaError)) return none("no line stands out of the background");
  const start = [first.base, first.slope, startDeg, Math.log(window.fwhmDeg), Math.max(first.area, first.areaError)];
  let fitted = maximise(data, start);
  // Once more about the place found, so that the background on both sides is the same.
  const moved = fitted?.values[2];
  if (moved !== undefined && Math.abs(moved - startDeg) > 0.3 * window.fwhmDeg) {
    data = cut(pattern, moved, REACH_FWHM * window.fwhmDeg) ?? data;
    fitted = maximise(data, fitted?.values ?? start);
  }
  if (fitted === undefined) return none("the fit does not settle");
  const [, , centreDeg = NaN, logFwhm = NaN, area = NaN] = fitted.values;
  const fwhmDeg = Math.exp(logFwhm);
  const scale = Math.sqrt(Math.max(1, fitted.misfit));
  const [, , centreErrorDeg = NaN, logFwhmError = NaN, areaError = NaN] = fitted.errors.map((error) => scale * error);
  // Written so that NaN refuses.
  if (!(area > AREA_ERRORS_MIN * areaError)) return none("no line stands out of the background");
  if (!(centreDeg >= window.fromDeg && centreDeg <= window.toDeg)) return none("the line lies outside its window");
  const share = fwhmDeg / window.fwhmDeg;
  if (!(share >= FWHM_SHARE.min && share <= FWHM_SHARE.max)) {
    return none(`the line is ${share.toFixed(1)} times as wide as it can be expected`);
  }
  const peak = { centreDeg, centreErrorDeg, fwhmDeg, fwhmErrorDeg: fwhmDeg * logFwhmError, area, areaError };
  return { kind: "peak", peak: { ...peak, misfit: fitted.misfit } };
}

/** How much of a line of this place and width there is; undefined where the pattern does not reach. */
export function fitArea(pattern: PowderPattern, centreDeg: number, fwhmDeg: number): FittedArea | undefined {
  const data = cut(pattern, centreDeg, REACH_FWHM * fwhmDeg);
  return data === undefined ? undefined : areaIn(data, centreDeg, fwhmDeg);
}

/** Areas of lines of known places and widths that stand in one another's way, over one straight background. */
export function fitAreas(
  pattern: PowderPattern,
  lines: readonly { readonly centreDeg: number; readonly fwhmDeg: number }[],
): readonly FittedArea[] | undefined {
  const fromDeg = Math.min(...lines.map(({ centreDeg, fwhmDeg }) => centreDeg - REACH_FWHM * fwhmDeg));
  const toDeg = Math.max(...lines.map(({ centreDeg, fwhmDeg }) => centreDeg + REACH_FWHM * fwhmDeg));
  const data = cut(pattern, (fromDeg + toDeg) / 2, (toDeg - fromDeg) / 2);
  if (data === undefined) return undefined;
  const shapes = lines.map(({ centreDeg, fwhmDeg }) => data.places.map((place) => shapeAt(place - centreDeg, fwhmDeg)));
  const found = linearFit(data, shapes);
  return found?.areas;
}

function none(reason: string): PeakFit {
  return { kind: "none", reason };
}

/** Of a line of area 1. */
function shapeAt(awayDeg: number, fwhmDeg: number): number {
  const u = (2 * awayDeg) / fwhmDeg;
  const lorentz = (LORENTZ_SHARE * LORENTZ_AREA) / fwhmDeg / (1 + u * u);
  return lorentz + (((1 - LORENTZ_SHARE) * GAUSS_AREA) / fwhmDeg) * Math.exp(-Math.LN2 * u * u);
}

/** Where a line of the expected width would be strongest, background aside: matched filter over the window. */
function strongestPlace(pattern: PowderPattern, { fromDeg, toDeg, fwhmDeg }: PeakWindow): number | undefined {
  let best: { readonly place: number; readonly excess: number } | undefined;
  const stepDeg = fwhmDeg / 4;
  for (let place = fromDeg; place <= toDeg; place += stepDeg) {
    const inside = meanBetween(pattern, place - fwhmDeg / 2, place + fwhmDeg / 2);
    const left = meanBetween(pattern, place - 3 * fwhmDeg, place - 1.5 * fwhmDeg);
    const right = meanBetween(pattern, place + 1.5 * fwhmDeg, place + 3 * fwhmDeg);
    const excess = inside - (left + right) / 2;
    if (excess > (best?.excess ?? -Infinity)) best = { place, excess };
  }
  return best?.place;
}

/** Bins need not be even; the first at or after an angle. */
function indexAt(axis: ArrayLike<number>, deg: number): number {
  let low = 0;
  let high = axis.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((axis[middle] ?? Infinity) < deg) low = middle + 1;
    else high = middle;
  }
  return low;
}

function meanBetween({ twoThetaDeg, counts }: PowderPattern, fromDeg: number, toDeg: number): number {
  let sum = 0;
  let number = 0;
  for (let point = indexAt(twoThetaDeg, fromDeg); point < counts.length; point += 1) {
    if (!((twoThetaDeg[point] ?? Infinity) <= toDeg)) break;
    sum += counts[point] ?? 0;
    number += 1;
  }
  return sum / number;
}

function cut({ twoThetaDeg, counts }: PowderPattern, middleDeg: number, reachDeg: number): Cut | undefined {
  const from = indexAt(twoThetaDeg, middleDeg - reachDeg);
  const to = indexAt(twoThetaDeg, middleDeg + reachDeg);
  if (to - from < POINTS_MIN || to > counts.length) return undefined;
  const places = new Float64Array(to - from);
  const cutCounts = new Float64Array(to - from);
  for (let point = from; point < to; point += 1) {
    places[point - from] = twoThetaDeg[point] ?? NaN;
    cutCounts[point - from] = counts[point] ?? NaN;
  }
  return { places, counts: cutCounts, middleDeg };
}

function areaIn(data: Cut, centreDeg: number, fwhmDeg: number) {
  const found = linearFit(data, [data.places.map((place) => shapeAt(place - centreDeg, fwhmDeg))]);
  const area = found?.areas[0];
  return found === undefined || area === undefined ? undefined : { ...area, base: found.base, slope: found.slope };
}

/** Background and areas of given shapes; weights from a first fit with equal ones. */
function linearFit({ places, counts, middleDeg }: Cut, shapes: readonly Float64Array[]) {
  const size = 2 + shapes.length;
  let values: readonly number[] = [];
  let inverse: readonly (readonly number[])[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const matrix = zeros(size);
    const right = new Array<number>(size).fill(0);
    for (let point = 0; point < places.length; point += 1) {
      const columns = [1, (places[point] ?? NaN) - middleDeg, ...shapes.map((shape) => shape[point] ?? NaN)];
      const model = columns.reduce((sum, column, index) => sum + column * (values[index] ?? 0), 0);
      const weight = turn === 0 ? 1 / Math.max(1, counts[point] ?? NaN) : 1 / Math.max(1, model);
      accumulate(matrix, right, columns, weight, counts[point] ?? NaN);
    }
    const solved = solveSymmetric(matrix, right);
    if (solved === undefined) return undefined;
    ({ values, inverse } = solved);
  }
  const [base = NaN, slope = NaN] = values;
  const areas = shapes.map((_, index) => ({
    area: values[index + 2] ?? NaN,
    areaError: Math.sqrt(inverse[index + 2]?.[index + 2] ?? NaN),
  }));
  return areas.every(({ area, areaError }) => Number.isFinite(area) && Number.isFinite(areaError))
    ? { base, slope, areas }
    : undefined;
}

/** Parameters: base, slope, centre, ln FWHM, area. Undefined where it does not settle. */
function maximise(data: Cut, start: readonly number[]) {
  const { places, counts, middleDeg } = data;
  const size = 5;
  let values = [...start];
  let deviance = devianceOf(values);
  let damping = 1e-3;

  function modelAt(at: readonly number[], point: number): number {
    const [base = NaN, slope = NaN, centre = NaN, logFwhm = NaN, area = NaN] = at;
    const place = places[point] ?? NaN;
    return base + slope * (place - middleDeg) + area * shapeAt(place - centre, Math.exp(logFwhm));
  }

  /** Pearson's with the model's own variance, and the term that keeps a large variance from paying. */
  function devianceOf(at: readonly number[]): number {
    let sum = 0;
    for (let point = 0; point < places.length; point += 1) {
      const model = Math.max(0.5, modelAt(at, point));
      const count = counts[point] ?? NaN;
      sum += 2 * (model - count + (count > 0 ? count * Math.log(count / model) : 0));
    }
    return sum;
  }

  function equations(at: readonly number[]) {
    const matrix = zeros(size);
    const right = new Array<number>(size).fill(0);
    const [base = NaN, slope = NaN, centre = NaN, logFwhm = NaN, area = NaN] = at;
    const fwhm = Math.exp(logFwhm);
    let pearson = 0;
    for (let point = 0; point < places.length; point += 1) {
      const place = places[point] ?? NaN;
      const u = (2 * (place - centre)) / fwhm;
      const bell = 1 / (1 + u * u);
      const lorentz = ((LORENTZ_SHARE * LORENTZ_AREA) / fwhm) * bell;
      const gauss = (((1 - LORENTZ_SHARE) * GAUSS_AREA) / fwhm) * Math.exp(-Math.LN2 * u * u);
      const falling = 2 * u * (lorentz * bell + gauss * Math.LN2);
      const columns = [
        1,
        place - middleDeg,
        (area * falling * 2) / fwhm,
        area * (u * falling - lorentz - gauss),
        lorentz + gauss,
      ];
      const model = Math.max(0.5, base + slope * (place - middleDeg) + area * (lorentz + gauss));
      const residual = (counts[point] ?? NaN) - model;
      pearson += (residual * residual) / model;
      accumulate(matrix, right, columns, 1 / model, residual);
    }
    return { matrix, right, pearson };
  }

  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const { matrix, right } = equations(values);
    for (let index = 0; index < size; index += 1) {
      const row = matrix[index];
      if (row !== undefined) row[index] = (row[index] ?? 0) * (1 + damping);
    }
    const shift = solveSymmetric(matrix, right)?.values;
    const tried = values.map((value, index) => value + (shift?.[index] ?? NaN));
    const reached = devianceOf(tried);
    if (reached <= deviance) {
      const gain = deviance - reached;
      values = tried;
      deviance = reached;
      damping = Math.max(1e-9, damping / 10);
      if (gain < 1e-6) break;
    } else {
      damping *= 10;
      if (!(damping < 1e9)) break;
    }
  }
  const { matrix, right, pearson } = equations(values);
  const inverse = solveSymmetric(matrix, right)?.inverse;
  if (inverse === undefined || !values.every((value) => Number.isFinite(value))) return undefined;
  const errors = values.map((_, index) => Math.sqrt(inverse[index]?.[index] ?? NaN));
  return { values, errors, misfit: pearson / Math.max(1, places.length - size) };
}

function zeros(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}

function accumulate(matrix: number[][], right: number[], columns: readonly number[], weight: number, value: number) {
  for (let row = 0; row < columns.length; row += 1) {
    const weighted = weight * (columns[row] ?? 0);
    right[row] = (right[row] ?? 0) + weighted * value;
    const line = matrix[row];
    if (line === undefined) continue;
    for (let column = 0; column < columns.length; column += 1) {
      line[column] = (line[column] ?? 0) + weighted * (columns[column] ?? 0);
    }
  }
}
