/**
 * Lithium content of a layered oxide from one frame: (003) gives c, (113) gives a, and the table of lattice against
 * lithium is turned round for both together. Around the maximum of c, where (003) is blind, the cell's voltage may
 * be brought in.
 */
import { braggDeg, fitAreas, fitPeaks, type Frame, spacingA } from "./peaks.ts";

export interface LatticeAgainstLithium {
  readonly lithium: readonly number[];
  readonly a_A: readonly number[];
  readonly c_A: readonly number[];
}

export interface LithiumEstimate {
  readonly lithium: number;
  readonly error: number;
}

export interface FittedOxide {
  readonly cA: number;
  readonly cErrorA: number;
  readonly aA: number;
  readonly aErrorA: number;
  readonly lithium: number;
}

/** What neighbouring weak lines may do to (113), angstrom in a. */
const A_SYSTEMATIC = 0.0006;
const LITHIUM_STEP = 0.0005;

export function fitOxide(frame: Frame, table: LatticeAgainstLithium, voltage?: LithiumEstimate): FittedOxide {
  const { wavelengthA } = frame;
  const from003 = braggDeg(Math.max(...table.c_A) / 3, wavelengthA);
  const to003 = braggDeg(Math.min(...table.c_A) / 3, wavelengthA);
  const line003 = fitPeaks(frame, highest(frame, from003, to003) - 0.13, highest(frame, from003, to003) + 0.13, [
    { centreDeg: highest(frame, from003, to003), widthDeg: 0.02 },
  ])[0];
  if (line003 === undefined) throw new Error("no line");
  const d003 = spacingA(line003.centreDeg, wavelengthA);
  const cA = 3 * d003;
  const cErrorA = cA * relativeError(line003.centreDeg, line003.centreErrorDeg);
  const starts = lithiumFor(table, cA, cErrorA).map((lithium) => {
    const a = at(table, table.a_A, lithium);
    return braggDeg(1 / Math.sqrt(4 / (a * a) + 9 / (cA * cA)), wavelengthA);
  });
  const start113 = strongest(frame, Math.min(...starts) - 0.03, Math.max(...starts) + 0.03, 0.05);
  const line113 = fitPeaks(frame, start113 - 0.14, start113 + 0.14, [{ centreDeg: start113, widthDeg: 0.05 }])[0];
  if (line113 === undefined) throw new Error("no line");
  const d113 = spacingA(line113.centreDeg, wavelengthA);
  const aA = 2 / Math.sqrt(1 / (d113 * d113) - 9 / (cA * cA));
  const aErrorA = Math.hypot(aA * relativeError(line113.centreDeg, line113.centreErrorDeg), A_SYSTEMATIC);
  return bestLithium(table, { cA, cErrorA, aA, aErrorA }, voltage);
}

function bestLithium(
  table: LatticeAgainstLithium,
  lattice: Omit<FittedOxide, "lithium">,
  voltage: LithiumEstimate | undefined,
): FittedOxide {
  let best = { lithium: NaN, misfit: Infinity };
  const [low, high] = [Math.min(...table.lithium), Math.max(...table.lithium)];
  for (let lithium = low; lithium <= high; lithium += LITHIUM_STEP) {
    let misfit =
      ((lattice.cA - at(table, table.c_A, lithium)) / lattice.cErrorA) ** 2 +
      ((lattice.aA - at(table, table.a_A, lithium)) / lattice.aErrorA) ** 2;
    if (voltage !== undefined) misfit += ((lithium - voltage.lithium) / voltage.error) ** 2;
    if (misfit < best.misfit) best = { lithium, misfit };
  }
  return { ...lattice, lithium: best.lithium };
}

/** Lithium contents whose c comes nearest, one on each side of the maximum. */
function lithiumFor(table: LatticeAgainstLithium, cA: number, cErrorA: number): readonly number[] {
  const top = table.lithium[table.c_A.indexOf(Math.max(...table.c_A))] ?? 0.4;
  const sides = [
    { from: Math.min(...table.lithium), to: top },
    { from: top, to: Math.max(...table.lithium) },
  ];
  return sides.flatMap(({ from, to }) => {
    let best = { lithium: from, away: Infinity };
    for (let lithium = from; lithium <= to; lithium += LITHIUM_STEP) {
      const away = Math.abs(at(table, table.c_A, lithium) - cA);
      if (away < best.away) best = { lithium, away };
    }
    return best.away < 0.05 + 5 * cErrorA ? [best.lithium] : [];
  });
}

function relativeError(twoThetaDeg: number, errorDeg: number): number {
  return (errorDeg * Math.PI) / 360 / Math.tan((twoThetaDeg * Math.PI) / 360);
}

/** Where the frame is highest between two angles. */
function highest(frame: Frame, fromDeg: number, toDeg: number): number {
  let found = { place: (fromDeg + toDeg) / 2, counts: -1 };
  for (let point = 0; point < frame.counts.length; point += 1) {
    const place = frame.twoThetaDeg[point] ?? NaN;
    const counts = frame.counts[point] ?? 0;
    if (place >= fromDeg - 0.03 && place <= toDeg + 0.03 && counts > found.counts) found = { place, counts };
  }
  return found.place;
}

/** Where a line of this width would be strongest, background aside. */
function strongest(frame: Frame, fromDeg: number, toDeg: number, widthDeg: number): number {
  let found = { place: fromDeg, area: -Infinity };
  for (let place = fromDeg; place <= toDeg; place += widthDeg / 5) {
    const area = fitAreas(frame, place - 3 * widthDeg, place + 3 * widthDeg, [{ centreDeg: place, widthDeg }])[0] ?? 0;
    if (area > found.area) found = { place, area };
  }
  return found.place;
}

/** Straight line through a table that falls in lithium. */
function at(table: LatticeAgainstLithium, column: readonly number[], lithium: number): number {
  const { lithium: known } = table;
  for (let row = 1; row < known.length; row += 1) {
    const left = known[row - 1] ?? 0;
    const right = known[row] ?? 0;
    if (lithium < right) continue;
    return (column[row] ?? 0) + ((lithium - right) / (left - right)) * ((column[row - 1] ?? 0) - (column[row] ?? 0));
  }
  return column[column.length - 1] ?? NaN;
}
