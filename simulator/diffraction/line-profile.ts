/** Shape and width of a powder line: pseudo-Voigt, instrument (Caglioti), crystallite size and microstrain. */

export interface TwoThetaAxis {
  readonly startDeg: number;
  readonly stepDeg: number;
  readonly points: number;
}

export interface Caglioti {
  readonly U: number;
  readonly V: number;
  readonly W: number;
}

export interface LineBroadening {
  readonly sizeNm: number;
  readonly microstrain: number;
}

const LORENTZ_SHARE = 0.35;
const DEGREES = 180 / Math.PI;
const SCHERRER = 0.9;
/** Beyond this many full widths a Gaussian is below 1e-19 of its peak. */
const GAUSS_REACH = 4;

/** Full width at half maximum in degrees 2theta of a line at Bragg angle `thetaRad`. */
export function lineWidthDeg(
  thetaRad: number,
  wavelengthA: number,
  caglioti: Caglioti,
  broadening: LineBroadening,
): number {
  const tangent = Math.tan(thetaRad);
  const instrument = caglioti.U * tangent * tangent + caglioti.V * tangent + caglioti.W;
  const size = ((SCHERRER * wavelengthA) / (10 * broadening.sizeNm * Math.cos(thetaRad))) * DEGREES;
  const strain = 4 * broadening.microstrain * tangent * DEGREES;
  return Math.sqrt(Math.max(1e-6, instrument) + size * size + strain * strain);
}

/** Adds a line of the given integrated counts at `centreDeg`, in counts per bin. */
export function addLine(
  into: Float64Array,
  axis: TwoThetaAxis,
  centreDeg: number,
  widthDeg: number,
  integrated: number,
): void {
  const perBin = integrated * axis.stepDeg;
  const lorentzPeak = (LORENTZ_SHARE * perBin * 2) / (Math.PI * widthDeg);
  const gaussPeak = ((1 - LORENTZ_SHARE) * perBin * 2 * Math.sqrt(Math.LN2 / Math.PI)) / widthDeg;
  const perWidth = 2 / widthDeg;
  for (let point = 0; point < axis.points; point += 1) {
    const away = (axis.startDeg + point * axis.stepDeg - centreDeg) * perWidth;
    into[point] = (into[point] ?? 0) + lorentzPeak / (1 + away * away);
  }
  const reachDeg = GAUSS_REACH * widthDeg;
  const from = Math.max(0, Math.ceil((centreDeg - reachDeg - axis.startDeg) / axis.stepDeg));
  const to = Math.min(axis.points - 1, Math.floor((centreDeg + reachDeg - axis.startDeg) / axis.stepDeg));
  for (let point = from; point <= to; point += 1) {
    const away = (axis.startDeg + point * axis.stepDeg - centreDeg) * perWidth;
    into[point] = (into[point] ?? 0) + gaussPeak * Math.exp(-Math.LN2 * away * away);
  }
}

/** How far a layer `zMm` downstream of the calibrated plane moves its lines, degrees (`structures.json`, parallax). */
export function parallaxDeg(twoThetaRad: number, zMm: number, distanceMm: number): number {
  return ((-zMm / distanceMm) * Math.sin(2 * twoThetaRad) * DEGREES) / 2;
}
