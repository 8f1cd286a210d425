/** What is known of a cell as triggers look at it, and what a trigger makes of it. Times are campaign milliseconds. */
import type { TechniqueStep } from "../../protocols/echem/protocol.ts";
import type { StepRule } from "../../protocols/campaign/campaign.ts";
import type { CellForecast } from "../forecast/cell-forecast.ts";

export type Direction = "charge" | "discharge";

export interface RunningStep {
  /** Counted from 0 over all steps of the file. */
  readonly stepIndex: number;
  /** Technique steps from the protocol's start, counted from 1. */
  readonly ordinal: number;
  readonly cycle: number;
  readonly step: TechniqueStep;
  /** Of a constant current; null for anything else. */
  readonly direction: Direction | null;
  /** A, as ordered; NaN where it is no constant current. */
  readonly orderedA: number;
  readonly beganAtMs: number;
  /** When it would have begun had it run without its breaks. */
  readonly startedAtMs: number;
  /** Since its last break, or since it began. */
  readonly runsSinceMs: number;
  readonly isPaused: boolean;
}

export interface PassedStep {
  readonly stepIndex: number;
  readonly ordinal: number;
  readonly cycle: number;
  readonly endedAtMs: number;
}

export interface KnownCharge {
  /** 0..1. */
  readonly value: number;
  readonly uncertainty: number;
  readonly capacityAh: number;
  /** Of the sample it was counted up to. */
  readonly atMs: number;
}

/** The half cycle under way, or the last one while nothing flows. */
export interface HalfCharge {
  readonly direction: Direction;
  /** Net charge that flowed its way. */
  readonly movedAh: number;
  /** Of the sample it was counted up to. */
  readonly atMs: number;
}

export interface CellFacts {
  readonly position: string;
  readonly nowMs: number;
  /** Null before the first step, between steps, and when the cell's part is over. */
  readonly step: RunningStep | null;
  /** The last that ended, newest first. */
  readonly passed: readonly PassedStep[];
  readonly isOver: boolean;
  /** All steps of the file, for what comes. */
  readonly stepOf: (stepIndex: number) => TechniqueStep | null;
  readonly stepRules: readonly StepRule[];
  /** Null as long as it is not known well enough. */
  readonly charge: KnownCharge | null;
  /** The cell has shown what it holds: `charge` is a part of its own capacity, no nameplate's. */
  readonly isMeasured: boolean;
  readonly nominalAh: number;
  /** Null before the first current. */
  readonly half: HalfCharge | null;
  /** Of the last sample; NaN without. */
  readonly voltageV: number;
  readonly currentA: number;
  /** V/s over the last looks; NaN where it is not known. */
  readonly slopeVS: number;
  readonly forecast: CellForecast | null;
  /** Seconds by which the open-circuit curve says that the current under way comes from this voltage to that; NaN where it does not say. */
  readonly curveS: (fromV: number, toV: number) => number;
}

/** Until when a moment can come: the end of its step, of its half cycle, or of the cell's part. */
export type Scope =
  | { readonly kind: "step"; readonly ordinal: number }
  | { readonly kind: "half-cycle"; readonly cycle: number; readonly direction: Direction }
  | { readonly kind: "open" };

/** One wanted exposure of a cell. */
export interface Moment {
  /** The same moment has the same mark, whenever it is worked out: `c2 charge 0.3`. */
  readonly mark: string;
  readonly atMs: number;
  readonly earliestMs: number;
  /** Null where any moment of the window is as good. */
  readonly wantedMs: number | null;
  readonly latestMs: number;
  /** For people. */
  readonly what: string;
  readonly scope: Scope;
  /** When it comes is not certain: it is worth a look before. */
  readonly isGuess: boolean;
}

/** As far ahead as requests are made: the scheduler orders a quarter of an hour. */
export const AHEAD_MS = 1_800_000;
/** What has not come must not be exposed: until then its window stays so far ahead of every look. */
export const GUARD_MS = 15_000;

export const WORST_STATE_OF_CHARGE = 0.15;

/** A step that is expected, with its beginning. */
export interface ExpectedStep {
  readonly stepIndex: number;
  readonly ordinal: number;
  readonly cycle: number;
  readonly beginsAtMs: number;
  readonly endsAtMs: number;
  readonly isBegun: boolean;
  /** The clock alone decides when it begins, and when it ends. */
  readonly isBeginSure: boolean;
  readonly isEndSure: boolean;
}

/** The step under way and those after it that begin within the time for which requests are made, as far as they are forecast. */
export function expectedSteps(facts: CellFacts): readonly ExpectedStep[] {
  const { step, forecast, nowMs, passed, stepRules } = facts;
  if (forecast === null) return step === null ? [] : [alone(facts, step)];
  const isPaused = forecast.pausedAtMs !== null;
  const delayMs = forecast.pausedAtMs === null ? 0 : nowMs - forecast.pausedAtMs;
  const isWaiting = (stepIndex: number): boolean => stepRules.some((rule) => rule.stepIndex === stepIndex);
  const steps: ExpectedStep[] = [];
  const passedOrdinal = passed[0]?.ordinal ?? 0;
  let isSure = !isPaused;
  let beforeMs = step?.beganAtMs ?? passed[0]?.endedAtMs ?? nowMs;
  for (const { ordinal, step: stepNumber, cycle, endsAtMs, endedBy } of forecast.edges) {
    if (ordinal <= passedOrdinal && ordinal !== step?.ordinal) continue;
    // A protocol may have hundreds to come, and a cell is looked at often.
    if (beforeMs > nowMs + AHEAD_MS) break;
    const stepIndex = stepNumber - 1;
    const isBegun = step?.ordinal === ordinal;
    const isBeginSure = isBegun || isSure;
    isSure = isSure && endedBy === "time" && !isWaiting(stepIndex);
    const ends = endsAtMs + delayMs;
    steps.push({
      ...{ stepIndex, ordinal, cycle, isBegun, isBeginSure, isEndSure: isSure },
      ...{ beginsAtMs: beforeMs, endsAtMs: isSure ? ends : Math.max(ends, nowMs) },
    });
    beforeMs = steps.at(-1)?.endsAtMs ?? ends;
  }
  return steps;
}

/** Without a forecast only a rest says when it ends. */
function alone({ nowMs, stepRules }: CellFacts, running: RunningStep): ExpectedStep {
  const { stepIndex, ordinal, cycle, beganAtMs, startedAtMs, step, isPaused } = running;
  const isRest = step.kind === "open-circuit-voltage" && !isPaused;
  const isEndSure = isRest && !stepRules.some((rule) => rule.stepIndex === stepIndex);
  const endsAtMs = step.kind === "open-circuit-voltage" ? startedAtMs + 1000 * step.untilTimeS : Infinity;
  return {
    ...{ stepIndex, ordinal, cycle, beginsAtMs: beganAtMs, endsAtMs: Math.max(endsAtMs, nowMs) },
    ...{ isBegun: true, isBeginSure: true, isEndSure },
  };
}

/** Whole minutes, so that the window of what is late does not move at every look. */
const LATE_STEP_MS = 60_000;

/** What is guessed to have come already, and has not, is ahead. */
export function guarded(nowMs: number, atMs: number, isSure: boolean): number {
  if (isSure || atMs >= nowMs + GUARD_MS) return atMs;
  return LATE_STEP_MS * Math.ceil((nowMs + GUARD_MS) / LATE_STEP_MS);
}

export function windowAround(atMs: number, { earlyS, lateS }: { readonly earlyS: number; readonly lateS: number }) {
  return { atMs, earliestMs: atMs - 1000 * earlyS, wantedMs: atMs, latestMs: atMs + 1000 * lateS };
}
