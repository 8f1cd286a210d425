/** Lattice and line strengths of each phase at a lithium content. */
import type { PhaseName } from "./phase-rules.ts";
import { type FixedPhase, interpolated, type LatticeTable, type LayeredPhase, type Structures } from "./structures.ts";

export interface CrystalLine {
  readonly dA: number;
  /** Sum of |F|^2 over (cell volume^2 x density): line strength per g/cm2, still without the Lorentz-polarisation factor. */
  readonly perMass: number;
  /** Factor on the line's width. */
  readonly broadening: number;
}

export interface CrystalPhase {
  /** Lithium contents between which the lattice moves; equal when it is fixed. */
  readonly lithiumLow: number;
  readonly lithiumHigh: number;
  readonly sizeNm: number;
  lines(lithium: number): readonly CrystalLine[];
  microstrain(lithium: number): number;
  /** Mass of the phase over that of the same number of host units as the coating was weighed with. */
  massFactor(lithium: number): number;
}

const LITHIUM_G_MOL = 6.94;
const HOST_G_MOL = { nmc811: 90.339, lno: 90.691, lco: 90.931, lfp: 150.815 } as const;
const CARBON_G_MOL = 12.011;
/** Carbon atoms in the tabulated cells of the graphite stages. */
const CARBONS = { stage4: 8, stage3: 6, stage2L: 4, lic12: 12, lic6: 6 } as const;
const MOL_PER_CM3_A3 = 0.602214076;
const FIXED_MICROSTRAIN = 1e-3;
const DILUTE_EXPANSION = 0.123;

export function crystalPhase(structures: Structures, name: PhaseName): CrystalPhase {
  const { phases, evolution, instrument } = structures;
  const sizes = instrument.size_nm;
  switch (name) {
    case "nmc811":
      return {
        ...layered(phases.nmc811, evolution.nmc811, sizes.nmc811, HOST_G_MOL.nmc811),
        // Microstrain grows below 40 % lithium (structures.json, evolution.nmc811.strain).
        microstrain: (lithium) => 1e-3 + (lithium < 0.4 ? 4e-3 * ((0.4 - lithium) / 0.3) ** 2 : 0),
      };
    case "lco":
      return layered(phases.lco, evolution.lco, sizes.lco, HOST_G_MOL.lco);
    case "lno-H1":
    case "lno-M":
    case "lno-H2":
    case "lno-H3": {
      const short = name.slice("lno-".length);
      const snapshot = phases.lno.snapshots[short];
      const table = evolution.lno.phases.find((phase) => phase.name === short);
      if (snapshot === undefined || table === undefined) throw new RangeError(`no structure of LiNiO2 ${short}`);
      const phase = layered({ snapshots: { [short]: snapshot } }, table, sizes.lno, HOST_G_MOL.lno);
      // The hexagonal average of the monoclinic phase: its in-plane distortion shows as wider lines.
      return name === "lno-M" ? widened(phase, snapshot, 1.5) : phase;
    }
    case "lfp":
      return fixed(phases.lfp, sizes.lfp, 1);
    case "fp":
      return fixed(phases.fp, sizes.fp, HOST_G_MOL.lfp / (HOST_G_MOL.lfp + LITHIUM_G_MOL));
    case "stage1L":
      return diluteGraphite(phases.graphite, sizes.graphite);
    case "stage4":
    case "stage3":
    case "stage2L":
      return fixed(phases[name], sizes.stage, massPerCarbon(phases[name], CARBONS[name]));
    case "lic12":
    case "lic6":
      return fixed(phases[name], sizes[name], massPerCarbon(phases[name], CARBONS[name]));
  }
}

/** A metal or another phase whose lattice does not move. */
export function fixedLines(phase: FixedPhase): readonly CrystalLine[] {
  return phase.reflections.map(({ d_A, F2sum }) => ({
    dA: d_A,
    perMass: F2sum / (phase.cellVolume_A3 ** 2 * phase.density_g_cm3),
    broadening: 1,
  }));
}

/** Mass of a lithiated stage over that of its carbon. */
function massPerCarbon(phase: FixedPhase, carbons: number): number {
  return (phase.density_g_cm3 * phase.cellVolume_A3 * MOL_PER_CM3_A3) / (carbons * CARBON_G_MOL);
}

function fixed(phase: FixedPhase, sizeNm: number, massFactor: number): CrystalPhase {
  const lines = fixedLines(phase);
  return {
    lithiumLow: 0,
    lithiumHigh: 0,
    sizeNm,
    lines: () => lines,
    microstrain: () => FIXED_MICROSTRAIN,
    massFactor: () => massFactor,
  };
}

/** Graphite whose layers move apart as the first lithium goes in; in the plane it stays as it is. */
function diluteGraphite(graphite: FixedPhase, sizeNm: number): CrystalPhase {
  const lines = fixedLines(graphite);
  return {
    lithiumLow: 0,
    lithiumHigh: 0.04,
    sizeNm,
    lines: (lithium) =>
      lines.map((line, index) => {
        const [h, k] = graphite.reflections[index]?.hkl ?? [1, 1];
        return h === 0 && k === 0 ? { ...line, dA: line.dA * (1 + DILUTE_EXPANSION * Math.min(lithium, 0.04)) } : line;
      }),
    microstrain: () => FIXED_MICROSTRAIN,
    massFactor: (lithium) => 1 + (LITHIUM_G_MOL * lithium) / (6 * CARBON_G_MOL),
  };
}

interface LayeredReflection {
  readonly hkl: readonly [number, number, number];
  readonly lithium: readonly number[];
  readonly f2Sum: readonly number[];
}

/** R-3m in the hexagonal setting: d from a and c, |F|^2 and mass straight between the snapshots. */
function layered(phase: LayeredPhase, table: LatticeTable, sizeNm: number, hostGMol: number): CrystalPhase {
  const snapshots = Object.values(phase.snapshots).sort((left, right) => left.x - right.x);
  const reflections = new Map<string, LayeredReflection>();
  for (const { reflections: found } of snapshots) {
    for (const { hkl } of found) {
      const key = hkl.join(" ");
      if (reflections.has(key)) continue;
      const known = snapshots.flatMap((snapshot) => {
        const same = snapshot.reflections.find((other) => other.hkl.join(" ") === key);
        return same === undefined ? [] : [{ x: snapshot.x, f2: same.F2sum }];
      });
      reflections.set(key, { hkl, lithium: known.map(({ x }) => x), f2Sum: known.map(({ f2 }) => f2) });
    }
  }
  const lithiumAt = snapshots.map(({ x }) => x);
  const massAt = snapshots.map((snapshot) => snapshot.cellVolume_A3 * snapshot.density_g_cm3);
  return {
    lithiumLow: Math.min(...table.lithium),
    lithiumHigh: Math.max(...table.lithium),
    sizeNm,
    lines(lithium) {
      const a = interpolated(table.lithium, table.a_A, lithium);
      const c = interpolated(table.lithium, table.c_A, lithium);
      const volume = (Math.sqrt(3) / 2) * a * a * c;
      const mass = interpolated(lithiumAt, massAt, lithium);
      return [...reflections.values()].map(({ hkl: [h, k, l], lithium: known, f2Sum }) => ({
        dA: 1 / Math.sqrt(((4 / 3) * (h * h + h * k + k * k)) / (a * a) + (l * l) / (c * c)),
        perMass: interpolated(known, f2Sum, lithium) / (volume * mass),
        broadening: 1,
      }));
    },
    microstrain: () => FIXED_MICROSTRAIN,
    massFactor: (lithium) => (hostGMol + LITHIUM_G_MOL * lithium) / (hostGMol + LITHIUM_G_MOL),
  };
}

function widened(phase: CrystalPhase, snapshot: FixedPhase, factor: number): CrystalPhase {
  const isInPlane = snapshot.reflections.map(({ hkl: [h, k] }) => h !== 0 || k !== 0);
  return {
    ...phase,
    lines: (lithium) =>
      phase.lines(lithium).map((line, index) => (isInPlane[index] === true ? { ...line, broadening: factor } : line)),
  };
}
