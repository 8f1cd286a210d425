/** Times and tolerances of an exposure on this site: waits are bounded by them, readings judged. */
export interface ExposureTimings {
  readonly settleMs: number;
  readonly shutterTravelMs: number;
  readonly safetyShutterCloseMs: number;
  readonly levelsMaximumAgeMs: number;
  readonly positionToleranceMm: number;
  readonly ringCurrentMinimumMa: number;
  /** A fresh ring current up to this gives no photons. */
  readonly ringCurrentNoneMa: number;
  /** Beyond the travel, how long a switch may be awaited. */
  readonly switchGraceMs: number;
  readonly filterTravelMaxMs: number;
  /** How long a unit that does not answer is asked to close. */
  readonly closeDeadlineMs: number;
  /** Permit's watchdog and shutter upstream together: by then the beam is off the cell, whoever answers. */
  readonly worstClosingMs: number;
}

/**
 * How long the stage has been at rest. A wait until `sinceMs + leastMs` is over at that very number, whose difference to
 * `sinceMs` may come out less than `leastMs` by the last bit: waited out is waited out.
 */
export function restedForMs(nowMs: number, sinceMs: number, leastMs: number): number {
  return nowMs >= sinceMs + leastMs ? Math.max(leastMs, nowMs - sinceMs) : nowMs - sinceMs;
}
