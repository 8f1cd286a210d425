/** How long a straight motion takes, for deadlines. */

/** From rest to rest with a trapezoid of speed: t = 2 sqrt(d/a) below d = v^2/a, else v/a + d/v. Milliseconds. */
export function trapezoidMs(distanceMm: number, speedMmS: number, accelerationMmS2: number): number {
  const rampMm = speedMmS ** 2 / accelerationMmS2;
  return distanceMm < rampMm
    ? 2000 * Math.sqrt(distanceMm / accelerationMmS2)
    : 1000 * (speedMmS / accelerationMmS2 + distanceMm / speedMmS);
}
