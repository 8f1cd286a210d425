/**
 * Images to powder patterns: pixels are sorted by their distance from the beam, and each ring's mean is given times the
 * pixels of the whole ring, times the share of all rings that the detector covers. So a ring that leaves the detector, or
 * has a gap, is as high as its neighbours, and the errors of the counts are about Poisson's.
 *
 * The detector stands upright to the beam. A pixel counts where its centre lies: it is not split. Solid angle is not
 * divided out (a ring's sum has it by nature), polarisation, absorption and parallax are not corrected. Dark and flat field
 * are applied to pixels before (pixel-corrections.ts).
 */
import { assert } from "../base/assert.ts";
import type { DetectorImage } from "./cbf-image.ts";

export interface PixelGeometry {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelXMm: number;
  readonly pixelYMm: number;
  readonly distanceMm: number;
  /** From the outer corner of the first pixel. */
  readonly beamXMm: number;
  readonly beamYMm: number;
  readonly wavelengthA: number;
}

export interface AzimuthalBins {
  /** Degrees of the scattering angle, or 4 pi sin(theta) / lambda in 1/angstrom. */
  readonly axis: "two-theta" | "q";
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export interface Integrated {
  /** Centres of the bins, in the axis' own unit. */
  readonly axis: Float64Array;
  readonly counts: Float64Array;
  /** That each bin rests on; 0 where the detector has none there. */
  readonly pixels: Int32Array;
  /** Unmasked pixels that no longer counted; undefined where nobody said from where on. */
  readonly saturatedPixels: number | undefined;
}

export interface AzimuthalIntegrator {
  readonly bins: AzimuthalBins;
  /** Throws RangeError for an image of another shape. */
  integrate(
    image: Pick<DetectorImage, "widthPx" | "heightPx" | "counts">,
    saturatedFrom?: number,
    corrected?: ArrayLike<number>,
  ): Integrated;
}

/** What is done and what is not, as it stands beside patterns. */
export const AZIMUTHAL_CORRECTIONS =
  "ring mean times pixels of the ring; solid angle and polarisation not applied; not normalised to monitor or time";

const DEG = Math.PI / 180;
/** Bins to a pixel's width: rings cross pixels at all places, so that finer ones are still filled. */
const BINS_PER_PIXEL = 2;

/** `mask`: one for each pixel, not 0 where it is left out. Throws RangeError for bins or a mask that cannot be. */
export function createAzimuthalIntegrator(
  geometry: PixelGeometry,
  bins: AzimuthalBins,
  mask?: ArrayLike<number>,
): AzimuthalIntegrator {
  const { widthPx, heightPx, pixelXMm, pixelYMm, distanceMm, beamXMm, beamYMm } = geometry;
  const pixelCount = widthPx * heightPx;
  const step = (bins.to - bins.from) / bins.points;
  if (!(step > 0) || !(bins.from >= 0)) throw new RangeError(`no bins from ${bins.from} to ${bins.to}`);
  if (mask !== undefined && mask.length !== pixelCount) {
    throw new RangeError(`the mask has ${mask.length} pixels, and the detector ${pixelCount}`);
  }
  const valueAt = axisOf(geometry, bins.axis);
  const radiusMm = radiusOf(geometry, bins.axis);
  const ringPixels = Float64Array.from({ length: bins.points }, (_, bin) => {
    const [inner, outer] = [radiusMm(bins.from + bin * step), radiusMm(bins.from + (bin + 1) * step)];
    return (Math.PI * (outer * outer - inner * inner)) / (pixelXMm * pixelYMm);
  });
  const binOf = new Int32Array(pixelCount).fill(-1);
  for (let row = 0; row < heightPx; row += 1) {
    const yMm = (row + 0.5) * pixelYMm - beamYMm;
    for (let column = 0; column < widthPx; column += 1) {
      const at = row * widthPx + column;
      if (mask !== undefined && mask[at] !== 0) continue;
      const xMm = (column + 0.5) * pixelXMm - beamXMm;
      const bin = Math.floor((valueAt(Math.sqrt(xMm * xMm + yMm * yMm) / distanceMm) - bins.from) / step);
      if (bin >= 0 && bin < bins.points) binOf[at] = bin;
    }
  }
  const axis = Float64Array.from({ length: bins.points }, (_, bin) => bins.from + (bin + 0.5) * step);

  return {
    bins,
    integrate(image, saturatedFrom, corrected = image.counts) {
      if (image.widthPx !== widthPx || image.heightPx !== heightPx) {
        throw new RangeError(
          `the image has ${image.widthPx} x ${image.heightPx} pixels, and the geometry is of ${widthPx} x ${heightPx}`,
        );
      }
      const sums = new Float64Array(bins.points);
      const pixels = new Int32Array(bins.points);
      let saturated = 0;
      const tooMany = saturatedFrom ?? Infinity;
      for (let at = 0; at < pixelCount; at += 1) {
        const bin = binOf[at] ?? -1;
        const count = image.counts[at] ?? -1;
        const value = corrected[at] ?? NaN;
        if (bin < 0 || count < 0 || Number.isNaN(value)) continue;
        sums[bin] = (sums[bin] ?? 0) + value;
        pixels[bin] = (pixels[bin] ?? 0) + 1;
        if (count >= tooMany) saturated += 1;
      }
      let [seen, whole] = [0, 0];
      for (let bin = 0; bin < bins.points; bin += 1) {
        if ((pixels[bin] ?? 0) === 0) continue;
        seen += pixels[bin] ?? 0;
        whole += ringPixels[bin] ?? 0;
      }
      const covered = whole > 0 ? Math.min(1, seen / whole) : 0;
      const counts = sums.map((sum, bin) => {
        const count = pixels[bin] ?? 0;
        // Less than nothing is noise of the dark image.
        return count === 0 ? 0 : Math.max(0, (sum / count) * (ringPixels[bin] ?? 0) * covered);
      });
      return { axis, counts, pixels, saturatedPixels: saturatedFrom === undefined ? undefined : saturated };
    },
  };
}

/** As fine as the pixels are, over all rings that the detector sees; `from` leaves out the beam itself. */
export function binsOf(geometry: PixelGeometry, axis: AzimuthalBins["axis"] = "two-theta"): AzimuthalBins {
  const { widthPx, heightPx, pixelXMm, pixelYMm, distanceMm, beamXMm, beamYMm } = geometry;
  const xMm = Math.max(Math.abs(beamXMm), Math.abs(widthPx * pixelXMm - beamXMm));
  const yMm = Math.max(Math.abs(beamYMm), Math.abs(heightPx * pixelYMm - beamYMm));
  // Corners hold few pixels: up to the further edge rings are well filled.
  const outerMm = Math.max(xMm, yMm);
  const pixelMm = Math.min(pixelXMm, pixelYMm);
  const valueAt = axisOf(geometry, axis);
  const innerMm = outerMm / 20;
  const points = Math.max(10, Math.min(10_000, Math.round((BINS_PER_PIXEL * (outerMm - innerMm)) / pixelMm)));
  assert(outerMm > 0 && distanceMm > 0, "a detector that sees no ring");
  return { axis, from: valueAt(innerMm / distanceMm), to: valueAt(outerMm / distanceMm), points };
}

/** From the tangent of the scattering angle. */
function axisOf({ wavelengthA }: PixelGeometry, axis: AzimuthalBins["axis"]): (tangent: number) => number {
  if (axis === "two-theta") return (tangent) => Math.atan(tangent) / DEG;
  return (tangent) => (4 * Math.PI * Math.sin(Math.atan(tangent) / 2)) / wavelengthA;
}

function radiusOf({ wavelengthA, distanceMm }: PixelGeometry, axis: AzimuthalBins["axis"]): (value: number) => number {
  if (axis === "two-theta") return (value) => distanceMm * Math.tan(value * DEG);
  return (value) => distanceMm * Math.tan(2 * Math.asin((value * wavelengthA) / (4 * Math.PI)));
}
