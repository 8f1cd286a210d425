/**
 * An electrochemical protocol as beamrack works with it: the aurora-unicycler form with every rate, default and loop
 * target resolved. Currents and rates are positive when they charge the cell. Plain JSON values only.
 */

export interface RecordRule {
  /** Seconds between samples. */
  readonly timeS: number;
  readonly voltageV: number | null;
  readonly currentMa: number | null;
}

export interface SafetyRule {
  readonly maxVoltageV: number | null;
  readonly minVoltageV: number | null;
  /** Largest charge current. */
  readonly maxCurrentMa: number | null;
  /** Largest discharge current, as a negative number. */
  readonly minCurrentMa: number | null;
  readonly maxCapacityMah: number | null;
  readonly delayS: number | null;
}

interface StepCommon {
  readonly id: string | null;
}

export interface OpenCircuitVoltageStep extends StepCommon {
  readonly kind: "open-circuit-voltage";
  readonly untilTimeS: number;
}

/** Either a rate or a current is set; the rate wins. The ends are alternatives: whichever comes first. */
export interface ConstantCurrentStep extends StepCommon {
  readonly kind: "constant-current";
  /** mA per mAh of nominal capacity. */
  readonly rateC: number | null;
  readonly currentMa: number | null;
  readonly untilTimeS: number | null;
  readonly untilVoltageV: number | null;
}

export interface ConstantVoltageStep extends StepCommon {
  readonly kind: "constant-voltage";
  readonly voltageV: number;
  readonly untilTimeS: number | null;
  readonly untilRateC: number | null;
  readonly untilCurrentMa: number | null;
}

export interface ImpedanceSpectroscopyStep extends StepCommon {
  readonly kind: "impedance-spectroscopy";
  readonly amplitudeV: number | null;
  readonly amplitudeMa: number | null;
  readonly startFrequencyHz: number;
  readonly endFrequencyHz: number;
  readonly pointsPerDecade: number;
  readonly measuresPerPoint: number;
  readonly driftCorrection: boolean;
}

export interface VoltageScanStep extends StepCommon {
  readonly kind: "voltage-scan";
  readonly startVoltageV: number;
  readonly endVoltageV: number;
  readonly scanRateMvS: number;
}

export interface LoopStep extends StepCommon {
  readonly kind: "loop";
  /** Index of the step that begins the next pass, counted from 0 over all steps. */
  readonly targetIndex: number;
  /** Passes in all, the first included. */
  readonly cycleCount: number;
  /** The target as the file names it: a tag, or a step number counted from 1. */
  readonly loopTo: string | number;
}

export interface TagStep extends StepCommon {
  readonly kind: "tag";
  readonly tag: string;
}

/** Steps that keep the channel busy for a while. */
export type TechniqueStep =
  | OpenCircuitVoltageStep
  | ConstantCurrentStep
  | ConstantVoltageStep
  | ImpedanceSpectroscopyStep
  | VoltageScanStep;

export type ProtocolStep = TechniqueStep | LoopStep | TagStep;

export interface Protocol {
  /** As the campaign calls it. */
  readonly name: string;
  /** `$NAME` when the file names no sample. */
  readonly sampleName: string;
  readonly sampleCapacityMah: number | null;
  readonly record: RecordRule;
  readonly safety: SafetyRule;
  readonly steps: readonly ProtocolStep[];
}
