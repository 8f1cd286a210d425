/** What was measured of a cell so far, as a forecast uses it. Plain values; `controller/forecast` gathers them. */
import type { Guess } from "./nameplate.ts";

/** The last of the runs of steps that are alike. */
export interface LearnedStep {
  readonly cycle: number;
  readonly endedBy: "voltage" | "current" | "time" | "limit";
  readonly durationS: number;
  /** Net charge counted since the start of the protocol where the step ends, A h, as of this cycle. */
  readonly endCountAh: number;
  readonly countCycle: number;
  /** What follows was seen of these very runs, three at the least; else it is what other steps of the cell say, or 0. */
  readonly hasTrend: boolean;
  /** By how much the count moves from one cycle to the next, A h, and the duration of a hold, seconds. */
  readonly slipAh: number;
  readonly growthS: number;
}

export interface LearnedCell {
  /** The cell was filled and emptied once, from one cut-off to another: its capacity is its own, no nameplate's. */
  readonly isMeasured: boolean;
  /** It came to a cut-off once, so that its state of charge is known. */
  readonly isAnchored: boolean;
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
  /** By `runKind`. */
  readonly steps: ReadonlyMap<number, LearnedStep>;
}
