/** A gate generator: gives pulses of known length to a shutter or a detector, once for each time it is told to. */
import { shortNumber } from "../base/duration-text.ts";
import type { Instrument } from "./instrument.ts";

export interface GateTrain {
  /** From the command to the first gate's rising edge. */
  readonly delayS: number;
  readonly widthS: number;
  /** At least 1. */
  readonly count: number;
  /** Rising edge to rising edge. Without meaning for a single gate. */
  readonly periodS: number;
}

export interface TriggerCapabilities {
  readonly widthMinS: number;
  /** Delay and width of one gate together. */
  readonly gateMaxS: number;
  /** Shortest pause between two gates. */
  readonly pauseMinS: number;
  readonly countMax: number;
}

export interface FiredTrain {
  /** Gates given, by the device's own word. */
  readonly gateCount: number;
}

export interface FiredGates {
  /** On the clock of the host, just before the command went out: no gate of it began earlier. */
  readonly sentAtMs: number;
  readonly finished: Promise<FiredTrain>;
}

export interface Trigger extends Instrument {
  readonly capabilities: TriggerCapabilities;
  /**
   * Sets a train and reads it back; resolves with what the device confirmed. Its output is at rest and nothing
   * fires. Rejects with `device.refused`.
   */
  arm(train: GateTrain): Promise<GateTrain>;
  /**
   * Reads the armed train back once more and fires it; a train is fired once. Resolves when the device has taken the
   * command: when its answer was lost, the device is read back, and never told twice. Rejects with
   * `device.unknown-outcome` when that too says nothing. `finished` settles at the end of the last gate, or rejects
   * with `trigger.late`, `trigger.aborted` or `device.unknown-outcome`.
   */
  fire(): Promise<FiredGates>;
  /** Ends what runs and disarms; the output is at rest. Safe to repeat. */
  abort(): Promise<void>;
}

/** Why no device could give this train, or undefined. */
export function trainProblem(train: GateTrain, capabilities: TriggerCapabilities): string | undefined {
  const { delayS, widthS, count, periodS } = train;
  const { widthMinS, gateMaxS, pauseMinS, countMax } = capabilities;
  if (!(delayS >= 0)) return `a delay of ${delayS} s`;
  if (!(widthS >= widthMinS)) return `a gate of ${widthS} s; the shortest is ${widthMinS} s`;
  if (!(delayS + widthS <= gateMaxS))
    return `delay and gate of ${shortNumber(delayS + widthS)} s; the longest are ${gateMaxS} s`;
  if (!(Number.isInteger(count) && count >= 1 && count <= countMax))
    return `${count} gates; 1 to ${countMax} are possible`;
  if (count === 1) return undefined;
  if (!(periodS >= widthS + pauseMinS && periodS <= gateMaxS)) {
    return `a period of ${periodS} s; it must leave ${pauseMinS} s after a gate of ${widthS} s and be ${gateMaxS} s at most`;
  }
  return undefined;
}

/** From the command to the end of the last gate. */
export function trainLengthS(train: GateTrain): number {
  return train.delayS + train.widthS + (train.count - 1) * (train.count > 1 ? train.periodS : 0);
}
