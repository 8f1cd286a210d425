/** What both kinds of dose case share: beam, filters and layers, resolved against the tables. */
import { nearestWord } from "../input/suggest.ts";
import type { AttenuationTables } from "./attenuation.ts";
import type { BeamProfile } from "./beam-profile.ts";
import { caseFault, type CaseProblem } from "./case-problems.ts";
import type { BeamRecord, LayerRecord, PhaseRecord, StaticCaseRecord } from "./case-schema.ts";
import { filterTransmission } from "./filters.ts";
import { stackCoefficients, type DoseConvention, type Layer, type StackCoefficients } from "./layer-stack.ts";

export interface CaseParts {
  readonly layers: readonly Layer[];
  readonly convention: DoseConvention;
  readonly beam: BeamProfile;
  readonly filterTransmission: number;
  readonly stack: StackCoefficients;
}

type CommonRecord = Pick<StaticCaseRecord, "energy_keV" | "tilt_deg" | "convention" | "beam" | "filters"> & {
  readonly layers: readonly LayerRecord[];
};

/** `problems` holds what was found wrong elsewhere in the case; throws Fault `dose.input` when there are any in all. */
export function resolveParts(
  tables: AttenuationTables,
  record: CommonRecord,
  problems: readonly CaseProblem[],
): CaseParts {
  const all = [...problems];
  const { energy_keV: energyKeV, convention } = record;
  const [minKeV, maxKeV] = tables.energyRangeKeV;
  if (!(energyKeV >= minKeV && energyKeV <= maxKeV)) {
    all.push({ field: "energy_keV", what: `is ${energyKeV}, outside the tables; give ${minKeV} to ${maxKeV} keV` });
  }
  const filters = resolveLayers(tables, record.filters, "filters", all);
  const layers = resolveLayers(tables, record.layers, "layers", all);
  if (all.length > 0) throw caseFault(all);
  return {
    layers,
    convention,
    beam: beamProfile(record.beam),
    filterTransmission: filterTransmission(tables, filters, energyKeV),
    stack: stackCoefficients(tables, { energyKeV, tiltDeg: record.tilt_deg, convention, layers }),
  };
}

/** Composition of a phase; undefined where it cannot be had, and then `problems` says why. */
export function resolvePhase(
  tables: AttenuationTables,
  { material: id, mass_fractions: fractions }: PhaseRecord,
  field: string,
  problems: CaseProblem[],
): Layer["massFractions"] | undefined {
  if ((id === undefined) === (fractions === undefined)) {
    problems.push({ field: `${field}.material`, what: "is missing or not alone; give material or mass_fractions" });
    return undefined;
  }
  if (fractions !== undefined) {
    problems.push(...compositionProblems(tables, fractions, `${field}.mass_fractions`));
    return fractions;
  }
  const material = tables.material(id ?? "");
  if (material !== undefined) return material.massFractions;
  const what = `is ${JSON.stringify(id)}, which the table of materials does not have; ${hint(id ?? "", tables.ids)}`;
  problems.push({ field: `${field}.material`, what });
  return undefined;
}

const FRACTION_SUM_TOLERANCE = 0.01;

/** A material's density may be overridden, its composition may not. Fractions are used as given, not scaled to 1. */
function resolveLayers(
  tables: AttenuationTables,
  records: readonly LayerRecord[],
  list: "filters" | "layers",
  problems: CaseProblem[],
): readonly Layer[] {
  const layers: Layer[] = [];
  for (const [index, record] of records.entries()) {
    const field = `${list}[${index}]`;
    const { name, thickness_mm: thicknessMm, material: id, density, mass_fractions: fractions } = record;
    if (id !== undefined) {
      const material = tables.material(id);
      if (material === undefined) {
        const what = `is ${JSON.stringify(id)}, which the table of materials does not have; ${hint(id, tables.ids)}`;
        problems.push({ field: `${field}.material`, what });
      }
      if (fractions !== undefined) {
        problems.push({ field: `${field}.mass_fractions`, what: "stands beside material; give one of them" });
      }
      if (material !== undefined) {
        layers.push({
          name,
          thicknessMm,
          densityGCm3: density ?? material.densityGCm3,
          massFractions: material.massFractions,
        });
      }
      continue;
    }
    if (fractions === undefined) {
      const missing = density === undefined ? "material" : "mass_fractions";
      const what = "is missing; give material, or density (g/cm3) and mass_fractions";
      problems.push({ field: `${field}.${missing}`, what });
      continue;
    }
    if (density === undefined) problems.push({ field: `${field}.density`, what: "is missing; give it in g/cm3" });
    problems.push(...compositionProblems(tables, fractions, `${field}.mass_fractions`));
    if (density !== undefined) layers.push({ name, thicknessMm, densityGCm3: density, massFractions: fractions });
  }
  return layers;
}

function compositionProblems(
  tables: AttenuationTables,
  fractions: Readonly<Record<string, number>>,
  field: string,
): readonly CaseProblem[] {
  const problems: CaseProblem[] = [];
  const entries = Object.entries(fractions);
  if (entries.length === 0) return [{ field, what: "is empty; give fractions by element symbol that sum to 1" }];
  for (const [symbol] of entries) {
    if (!tables.elements.includes(symbol)) {
      problems.push({
        field: `${field}.${symbol}`,
        what: `is an element without coefficients; give one of ${tables.elements.join(" ")}`,
      });
    }
  }
  const sum = entries.reduce((total, [, fraction]) => total + fraction, 0);
  if (!(Math.abs(sum - 1) <= FRACTION_SUM_TOLERANCE + Number.EPSILON)) {
    problems.push({ field, what: `sum to ${Number(sum.toPrecision(6))}; let them sum to 1 within 0.01` });
  }
  return problems;
}

function hint(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  const shown = nearest === undefined ? "" : `did you mean ${nearest}? `;
  return `${shown}else give density and mass_fractions`;
}

function beamProfile(record: BeamRecord): BeamProfile {
  if (record.profile !== "gaussian") {
    return { profile: record.profile, widthMm: record.width_mm, heightMm: record.height_mm };
  }
  return {
    profile: "gaussian",
    fwhmXMm: record.fwhm_x_mm,
    fwhmYMm: record.fwhm_y_mm,
    ...(record.slit_x_mm === undefined ? {} : { slitXMm: record.slit_x_mm }),
    ...(record.slit_y_mm === undefined ? {} : { slitYMm: record.slit_y_mm }),
  };
}
