/**
 * Electrode potentials against lithium, tabulated so finely that a straight line between nodes errs by some
 * microvolts, because a sample of 96 cells cannot afford a dozen hyperbolic tangents.
 */
import type { PotentialLaw } from "./cell-design.ts";

const INTERVALS = 16_384;
/** Beyond 0 and 1 there is no lithium left to move: the potential runs away, strictly downward. */
const RUNAWAY_V = 20;

/** Nodes at 0, 1/n .. 1 of the stoichiometry; NaN where nobody has asked yet, but for the ends. */
export interface PotentialTable {
  readonly law: PotentialLaw;
  readonly volts: Float64Array;
}

/** Nodes are worked out as cells come by: most campaigns are over long before all of them are. */
export function tabulatePotential(law: PotentialLaw): PotentialTable {
  const volts = new Float64Array(INTERVALS + 1).fill(NaN);
  for (const node of [0, INTERVALS]) volts[node] = potentialV(law, node / INTERVALS);
  return { law, volts };
}

/** Works the node out where nobody has asked for it before. */
function know({ law, volts }: PotentialTable, node: number): void {
  const known = volts[node] as number;
  if (known !== known) volts[node] = potentialV(law, node / INTERVALS);
}

/** Potential at a stoichiometry, by the table. Defined for every finite number. */
export function tabulatedV(table: PotentialTable, stoichiometry: number): number {
  const { volts } = table;
  if (stoichiometry <= 0) return (volts[0] as number) - RUNAWAY_V * stoichiometry;
  if (stoichiometry >= 1) return (volts[INTERVALS] as number) - RUNAWAY_V * (stoichiometry - 1);
  const place = stoichiometry * INTERVALS;
  const node = place | 0;
  know(table, node);
  know(table, node + 1);
  const lower = volts[node] as number;
  return lower + (place - node) * ((volts[node + 1] as number) - lower);
}

/** The law itself, in volts against lithium; stoichiometry 0..1. */
export function potentialV(law: PotentialLaw, stoichiometry: number): number {
  if ("sites" in law) return sitesPotentialV(law.sites, stoichiometry);
  let volts = 0;
  for (const term of law.terms) {
    switch (term.kind) {
      case "const":
        volts += term.a;
        break;
      case "linear":
        volts += term.a * stoichiometry;
        break;
      case "exp":
        volts += term.a * Math.exp(term.k * (stoichiometry - term.x0));
        break;
      case "tanh":
        volts += term.a * Math.tanh(term.k * (stoichiometry - term.x0));
        break;
    }
  }
  return volts;
}

/** Inverts x(U) = sum share / (1 + exp((U - u0)/width)), which falls strictly, by bisection. */
function sitesPotentialV(
  sites: readonly { readonly u0: number; readonly share: number; readonly width: number }[],
  stoichiometry: number,
): number {
  let lowV = 2.9;
  let highV = 4.75;
  for (let turn = 0; turn < 60; turn += 1) {
    const midV = (lowV + highV) / 2;
    let filled = 0;
    for (const site of sites) filled += site.share / (1 + Math.exp((midV - site.u0) / site.width));
    if (filled > stoichiometry) lowV = midV;
    else highV = midV;
  }
  return (lowV + highV) / 2;
}
