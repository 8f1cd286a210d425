/**
 * A payload of tomato 0.2 as a document of the aurora-unicycler form. What the payload says and that form cannot is
 * refused where it stands; what concerns only tomato's own instrument or folders is told and left out.
 */
import type { InputDocument, Path } from "../../input/document.ts";
import { valueAt, valueText } from "../../input/document.ts";
import { wordAdvice } from "../../input/suggest.ts";
import { numberOfText } from "../numbers.ts";
import {
  createFormFindings,
  derivedDocument,
  scaled,
  sharedRecord,
  type DerivedProtocol,
  type FormFindings,
  type FormStep,
  type RecordWish,
} from "./derived-document.ts";
import { TOMATO_CURRENT_RANGE, TOMATO_DEVICE, TOMATO_VOLTAGE_RANGE } from "./tomato-payload.ts";

const TOP_KEYS = ["version", "sample", "method", "tomato"] as const;
const SAMPLE_KEYS = ["name", "capacity_mAh"] as const;
const COMMON_KEYS = [
  "device",
  "technique",
  "measure_every_dt",
  "measure_every_dI",
  "measure_every_dE",
  "I_range",
  "E_range",
  "is_delta",
] as const;
const OWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  open_circuit_voltage: ["time"],
  constant_current: ["current", "time", "limit_voltage_max", "limit_voltage_min"],
  constant_voltage: ["voltage", "time", "limit_current_max", "limit_current_min"],
  loop: ["goto", "n_gotos"],
};
const VERSIONS: readonly unknown[] = ["0.1", "0.2"];

type Mapping = Readonly<Record<string, unknown>>;

/** True for a mapping with the block `tomato`, or whose first step names a technique as tomato does. */
export function isTomato(value: unknown): value is Mapping {
  if (!isMapping(value)) return false;
  return Object.hasOwn(value, "tomato") || valueAt(value, ["method", 0, "technique"]) !== undefined;
}

/** `value` of the result is undefined when a finding is an error. */
export function tomatoDocument(source: InputDocument, payload: Mapping): InputDocument {
  const findings = createFormFindings(source);
  only(findings, payload, [], TOP_KEYS);
  const { version } = payload;
  if (!VERSIONS.includes(version)) {
    const advice = 'Version "0.1" is read, as tomato 0.2 has it; later payloads name other things.';
    findings.refuse(["version"], `a payload of version ${valueText(version)}`, advice);
  }
  const sample = sampleOf(findings, payload);
  const { method } = payload;
  const records: RecordWish[] = [];
  const steps: FormStep[] = [];
  if (Array.isArray(method)) {
    method.forEach((step: unknown, index) => {
      const read = stepOf(findings, step, ["method", index], records);
      if (read !== undefined) steps.push(read);
    });
    tellSettings(findings, method);
  } else findings.refuse(["method"], `method is ${valueText(method)}`, "Give the list of steps.");
  const record = sharedRecord(records, findings);
  return derivedDocument(source, { sample, record, steps }, [...source.findings, ...findings.all]);
}

function sampleOf(findings: FormFindings, payload: Mapping): NonNullable<DerivedProtocol["sample"]> {
  const { sample } = payload;
  if (sample === undefined) return {};
  if (!isMapping(sample)) {
    findings.refuse(["sample"], `${valueText(sample)} is no sample`, "Give name and capacity_mAh.");
    return {};
  }
  only(findings, sample, ["sample"], SAMPLE_KEYS);
  const { name } = sample;
  const capacityMah = numberAt(findings, sample, ["sample"], "capacity_mAh");
  return { ...(typeof name === "string" ? { name } : {}), capacity_mAh: capacityMah };
}

function stepOf(findings: FormFindings, step: unknown, at: Path, records: RecordWish[]): FormStep | undefined {
  if (!isMapping(step)) {
    findings.refuse(at, `${valueText(step)} is no step`, "Give a mapping with technique.");
    return undefined;
  }
  const { technique } = step;
  const own = typeof technique === "string" && Object.hasOwn(OWN_KEYS, technique) ? OWN_KEYS[technique] : undefined;
  if (own === undefined) {
    const advice = wordAdvice(typeof technique === "string" ? technique : "", Object.keys(OWN_KEYS), "Known");
    findings.refuse([...at, "technique"], `${valueText(technique)} is not a technique`, advice);
    return undefined;
  }
  only(findings, step, at, [...COMMON_KEYS, ...own]);
  const number = (key: string): number | null => numberAt(findings, step, at, key);
  if (technique === "loop") {
    const target = number("goto");
    const again = number("n_gotos");
    if (target !== null && again !== null) return { kind: "loop", at, target, cycleCount: again + 1 };
    findings.refuse(at, "the loop does not say all it needs", "Give goto and n_gotos.");
    return undefined;
  }
  if (step["is_delta"] !== undefined && step["is_delta"] !== false) {
    const advice = "Write the current or voltage itself, not its change.";
    findings.refuse([...at, "is_delta"], "a step relative to the one before", advice);
  }
  // Upstream writes 0 for a change that is not to be recorded at.
  const change = (key: string): number | null => (step[key] === 0 ? null : number(key));
  records.push({
    timeS: number("measure_every_dt"),
    voltageV: change("measure_every_dE"),
    currentMa: change("measure_every_dI"),
  });
  const untilTimeS = number("time");
  if (technique === "open_circuit_voltage") {
    return { kind: "technique", at, steps: [{ step: technique, until_time_s: untilTimeS }] };
  }
  if (technique === "constant_current") {
    const current = currentAt(findings, step, at, "current");
    const isCharge = (current.rate ?? current.ma ?? 0) > 0;
    const [wanted, other] = isCharge
      ? ["limit_voltage_max", "limit_voltage_min"]
      : ["limit_voltage_min", "limit_voltage_max"];
    refuseGiven(findings, step, at, other, `A ${isCharge ? "charge" : "discharge"} ends by ${wanted}.`);
    const ends = { until_time_s: untilTimeS, until_voltage_V: number(wanted) };
    return {
      kind: "technique",
      at,
      steps: [{ step: technique, rate_C: current.rate, current_mA: current.ma, ...ends }],
    };
  }
  const isDischarge = step["limit_current_max"] !== undefined;
  const key = isDischarge ? "limit_current_max" : "limit_current_min";
  const stop = currentAt(findings, step, at, key);
  if (isDischarge) {
    refuseGiven(findings, step, at, "limit_current_min", "A hold ends by one current: leave out one of the two.");
  }
  if (stop.rate === null && stop.ma === null && untilTimeS === null) {
    const what = "the hold has no end; tomato 0.2 files lose one that was given as a current";
    findings.refuse(at, what, "Add limit_current_min, such as 0.05C, or time.");
  }
  const ends = { until_time_s: untilTimeS, until_rate_C: stop.rate, until_current_mA: stop.ma };
  return { kind: "technique", at, steps: [{ step: "constant_voltage", voltage_V: number("voltage"), ...ends }] };
}

/** Ampere as a number, or a rate such as `0.1C`, `0.5D`. */
function currentAt(
  findings: FormFindings,
  step: Mapping,
  at: Path,
  key: string,
): { readonly rate: number | null; readonly ma: number | null } {
  const value = step[key];
  if (value === undefined || value === null) return { rate: null, ma: null };
  if (typeof value === "number" && Number.isFinite(value)) return { rate: null, ma: scaled(value, 1000) };
  const rate = typeof value === "string" && /[CD]/.test(value) ? numberOfText(value, true) : undefined;
  if (rate !== undefined) return { rate, ma: null };
  const advice = "Give ampere as a number, or a rate such as 0.1C or 0.5D.";
  findings.refuse([...at, key], `${valueText(value)} is no current`, advice);
  return { rate: null, ma: null };
}

/** Said once for the file, not for each step. */
function tellSettings(findings: FormFindings, method: readonly unknown[]): void {
  const told = new Set<string>();
  const wanted = [
    ["I_range", TOMATO_CURRENT_RANGE, "The instrument here chooses its own range."],
    ["E_range", TOMATO_VOLTAGE_RANGE, "The instrument here has its own range."],
    ["device", TOMATO_DEVICE, "The site says which instrument a cell is wired to."],
  ] as const;
  method.forEach((step: unknown, index) => {
    for (const [key, usual, advice] of wanted) {
      const value = valueAt(step, [key]);
      if (value === undefined || value === usual || told.has(key)) continue;
      told.add(key);
      findings.leaveOut(["method", index, key], `${key} ${valueText(value)} is not kept`, advice);
    }
  });
}

function refuseGiven(findings: FormFindings, step: Mapping, at: Path, key: string, advice: string): void {
  if (step[key] === undefined || step[key] === null) return;
  findings.refuse([...at, key], `${key} has no form here`, advice);
}

function numberAt(findings: FormFindings, mapping: Mapping, at: Path, key: string): number | null {
  const value = mapping[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  findings.refuse([...at, key], `${key} is ${valueText(value)}`, "Give a number.");
  return null;
}

function only(findings: FormFindings, mapping: Mapping, at: Path, keys: readonly string[]): void {
  for (const key of Object.keys(mapping)) {
    if (!keys.includes(key)) {
      findings.refuse([...at, key], `unknown key ${key}`, wordAdvice(key, keys, "Known here"));
    }
  }
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
