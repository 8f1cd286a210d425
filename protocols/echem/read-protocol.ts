/** Reads a protocol out of a document: the fields, then the rules between them (ends, loops, tags, limits). */
import type { Finding } from "../base/finding.ts";
import { findingAt, valueAt, valueText } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { readSection, UNKNOWN_KEYS_MAX } from "../input/section.ts";
import { wordAdvice } from "../input/suggest.ts";
import { firstEndlessLoop, STEPS_RUN_MAX } from "./endless-loop.ts";
import type { Protocol, ProtocolStep, SafetyRule } from "./protocol.ts";
import {
  PROTOCOL_KEYS,
  recordSchema,
  safetySchema,
  sampleSchema,
  STEP_NAMES,
  stepSchema,
  unicyclerSchema,
} from "./protocol-schema.ts";
import type { SafetyRecord, StepRecord } from "./protocol-schema.ts";

/** More steps than any published protocol has; a bound keeps a slip from becoming a long wait. */
export const STEP_COUNT_MAX = 10_000;

/** For the advice on a tag that is not there; every loop of a long file may ask for one. */
const TAGS_COMPARED_MAX = 100;

export interface ReadProtocol {
  /** Undefined when a finding is an error. */
  readonly protocol: Protocol | undefined;
  readonly findings: readonly Finding[];
}

/** `base` is where the protocol stands in the document: empty for a file of its own. */
export function readProtocol(document: InputDocument, base: Path, name: string): ReadProtocol {
  const findings: Finding[] = [];
  const value = valueAt(document.value, base);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    findings.push(
      findingAt(
        document,
        "error",
        "protocol.invalid",
        base,
        `${valueText(value)} is not a protocol`,
        "Give a mapping with record and method.",
      ),
    );
    return { protocol: undefined, findings };
  }
  const unknown = Object.keys(value).filter((key) => !(PROTOCOL_KEYS as readonly string[]).includes(key));
  for (const key of unknown.slice(0, UNKNOWN_KEYS_MAX)) {
    findings.push(
      findingAt(
        document,
        "error",
        "file.unknown-key",
        [...base, key],
        `unknown key ${key}`,
        wordAdvice(key, PROTOCOL_KEYS, "Known here"),
      ),
    );
  }
  const at = (key: string): Path => [...base, key];
  const isGiven = (key: string): boolean => valueAt(value, [key]) !== undefined;
  if (isGiven("unicycler")) readSection(document, at("unicycler"), unicyclerSchema, findings);
  const sample = isGiven("sample") ? readSection(document, at("sample"), sampleSchema, findings) : undefined;
  const record = readSection(document, at("record"), recordSchema, findings);
  const safety = isGiven("safety") ? readSection(document, at("safety"), safetySchema, findings) : undefined;
  const safetyRule = safetyRuleOf(safety);
  checkSafety(document, at("safety"), safetyRule, findings);
  const steps = readSteps(document, at("method"), findings);
  if (findings.some((finding) => finding.severity === "error") || record === undefined || steps === undefined) {
    return { protocol: undefined, findings };
  }
  const protocol: Protocol = {
    name,
    sampleName: sample?.name ?? "$NAME",
    sampleCapacityMah: sample?.capacity_mAh ?? null,
    record: { timeS: record.time_s, voltageV: record.voltage_V, currentMa: record.current_mA },
    safety: safetyRule,
    steps,
  };
  return { protocol, findings };
}

function safetyRuleOf(safety: SafetyRecord | undefined): SafetyRule {
  return {
    maxVoltageV: safety?.max_voltage_V ?? null,
    minVoltageV: safety?.min_voltage_V ?? null,
    maxCurrentMa: safety?.max_current_mA ?? null,
    minCurrentMa: safety?.min_current_mA ?? null,
    maxCapacityMah: safety?.max_capacity_mAh ?? null,
    delayS: safety?.delay_s ?? null,
  };
}

function checkSafety(document: InputDocument, path: Path, safety: SafetyRule, findings: Finding[]): void {
  const pairs = [
    ["max_voltage_V", safety.maxVoltageV, "min_voltage_V", safety.minVoltageV],
    ["max_current_mA", safety.maxCurrentMa, "min_current_mA", safety.minCurrentMa],
  ] as const;
  for (const [upperName, upper, lowerName, lower] of pairs) {
    if (upper === null || lower === null || upper > lower) continue;
    findings.push(
      findingAt(
        document,
        "error",
        "protocol.safety",
        [...path, upperName],
        `${upperName} ${upper} is not above ${lowerName} ${lower}`,
        `Give a ${upperName} above ${lower}.`,
      ),
    );
  }
}

function readSteps(document: InputDocument, path: Path, findings: Finding[]): readonly ProtocolStep[] | undefined {
  const method = valueAt(document.value, path);
  if (!Array.isArray(method) || method.length === 0 || method.length > STEP_COUNT_MAX) {
    findings.push(
      findingAt(
        document,
        "error",
        "protocol.invalid",
        path,
        `method is ${Array.isArray(method) ? `a list of ${method.length}` : valueText(method)}`,
        `Give a list of 1 to ${STEP_COUNT_MAX} steps.`,
      ),
    );
    return undefined;
  }
  const records: (StepRecord | undefined)[] = method.map((step: unknown, index) => {
    const stepPath = [...path, index];
    const name = valueAt(step, ["step"]);
    if (typeof name !== "string" || !(STEP_NAMES as readonly string[]).includes(name)) {
      findings.push(
        findingAt(
          document,
          "error",
          "protocol.unknown-step",
          [...stepPath, "step"],
          `${valueText(name)} is not a technique`,
          wordAdvice(typeof name === "string" ? name : "", STEP_NAMES, "Known"),
        ),
      );
      return undefined;
    }
    return readSection(document, stepPath, stepSchema, findings);
  });
  const rules = { document, path, records, findings, tagIndexes: tagIndexesOf(records) };
  checkNames(rules);
  const steps = records.map((record, index) => (record === undefined ? undefined : stepOf(rules, record, index)));
  checkLoopsNest(rules, steps);
  if (!steps.every((step) => step !== undefined)) return undefined;
  checkLength(rules, steps);
  return steps;
}

interface Rules {
  readonly document: InputDocument;
  readonly path: Path;
  readonly records: readonly (StepRecord | undefined)[];
  readonly findings: Finding[];
  /** Where each tag first stands, in the order of the file. */
  readonly tagIndexes: ReadonlyMap<string, number>;
}

function tagIndexesOf(records: readonly (StepRecord | undefined)[]): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  records.forEach((record, index) => {
    if (record?.step === "tag" && !indexes.has(record.tag)) indexes.set(record.tag, index);
  });
  return indexes;
}

function refuse(rules: Rules, index: number, key: string, code: string, what: string, advice: string): void {
  const path = [...rules.path, index, ...(key === "" ? [] : [key])];
  rules.findings.push(findingAt(rules.document, "error", code, path, what, advice));
}

function checkNames(rules: Rules): void {
  const tags = new Set<string>();
  const ids = new Set<string>();
  rules.records.forEach((record, index) => {
    if (record === undefined) return;
    if (record.step === "tag") {
      if (tags.has(record.tag)) {
        refuse(
          rules,
          index,
          "tag",
          "protocol.duplicate-tag",
          `tag ${record.tag} is given twice`,
          "Give each tag once.",
        );
      }
      tags.add(record.tag);
    }
    if (record.id === null) return;
    if (ids.has(record.id)) {
      refuse(rules, index, "id", "protocol.duplicate-id", `step id ${record.id} is given twice`, "Give each id once.");
    }
    ids.add(record.id);
  });
}

function stepOf(rules: Rules, record: StepRecord, index: number): ProtocolStep | undefined {
  const id = record.id;
  switch (record.step) {
    case "open_circuit_voltage":
      return { kind: "open-circuit-voltage", id, untilTimeS: record.until_time_s };
    case "constant_current": {
      // As upstream: zero counts as not given, for a current as for an end.
      const rateC = record.rate_C === 0 ? null : record.rate_C;
      const currentMa = record.current_mA === 0 ? null : record.current_mA;
      const untilTimeS = positive(rules, index, "until_time_s", record.until_time_s);
      if (rateC === null && currentMa === null) {
        refuse(
          rules,
          index,
          "",
          "protocol.no-current",
          "the step has no current",
          "Give rate_C or current_mA, not zero; a rest is open_circuit_voltage.",
        );
      }
      if (untilTimeS === null && record.until_voltage_V === null)
        noEnd(rules, index, "until_time_s or until_voltage_V");
      return { kind: "constant-current", id, rateC, currentMa, untilTimeS, untilVoltageV: record.until_voltage_V };
    }
    case "constant_voltage": {
      const untilTimeS = positive(rules, index, "until_time_s", record.until_time_s);
      const untilRateC = record.until_rate_C === 0 ? null : record.until_rate_C;
      const untilCurrentMa = record.until_current_mA === 0 ? null : record.until_current_mA;
      if (untilTimeS === null && untilRateC === null && untilCurrentMa === null) {
        noEnd(rules, index, "until_time_s, until_rate_C or until_current_mA");
      }
      return { kind: "constant-voltage", id, voltageV: record.voltage_V, untilTimeS, untilRateC, untilCurrentMa };
    }
    case "impedance_spectroscopy": {
      if ((record.amplitude_V === null) === (record.amplitude_mA === null)) {
        refuse(
          rules,
          index,
          "",
          "protocol.amplitude",
          "one amplitude is needed",
          "Give either amplitude_V or amplitude_mA, not both.",
        );
      }
      return {
        kind: "impedance-spectroscopy",
        id,
        amplitudeV: record.amplitude_V,
        amplitudeMa: record.amplitude_mA,
        startFrequencyHz: record.start_frequency_Hz,
        endFrequencyHz: record.end_frequency_Hz,
        pointsPerDecade: record.points_per_decade,
        measuresPerPoint: record.measures_per_point,
        driftCorrection: record.drift_correction,
      };
    }
    case "voltage_scan": {
      if (record.start_voltage_V === record.end_voltage_V) {
        refuse(
          rules,
          index,
          "end_voltage_V",
          "protocol.scan",
          `the scan begins and ends at ${record.end_voltage_V} V`,
          "Give two different voltages.",
        );
      }
      return {
        kind: "voltage-scan",
        id,
        startVoltageV: record.start_voltage_V,
        endVoltageV: record.end_voltage_V,
        scanRateMvS: record.scan_rate_mV_per_s,
      };
    }
    case "loop": {
      const targetIndex = loopTarget(rules, record.loop_to, index);
      if (targetIndex === undefined) return undefined;
      return { kind: "loop", id, targetIndex, cycleCount: record.cycle_count, loopTo: record.loop_to };
    }
    case "tag":
      return { kind: "tag", id, tag: record.tag };
  }
}

function positive(rules: Rules, index: number, key: string, value: number | null): number | null {
  if (value === null || value > 0) return value;
  refuse(rules, index, key, "protocol.time", `${value} s is no time`, "Give a time above 0 s, or leave it out.");
  return null;
}

function noEnd(rules: Rules, index: number, keys: string): void {
  refuse(rules, index, "", "protocol.no-end", "the step has no end", `Give ${keys}.`);
}

/** Index of the first step of the loop; loops go backwards and hold something to do. */
function loopTarget(rules: Rules, loopTo: string | number, index: number): number | undefined {
  let target: number;
  if (typeof loopTo === "string") {
    const tagIndex = rules.tagIndexes.get(loopTo);
    if (tagIndex === undefined) {
      const tags = [...rules.tagIndexes.keys()].slice(0, TAGS_COMPARED_MAX);
      refuse(
        rules,
        index,
        "loop_to",
        "protocol.loop",
        `no tag ${loopTo.slice(0, 80)}`,
        tags.length === 0 ? "The protocol has no tags; name a step number." : wordAdvice(loopTo, tags, "Tags here"),
      );
      return undefined;
    }
    target = tagIndex;
    if (target === index - 1) {
      refuse(
        rules,
        index,
        "loop_to",
        "protocol.loop",
        `the loop stands directly after its tag ${loopTo}`,
        "Put steps between the tag and the loop.",
      );
      return undefined;
    }
  } else {
    target = loopTo - 1;
    if (target < 0 || target > index - 2) {
      refuse(
        rules,
        index,
        "loop_to",
        "protocol.loop",
        `step ${loopTo} is not at least two steps before the loop, which is step ${index + 1}`,
        index >= 2 ? `Give a step number from 1 to ${index - 1}.` : "Put at least two steps before the loop.",
      );
      return undefined;
    }
  }
  if (target > index) {
    refuse(
      rules,
      index,
      "loop_to",
      "protocol.loop",
      `the loop goes forward to ${loopTo}`,
      "Loops go back to an earlier step.",
    );
    return undefined;
  }
  const body = rules.records.slice(target, index);
  // A body that could not be read has its own findings; it is not also called empty.
  if (body.every((record) => record !== undefined && (record.step === "tag" || record.step === "loop"))) {
    refuse(
      rules,
      index,
      "loop_to",
      "protocol.loop",
      "the loop holds no technique",
      "Put at least one technique into the loop.",
    );
    return undefined;
  }
  return target;
}

function checkLoopsNest(rules: Rules, steps: readonly (ProtocolStep | undefined)[]): void {
  const open: { readonly target: number; readonly index: number }[] = [];
  steps.forEach((step, index) => {
    if (step?.kind !== "loop") return;
    const crossed = open.find((other) => step.targetIndex > other.target && step.targetIndex <= other.index);
    if (crossed !== undefined) {
      refuse(
        rules,
        index,
        "loop_to",
        "protocol.loop",
        `the loop begins inside the loop of step ${crossed.index + 1} and ends outside it`,
        "Let loops follow each other or lie one inside the other.",
      );
    }
    open.push({ target: step.targetIndex, index });
  });
}

function checkLength(rules: Rules, steps: readonly ProtocolStep[]): void {
  // Crossing loops have been told, and cannot be counted.
  if (rules.findings.some((finding) => finding.severity === "error")) return;
  const endless = firstEndlessLoop(steps);
  if (endless === undefined) return;
  const what = `with this loop ${endless.stepsRun.toPrecision(3)} steps are run; at most ${STEPS_RUN_MAX}`;
  const advice = "Passes of loops in loops multiply: give smaller numbers of cycles.";
  refuse(rules, endless.index, "cycle_count", "protocol.too-long", what, advice);
}
