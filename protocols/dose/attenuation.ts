/**
 * Mass coefficients of elements and materials, from the tables in protocols/data/xray (computed with xraylib, scaled
 * to NIST; see the README there). Linear in ln(value) over ln(energy) on each element's own grid; an energy outside
 * the grid is refused, never extrapolated. Mixtures add by mass fraction.
 */
import * as z from "zod";
import { Fault } from "../base/fault.ts";

/** Mass coefficients, all in cm2/g. */
export interface MassCoefficients {
  /** Total attenuation, coherent scattering included: what is taken out of the beam. */
  readonly muCm2G: number;
  /** Energy absorption: what is deposited, fluorescence and scattered photons gone. */
  readonly muEnCm2G: number;
  /** Photoelectric absorption. */
  readonly muPhotoCm2G: number;
  /** Incoherent (Compton) scattering, whole cross section. */
  readonly muIncCm2G: number;
}

export interface Material {
  readonly id: string;
  readonly name: string;
  readonly densityGCm3: number;
  readonly massFractions: Readonly<Record<string, number>>;
}

export interface AttenuationTables {
  /** Lowest and highest energy that every element covers. */
  readonly energyRangeKeV: readonly [number, number];
  /** Symbols of the elements with coefficients. */
  readonly elements: readonly string[];
  /** Ids of the materials. */
  readonly ids: readonly string[];
  /** Undefined when there is no such material. */
  material(id: string): Material | undefined;
  /**
   * Sum of mass fraction times the element's value; fractions are used as given, not scaled to a sum of 1.
   * Throws Fault `dose.input` for an energy outside the tables or an element without coefficients.
   */
  coefficients(massFractions: Readonly<Record<string, number>>, energyKeV: number): MassCoefficients;
}

interface ElementTable {
  readonly lnEnergy: Float64Array;
  readonly lnMu: Float64Array;
  readonly lnMuEn: Float64Array;
  readonly lnMuPhoto: Float64Array;
  readonly lnMuInc: Float64Array;
  readonly energyMinKeV: number;
  readonly energyMaxKeV: number;
}

const positive = z.number().positive();
const column = z.array(positive).min(2);
const attenuationSchema = z.object({
  format: z.literal("xray-mass-attenuation/1"),
  elements: z.record(
    z.string(),
    z.object({ energy: column, mu: column, mu_photo: column, mu_inc: column, mu_en: column }),
  ),
});
const materialsSchema = z.object({
  format: z.literal("xray-materials/1"),
  materials: z.record(
    z.string(),
    z.object({ name: z.string(), density: positive, mass_fractions: z.record(z.string(), positive) }),
  ),
});

const ATTENUATION_FILE = "mass_attenuation.json";
const MATERIALS_FILE = "materials.json";

/** Reads the two tables of protocols/data/xray. Throws Fault `file.schema` naming the file and the path in it. */
export function parseAttenuationTables(massAttenuationJson: unknown, materialsJson: unknown): AttenuationTables {
  const attenuation = parsed(attenuationSchema, massAttenuationJson, ATTENUATION_FILE);
  const materialRecords = parsed(materialsSchema, materialsJson, MATERIALS_FILE);

  const elements = new Map<string, ElementTable>();
  let rangeMinKeV = 0;
  let rangeMaxKeV = Infinity;
  for (const [symbol, record] of Object.entries(attenuation.elements)) {
    const table = elementTable(symbol, record);
    rangeMinKeV = Math.max(rangeMinKeV, table.energyMinKeV);
    rangeMaxKeV = Math.min(rangeMaxKeV, table.energyMaxKeV);
    elements.set(symbol, table);
  }
  const materials = new Map<string, Material>();
  for (const [id, record] of Object.entries(materialRecords.materials)) {
    for (const symbol of Object.keys(record.mass_fractions)) {
      if (!elements.has(symbol)) {
        throw unusable(MATERIALS_FILE, `materials.${id}.mass_fractions.${symbol}`, "an element without coefficients");
      }
    }
    materials.set(id, { id, name: record.name, densityGCm3: record.density, massFractions: record.mass_fractions });
  }

  return {
    energyRangeKeV: [rangeMinKeV, rangeMaxKeV],
    elements: [...elements.keys()],
    ids: [...materials.keys()],
    material: (id) => materials.get(id),
    coefficients(massFractions, energyKeV) {
      let muCm2G = 0;
      let muEnCm2G = 0;
      let muPhotoCm2G = 0;
      let muIncCm2G = 0;
      for (const [symbol, fraction] of Object.entries(massFractions)) {
        const table = elements.get(symbol);
        if (table === undefined) {
          throw new Fault("dose.input", `mass_fractions.${symbol}`, `no coefficients for element ${symbol}`);
        }
        if (!(energyKeV >= table.energyMinKeV && energyKeV <= table.energyMaxKeV)) {
          throw new Fault(
            "dose.input",
            "energy_keV",
            `${energyKeV} keV is outside the tables; give ${table.energyMinKeV} to ${table.energyMaxKeV} keV`,
          );
        }
        const { index, share } = placeInGrid(table.lnEnergy, Math.log(energyKeV));
        muCm2G += fraction * valueAt(table.lnMu, index, share);
        muEnCm2G += fraction * valueAt(table.lnMuEn, index, share);
        muPhotoCm2G += fraction * valueAt(table.lnMuPhoto, index, share);
        muIncCm2G += fraction * valueAt(table.lnMuInc, index, share);
      }
      return { muCm2G, muEnCm2G, muPhotoCm2G, muIncCm2G };
    },
  };
}

function elementTable(symbol: string, record: z.infer<typeof attenuationSchema>["elements"][string]): ElementTable {
  const { energy } = record;
  for (const [index, energyKeV] of energy.entries()) {
    if (index > 0 && !(energyKeV > (energy[index - 1] ?? Infinity))) {
      throw unusable(ATTENUATION_FILE, `elements.${symbol}.energy[${index}]`, "energies must rise");
    }
  }
  for (const key of ["mu", "mu_photo", "mu_inc", "mu_en"] as const) {
    if (record[key].length !== energy.length) {
      throw unusable(ATTENUATION_FILE, `elements.${symbol}.${key}`, `${energy.length} values expected`);
    }
  }
  return {
    lnEnergy: Float64Array.from(energy, Math.log),
    lnMu: Float64Array.from(record.mu, Math.log),
    lnMuEn: Float64Array.from(record.mu_en, Math.log),
    lnMuPhoto: Float64Array.from(record.mu_photo, Math.log),
    lnMuInc: Float64Array.from(record.mu_inc, Math.log),
    energyMinKeV: energy[0] ?? Infinity,
    energyMaxKeV: energy[energy.length - 1] ?? -Infinity,
  };
}

/** The interval that holds `value`: index of its left end, and how far along it the value lies (0..1). */
function placeInGrid(grid: Float64Array, value: number): { readonly index: number; readonly share: number } {
  let left = 0;
  let right = grid.length - 1;
  while (right - left > 1) {
    const middle = (left + right) >> 1;
    if ((grid[middle] ?? Infinity) <= value) left = middle;
    else right = middle;
  }
  const start = grid[left] ?? 0;
  const end = grid[right] ?? 1;
  return { index: left, share: (value - start) / (end - start) };
}

function valueAt(lnValues: Float64Array, index: number, share: number): number {
  const left = lnValues[index] ?? Number.NaN;
  const right = lnValues[index + 1] ?? Number.NaN;
  return Math.exp(left + share * (right - left));
}

function parsed<Schema extends z.ZodType>(schema: Schema, json: unknown, file: string): z.output<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unusable(file, issue?.path.map(String).join(".") ?? "", issue?.message ?? "not readable");
}

function unusable(file: string, path: string, what: string): Fault {
  return new Fault("file.schema", path === "" ? file : `${file} ${path}`, what);
}
