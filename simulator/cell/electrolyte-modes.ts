/**
 * The relaxing modes of the salt between the two collectors, from geometry and transport alone: diffusion through
 * three porous regions, linear about the initial concentration, fed by a uniform reaction. The finite-volume operator
 * is made symmetric by the porosities and its modes are found by inverse iteration, slowest first.
 */
import type { CellDesign } from "./cell-design.ts";

/** C/mol; the parameters of a cell need this file, so it does not need theirs. */
const FARADAY = 96485.33212;

export type ElectrolyteModes = CellDesign["electrolyteModes"];
export type Geometry = Pick<CellDesign, "negative" | "separator" | "positive" | "electrolyte">;

interface Grid {
  /** Pore volume of each cell per area, m. */
  readonly weight: Float64Array;
  /** Conductance across each inner face, m/s. */
  readonly face: Float64Array;
  /** Salt that a unit of current density frees in each cell, mol/(A s). */
  readonly source: Float64Array;
  readonly region: Uint8Array;
}

const CELLS_PER_REGION = 120;
const INVERSE_TURNS = 400;
const REGIONS = [0, 1, 2] as const;

/**
 * The `count` slowest modes, and the quasi-static rest that completes them to the steady state. Concentrations are
 * averages over negative, separator and positive in mol/m3; discharge current densities are positive.
 */
export function electrolyteModes(geometry: Geometry, count: number): ElectrolyteModes {
  const grid = gridOf(geometry, CELLS_PER_REGION);
  const steady = average(grid, steadyProfile(grid));
  const found: Float64Array[] = [];
  const modes: ElectrolyteModes["modes"] = [];
  const rest: [number, number, number] = [...steady];
  for (let mode = 0; mode < count; mode += 1) {
    const { rate, shape } = slowestMode(grid, found);
    found.push(shape);
    let drive = 0;
    for (let cell = 0; cell < shape.length; cell += 1) drive += (shape[cell] ?? 0) * (grid.source[cell] ?? 0);
    const mean = average(grid, shape);
    const gain: [number, number, number] = [mean[0] * drive, mean[1] * drive, mean[2] * drive];
    for (const region of REGIONS) rest[region] -= gain[region] / rate;
    modes.push({ rate_per_s: rate, gain_mol_m3_per_A_m2_s: gain });
  }
  return { modes, quasiStatic_mol_m3_per_A_m2: rest };
}

/** Averages and shape of the steady concentration per unit current density, on a grid of some cells per region. */
export interface SteadySalt {
  /** mol/m3 per A/m2 in each cell, mean zero by pore volume. */
  readonly profile: Float64Array;
  /** Pore volume of each cell per area, m. */
  readonly weight: Float64Array;
  /** Averages over negative, separator and positive of any profile on this grid. */
  readonly average: (values: Float64Array) => readonly [number, number, number];
}

export function steadySalt(geometry: Geometry, cellsPerRegion: number): SteadySalt {
  const grid = gridOf(geometry, cellsPerRegion);
  return { profile: steadyProfile(grid), weight: grid.weight, average: (values) => average(grid, values) };
}

function gridOf({ negative, separator, positive, electrolyte }: Geometry, perRegion: number): Grid {
  const parts = [
    { ...negative, sign: 1 },
    { ...separator, sign: 0 },
    { ...positive, sign: -1 },
  ];
  const total = parts.length * perRegion;
  const weight = new Float64Array(total);
  const half = new Float64Array(total);
  const source = new Float64Array(total);
  const region = new Uint8Array(total);
  for (const [index, part] of parts.entries()) {
    const widthM = part.thickness_m / perRegion;
    const diffusivity = electrolyte.diffusivityAtC0_m2_s * part.porosity ** part.bruggeman;
    for (let step = 0; step < perRegion; step += 1) {
      const cell = index * perRegion + step;
      weight[cell] = part.porosity * widthM;
      half[cell] = widthM / 2 / diffusivity;
      source[cell] = (part.sign * (1 - electrolyte.transference)) / FARADAY / perRegion;
      region[cell] = index;
    }
  }
  const face = new Float64Array(total - 1);
  for (let cell = 0; cell + 1 < total; cell += 1) face[cell] = 1 / ((half[cell] ?? 0) + (half[cell + 1] ?? 0));
  return { weight, face, source, region };
}

/** Concentration per unit current density once nothing changes any more; no salt is lost or made. */
function steadyProfile({ weight, face, source }: Grid): Float64Array {
  const profile = new Float64Array(weight.length);
  let flux = 0;
  for (let cell = 0; cell + 1 < profile.length; cell += 1) {
    flux += source[cell] ?? 0;
    profile[cell + 1] = (profile[cell] ?? 0) - flux / (face[cell] ?? 1);
  }
  withoutMean(profile, weight);
  return profile;
}

/** The slowest mode orthogonal (by pore volume) to the constant and to those already found; unit norm. */
function slowestMode(grid: Grid, found: readonly Float64Array[]): { rate: number; shape: Float64Array } {
  const { weight } = grid;
  const shape = Float64Array.from(
    weight,
    (_, cell) => Math.cos(((found.length + 1) * Math.PI * (cell + 0.5)) / weight.length) + 0.1 * Math.sin(cell),
  );
  let rate = NaN;
  for (let turn = 0; turn < INVERSE_TURNS; turn += 1) {
    for (const other of found) withoutPart(shape, other, weight);
    withoutMean(shape, weight);
    const size = Math.sqrt(product(shape, shape, weight));
    for (let cell = 0; cell < shape.length; cell += 1) shape[cell] = (shape[cell] ?? 0) / size;
    const solved = inverse(grid, shape);
    const next = 1 / product(solved, shape, weight);
    if (Math.abs(next - rate) <= 1e-13 * next) break;
    rate = next;
    shape.set(solved);
  }
  for (const other of found) withoutPart(shape, other, weight);
  const size = Math.sqrt(product(shape, shape, weight));
  return { rate, shape: shape.map((value) => value / size) };
}

/** Solves -d/dx(D dc/dx) = weight x value, mean of c zero: one sweep, since no flux leaves at the collectors. */
function inverse({ weight, face }: Grid, value: Float64Array): Float64Array {
  const solved = new Float64Array(value.length);
  let flux = 0;
  for (let cell = 0; cell + 1 < value.length; cell += 1) {
    flux += (weight[cell] ?? 0) * (value[cell] ?? 0);
    solved[cell + 1] = (solved[cell] ?? 0) - flux / (face[cell] ?? 1);
  }
  withoutMean(solved, weight);
  return solved;
}

function product(a: Float64Array, b: Float64Array, weight: Float64Array): number {
  let sum = 0;
  for (let cell = 0; cell < a.length; cell += 1) sum += (a[cell] ?? 0) * (b[cell] ?? 0) * (weight[cell] ?? 0);
  return sum;
}

function withoutMean(values: Float64Array, weight: Float64Array): void {
  let sum = 0;
  let total = 0;
  for (let cell = 0; cell < values.length; cell += 1) {
    sum += (values[cell] ?? 0) * (weight[cell] ?? 0);
    total += weight[cell] ?? 0;
  }
  for (let cell = 0; cell < values.length; cell += 1) values[cell] = (values[cell] ?? 0) - sum / total;
}

function withoutPart(values: Float64Array, unit: Float64Array, weight: Float64Array): void {
  const part = product(values, unit, weight);
  for (let cell = 0; cell < values.length; cell += 1) values[cell] = (values[cell] ?? 0) - part * (unit[cell] ?? 0);
}

function average({ region }: Grid, values: Float64Array): [number, number, number] {
  const sum: [number, number, number] = [0, 0, 0];
  for (let cell = 0; cell < values.length; cell += 1) {
    const at = region[cell] === 0 ? 0 : region[cell] === 1 ? 1 : 2;
    sum[at] += ((values[cell] ?? 0) * 3) / values.length;
  }
  return sum;
}
