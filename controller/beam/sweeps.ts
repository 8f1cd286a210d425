/**
 * Sweeps in time: when each begins, which cells are still to be visited, what becomes of those that were not. Pure:
 * the state and the facts of the moment give the next act of the beam with its reason. A sweep asks for one exposure
 * of each cell of its tour, within the window from its start to the start of the next.
 */

import type { Json } from "../../protocols/base/canonical-json.ts";
import type { WantedExposure } from "./wanted.ts";

export interface SweepTiming {
  /** Campaign milliseconds at which sweep 1 is due. */
  readonly firstAtMs: number;
  readonly cadenceMs: number;
  /** From these sweeps on others, by amendments; in order. */
  readonly turns?: readonly SweepTurn[];
  /** No exposure is begun after this. */
  readonly endAtMs: number;
  /** About how long one exposure occupies the beam; a sweep that cannot begin its first before the end is not asked. */
  readonly perExposureMs: number;
}

/** This sweep is due then, and those behind it in this cadence. */
export interface SweepTurn {
  readonly sweep: number;
  readonly dueMs: number;
  readonly cadenceMs: number;
}

export type MissReason = "dose" | "beam" | "cell";

export interface Miss {
  readonly cellIndex: number;
  readonly sweep: number;
  readonly reason: MissReason;
  readonly text: string;
  /** What the decision was made from, for the record. */
  readonly detail: { readonly [key: string]: Json };
}

export interface SweepState {
  /** Number of the sweep under way, from 1; 0 before the first. */
  readonly sweep: number;
  readonly startedAtMs: number;
  readonly latestMs: number;
  /** Cells still to visit, in tour order. */
  readonly remaining: readonly number[];
}

export const BEFORE_FIRST_SWEEP: SweepState = { sweep: 0, startedAtMs: 0, latestMs: 0, remaining: [] };

export type Eligibility =
  | { readonly eligible: true }
  | {
      readonly eligible: false;
      readonly reason: MissReason;
      readonly text: string;
      readonly detail: { readonly [key: string]: Json };
    };

/** What is known at the moment of planning. */
export interface BeamFacts {
  readonly nowMs: number;
  /** Null when beam and equipment are fit for an exposure; else what is missing and who owes it. */
  readonly obstacle: { readonly reason: string; readonly who: string } | null;
  readonly eligibility: (cellIndex: number, sweep: number) => Eligibility;
  /** Order in which this sweep visits its cells. */
  readonly tour: (sweep: number) => readonly number[];
}

/** In the shadow, or at the cell that is next. */
export type ParkingPlace = "shadow" | { readonly cellIndex: number };

export type BeamAct =
  | {
      readonly kind: "expose";
      readonly cellIndex: number;
      readonly sweep: number;
      readonly latestMs: number;
      /** A step of the cell, or a trigger, asked for it; else the sweep. */
      readonly wanted?: WantedExposure;
      /** The shutter is not to open before; left out: as soon as it can. */
      readonly openAtMs?: number;
    }
  | {
      readonly kind: "wait";
      readonly reason: string;
      readonly who: string;
      readonly untilMs: number;
      /** Where the stage waits, when it is not there; left out: where it stands. */
      readonly park?: ParkingPlace;
    }
  | { readonly kind: "end" };

export interface BeamPlan {
  readonly state: SweepState;
  readonly act: BeamAct;
  readonly misses: readonly Miss[];
  /** Sweeps that began in this planning, with the cells they ask for. */
  readonly begun: readonly BegunSweep[];
}

export interface BegunSweep {
  readonly sweep: number;
  readonly startedAtMs: number;
  readonly asked: readonly number[];
}

/** When sweep `number` (from 1) is due. */
export function sweepDueMs(timing: SweepTiming, number: number): number {
  const turn = timing.turns?.findLast(({ sweep }) => sweep <= number) ?? beginOf(timing);
  return turn.dueMs + (number - turn.sweep) * turn.cadenceMs;
}

function beginOf({ firstAtMs, cadenceMs }: SweepTiming): SweepTurn {
  return { sweep: 1, dueMs: firstAtMs, cadenceMs };
}

/**
 * From the sweep after `last` on, 0 for none, another cadence: that one is due a cadence after the last was, though not
 * before now; the first one keeps its time.
 */
export function withCadence(timing: SweepTiming, last: number, nowMs: number, cadenceMs: number): SweepTiming {
  const dueMs = last === 0 ? sweepDueMs(timing, 1) : Math.max(nowMs, sweepDueMs(timing, last) + cadenceMs);
  return { ...timing, turns: [...(timing.turns ?? []), { sweep: last + 1, dueMs, cadenceMs }] };
}

/** Sweeps that begin before the end. */
export function sweepCount(timing: SweepTiming): number {
  const { endAtMs, perExposureMs } = timing;
  const { sweep, dueMs, cadenceMs } = timing.turns?.at(-1) ?? beginOf(timing);
  return Math.max(0, sweep + Math.floor((endAtMs - perExposureMs - dueMs) / cadenceMs) || 0);
}

/** When the next sweep is due; null where none begins before the end. */
export function nextSweepDueMs(timing: SweepTiming, { sweep }: Pick<SweepState, "sweep">): number | null {
  const dueMs = sweepDueMs(timing, sweep + 1);
  return dueMs + timing.perExposureMs <= timing.endAtMs ? dueMs : null;
}

/** Begins the sweeps that are due; what is left of the one before is missed. */
export function beginSweeps(
  timing: SweepTiming,
  before: SweepState,
  facts: Pick<BeamFacts, "nowMs" | "tour">,
): Omit<BeamPlan, "act"> {
  let state = before;
  const misses: Miss[] = [];
  const begun: BegunSweep[] = [];

  const giveUp = (): void => {
    for (const cellIndex of state.remaining) {
      misses.push({
        cellIndex,
        sweep: state.sweep,
        reason: "beam",
        text: "its window passed before the beam was free",
        detail: {},
      });
    }
    state = { ...state, remaining: [] };
  };

  // Also at the end: what fell due while the beam was held was asked for, and is missed.
  for (;;) {
    const dueMs = nextSweepDueMs(timing, state);
    if (dueMs === null || facts.nowMs < dueMs) break;
    const sweep = state.sweep + 1;
    giveUp();
    const asked = facts.tour(sweep);
    begun.push({ sweep, startedAtMs: facts.nowMs, asked });
    state = { sweep, startedAtMs: facts.nowMs, latestMs: sweepDueMs(timing, sweep + 1), remaining: asked };
  }
  if (facts.nowMs >= timing.endAtMs) giveUp();
  return { state, misses, begun };
}

export function planBeam(timing: SweepTiming, before: SweepState, facts: BeamFacts): BeamPlan {
  const started = beginSweeps(timing, before, facts);
  const { begun } = started;
  const misses = [...started.misses];
  let { state } = started;

  while (state.remaining.length > 0) {
    const cellIndex = state.remaining[0];
    if (cellIndex === undefined) break;
    const eligibility = facts.eligibility(cellIndex, state.sweep);
    if (!eligibility.eligible) {
      const { reason, text, detail } = eligibility;
      misses.push({ cellIndex, sweep: state.sweep, reason, text, detail });
      state = { ...state, remaining: state.remaining.slice(1) };
      continue;
    }
    if (facts.obstacle !== null) {
      const { reason, who } = facts.obstacle;
      const untilMs = nextSweepDueMs(timing, state) ?? timing.endAtMs;
      return { state, misses, begun, act: { kind: "wait", reason, who, untilMs } };
    }
    state = { ...state, remaining: state.remaining.slice(1) };
    return { state, misses, begun, act: { kind: "expose", cellIndex, sweep: state.sweep, latestMs: state.latestMs } };
  }

  const untilMs = nextSweepDueMs(timing, state);
  if (facts.nowMs >= timing.endAtMs || untilMs === null) return { state, misses, begun, act: { kind: "end" } };
  return {
    ...{ state, misses, begun },
    act: { kind: "wait", reason: `sweep ${state.sweep + 1} to be due`, who: "timetable", untilMs },
  };
}

/**
 * A serpentine over the rack, row by row; every second sweep runs backwards, so that it starts where the last one
 * ended. For a full rack this tour is already the shortest one.
 */
export function serpentineTour(
  cells: readonly { readonly row: number; readonly column: number }[],
  sweep: number,
): readonly number[] {
  const order = cells
    .map((cell, index) => ({ ...cell, index }))
    .sort((a, b) => a.row - b.row || (a.row % 2 === 0 ? a.column - b.column : b.column - a.column))
    .map((cell) => cell.index);
  return sweep % 2 === 1 ? order : order.reverse();
}
