/** A powder pattern as it is read: counts over the scattering angle, and Bragg's law. */

export interface PowderPattern {
  /** Centres of the bins, degrees, rising. */
  readonly twoThetaDeg: ArrayLike<number>;
  /** Counts per bin, Poisson. */
  readonly counts: ArrayLike<number>;
  readonly wavelengthA: number;
  /** Pixels of the frame that no longer counted; left out where whoever integrated it did not say. */
  readonly saturatedPixels?: number;
  /** What it was made of, where whoever integrated it said so. */
  readonly image?: ImageEvidence;
}

/** The image of a frame as it was when its pattern was made. */
export interface ImageEvidence {
  readonly bytes: number;
  readonly sha256: string;
  /** Of the image in its file, from 0. */
  readonly imageIndex: number;
  /** The geometry that was used; null where nobody said. */
  readonly geometry: { readonly file: string; readonly sha256: string } | null;
  /** What was corrected and normalised, and what was not, in words. */
  readonly corrections: string | null;
}

/** Instrument part of a line's width: FWHM^2 = U tan^2 + V tan + W, degrees squared. */
export interface InstrumentWidth {
  readonly U: number;
  readonly V: number;
  readonly W: number;
}

/** hc in keV angstrom, exact by the SI of 2019. */
const HC_KEV_A = 12.398419843320026;
const DEG = Math.PI / 180;

export function wavelengthOfA(energyKeV: number): number {
  return HC_KEV_A / energyKeV;
}

/** NaN where the wavelength is too long for the spacing. */
export function braggDeg(spacingA: number, wavelengthA: number): number {
  return (2 * Math.asin(wavelengthA / (2 * spacingA))) / DEG;
}

export function spacingAt(twoThetaDeg: number, wavelengthA: number): number {
  return wavelengthA / (2 * Math.sin((twoThetaDeg * DEG) / 2));
}

/** Relative error of a spacing whose line is known to `errorDeg`. */
export function spacingErrorShare(twoThetaDeg: number, errorDeg: number): number {
  return (errorDeg * DEG) / 2 / Math.tan((twoThetaDeg * DEG) / 2);
}

/** FWHM of the instrument alone, degrees; grains and strain add to it. */
export function instrumentFwhmDeg({ U, V, W }: InstrumentWidth, twoThetaDeg: number): number {
  const tangent = Math.tan((twoThetaDeg * DEG) / 2);
  return Math.sqrt(Math.max(1e-8, U * tangent * tangent + V * tangent + W));
}
