/** One image with its geometry to the pattern that the rest of beamrack reads; refuses what belongs to another detector. */
import type { PowderPattern } from "../diffraction/powder-pattern.ts";
import { binsOf, createAzimuthalIntegrator, type AzimuthalIntegrator, type PixelGeometry } from "./azimuthal.ts";
import type { DetectorImage } from "./cbf-image.ts";
import type { DetectorGeometry } from "./geometry-file.ts";
import type { PixelCorrections } from "./pixel-corrections.ts";

export type PatternRead =
  | { readonly kind: "pattern"; readonly pattern: PowderPattern; readonly emptyBins: number }
  | { readonly kind: "refused"; readonly reason: string };

export interface ImagePatternsDeps {
  readonly geometry: DetectorGeometry;
  /** An image of the detector; left out is what is not 0. */
  readonly mask?: Pick<DetectorImage, "widthPx" | "heightPx" | "counts">;
  /** Dark and flat field. */
  readonly corrections?: PixelCorrections;
}

/** Shares of one: pixels of one maker agree to better than that. */
const PIXEL_TOLERANCE = 1e-3;

/** The rings are sorted once, and again when images of another shape come. */
export function createImagePatterns({
  geometry,
  mask,
  corrections,
}: ImagePatternsDeps): (image: DetectorImage) => PatternRead {
  let prepared: { readonly of: string; readonly integrator: AzimuthalIntegrator } | undefined;

  return (image) => {
    const found = pixelsOf(geometry, image);
    if (found.kind === "refused") return found;
    const { pixels } = found;
    if (mask !== undefined && (mask.widthPx !== image.widthPx || mask.heightPx !== image.heightPx)) {
      const what = `the mask has ${mask.widthPx} x ${mask.heightPx} pixels, and the image ${image.widthPx} x ${image.heightPx}`;
      return { kind: "refused", reason: `${what}: it is of another detector` };
    }
    const of = `${image.widthPx} ${image.heightPx} ${pixels.pixelXMm} ${pixels.pixelYMm}`;
    if (prepared?.of !== of) {
      prepared = { of, integrator: createAzimuthalIntegrator(pixels, binsOf(pixels), mask?.counts) };
    }
    const corrected = corrections?.(image);
    if (corrected?.kind === "refused") return corrected;
    const {
      axis,
      counts,
      pixels: ring,
      saturatedPixels,
    } = prepared.integrator.integrate(image, image.header.countCutoff ?? undefined, corrected?.counts);
    const kept = [...ring.keys()].filter((bin) => (ring[bin] ?? 0) > 0);
    if (kept.length < 10) return { kind: "refused", reason: "the mask leaves nothing of the image" };
    return {
      kind: "pattern",
      pattern: {
        // A bin without pixels is no bin without counts.
        twoThetaDeg: Float64Array.from(kept, (bin) => axis[bin] ?? 0),
        counts: Float64Array.from(kept, (bin) => counts[bin] ?? 0),
        wavelengthA: geometry.wavelengthA,
        ...(saturatedPixels === undefined ? {} : { saturatedPixels }),
      },
      emptyBins: axis.length - kept.length,
    };
  };
}

function pixelsOf(
  geometry: DetectorGeometry,
  { widthPx, heightPx, header }: DetectorImage,
): { readonly kind: "pixels"; readonly pixels: PixelGeometry } | { readonly kind: "refused"; readonly reason: string } {
  const refused = (reason: string) =>
    ({ kind: "refused", reason: `${reason}: the geometry is of another detector` }) as const;
  const { widthPx: wide, heightPx: high } = geometry;
  if ((wide !== null && wide !== widthPx) || (high !== null && high !== heightPx)) {
    return refused(`the image has ${widthPx} x ${heightPx} pixels, and the geometry ${wide} x ${high}`);
  }
  const sizes = [
    [geometry.pixelXMm, header.pixelXMm],
    [geometry.pixelYMm, header.pixelYMm],
  ] as const;
  const mm: number[] = [];
  for (const [told, own] of sizes) {
    if (told !== null && own !== null && Math.abs(told / own - 1) > PIXEL_TOLERANCE) {
      return refused(`pixels of ${own} mm by the image, of ${told} mm by the geometry`);
    }
    const size = told ?? own;
    if (size === null)
      return { kind: "refused", reason: "neither the geometry nor the image says how large a pixel is" };
    mm.push(size);
  }
  const [pixelXMm = NaN, pixelYMm = NaN] = mm;
  const { distanceMm, beamXMm, beamYMm, wavelengthA } = geometry;
  return {
    kind: "pixels",
    pixels: { widthPx, heightPx, pixelXMm, pixelYMm, distanceMm, beamXMm, beamYMm, wavelengthA },
  };
}
