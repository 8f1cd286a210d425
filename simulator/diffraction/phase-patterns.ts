/**
 * Patterns of single phases, one photon and one g/cm2 of host each, kept on a grid of lithium contents and made when
 * first needed. Between two grid points the pattern is taken straight; their lines lie a tenth of a width apart.
 */
import { crystalPhase, type CrystalLine, type CrystalPhase, fixedLines } from "./lattice.ts";
import { addLine, type Caglioti, lineWidthDeg, parallaxDeg, type TwoThetaAxis } from "./line-profile.ts";
import type { PhaseName } from "./phase-rules.ts";
import type { MetalSheet } from "./cell-stack.ts";
import { type Structures, wavelengthA } from "./structures.ts";

export interface PatternOptics {
  readonly axis: TwoThetaAxis;
  readonly energyKeV: number;
  readonly distanceMm: number;
  readonly caglioti: Caglioti;
}

export interface PhasePatterns {
  /** Adds `weight` (photons x g/cm2 of host) of a phase at `zMm`, in counts per bin before attenuation. */
  add(into: Float64Array, phase: PhaseName, lithium: number, zMm: number, weight: number): void;
  /** Adds the rings of a metal sheet for one photon. */
  addMetal(into: Float64Array, sheet: MetalSheet, ringFactors: readonly number[]): void;
}

const LITHIUM_STEP = 0.0025;
/**
 * Counts per photon and unit of areal mass x strength. Placeholder: gives NMC (003) 2,700 counts in the peak bin of a
 * second of a full-steel cell at 70 keV and 1e11 photons/s.
 */
const COUNTS_PER_UNIT = 4.4e-8;
const METAL_MICROSTRAIN = 1e-3;
/** Lines further than this outside the axis are left out, degrees. */
const MARGIN_DEG = 1;

interface PhaseTable {
  readonly crystal: CrystalPhase;
  readonly nodes: (Float32Array | undefined)[];
}

export function createPhasePatterns(structures: Structures, optics: PatternOptics): PhasePatterns {
  const { axis, caglioti, distanceMm } = optics;
  const lambdaA = wavelengthA(optics.energyKeV);
  // A ring's power goes with the cube of the wavelength; the table's unit belongs to its own.
  const unit = COUNTS_PER_UNIT * (lambdaA / wavelengthA(structures.energy_keV)) ** 3;
  const tables = new Map<string, PhaseTable>();

  function addCrystal(
    into: Float64Array,
    lines: readonly CrystalLine[],
    zMm: number,
    sizeNm: number,
    microstrain: number,
    weightOf: (index: number) => number,
  ): void {
    for (const [index, line] of lines.entries()) {
      const sine = lambdaA / (2 * line.dA);
      if (!(sine < 1)) continue;
      const theta = Math.asin(sine);
      const centreDeg = (2 * theta * 180) / Math.PI + parallaxDeg(2 * theta, zMm, distanceMm);
      const endDeg = axis.startDeg + axis.stepDeg * (axis.points - 1);
      if (centreDeg < axis.startDeg - MARGIN_DEG || centreDeg > endDeg + MARGIN_DEG) continue;
      const width = line.broadening * lineWidthDeg(theta, lambdaA, caglioti, { sizeNm, microstrain });
      const cosine = Math.cos(2 * theta);
      const lorentzPolarisation = (1 + cosine * cosine) / (2 * sine * sine * Math.cos(theta));
      addLine(into, axis, centreDeg, width, unit * weightOf(index) * line.perMass * lorentzPolarisation);
    }
  }

  function tableOf(phase: PhaseName, zMm: number): PhaseTable {
    const key = `${phase} ${zMm}`;
    const known = tables.get(key);
    if (known !== undefined) return known;
    const table: PhaseTable = { crystal: crystalPhase(structures, phase), nodes: [] };
    tables.set(key, table);
    return table;
  }

  function node({ crystal, nodes }: PhaseTable, index: number, zMm: number): Float32Array {
    const known = nodes[index];
    if (known !== undefined) return known;
    const lithium = Math.min(crystal.lithiumHigh, crystal.lithiumLow + index * LITHIUM_STEP);
    const sum = new Float64Array(axis.points);
    const mass = crystal.massFactor(lithium);
    addCrystal(sum, crystal.lines(lithium), zMm, crystal.sizeNm, crystal.microstrain(lithium), () => mass);
    const made = Float32Array.from(sum);
    nodes[index] = made;
    return made;
  }

  return {
    add(into, phase, lithium, zMm, weight) {
      const table = tableOf(phase, zMm);
      const { lithiumLow, lithiumHigh } = table.crystal;
      const at = (Math.min(lithiumHigh, Math.max(lithiumLow, lithium)) - lithiumLow) / LITHIUM_STEP;
      const index = Math.floor(at);
      const part = at - index;
      const lower = node(table, index, zMm);
      if (part === 0) {
        for (let point = 0; point < into.length; point += 1) {
          into[point] = (into[point] ?? 0) + weight * (lower[point] ?? 0);
        }
        return;
      }
      const upper = node(table, index + 1, zMm);
      const lowerWeight = weight * (1 - part);
      const upperWeight = weight * part;
      for (let point = 0; point < into.length; point += 1) {
        into[point] = (into[point] ?? 0) + lowerWeight * (lower[point] ?? 0) + upperWeight * (upper[point] ?? 0);
      }
    },
    addMetal(into, sheet, ringFactors) {
      const lines = fixedLines(structures.phases[sheet.metal]);
      const sizeNm = structures.instrument.size_nm.metals;
      addCrystal(
        into,
        lines,
        sheet.zMm,
        sizeNm,
        METAL_MICROSTRAIN,
        (index) => sheet.arealMassGCm2 * (ringFactors[index] ?? 1),
      );
    },
  };
}
