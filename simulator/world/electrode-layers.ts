/**
 * Where the two electrodes stand in a cell's stack and what the beam gives to their active material: gray in the
 * grains, whose chemistry is the design's, behind whatever lies upstream of the coating.
 */
import type { CasingOptions } from "../diffraction/cell-stack.ts";
import type { ResponsiveMaterial } from "../damage/response-parameters.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import { passes } from "./world-dose.ts";
import type { WorldLayer } from "./world-site.ts";

/** By electrode: gray per photon/cm2 that falls on the stack. */
export interface ElectrodeDose {
  readonly positiveGyCm2: number;
  readonly negativeGyCm2: number;
}

/** Elements of the active materials by mass, fully lithiated hosts; graphite without its lithium. */
const GRAINS: Readonly<Record<ResponsiveMaterial, Readonly<Record<string, number>>>> = {
  nmc811: { Li: 0.0713, Ni: 0.4827, Mn: 0.0565, Co: 0.0606, O: 0.3289 },
  lno: { Li: 0.0711, Ni: 0.6011, O: 0.3278 },
  lco: { Li: 0.0709, Co: 0.6021, O: 0.327 },
  lfp: { Li: 0.044, Fe: 0.354, P: 0.1963, O: 0.4057 },
  graphite: { C: 1 },
};

/** Coatings are told by what they are made of: steel and foils hold no oxygen, separators no metal. */
function isPositive({ massFractions: share }: WorldLayer): boolean {
  const metal = (share["Ni"] ?? 0) + (share["Co"] ?? 0) + (share["Fe"] ?? 0) + (share["Mn"] ?? 0);
  return metal > 0.1 && (share["O"] ?? 0) > 0.1;
}

function isNegative({ massFractions: share }: WorldLayer): boolean {
  return (share["C"] ?? 0) > 0.7 && (share["H"] ?? 0) < 0.05 && (share["O"] ?? 0) > 0.01;
}

/**
 * A positive that the stack does not name is taken half-way through its attenuation, a negative right behind the
 * positive.
 */
export function electrodeDose(
  tables: WorldAttenuation,
  layers: readonly WorldLayer[],
  energyKeV: number,
  positive: ResponsiveMaterial,
): ElectrodeDose {
  const through = (count: number): number =>
    layers.slice(0, count).reduce((share, layer) => share * passes(tables, layer, energyKeV), 1);
  const positiveAt = layers.findIndex(isPositive);
  const negativeAt = layers.findIndex(isNegative);
  const toPositive = positiveAt < 0 ? Math.sqrt(through(layers.length)) : through(positiveAt);
  const behind = positiveAt < 0 ? toPositive : through(positiveAt + 1);
  return {
    positiveGyCm2: toPositive * grainGyCm2(tables, positive, energyKeV),
    negativeGyCm2: (negativeAt < 0 ? behind : through(negativeAt)) * grainGyCm2(tables, "graphite", energyKeV),
  };
}

function grainGyCm2(tables: WorldAttenuation, material: ResponsiveMaterial, energyKeV: number): number {
  const grain = { name: material, thicknessMm: 0, densityGCm3: 1, massFractions: GRAINS[material] };
  return tables.grayPerPhCm2(grain, energyKeV, "en");
}

/** Steel of the can, and behind the positive of spacer and cap, in mm; a stack without steel is a windowed cell. */
export function casingOf(layers: readonly WorldLayer[]): CasingOptions {
  const isSteel = ({ massFractions: share }: WorldLayer): boolean =>
    (share["Fe"] ?? 0) > 0.5 && !((share["O"] ?? 0) > 0.1);
  const found = layers.findIndex(isPositive);
  const positiveAt = found < 0 ? Math.floor(layers.length / 2) : found;
  const sumMm = (some: readonly WorldLayer[]): number =>
    some.filter(isSteel).reduce((sum, layer) => sum + layer.thicknessMm, 0);
  const behind = layers.slice(positiveAt).filter(isSteel);
  if (sumMm(layers) === 0) return { casing: "windowed" };
  return {
    casing: "steel",
    canMm: sumMm(layers.slice(0, positiveAt)),
    spacerMm: sumMm(behind.slice(0, -1)),
    capMm: sumMm(behind.slice(-1)),
  };
}
