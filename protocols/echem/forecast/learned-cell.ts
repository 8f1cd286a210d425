/** What was measured of a cell so far, as a forecast uses it. Plain values; `controller/forecast` gathers them. */
import type { Guess } from "./nameplate.ts";

/** The last run of a step of the protocol. */
export interface LearnedStep {
  /** Counted from 0 over all steps of the file; `previousIndex` is the technique step run before it, -1 for none. */
  readonly stepIndex: number;
  readonly previousIndex: number;
  readonly endedBy: "voltage" | "current" | "time" | "limit";
  readonly durationS: number;
  /** Net charge counted since the start of the protocol when the step ended, A h. */
  readonly endCountAh: number;
  /** By how much that moves from one run of the step to the next, A h; 0 until it ran three times. */
  readonly slipAh: number;
  /** By how much the duration grows from one run to the next, seconds; 0 until it ran three times. */
  readonly growthS: number;
}

export interface LearnedCell {
  /** The cell was filled and emptied once, from one cut-off to another: its capacity is its own, no nameplate's. */
  readonly isMeasured: boolean;
  readonly capacityAh: Guess;
  readonly resistanceOhm: Guess;
  readonly lagS: Guess;
  /** State of charge now, and the part of the capacity that charging still binds for good. */
  readonly share: Guess;
  readonly firstLoss: Guess;
  /** Net charge counted since the start, A h. */
  readonly countAh: number;
  /** The lag of the surface now. */
  readonly lag: number;
  /** By index of the step. */
  readonly steps: ReadonlyMap<number, LearnedStep>;
}
