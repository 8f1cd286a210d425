/** One step of a channel as a step file of its own, with the cell's limits as the file's protection. */
import type { ChannelStep } from "../../roles/channel.ts";
import { decoded, unreadable, type Decoded } from "./decoded.ts";
import type { StepFileLabel } from "./protocol-step-file.ts";
import type { BtsStep, StepFile } from "./step-xml.ts";

export interface ChannelRange {
  readonly voltageRangeV: { readonly min: number; readonly max: number };
  readonly currentMaxA: number;
  readonly sampleIntervalMinS: number;
}

/** What a hold must know of what came before it. */
export interface HoldApproach {
  readonly direction: "charge" | "discharge";
  /** The most the hold may draw, > 0. */
  readonly currentMaxA: number;
}

/** Long enough for the settling of a range, short enough for a cell. */
const PROTECTION_DELAY_S = 1;

/** A voltage scan is left out, as the form of a ramp is known from one file alone; there is no form for impedance. */
type FileStep = Exclude<ChannelStep, { kind: "voltage-scan" | "impedance" }>;

/** Refused: what the channel cannot do, what lies outside the limits, and what is not a number. */
export function channelStepFile(
  step: ChannelStep,
  approach: HoldApproach,
  range: ChannelRange,
  label: StepFileLabel & { readonly remark: string },
): Decoded<StepFile> {
  if (step.kind === "voltage-scan") return unreadable("the channel has no voltage scan");
  if (step.kind === "impedance") return unreadable("the channel measures no impedance");
  const trouble = troubleOf(step, approach, range);
  if (trouble !== null) return unreadable(trouble);
  const { limits } = step;
  return decoded({
    ...label,
    capacityMah: null,
    protection: {
      voltageMaxV: limits.voltageMaxV,
      voltageMinV: limits.voltageMinV,
      currentMaxMa: milli(limits.currentMaxA),
      currentMinMa: milli(limits.currentMinA),
      delayS: PROTECTION_DELAY_S,
      capacityMaxMah: step.chargeMaxAh === undefined ? null : milli(step.chargeMaxAh),
    },
    record: { timeS: step.sampleIntervalS, voltageV: null, currentMa: null },
    steps: [btsStep(step, approach)],
  });
}

function btsStep(step: FileStep, approach: HoldApproach): BtsStep {
  switch (step.kind) {
    case "rest":
      return { kind: "rest", timeS: step.untilTimeS };
    case "constant-current":
      return {
        kind: "constant-current",
        currentMa: milli(step.currentA),
        rateC: null,
        timeS: step.untilTimeS,
        stopVoltageV: step.untilVoltageV,
      };
    case "constant-voltage":
      return {
        kind: "constant-voltage",
        direction: approach.direction,
        voltageV: step.voltageV,
        timeS: step.untilTimeS,
        stopRateC: null,
        stopCurrentMa: step.untilCurrentA === null ? null : milli(step.untilCurrentA),
        ceiling: { currentMa: milli(approach.currentMaxA), rateC: null },
      };
  }
}

/** Written so that NaN is trouble everywhere. */
function troubleOf(step: FileStep, approach: HoldApproach, range: ChannelRange): string | null {
  const { limits } = step;
  const { voltageRangeV, currentMaxA } = range;
  if (!(limits.voltageMaxV > limits.voltageMinV)) return "the voltage limits leave nothing between them";
  if (!(limits.currentMaxA > 0 && limits.currentMinA < 0)) return "the current limits must lie on both sides of zero";
  if (!(limits.voltageMaxV < Infinity && limits.voltageMinV > -Infinity)) return "a voltage limit is missing";
  if (!(limits.currentMaxA < Infinity && limits.currentMinA > -Infinity)) return "a current limit is missing";
  if (step.chargeMaxAh !== undefined && !(step.chargeMaxAh > 0 && step.chargeMaxAh < Infinity))
    return `a most charge of ${step.chargeMaxAh} A h`;
  if (!(step.untilTimeS > 0 && step.untilTimeS < Infinity)) return `no end in time: ${step.untilTimeS} s`;
  if (!(step.sampleIntervalS >= range.sampleIntervalMinS && step.sampleIntervalS < Infinity))
    return `samples every ${step.sampleIntervalS} s; the shortest interval is ${range.sampleIntervalMinS} s`;
  const voltages = step.kind === "rest" ? [] : step.kind === "constant-voltage" ? [step.voltageV] : stopOf(step);
  for (const voltageV of voltages) {
    if (!(voltageV >= voltageRangeV.min && voltageV <= voltageRangeV.max))
      return `${voltageV} V is outside the channel's ${voltageRangeV.min}..${voltageRangeV.max} V`;
    if (!(voltageV >= limits.voltageMinV && voltageV <= limits.voltageMaxV))
      return `${voltageV} V is outside the cell's ${limits.voltageMinV}..${limits.voltageMaxV} V`;
  }
  const currentA =
    step.kind === "rest"
      ? 0
      : step.kind === "constant-current"
        ? step.currentA
        : approach.direction === "charge"
          ? approach.currentMaxA
          : -approach.currentMaxA;
  if (!(Math.abs(currentA) <= currentMaxA)) return `${currentA} A is beyond the channel's ${currentMaxA} A`;
  if (!(currentA <= limits.currentMaxA && currentA >= limits.currentMinA))
    return `${currentA} A is outside the cell's ${limits.currentMinA}..${limits.currentMaxA} A`;
  if (step.kind === "constant-current" && currentA === 0) return "a constant current of zero is a rest";
  if (step.kind === "constant-voltage" && step.untilCurrentA !== null && !(step.untilCurrentA > 0))
    return `the current that ends the hold must be above zero, not ${step.untilCurrentA} A`;
  return null;
}

function stopOf(step: { readonly untilVoltageV: number | null }): readonly number[] {
  return step.untilVoltageV === null ? [] : [step.untilVoltageV];
}

/** Thousandths to whole nanoamperes: the digits beyond are binary noise. */
function milli(valueA: number): number {
  return Number((valueA * 1000).toFixed(6));
}
