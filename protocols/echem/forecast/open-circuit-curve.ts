/** Open-circuit voltage over state of charge, both ways: straight lines between evenly spaced points. Pure. */
import type { ChemistryId } from "../../campaign/chemistry.ts";
import { OPEN_CIRCUIT_TABLES } from "../../data/ocv/open-circuit-tables.ts";

export interface OpenCircuitCurve {
  /** Volts; beyond 0 and 1 the curve goes on as steeply as it ends. */
  voltageAt(share: number): number;
  /** Volts per unit of state of charge. */
  slopeAt(share: number): number;
  /** State of charge at rest at this voltage; below 0 or above 1 for a voltage beyond the curve. */
  shareAt(voltageV: number): number;
}

/** A curve that is flat where it ends would send a cut-off just beyond it to infinity. Volts per unit. */
const END_SLOPE_MIN_V = 2;

/** `volts` must rise; at least two points, the first at state of charge 0, the last at 1. */
export function createOpenCircuitCurve(volts: readonly number[]): OpenCircuitCurve {
  const table = Float64Array.from(volts);
  const intervals = table.length - 1;
  const first = table[0] ?? NaN;
  const last = table[intervals] ?? NaN;
  const firstSlope = Math.max(END_SLOPE_MIN_V, ((table[1] ?? NaN) - first) * intervals);
  const lastSlope = Math.max(END_SLOPE_MIN_V, (last - (table[intervals - 1] ?? NaN)) * intervals);
  const nodeOf = (share: number): number => Math.min(intervals - 1, Math.floor(share * intervals));

  return {
    voltageAt(share) {
      if (share <= 0) return first + firstSlope * share;
      if (share >= 1) return last + lastSlope * (share - 1);
      const node = nodeOf(share);
      const lower = table[node] ?? NaN;
      return lower + (share * intervals - node) * ((table[node + 1] ?? NaN) - lower);
    },
    slopeAt(share) {
      if (share <= 0) return firstSlope;
      if (share >= 1) return lastSlope;
      const node = nodeOf(share);
      return ((table[node + 1] ?? NaN) - (table[node] ?? NaN)) * intervals;
    },
    shareAt(voltageV) {
      if (!(voltageV > first)) return (voltageV - first) / firstSlope;
      if (voltageV >= last) return 1 + (voltageV - last) / lastSlope;
      let low = 0;
      let high = intervals;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if ((table[middle] ?? NaN) <= voltageV) low = middle;
        else high = middle;
      }
      const lower = table[low] ?? NaN;
      const rise = (table[high] ?? NaN) - lower;
      return (low + (rise > 0 ? (voltageV - lower) / rise : 0)) / intervals;
    },
  };
}

const curves = new Map<ChemistryId, OpenCircuitCurve>();

/** The table of a chemistry as a curve; made once. */
export function curveOf(chemistry: ChemistryId): OpenCircuitCurve {
  const known = curves.get(chemistry);
  if (known !== undefined) return known;
  const curve = createOpenCircuitCurve(OPEN_CIRCUIT_TABLES[chemistry].volts);
  curves.set(chemistry, curve);
  return curve;
}
