/** The fields of a cell case, checked one by one; steps are read by the protocol format's own rules. */
import * as z from "zod";
import { Fault } from "../../protocols/base/fault.ts";
import { pathText, valueAt, valueText } from "../../protocols/input/document.ts";

/** The designs' laws were measured around room temperature; beyond this their Arrhenius factors mean nothing. */
export const TEMPERATURE_RANGE_C = { min: -20, max: 60 } as const;

const share = z.number().min(0).max(1);
const SECONDS = "seconds, at least 0";
const seconds = z.number(SECONDS).min(0, SECONDS);
const FLAG = "true or false";

const caseSchema = z.strictObject(
  {
    cell: z.string("the name of a design"),
    overrides: z.unknown().optional(),
    initial: z
      .union(
        [
          z.strictObject({ soc: share }),
          z.strictObject({ negative_stoichiometry: share, positive_stoichiometry: share }),
          z.strictObject({ pristine: z.literal(true) }),
        ],
        "{ soc }, { negative_stoichiometry, positive_stoichiometry } (each 0 to 1) or { pristine: true }",
      )
      .optional(),
    temperature_C: z
      .number(`a temperature from ${TEMPERATURE_RANGE_C.min} to ${TEMPERATURE_RANGE_C.max} degC`)
      .min(TEMPERATURE_RANGE_C.min, `a temperature of at least ${TEMPERATURE_RANGE_C.min} degC`)
      .max(TEMPERATURE_RANGE_C.max, `a temperature of at most ${TEMPERATURE_RANGE_C.max} degC`)
      .default(25),
    noise: z.boolean(FLAG).default(false),
    thermal: z.boolean(FLAG).default(false),
    side_reactions: z.boolean(FLAG).default(false),
    seed: z.int("a whole number").default(1),
    sample_s: z.number("seconds above 0").positive("seconds above 0").default(10),
    sample_times_s: z.array(seconds, "a list of times").optional(),
    steps: z.array(z.unknown(), "a list of steps").optional(),
    safety: z.unknown().optional(),
    impedance: z
      .strictObject({
        soc: z.number("a number from 0 to 1").min(0, "a number from 0 to 1").max(1, "a number from 0 to 1"),
        frequency_Hz: z
          .array(z.number("a frequency above 0").positive("a frequency above 0").max(1e9, "at most 1e9 Hz"))
          .min(1, "at least one frequency")
          .max(100_000, "at most 100000 frequencies"),
      })
      .optional(),
  },
  "a cell case: an object with cell, initial, temperature_C, steps or impedance",
);

export type CaseFields = Omit<z.output<typeof caseSchema>, "overrides" | "sample_times_s"> & {
  readonly overrides: unknown;
  /** Rising, each once. */
  readonly sample_times_s: readonly number[] | undefined;
};

/** Throws Fault `cell.input` naming the first field that will not do, the others behind it. */
export function readCaseFields(json: unknown): CaseFields {
  const parsed = caseSchema.safeParse(withInitialSpelt(json));
  if (!parsed.success) throw fieldsFault(parsed.error.issues, json);
  const fields = parsed.data;
  if ((fields.steps === undefined) === (fields.impedance === undefined)) {
    throw new Fault("cell.input", "steps", "give either steps or impedance");
  }
  const times = fields.sample_times_s;
  return {
    ...fields,
    overrides: fields.overrides ?? {},
    sample_times_s: times === undefined ? undefined : [...new Set(times)].sort((a, b) => a - b),
  };
}

/** A union tells too little of what is wrong inside it, so the state of charge is looked at by itself. */
function withInitialSpelt(json: unknown): unknown {
  for (const name of ["soc", "negative_stoichiometry", "positive_stoichiometry"]) {
    const value = valueAt(json, ["initial", name]);
    if (value !== undefined && !share.safeParse(value).success) {
      throw new Fault("cell.input", `initial.${name}`, `is ${valueText(value)}; give a number from 0 to 1`);
    }
  }
  return json;
}

function fieldsFault(issues: readonly z.core.$ZodIssue[], json: unknown): Fault {
  const problems = issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        field: pathText([...path, key]),
        what: "is not a field of this case; leave it out",
      }));
    }
    const value = valueAt(json, path);
    const found = value === undefined ? "is missing" : `is ${valueText(value)}`;
    return [{ field: pathText(path), what: `${found}; give ${issue.message}` }];
  });
  const [first] = problems;
  const what = problems.map((problem, index) => (index === 0 ? problem.what : `${problem.field} ${problem.what}`));
  const where = first === undefined || first.field === "" ? "case" : first.field;
  return new Fault("cell.input", where, what.join("; "), { problems });
}
