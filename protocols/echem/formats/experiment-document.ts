/**
 * A list of PyBaMM experiment strings as a document of the aurora-unicycler form, each step still standing on the
 * line where its string does, so that every later finding names that line.
 */
import type { Finding } from "../../base/finding.ts";
import { findingAt, valueText } from "../../input/document.ts";
import type { InputDocument, Path } from "../../input/document.ts";
import { TEXT_LENGTH_MAX } from "../../input/text-bounds.ts";
import { tooLong, unreadDocument } from "./derived-document.ts";
import { EXPERIMENT_STEP_COUNT_MAX, readExperimentStep } from "./pybamm-experiment.ts";

/** PyBaMM's own default period. */
const PERIOD_S = 60;

/** True for a list whose first entry is a text: no protocol of the other form looks like that. */
export function isExperiment(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && typeof value[0] === "string";
}

/** One string a line; empty lines and those that begin with # are passed over. */
export function experimentOfLines(text: string, fileName: string): InputDocument {
  const unread = { fileName, line: () => 1, where: () => fileName };
  const long = tooLong(unread, text.length, TEXT_LENGTH_MAX);
  if (long !== undefined) return unreadDocument(unread, [long]);
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"));
  const line = (path: Path): number => (typeof path[0] === "number" ? lines[path[0]]?.number : undefined) ?? 1;
  return {
    fileName,
    value: lines.map((entry) => entry.line),
    findings: [],
    line,
    where: (path) => `${fileName}:${line(path)}`,
  };
}

/** The shortest period that a step names is the record interval of all. */
export function experimentDocument(
  source: InputDocument,
  strings: readonly unknown[],
): { readonly document: InputDocument; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  let timeS: number | undefined;
  if (strings.length > EXPERIMENT_STEP_COUNT_MAX) {
    const what = `${strings.length} experiment strings`;
    const advice = `Give at most ${EXPERIMENT_STEP_COUNT_MAX}; loops need the aurora-unicycler form.`;
    return { document: source, findings: [findingAt(source, "error", "protocol.experiment", [], what, advice)] };
  }
  const method = strings.map((text, index) => {
    const read =
      typeof text === "string"
        ? readExperimentStep(text)
        : { ok: false as const, what: `${valueText(text)} is no text`, advice: "Give a list of experiment strings." };
    if (!read.ok) {
      findings.push(findingAt(source, "error", "protocol.experiment", [index], read.what, read.advice));
      return null;
    }
    if (read.periodS !== null) timeS = Math.min(timeS ?? read.periodS, read.periodS);
    return read.step;
  });
  const toSource = (path: Path): Path => (path[0] === "method" && typeof path[1] === "number" ? [path[1]] : []);
  const document: InputDocument = {
    fileName: source.fileName,
    value: { record: { time_s: timeS ?? PERIOD_S }, method },
    findings: source.findings,
    line: (path) => source.line(toSource(path)),
    where: (path) => source.where(toSource(path)),
  };
  return { document, findings };
}
