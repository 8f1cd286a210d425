/**
 * Exposures that are asked for beside the sweeps. Those that steps of cells ask for have a window that begins at once
 * and ends at a time of its own; they go before the sweep under way, the one with the least time first. Those that
 * triggers ask for (`wish`) have a window in the future, which moves as forecasts learn; as soon as there is one of
 * them, the scheduler chooses (schedule/wish-plan.ts). Pure.
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

/**
 * What a trigger asks for: the shutter is to open within a window, best at the wanted moment. Times are campaign
 * milliseconds and may be far ahead.
 */
export interface ExposureWish {
  /**
   * Names it for good, also after a restart: what is asked once more by the same key is the same request with another
   * window; what was exposed, missed or withdrawn is not asked again. Trigger, position and mark: `soc A7 2c 0.30`.
   */
  readonly key: string;
  /** Name of the trigger in the campaign file; `operator` and `agent` for those who ask by command. */
  readonly trigger: string;
  readonly cellIndex: number;
  readonly earliestMs: number;
  /** Null where any moment of the window is as good. */
  readonly wantedMs: number | null;
  readonly latestMs: number;
  readonly presetName: string;
  /** What it is worth against others, above 0; 1 is usual. */
  readonly weight: number;
  /** The group on whose share it counts, or the author of a command; null where nobody counts. */
  readonly owner: string | null;
  /** A person asked for this one exposure. */
  readonly isByHand?: true;
  /** For people: `at 30 % of the charge, cycle 2`. */
  readonly reason: string;
}

export interface WithdrawnWish {
  readonly key: string;
  /** For the record: `the step ended before 30 % of the charge`. */
  readonly reason: string;
}

/** What the campaign's machine hears of triggers and of those who ask by command. */
export interface WishNews {
  readonly type: "WISHES";
  readonly asked: readonly ExposureWish[];
  readonly withdrawn: readonly WithdrawnWish[];
}

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
  /** A trigger asked, with a window of its own; `latestMs` and `reason` above are those of the wish. */
  readonly wish?: ExposureWish;
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
      act: {
        kind: "wait",
        reason: "somebody to ask for an exposure",
        who: "cells and triggers",
        untilMs: timing.endAtMs,
      },
    };
  }
  return rest;
}

/** A window that moved by less is the same, milliseconds; of wide windows by less than this share. */
const SAME_MS = 1000;
const SAME_SHARE = 0.02;
/** An exposure so near to the wanted moment, as a share of the window, is as good. */
const NEAR_SHARE = 0.15;

/** Whether whoever knew the window should hear of the next. */
export function isMoved(before: ExposureWish, after: ExposureWish): boolean {
  const sameMs = Math.max(SAME_MS, SAME_SHARE * (before.latestMs - before.earliestMs));
  const isApart = (a: number | null, b: number | null): boolean =>
    a === null || b === null ? a !== b : Math.abs(a - b) > sameMs;
  return (
    isApart(before.earliestMs, after.earliestMs) ||
    isApart(before.wantedMs, after.wantedMs) ||
    isApart(before.latestMs, after.latestMs) ||
    before.presetName !== after.presetName ||
    before.weight !== after.weight
  );
}

/** Whether an exposure of the same cell that something else asked for is what the wish asks for. */
export function isNear(wish: ExposureWish, openedAtMs: number | null, presetName = wish.presetName): boolean {
  const { earliestMs, wantedMs, latestMs } = wish;
  if (openedAtMs === null || openedAtMs < earliestMs || openedAtMs > latestMs) return false;
  if (wish.presetName !== presetName) return false;
  return wantedMs === null || Math.abs(openedAtMs - wantedMs) <= NEAR_SHARE * (latestMs - earliestMs);
}
