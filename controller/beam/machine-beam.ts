/**
 * Whether the machine gives beam worth exposing with, from its ring current: there only when the current has been
 * high enough and steady for a while, gone at once when it falls. So nothing is exposed while the machine is being
 * filled, when the flux changes by the second, and a current at the border does not switch the beam on and off.
 */

export interface MachineBeamRule {
  /** From here on there is beam. */
  readonly presentMa: number;
  /** Below this there is none any more; less than `presentMa`. */
  readonly lostMa: number;
  /** For so long the current must have been high enough and steady. */
  readonly steadyMs: number;
  /** Steady: the readings of that time differ by no more than this share of the largest. */
  readonly steadyShare: number;
}

export interface MachineBeam {
  /** A reading as it arrives; returns whether there is beam. Not a number is no current. */
  read(atMs: number, currentMa: number): boolean;
  /** Nothing is heard any more: what was known is forgotten. */
  forget(): void;
  readonly isThere: boolean;
}

export function createMachineBeam(rule: MachineBeamRule): MachineBeam {
  let isThere = false;
  /** High enough without a break, oldest first; reaches back over `steadyMs` by one reading at the most. */
  let readings: { readonly atMs: number; readonly currentMa: number }[] = [];

  function isSteady(atMs: number): boolean {
    const [oldest] = readings;
    if (oldest === undefined || atMs - oldest.atMs < rule.steadyMs) return false;
    const currents = readings.map((reading) => reading.currentMa);
    const highest = Math.max(...currents);
    return highest - Math.min(...currents) <= rule.steadyShare * highest;
  }

  return {
    read(atMs, currentMa) {
      if (isThere) {
        isThere = currentMa >= rule.lostMa;
        if (isThere) return true;
      }
      if (!(currentMa >= rule.presentMa)) {
        readings = [];
        return false;
      }
      readings.push({ atMs, currentMa });
      while (atMs - (readings[1]?.atMs ?? Infinity) >= rule.steadyMs) readings.shift();
      isThere = isSteady(atMs);
      if (isThere) readings = [];
      return isThere;
    },
    forget() {
      isThere = false;
      readings = [];
    },
    get isThere() {
      return isThere;
    },
  };
}
