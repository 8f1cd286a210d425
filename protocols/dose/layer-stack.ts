/**
 * Dose per fluence in each layer of a stack, and what the stack lets through. The beam enters at the first layer.
 * A tilt lengthens the path in every layer by 1/cos; fluence is per area normal to the beam, so nothing else changes
 * with it.
 */
import type { AttenuationTables, MassCoefficients } from "./attenuation.ts";
import { comptonEnergyFraction } from "./klein-nishina.ts";

export interface Layer {
  readonly name: string;
  readonly thicknessMm: number;
  readonly densityGCm3: number;
  /** By element symbol; used as given, so they should sum to 1. */
  readonly massFractions: Readonly<Record<string, number>>;
}

/**
 * What counts as absorbed: `en` energy absorption, fluorescence and scattered photons leave; `loc` fluorescence is
 * absorbed where it arises; `att` every removed photon counts whole.
 */
export const DOSE_CONVENTIONS = ["en", "loc", "att"] as const;
export type DoseConvention = (typeof DOSE_CONVENTIONS)[number];

export interface LayerCoefficients {
  readonly name: string;
  /** Share of the beam that reaches the upstream face of this layer. */
  readonly frontTransmission: number;
  /** Dose per fluence at the upstream face, Gy per photon/cm2 in front of the stack. */
  readonly surfaceGyPerPhCm2: number;
  /** The same, mean over the layer's thickness. */
  readonly meanGyPerPhCm2: number;
}

export interface StackCoefficients {
  readonly layers: readonly LayerCoefficients[];
  readonly stackTransmission: number;
}

const JOULE_PER_KEV = 1.602176634e-16;
const GRAM_PER_KG = 1000;
const CM_PER_MM = 0.1;

/** Throws Fault `dose.input` for an energy or an element that the tables do not have. */
export function stackCoefficients(
  tables: AttenuationTables,
  stack: {
    readonly energyKeV: number;
    /** Angle between beam and layer normal, 0 up to but not including 90. */
    readonly tiltDeg: number;
    readonly convention: DoseConvention;
    readonly layers: readonly Layer[];
  },
): StackCoefficients {
  const { energyKeV, convention } = stack;
  const cosTilt = Math.cos((stack.tiltDeg * Math.PI) / 180);
  const electronShare = comptonEnergyFraction(energyKeV);
  let upstream = 0;
  const layers: LayerCoefficients[] = [];
  for (const layer of stack.layers) {
    const mass = tables.coefficients(layer.massFractions, energyKeV);
    const path = opticalPath(mass, layer) / cosTilt;
    const frontTransmission = Math.exp(-upstream);
    const absorbedCm2G = absorbedPerFluence(mass, convention, electronShare);
    const surfaceGyPerPhCm2 = energyKeV * JOULE_PER_KEV * absorbedCm2G * GRAM_PER_KG * frontTransmission;
    layers.push({
      name: layer.name,
      frontTransmission,
      surfaceGyPerPhCm2,
      meanGyPerPhCm2: surfaceGyPerPhCm2 * meanOverSurface(path),
    });
    upstream += path;
  }
  return { layers, stackTransmission: Math.exp(-upstream) };
}

/**
 * Dose of a phase over that of the composite layer it is part of: all its grains see the layer's fluence. Holds below
 * about 20 keV; above, photoelectrons carry energy from grain to grain, and the true dose of light phases lies between
 * their own and the layer's. Throws Fault `dose.input` like the tables.
 */
export function phaseShare(
  tables: AttenuationTables,
  layer: Layer["massFractions"],
  phase: Layer["massFractions"],
  energyKeV: number,
  convention: DoseConvention,
): number {
  const electronShare = comptonEnergyFraction(energyKeV);
  const absorbed = (massFractions: Layer["massFractions"]): number =>
    absorbedPerFluence(tables.coefficients(massFractions, energyKeV), convention, electronShare);
  return absorbed(phase) / absorbed(layer);
}

/** mu rho t: the exponent of the attenuation for a beam along the layer normal. */
export function opticalPath(mass: MassCoefficients, layer: Layer): number {
  return mass.muCm2G * layer.densityGCm3 * layer.thicknessMm * CM_PER_MM;
}

function absorbedPerFluence(mass: MassCoefficients, convention: DoseConvention, electronShare: number): number {
  switch (convention) {
    case "en":
      return mass.muEnCm2G;
    case "loc":
      return mass.muPhotoCm2G + electronShare * mass.muIncCm2G;
    case "att":
      return mass.muPhotoCm2G + mass.muIncCm2G;
  }
}

/** (1 - exp(-x))/x without cancellation; 1 for a layer too thin to attenuate. */
function meanOverSurface(path: number): number {
  return path === 0 ? 1 : -Math.expm1(-path) / path;
}
