/** From a step of a protocol to what a channel is asked to run. */
import type { CellLimits, ChannelStep } from "../roles/channel.ts";
import type {
  ConstantCurrentStep,
  ConstantVoltageStep,
  ImpedanceSpectroscopyStep,
  Protocol,
  RecordRule,
  TechniqueStep,
} from "./protocol.ts";
import { pointLongestS, SPECTRUM_POINTS_MAX, spectrumLongestS, spectrumPlan } from "./spectrum-plan.ts";

export interface StepContext {
  readonly nominalCapacityMah: number;
  readonly limits: CellLimits;
  /** The channel's shortest sample interval. */
  readonly sampleIntervalMinS: number;
}

export type ChannelStepResult =
  | {
      readonly kind: "step";
      readonly step: ChannelStep;
      /** The file gives no time, so one was derived: every step must end by itself. */
      readonly isTimeDerived: boolean;
    }
  | { readonly kind: "not-here"; readonly why: string };

/** Times 1/rate: a constant-current step that takes longer has gone wrong (published protocols use 1.1 to 1.5). */
export const CONSTANT_CURRENT_TIME_FACTOR = 1.5;
/** Longest hold of a voltage when the file gives no time; published protocols use 0.5 to 6 h. */
export const CONSTANT_VOLTAGE_TIME_MAX_S = 6 * 3600;

/**
 * An instrument that keeps limits by its samples, and the controller after it, sees no more than these: whatever a
 * file wants recorded, they are never further apart than this.
 */
export const SAMPLE_INTERVAL_MAX_S = 10;
/** Nor, at constant current, than this part of the capacity; but no closer than this many seconds for that. */
const CHARGE_PER_SAMPLE = 0.001;
const WATCH_INTERVAL_MIN_S = 1;
/** Between samples of a protocol that asks for records at changes. */
export const CHANGE_INTERVAL_S = 1;

/** Coarser stairs than this are no scan any more; common practice. */
const SCAN_STEP_MAX_V = 0.001;

/** Names of techniques as protocol files spell them. */
export const TECHNIQUE_NAMES = {
  "open-circuit-voltage": "open_circuit_voltage",
  "constant-current": "constant_current",
  "constant-voltage": "constant_voltage",
  "impedance-spectroscopy": "impedance_spectroscopy",
  "voltage-scan": "voltage_scan",
} as const satisfies Readonly<Record<TechniqueStep["kind"], string>>;

export function channelStep(protocol: Protocol, step: TechniqueStep, context: StepContext): ChannelStepResult {
  const common = {
    sampleIntervalS: Math.max(
      Math.min(recordIntervalS(protocol.record), watchIntervalS(step, context.nominalCapacityMah)),
      context.sampleIntervalMinS,
    ),
    limits: context.limits,
  };
  const { maxCapacityMah } = protocol.safety;
  const withCharge = maxCapacityMah === null ? common : { ...common, chargeMaxAh: milli(maxCapacityMah) };
  switch (step.kind) {
    case "open-circuit-voltage":
      return {
        kind: "step",
        isTimeDerived: false,
        step: { kind: "rest", untilTimeS: step.untilTimeS, ...common },
      };
    case "constant-current": {
      const currentA = stepCurrentA(step, context.nominalCapacityMah);
      return {
        kind: "step",
        isTimeDerived: step.untilTimeS === null,
        step: {
          kind: "constant-current",
          currentA,
          untilVoltageV: step.untilVoltageV,
          untilTimeS: Math.min(
            step.untilTimeS ?? derivedTimeS(currentA, context.nominalCapacityMah),
            chargedAfterS(maxCapacityMah, currentA, common.sampleIntervalS),
          ),
          ...withCharge,
        },
      };
    }
    case "constant-voltage":
      return {
        kind: "step",
        isTimeDerived: step.untilTimeS === null,
        step: {
          kind: "constant-voltage",
          voltageV: step.voltageV,
          untilCurrentA: taperCurrentA(step, context.nominalCapacityMah),
          untilTimeS: step.untilTimeS ?? CONSTANT_VOLTAGE_TIME_MAX_S,
          ...withCharge,
        },
      };
    case "voltage-scan": {
      const scanRateVS = step.scanRateMvS / 1000;
      const untilTimeS = Math.abs(step.endVoltageV - step.startVoltageV) / scanRateVS;
      const sampleIntervalS = Math.min(common.sampleIntervalS, SCAN_STEP_MAX_V / scanRateVS);
      return {
        kind: "step",
        isTimeDerived: false,
        step: {
          kind: "voltage-scan",
          startVoltageV: step.startVoltageV,
          endVoltageV: step.endVoltageV,
          scanRateVS,
          untilTimeS,
          ...withCharge,
          sampleIntervalS: Math.max(sampleIntervalS, context.sampleIntervalMinS),
        },
      };
    }
    case "impedance-spectroscopy":
      return impedanceStep(step, context);
  }
}

function impedanceStep(step: ImpedanceSpectroscopyStep, { limits }: StepContext): ChannelStepResult {
  const plan = spectrumPlan(step);
  const points = plan.pointCount * plan.sweepCount;
  if (!(points <= SPECTRUM_POINTS_MAX)) {
    return { kind: "not-here", why: `a spectrum of ${points} points is more than ${SPECTRUM_POINTS_MAX}` };
  }
  const lowestHz = Math.min(plan.startFrequencyHz, plan.endFrequencyHz);
  return {
    kind: "step",
    isTimeDerived: false,
    step: {
      kind: "impedance",
      excitation:
        step.amplitudeV === null
          ? { kind: "current", peakA: Math.abs(milli(step.amplitudeMa ?? 0)) }
          : { kind: "voltage", peakV: Math.abs(step.amplitudeV) },
      ...plan,
      sampleIntervalS: pointLongestS(lowestHz),
      untilTimeS: spectrumLongestS(plan),
      limits,
    },
  };
}

/** The longest time between samples that still watches over the cell, to a tenth of a second. */
function watchIntervalS(step: TechniqueStep, nominalCapacityMah: number): number {
  if (step.kind !== "constant-current") return SAMPLE_INTERVAL_MAX_S;
  const currentA = Math.abs(stepCurrentA(step, nominalCapacityMah));
  const intervalS = Math.floor((10 * CHARGE_PER_SAMPLE * 3.6 * nominalCapacityMah) / currentA) / 10;
  return Math.min(SAMPLE_INTERVAL_MAX_S, Math.max(WATCH_INTERVAL_MIN_S, intervalS));
}

/** Charge positive. The rate wins over the current, as the format says. */
export function stepCurrentA(step: ConstantCurrentStep, nominalCapacityMah: number): number {
  return milli(step.rateC === null ? (step.currentMa ?? 0) : step.rateC * nominalCapacityMah);
}

/** The magnitude at which a hold ends, or null when only time ends it. */
export function taperCurrentA(step: ConstantVoltageStep, nominalCapacityMah: number): number | null {
  if (step.untilRateC !== null) return Math.abs(milli(step.untilRateC * nominalCapacityMah));
  return step.untilCurrentMa === null ? null : Math.abs(milli(step.untilCurrentMa));
}

/** A change is met by sampling so often that it is seen within a second, or as fast as the channel goes. */
function recordIntervalS({ timeS, voltageV, currentMa }: RecordRule): number {
  return voltageV === null && currentMa === null ? timeS : Math.min(timeS, CHANGE_INTERVAL_S);
}

function derivedTimeS(currentA: number, nominalCapacityMah: number): number {
  return Math.ceil((CONSTANT_CURRENT_TIME_FACTOR * 3.6 * nominalCapacityMah) / Math.abs(currentA));
}

/**
 * By then the charge of the protocol's safety block has flowed, with a hundredth and two samples to see it in: whoever
 * listens takes the cell off before, and the instrument ends the step if nobody does.
 */
function chargedAfterS(maxCapacityMah: number | null, currentA: number, sampleIntervalS: number): number {
  if (maxCapacityMah === null) return Infinity;
  return Math.round((1.01 * 3.6 * maxCapacityMah) / Math.abs(currentA) + 2 * sampleIntervalS);
}

/** Thousandths, without the last digit's binary noise: 0.1 C of 4.09 mAh is 0.409 mA, not 0.40900000000000003. */
function milli(valueMa: number): number {
  return Number((valueMa / 1000).toPrecision(12));
}
