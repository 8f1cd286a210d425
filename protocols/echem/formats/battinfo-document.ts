/**
 * A BattINFO workflow in JSON-LD as a document of the aurora-unicycler form: the chain of tasks by `hasNext`, loops as
 * `IterativeWorkflow`. Tasks are counted from 1 as they stand in the file; their magnitudes are absolute.
 */
import type { InputDocument, Path } from "../../input/document.ts";
import { valueText } from "../../input/document.ts";
import { parseJsonText } from "../../input/json-text.ts";
import { wordAdvice } from "../../input/suggest.ts";
import { DEPTH_MAX, TEXT_LENGTH_MAX } from "../../input/text-bounds.ts";
import { STEP_COUNT_MAX } from "../read-protocol.ts";
import {
  createFormFindings,
  DEFAULT_RECORD_S,
  derivedDocument,
  scaled,
  tooLong,
  unreadDocument,
  type FormFindings,
  type FormStep,
  type Places,
} from "./derived-document.ts";
import type { UnicyclerStep } from "./unicycler-document.ts";

const TASK_KEYS: readonly string[] = ["@context", "@type", "hasInput", "hasTask", "hasNext"];
const QUANTITY_KEYS: readonly string[] = ["@type", "hasNumericalPart", "hasMeasurementUnit"];

/** The quantities of each task that are read. */
const TASKS: Readonly<Record<string, readonly string[]>> = {
  OpenCircuitHold: ["Duration"],
  ConstantCurrentCharging: ["ElectricCurrent", "CRate", "UpperVoltageLimit", "Duration"],
  ConstantCurrentDischarging: ["ElectricCurrent", "CRate", "LowerVoltageLimit", "Duration"],
  VoltageHold: ["Voltage", "LowerCurrentLimit", "LowerCRateLimit", "Duration"],
  ElectrochemicalImpedanceSpectroscopy: [
    "AmplitudeOfAlternatingVoltage",
    "AmplitudeOfAlternatingCurrent",
    "LowerFrequencyLimit",
    "UpperFrequencyLimit",
  ],
  LinearScanVoltammetry: ["LowerVoltageLimit", "UpperVoltageLimit", "PotentialScanRate"],
  IterativeWorkflow: ["NumberOfIterations"],
};

/** Factors to what the protocol counts in: s, mA, V, Hz, mV/s. */
const UNITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Duration: { Second: 1, Minute: 60, Hour: 3600 },
  ElectricCurrent: { MilliAmpere: 1, Ampere: 1000, MicroAmpere: 1e-3 },
  CRate: { CRateUnit: 1 },
  Voltage: { Volt: 1, MilliVolt: 1e-3 },
  Frequency: { Hertz: 1 },
  PotentialScanRate: { VoltPerSecond: 1000 },
  NumberOfIterations: { UnitOne: 1 },
};
const KIND_OF: Readonly<Record<string, keyof typeof UNITS>> = {
  LowerCurrentLimit: "ElectricCurrent",
  AmplitudeOfAlternatingCurrent: "ElectricCurrent",
  AmplitudeOfAlternatingVoltage: "Voltage",
  UpperVoltageLimit: "Voltage",
  LowerVoltageLimit: "Voltage",
  LowerCRateLimit: "CRate",
  LowerFrequencyLimit: "Frequency",
  UpperFrequencyLimit: "Frequency",
};

type Mapping = Readonly<Record<string, unknown>>;

/** Is it JSON-LD? Its tasks lie deeper in each other than the reader of other files goes. */
export function isWorkflow(text: string, fileName: string): boolean {
  return fileName.endsWith(".jsonld") || /^\uFEFF?\s*\{\s*"@(?:context|type|id)"\s*:/.test(text.slice(0, 2000));
}

/** Never throws. `value` is undefined when a finding is an error. */
export function battinfoDocument(text: string, fileName: string): InputDocument {
  const where = (path: Path): string => (path.length === 0 ? fileName : `${fileName} ${path.join(" ")}`);
  const places: Places = { fileName, line: () => 1, where };
  const long = tooLong(places, text.length, TEXT_LENGTH_MAX);
  if (long !== undefined) return unreadDocument(places, [long]);
  const json = parseJsonText(text);
  if (json.kind === "refused") {
    const place = `${fileName}:${json.line}`;
    const advice = "Correct the JSON at this line.";
    const code = "file.syntax";
    return unreadDocument(places, [{ severity: "error", code, where: place, what: json.what, advice }]);
  }
  const findings = createFormFindings(places);
  const look: Look = { findings, steps: [], rated: [], taskCount: 0 };
  chain(look, json.value, 1);
  const capacityMah = capacityOf(look);
  if (look.steps.some((step) => step.kind === "technique" && step.steps[0]?.["step"] === "impedance_spectroscopy")) {
    const what = "a spectrum does not say in which order, nor at how many frequencies";
    findings.leaveOut([], what, "Read from high to low, 10 points a decade; write it as unicycler to choose.");
  }
  const what = "a workflow does not say how often to record";
  const advice = `Recorded every ${DEFAULT_RECORD_S} s; write it as unicycler to choose another.`;
  findings.leaveOut([], what, advice);
  return derivedDocument(
    places,
    {
      ...(capacityMah === null ? {} : { sample: { capacity_mAh: capacityMah } }),
      record: { time_s: DEFAULT_RECORD_S },
      steps: look.steps,
    },
    findings.all,
  );
}

interface Look {
  readonly findings: FormFindings;
  readonly steps: FormStep[];
  /** Rates that stand beside a current: together they say the capacity. */
  readonly rated: { readonly at: Path; readonly rate: number; readonly currentMa: number }[];
  /** As they stand in the file. */
  taskCount: number;
}

/** Follows the chain by a loop of its own: it may be as long as a protocol has steps. */
function chain(look: Look, first: unknown, depth: number): void {
  for (let task = first; task !== undefined;) {
    look.taskCount += 1;
    const at: Path = [`task ${look.taskCount}`];
    if (!isMapping(task)) {
      look.findings.refuse(at, `${valueText(task)} is no task`, "Give a mapping with @type and hasInput.");
      return;
    }
    if (look.taskCount > STEP_COUNT_MAX) {
      look.findings.refuse(at, `more than ${STEP_COUNT_MAX} tasks`, "Use IterativeWorkflow for what is repeated.");
      return;
    }
    takeTask(look, task, at, depth);
    task = task["hasNext"];
  }
}

function takeTask(look: Look, task: Mapping, at: Path, depth: number): void {
  const { findings, steps } = look;
  for (const key of Object.keys(task)) {
    if (TASK_KEYS.includes(key)) continue;
    findings.refuse([...at, key], `unknown key ${key}`, wordAdvice(key, TASK_KEYS, "Known here"));
  }
  const [type, ...others] = typesOf(task);
  const names = type !== undefined && others.length === 0 && Object.hasOwn(TASKS, type) ? TASKS[type] : undefined;
  if (type === undefined || names === undefined) {
    const advice = wordAdvice(type ?? "", Object.keys(TASKS), "Known");
    findings.refuse([...at, "@type"], `${valueText(task["@type"])} is no task that has a form here`, advice);
    return;
  }
  const input = inputOf(look, task, [...at, type], names);
  if (type !== "IterativeWorkflow") {
    if (task["hasTask"] !== undefined) {
      findings.refuse([...at, "hasTask"], `a task inside ${type}`, "Only an IterativeWorkflow holds tasks.");
    }
    steps.push({ kind: "technique", at: [...at, type], steps: [stepOf(look, type, input, [...at, type])] });
    return;
  }
  const target = steps.length;
  if (task["hasTask"] === undefined || depth >= DEPTH_MAX) {
    const what = depth >= DEPTH_MAX ? `loops nested more than ${DEPTH_MAX} levels deep` : "a loop without tasks";
    findings.refuse([...at, "hasTask"], what, "Give the tasks of one pass, by hasNext.");
    return;
  }
  chain(look, task["hasTask"], depth + 1);
  const cycleCount = input.get("NumberOfIterations");
  if (cycleCount === undefined) {
    findings.refuse(at, "the loop does not say how often", "Give NumberOfIterations.");
    return;
  }
  steps.push({ kind: "loop", at, target, cycleCount });
}

type Input = ReadonlyMap<string, number>;

function stepOf(look: Look, type: string, input: Input, at: Path): UnicyclerStep {
  const value = (name: string): number | null => input.get(name) ?? null;
  switch (type) {
    case "OpenCircuitHold":
      return { step: "open_circuit_voltage", until_time_s: value("Duration") };
    case "ConstantCurrentCharging":
    case "ConstantCurrentDischarging": {
      const isCharge = type === "ConstantCurrentCharging";
      const sign = isCharge ? 1 : -1;
      const { rate, ma } = currentOf(look, at, value("CRate"), value("ElectricCurrent"));
      return {
        step: "constant_current",
        rate_C: rate === null ? null : sign * rate,
        current_mA: ma === null ? null : sign * ma,
        until_time_s: value("Duration"),
        until_voltage_V: value(isCharge ? "UpperVoltageLimit" : "LowerVoltageLimit"),
      };
    }
    case "VoltageHold": {
      const { rate, ma } = currentOf(look, at, value("LowerCRateLimit"), value("LowerCurrentLimit"));
      return {
        step: "constant_voltage",
        voltage_V: value("Voltage"),
        until_time_s: value("Duration"),
        until_rate_C: rate,
        until_current_mA: ma,
      };
    }
    case "LinearScanVoltammetry": {
      const rate = value("PotentialScanRate");
      const sides = [value("LowerVoltageLimit"), value("UpperVoltageLimit")] as const;
      const [start, end] = rate !== null && rate < 0 ? [sides[1], sides[0]] : sides;
      return {
        step: "voltage_scan",
        start_voltage_V: start,
        end_voltage_V: end,
        scan_rate_mV_per_s: rate === null ? null : Math.abs(rate),
      };
    }
    default:
      return {
        step: "impedance_spectroscopy",
        amplitude_V: value("AmplitudeOfAlternatingVoltage"),
        amplitude_mA: value("AmplitudeOfAlternatingCurrent"),
        start_frequency_Hz: value("UpperFrequencyLimit"),
        end_frequency_Hz: value("LowerFrequencyLimit"),
      };
  }
}

/** A rate beside a current says the capacity; the rate is what is kept. */
function currentOf(
  look: Look,
  at: Path,
  rate: number | null,
  ma: number | null,
): { readonly rate: number | null; readonly ma: number | null } {
  if (rate === null || rate === 0) return { rate: null, ma };
  if (ma !== null) look.rated.push({ at, rate, currentMa: ma });
  return { rate, ma: null };
}

const SAME_CAPACITY = 1e-6;

function capacityOf({ rated, findings }: Look): number | null {
  let capacityMah: number | null = null;
  for (const { at, rate, currentMa } of rated) {
    const said = scaled(currentMa, 1 / rate);
    capacityMah ??= said;
    if (Math.abs(said - capacityMah) > SAME_CAPACITY * capacityMah) {
      const what = `${currentMa} mA at a rate of ${rate} is a capacity of ${said} mAh, and tasks before it say ${capacityMah} mAh`;
      findings.refuse(at, what, "Correct the current, or leave one of the two out.");
      return null;
    }
  }
  return capacityMah;
}

function inputOf(look: Look, task: Mapping, at: Path, names: readonly string[]): Input {
  const { findings } = look;
  const values = new Map<string, number>();
  const given = task["hasInput"];
  const quantities: readonly unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  for (const quantity of quantities.slice(0, 50)) {
    const types = typesOf(quantity).filter((type) => type !== "TerminationQuantity");
    const [name] = types;
    if (!isMapping(quantity) || name === undefined || types.length !== 1 || !names.includes(name)) {
      findings.refuse([...at, "hasInput"], `${valueText(types)} has no form here`, `Known here: ${names.join(", ")}.`);
      continue;
    }
    const place = [...at, name];
    for (const key of Object.keys(quantity)) {
      if (QUANTITY_KEYS.includes(key)) continue;
      findings.refuse([...place, key], `unknown key ${key}`, wordAdvice(key, QUANTITY_KEYS, "Known here"));
    }
    if (values.has(name)) findings.refuse(place, `${name} is given twice`, "Give it once.");
    const value = valueOf(findings, quantity, name, place);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function valueOf(findings: FormFindings, quantity: Mapping, name: string, at: Path): number | undefined {
  const part = quantity["hasNumericalPart"];
  const number = isMapping(part) ? part["hasNumberValue"] : undefined;
  if (typeof number !== "number" || !Number.isFinite(number)) {
    findings.refuse(at, `${name} is ${valueText(number)}`, "Give hasNumericalPart with a number as hasNumberValue.");
    return undefined;
  }
  const units = UNITS[KIND_OF[name] ?? name] ?? {};
  const unit = quantity["hasMeasurementUnit"];
  const factor = typeof unit === "string" && Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor === undefined) {
    const advice = `Known here: ${Object.keys(units).join(", ")}.`;
    findings.refuse(at, `${name} in ${valueText(unit)}`, advice);
    return undefined;
  }
  return scaled(number, factor);
}

function typesOf(value: unknown): readonly string[] {
  if (!isMapping(value)) return [];
  const type = value["@type"];
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.filter((one) => typeof one === "string");
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
