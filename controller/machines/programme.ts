/** A cell's programme as its machine sees it: steps, places in it, and what it does to the channel. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import type { SpectrumView } from "../cells/spectrum-log.ts";

/** One step to run, with what people call it. */
export interface ProgrammeStep {
  /** Number in the protocol file, from 1. */
  readonly stepNumber: number;
  readonly cycleNumber: number;
  readonly label: string;
  readonly channelStep: ChannelStep;
}

/** What a step came to, as far as the way on depends on it. */
export interface FinishedStep {
  /** Net charge of the step, charge positive; NaN where it is not known. */
  readonly chargeAh: number;
  /** By how much that may be off, for want of samples. */
  readonly doubtAh: number;
  /** A person skipped or ended this step, or one of the half cycle before it: its charge says nothing of the cell. */
  readonly isCut: boolean;
}

/** A place in a protocol: the step to run, and how to work out the place after it. Pure. */
export interface ProgrammeCursor {
  readonly step: ProgrammeStep;
  /** Null when the protocol is over, or ended by one of its conditions. */
  readonly next: (finished: FinishedStep) => ProgrammeCursor | null;
  /** The place as it goes on record, to be found again after a restart. */
  readonly place?: Json;
}

/** What a channel was found doing after a restart. */
export type CellFound =
  /** The step goes on, untouched. */
  | { readonly kind: "running" }
  /** It ended in the meantime, by the instrument's own word. */
  | {
      readonly kind: "ended";
      readonly end: StepEnd;
      readonly voltageV: number;
      readonly currentA: number;
      readonly chargeAh: number;
    }
  /** Nothing runs; the voltage is that of the cell as it was left. */
  | { readonly kind: "off"; readonly openCircuitV: number; readonly stepElapsedS: number };

export interface CellEffects {
  /**
   * Polarity, contact and wiring, as this channel itself reads them. Rejects with `cell.unproven`, or with what came
   * between. Nothing new is begun once `signal` is aborted.
   */
  prove(signal: AbortSignal): Promise<{ readonly openCircuitV: number }>;
  /** `because`: why the cell was off since its step ran last; null where it follows another step. */
  startStep(step: ProgrammeStep, elapsedS: number, because: string | null): Promise<void>;
  /** Ends what runs and confirms the cell off. */
  openCircuit(): Promise<void>;
  /**
   * After a restart: what the channel does, and whether the cell is the one that was left. Rejects with
   * `cell.unproven` where it is not, or with what came between.
   */
  findAgain(left: LeftStep): Promise<CellFound>;
  /** What has flowed so far, by raw samples. */
  totals(): ChargeTotals;
  /** The cell's last spectrum; null without one. */
  lastSpectrum?(): SpectrumView | null;
}

/** What the record says of the step that was under way. */
export interface LeftStep {
  readonly step: ProgrammeStep | null;
  /** When it began to run, or again after a break, by campaign time; null when nothing ran. */
  readonly runningSinceMs: number | null;
  /** Seconds it had run before that. */
  readonly elapsedS: number;
}
