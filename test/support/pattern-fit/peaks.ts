/** Lines of a powder frame: pseudo-Voigts over a straight background, fitted in a window. */
import { leastSquares } from "./least-squares.ts";

export interface Frame {
  /** Degrees. */
  readonly twoThetaDeg: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly wavelengthA: number;
}

export interface PeakStart {
  readonly centreDeg: number;
  readonly widthDeg: number;
}

export interface FittedPeak {
  readonly centreDeg: number;
  readonly centreErrorDeg: number;
  readonly widthDeg: number;
  /** Counts x degrees. */
  readonly area: number;
  readonly areaError: number;
}

const LORENTZ_SHARE = 0.35;

export function braggDeg(dA: number, wavelengthA: number): number {
  return (2 * Math.asin(wavelengthA / (2 * dA)) * 180) / Math.PI;
}

export function spacingA(twoThetaDeg: number, wavelengthA: number): number {
  return wavelengthA / (2 * Math.sin((twoThetaDeg * Math.PI) / 360));
}

/** Centre, width and area of each line are free. */
export function fitPeaks(
  frame: Frame,
  fromDeg: number,
  toDeg: number,
  starts: readonly PeakStart[],
): readonly FittedPeak[] {
  const { places, counts, weights, middleDeg } = cut(frame, fromDeg, toDeg);
  const floor = Math.min(...counts);
  const guesses = starts.map(({ centreDeg, widthDeg }) => {
    const near = counts.filter((_, point) => Math.abs((places[point] ?? 0) - centreDeg) < widthDeg);
    return Math.max(1, ...near.map((value) => value - floor)) * widthDeg * 1.2;
  });
  const model = (values: readonly number[]): Float64Array => {
    const sum = Float64Array.from(places, (place) => (values[0] ?? 0) + (values[1] ?? 0) * (place - middleDeg));
    for (let peak = 0; peak < starts.length; peak += 1) {
      const [centre = 0, logWidth = 0, area = 0] = values.slice(2 + 3 * peak, 5 + 3 * peak);
      addPeak(sum, places, centre, Math.exp(logWidth), area);
    }
    return sum;
  };
  const fitted = leastSquares({
    model,
    observed: counts,
    weights,
    start: [
      floor,
      0,
      ...starts.flatMap(({ centreDeg, widthDeg }, peak) => [centreDeg, Math.log(widthDeg), guesses[peak] ?? 1]),
    ],
    steps: [1e-2, 1e-2, ...starts.flatMap(() => [1e-6, 1e-5, 1e-4])],
  });
  return starts.map((_, peak) => {
    const [centreDeg = NaN, logWidth = NaN, area = NaN] = fitted.values.slice(2 + 3 * peak, 5 + 3 * peak);
    const [centreErrorDeg = NaN, , areaError = NaN] = fitted.errors.slice(2 + 3 * peak, 5 + 3 * peak);
    return { centreDeg, centreErrorDeg, widthDeg: Math.exp(logWidth), area, areaError };
  });
}

/** Areas of lines whose place and width are known. */
export function fitAreas(frame: Frame, fromDeg: number, toDeg: number, lines: readonly PeakStart[]): readonly number[] {
  const { places, counts, weights, middleDeg } = cut(frame, fromDeg, toDeg);
  const shapes = lines.map(({ centreDeg, widthDeg }) => {
    const shape = new Float64Array(places.length);
    addPeak(shape, places, centreDeg, widthDeg, 1);
    return shape;
  });
  const fitted = leastSquares({
    model: (values) =>
      Float64Array.from(places, (place, point) =>
        shapes.reduce(
          (sum, shape, line) => sum + (values[line + 2] ?? 0) * (shape[point] ?? 0),
          (values[0] ?? 0) + (values[1] ?? 0) * (place - middleDeg),
        ),
      ),
    observed: counts,
    weights,
    start: [Math.min(...counts), 0, ...lines.map(() => 1)],
    steps: [1, 1, ...lines.map(() => 1)],
  });
  return fitted.values.slice(2);
}

function addPeak(into: Float64Array, places: readonly number[], centre: number, width: number, area: number): void {
  const lorentz = (LORENTZ_SHARE * area * 2) / (Math.PI * width);
  const gauss = ((1 - LORENTZ_SHARE) * area * 2 * Math.sqrt(Math.LN2 / Math.PI)) / width;
  for (let point = 0; point < places.length; point += 1) {
    const away = (2 * ((places[point] ?? 0) - centre)) / width;
    into[point] = (into[point] ?? 0) + lorentz / (1 + away * away) + gauss * Math.exp(-Math.LN2 * away * away);
  }
}

function cut(frame: Frame, fromDeg: number, toDeg: number) {
  const places: number[] = [];
  const counts: number[] = [];
  for (let point = 0; point < frame.counts.length; point += 1) {
    const place = frame.twoThetaDeg[point] ?? NaN;
    if (!(place >= fromDeg && place <= toDeg)) continue;
    places.push(place);
    counts.push(frame.counts[point] ?? 0);
  }
  return { places, counts, weights: counts.map((value) => 1 / Math.max(1, value)), middleDeg: (fromDeg + toDeg) / 2 };
}
