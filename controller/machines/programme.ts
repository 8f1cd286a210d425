/** A cell's programme as its machine sees it: steps, places in it, and what it does to the channel. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { WaitFallback } from "../../protocols/campaign/campaign.ts";
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import type { AccountedEnd } from "../cells/cell-account.ts";
import type { LeadBack, UnfitStep } from "../cells/next-step.ts";
import type { SpectrumView } from "../cells/spectrum-log.ts";

/** One step to run, with what people call it. */
export interface ProgrammeStep {
  /** Number in the protocol file, from 1. */
  readonly stepNumber: number;
  readonly cycleNumber: number;
  readonly label: string;
  readonly channelStep: ChannelStep;
  /** What it waits for, by word of the campaign. */
  readonly wait?: StepWait | null;
  /** Exposures asked for as it begins. */
  readonly asks?: readonly AskedExposure[];
  /** The step to whose voltage it leads the cell back. */
  readonly leadsTo?: ProgrammeStep;
  /** For the record: where it will hold, or why not; which capacity its rate refers to. */
  readonly note?: string | null;
}

/** Ends a step before its time. */
export interface StepWait {
  /** `exposure`, one of this cell that was ordered after the wait began; or a signal of another cell. */
  readonly for: string;
  /** For a person, after `waits for`: `its next exposure`. */
  readonly text: string;
  readonly who: string;
  readonly maximumS: number;
  readonly fallback: WaitFallback;
}

/** A measurement that a step asks for. */
export interface AskedExposure {
  readonly presetName: string;
  readonly withinS: number;
  readonly reason: string;
}

/** State of charge as far as it is known. */
export interface KnownCharge {
  readonly stateOfCharge: number;
  /** Half-width. */
  readonly uncertainty: number;
  readonly capacityAh: number;
}

/** What the end of a step, or of one part of it, is to others. */
export interface PartOutcome {
  /** The step as the protocol has it is over, not only a part. */
  readonly isStepOver: boolean;
  readonly asks: readonly AskedExposure[];
  /** `left`: the step came to an end of its own first, or a person ended it. */
  readonly wait: (StepWait & { readonly came: "met" | "in-vain" | "left" }) | null;
}

/** What a step came to, as far as the way on depends on it. */
export interface FinishedStep {
  /** Net charge of the step, charge positive; NaN where it is not known. */
  readonly chargeAh: number;
  /** By how much that may be off, for want of samples. */
  readonly doubtAh: number;
  /** A person skipped or ended this step, or one of the half cycle before it: its charge says nothing of the cell. */
  readonly isCut: boolean;
  readonly end: AccountedEnd;
  /** The last reading; NaN without one. */
  readonly voltageV: number;
  /** What is known of the cell now; null before it was ever full or empty. */
  readonly charge: KnownCharge | null;
}

/** A place in a protocol: the step to run, and how to work out the place after it. Pure. */
export interface ProgrammeCursor {
  readonly step: ProgrammeStep;
  /** Null when the protocol is over, or ended by one of its conditions. */
  readonly next: (finished: FinishedStep) => ProgrammeCursor | null;
  /** What the same end is to others; nothing where the campaign has no rule for the step. */
  readonly outcome?: (finished: FinishedStep) => PartOutcome | null;
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

/** What a cell was found like that was put back. */
export interface CellBack {
  readonly openCircuitV: number;
  /** By the small current through it; null where none was asked for. */
  readonly wired: { readonly currentA: number; readonly responseV: number; readonly resistanceOhm: number } | null;
}

export interface FirstSample {
  /** From the step's start, or from its last break. */
  readonly sinceS: number;
  readonly voltageV: number;
  readonly currentA: number;
}

/** What came of a step's samples, and what its instrument says there were. */
export interface StepSamples {
  readonly channelIndex: number;
  /** Samples of use that came since the step began, or since its last break: all of them go on record. */
  readonly received: number;
  /** Campaign times of the first and the last of them. */
  readonly fromMs: number;
  readonly toMs: number;
  /** By the instrument's own count; null where it has none. */
  readonly counted: number | null;
}

/**
 * Why a cell is looked at before a step: it comes to it out of turn; or the step broke off, and may have come to its end unheard,
 * or holds a voltage from which the cell has relaxed.
 */
export type LookedAt = "out-of-turn" | "broken-off";

export interface CellEffects {
  /**
   * Polarity, contact and wiring, as this channel itself reads them. Rejects with `cell.unproven`, or with what came
   * between. Nothing new is begun once `signal` is aborted. `left`: after a restart, what may have run before, as of `openCircuit`.
   */
  prove(signal: AbortSignal, left?: LeftStep): Promise<{ readonly openCircuitV: number }>;
  /** `because`: why the cell was off since its step ran last; null where it follows another step. */
  startStep(step: ProgrammeStep, elapsedS: number, because: string | null): Promise<void>;
  /** What the cell, which is off, has against this step, or needs before it; null: it may begin. Rejects with what came between. */
  lookBefore?(step: ProgrammeStep, why: LookedAt): Promise<UnfitStep | LeadBack | null>;
  /** The same by its last sample, from which a person's order is judged. */
  unfitNow?(step: ProgrammeStep): UnfitStep | null;
  /**
   * Ends what runs and confirms the cell off. `left`: after a restart, what the record left, which may have run where nobody
   * found it again before.
   */
  openCircuit(left?: LeftStep): Promise<void>;
  /**
   * After a restart: what the channel does, and whether the cell is the one that was left. Rejects with
   * `cell.unproven` where it is not, or with what came between.
   */
  findAgain(left: LeftStep): Promise<CellFound>;
  /**
   * The cell was put back: resolves where it can be the one that was taken. With `wiringSignal` polarity, contact and
   * wiring are proven again by a small current; nothing new is begun once it is aborted. Rejects with `cell.unproven`, or
   * with what came between.
   */
  confirmBack(left: LeftStep, wiringSignal?: AbortSignal): Promise<CellBack>;
  /** For what the cell itself is waited, which does not lie in its slot yet; null or left out: it does. */
  awaitedCell?(): string | null;
  /** The instrument runs a step to its end whoever listens. */
  readonly runsAlone?: boolean;
  /** When its channel's link was made anew, and the step ran until then; null or left out where it did not, or nobody knows. */
  readonly foundRunningAtMs?: number | null;
  /**
   * Seconds this step had run when it was found so after its last start; by its samples, or its own end, too, where that was
   * not answered. Null or left out where nothing tells.
   */
  ranAtLeastS?(step: ProgrammeStep): number | null;
  /** Nobody asks any more what runs, or after a restart what was left; as `SampleIntake.givenUp` says. */
  givenUp?(left: LeftStep): number | null;
  /** What has flowed so far, by raw samples. */
  totals(): ChargeTotals;
  /** The first sample of the step that runs or ran last; null without one. */
  firstSample?(): FirstSample | null;
  /** Samples of the step that ended last; null without one. */
  stepSamples?(): StepSamples | null;
  /** The cell's last spectrum; null without one. */
  lastSpectrum?(): SpectrumView | null;
  /** Another cell has come to this, at any time before. */
  hasCome?(signal: string): boolean;
  /** Other cells may wait for the end of this step of the cell. */
  isWatched?(stepNumber: number): boolean;
}

/** What the record says of the step that was under way. */
export interface LeftStep {
  readonly step: ProgrammeStep | null;
  /** When it began to run, or again after a break, by campaign time; null when nothing ran. */
  readonly runningSinceMs: number | null;
  /** Seconds it had run before that. */
  readonly elapsedS: number;
  /**
   * Nothing stood in its way as the controller was lost: it may have begun in the last second, of which nothing is on
   * record. Or its link was lost, and it may have run on.
   */
  readonly mayHaveBegun?: boolean;
  /** Since when nobody heard of it, where it ran then; left out where it is heard, or confirmed off since. */
  readonly unheardSinceMs?: number;
  /** What ran led the cell back to the voltage that the step holds. */
  readonly isLead?: boolean;
  /** When its link was lost; left out where it was not. */
  readonly lostAtMs?: number;
  /** What drives it may be on, and nothing of it runs that would end it. */
  readonly isEndless?: boolean;
  /** Nothing ran then, and none of it has begun before. */
  readonly idleSinceMs?: number;
  /** What follows it: it may have begun too, where nothing stood in its way. */
  readonly next?: ProgrammeStep;
  /** What it waited for had come, or a person had it left. */
  readonly isLeft?: boolean;
  /** It was off by a person's order, for nobody knows how long. */
  readonly wasHeld?: boolean;
  /** Of the cell, by its last proof on record. */
  readonly resistanceOhm?: number;
}
