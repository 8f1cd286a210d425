/**
 * Rings of powder standards, and of a detector that is not where its geometry has it. Lattice constants at 22.5 degrees C of
 * NIST SRM 674b (CeO2) and 660c (LaB6); intensities of powder diffraction cards, the strongest line 100.
 */
import { addLine, lineWidthDeg, type Caglioti, type TwoThetaAxis } from "./line-profile.ts";

const STANDARDS: Readonly<
  Record<string, { readonly aA: number; readonly lines: readonly (readonly [number, number])[] }>
> = {
  // h^2 + k^2 + l^2 with the line's intensity
  CeO2: {
    aA: 5.411651,
    lines: [
      ...([
        [3, 100],
        [4, 28],
        [8, 46],
        [11, 36],
        [12, 7],
      ] as const),
      ...([
        [16, 6],
        [19, 12],
        [20, 7],
        [24, 10],
        [27, 9],
        [32, 4],
      ] as const),
    ],
  },
  LaB6: {
    aA: 4.156826,
    lines: [
      ...([
        [1, 57],
        [2, 100],
        [3, 42],
        [4, 23],
        [5, 47],
        [6, 25],
        [8, 9],
      ] as const),
      ...([
        [9, 25],
        [10, 17],
        [11, 11],
        [12, 3],
        [13, 8],
        [14, 16],
      ] as const),
    ],
  },
};

/** Of the photons that meet it, what comes into its strongest ring, and into each bin besides. */
const RING_SHARE = 2e-7;
const BACKGROUND_SHARE = 2e-10;
/** Where nothing stands, air scatters all the same. */
const AIR_SHARE = 2e-11;
/** What is evenly lit: a foil that fluoresces; of the photons that meet it, what comes upon each square radian. */
const FLAT = "flat";
const FLUORESCENCE_PER_SR = 3e-3;
const GRAINS = { sizeNm: 300, microstrain: 2e-4 } as const;
const DEG = Math.PI / 180;

/** Adds what so many photons on the standard give, in counts per bin; of what is none, what air scatters. */
export function addStandard(
  into: Float64Array,
  axis: TwoThetaAxis,
  {
    what,
    photons,
    lambdaA,
    caglioti,
  }: { readonly what: string; readonly photons: number; readonly lambdaA: number; readonly caglioti: Caglioti },
): void {
  if (what === FLAT) {
    // As many counts on each pixel of a plane that stands upright to the beam: a ring has them by its area there.
    for (let point = 0; point < axis.points; point += 1) {
      const angle = (axis.startDeg + point * axis.stepDeg) * DEG;
      const area = (2 * Math.PI * Math.tan(angle) * axis.stepDeg * DEG) / Math.cos(angle) ** 2;
      into[point] = (into[point] ?? 0) + photons * FLUORESCENCE_PER_SR * area;
    }
    return;
  }
  const standard = STANDARDS[what];
  if (standard === undefined) {
    for (let point = 0; point < axis.points; point += 1) into[point] = (into[point] ?? 0) + photons * AIR_SHARE;
    return;
  }
  for (let point = 0; point < axis.points; point += 1) into[point] = (into[point] ?? 0) + photons * BACKGROUND_SHARE;
  for (const [square, intensity] of standard.lines) {
    const sine = (lambdaA * Math.sqrt(square)) / (2 * standard.aA);
    if (!(sine < 1)) continue;
    const theta = Math.asin(sine);
    const width = lineWidthDeg(theta, lambdaA, caglioti, GRAINS);
    addLine(into, axis, (2 * theta) / DEG, width, (photons * RING_SHARE * intensity) / 100);
  }
}

/** The pattern as the old geometry has it when every ring is larger by this share of its radius. */
export function withRingsMoved(counts: Float64Array, axis: TwoThetaAxis, radiusOff: number): Float64Array {
  if (radiusOff === 0) return counts;
  return counts.map((_, point) => {
    const seenDeg = axis.startDeg + point * axis.stepDeg;
    const truly = (Math.atan(Math.tan(seenDeg * DEG) / (1 + radiusOff)) / DEG - axis.startDeg) / axis.stepDeg;
    const below = Math.floor(truly);
    const part = truly - below;
    return (1 - part) * (counts[below] ?? 0) + part * (counts[below + 1] ?? 0);
  });
}
