/**
 * Checks one part of a document against a schema, so that a slip in one part does not hide what is wrong in the
 * others. Schemas are strict: a key they do not know is refused, with the key that was probably meant.
 */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { findingAt, pathText, valueAt, valueText } from "./document.ts";
import type { InputDocument, Path } from "./document.ts";
import { wordAdvice } from "./suggest.ts";

/** What a schema refuses by a rule of its own: `what` is wrong, `advice` says what would be right. */
export interface Refusal {
  readonly code?: string;
  readonly what: string;
  readonly advice: string;
}

/** As many are told of one mapping. */
export const UNKNOWN_KEYS_MAX = 50;

/** Like `z.strictObject`; findings list the keys that are known here. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(" ");
  return z.strictObject(shape, {
    // The only way to carry the known keys to the finding: an unknown-key issue does not name its schema.
    error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined),
  });
}

/** Adds a refusal to the issues of a `check` or `transform`. */
export function refusalIssue(input: unknown, refusal: Refusal, path: Path = []): z.core.$ZodRawIssue {
  return { code: "custom", input, message: refusal.what, params: { refusal }, path: [...path], continue: true };
}

/**
 * The part at `path`, checked; undefined when it is not as it should be. Findings are added to `findings`. An
 * unknown key is an error, but does not keep the rest of the part from being checked further.
 */
export function readSection<Schema extends z.ZodType>(
  document: InputDocument,
  path: Path,
  schema: Schema,
  findings: Finding[],
): z.output<Schema> | undefined {
  const value = valueAt(document.value, path);
  // What could not be read as a value at all stands as null here, and has been told.
  const toldAlready = placesTold(document);
  const tell = (issue: z.core.$ZodIssue): void => {
    findings.push(...findingsOf(document, path, value, issue).filter((finding) => !toldAlready.has(finding.where)));
  };
  const first = schema.safeParse(value);
  if (first.success) return first.data;
  const problems = first.error.issues;
  problems.forEach(tell);
  if (!problems.every((issue) => issue.code === "unrecognized_keys")) return undefined;
  const second = schema.safeParse(withoutUnknownKeys(value, problems));
  if (second.success) return second.data;
  second.error.issues.forEach(tell);
  return undefined;
}

const told = new WeakMap<InputDocument, ReadonlySet<string>>();

/** Gathered once: a protocol of many steps is many sections of one document. */
function placesTold(document: InputDocument): ReadonlySet<string> {
  const known = told.get(document);
  if (known !== undefined) return known;
  const errors = document.findings.filter(({ severity }) => severity === "error");
  const places = new Set(errors.map((finding) => finding.where));
  told.set(document, places);
  return places;
}

function withoutUnknownKeys(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    const holder = valueAt(copy, partsOf(issue.path));
    if (typeof holder !== "object" || holder === null) continue;
    for (const key of issue.keys) Reflect.deleteProperty(holder, key);
  }
  return copy;
}

function findingsOf(document: InputDocument, base: Path, root: unknown, issue: z.core.$ZodIssue): readonly Finding[] {
  const own = partsOf(issue.path);
  const path = [...base, ...own];
  const found = valueAt(root, own);
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(" ");
    return issue.keys
      .slice(0, UNKNOWN_KEYS_MAX)
      .map((key) =>
        findingAt(
          document,
          "error",
          "file.unknown-key",
          [...path, key],
          `unknown key ${key}`,
          wordAdvice(key, known, "Known here"),
        ),
      );
  }
  const refusal = refusalOf(issue);
  if (refusal !== undefined) {
    return [findingAt(document, "error", refusal.code ?? "file.schema", path, refusal.what, refusal.advice)];
  }
  if (found === undefined) {
    const name = pathText(path);
    return [findingAt(document, "error", "file.schema", path, `${name} is missing`, adviceOf(issue, found))];
  }
  return [findingAt(document, "error", "file.schema", path, `${valueText(found)} will not do`, adviceOf(issue, found))];
}

function refusalOf(issue: z.core.$ZodIssue): Refusal | undefined {
  if (issue.code !== "custom") return undefined;
  const refusal: unknown = issue.params?.["refusal"];
  return typeof refusal === "object" && refusal !== null ? (refusal as Refusal) : undefined;
}

function adviceOf(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `Give ${typeName(issue.expected)}.`;
    case "too_small":
      return issue.origin === "number" || issue.origin === "int"
        ? `Give a number ${issue.inclusive === true ? "of at least" : "above"} ${issue.minimum}.`
        : `Give at least ${countedOf(issue.origin, Number(issue.minimum))}.`;
    case "too_big":
      return issue.origin === "number" || issue.origin === "int"
        ? `Give a number ${issue.inclusive === true ? "of at most" : "below"} ${issue.maximum}.`
        : `Give at most ${countedOf(issue.origin, Number(issue.maximum))}.`;
    case "invalid_value":
      return wordAdvice(typeof found === "string" ? found : "", issue.values.map(String), "Known here");
    case "invalid_format":
    case "not_multiple_of":
    case "unrecognized_keys":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return issue.message.endsWith(".") ? issue.message : `${issue.message}.`;
  }
}

/** Of a text, a list or a mapping: `1 character`, `3 entries`. */
function countedOf(origin: string, count: number): string {
  if (origin === "string") return `${count} ${count === 1 ? "character" : "characters"}`;
  return `${count} ${count === 1 ? "entry" : "entries"}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys to values",
  record: "a mapping of names to values",
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

function partsOf(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}
