/** One potentiostat channel, wired to one position. The instrument runs each step itself, with its limits inside. */
import type { Fault } from "../base/fault.ts";
import type { Instrument } from "./instrument.ts";

/** What the instrument itself must enforce while a step runs, whoever is listening. */
export interface CellLimits {
  readonly voltageMaxV: number;
  readonly voltageMinV: number;
  /** Largest charge current, > 0. */
  readonly currentMaxA: number;
  /** Largest discharge current as a negative number. */
  readonly currentMinA: number;
}

interface StepCommon {
  /** Seconds between samples. */
  readonly sampleIntervalS: number;
  /** The step ends by itself after this time. Every step has one. */
  readonly untilTimeS: number;
  readonly limits: CellLimits;
}

/** Charge current is positive. */
export type ChannelStep =
  | (StepCommon & { readonly kind: "rest" })
  | (StepCommon & {
      readonly kind: "constant-current";
      readonly currentA: number;
      /** Ends the step: reached from below when charging, from above when discharging. */
      readonly untilVoltageV: number | null;
    })
  | (StepCommon & {
      readonly kind: "constant-voltage";
      readonly voltageV: number;
      /** Ends the step when |I| falls to this. */
      readonly untilCurrentA: number | null;
    })
  | (StepCommon & {
      readonly kind: "voltage-scan";
      readonly startVoltageV: number;
      /** Ends the step, as a voltage does. */
      readonly endVoltageV: number;
      /** > 0, whichever way. `untilTimeS` is how long the scan takes; less begins it so much further on. */
      readonly scanRateVS: number;
    });

export type StepEnd = "voltage" | "current" | "time" | "limit" | "aborted";

/** Bits of a sample's flags. */
export const SAMPLE_TIMING_MISSED = 1;
export const SAMPLE_OVERLOAD = 2;
export const SAMPLE_UNDERLOAD = 4;
export const SAMPLE_OVERLOAD_WARNING = 8;

/** Called from the byte stream: return at once and do not throw. Plain numbers, so that nothing is allocated per sample. */
export interface ChannelListener {
  /** `stepTimeS` counts from the start of the running step, by the instrument's own timer. */
  sample(stepTimeS: number, voltageV: number, currentA: number, flags: number): void;
  /** The running step is over and the cell is switched off, by the instrument's own word. */
  stepEnded(end: StepEnd): void;
  /** The step cannot go on, or nothing is known of it any more. */
  fault(fault: Fault): void;
}

export interface ChannelCapabilities {
  readonly voltageRangeV: { readonly min: number; readonly max: number };
  readonly currentMaxA: number;
  readonly sampleIntervalMinS: number;
  /** Holds a step and its limits without the controller. */
  readonly runsProgrammeAlone: boolean;
  /** Keeps samples while nobody listens. */
  readonly buffersSamples: boolean;
}

export interface Channel extends Instrument {
  readonly capabilities: ChannelCapabilities;
  /** One listener; the last one given counts. */
  listen(listener: ChannelListener): void;
  /** Loads and runs a step; resolves when the instrument has acknowledged that it runs. Rejects when one is running already. */
  start(step: ChannelStep): Promise<void>;
  /** Ends whatever runs and confirms the cell off. Safe to repeat; being off already is success. */
  abort(): Promise<void>;
  /** Open-circuit voltage with the cell switched off. Rejects while a step runs. */
  measureOpenCircuitV(): Promise<number>;
}
