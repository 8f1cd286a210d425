/** What a source-measure unit is set to for a step, and what each reading means for it. Pure. */
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";

/** How the output is set for a step. */
export type SmuSetting =
  | { readonly kind: "open-circuit" }
  | { readonly kind: "voltage"; readonly levelV: number; readonly currentLimitA: number };

export interface SmuRange {
  readonly voltageMaxV: number;
  readonly currentMaxA: number;
  readonly sampleIntervalMinS: number;
}

/** The source's resolution in the 20 V range. */
const VOLTAGE_TOLERANCE_V = 0.0005;
/** By the data sheet of the 2450, 20 V range: what its source and its read-back of it may be off, together. */
const LEVEL_ERROR_V = 0.0024 + 0.001;
const LEVEL_ERROR_SHARE = 0.00015 + 0.00015;
/** Below this share of the current asked for, it is the voltage that the unit keeps. */
const TAPERED_SHARE = 0.95;
/** The voltage limit of an open-circuit reading stays above any cell, or the unit would load it. */
export const OPEN_CIRCUIT_LIMIT_MARGIN_V = 0.5;

/**
 * A constant current is a voltage source at the step's end voltage with the current as its limit: so the unit itself
 * keeps voltage and current when nobody listens. Gives the reason when the step must not run.
 */
export function smuSetting(step: ChannelStep, previous: ChannelStep | null, range: SmuRange): SmuSetting | string {
  const { limits } = step;
  if (!(limits.voltageMaxV > limits.voltageMinV && limits.currentMaxA > 0 && limits.currentMinA < 0))
    return "the limits leave nothing between them";
  if (!(Math.abs(limits.voltageMaxV) <= range.voltageMaxV && Math.abs(limits.voltageMinV) <= range.voltageMaxV))
    return `a voltage limit lies beyond the unit's ${range.voltageMaxV} V`;
  if (!(limits.currentMaxA < Infinity && limits.currentMinA > -Infinity)) return "a current limit is missing";
  if (!(step.untilTimeS > 0 && step.untilTimeS < Infinity)) return `no end in time: ${step.untilTimeS} s`;
  if (!(step.sampleIntervalS >= range.sampleIntervalMinS && step.sampleIntervalS < Infinity))
    return `samples every ${step.sampleIntervalS} s; the shortest interval is ${range.sampleIntervalMinS} s`;
  if (step.kind === "rest") return { kind: "open-circuit" };
  if (step.kind === "voltage-scan") return "the unit has no voltage scan";
  if (step.kind === "impedance") return "the unit measures no impedance";
  const setting =
    step.kind === "constant-current"
      ? {
          levelV: step.untilVoltageV ?? (step.currentA > 0 ? limits.voltageMaxV : limits.voltageMinV),
          currentLimitA: Math.abs(step.currentA),
        }
      : { levelV: step.voltageV, currentLimitA: holdLimitA(step, previous, range) };
  if (!(setting.levelV >= limits.voltageMinV && setting.levelV <= limits.voltageMaxV))
    return `${setting.levelV} V is outside the cell's ${limits.voltageMinV}..${limits.voltageMaxV} V`;
  const largestA = step.kind === "constant-current" && step.currentA < 0 ? -limits.currentMinA : limits.currentMaxA;
  if (!(setting.currentLimitA > 0 && setting.currentLimitA <= Math.min(largestA, range.currentMaxA)))
    return `${setting.currentLimitA} A is zero or outside the limits of cell and unit`;
  return { kind: "voltage", ...setting };
}

/** The unit's current limit holds in both directions, so a hold gets the smaller of the cell's two. */
function holdLimitA(step: ChannelStep & { kind: "constant-voltage" }, previous: ChannelStep | null, range: SmuRange) {
  const isLedThere = previous?.kind === "constant-current" && previous.untilVoltageV === step.voltageV;
  const ledA = isLedThere ? Math.abs(previous.currentA) : Infinity;
  return Math.min(ledA, step.limits.currentMaxA, -step.limits.currentMinA, range.currentMaxA);
}

/**
 * How a step ends at once in a cell that rests at `restV`: past the end of its current already. A voltage source would
 * drive that cell the other way, where the limit may be another one. Null: there is something to do.
 */
export function endAtRest(step: ChannelStep, setting: SmuSetting, restV: number): StepEnd | null {
  if (step.kind !== "constant-current" || setting.kind !== "voltage") return null;
  const isPast = step.currentA > 0 ? restV >= setting.levelV : restV <= setting.levelV;
  if (!isPast) return null;
  return step.untilVoltageV === null ? "limit" : "voltage";
}

/** Null: the step goes on. */
export function endAt(step: ChannelStep, stepTimeS: number, voltageV: number, currentA: number): StepEnd | null {
  const { limits } = step;
  const isInside =
    voltageV <= limits.voltageMaxV + VOLTAGE_TOLERANCE_V &&
    voltageV >= limits.voltageMinV - VOLTAGE_TOLERANCE_V &&
    currentA <= limits.currentMaxA * 1.01 &&
    currentA >= limits.currentMinA * 1.01;
  if (!isInside) return "limit";
  if (step.kind === "constant-current") {
    const endV = step.untilVoltageV ?? (step.currentA > 0 ? limits.voltageMaxV : limits.voltageMinV);
    const beyondV = step.currentA > 0 ? voltageV - endV : endV - voltageV;
    // At its level a unit may read back less for good: then its current tells that it is there.
    const isTapered = Math.abs(currentA) < TAPERED_SHARE * Math.abs(step.currentA);
    const toleranceV = isTapered ? levelErrorV(endV) : VOLTAGE_TOLERANCE_V;
    // Without an end voltage the cell's limit is where the current stops being constant.
    if (beyondV >= -toleranceV) return step.untilVoltageV === null ? "limit" : "voltage";
  }
  if (step.kind === "constant-voltage" && step.untilCurrentA !== null) {
    const isThere = Math.abs(voltageV - step.voltageV) <= levelErrorV(step.voltageV);
    if (isThere && Math.abs(currentA) <= step.untilCurrentA) return "current";
  }
  return stepTimeS >= step.untilTimeS ? "time" : null;
}

/** How far the read-back at a level may lie from it. */
function levelErrorV(levelV: number): number {
  return LEVEL_ERROR_V + LEVEL_ERROR_SHARE * Math.abs(levelV);
}
