/** A cell's programme as its machine sees it: steps, places in it, and what it does to the channel. */
import type { ChannelStep } from "../../protocols/roles/channel.ts";

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
}

/** A place in a protocol: the step to run, and how to work out the place after it. Pure. */
export interface ProgrammeCursor {
  readonly step: ProgrammeStep;
  /** Null when the protocol is over, or ended by one of its conditions. */
  readonly next: (finished: FinishedStep) => ProgrammeCursor | null;
}

export interface CellEffects {
  /** Open-circuit voltage within the chemistry's window, seen on this channel. Rejects with `cell.unproven`. */
  prove(): Promise<{ readonly openCircuitV: number }>;
  startStep(step: ProgrammeStep, elapsedS: number): Promise<void>;
  /** Ends what runs and confirms the cell off. */
  openCircuit(): Promise<void>;
}
