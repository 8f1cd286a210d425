/** What is wrong with a dose case, field by field, named as the file names it. */
import type * as z from "zod";
import { Fault } from "../base/fault.ts";

export interface CaseProblem {
  /** `layers[1].thickness_mm`; empty for the whole case. */
  readonly field: string;
  readonly what: string;
}

/** All problems in one Fault `dose.input`: `where` is the first field, `detail.problems` lists every one. */
export function caseFault(problems: readonly CaseProblem[]): Fault {
  const where = problems[0]?.field ?? "";
  const what = problems.map(({ field, what }, index) => (index === 0 ? what : `${field} ${what}`)).join("; ");
  return new Fault("dose.input", where === "" ? "case" : where, what, {
    problems: problems.map(({ field, what }) => ({ field, what })),
  });
}

/** Problems of a value that its schema refused; messages of the schema say what would be right. */
export function schemaProblems(error: z.ZodError, json: unknown): readonly CaseProblem[] {
  const problems: CaseProblem[] = [];
  for (const issue of error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        problems.push({ field: fieldText([...issue.path, key]), what: "is not a field of this case; leave it out" });
      }
      continue;
    }
    const value = valueAt(json, issue.path);
    const found = value === undefined ? "is missing" : `is ${shortText(value)}`;
    problems.push({ field: fieldText(issue.path), what: `${found}; give ${issue.message}` });
  }
  return problems;
}

/** `layers[1].thickness_mm` */
export function fieldText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

function shortText(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
