/** What a reading of the diode behind the rack is worth: as if the ring held what it is rated for, with its doubt. */
import type { Signal } from "./probe.ts";

/** Of the diode and of the ring current together, and of the largest signal seen (chosen). */
const NOISE = 0.003;
const FLOOR = 0.001;

export interface DiodeRange {
  readonly ringCurrentReferenceMa: number;
  /** From here on it tells no more, ampere. */
  readonly saturatedFromA: number;
}

/** Of one measurement: a signal is held against the largest before it. */
export function createDiodeSignals({ ringCurrentReferenceMa, saturatedFromA }: DiodeRange) {
  let largest = 0;
  return (diodeA: number, ringCurrentMa: number): Signal => {
    const signal = (diodeA * ringCurrentReferenceMa) / ringCurrentMa;
    largest = Math.max(largest, Math.abs(signal));
    const sigma = NOISE * Math.abs(signal) + FLOOR * largest;
    return { signal, sigma, ...(diodeA >= saturatedFromA ? { isSaturated: true } : {}) };
  };
}
