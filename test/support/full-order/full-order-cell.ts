/**
 * The full-order reference: a single particle model with electrolyte on finite volumes, shells in the particles and a
 * line of volumes through the porous electrodes and the separator with concentration-dependent diffusivity and
 * conductivity. Backward Euler, extrapolated from one and two half steps (second order). Discharge positive.
 */
import { ballVolumes, createEulerStep, type Volumes } from "./finite-volumes.ts";
import { conductivity, type DesignFile, type ElectrodeFile, potential, saltDiffusivity } from "./published-design.ts";

const R = 8.314462618;
const F = 96485.33212;

export interface FullOrderCell {
  readonly state: { timeS: number; currentA: number; voltageV: number; chargeC: number };
  /** A current from now on, discharge positive. */
  setCurrent(currentA: number): void;
  /** The current that gives this voltage at this instant. */
  setVoltage(voltageV: number): void;
  /** A step at the current that flows; false, and nothing done, when a particle would run full or empty in it. */
  step(dtS: number): boolean;
  /** The voltage after a step at the current that flows; nothing is done. */
  peek(dtS: number): number;
  /** A step whose end has this voltage; the current runs linearly. */
  stepAtVoltage(dtS: number, voltageV: number): void;
}

export interface FullOrderStart {
  readonly negative: number;
  readonly positive: number;
}

export interface FullOrderGrid {
  readonly shells: number;
  /** Volumes in negative, separator, positive. */
  readonly slab: readonly [number, number, number];
}

export const FINE_GRID: FullOrderGrid = { shells: 100, slab: [40, 20, 40] };

interface Particle {
  readonly values: Float64Array;
  readonly sign: 1 | -1;
  readonly electrode: ElectrodeFile;
  readonly tauS: number;
  readonly capacityC: number;
  readonly exchangeA: number;
}

export function createFullOrderCell(
  design: DesignFile,
  temperatureC: number,
  start: FullOrderStart,
  grid: FullOrderGrid = FINE_GRID,
): FullOrderCell {
  const kelvin = temperatureC + 273.15;
  const arrhenius = (energy: number): number => Math.exp((energy / R) * (1 / 298.15 - 1 / kelvin));
  const area = design.cell.area_m2;
  const ball = ballVolumes(grid.shells);
  const particleStep = createEulerStep(grid.shells);
  const salt = createSalt(design, grid, arrhenius(design.electrolyte.diffusivityEa_J_mol));

  function particleOf(electrode: ElectrodeFile, value: number, sign: 1 | -1): Particle {
    const solidM3 = electrode.activeFraction * electrode.thickness_m * area;
    const surface = (3 * solidM3) / electrode.particleRadius_m;
    return {
      values: new Float64Array(grid.shells).fill(value),
      sign,
      electrode,
      tauS: electrode.particleRadius_m ** 2 / (electrode.diffusivity_m2_s * arrhenius(electrode.diffusivityEa_J_mol)),
      capacityC: F * electrode.maxConcentration_mol_m3 * solidM3,
      exchangeA:
        surface * electrode.exchange.m * arrhenius(electrode.exchange.Ea_J_mol) * electrode.maxConcentration_mol_m3,
    };
  }
  const negative = particleOf(design.negative, start.negative, -1);
  const positive = particleOf(design.positive, start.positive, 1);
  const particles = [negative, positive] as const;
  const state = { timeS: 0, currentA: 0, voltageV: NaN, chargeC: 0 };

  /** The scaled gradient at the surface: 1/3 of the rate of the mean, per tau. */
  const fluxOf = (particle: Particle, currentA: number): number =>
    (particle.sign * currentA * particle.tauS) / particle.capacityC / 3;

  function surfaceOf(particle: Particle, values: Float64Array, currentA: number): number {
    return (values[grid.shells - 1] ?? 0) + ball.lastHalfWidth * fluxOf(particle, currentA);
  }

  const source = new Float64Array(grid.shells);
  const whole = new Float64Array(grid.shells);
  const half = new Float64Array(grid.shells);

  /** The particle after a step from `beforeA` to `afterA`, to `target`. */
  function diffuse(particle: Particle, beforeA: number, afterA: number, dtS: number, target: Float64Array): void {
    const scaled = dtS / particle.tauS;
    const last = grid.shells - 1;
    source[last] = fluxOf(particle, afterA);
    particleStep(ball, particle.values, source, scaled, whole);
    source[last] = fluxOf(particle, (beforeA + afterA) / 2);
    particleStep(ball, particle.values, source, scaled / 2, half);
    source[last] = fluxOf(particle, afterA);
    particleStep(ball, half, source, scaled / 2, target);
    for (let shell = 0; shell <= last; shell += 1) target[shell] = 2 * (target[shell] ?? 0) - (whole[shell] ?? 0);
  }

  function overpotential(particle: Particle, surface: number, saltC: number, currentA: number): number {
    const exchange = particle.exchangeA * Math.sqrt(saltC * surface * (1 - surface));
    return ((2 * R * kelvin) / F) * Math.asinh((-particle.sign * currentA) / (2 * exchange));
  }

  function voltage(values: readonly [Float64Array, Float64Array], saltValues: Float64Array, currentA: number): number {
    const x = surfaceOf(negative, values[0], currentA);
    const y = surfaceOf(positive, values[1], currentA);
    const [cN, cS, cP] = salt.averages(saltValues);
    const { separator, electrolyte, cell } = design;
    const ionic = (electrode: { thickness_m: number; porosity: number; bruggeman: number }, c: number): number =>
      electrode.thickness_m /
      (conductivity(design, c) * arrhenius(electrolyte.conductivityEa_J_mol)) /
      electrode.porosity ** electrode.bruggeman;
    const solid = (electrode: ElectrodeFile): number =>
      electrode.thickness_m /
      (3 * electrode.solidConductivity_S_m * electrode.activeFraction ** electrode.solidBruggeman);
    const ohm =
      (ionic(design.negative, cN) / 3 +
        ionic(separator, cS) +
        ionic(design.positive, cP) / 3 +
        solid(design.negative) +
        solid(design.positive)) /
        area +
      cell.contactResistance_ohm;
    return (
      potential(design.positive, y) -
      potential(design.negative, x) +
      overpotential(positive, y, cP, currentA) -
      overpotential(negative, x, cN, currentA) +
      ((2 * R * kelvin) / F) * (1 - electrolyte.transference) * Math.log(cP / cN) -
      currentA * ohm
    );
  }

  const next: readonly [Float64Array, Float64Array] = [new Float64Array(grid.shells), new Float64Array(grid.shells)];
  const nextSalt = new Float64Array(salt.values.length);

  /** Voltage at the end of a step whose current ends at `afterA`; the end stands in `next` and `nextSalt`. */
  function attempt(dtS: number, afterA: number): number {
    for (const [index, particle] of particles.entries()) {
      const target = index === 0 ? next[0] : next[1];
      diffuse(particle, state.currentA, afterA, dtS, target);
    }
    salt.diffuse(state.currentA / area, afterA / area, dtS, nextSalt);
    return voltage(next, nextSalt, afterA);
  }

  function accept(dtS: number, afterA: number, volts: number): void {
    negative.values.set(next[0]);
    positive.values.set(next[1]);
    salt.values.set(nextSalt);
    state.chargeC -= ((state.currentA + afterA) / 2) * dtS;
    state.timeS += dtS;
    state.currentA = afterA;
    state.voltageV = volts;
  }

  function now(currentA: number): number {
    return voltage([negative.values, positive.values], salt.values, currentA);
  }

  state.voltageV = now(0);
  return {
    state,
    setCurrent(currentA) {
      state.currentA = currentA;
      state.voltageV = now(currentA);
    },
    setVoltage(voltageV) {
      state.currentA = secant((currentA) => now(currentA) - voltageV, state.currentA);
      state.voltageV = voltageV;
    },
    step(dtS) {
      const volts = attempt(dtS, state.currentA);
      if (Number.isNaN(volts)) return false;
      accept(dtS, state.currentA, volts);
      return true;
    },
    peek: (dtS) => attempt(dtS, state.currentA),
    stepAtVoltage(dtS, voltageV) {
      const afterA = secant((currentA) => attempt(dtS, currentA) - voltageV, state.currentA);
      accept(dtS, afterA, attempt(dtS, afterA));
    },
  };
}

function secant(of: (currentA: number) => number, startA: number): number {
  let olderA = startA;
  let older = of(olderA);
  let newerA = startA + (older > 0 ? 1e-5 : -1e-5);
  for (let turn = 0; turn < 50; turn += 1) {
    const newer = of(newerA);
    if (Math.abs(newer) < 1e-9 || newer === older) break;
    const nextA = newerA - (newer * (newerA - olderA)) / (newer - older);
    olderA = newerA;
    older = newer;
    newerA = nextA;
  }
  return newerA;
}

interface Salt {
  readonly values: Float64Array;
  diffuse(beforeDensity: number, afterDensity: number, dtS: number, target: Float64Array): void;
  averages(values: Float64Array): readonly [number, number, number];
}

function createSalt(design: DesignFile, grid: FullOrderGrid, faster: number): Salt {
  const parts = [design.negative, design.separator, design.positive];
  const count = grid.slab[0] + grid.slab[1] + grid.slab[2];
  const region = new Uint8Array(count);
  const width = new Float64Array(count);
  const volume = new Float64Array(count);
  const tortuous = new Float64Array(count);
  const perDensity = new Float64Array(count);
  let cell = 0;
  for (const [index, part] of parts.entries()) {
    const cells = grid.slab[index] ?? 1;
    for (let step = 0; step < cells; step += 1) {
      region[cell] = index;
      width[cell] = part.thickness_m / cells;
      volume[cell] = (part.porosity * part.thickness_m) / cells;
      tortuous[cell] = part.porosity ** part.bruggeman;
      perDensity[cell] = ((1 - index) * (1 - design.electrolyte.transference)) / F / cells;
      cell += 1;
    }
  }
  const values = new Float64Array(count).fill(design.electrolyte.initialConcentration_mol_m3);
  const face = new Float64Array(count - 1);
  const volumes: Volumes = { volume, face };
  const euler = createEulerStep(count);
  const source = new Float64Array(count);
  const whole = new Float64Array(count);
  const half = new Float64Array(count);

  function conduct(by: Float64Array): void {
    for (let at = 0; at + 1 < count; at += 1) {
      const resist = (index: number): number =>
        (width[index] ?? 0) / 2 / ((tortuous[index] ?? 1) * faster * saltDiffusivity(design.id, by[index] ?? 0));
      face[at] = 1 / (resist(at) + resist(at + 1));
    }
  }
  function feed(density: number): void {
    for (let at = 0; at < count; at += 1) source[at] = density * (perDensity[at] ?? 0);
  }

  return {
    values,
    diffuse(beforeDensity, afterDensity, dtS, target) {
      // Diffusivity at the end of each part step, found by trying twice.
      const implicit = (before: Float64Array, density: number, partS: number, into: Float64Array): void => {
        feed(density);
        conduct(before);
        euler(volumes, before, source, partS, into);
        conduct(into);
        euler(volumes, before, source, partS, into);
      };
      implicit(values, afterDensity, dtS, whole);
      implicit(values, (beforeDensity + afterDensity) / 2, dtS / 2, half);
      implicit(half, afterDensity, dtS / 2, target);
      for (let at = 0; at < count; at += 1) target[at] = 2 * (target[at] ?? 0) - (whole[at] ?? 0);
    },
    averages(of) {
      const sums: [number, number, number] = [0, 0, 0];
      for (let at = 0; at < count; at += 1) {
        const index = region[at] === 0 ? 0 : region[at] === 1 ? 1 : 2;
        sums[index] += (of[at] ?? 0) / grid.slab[index];
      }
      return sums;
    },
  };
}
