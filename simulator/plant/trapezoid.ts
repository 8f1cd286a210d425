/** Motion from rest to rest at limited speed and acceleration, along one line. Millimetres and seconds. */

export interface Trapezoid {
  readonly durationS: number;
  readonly lengthMm: number;
  readonly peakMmS: number;
  readonly accelerationMmS2: number;
}

export function trapezoid(lengthMm: number, speedMmS: number, accelerationMmS2: number): Trapezoid {
  const peakMmS = Math.min(speedMmS, Math.sqrt(lengthMm * accelerationMmS2));
  const durationS = lengthMm === 0 ? 0 : lengthMm / peakMmS + peakMmS / accelerationMmS2;
  return { durationS, lengthMm, peakMmS, accelerationMmS2 };
}

/** Way covered after `sinceS`. */
export function wayMm(motion: Trapezoid, sinceS: number): number {
  const { durationS, lengthMm, peakMmS, accelerationMmS2 } = motion;
  if (sinceS <= 0) return 0;
  if (sinceS >= durationS) return lengthMm;
  const rampS = peakMmS / accelerationMmS2;
  if (sinceS < rampS) return (accelerationMmS2 * sinceS * sinceS) / 2;
  const leftS = durationS - sinceS;
  if (leftS < rampS) return lengthMm - (accelerationMmS2 * leftS * leftS) / 2;
  return peakMmS * (sinceS - rampS / 2);
}

/** Speed after `sinceS`. */
export function speedMmS(motion: Trapezoid, sinceS: number): number {
  const { durationS, peakMmS, accelerationMmS2 } = motion;
  if (sinceS <= 0 || sinceS >= durationS) return 0;
  return Math.min(peakMmS, accelerationMmS2 * sinceS, accelerationMmS2 * (durationS - sinceS));
}

/** Time of a straight move in the plane when each axis has the same limits: the axis with the longer way decides. */
export function hopS(dxMm: number, dyMm: number, speedLimitMmS: number, accelerationMmS2: number): number {
  return trapezoid(Math.max(Math.abs(dxMm), Math.abs(dyMm)), speedLimitMmS, accelerationMmS2).durationS;
}
