/**
 * Images of the simulated detector: the rings of a pattern on a quadrant of pixels, the beam near its first corner, each
 * pixel counted by itself. The detector stands upright, so that a ring is a circle.
 */
import { poisson } from "../diffraction/poisson.ts";
import type { Chance } from "../plant/plant.ts";

export interface DetectorQuadrant {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelMm: number;
  readonly distanceMm: number;
  /** From the outer corner of the first pixel. */
  readonly beamXMm: number;
  readonly beamYMm: number;
  readonly wavelengthA: number;
  /** A pixel holds no more. */
  readonly countCutoff: number;
}

export interface ImageSource {
  readonly quadrant: DetectorQuadrant;
  /** `ringCounts`: what is expected on the whole ring of each bin. */
  image(ringCounts: ArrayLike<number>, chance: Chance): Int32Array;
  /** The same a few rows at a time, for whoever has other work between. */
  inSteps(ringCounts: ArrayLike<number>, chance: Chance): Generator<void, Int32Array>;
}

export interface ImageSourceDeps {
  readonly distanceMm: number;
  readonly wavelengthA: number;
  /** Centres of the bins, degrees, evenly apart. */
  readonly twoThetaDeg: ArrayLike<number>;
  /** Default 0.3 mm. */
  readonly pixelMm?: number;
}

const DEG = Math.PI / 180;
const PIXEL_MM = 0.3;
const BEAM_X_MM = 2.37;
const BEAM_Y_MM = 3.11;
/** Of a counter of 20 bits, less what is kept for its own use. */
const COUNT_CUTOFF = 1_048_500;
const ROWS_A_STEP = 20;
/** A line is hardly wider than a pixel: each is looked at in four places. */
const PLACES = [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
] as const;

export function createImageSource(deps: ImageSourceDeps): ImageSource {
  const { distanceMm, wavelengthA, twoThetaDeg } = deps;
  const pixelMm = deps.pixelMm ?? PIXEL_MM;
  const points = twoThetaDeg.length;
  const first = twoThetaDeg[0] ?? 0;
  const last = twoThetaDeg[points - 1] ?? 0;
  const step = (last - first) / (points - 1);
  const outerMm = distanceMm * Math.tan(last * DEG);
  const widthPx = Math.ceil((outerMm + BEAM_X_MM) / pixelMm);
  const heightPx = Math.ceil((outerMm + BEAM_Y_MM) / pixelMm);
  const quadrant: DetectorQuadrant = {
    ...{ widthPx, heightPx, pixelMm, distanceMm, wavelengthA },
    ...{ beamXMm: BEAM_X_MM, beamYMm: BEAM_Y_MM, countCutoff: COUNT_CUTOFF },
  };
  /** Made with the first image: bins of the four places of each pixel, and their shares of what is on a ring. */
  let made: { readonly bins: Int16Array; readonly shares: Float32Array } | undefined;

  function prepare() {
    const bins = new Int16Array(4 * widthPx * heightPx).fill(-1);
    const shares = new Float32Array(bins.length);
    let at = 0;
    for (let row = 0; row < heightPx; row += 1) {
      for (let column = 0; column < widthPx; column += 1) {
        for (const [right, down] of PLACES) {
          const xMm = (column + right) * pixelMm - BEAM_X_MM;
          const yMm = (row + down) * pixelMm - BEAM_Y_MM;
          const radiusMm = Math.sqrt(xMm * xMm + yMm * yMm);
          const angleDeg = Math.atan(radiusMm / distanceMm) / DEG;
          const bin = Math.round((angleDeg - first) / step);
          if (bin >= 0 && bin < points) {
            const cosine = Math.cos(angleDeg * DEG);
            const ringMm2 = (2 * Math.PI * radiusMm * distanceMm * step * DEG) / (cosine * cosine);
            bins[at] = bin;
            shares[at] = (pixelMm * pixelMm) / (4 * ringMm2);
          }
          at += 1;
        }
      }
    }
    return { bins, shares };
  }

  function* inSteps(ringCounts: ArrayLike<number>, chance: Chance): Generator<void, Int32Array> {
    made ??= prepare();
    const { bins, shares } = made;
    const counts = new Int32Array(widthPx * heightPx);
    for (let pixel = 0; pixel < counts.length; pixel += 1) {
      if (pixel % (ROWS_A_STEP * widthPx) === 0) yield;
      let mean = 0;
      for (let at = 4 * pixel; at < 4 * pixel + 4; at += 1) {
        const bin = bins[at] ?? -1;
        if (bin >= 0) mean += (ringCounts[bin] ?? 0) * (shares[at] ?? 0);
      }
      counts[pixel] = Math.min(COUNT_CUTOFF, poisson(chance, mean));
    }
    return counts;
  }

  return {
    quadrant,
    inSteps,
    image(ringCounts, chance) {
      const steps = inSteps(ringCounts, chance);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    },
  };
}

/** The quadrant as a geometry file in pyFAI's form. */
export function poniText({ distanceMm, beamXMm, beamYMm, wavelengthA, pixelMm, ...size }: DetectorQuadrant): string {
  const metres = (mm: number): string => String(Number((mm / 1000).toPrecision(12)));
  const pixel = Number((pixelMm / 1000).toPrecision(12));
  const config = { pixel1: pixel, pixel2: pixel, max_shape: [size.heightPx, size.widthPx], orientation: 3 };
  return [
    "# Where the simulated detector stands",
    "poni_version: 2.1",
    "Detector: Detector",
    `Detector_config: ${JSON.stringify(config)}`,
    `Distance: ${metres(distanceMm)}`,
    `Poni1: ${metres(beamYMm)}`,
    `Poni2: ${metres(beamXMm)}`,
    "Rot1: 0.0",
    "Rot2: 0.0",
    "Rot3: 0.0",
    `Wavelength: ${(wavelengthA * 1e-10).toExponential(9)}`,
    "",
  ].join("\n");
}
