/** What the intake of all samples is told and asked: its part towards the cells' effects, the record and the tests. */
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import type { CellLimits } from "../../protocols/roles/channel.ts";
import type { LimitWatchDeps } from "./limit-watch.ts";

/** What a step that begins is to be held against. */
export interface StartedStep {
  /** After a break: its charge is added to what the step had before. */
  readonly continues: boolean;
  readonly sampleIntervalS: number;
  /** The instrument ends it after this time at the latest. */
  readonly untilTimeS: number;
  /** What flows if no sample says otherwise; NaN where the step does not fix it. */
  readonly currentA: number;
  /** Where the step does not fix it, most that can flow, either way; left out where nothing is known of it. */
  readonly mostA?: number;
  /** Most charge that may flow in it, either way, breaks included, A h; left out where nothing limits it. */
  readonly chargeMaxAh?: number | undefined;
  /** From the command to the instrument's word that it runs; left out where nobody knows any more. */
  readonly startTookMs?: number;
}

export interface SampleSink {
  sample(channelIndex: number, atMs: number, voltageV: number, currentA: number, flags: number): void;
}

export interface SampleIntakeDeps extends LimitWatchDeps {
  readonly sink: SampleSink;
  /** Of the first cells; places behind them are for cells that join, and take no sample before `limit` says theirs. */
  readonly limits: readonly CellLimits[];
  /** A sample of a cell that is followed has come, and is counted. */
  readonly followed?: (cellIndex: number, atMs: number, flags: number) => void;
  /** A disturbed step is not believed for ever: this many flagged samples in a row end it. */
  readonly overloadsInRowMax: number;
}

export interface SampleIntake {
  /** Another step is asked to begin, of which so much is in doubt already: what is counted from now on is its own. */
  stepAsked(cellIndex: number, doubtAh: number): void;
  /** A step begins on the instrument: its timer reads zero at this campaign time. */
  stepStarted(cellIndex: number, atMs: number, step?: StartedStep): void;
  /** It ended, and its samples are all here. `offAtMs`: of one that drove on until the cell was confirmed off. */
  stepEnded(cellIndex: number, offAtMs?: number): void;
  /**
   * The cell is confirmed off. Where a step ran on unheard, half of what its current can have moved since the last
   * sample is counted, and half is the doubt; all that can flow, where the step does not fix its current and no sample was heard.
   */
  switchedOff(cellIndex: number, atMs: number): void;
  /**
   * Nobody will ask what became of the step that runs: what it may move up to its own end is in doubt. Campaign time of that
   * end: Infinity where nothing ends it, and so no doubt says enough; null where nothing runs.
   */
  givenUp(cellIndex: number): number | null;
  /** What runs may be driven on, and nothing in its instrument ends it any more. */
  endIsGone(cellIndex: number): void;
  /** So much may have flowed while nobody listened, or nothing: it is in doubt. */
  mayHaveFlowed(cellIndex: number, ampereHours: number): void;
  /** Sums of what flowed either way. */
  totals(cellIndex: number): ChargeTotals;
  /** After a restart: what had flowed of this cell, and in the step under way. */
  restore(cellIndex: number, totals: ChargeTotals, stepChargeAh: number, stepDoubtAh?: number): void;
  /** Of a step that is over: the reading that was its cell's last so far. */
  lastSeen(cellIndex: number, atMs: number, voltageV: number, currentA: number): void;
  /** Read with the cell off, as it was given out of its place; NaN once it is driven again. */
  releasedAt(cellIndex: number, openCircuitV: number): void;
  /** What `work` hands in is on record already: it is counted, and neither stored nor judged again. */
  replay(work: () => void): void;
  /** Other limits hold from the next sample on. */
  limit(cellIndex: number, limits: CellLimits): void;
  /** From now on, or no longer, each of its samples is told of. */
  follow(cellIndex: number, isFollowed: boolean): void;
  /** Tells of the first sample above `highV` or below `lowV`. */
  watch(cellIndex: number, lowV: number, highV: number): void;
  sample(cellIndex: number, stepTimeS: number, voltageV: number, currentA: number, flags: number): void;
  /** The first sample of the step, and when it came, seconds from its start or from its last break; NaN before it. */
  readonly firstVoltageV: Float64Array;
  readonly firstCurrentA: Float64Array;
  readonly firstTimeS: Float64Array;
  readonly lastVoltageV: Float64Array;
  readonly lastCurrentA: Float64Array;
  /** Campaign time of the last sample; -Infinity before the first. */
  readonly lastAtMs: Float64Array;
  /** Of the reading that `lastVoltageV` and `lastCurrentA` are: later samples may have read nothing. -Infinity where there is none. */
  readonly readAtMs: Float64Array;
  /** When its step's timer read zero; NaN where nobody knows any more. */
  readonly readStepStartMs: Float64Array;
  /** What `releasedAt` told last; NaN where that is over, or never was. */
  readonly releasedV: Float64Array;
  /** Net charge since the start, A h, charge positive; trapezoids over raw samples. */
  readonly chargeAh: Float64Array;
  /** Charge since the step began. */
  readonly stepChargeAh: Float64Array;
  /** By how much that may be off. */
  readonly stepDoubtAh: Float64Array;
  /** Samples of use since the step began, or since its last break, and campaign time of the first of them. */
  readonly stepSamples: Float64Array;
  readonly stepFirstMs: Float64Array;
  /** When the step's timer read zero, and how long it took to begin it; NaN where nobody knows any more. */
  readonly stepStartMs: Float64Array;
  readonly startTookMs: Float64Array;
  /** Two samples further apart than this have a gap between them; Infinity where nothing is known of the step. */
  readonly gapMs: Float64Array;
  readonly sampleCount: number;
  /** Samples that were not finite numbers, or went back in time: counted, not used. */
  readonly rejectedCount: number;
}
