/** What a protocol says and a form it is written in cannot: told to the person who has it written. */
import type { FindingSeverity } from "../../base/finding.ts";
import type { ConstantVoltageStep, Protocol, ProtocolStep, SafetyRule } from "../protocol.ts";
import { needsCapacity } from "./written-step.ts";

export type LossyForm = "pybamm" | "neware" | "battinfo" | "tomato" | "biologic" | "methodscript";

export interface Loss {
  readonly severity: FindingSeverity;
  /** Steps counted from 1 over all steps of the protocol; empty for the whole. */
  readonly steps: readonly number[];
  readonly what: string;
  readonly advice: string;
}

const SAFETY_NAMES = {
  maxVoltageV: "max_voltage_V",
  minVoltageV: "min_voltage_V",
  maxCurrentMa: "max_current_mA",
  minCurrentMa: "min_current_mA",
  maxCapacityMah: "max_capacity_mAh",
  delayS: "delay_s",
} as const satisfies Readonly<Record<keyof SafetyRule, string>>;

/** Longest that EC-Lab waits beyond a limit. */
const EC_LAB_DELAY_MAX_S = 1;

/** What is lost for people comes as notes, what a cell could suffer from as warnings. */
export function writtenLess(form: LossyForm, protocol: Protocol): readonly Loss[] {
  return [...wholeLosses(form, protocol), ...safetyLosses(form, protocol.safety), ...stepLosses(form, protocol.steps)];
}

function wholeLosses(form: LossyForm, { steps, sampleName, sampleCapacityMah, record }: Protocol): readonly Loss[] {
  const isTold = form === "pybamm" || form === "battinfo";
  const hasName = sampleName !== "$NAME";
  const isAtChanges = record.voltageV !== null || record.currentMa !== null;
  const left = [
    ...(isTold ? ["how often to record"] : []),
    ...(form === "methodscript" && isAtChanges ? ["records at changes"] : []),
    ...(isTold && hasName ? ["the sample's name"] : []),
    ...(form === "pybamm" && sampleCapacityMah !== null ? ["the sample's capacity"] : []),
    ...(steps.some((step) => step.id !== null) ? ["the ids of steps"] : []),
  ];
  if (left.length === 0) return [];
  const advice = "Keep the file in the unicycler form beside it.";
  return [{ severity: "note", steps: [], what: `left out: ${left.join(", ")}`, advice }];
}

function safetyLosses(form: LossyForm, safety: SafetyRule): readonly Loss[] {
  const warn = (what: string, advice: string): Loss => ({ severity: "warning", steps: [], what, advice });
  if (form === "neware") return [];
  if (form === "methodscript") {
    const { delayS } = safety;
    return (delayS ?? 0) === 0
      ? []
      : [warn(`delay_s ${delayS ?? 0} is left out`, "A limit trips at the first sample beyond it.")];
  }
  if (form !== "biologic") {
    const given = (Object.keys(SAFETY_NAMES) as (keyof SafetyRule)[]).flatMap((key) => {
      const value = safety[key];
      return value === null ? [] : [`${SAFETY_NAMES[key]} ${value}`];
    });
    if (given.length === 0) return [];
    const what = `the form has no safety block; left out: ${given.join(", ")}`;
    return [warn(what, "Set the limits in the instrument.")];
  }
  const { minCurrentMa, maxCurrentMa, maxCapacityMah, delayS } = safety;
  const [least, most] = [Math.abs(minCurrentMa ?? 0), Math.abs(maxCurrentMa ?? 0)];
  return [
    ...(least === most
      ? []
      : [
          warn(
            `currents from ${minCurrentMa ?? "none"} to ${maxCurrentMa ?? "none"} mA become |I| ${Math.max(least, most)} mA`,
            "EC-Lab knows one limit for both directions: mind that the smaller one is not kept.",
          ),
        ]),
    ...(maxCapacityMah === null
      ? []
      : [
          warn(
            `max_capacity_mAh ${maxCapacityMah} is left out`,
            "EC-Lab has no such limit: mind the times of the steps.",
          ),
        ]),
    ...((delayS ?? 0) <= EC_LAB_DELAY_MAX_S
      ? []
      : [warn(`delay_s ${delayS ?? 0}: EC-Lab waits ${EC_LAB_DELAY_MAX_S} s at most`, "A limit trips sooner there.")]),
  ];
}

function stepLosses(form: LossyForm, steps: readonly ProtocolStep[]): readonly Loss[] {
  const losses: Loss[] = [];
  const tell = (
    severity: FindingSeverity,
    what: string,
    advice: string,
    isMeant: (step: ProtocolStep) => boolean,
  ): void => {
    const meant = steps.flatMap((step, index) => (isMeant(step) ? [index + 1] : []));
    if (meant.length > 0) losses.push({ severity, steps: meant, what, advice });
  };
  if (form === "tomato") {
    const what = "the hold loses the current that ends it";
    const losesEnd = (step: ProtocolStep): step is ConstantVoltageStep =>
      step.kind === "constant-voltage" && step.untilRateC === null && step.untilCurrentMa !== null;
    const advice = "Give until_rate_C instead: as upstream writes it, only a rate ends a hold.";
    tell("warning", `${what}, and has no other end`, advice, (step) => losesEnd(step) && step.untilTimeS === null);
    tell("warning", what, advice, (step) => losesEnd(step) && step.untilTimeS !== null);
  }
  if (form === "biologic") {
    tell("note", "the rate is written as a current", "Write it anew for another capacity.", needsCapacity);
  }
  if (form === "battinfo") {
    tell(
      "warning",
      "the cut-off is written without its sign",
      "Only cells of positive voltage can be told.",
      (step) => {
        return step.kind === "constant-current" && (step.untilVoltageV ?? 0) < 0;
      },
    );
    const what = "the order of the frequencies, how many there are and how often each is measured are left out";
    tell("note", what, "Keep the file in the unicycler form beside it.", (step) => {
      return step.kind === "impedance-spectroscopy";
    });
  }
  if (form === "pybamm" || form === "battinfo" || form === "biologic") {
    const what = "the current that ends the hold is written without its sign";
    tell("note", what, "It ends the hold the same way.", (step) => {
      return step.kind === "constant-voltage" && (step.untilRateC ?? step.untilCurrentMa ?? 0) < 0;
    });
  }
  return losses;
}

const STEPS_NAMED_MAX = 6;

/** `steps 3, 10, 12 and 4 more`; empty for the whole. */
export function lossSteps({ steps }: Loss): string {
  if (steps.length === 0) return "";
  const more = steps.length - STEPS_NAMED_MAX;
  const named = steps.slice(0, STEPS_NAMED_MAX).join(", ");
  return `${steps.length === 1 ? "step" : "steps"} ${named}${more > 0 ? ` and ${more} more` : ""}`;
}
