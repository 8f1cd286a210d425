/** A dose case as a file gives it, evaluated: one exposure, or a sequence of them on a moving spot. */
import type { AttenuationTables } from "./attenuation.ts";
import { caseFault, schemaProblems } from "./case-problems.ts";
import { sequenceCaseSchema, staticCaseSchema } from "./case-schema.ts";
import { evaluateSequence, type SequenceDoseResult } from "./sequence.ts";
import { evaluateStatic, type StaticDoseResult } from "./static-case.ts";

export type DoseCaseResult =
  | { readonly kind: "static"; readonly result: StaticDoseResult }
  | { readonly kind: "sequence"; readonly result: SequenceDoseResult };

const SEQUENCE_FIELDS = ["exposures", "flux_ref_ph_s", "ring_current_ref_mA", "probes", "limit"];

/**
 * Evaluates the parsed JSON of a case file; `exposures` (or any other field of its own) makes it a sequence. Results
 * carry the names and units of the output document. Throws Fault `dose.input`: `where` is the first offending field as
 * the file names it, `detail.problems` all of them.
 */
export function evaluateDoseCase(tables: AttenuationTables, json: unknown): DoseCaseResult {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw caseFault([{ field: "", what: "is not an object; give one JSON object with energy_keV, beam, layers, ..." }]);
  }
  if (SEQUENCE_FIELDS.some((field) => Object.hasOwn(json, field))) {
    const parsed = sequenceCaseSchema.safeParse(json);
    if (!parsed.success) throw caseFault(schemaProblems(parsed.error, json));
    return { kind: "sequence", result: evaluateSequence(tables, parsed.data) };
  }
  const parsed = staticCaseSchema.safeParse(json);
  if (!parsed.success) throw caseFault(schemaProblems(parsed.error, json));
  return { kind: "static", result: evaluateStatic(tables, parsed.data) };
}
