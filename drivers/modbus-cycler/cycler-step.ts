/** What a cycler is set to for a step, and what each reading means for it. Pure. */
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import type { CyclerMap } from "../../protocols/wire/modbus-cycler/register-map.ts";

export type CyclerSetting =
  | { readonly kind: "open-circuit" }
  | {
      readonly kind: "driven";
      readonly voltageV: number;
      /** A lower limit must not be set too low, an upper one not too high. */
      readonly voltageRounding: "down" | "up";
      readonly chargeCurrentA: number;
      readonly dischargeCurrentA: number;
    };

type Capabilities = CyclerMap["capabilities"];

/**
 * Every step is a voltage with a current limit on either side of it, so the unit itself keeps both when nobody
 * listens: charging goes up to its end voltage, discharging down to it. Gives the reason when the step must not run.
 */
export function cyclerSetting(
  step: ChannelStep,
  previous: ChannelStep | null,
  capabilities: Capabilities,
): CyclerSetting | string {
  const { limits } = step;
  if (!(limits.voltageMaxV > limits.voltageMinV && limits.currentMaxA > 0 && limits.currentMinA < 0))
    return "the limits leave nothing between them";
  if (!(limits.voltageMaxV < Infinity && limits.voltageMinV > -Infinity)) return "a voltage limit is missing";
  if (!(limits.currentMaxA < Infinity && limits.currentMinA > -Infinity)) return "a current limit is missing";
  if (!(step.untilTimeS > 0 && step.untilTimeS < Infinity)) return `no end in time: ${step.untilTimeS} s`;
  if (!(step.sampleIntervalS >= capabilities.sampleIntervalMinS && step.sampleIntervalS < Infinity))
    return `samples every ${step.sampleIntervalS} s; the shortest interval is ${capabilities.sampleIntervalMinS} s`;
  if (step.kind === "rest") return { kind: "open-circuit" };
  if (step.kind === "voltage-scan") return "the unit has no voltage scan";
  if (step.kind === "impedance") return "the unit measures no impedance";
  const setting = step.kind === "constant-current" ? currentSetting(step) : holdSetting(step, previous, capabilities);
  if (typeof setting === "string") return setting;
  const { voltageV, chargeCurrentA, dischargeCurrentA } = setting;
  if (!(voltageV >= limits.voltageMinV && voltageV <= limits.voltageMaxV))
    return `${voltageV} V is outside the cell's ${limits.voltageMinV}..${limits.voltageMaxV} V`;
  if (!(voltageV >= capabilities.voltageMinV && voltageV <= capabilities.voltageMaxV))
    return `${voltageV} V is outside the unit's ${capabilities.voltageMinV}..${capabilities.voltageMaxV} V`;
  if (!(chargeCurrentA <= limits.currentMaxA && dischargeCurrentA <= -limits.currentMinA))
    return "the current is outside the cell's limits";
  const largestA = Math.max(chargeCurrentA, dischargeCurrentA);
  if (!(largestA <= capabilities.currentMaxA))
    return `${largestA} A is more than the unit's ${capabilities.currentMaxA} A`;
  if (!(largestA > capabilities.currentToleranceA))
    return `${largestA} A is less than the unit tells apart from nothing (${capabilities.currentToleranceA} A)`;
  return setting;
}

function currentSetting(step: ChannelStep & { kind: "constant-current" }): CyclerSetting & { kind: "driven" } {
  const isCharging = step.currentA > 0;
  const { limits } = step;
  return {
    kind: "driven",
    voltageV: step.untilVoltageV ?? (isCharging ? limits.voltageMaxV : limits.voltageMinV),
    voltageRounding: isCharging ? "down" : "up",
    chargeCurrentA: Math.max(0, step.currentA),
    dischargeCurrentA: Math.max(0, -step.currentA),
  };
}

/** A hold that follows a current to its voltage goes on with that current at most. */
function holdSetting(
  step: ChannelStep & { kind: "constant-voltage" },
  previous: ChannelStep | null,
  capabilities: Capabilities,
): (CyclerSetting & { kind: "driven" }) | string {
  const { limits, untilCurrentA } = step;
  if (untilCurrentA !== null && !(untilCurrentA > capabilities.currentToleranceA))
    return `an end at ${untilCurrentA} A is finer than the unit reads (${capabilities.currentToleranceA} A)`;
  const ledA =
    previous?.kind === "constant-current" && previous.untilVoltageV === step.voltageV
      ? Math.abs(previous.currentA)
      : capabilities.currentMaxA;
  return {
    kind: "driven",
    voltageV: step.voltageV,
    // Away from the limit that is nearer.
    voltageRounding: step.voltageV - limits.voltageMinV < limits.voltageMaxV - step.voltageV ? "up" : "down",
    chargeCurrentA: Math.min(ledA, limits.currentMaxA),
    dischargeCurrentA: Math.min(ledA, -limits.currentMinA),
  };
}

/** Null: the step goes on. */
export function cyclerStepEnd(
  step: ChannelStep,
  capabilities: Capabilities,
  stepTimeS: number,
  voltageV: number,
  currentA: number,
): StepEnd | null {
  const { limits } = step;
  const { voltageToleranceV, currentToleranceA } = capabilities;
  const isInside =
    voltageV <= limits.voltageMaxV + voltageToleranceV &&
    voltageV >= limits.voltageMinV - voltageToleranceV &&
    currentA <= limits.currentMaxA + currentToleranceA &&
    currentA >= limits.currentMinA - currentToleranceA;
  if (!isInside) return "limit";
  if (step.kind === "constant-current") {
    const isCharging = step.currentA > 0;
    const endV = step.untilVoltageV ?? (isCharging ? limits.voltageMaxV : limits.voltageMinV);
    const beyondV = isCharging ? voltageV - endV : endV - voltageV;
    // Without an end voltage the cell's limit is where the current stops being constant.
    if (beyondV >= -voltageToleranceV) return step.untilVoltageV === null ? "limit" : "voltage";
  }
  if (step.kind === "constant-voltage" && step.untilCurrentA !== null) {
    const isThere = Math.abs(voltageV - step.voltageV) <= 2 * voltageToleranceV;
    if (isThere && Math.abs(currentA) <= step.untilCurrentA) return "current";
  }
  return stepTimeS >= step.untilTimeS ? "time" : null;
}
