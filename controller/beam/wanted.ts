/**
 * Exposures that steps of cells ask for, beside the sweeps: each with a window that begins at once and ends at a time
 * of its own. They go before the sweep under way, the one with the least time first. Pure.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import {
  planBeam,
  type BeamFacts,
  type BeamPlan,
  type Eligibility,
  type MissReason,
  type SweepState,
  type SweepTiming,
} from "./sweeps.ts";

export interface WantedExposure {
  /** From 1, in the order in which they were asked. */
  readonly number: number;
  readonly cellIndex: number;
  readonly position: string;
  /** Who asks: `step 4 waits for it`. */
  readonly reason: string;
  readonly askedAtMs: number;
  readonly latestMs: number;
  /** On a control spot, by its index among them, right after the exposure it is compared with. */
  readonly controlIndex?: number;
  /** The exposure that failed and is given once more, as the campaign's rule has it. */
  readonly repeatOf?: string;
}

export interface WantedMiss {
  readonly wanted: WantedExposure;
  readonly reason: MissReason;
  readonly text: string;
  readonly detail: { readonly [key: string]: Json };
}

export interface WantedFacts extends BeamFacts {
  readonly wanted: readonly WantedExposure[];
  readonly eligibilityOfWanted: (wanted: WantedExposure) => Eligibility;
  /** A cell may yet ask. */
  readonly mayBeAsked: boolean;
}

/** The plan of the sweeps, with what cells asked for put in. */
export interface WholePlan extends BeamPlan {
  /** Still to be met. */
  readonly wanted: readonly WantedExposure[];
  readonly missedWanted: readonly WantedMiss[];
}

const LATE = "its window passed before the beam was free";

export function planWithWanted(timing: SweepTiming, before: SweepState, facts: WantedFacts): WholePlan {
  const { nowMs, obstacle } = facts;
  const isOver = nowMs >= timing.endAtMs;
  const missedWanted: WantedMiss[] = [];
  const open: WantedExposure[] = [];
  for (const wanted of facts.wanted) {
    const eligibility = facts.eligibilityOfWanted(wanted);
    if (isOver || nowMs >= wanted.latestMs) missedWanted.push({ wanted, reason: "beam", text: LATE, detail: {} });
    else if (eligibility.eligible) open.push(wanted);
    else missedWanted.push({ wanted, reason: eligibility.reason, text: eligibility.text, detail: eligibility.detail });
  }
  const first = open.reduce<WantedExposure | null>(
    (best, one) => (best === null || one.latestMs < best.latestMs ? one : best),
    null,
  );
  if (first !== null && obstacle === null) {
    return {
      state: before,
      act: { kind: "expose", cellIndex: first.cellIndex, sweep: before.sweep, latestMs: first.latestMs, wanted: first },
      misses: [],
      begun: [],
      wanted: open.filter((one) => one !== first),
      missedWanted,
    };
  }
  const plan = planBeam(timing, before, facts);
  const rest = { ...plan, wanted: open, missedWanted };
  if (first !== null && obstacle !== null && plan.act.kind !== "expose") {
    const untilMs = Math.min(first.latestMs, plan.act.kind === "wait" ? plan.act.untilMs : timing.endAtMs);
    return { ...rest, act: { kind: "wait", reason: obstacle.reason, who: obstacle.who, untilMs } };
  }
  if (plan.act.kind === "end" && facts.mayBeAsked && !isOver) {
    return {
      ...rest,
      act: { kind: "wait", reason: "a cell to ask for an exposure", who: "cells", untilMs: timing.endAtMs },
    };
  }
  return rest;
}
