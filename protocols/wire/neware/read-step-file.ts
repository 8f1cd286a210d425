/**
 * A BTS step file as a document of the aurora-unicycler form. What the file says and that form cannot is refused
 * where it stands; nothing is dropped without a word. Units and step types as in `step-xml.ts`.
 */
import {
  createFormFindings,
  derivedDocument,
  scaled,
  sharedRecord,
  tooLong,
  unreadDocument,
  type FormFindings,
  type FormStep,
  type Places,
  type RecordWish,
} from "../../echem/formats/derived-document.ts";
import type { UnicyclerStep } from "../../echem/formats/unicycler-document.ts";
import type { InputDocument, Path } from "../../input/document.ts";
import { valueText } from "../../input/document.ts";
import { lineFinder } from "../../input/line-finder.ts";
import { TEXT_LENGTH_MAX } from "../../input/text-bounds.ts";
import { childOf, readXml, type XmlElement } from "./xml-reader.ts";

/** Ten thousand steps have a third of them. */
const ELEMENT_COUNT_MAX = 500_000;
/** How far a rate and a current beside it may lie apart: both are rounded to the sixth digit. */
const SAME_CURRENT = 1e-4;
const SAME_CURRENT_LEAST_MA = 2e-6;

/** Paths name elements: `["Step3", "Stop_Volt"]`. */
function placesOf(text: string, fileName: string): Places {
  const lineAt = lineFinder(text);
  let steps: ReadonlyMap<string, number> | undefined;
  const line = (path: Path): number => {
    steps ??= stepOffsets(text);
    const [first, ...rest] = path.map(String);
    let at = first === undefined ? -1 : (steps.get(first) ?? text.indexOf(`<${first}`));
    for (const name of rest) {
      const inner = at < 0 ? -1 : text.indexOf(`<${name}`, at);
      if (inner >= 0) at = inner;
    }
    return lineAt(Math.max(0, at));
  };
  const where = (path: Path): string => {
    const place = `${fileName}:${line(path)}`;
    return path.length === 0 ? place : `${place} ${path.join("/")}`;
  };
  return { fileName, line, where };
}

function stepOffsets(text: string): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  for (const match of text.matchAll(/<(Step\d{1,6})[\s/>]/g)) {
    const [, name = ""] = match;
    if (!offsets.has(name)) offsets.set(name, match.index);
  }
  return offsets;
}

/** Findings stand in the document; its value is undefined when one of them is an error. Never throws. */
export function stepFileDocument(text: string, fileName: string): InputDocument {
  const places = placesOf(text, fileName);
  const long = tooLong(places, text.length, TEXT_LENGTH_MAX);
  if (long !== undefined) return unreadDocument(places, [long]);
  const findings = createFormFindings(places);
  const root = rootOf(text, findings);
  const config = root === undefined ? undefined : configOf(root, findings);
  if (config === undefined) return unreadDocument(places, findings.all);
  const look: Look = { findings, capacityMah: null };
  only(look, config, [], ["Head_Info", "Whole_Prt", "Step_Info", "SMBUS"]);
  const sample = headOf(look, childOf(config, "Head_Info"));
  const withCapacity = { ...look, capacityMah: sample.capacity_mAh };
  const whole = childOf(config, "Whole_Prt");
  if (whole !== undefined) only(look, whole, ["Whole_Prt"], ["Protect", "Record"]);
  const { safety, record } = wholeOf(look, whole);
  const { steps, records } = stepsOf(withCapacity, childOf(config, "Step_Info"), record);
  smbusOf(look, childOf(config, "SMBUS"));
  const one = sharedRecord(records.length === 0 ? [record] : records, findings);
  return derivedDocument(places, { sample, record: one, safety, steps }, findings.all);
}

interface Look {
  readonly findings: FormFindings;
  readonly capacityMah: number | null;
}

function rootOf(text: string, findings: FormFindings): XmlElement | undefined {
  let elements = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) elements += 1;
  if (elements > 2 * ELEMENT_COUNT_MAX) {
    findings.refuse([], `more than ${ELEMENT_COUNT_MAX} elements`, "A step file of 10,000 steps has a third of them.");
    return undefined;
  }
  const xml = readXml(text);
  if (xml.ok) return xml.value;
  findings.refuse([], `the XML cannot be read: ${xml.reason}`, "Export the step file anew.");
  return undefined;
}

function configOf(root: XmlElement, findings: FormFindings): XmlElement | undefined {
  const config = root.name === "root" ? childOf(root, "config") : undefined;
  const type = config?.attributes.get("type");
  const version = config?.attributes.get("version");
  if (config === undefined || type !== "Step File") {
    const what = `<${root.name}> is no step file of a Neware cycler`;
    findings.refuse([], what, 'Give a file whose root has <config type="Step File" ...>.');
    return undefined;
  }
  if (version !== "17") {
    const what = `version ${valueText(version)} of the step file`;
    findings.refuse(["config"], what, "Version 17 is read, as BTS Client 8 writes it.");
    return undefined;
  }
  return config;
}

interface Sample {
  readonly name?: string;
  readonly capacity_mAh: number | null;
}

function headOf(look: Look, head: XmlElement | undefined): Sample {
  if (head === undefined) return { capacity_mAh: null };
  const at: Path = ["Head_Info"];
  const { findings } = look;
  only(look, head, at, ["Operate", "Scale", "Start_Step", "Creator", "Remark", "RateType", "SCQ", "MultCap"]);
  const fixed = (name: string, wanted: string, advice: string): void => {
    const given = childOf(head, name)?.attributes.get("Value");
    if (given !== undefined && Number(given) !== Number(wanted)) {
      findings.refuse([...at, name], `${name} is ${valueText(given)}`, advice);
    }
  };
  fixed("Scale", "1", "Export the step file at Scale 1.");
  fixed("Start_Step", "1", "A protocol here begins at its first step: remove the steps before it.");
  fixed("RateType", "103", "Export the step file with absolute currents (RateType 103).");
  if (childOf(head, "SCQ") !== undefined) {
    findings.leaveOut([...at, "SCQ"], "the active mass is not kept", "It stands with the cell, in the campaign.");
  }
  const remark = childOf(head, "Remark")?.attributes.get("Value") ?? "";
  const capacityMah = amount(look, head, at, "MultCap", 1 / 3600);
  const capacity = capacityMah === 0 ? null : capacityMah;
  return { ...(remark === "" ? {} : { name: remark }), capacity_mAh: capacity };
}

function wholeOf(
  look: Look,
  whole: XmlElement | undefined,
): { readonly safety: Readonly<Record<string, number | null>>; readonly record: RecordWish } {
  const protect = mainOf(look, whole, ["Whole_Prt"], "Protect");
  const at: Path = ["Protect", "Main"];
  if (protect !== undefined) only(look, protect, at, ["Volt", "Curr", "Delay_Time", "Cap"]);
  const bound = (group: string, edge: "Upper" | "Lower", scale: number): number | null => {
    const element = protect === undefined ? undefined : childOf(protect, group);
    if (element === undefined) return null;
    if (edge === "Upper") only(look, element, [...at, group], group === "Cap" ? ["Upper"] : ["Upper", "Lower"]);
    return amount(look, element, [...at, group], edge, scale);
  };
  return {
    safety: {
      max_voltage_V: bound("Volt", "Upper", 1e-4),
      min_voltage_V: bound("Volt", "Lower", 1e-4),
      max_current_mA: bound("Curr", "Upper", 1),
      min_current_mA: bound("Curr", "Lower", 1),
      max_capacity_mAh: bound("Cap", "Upper", 1 / 3600),
      delay_s: protect === undefined ? null : amount(look, protect, at, "Delay_Time", 1e-3),
    },
    record: recordOf(look, mainOf(look, whole, ["Whole_Prt"], "Record"), ["Record", "Main"]),
  };
}

function recordOf(look: Look, main: XmlElement | undefined, at: Path): RecordWish {
  if (main === undefined) return { timeS: null, voltageV: null, currentMa: null };
  only(look, main, at, ["Time", "Volt", "Curr"]);
  return {
    timeS: amount(look, main, at, "Time", 1e-3),
    voltageV: amount(look, main, at, "Volt", 1e-4),
    currentMa: amount(look, main, at, "Curr", 1),
  };
}

function stepsOf(
  look: Look,
  info: XmlElement | undefined,
  record: RecordWish,
): { readonly steps: readonly FormStep[]; readonly records: readonly RecordWish[] } {
  const { findings } = look;
  const elements = info?.children ?? [];
  const end = elements.findIndex((element) => typeOf(element) === "6");
  const num = Number(info?.attributes.get("Num"));
  if (end < 0 || end !== elements.length - 1) {
    findings.refuse(["Step_Info"], "the steps do not end with the one end step", "Let a step of type 6 be the last.");
  }
  if (num !== elements.length) {
    const what = `Num says ${valueText(info?.attributes.get("Num"))}, and there are ${elements.length} steps`;
    findings.refuse(["Step_Info"], what, "Export the step file anew: steps are missing or too many.");
  }
  const records: RecordWish[] = [];
  const steps: FormStep[] = [];
  elements.slice(0, end < 0 ? undefined : end).forEach((element, index) => {
    const at: Path = [element.name];
    const number = String(index + 1);
    if (element.name !== `Step${number}` || element.attributes.get("Step_ID") !== number) {
      findings.refuse(at, `${element.name} is step ${number} of the file`, "Number the steps from 1, one by one.");
      return;
    }
    const step = stepOf(look, element, at);
    if (step !== undefined) steps.push(step);
    if (typeOf(element) === "5") return;
    const own = mainOf(look, element, at, "Record");
    records.push(own === undefined ? record : recordOf(look, own, [...at, "Record"]));
  });
  return { steps, records };
}

function typeOf(element: XmlElement): string {
  return element.attributes.get("Step_Type") ?? "";
}

function stepOf(look: Look, element: XmlElement, at: Path): FormStep | undefined {
  const type = typeOf(element);
  const one = (step: UnicyclerStep): FormStep => ({ kind: "technique", at, steps: [step] });
  if (type === "25") return one(slopeStep(look, element, at));
  only(look, element, at, ["Limit", "Record"]);
  const main = mainOf(look, element, at, "Limit", type === "5" ? "Other" : "Main");
  const take = (names: readonly string[]): Take => {
    if (main !== undefined) only(look, main, at, names);
    return (name, scale) => (main === undefined ? null : amount(look, main, at, name, scale));
  };
  switch (type) {
    case "1":
    case "2": {
      const value = take(["Rate", "Curr", "Time", "Stop_Volt"]);
      const current = currentOf(look, at, value, "Rate", "Curr", type === "1" ? 1 : -1);
      return one({
        step: "constant_current",
        rate_C: current.rate,
        current_mA: current.ma,
        until_time_s: value("Time", 1e-3),
        until_voltage_V: value("Stop_Volt", 1e-4),
      });
    }
    case "3":
    case "19": {
      const value = take(["Volt", "Time", "Stop_Rate", "Stop_Curr", "Rate", "Curr"]);
      const stop = currentOf(look, at, value, "Stop_Rate", "Stop_Curr", type === "3" ? 1 : -1);
      if (type === "19" && stop.rate === null && stop.ma === null) {
        const advice = "A hold here takes its direction from the current that ends it.";
        look.findings.leaveOut(at, "that the hold is a discharge is not kept", advice);
      }
      return one({
        step: "constant_voltage",
        voltage_V: value("Volt", 1e-4),
        until_time_s: value("Time", 1e-3),
        until_rate_C: stop.rate,
        until_current_mA: stop.ma,
      });
    }
    case "4":
      return one({ step: "open_circuit_voltage", until_time_s: take(["Time"])("Time", 1e-3) });
    case "5": {
      const value = take(["Start_Step", "Cycle_Count"]);
      const start = value("Start_Step", 1);
      const cycleCount = value("Cycle_Count", 1);
      if (start !== null && cycleCount !== null) return { kind: "loop", at, target: start - 1, cycleCount };
      look.findings.refuse(at, "the cycle does not say all it needs", "Give Start_Step and Cycle_Count.");
      return undefined;
    }
    case "7":
    case "20": {
      const value = take(["Rate", "Curr", "Volt", "Stop_Rate", "Stop_Curr"]);
      const sign = type === "7" ? 1 : -1;
      const current = currentOf(look, at, value, "Rate", "Curr", sign);
      const stop = currentOf(look, at, value, "Stop_Rate", "Stop_Curr", sign);
      const voltageV = value("Volt", 1e-4);
      const charge = { rate_C: current.rate, current_mA: current.ma, until_voltage_V: voltageV };
      const hold = { voltage_V: voltageV, until_rate_C: stop.rate, until_current_mA: stop.ma };
      return {
        kind: "technique",
        at,
        steps: [
          { step: "constant_current", ...charge },
          { step: "constant_voltage", ...hold },
        ],
      };
    }
    default: {
      const what = `a step of type ${valueText(type)} has no form here`;
      const known = "1, 2 (constant current), 3, 19 (hold), 4 (rest), 5 (cycle), 7, 20 (both), 25 (scan)";
      look.findings.refuse(at, what, `Types that are read: ${known}.`);
      return undefined;
    }
  }
}

type Take = (name: string, scale: number) => number | null;

/** The rate wins here, so it must be the same current; without the capacity it could not be told that it is. */
function currentOf(
  look: Look,
  at: Path,
  value: Take,
  rateName: string,
  currentName: string,
  sign: 1 | -1,
): { readonly rate: number | null; readonly ma: number | null } {
  const rate = value(rateName, 1);
  const ma = value(currentName, 1);
  for (const [name, given] of [
    [rateName, rate],
    [currentName, ma],
  ] as const) {
    if (given !== null && given < 0) {
      look.findings.refuse([...at, name], `${name} is ${given}`, "The type of a step gives the direction.");
    }
  }
  if (rate === null || rate === 0) return { rate: null, ma: ma === null ? null : sign * ma };
  if (ma !== null) {
    const { capacityMah } = look;
    if (capacityMah === null) {
      const advice = "Give the capacity in Head_Info/MultCap, or leave the rate out.";
      look.findings.refuse([...at, rateName], `${rateName} ${rate} beside ${currentName} ${ma} mA`, advice);
    } else if (Math.abs(rate * capacityMah - ma) > SAME_CURRENT * ma + SAME_CURRENT_LEAST_MA) {
      const what = `${rateName} ${rate} of ${capacityMah} mAh is ${scaled(rate, capacityMah)} mA, and ${currentName} says ${ma} mA`;
      look.findings.refuse([...at, rateName], what, `Leave out ${rateName}, or correct MultCap.`);
    }
  }
  return { rate: sign * rate, ma: null };
}

function slopeStep(look: Look, element: XmlElement, at: Path): UnicyclerStep {
  only(look, element, at, ["Slope", "Record"]);
  const slope = childOf(element, "Slope");
  const ramp = slope === undefined ? undefined : childOf(slope, "Slope1");
  const isOne = ["SlopeType", "Cycle_Count", "ItemCount"].every((name) => slope?.attributes.get(name) === "1");
  if (slope === undefined || ramp === undefined || !isOne || slope.children.length !== 1) {
    const what = "the ramp is not one slope that is run once";
    look.findings.refuse([...at, "Slope"], what, "Write each slope as a step of its own.");
  }
  const number = (name: string): number | null => numberOf(look, [...at, "Slope1"], name, ramp?.attributes.get(name));
  const volts = (name: string): number | null => {
    const value = number(name);
    return value === null ? null : scaled(value, 1e-4);
  };
  return {
    step: "voltage_scan",
    start_voltage_V: volts("StartValue"),
    end_voltage_V: volts("EndValue"),
    scan_rate_mV_per_s: number("Value"),
  };
}

function smbusOf(look: Look, smbus: XmlElement | undefined): void {
  if (smbus === undefined) return;
  const count = childOf(smbus, "SMBUS_Info")?.attributes.get("Num") ?? "0";
  if (Number(count) !== 0 || smbus.children.length > 1) {
    look.findings.refuse(["SMBUS"], "the file asks for SMBus readings", "Remove them: coin cells have no such bus.");
  }
}

/** The `Main` (or other) part inside a group, each there at most once and with nothing beside it. */
function mainOf(
  look: Look,
  element: XmlElement | undefined,
  at: Path,
  group: string,
  inner = "Main",
): XmlElement | undefined {
  const outer = element === undefined ? undefined : childOf(element, group);
  if (outer === undefined) return undefined;
  only(look, outer, [...at, group], [inner]);
  return childOf(outer, inner);
}

/** Tells what has no place here, and what is given twice. */
function only(look: Look, element: XmlElement, at: Path, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const { name } of element.children) {
    if (!names.includes(name)) {
      const advice = `It would be lost. Known here: ${names.join(", ")}.`;
      look.findings.refuse([...at, name], `${name} has no form here`, advice);
    } else if (seen.has(name)) {
      look.findings.refuse([...at, name], `${name} is given twice`, "Give it once.");
    }
    seen.add(name);
  }
}

function amount(look: Look, element: XmlElement, at: Path, name: string, scale: number): number | null {
  const child = childOf(element, name);
  if (child === undefined) return null;
  const value = numberOf(look, [...at, name], name, child.attributes.get("Value"));
  return value === null ? null : scaled(value, scale);
}

function numberOf(look: Look, at: Path, name: string, text: string | undefined): number | null {
  const value = text === undefined || text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  look.findings.refuse(at, `${name} is ${valueText(text)}`, "Give a finite number.");
  return null;
}
