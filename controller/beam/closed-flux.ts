/**
 * Whether photons come through a shutter that reads closed: a pure decision over the readings of a monitor that stands
 * behind it. One reading proves nothing, since it may have been taken before the blades were home.
 */

export interface ClosedFluxRule {
  /** A closed shutter lets less than this through, photons per second. */
  readonly thresholdPhS: number;
  /** Readings above it, without one below, over more than this time are no late ones. */
  readonly boundMs: number;
  /** So soon after the shutter reads closed a reading may still be of the time before. */
  readonly graceMs: number;
}

export interface ClosedFluxLook {
  readonly atMs: number;
  readonly fluxPhS: number;
  /** Since when the shutter has read closed without a break; null when it does not, or nothing fresh says so. */
  readonly closedSinceMs: number | null;
  readonly hasMachineBeam: boolean;
}

export interface ClosedFluxVerdict {
  /** First of the readings that speak against the switch, to be handed to the next look; null when none does. */
  readonly litSinceMs: number | null;
  readonly isLit: boolean;
}

/** @param litSinceMs of the verdict before */
export function judgeClosedFlux(
  litSinceMs: number | null,
  look: ClosedFluxLook,
  rule: ClosedFluxRule,
): ClosedFluxVerdict {
  const { atMs, closedSinceMs } = look;
  const isAgainst =
    look.fluxPhS > rule.thresholdPhS &&
    look.hasMachineBeam &&
    closedSinceMs !== null &&
    atMs - closedSinceMs >= rule.graceMs;
  if (!isAgainst) return { litSinceMs: null, isLit: false };
  // Opened and closed again in between: what was before belongs to that opening.
  const sinceMs = litSinceMs === null || litSinceMs < closedSinceMs ? atMs : litSinceMs;
  return { litSinceMs: sinceMs, isLit: atMs - sinceMs > rule.boundMs };
}
