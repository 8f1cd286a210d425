/**
 * PyBaMM experiment strings, such as `Charge at C/10 for 15 hours or until 4.2 V`. Reading gives the aurora-unicycler
 * form as plain values, which is then checked like any other protocol; writing unrolls every loop, as the strings have
 * none. Grammar: pybamm-team/PyBaMM, `experiment/step`.
 */
import { TECHNIQUE_NAMES } from "../channel-step.ts";
import { expandProtocol, stepCountOf } from "../cursor.ts";
import type { Protocol, TechniqueStep } from "../protocol.ts";
import { decimalText } from "./written-step.ts";

/** As many steps as upstream unrolls. */
export const EXPERIMENT_STEP_COUNT_MAX = 10_000;

export type ReadExperimentStep =
  | {
      readonly ok: true;
      readonly step: Readonly<Record<string, string | number | null>>;
      readonly periodS: number | null;
    }
  | { readonly ok: false; readonly what: string; readonly advice: string };

const NUMBER = String.raw`\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?`;
const VALUE = new RegExp(`^(?:C/(${NUMBER})|(${NUMBER})\\s*(mOhm|Ohm|mA|mV|mW|A|V|W|C))$`);
const DURATION = new RegExp(`^(${NUMBER})\\s*(seconds?|sec|s|minutes?|min|m|hours?|hr|h)$`);
const STEP = new RegExp(
  String.raw`^(Rest|(?:Charge|Discharge|Hold) at (.+?))(?: for (.+?))?(?: (?:or )?until (.+?))?(?: \((.+?) period\))?$`,
);

const STEP_TEXT_MAX = 400;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

type Value =
  | { readonly unit: "A" | "V" | "C"; readonly value: number }
  | { readonly unit: "other"; readonly text: string };

/**
 * One string to one step, or why not. Never throws. A step without `for` has no time: PyBaMM's own, 24 hours or
 * 2/rate, only tells it that an end was never reached.
 */
export function readExperimentStep(text: string): ReadExperimentStep {
  // Longer ones would only take the pattern's time.
  const match = text.length > STEP_TEXT_MAX ? null : STEP.exec(text.trim().replace(/\s+/g, " "));
  if (match === null) {
    return refused(
      `${quoted(text)} is no experiment step`,
      'Write such as "Charge at C/10 for 15 hours or until 4.2 V".',
    );
  }
  const [, action = "", at, duration, until, period] = match;
  const timeS = duration === undefined ? null : secondsOf(duration);
  const periodS = period === undefined ? null : secondsOf(period);
  if (timeS === undefined || periodS === undefined) {
    return refused(
      `${quoted(String(timeS === undefined ? duration : period))} is no duration`,
      "Write a number and seconds, minutes or hours.",
    );
  }
  const end = until === undefined ? null : valueOf(until.replace(/^[<>]\s*/, ""));
  if (end !== null && end.unit === "other") return refusedValue(end.text);
  if (timeS === null && end === null) return refused("the step has no end", 'Add "for" a time or "until" a value.');

  if (action === "Rest") {
    if (end !== null) return refused("a rest ends by time alone", 'Write such as "Rest for 1 hour".');
    return { ok: true, step: { step: "open_circuit_voltage", until_time_s: timeS }, periodS };
  }
  const value = valueOf(at ?? "");
  if (value.unit === "other") return refusedValue(value.text);
  if (action.startsWith("Hold")) {
    if (value.unit !== "V") return refused(`a hold at ${String(at)}`, "Only a voltage can be held.");
    if (end?.unit === "V") return refused("a hold that ends by a voltage", "End it by a current, a rate or a time.");
    const step = {
      step: "constant_voltage",
      voltage_V: value.value,
      until_time_s: timeS,
      ...(end === null ? {} : end.unit === "C" ? { until_rate_C: end.value } : { until_current_mA: milli(end.value) }),
    };
    return { ok: true, step, periodS };
  }
  if (value.unit === "V") return refused(`${action} names a voltage`, "Use Hold for a voltage.");
  if (end !== null && end.unit !== "V") {
    return refused("a charge or discharge that ends by a current", "End it by a voltage or a time.");
  }
  const sign = action.startsWith("Charge") ? 1 : -1;
  const step = {
    step: "constant_current",
    ...(value.unit === "C" ? { rate_C: sign * value.value } : { current_mA: sign * milli(value.value) }),
    until_time_s: timeS,
    ...(end === null ? {} : { until_voltage_V: end.value }),
  };
  return { ok: true, step, periodS };
}

export type WrittenExperiment =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Every step in order, loops unrolled. Record and safety rules have no place in the strings and are lost. */
export function pybammExperiment(protocol: Protocol): WrittenExperiment {
  const count = stepCountOf(protocol);
  if (count > EXPERIMENT_STEP_COUNT_MAX) {
    return { ok: false, reason: `${count} steps with every loop unrolled; at most ${EXPERIMENT_STEP_COUNT_MAX}` };
  }
  const lines: string[] = [];
  for (const { step } of expandProtocol(protocol)) {
    const line = experimentString(step);
    if (line === undefined) {
      return { ok: false, reason: `experiment strings have no form for this ${TECHNIQUE_NAMES[step.kind]}` };
    }
    lines.push(line);
  }
  return { ok: true, lines };
}

function experimentString(step: TechniqueStep): string | undefined {
  switch (step.kind) {
    case "open-circuit-voltage":
      return `Rest for ${decimalText(step.untilTimeS)} seconds`;
    case "constant-current": {
      const signed = step.rateC ?? step.currentMa ?? 0;
      const size = decimalText(Math.abs(signed));
      const head = `${signed > 0 ? "Charge" : "Discharge"} at ${size}${step.rateC === null ? " mA" : "C"}`;
      return ended(head, step.untilTimeS, step.untilVoltageV === null ? null : `${decimalText(step.untilVoltageV)} V`);
    }
    case "constant-voltage": {
      if (step.untilRateC !== null && step.untilCurrentMa !== null) return undefined;
      const end =
        step.untilRateC !== null
          ? `${decimalText(Math.abs(step.untilRateC))}C`
          : step.untilCurrentMa !== null
            ? `${decimalText(Math.abs(step.untilCurrentMa))} mA`
            : null;
      return ended(`Hold at ${decimalText(step.voltageV)} V`, step.untilTimeS, end);
    }
    case "impedance-spectroscopy":
    case "voltage-scan":
      return undefined;
  }
}

function ended(head: string, timeS: number | null, end: string | null): string {
  const time = timeS === null ? "" : ` for ${durationText(timeS)}`;
  return `${head}${time}${end === null ? "" : `${time === "" ? "" : " or"} until ${end}`}`;
}

function durationText(timeS: number): string {
  for (const [name, seconds] of [
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    if (timeS % seconds !== 0) continue;
    const count = timeS / seconds;
    return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${decimalText(timeS)} seconds`;
}

function secondsOf(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  const seconds = Number(match?.[1]) * (SECONDS[(match?.[2] ?? "").charAt(0)] ?? NaN);
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}

function valueOf(text: string): Value {
  const match = VALUE.exec(text.trim());
  if (match === null) return { unit: "other", text };
  if (match[1] !== undefined) return positive({ unit: "C", value: 1 / Number(match[1]) }, text);
  const value = Number(match[2]);
  const unit = match[3];
  if (unit === "A" || unit === "V" || unit === "C") return positive({ unit, value }, text);
  if (unit === "mA") return positive({ unit: "A", value: value / 1000 }, text);
  return unit === "mV" ? { unit: "V", value: value / 1000 } : { unit: "other", text };
}

function positive(value: Exclude<Value, { unit: "other" }>, text: string): Value {
  return Number.isFinite(value.value) && (value.unit === "V" || value.value > 0) ? value : { unit: "other", text };
}

/** Milliampere without binary noise: 0.00225 A is 2.25 mA. */
function milli(currentA: number): number {
  return Number((currentA * 1000).toPrecision(12));
}

function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(short);
}

function refusedValue(text: string): ReadExperimentStep {
  return refused(
    `${quoted(text)} is no current, voltage or rate`,
    "Write such as 2 mA, 4.2 V, 1C or C/10; power and resistance are not run here.",
  );
}

function refused(what: string, advice: string): ReadExperimentStep {
  return { ok: false, what, advice };
}
