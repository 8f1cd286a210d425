/** Lateral shape of the beam: peak, off axis, and the mean that the beam itself sees. */
import { unreachable } from "../base/assert.ts";
import { errorFunction } from "./error-function.ts";

/** Full widths in mm. With a slit the flux is what passes it, and nothing falls outside it. */
export interface GaussianProfile {
  readonly profile: "gaussian";
  readonly fwhmXMm: number;
  readonly fwhmYMm: number;
  readonly slitXMm?: number;
  readonly slitYMm?: number;
}

export interface TophatProfile {
  readonly profile: "tophat_rect" | "tophat_ellipse";
  readonly widthMm: number;
  readonly heightMm: number;
}

export type BeamProfile = GaussianProfile | TophatProfile;

export const BEAM_PROFILES = ["gaussian", "tophat_rect", "tophat_ellipse"] as const;

/** FWHM of a Gaussian over its sigma: 2 sqrt(2 ln 2) = 2.3548. */
export const FWHM_PER_SIGMA = 2 * Math.sqrt(2 * Math.LN2);

const MM2_PER_CM2 = 100;

/** Fluence rate at the beam centre for a flux of one photon per second: 1/cm2. */
export function peakPerFluxPerCm2(beam: BeamProfile): number {
  switch (beam.profile) {
    case "gaussian":
      return (
        MM2_PER_CM2 * gaussianPeakPerMm(beam.fwhmXMm, beam.slitXMm) * gaussianPeakPerMm(beam.fwhmYMm, beam.slitYMm)
      );
    case "tophat_rect":
      return MM2_PER_CM2 / beam.widthMm / beam.heightMm;
    case "tophat_ellipse":
      return (MM2_PER_CM2 * 4) / Math.PI / beam.widthMm / beam.heightMm;
    default:
      return unreachable(beam);
  }
}

/**
 * Fluence at an offset from the beam centre over that at the centre. The edge of a slit or top hat counts as lit. An
 * offset that is not a number gives NaN for every shape: an unknown place is not a dark one.
 */
export function relativeFluence(beam: BeamProfile, dxMm: number, dyMm: number): number {
  if (Number.isNaN(dxMm) || Number.isNaN(dyMm)) return Number.NaN;
  switch (beam.profile) {
    case "gaussian": {
      const outside =
        Math.abs(dxMm) > (beam.slitXMm ?? Infinity) / 2 || Math.abs(dyMm) > (beam.slitYMm ?? Infinity) / 2;
      return outside ? 0 : 2 ** (-4 * ((dxMm / beam.fwhmXMm) ** 2 + (dyMm / beam.fwhmYMm) ** 2));
    }
    case "tophat_rect":
      return Math.abs(dxMm) <= beam.widthMm / 2 && Math.abs(dyMm) <= beam.heightMm / 2 ? 1 : 0;
    case "tophat_ellipse":
      return (2 * (dxMm / beam.widthMm)) ** 2 + (2 * (dyMm / beam.heightMm)) ** 2 <= 1 ? 1 : 0;
    default:
      return unreachable(beam);
  }
}

/** Fluence-weighted mean of the fluence over the beam, over that at its centre: 1/2 for a Gaussian without slits. */
export function beamAveragedFraction(beam: BeamProfile): number {
  switch (beam.profile) {
    case "gaussian":
      return (
        gaussianAveragedFraction(beam.fwhmXMm, beam.slitXMm) * gaussianAveragedFraction(beam.fwhmYMm, beam.slitYMm)
      );
    case "tophat_rect":
    case "tophat_ellipse":
      return 1;
    default:
      return unreachable(beam);
  }
}

/** Height of the normalised one-dimensional Gaussian, cut at the slit and normalised again. */
function gaussianPeakPerMm(fwhmMm: number, slitMm: number | undefined): number {
  const sigmaMm = fwhmMm / FWHM_PER_SIGMA;
  const passed = slitMm === undefined ? 1 : errorFunction(slitMm / sigmaMm / (2 * Math.SQRT2));
  return 1 / (Math.sqrt(2 * Math.PI) * sigmaMm) / passed;
}

function gaussianAveragedFraction(fwhmMm: number, slitMm: number | undefined): number {
  if (slitMm === undefined) return Math.SQRT1_2;
  const slitPerSigma = (slitMm / fwhmMm) * FWHM_PER_SIGMA;
  return (Math.SQRT1_2 * errorFunction(slitPerSigma / 2)) / errorFunction(slitPerSigma / (2 * Math.SQRT2));
}
