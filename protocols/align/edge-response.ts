/**
 * What passes a straight edge that a beam is moved across, from nothing to all of it: the beam's profile, summed over
 * one direction and integrated along the other. Textbook forms: an error function of a gaussian beam, a ramp of a
 * rectangular one, a segment of a circle of an elliptic one. Pure.
 */
import type { BeamProfile } from "../dose/beam-profile.ts";
import { errorFunction } from "../dose/error-function.ts";

export type EdgeShape =
  /** `slitMm`: full width of the slit that cuts the beam in this direction. */
  | { readonly kind: "gaussian"; readonly slitMm?: number }
  | { readonly kind: "rectangle" }
  | { readonly kind: "ellipse" };

/** As the beam of a site is scanned along x or y. */
export function edgeShapeOf(profile: BeamProfile, axis: "x" | "y"): EdgeShape {
  switch (profile.profile) {
    case "gaussian": {
      const slitMm = axis === "x" ? profile.slitXMm : profile.slitYMm;
      return { kind: "gaussian", ...(slitMm === undefined ? {} : { slitMm }) };
    }
    case "tophat_rect":
      return { kind: "rectangle" };
    case "tophat_ellipse":
      return { kind: "ellipse" };
  }
}

const TWO_SQRT_LN2 = 2 * Math.sqrt(Math.LN2);

/** Share of the beam on the far side, its middle `byMm` beyond the edge; `widthMm` is its full width (at half maximum). */
export function edgeResponse(shape: EdgeShape, byMm: number, widthMm: number): number {
  switch (shape.kind) {
    case "gaussian": {
      const half = shape.slitMm === undefined ? Infinity : shape.slitMm / 2;
      const full = Number.isFinite(half) ? errorFunction((TWO_SQRT_LN2 * half) / widthMm) : 1;
      const cut = Math.max(-half, Math.min(half, byMm));
      return 0.5 + (0.5 * errorFunction((TWO_SQRT_LN2 * cut) / widthMm)) / full;
    }
    case "rectangle":
      return Math.max(0, Math.min(1, byMm / widthMm + 0.5));
    case "ellipse": {
      const u = Math.max(-1, Math.min(1, (2 * byMm) / widthMm));
      return 0.5 + (u * Math.sqrt(1 - u * u) + Math.asin(u)) / Math.PI;
    }
  }
}
