/** One potentiostat channel, wired to one position. The instrument runs each step itself, with its limits inside. */
import type { Fault } from "../base/fault.ts";
import type { Identity, Instrument } from "./instrument.ts";

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
  /** The step ends by itself after this time, or with the last whole interval between samples before. Every step has one. */
  readonly untilTimeS: number;
  readonly limits: CellLimits;
  /** Most charge that may flow in the step, either way, > 0: an instrument that counts it ends the step as at a limit. */
  readonly chargeMaxAh?: number;
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
    })
  | (StepCommon & {
      /**
       * Small sines about the open-circuit voltage, or about no current. `untilTimeS` is the longest that all of them
       * take, `sampleIntervalS` the longest for one; less time begins so much further on. Ends as by time.
       */
      readonly kind: "impedance";
      readonly excitation: SpectrumExcitation;
      readonly startFrequencyHz: number;
      readonly endFrequencyHz: number;
      /** Of one sweep, evenly on a logarithmic scale. */
      readonly pointCount: number;
      readonly sweepCount: number;
    });

/** The height of the sine above its middle: half of what lies between its two peaks. */
export type SpectrumExcitation =
  | { readonly kind: "voltage"; readonly peakV: number }
  | { readonly kind: "current"; readonly peakA: number };

export type StepEnd = "voltage" | "current" | "time" | "limit" | "aborted";

/** Bits of a sample's flags. */
export const SAMPLE_TIMING_MISSED = 1;
export const SAMPLE_OVERLOAD = 2;
export const SAMPLE_UNDERLOAD = 4;
export const SAMPLE_OVERLOAD_WARNING = 8;

/** One frequency of a spectrum, with what the cell stood at meanwhile. */
export interface SpectrumPoint {
  readonly stepTimeS: number;
  readonly frequencyHz: number;
  readonly zRealOhm: number;
  /** Negative for a capacitor. */
  readonly zImagOhm: number;
  readonly voltageV: number;
  readonly currentA: number;
  /** As of a sample. */
  readonly flags: number;
}

/** Called from the byte stream: return at once and do not throw. Plain numbers, so that nothing is allocated per sample. */
export interface ChannelListener {
  /** `stepTimeS` counts from the start of the running step, by the instrument's own timer. */
  sample(stepTimeS: number, voltageV: number, currentA: number, flags: number): void;
  /** In an impedance step, right after the sample of the same instant. */
  spectrumPoint?(point: SpectrumPoint): void;
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

/** A step that a controller before this one started, and that may still run or be over by now. */
export interface LeftRunning {
  /** As it was given to `start`. */
  readonly step: ChannelStep;
  /** Seconds since its start, now. */
  readonly sinceStartS: () => number;
  /** The last of its samples that is on record; null where there is none. */
  readonly lastSample: { readonly stepTimeS: number; readonly voltageV: number; readonly currentA: number } | null;
  /** As the instrument last named itself; null where it never did. */
  readonly identity: Identity | null;
}

export interface Channel extends Instrument {
  readonly capabilities: ChannelCapabilities;
  /**
   * Told before `connect`: the next one leaves this step running where the instrument proves that it is this one, and
   * then tells its samples and its end like those of a step of its own. What is not proven is ended, as ever. Absent
   * where the instrument cannot tell.
   */
  leaveRunning?(left: LeftRunning): void;
  /** The last `connect` found the step told to `leaveRunning`, and left it alone. */
  readonly hasTakenOver?: boolean;
  /**
   * When `connect` found a step running that it was not to leave, and ended it, by the monotonic clock; null where none was
   * since the last `start`. Absent where the instrument does not tell.
   */
  readonly foundRunningAtMs?: number | null;
  /** One listener; the last one given counts. */
  listen(listener: ChannelListener): void;
  /** Loads and runs a step; resolves when the instrument has acknowledged that it runs. Rejects when one is running already. */
  start(step: ChannelStep): Promise<void>;
  /**
   * Ends whatever runs and confirms the cell off. Safe to repeat; being off already is success. `told` is called when the
   * command has been handed to the link; where a client or a line is shared, when that has taken it.
   */
  abort(told?: () => void): Promise<void>;
  /**
   * Samples that the instrument itself counts of the step that ended last, by the numbers of its own record, by its
   * buffer or by its timer; null where it does not tell. Absent where it keeps no count.
   */
  samplesCounted?(): number | null;
  /** Open-circuit voltage with the cell switched off. Rejects while a step runs. */
  measureOpenCircuitV(): Promise<number>;
}
