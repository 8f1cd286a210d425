/**
 * A coin-cell design as published: geometry, electrodes, electrolyte, stoichiometry limits. Read from the tables in
 * `protocols/data/cells`, whose keys carry SI units and whose currents are positive on discharge.
 */
import { z } from "zod";
import { Fault } from "../../protocols/base/fault.ts";

const finite = z.number("must be a number");
const positive = z.number("must be a number above 0").positive("must be a number above 0");
const FRACTION = "must be a number from 0 to 1";
const fraction = z.number(FRACTION).min(0, FRACTION).max(1, FRACTION);

const potentialTerm = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("const"), a: finite }),
  z.object({ kind: z.literal("linear"), a: finite }),
  z.object({ kind: z.literal("exp"), a: finite, k: finite, x0: finite }),
  z.object({ kind: z.literal("tanh"), a: finite, k: finite, x0: finite }),
]);

const potential = z.union([
  z.object({ terms: z.array(potentialTerm).min(1) }),
  z.object({ sites: z.array(z.object({ u0: finite, share: positive, width: positive })).min(1) }),
]);

/** Reversible heat per kelvin: dU/dT in V/K, constant or `scale` times a polynomial in the stoichiometry. */
const entropy = z.discriminatedUnion("form", [
  z.object({ form: z.literal("const"), a: finite }),
  z.object({ form: z.literal("poly"), scale: finite, coefficients: z.array(finite).min(1) }),
]);

const electrode = z.object({
  thickness_m: positive,
  activeFraction: fraction,
  porosity: fraction,
  bruggeman: finite,
  particleRadius_m: positive,
  maxConcentration_mol_m3: positive,
  diffusivity_m2_s: positive,
  diffusivityEa_J_mol: finite,
  exchange: z.object({ m: positive, Ea_J_mol: finite }),
  solidConductivity_S_m: positive,
  solidBruggeman: finite,
  doubleLayer_F_m2: positive,
  ocp: potential,
  entropy,
});

const triple = z.tuple([finite, finite, finite]);

const designSchema = z.object({
  id: z.string(),
  cell: z.object({
    area_m2: positive,
    nominalCapacity_mAh: positive,
    discDiameter_m: positive,
    lowerCutoff_V: positive,
    upperCutoff_V: positive,
    contactResistance_ohm: z.number().min(0),
  }),
  stoichiometry: z.object({
    x100: fraction,
    y100: fraction,
    x0: fraction,
    y0: fraction,
    cyclableLithium_mAh: positive,
  }),
  formation: z.object({ negPristine: fraction, posPristine: fraction, lithiumLoss_mAh: positive }),
  negative: electrode,
  positive: electrode,
  separator: z.object({ thickness_m: positive, porosity: fraction, bruggeman: finite }),
  electrolyte: z.object({
    initialConcentration_mol_m3: positive,
    transference: fraction,
    thermodynamicFactor: positive,
    diffusivityEa_J_mol: finite,
    conductivityTerms: z.array(z.tuple([finite, finite])).min(1),
    conductivityEa_J_mol: finite,
    diffusivityAtC0_m2_s: positive,
    /** In words, as published: how it depends on the concentration. */
    diffusivity: z.string(),
  }),
  electrolyteModes: z.object({
    modes: z.array(z.object({ rate_per_s: positive, gain_mol_m3_per_A_m2_s: triple })).max(8),
    quasiStatic_mol_m3_per_A_m2: triple,
  }),
});

const modelsSchema = z.object({
  solidDiffusion: z.object({
    recommended: z.string(),
    sets: z.record(z.string(), z.object({ rate: z.array(positive), gain: z.array(positive) })),
  }),
  thermal: z.object({
    heatCapacity_J_K: positive,
    conductance_W_K: z.object({ freeAir: positive, clipHolder: positive, cooledPlate: positive }),
  }),
  formation: z.object({ share: fraction }),
  ageing: z.object({
    defaults: z.object({
      aCal2_per_s: positive,
      s1: positive,
      bSei_per_cycle: z.number().min(0),
      lamN_per_cycle: z.number().min(0),
      lamP_per_cycle: z.number().min(0),
      rGrow: z.number().min(0),
      Ea_J_mol: positive,
    }),
  }),
  plating: z.object({
    rateConstant_m_s: positive,
    transferCoefficient: fraction,
    deadLithiumDecay_per_s: z.number().min(0),
  }),
  impedance: z.object({ inductance_H: z.number().min(0), cpeExponent: fraction }),
  measurement: z.object({
    voltage: z.object({
      range_V: z.tuple([finite, finite]),
      bits: z.int().min(1),
      gainSd: z.number().min(0),
      offsetSd_V: z.number().min(0),
      whiteRms_V: z.number().min(0),
    }),
    current: z.object({
      ranges_A: z.array(positive).min(1),
      bits: z.int().min(1),
      gainSd: z.number().min(0),
      offsetFractionOfRangeSd: z.number().min(0),
      whiteFractionOfRangeRms: z.number().min(0),
    }),
    temperature: z.object({ step_C: positive, offsetSd_C: z.number().min(0), whiteRms_C: z.number().min(0) }),
    impedance: z.object({
      relativeRms: z.number().min(0),
      phaseRms_deg: z.number().min(0),
      floor_ohm: z.number().min(0),
    }),
  }),
  spread: z.object({
    normalRelativeSd: z.object({
      negativeLoading: z.number().min(0),
      positiveLoading: z.number().min(0),
      discArea: z.number().min(0),
      cyclableLithium: z.number().min(0),
    }),
    logNormalSigma: z.object({
      contactResistance: z.number().min(0),
      negativeDiffusivity: z.number().min(0),
      positiveDiffusivity: z.number().min(0),
      exchangeCurrents: z.number().min(0),
      ageingSeverity: z.number().min(0),
    }),
  }),
});

/** One design file. */
export type CellDesign = z.infer<typeof designSchema>;
export type ElectrodeDesign = CellDesign["negative"];
export type PotentialLaw = ElectrodeDesign["ocp"];
/** What all designs share: diffusion modes of a sphere, formation, ageing, spread (`models.json`). */
export type CellModels = z.infer<typeof modelsSchema>;

/** Reads a design file's JSON; throws Fault `file.schema` naming the path. */
export function parseCellDesign(json: unknown, where = "cell design"): CellDesign {
  return parsed(designSchema, json, where);
}

/** Reads `models.json`; throws Fault `file.schema` naming the path. */
export function parseCellModels(json: unknown, where = "cell models"): CellModels {
  const models = parsed(modelsSchema, json, where);
  const set = models.solidDiffusion.sets[models.solidDiffusion.recommended];
  if (set?.rate.length !== set?.gain.length || set === undefined) {
    throw new Fault("file.schema", where, "solidDiffusion.recommended names no complete set of modes");
  }
  return models;
}

function parsed<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Fault("file.schema", where, issues.join("; "));
}
