/** An entry of `triggers`, by its kind. Units are in the names. */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { findingAt, pathText, valueAt, valueText, type InputDocument, type Path } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";
import { wordAdvice } from "../input/suggest.ts";
import { CHARGE_REFERENCES, TRIGGER_KINDS } from "./trigger.ts";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "Use letters, digits, points and hyphens, without blanks.");
const label = z.string().min(1).max(200);
const positive = z.number().positive();
const share = z.number().min(0).max(1);
const seconds = z
  .number()
  .nonnegative()
  .max(31 * 86_400);
const minutes = positive.max(31 * 24 * 60);
const volts = z.number().min(-10).max(10);
const count = z.int().min(1).max(100_000);
const labels = z.union([label, z.array(label).min(1).max(200)], "Give a name, or a list of names.");
/** More marks than this are a slip of the pen. */
const MARKS_MAX = 1000;

export const sweepSchema = strictObject({
  name,
  kind: z.literal("sweep"),
  preset: z.string(),
  cadence_min: positive,
  first_after_min: z.number().nonnegative().default(0),
});

const timeWindow = strictObject({ early_s: seconds.default(0), late_s: seconds.default(0) });
const chargeWindow = strictObject({
  early_state_of_charge: share.max(0.5).default(0),
  late_state_of_charge: share.max(0.5).default(0),
});

const cells = strictObject({
  group: labels.exactOptional(),
  protocol: labels.exactOptional(),
  positions: z
    .union([label, z.array(label).min(1)], "Give a position, a range such as A1..D12, or a list of them.")
    .exactOptional(),
});

const cycles = z.union(
  [
    z.array(count).min(1).max(MARKS_MAX),
    strictObject({ from: count.default(1), to: count.exactOptional(), every: count.default(1) }),
  ],
  "Give a list of cycles, or from, to and every.",
);

const common = {
  name,
  preset: z.string(),
  cells: cells.exactOptional(),
  steps: labels.exactOptional(),
  cycles: cycles.exactOptional(),
  weight: positive.max(1000).default(1),
  owner: label.exactOptional(),
} as const;

const timed = { ...common, window: timeWindow.exactOptional() } as const;

const chargeMarks = z.union(
  [
    strictObject({ at: z.array(share).min(1).max(MARKS_MAX) }),
    strictObject({ from: share, to: share, every: positive.max(1) }),
  ],
  "Give from, to and every, or at: a list, in states of charge from 0 to 1.",
);
const voltageMarks = z.union(
  [
    strictObject({ at_V: z.array(volts).min(1).max(MARKS_MAX) }),
    strictObject({ from_V: volts, to_V: volts, every_V: positive.max(20) }),
  ],
  "Give from_V, to_V and every_V, or at_V: a list of voltages.",
);

const byCommand = { ...common, window: timeWindow.exactOptional() } as const;

const SCHEMAS = {
  sweep: sweepSchema,
  "time-grid": strictObject({
    ...timed,
    kind: z.literal("time-grid"),
    every_min: minutes,
    first_after_min: z.number().nonnegative().default(0),
  }),
  "state-of-charge-grid": strictObject({
    ...common,
    kind: z.literal("state-of-charge-grid"),
    window: z
      .union([timeWindow, chargeWindow], "Give early_s and late_s, or early_state_of_charge and late_state_of_charge.")
      .exactOptional(),
    charge: chargeMarks.exactOptional(),
    discharge: chargeMarks.exactOptional(),
    reference: z.enum(CHARGE_REFERENCES).default("last"),
  }),
  "voltage-grid": strictObject({
    ...timed,
    kind: z.literal("voltage-grid"),
    charge: voltageMarks.exactOptional(),
    discharge: voltageMarks.exactOptional(),
  }),
  "step-edge": strictObject({ ...timed, kind: z.literal("step-edge"), at: z.enum(["before", "after", "both"]) }),
  "rest-end": strictObject({ ...timed, kind: z.literal("rest-end") }),
  relaxation: strictObject({
    ...timed,
    kind: z.literal("relaxation"),
    after_min: z.array(minutes).min(1).max(100),
  }),
  cycle: strictObject({ ...timed, kind: z.literal("cycle") }),
  "dqdv-peak": strictObject({
    ...timed,
    kind: z.literal("dqdv-peak"),
    direction: z.enum(["charge", "discharge", "both"]).default("both"),
    from_V: volts,
    to_V: volts,
    smooth_mV: z.number().min(1).max(200).default(10),
    fall: z.number().min(0.01).max(0.9).default(0.1),
  }),
  operator: strictObject({ ...byCommand, kind: z.literal("operator") }),
  agent: strictObject({ ...byCommand, kind: z.literal("agent") }),
} as const;

type Schemas = typeof SCHEMAS;
export type SweepRecord = z.output<Schemas["sweep"]>;
/** Any trigger but a sweep. */
export type TriggerRecord = z.output<Schemas[Exclude<keyof Schemas, "sweep">]>;
export type MarksRecord = z.output<typeof chargeMarks> | z.output<typeof voltageMarks>;

export interface WrittenTrigger {
  readonly path: Path;
  readonly record: SweepRecord | TriggerRecord | undefined;
}

/** The sweeps that could be read, with their places. */
export function sweepsOf({ triggers }: { readonly triggers: readonly WrittenTrigger[] }) {
  return triggers.flatMap(({ path, record }) => (record?.kind === "sweep" ? [{ path, record }] : []));
}

const KINDS: readonly string[] = ["sweep", ...TRIGGER_KINDS];

/** Every entry with the schema of its kind. */
export function readTriggers(document: InputDocument, findings: Finding[]): readonly WrittenTrigger[] {
  const value = valueAt(document.value, ["triggers"]);
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    const what = `${valueText(value)} is no list`;
    findings.push(findingAt(document, "error", "file.schema", ["triggers"], what, "Give a list."));
    return [{ path: ["triggers"], record: undefined }];
  }
  return value.map((item: unknown, index): WrittenTrigger => {
    const path: Path = ["triggers", index];
    const kind = valueAt(item, ["kind"]);
    if (typeof item !== "object" || item === null || Array.isArray(item)) {
      const what = `${valueText(item)} is no trigger`;
      findings.push(findingAt(document, "error", "file.schema", path, what, "Give a mapping of keys to values."));
      return { path, record: undefined };
    }
    if (!isKind(kind)) {
      const place = [...path, "kind"];
      const what = kind === undefined ? `${pathText(place)} is missing` : `${valueText(kind)} is no kind of trigger`;
      const advice = wordAdvice(typeof kind === "string" ? kind : "", KINDS, "Known here");
      findings.push(findingAt(document, "error", "file.schema", place, what, advice));
      return { path, record: undefined };
    }
    return { path, record: readSection(document, path, SCHEMAS[kind], findings) };
  });
}

function isKind(kind: unknown): kind is keyof Schemas {
  return typeof kind === "string" && Object.hasOwn(SCHEMAS, kind);
}
