/**
 * What stands in the beam besides the lithium: casing, collectors, separator, electrolyte, with masses per area and
 * places along the beam. Places count downstream from the positive coating, the plane the detector distance is
 * calibrated for.
 */
import type { CellDesign } from "../cell/cell-design.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Chance } from "../plant/plant.ts";
import {
  interpolated,
  type MetalName,
  type PositiveMaterial,
  type StackMaterial,
  type Structures,
} from "./structures.ts";

export interface MetalSheet {
  readonly metal: MetalName;
  readonly arealMassGCm2: number;
  readonly zMm: number;
}

export interface CellStack {
  readonly positiveMaterial: PositiveMaterial;
  /** Active material at full lithium. */
  readonly positiveGCm2: number;
  readonly positiveZMm: number;
  /** Carbon without its lithium. */
  readonly negativeGCm2: number;
  readonly negativeZMm: number;
  readonly metals: readonly MetalSheet[];
  readonly separatorGCm2: number;
  readonly electrolyteGCm2: number;
  readonly polyimideGCm2: number;
}

/** Factors on the rings of each metal sheet of one cell: rolled sheet is textured, and each piece in its own way. */
export interface CellTexture {
  readonly stack: CellStack;
  /** By sheet, then by reflection in the table's order. */
  readonly ringFactors: readonly (readonly number[])[];
}

export interface CasingOptions {
  /** Steel: a plain 2032 cell, the beam entering at the can. Windowed: polyimide foil on both sides instead. */
  readonly casing?: "steel" | "windowed";
  readonly canMm?: number;
  readonly spacerMm?: number;
  readonly capMm?: number;
}

const POSITIVE_OF_DESIGN: Readonly<Record<string, PositiveMaterial>> = {
  "nmc811-graphite-siox": "nmc811",
  "lfp-graphite": "lfp",
  "lno-graphite": "lno",
  "lco-graphite": "lco",
};

const STEEL_G_CM3 = 7.95;
const POLYIMIDE_GCM2 = 0.0142;
const COPPER_GCM2 = 0.010752;
const ALUMINIUM_GCM2 = 0.00432;
const SEPARATOR_GCM2 = 0.001125;
const ELECTROLYTE_GCM2 = 0.00762;
const TEXTURE_MIN = 0.5;
const TEXTURE_MAX = 2;

/** The stack of a design as `structures.json` (coinCellStack) gives it; masses of the coatings follow the design. */
export function stackOfDesign(structures: Structures, design: CellDesign, options: CasingOptions = {}): CellStack {
  const positiveMaterial = POSITIVE_OF_DESIGN[design.id];
  if (positiveMaterial === undefined) {
    throw new Fault("file.schema", design.id, `no diffraction for this design; known are ${knownDesigns()}`);
  }
  const { phases } = structures;
  const casing = options.casing ?? "steel";
  const steel = (thicknessMm: number, zMm: number): MetalSheet => ({
    metal: "steel316",
    arealMassGCm2: (thicknessMm / 10) * STEEL_G_CM3,
    zMm,
  });
  const halves =
    casing === "steel"
      ? [steel(options.canMm ?? 0.25, -0.15), steel(options.spacerMm ?? 0.5, 0.4), steel(options.capMm ?? 0.25, 2.35)]
      : [];
  return {
    positiveMaterial,
    positiveGCm2: coatingGCm2(design.positive, fullDensity(structures, positiveMaterial)),
    positiveZMm: 0,
    negativeGCm2: coatingGCm2(design.negative, phases.graphite.density_g_cm3),
    negativeZMm: 0.08,
    metals: [
      ...halves.filter((sheet) => sheet.arealMassGCm2 > 0),
      { metal: "aluminium", arealMassGCm2: ALUMINIUM_GCM2, zMm: -0.03 },
      { metal: "copper", arealMassGCm2: COPPER_GCM2, zMm: 0.12 },
    ],
    separatorGCm2: SEPARATOR_GCM2,
    electrolyteGCm2: ELECTROLYTE_GCM2,
    polyimideGCm2: casing === "windowed" ? POLYIMIDE_GCM2 : 0,
  };
}

function knownDesigns(): string {
  return Object.keys(POSITIVE_OF_DESIGN).join(", ");
}

function coatingGCm2(electrode: CellDesign["negative"], densityGCm3: number): number {
  return electrode.activeFraction * electrode.thickness_m * 100 * densityGCm3;
}

function fullDensity({ phases }: Structures, material: PositiveMaterial): number {
  if (material === "lfp") return phases.lfp.density_g_cm3;
  const snapshots = Object.values(phases[material].snapshots);
  return snapshots.reduce((fullest, snapshot) => (snapshot.x > fullest.x ? snapshot : fullest)).density_g_cm3;
}

/** One cell's texture; the stream should be the cell's own. */
export function drawTexture(chance: Chance, structures: Structures, stack: CellStack): CellTexture {
  const span = Math.log(TEXTURE_MAX / TEXTURE_MIN);
  const ringFactors = stack.metals.map(({ metal }) =>
    structures.phases[metal].reflections.map(() => TEXTURE_MIN * Math.exp(span * chance.uniform())),
  );
  return { stack, ringFactors };
}

/** A cell of untextured sheet. */
export function evenTexture(structures: Structures, stack: CellStack): CellTexture {
  return {
    stack,
    ringFactors: stack.metals.map(({ metal }) => structures.phases[metal].reflections.map(() => 1)),
  };
}

/** Share of photons that the whole stack lets through. Throws Fault `file.schema` outside the table's energies. */
export function stackTransmission(structures: Structures, stack: CellStack, energyKeV: number): number {
  const { energies_keV: energies, total } = structures.photons;
  const first = energies[0] ?? Infinity;
  const last = energies[energies.length - 1] ?? -Infinity;
  if (!(energyKeV >= first && energyKeV <= last)) {
    throw new Fault(
      "file.schema",
      "structures",
      `no attenuation at ${energyKeV} keV; the table holds ${first}..${last}`,
    );
  }
  const logEnergies = energies.map(Math.log);
  const perGCm2 = (material: StackMaterial): number =>
    Math.exp(interpolated(logEnergies, total[material].map(Math.log), Math.log(energyKeV)));
  let depth =
    stack.positiveGCm2 * perGCm2(stack.positiveMaterial) +
    stack.negativeGCm2 * perGCm2("graphite") +
    stack.separatorGCm2 * perGCm2("polypropylene") +
    stack.electrolyteGCm2 * perGCm2("electrolyte") +
    stack.polyimideGCm2 * perGCm2("polyimide");
  for (const { metal, arealMassGCm2 } of stack.metals) depth += arealMassGCm2 * perGCm2(metal);
  return Math.exp(-depth);
}
