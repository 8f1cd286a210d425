/**
 * A protocol of another form as a document of the aurora-unicycler form: the steps with their loops, and for each the
 * place in its own file, so that every later finding names that place.
 */
import type { Finding, FindingSeverity } from "../../base/finding.ts";
import type { InputDocument, Path } from "../../input/document.ts";
import { UNKNOWN_KEYS_MAX } from "../../input/section.ts";
import type { UnicyclerStep } from "./unicycler-document.ts";

/** For forms that do not say how often to record: no cell is watched less often. */
export const DEFAULT_RECORD_S = 10;

/** A step of another form, counted from 0 as there. */
export type FormStep =
  /** More than one where the other form has one word for what are several here. */
  | { readonly kind: "technique"; readonly at: Path; readonly steps: readonly UnicyclerStep[] }
  /** `target` is the index of the step that begins the next pass; `cycleCount` the passes in all. */
  | { readonly kind: "loop"; readonly at: Path; readonly target: number; readonly cycleCount: number };

/** Where things stand in the file of the other form. */
export type Places = Pick<InputDocument, "fileName" | "line" | "where">;

export interface DerivedProtocol {
  readonly sample?: { readonly name?: string; readonly capacity_mAh?: number | null };
  readonly record: { readonly time_s: number; readonly voltage_V?: number | null; readonly current_mA?: number | null };
  readonly safety?: Readonly<Record<string, number | null>>;
  readonly steps: readonly FormStep[];
}

/**
 * A loop goes to a tag set before its first step and named after that step's number: a number in the
 * aurora-unicycler form cannot go back over one step alone. `value` is undefined when a finding is an error.
 */
export function derivedDocument(
  places: Places,
  protocol: DerivedProtocol,
  findings: readonly Finding[],
): InputDocument {
  const targets = new Set(protocol.steps.flatMap((step) => (step.kind === "loop" ? [step.target] : [])));
  const method: UnicyclerStep[] = [];
  const sources: Path[] = [];
  protocol.steps.forEach((step, index) => {
    if (targets.has(index)) {
      method.push({ step: "tag", tag: tagName(index) });
      sources.push(step.at);
    }
    const written =
      step.kind === "technique"
        ? step.steps
        : [{ step: "loop", loop_to: tagName(step.target), cycle_count: step.cycleCount }];
    for (const one of written) {
      method.push(one);
      sources.push(step.at);
    }
  });
  const toSource = (path: Path): Path => {
    const [block, index] = path;
    return block === "method" && typeof index === "number" ? (sources[index] ?? []) : [];
  };
  const { sample, record, safety } = protocol;
  const hasError = findings.some((finding) => finding.severity === "error");
  return {
    fileName: places.fileName,
    value: hasError
      ? undefined
      : { ...(sample === undefined ? {} : { sample }), record, ...(safety === undefined ? {} : { safety }), method },
    findings,
    line: (path) => places.line(toSource(path)),
    where: (path) => places.where(toSource(path)),
  };
}

function tagName(index: number): string {
  return `step ${index + 1}`;
}

/** A document that could not be read at all. */
export function unreadDocument(places: Places, findings: readonly Finding[]): InputDocument {
  return derivedDocument(places, { record: { time_s: DEFAULT_RECORD_S }, steps: [] }, findings);
}

/** Findings about one file; what is wrong with many steps is told of the first of them. */
export interface FormFindings {
  readonly all: readonly Finding[];
  refuse(at: Path, what: string, advice: string): void;
  /** What the file says beside the protocol and is not kept: told, and read all the same. */
  leaveOut(at: Path, what: string, advice: string): void;
}

export function createFormFindings(places: Places, code = "protocol.form"): FormFindings {
  const all: Finding[] = [];
  const tell = (severity: FindingSeverity, at: Path, what: string, advice: string): void => {
    if (all.length < UNKNOWN_KEYS_MAX) all.push({ severity, code, where: places.where(at), what, advice });
    // An error is what decides: the last place is kept for one.
    else if (severity === "error" && all.every((finding) => finding.severity !== "error"))
      all[all.length - 1] = { severity, code, where: places.where(at), what, advice };
  };
  return {
    all,
    refuse: (at, what, advice) => {
      tell("error", at, what, advice);
    },
    leaveOut: (at, what, advice) => {
      tell("warning", at, what, advice);
    },
  };
}

/** How often each step of the other form records; here one rule stands for all. */
export interface RecordWish {
  readonly timeS: number | null;
  readonly voltageV: number | null;
  readonly currentMa: number | null;
}

/** The finest of what the steps ask for; that the others are recorded as finely, or that none asks, is told. */
export function sharedRecord(wishes: readonly RecordWish[], findings: FormFindings): DerivedProtocol["record"] {
  const given = (of: (wish: RecordWish) => number | null): ReadonlySet<number> =>
    new Set(wishes.map(of).filter((value) => value !== null));
  const times = given((wish) => wish.timeS);
  const voltages = given((wish) => wish.voltageV);
  const currents = given((wish) => wish.currentMa);
  if (times.size > 1 || voltages.size > 1 || currents.size > 1) {
    findings.leaveOut([], "the steps do not all record alike", "Here one rule stands for all; the finest is taken.");
  }
  const timeS = least(times);
  if (timeS === null) {
    const advice = `Recorded every ${DEFAULT_RECORD_S} s; write it as unicycler to choose another.`;
    findings.leaveOut([], "no interval of time to record at", advice);
  }
  return { time_s: timeS ?? DEFAULT_RECORD_S, voltage_V: least(voltages), current_mA: least(currents) };
}

function least(values: ReadonlySet<number>): number | null {
  let found: number | null = null;
  for (const value of values) found = found === null ? value : Math.min(found, value);
  return found;
}

/** Without the binary noise of a change of unit: 225 uA are 0.225 mA. */
export function scaled(value: number, factor: number): number {
  return factor === 1 ? value : Number((value * factor).toPrecision(12));
}

/** Text that is too long to be looked at; undefined when it is not. */
export function tooLong(places: Places, length: number, most: number): Finding | undefined {
  if (length <= most) return undefined;
  const what = `${length} characters`;
  return {
    severity: "error",
    code: "file.too-large",
    where: places.fileName,
    what,
    advice: `At most ${most} are read.`,
  };
}
