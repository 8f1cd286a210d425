/**
 * How far the lines of a powder standard lie from where they belong: what a detector that has moved, or a wavelength that
 * has drifted, shows first. Lattice constants as certified at 22.5 degrees C: NIST SRM 674b (CeO2), SRM 660c (LaB6).
 */
import { braggDeg, type PowderPattern } from "../diffraction/powder-pattern.ts";

export const CALIBRANTS = {
  CeO2: { latticeA: 5.411651, squares: [3, 4, 8, 11, 12, 16, 19, 20, 24, 27, 32] },
  LaB6: { latticeA: 4.156826, squares: [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14] },
} as const;
export type CalibrantName = keyof typeof CALIBRANTS;

export type CalibrantRead =
  | {
      readonly kind: "lines";
      readonly found: number;
      /** Of the ring's radius against where it belongs, as a share of it: the median over the lines. */
      readonly radiusOff: number;
      /** Standard uncertainty of that, by how the lines scatter. */
      readonly sigma: number;
    }
  | { readonly kind: "unclear"; readonly reason: string };

const DEG = Math.PI / 180;
/** A line is looked for so far from its place, and not beyond the middle to its neighbour. */
const WINDOW_SHARE = 0.02;
const NEIGHBOUR_SHARE = 0.4;
/** Over the Poisson error of what it stands on. */
const CLEAR = 8;
const LINES_MIN = 3;

export function readCalibrant(pattern: PowderPattern, name: CalibrantName): CalibrantRead {
  const { latticeA, squares } = CALIBRANTS[name];
  const places = squares.map((square) => braggDeg(latticeA / Math.sqrt(square), pattern.wavelengthA));
  const offs: number[] = [];
  places.forEach((place, index) => {
    const apart = Math.min(place - (places[index - 1] ?? -Infinity), (places[index + 1] ?? Infinity) - place);
    const centre = centreOf(pattern, place, Math.min(WINDOW_SHARE * place, NEIGHBOUR_SHARE * apart));
    if (centre !== undefined) offs.push(Math.tan(centre * DEG) / Math.tan(place * DEG) - 1);
  });
  if (offs.length < LINES_MIN) {
    return { kind: "unclear", reason: `${offs.length} lines of ${name} stand out, and ${LINES_MIN} are needed` };
  }
  const sorted = offs.toSorted((a, b) => a - b);
  const radiusOff = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const scatter = Math.sqrt(offs.reduce((sum, off) => sum + (off - radiusOff) ** 2, 0) / (offs.length - 1));
  return { kind: "lines", found: offs.length, radiusOff, sigma: scatter / Math.sqrt(offs.length) };
}

/** Middle of what stands over a straight line between the window's ends; undefined where nothing does. */
function centreOf({ twoThetaDeg, counts }: PowderPattern, placeDeg: number, halfDeg: number): number | undefined {
  const inside: number[] = [];
  for (let bin = 0; bin < counts.length; bin += 1) {
    if (Math.abs((twoThetaDeg[bin] ?? NaN) - placeDeg) <= halfDeg) inside.push(bin);
  }
  const [first, last] = [inside[0], inside.at(-1)];
  // The whole window must be there: a line that is cut has no middle.
  if (first === undefined || last === undefined || first === 0 || last === counts.length - 1 || inside.length < 7) {
    return undefined;
  }
  const edge = Math.max(1, Math.floor(inside.length / 8));
  const mean = (bins: readonly number[]): number =>
    bins.reduce((sum, bin) => sum + (counts[bin] ?? 0), 0) / bins.length;
  const [left, right] = [mean(inside.slice(0, edge)), mean(inside.slice(-edge))];
  let [over, moment, under] = [0, 0, 0];
  inside.forEach((bin, index) => {
    const base = left + ((right - left) * index) / (inside.length - 1);
    const height = (counts[bin] ?? 0) - base;
    over += height;
    moment += height * (twoThetaDeg[bin] ?? NaN);
    under += base;
  });
  if (!(over > CLEAR * Math.sqrt(under + Math.max(0, over)))) return undefined;
  const centre = moment / over;
  return Math.abs(centre - placeDeg) <= halfDeg ? centre : undefined;
}
