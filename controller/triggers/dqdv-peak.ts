/**
 * A peak of |dQ/dV| that was passed: charge over equal steps of voltage, smoothed over three of them, has risen and
 * fallen again by a share of its height. Fed with the samples at which the voltage has moved on by a step.
 */

export interface PeakRules {
  readonly fromV: number;
  readonly toV: number;
  /** Width of a step of voltage. */
  readonly smoothV: number;
  /** Share of its height by which it has to fall. */
  readonly fall: number;
}

export interface Peak {
  readonly voltageV: number;
  /** A h/V. */
  readonly heightAhV: number;
}

export interface PeakFinder {
  /** Charge since any fixed moment. The peak as soon as it is passed, once in each half cycle. */
  point(voltageV: number, chargeAh: number): Peak | null;
}

interface Bin {
  readonly voltageV: number;
  readonly slope: number;
}

/** `sign`: 1 while charging, -1 while discharging. Begin anew with each half cycle. */
export function createPeakFinder({ fromV, toV, smoothV, fall }: PeakRules, sign: 1 | -1): PeakFinder {
  let last: { readonly voltageV: number; readonly chargeAh: number } | null = null;
  let bins: readonly Bin[] = [];
  /** Of the smoothed curve, before it rises: what only falls from the edge of the range on has its peak elsewhere. */
  let leastAhV = Infinity;
  /** Null before it has risen. */
  let top: Peak | null = null;
  let isFound = false;

  function smoothed(): Bin | null {
    const [a, b, c] = bins;
    if (a === undefined || b === undefined || c === undefined) return null;
    return { voltageV: b.voltageV, slope: (a.slope + 2 * b.slope + c.slope) / 4 };
  }

  return {
    point(voltageV, chargeAh) {
      if (isFound || !Number.isFinite(voltageV) || !Number.isFinite(chargeAh)) return null;
      if (voltageV < fromV || voltageV > toV) {
        last = null;
        bins = [];
        return null;
      }
      if (last === null) {
        last = { voltageV, chargeAh };
        return null;
      }
      const movedV = sign * (voltageV - last.voltageV);
      if (movedV < smoothV) return null;
      const slope = Math.abs(chargeAh - last.chargeAh) / movedV;
      bins = [...bins, { voltageV: (voltageV + last.voltageV) / 2, slope }].slice(-3);
      last = { voltageV, chargeAh };
      const now = smoothed();
      if (now === null) return null;
      if (top === null) {
        leastAhV = Math.min(leastAhV, now.slope);
        if (now.slope >= leastAhV * (1 + fall)) top = { voltageV: now.voltageV, heightAhV: now.slope };
        return null;
      }
      if (now.slope > top.heightAhV) top = { voltageV: now.voltageV, heightAhV: now.slope };
      if (now.slope > top.heightAhV * (1 - fall)) return null;
      isFound = true;
      return top;
    },
  };
}
