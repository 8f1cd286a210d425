/**
 * The numbers one individual cell runs on: its design, scaled by what makes this cell differ from its neighbours.
 */
import type { Chance } from "../plant/plant.ts";
import type { CellDesign, CellModels, ElectrodeDesign, PotentialLaw } from "./cell-design.ts";
import type { PlatingParameters } from "./plating.ts";
import { type SaltBend, saltBend } from "./salt-bend.ts";
import { type PotentialTable, tabulatePotential } from "./potential-table.ts";

export const GAS_CONSTANT = 8.314462618;
export const FARADAY = 96485.33212;
export const REFERENCE_K = 298.15;

/** How this cell differs from its design; 1 everywhere is the design itself. */
export interface CellVariation {
  readonly negativeLoading: number;
  readonly positiveLoading: number;
  readonly discArea: number;
  /** Lithium bound by formation, relative. */
  readonly lithiumLoss: number;
  readonly contactResistance: number;
  readonly negativeDiffusivity: number;
  readonly positiveDiffusivity: number;
  readonly exchangeCurrents: number;
  readonly ageingSeverity: number;
}

export const NO_VARIATION: CellVariation = {
  negativeLoading: 1,
  positiveLoading: 1,
  discArea: 1,
  lithiumLoss: 1,
  contactResistance: 1,
  negativeDiffusivity: 1,
  positiveDiffusivity: 1,
  exchangeCurrents: 1,
  ageingSeverity: 1,
};

/** Draws one cell's variation; the stream should be the cell's own. */
export function drawVariation(chance: Chance, design: CellDesign, models: CellModels): CellVariation {
  const { normalRelativeSd: normal, logNormalSigma: logNormal } = models.spread;
  // Three sigma at most: a coin-cell press has its own inspection.
  const draw = (): number => Math.max(-3, Math.min(3, chance.normal()));
  const lossPerLithium = design.stoichiometry.cyclableLithium_mAh / design.formation.lithiumLoss_mAh;
  return {
    negativeLoading: 1 + normal.negativeLoading * draw(),
    positiveLoading: 1 + normal.positiveLoading * draw(),
    discArea: 1 + normal.discArea * draw(),
    lithiumLoss: Math.max(0.3, 1 + normal.cyclableLithium * lossPerLithium * draw()),
    contactResistance: Math.exp(logNormal.contactResistance * draw()),
    negativeDiffusivity: Math.exp(logNormal.negativeDiffusivity * draw()),
    positiveDiffusivity: Math.exp(logNormal.positiveDiffusivity * draw()),
    exchangeCurrents: Math.exp(logNormal.exchangeCurrents * draw()),
    ageingSeverity: Math.exp(logNormal.ageingSeverity * draw()),
  };
}

export interface ElectrodeParameters {
  /** Charge between stoichiometry 0 and 1, coulomb. */
  readonly capacityC: number;
  /** Particle surface, m2. */
  readonly surfaceM2: number;
  /** R^2/D, seconds. */
  readonly diffusionTimeS: number;
  /** j0 = this x sqrt(c_e x theta x (1 - theta)), A/m2. */
  readonly exchangeAM2: number;
  readonly potential: PotentialTable;
  /** The law behind the table. */
  readonly law: PotentialLaw;
  /** How diffusion and exchange speed up with temperature, J/mol. */
  readonly diffusionJMol: number;
  readonly exchangeJMol: number;
  /** dU/dT of a stoichiometry, V/K: ascending powers. It makes heat and nothing else. */
  readonly entropyVK: readonly number[];
  /** Double layer, farad. */
  readonly doubleLayerF: number;
}

export interface SideReactionParameters {
  readonly formationShare: number;
  readonly formationLossC: number;
  readonly calendarPerS: number;
  readonly calendarOffset: number;
  readonly growthPerCycle: number;
  readonly negativeLossPerCycle: number;
  readonly positiveLossPerCycle: number;
  readonly resistanceGrowth: number;
  readonly arrhenius: number;
  readonly activationJMol: number;
  readonly plating: PlatingParameters;
}

export interface CellParameters {
  readonly negative: ElectrodeParameters;
  readonly positive: ElectrodeParameters;
  readonly areaM2: number;
  readonly nominalC: number;
  readonly temperatureK: number;
  readonly contactOhm: number;
  readonly solidOhm: number;
  /** Rates and gains of diffusion in a sphere, dimensionless. */
  readonly sphereRates: Float64Array;
  readonly sphereGains: Float64Array;
  readonly electrolyteRates: Float64Array;
  readonly electrolyteGains: readonly [Float64Array, Float64Array, Float64Array];
  readonly electrolyteRest: readonly [number, number, number];
  readonly electrolyteC0: number;
  /** What the concentration dependence of the diffusivity adds; undefined when the electrolyte is left out. */
  readonly saltBend: SaltBend | undefined;
  /** (2RT/F)(1 - t+) x thermodynamic factor, volts per ln of the concentration ratio. */
  readonly concentrationV: number;
  /** ohm x (S/m): geometry of each region over the area; times 1/kappa(c) it is a resistance. */
  readonly regionPerM: readonly [number, number, number];
  /** 1/kappa in ohm m at concentrations 0, step, 2 step ..; all zero when the electrolyte is left out. */
  readonly resistivity: Float64Array;
  readonly resistivityPerNode: number;
  readonly electrolyteDiffusionJMol: number;
  readonly conductivityJMol: number;
  readonly sideReactions: SideReactionParameters | undefined;
}

export interface CellOptions {
  readonly temperatureC?: number;
  readonly sideReactions?: boolean;
  /** False leaves the electrolyte and the solid's ohmic drop out: the plain single particle model. */
  readonly electrolyte?: boolean;
}

const RESISTIVITY_NODES = 2048;
const RESISTIVITY_MAX_MOL_M3 = 4096;
const BENDS_KEPT = 32;
const RESISTIVITIES_KEPT = 32;

export function cellParameters(
  design: CellDesign,
  models: CellModels,
  variation: CellVariation = NO_VARIATION,
  options: CellOptions = {},
): CellParameters {
  const temperatureK = (options.temperatureC ?? 25) + 273.15;
  const arrhenius = (activationJMol: number): number =>
    Math.exp((activationJMol / GAS_CONSTANT) * (1 / REFERENCE_K - 1 / temperatureK));
  const areaM2 = design.cell.area_m2 * variation.discArea;
  const set = models.solidDiffusion.sets[models.solidDiffusion.recommended] ?? { rate: [], gain: [] };
  const withElectrolyte = options.electrolyte ?? true;
  const electrolyte = design.electrolyte;
  const diffusion = arrhenius(electrolyte.diffusivityEa_J_mol);
  const modes = withElectrolyte ? design.electrolyteModes.modes : [];
  const rest = design.electrolyteModes.quasiStatic_mol_m3_per_A_m2;
  const gains = (region: 0 | 1 | 2): Float64Array =>
    Float64Array.from(modes, (mode) => mode.gain_mol_m3_per_A_m2_s[region]);
  const { negative, positive, separator } = design;
  return {
    negative: electrodeParameters(negative, areaM2 * variation.negativeLoading, variation.negativeDiffusivity, {
      arrhenius,
      kinetics: variation.exchangeCurrents,
    }),
    positive: electrodeParameters(positive, areaM2 * variation.positiveLoading, variation.positiveDiffusivity, {
      arrhenius,
      kinetics: variation.exchangeCurrents,
    }),
    areaM2,
    nominalC: design.cell.nominalCapacity_mAh * 3.6,
    temperatureK,
    contactOhm: design.cell.contactResistance_ohm * variation.contactResistance,
    solidOhm: withElectrolyte ? solidOhm(negative, areaM2) + solidOhm(positive, areaM2) : 0,
    sphereRates: Float64Array.from(set.rate),
    sphereGains: shared(sphereGains, set, () => Float64Array.from(set.gain)),
    electrolyteRates: Float64Array.from(modes, (mode) => mode.rate_per_s * diffusion),
    electrolyteGains: shared(electrolyteGains, modes, () => [gains(0), gains(1), gains(2)]),
    electrolyteRest: withElectrolyte ? [rest[0] / diffusion, rest[1] / diffusion, rest[2] / diffusion] : [0, 0, 0],
    electrolyteC0: electrolyte.initialConcentration_mol_m3,
    saltBend: withElectrolyte ? sharedBend(design) : undefined,
    concentrationV:
      ((2 * GAS_CONSTANT * temperatureK) / FARADAY) * (1 - electrolyte.transference) * electrolyte.thermodynamicFactor,
    regionPerM: [
      negative.thickness_m / (3 * negative.porosity ** negative.bruggeman) / areaM2,
      separator.thickness_m / separator.porosity ** separator.bruggeman / areaM2,
      positive.thickness_m / (3 * positive.porosity ** positive.bruggeman) / areaM2,
    ],
    resistivity: withElectrolyte
      ? sharedResistivity(electrolyte.conductivityTerms, arrhenius(electrolyte.conductivityEa_J_mol))
      : NO_RESISTIVITY,
    resistivityPerNode: RESISTIVITY_NODES / RESISTIVITY_MAX_MOL_M3,
    electrolyteDiffusionJMol: electrolyte.diffusivityEa_J_mol,
    conductivityJMol: electrolyte.conductivityEa_J_mol,
    sideReactions:
      options.sideReactions === true ? sideReactionParameters(design, models, variation, arrhenius) : undefined,
  };
}

function electrodeParameters(
  electrode: ElectrodeDesign,
  loadedAreaM2: number,
  diffusivityFactor: number,
  laws: { arrhenius: (activationJMol: number) => number; kinetics: number },
): ElectrodeParameters {
  const volumeM3 = electrode.activeFraction * electrode.thickness_m * loadedAreaM2;
  const diffusivity = electrode.diffusivity_m2_s * laws.arrhenius(electrode.diffusivityEa_J_mol) * diffusivityFactor;
  const exchange = electrode.exchange.m * laws.arrhenius(electrode.exchange.Ea_J_mol) * laws.kinetics;
  const surfaceM2 = (3 * volumeM3) / electrode.particleRadius_m;
  return {
    capacityC: FARADAY * electrode.maxConcentration_mol_m3 * volumeM3,
    surfaceM2,
    diffusionTimeS: electrode.particleRadius_m ** 2 / diffusivity,
    exchangeAM2: exchange * electrode.maxConcentration_mol_m3,
    potential: sharedPotential(electrode),
    law: electrode.ocp,
    diffusionJMol: electrode.diffusivityEa_J_mol,
    exchangeJMol: electrode.exchange.Ea_J_mol,
    entropyVK: entropyOf(electrode),
    doubleLayerF: electrode.doubleLayer_F_m2 * surfaceM2,
  };
}

/** Per unit area, so that cells of one design share it whatever their disc. */
const bends = new Map<string, SaltBend>();

function sharedBend(design: CellDesign): SaltBend {
  const { negative, separator, positive, electrolyte } = design;
  const key = JSON.stringify([
    [negative, separator, positive].map((part) => [part.thickness_m, part.porosity, part.bruggeman]),
    electrolyte.diffusivity,
    electrolyte.initialConcentration_mol_m3,
  ]);
  const known = bends.get(key);
  if (known !== undefined) return known;
  const bend = saltBend(design);
  if (bends.size >= BENDS_KEPT) bends.clear();
  bends.set(key, bend);
  return bend;
}

function entropyOf(electrode: ElectrodeDesign): readonly number[] {
  const entropy = electrode.entropy;
  if (entropy.form === "const") return [entropy.a];
  return entropy.coefficients.map((coefficient) => coefficient * entropy.scale);
}

// Cells of one design share their tables: 96 of each would not fit the processor's cache.
const potentials = new WeakMap<ElectrodeDesign, PotentialTable>();
const sphereGains = new WeakMap<object, Float64Array>();
const electrolyteGains = new WeakMap<object, readonly [Float64Array, Float64Array, Float64Array]>();
/** By the law's terms, then by the factor of temperature. */
const resistivities = new WeakMap<object, Map<number, Float64Array>>();
const NO_RESISTIVITY = new Float64Array(RESISTIVITY_NODES + 1);

function shared<T>(kept: WeakMap<object, T>, source: object, make: () => T): T {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const made = make();
  kept.set(source, made);
  return made;
}

function sharedPotential(electrode: ElectrodeDesign): PotentialTable {
  return shared(potentials, electrode, () => tabulatePotential(electrode.ocp));
}

function sharedResistivity(terms: readonly (readonly [number, number])[], arrhenius: number): Float64Array {
  const byFactor = shared(resistivities, terms, () => new Map<number, Float64Array>());
  const known = byFactor.get(arrhenius);
  if (known !== undefined) return known;
  const table = resistivityTable(terms, arrhenius);
  if (byFactor.size >= RESISTIVITIES_KEPT) byFactor.clear();
  byFactor.set(arrhenius, table);
  return table;
}

function solidOhm(electrode: ElectrodeDesign, areaM2: number): number {
  const effective = electrode.solidConductivity_S_m * electrode.activeFraction ** electrode.solidBruggeman;
  return electrode.thickness_m / (3 * effective * areaM2);
}

function resistivityTable(terms: readonly (readonly [number, number])[], arrhenius: number): Float64Array {
  const table = new Float64Array(RESISTIVITY_NODES + 1);
  for (let node = 0; node <= RESISTIVITY_NODES; node += 1) {
    const molar = (node * RESISTIVITY_MAX_MOL_M3) / RESISTIVITY_NODES / 1000;
    let conductivity = 0;
    for (const [factor, power] of terms) conductivity += factor * molar ** power;
    // The published laws fall through zero outside the range they were fitted in.
    table[node] = 1 / (Math.max(0.02, conductivity) * arrhenius);
  }
  return table;
}

function sideReactionParameters(
  design: CellDesign,
  models: CellModels,
  variation: CellVariation,
  arrhenius: (activationJMol: number) => number,
): SideReactionParameters {
  const defaults = models.ageing.defaults;
  const severity = variation.ageingSeverity;
  return {
    formationShare: models.formation.share,
    formationLossC: design.formation.lithiumLoss_mAh * 3.6 * variation.lithiumLoss,
    calendarPerS: severity * defaults.aCal2_per_s,
    calendarOffset: defaults.s1,
    growthPerCycle: severity * defaults.bSei_per_cycle,
    negativeLossPerCycle: severity * defaults.lamN_per_cycle,
    positiveLossPerCycle: severity * defaults.lamP_per_cycle,
    resistanceGrowth: defaults.rGrow,
    arrhenius: arrhenius(defaults.Ea_J_mol),
    activationJMol: defaults.Ea_J_mol,
    plating: {
      rateConstantMS: models.plating.rateConstant_m_s,
      transferCoefficient: models.plating.transferCoefficient,
      deadLithiumDecayPerS: models.plating.deadLithiumDecay_per_s,
      coatingM3: design.negative.thickness_m * design.cell.area_m2 * variation.discArea,
    },
  };
}
