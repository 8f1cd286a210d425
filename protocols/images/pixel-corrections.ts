/**
 * Dark and flat field, pixel by pixel, before rings are summed: what the detector counts without beam is taken off, as it
 * is of so long an exposure, and what is left is divided by how much the pixel counts of what all of them get.
 *
 *     corrected = (counted - dark * t / t_dark) / response,   response = (flat - dark * t_flat / t_dark) / its mean
 *
 * Images of another detector are refused. Never throws.
 */
import type { DetectorImage } from "./cbf-image.ts";

export interface CorrectionImages {
  /** With the shutter closed. */
  readonly dark?: DetectorImage;
  /** Evenly lit. */
  readonly flat?: DetectorImage;
}

export type Corrected =
  /** NaN where a pixel is left out. */
  | { readonly kind: "corrected"; readonly counts: Float64Array; readonly leftOut: number }
  | { readonly kind: "refused"; readonly reason: string };

export type PixelCorrections = (image: DetectorImage) => Corrected;

/** A pixel that counts less than this share of what the others do, or more than its inverse, is broken. */
const RESPONSE_MIN = 0.2;

export function createPixelCorrections({ dark, flat }: CorrectionImages): PixelCorrections {
  let response: Float64Array | string | undefined;

  /** Of `image`, exposed for so long, less what it would count in the dark; a reason where that cannot be told. */
  function lit(image: DetectorImage, name: string): Float64Array | string {
    const counts = Float64Array.from(image.counts, (count) => (count < 0 ? NaN : count));
    if (dark === undefined) return counts;
    const other = otherDetector(dark, image, "dark image", name);
    if (other !== null) return other;
    const [darkS, ownS] = [dark.header.exposureS, image.header.exposureS];
    if (darkS === null || ownS === null) {
      return `${darkS === null ? "the dark image" : name} does not say how long it was exposed`;
    }
    const share = ownS / darkS;
    for (let at = 0; at < counts.length; at += 1) {
      const off = dark.counts[at] ?? -1;
      counts[at] = off < 0 ? NaN : (counts[at] ?? NaN) - off * share;
    }
    return counts;
  }

  function responses(field: DetectorImage): Float64Array | string {
    const counts = lit(field, "the flat field");
    if (typeof counts === "string") return counts;
    let [sum, count] = [0, 0];
    for (const value of counts) if (value > 0) [sum, count] = [sum + value, count + 1];
    const mean = sum / count;
    if (!(mean > 0)) return "the flat field has no counts";
    return counts.map((value) => {
      const share = value / mean;
      return share >= RESPONSE_MIN && share <= 1 / RESPONSE_MIN ? share : NaN;
    });
  }

  return (image) => {
    const counts = lit(image, "the image");
    if (typeof counts === "string") return { kind: "refused", reason: counts };
    if (flat !== undefined) {
      const other = otherDetector(flat, image, "flat field", "the image");
      if (other !== null) return { kind: "refused", reason: other };
      response ??= responses(flat);
      if (typeof response === "string") return { kind: "refused", reason: response };
      for (let at = 0; at < counts.length; at += 1) counts[at] = (counts[at] ?? NaN) / (response[at] ?? NaN);
    }
    let leftOut = 0;
    for (const value of counts) if (Number.isNaN(value)) leftOut += 1;
    return { kind: "corrected", counts, leftOut };
  };
}

function otherDetector(own: DetectorImage, image: DetectorImage, what: string, name: string): string | null {
  if (own.widthPx !== image.widthPx || own.heightPx !== image.heightPx) {
    const sizes = `${own.widthPx} x ${own.heightPx} pixels, and ${name} ${image.widthPx} x ${image.heightPx}`;
    return `the ${what} has ${sizes}: it is of another detector`;
  }
  const [mine, theirs] = [own.header.detector, image.header.detector];
  if (mine !== null && theirs !== null && mine !== theirs) {
    return `the ${what} is of ${mine}, and ${name} of ${theirs}: it is of another detector`;
  }
  return null;
}
