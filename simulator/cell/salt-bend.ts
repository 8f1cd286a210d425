/**
 * What the concentration dependence of the salt's diffusivity adds to the linear modes: the difference between the
 * exact steady state and the linear one, averaged over each region, against the linear difference of concentration
 * between negative and positive. Salt follows within a minute, so taking it from the present difference keeps the
 * voltage within a fraction of a millivolt of the full solution.
 */
import { relativeDiffusivity } from "./diffusivity-law.ts";
import { type Geometry, type SteadySalt, steadySalt } from "./electrolyte-modes.ts";

export interface SaltBend {
  /** Nodes per mol/m3 of difference; the middle node is no difference. */
  readonly perNode: number;
  readonly middle: number;
  /** mol/m3 to add over negative, separator and positive. */
  readonly negative: Float64Array;
  readonly separator: Float64Array;
  readonly positive: Float64Array;
}

const NODES_EACH_WAY = 40;
/** Widest difference tabulated, times the initial concentration; beyond it the last value holds. */
const WIDEST = 2;
const CELLS_PER_REGION = 24;
const LAW_NODES = 2000;
const RICHEST = 6;
const TURNS = 40;

/** `words` is the diffusivity law of the design file; without one that is understood nothing is added. */
export function saltBend(geometry: Geometry & { readonly electrolyte: { readonly diffusivity: string } }): SaltBend {
  const { initialConcentration_mol_m3: c0, diffusivity } = geometry.electrolyte;
  const nodes = 2 * NODES_EACH_WAY + 1;
  const bend: SaltBend = {
    perNode: NODES_EACH_WAY / (WIDEST * c0),
    middle: NODES_EACH_WAY,
    negative: new Float64Array(nodes),
    separator: new Float64Array(nodes),
    positive: new Float64Array(nodes),
  };
  const law = relativeDiffusivity(diffusivity, c0);
  if (law === undefined) return bend;
  const salt = steadySalt(geometry, CELLS_PER_REGION);
  const concentrationOf = kirchhoffInverse(law, c0);
  const [linearN, linearS, linearP] = salt.average(salt.profile);
  for (let node = 0; node < nodes; node += 1) {
    const current = (node - NODES_EACH_WAY) / bend.perNode / (linearN - linearP);
    const [exactN, exactS, exactP] = salt.average(steadyState(salt, current, c0, concentrationOf));
    bend.negative[node] = exactN - c0 - linearN * current;
    bend.separator[node] = exactS - c0 - linearS * current;
    bend.positive[node] = exactP - c0 - linearP * current;
  }
  return bend;
}

/** Concentrations whose transformed profile is the linear one, shifted so that no salt is lost. */
function steadyState(
  salt: SteadySalt,
  current: number,
  c0: number,
  concentrationOf: (transformed: number) => number,
): Float64Array {
  const values = new Float64Array(salt.profile.length);
  const excess = (shift: number): number => {
    let sum = 0;
    for (let cell = 0; cell < values.length; cell += 1) {
      const value = concentrationOf((salt.profile[cell] ?? 0) * current + shift);
      values[cell] = value;
      sum += (value - c0) * (salt.weight[cell] ?? 0);
    }
    return sum;
  };
  let low = -RICHEST * c0;
  let high = RICHEST * c0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  return values;
}

/** c of the integral of D/D0 from c0 to c; held at the ends of the range. */
function kirchhoffInverse(law: (concentration: number) => number, c0: number): (transformed: number) => number {
  const step = (RICHEST * c0) / LAW_NODES;
  const transformed = new Float64Array(LAW_NODES + 1);
  for (let node = 1; node <= LAW_NODES; node += 1) {
    transformed[node] = (transformed[node - 1] ?? 0) + step * Math.max(1e-3, law((node - 0.5) * step));
  }
  const start = transformed[Math.round(c0 / step)] ?? 0;
  return (value) => {
    const wanted = value + start;
    let low = 0;
    let high = LAW_NODES;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((transformed[middle] ?? 0) > wanted) high = middle;
      else low = middle;
    }
    const below = transformed[low] ?? 0;
    const part = (wanted - below) / ((transformed[high] ?? 1) - below);
    return (low + Math.min(1, Math.max(0, part))) * step;
  };
}
