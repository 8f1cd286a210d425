/** Small-signal solve of the full-order reference: the same finite volumes, driven at one frequency. */
import { ballVolumes } from "./finite-volumes.ts";
import { conductivity, type DesignFile, type ElectrodeFile, potential, saltDiffusivity } from "./published-design.ts";

const R = 8.314462618;
const F = 96485.33212;
type Pair = readonly [number, number];

const times = ([a, b]: Pair, [c, d]: Pair): Pair => [a * c - b * d, a * d + b * c];
const over = (a: Pair, [c, d]: Pair): Pair => {
  const size = c * c + d * d;
  return times(a, [c / size, -d / size]);
};
const minus = ([a, b]: Pair, [c, d]: Pair): Pair => [a - c, b - d];
const plus = ([a, b]: Pair, [c, d]: Pair): Pair => [a + c, b + d];

/** Ohm, real and imaginary, of a cell at rest. */
export function fullOrderImpedance(
  design: DesignFile,
  rest: { readonly negative: number; readonly positive: number },
  frequencyHz: number,
  temperatureC = 25,
): Pair {
  const kelvin = temperatureC + 273.15;
  const omega = 2 * Math.PI * frequencyHz;
  const arrhenius = (energy: number): number => Math.exp((energy / R) * (1 / 298.15 - 1 / kelvin));
  const { electrolyte, cell, separator } = design;
  const c0 = electrolyte.initialConcentration_mol_m3;

  function electrodeOhm(electrode: ElectrodeFile, at: number): Pair {
    const solidM3 = electrode.activeFraction * electrode.thickness_m * cell.area_m2;
    const surface = (3 * solidM3) / electrode.particleRadius_m;
    const exchange =
      electrode.exchange.m *
      arrhenius(electrode.exchange.Ea_J_mol) *
      electrode.maxConcentration_mol_m3 *
      Math.sqrt(c0 * at * (1 - at));
    const transfer = (R * kelvin) / F / exchange / surface;
    const tau =
      electrode.particleRadius_m ** 2 / (electrode.diffusivity_m2_s * arrhenius(electrode.diffusivityEa_J_mol));
    const capacityC = F * electrode.maxConcentration_mol_m3 * solidM3;
    const slope = (potential(electrode, at + 1e-5) - potential(electrode, at - 1e-5)) / 2e-5;
    // One ampere into the particle: gradient tau / (3 Q) at the surface, in units of the radius.
    const gradient = tau / 3 / capacityC;
    const ball = ballVolumes(400);
    const source = new Float64Array(400);
    source[399] = gradient;
    const outer = lastValue(ball.volume, ball.face, source, omega * tau);
    const theta: Pair = [outer[0] + ball.lastHalfWidth * gradient, outer[1]];
    const faradaic: Pair = [transfer - slope * theta[0], -slope * theta[1]];
    return over([1, 0], plus(over([1, 0], faradaic), [0, omega * electrode.doubleLayer_F_m2 * surface]));
  }

  const parts = [design.negative, separator, design.positive];
  const cells = 100;
  const volume = new Float64Array(3 * cells);
  const source = new Float64Array(3 * cells);
  const half = new Float64Array(3 * cells);
  parts.forEach((part, index) => {
    const diffusivity =
      saltDiffusivity(design.id, c0) * arrhenius(electrolyte.diffusivityEa_J_mol) * part.porosity ** part.bruggeman;
    for (let step = 0; step < cells; step += 1) {
      const at = index * cells + step;
      volume[at] = (part.porosity * part.thickness_m) / cells;
      half[at] = part.thickness_m / cells / 2 / diffusivity;
      source[at] = ((1 - index) * (1 - electrolyte.transference)) / F / cells / cell.area_m2;
    }
  });
  const face = Float64Array.from({ length: 3 * cells - 1 }, (_, at) => 1 / ((half[at] ?? 0) + (half[at + 1] ?? 0)));
  const salt = solveComplex(volume, face, source, omega);
  const mean = (region: number): Pair => {
    let sum: Pair = [0, 0];
    for (let at = region * cells; at < (region + 1) * cells; at += 1) sum = plus(sum, salt[at] ?? [0, 0]);
    return [sum[0] / cells, sum[1] / cells];
  };
  const factor = (-2 * R * kelvin * (1 - electrolyte.transference)) / F / c0;
  const difference = minus(mean(2), mean(0));
  const concentration: Pair = [factor * difference[0], factor * difference[1]];
  const kappa = conductivity(design, c0) * arrhenius(electrolyte.conductivityEa_J_mol);
  const ionic = parts.reduce(
    (sum, part, index) => sum + part.thickness_m / (index === 1 ? 1 : 3) / kappa / part.porosity ** part.bruggeman,
    0,
  );
  const solid = [design.negative, design.positive].reduce(
    (sum, part) => sum + part.thickness_m / 3 / part.solidConductivity_S_m / part.activeFraction ** part.solidBruggeman,
    0,
  );
  const ohm: Pair = [(ionic + solid) / cell.area_m2 + cell.contactResistance_ohm, 0];
  return [
    electrodeOhm(design.negative, rest.negative),
    electrodeOhm(design.positive, rest.positive),
    concentration,
  ].reduce<Pair>(plus, ohm);
}

function lastValue(volume: Float64Array, face: Float64Array, source: Float64Array, omega: number): Pair {
  return solveComplex(volume, face, source, omega).at(-1) ?? [NaN, NaN];
}

/** (j omega volume + conduction) c = source */
function solveComplex(volume: Float64Array, face: Float64Array, source: Float64Array, omega: number): readonly Pair[] {
  const count = volume.length;
  const ratio: Pair[] = [];
  const right: Pair[] = [];
  for (let row = 0; row < count; row += 1) {
    const inward = row > 0 ? (face[row - 1] ?? 0) : 0;
    const outward = row + 1 < count ? (face[row] ?? 0) : 0;
    const middle: Pair = [inward + outward, omega * (volume[row] ?? 0)];
    const before = ratio[row - 1] ?? [0, 0];
    const pivot = minus(middle, [-inward * before[0], -inward * before[1]]);
    ratio.push(over([-outward, 0], pivot));
    const above = right[row - 1] ?? [0, 0];
    right.push(over([(source[row] ?? 0) + inward * above[0], inward * above[1]], pivot));
  }
  for (let row = count - 2; row >= 0; row -= 1) {
    right[row] = minus(right[row] ?? [0, 0], times(ratio[row] ?? [0, 0], right[row + 1] ?? [0, 0]));
  }
  return right;
}
