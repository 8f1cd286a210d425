/**
 * What can be wrong with a cell, as switches: each has its own size, or one drawn within the published ranges
 * (`models.json`, defects; placeholders, to be configured).
 */
import type { Chance } from "../plant/plant.ts";

export type CellFault =
  /** Hard below about 30 ohm: empties the cell and warms it. Soft above 1 kohm: self-discharge, a taper that never ends. */
  | { readonly kind: "internal-short"; readonly ohm: number }
  /** A short that comes and goes. */
  | { readonly kind: "dendrite"; readonly ohm: number; readonly meanOnS: number; readonly meanOffS: number }
  | { readonly kind: "high-resistance"; readonly ohm: number }
  /** The contact jumps up for moments. */
  | { readonly kind: "intermittent-contact"; readonly ohm: number; readonly meanOnS: number; readonly meanOffS: number }
  | { readonly kind: "open-circuit" }
  | { readonly kind: "reversed" }
  /** Electrolyte gets out: vapour at the rack's sensor, and a resistance that grows e-fold in this time. */
  | { readonly kind: "leaking"; readonly dryingS: number }
  /** A short that grows in while the electrodes decompose: warmth, sagging voltage, gas. */
  | { readonly kind: "overheating"; readonly ohm: number; readonly growthS: number };

export type CellFaultKind = CellFault["kind"];

export const CELL_FAULT_KINDS: readonly CellFaultKind[] = [
  "internal-short",
  "dendrite",
  "high-resistance",
  "intermittent-contact",
  "open-circuit",
  "reversed",
  "leaking",
  "overheating",
];

/** A fault of this kind with its size drawn, evenly in the logarithm, from the stream. */
export function drawCellFault(kind: CellFaultKind, chance: Chance): CellFault {
  const between = (low: number, high: number): number => low * (high / low) ** chance.uniform();
  switch (kind) {
    case "internal-short":
      return { kind, ohm: chance.uniform() < 0.5 ? between(1, 30) : between(1e3, 1e6) };
    case "dendrite":
      return { kind, ohm: between(500, 30_000), meanOnS: between(1, 30), meanOffS: between(60, 1800) };
    case "high-resistance":
      return { kind, ohm: between(50, 1000) };
    case "intermittent-contact":
      return { kind, ohm: between(30, 3000), meanOnS: between(0.05, 5), meanOffS: between(120, 3600) };
    case "open-circuit":
    case "reversed":
      return { kind };
    case "leaking":
      return { kind, dryingS: between(3600, 86_400) };
    case "overheating":
      return { kind, ohm: between(5, 30), growthS: between(60, 900) };
  }
}
