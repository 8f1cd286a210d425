/**
 * The beam's next act where triggers have asked for exposures with windows: sweeps, steps and triggers are put before
 * the scheduler together. Pure: what it must not forget (the order, the place of the stage) comes in with the facts and
 * goes out with the plan.
 */
import { beginSweeps, nextSweepDueMs, type Miss, type ParkingPlace, type SweepState } from "../beam/sweeps.ts";
import type { SweepTiming } from "../beam/sweeps.ts";
import type { WantedExposure, WantedFacts, WantedMiss, WholePlan } from "../beam/wanted.ts";
import { decide } from "./decide.ts";
import type { Lately } from "./lately-account.ts";
import type {
  BeamRequest,
  Decision,
  GroupShare,
  KnownStop,
  PlannedExposure,
  ScheduledAct,
  ScheduleState,
} from "./schedule-state.ts";
import { gapFromS, type Travel } from "./travel.ts";

export interface WishFacts extends WantedFacts {
  readonly travel: Travel;
  /** Places of the travel model below this are cells. */
  readonly cellCount: number;
  /** Index in the travel model where the stage stands. */
  readonly place: number;
  /** The cell that a robot has in its other gripper; null for none, and for a stage. */
  readonly fetched: number | null;
  /** The order that was decided last. */
  readonly order: readonly string[];
  /** From the shutter's opening until the stage may leave; of a sweep where nothing else is wanted. */
  readonly occupiesMs: (cellIndex: number, wanted: WantedExposure | null) => number;
  /** So much sooner than the way alone needs it is left: filters and the shutter upstream may have to move first. */
  readonly leadMs: (wanted: WantedExposure | null) => number;
  readonly groupOf: (cellIndex: number) => string;
  readonly positionOf: (cellIndex: number) => string;
  readonly shares: ReadonlyMap<string, GroupShare>;
  readonly stops: readonly KnownStop[];
  readonly losses: ScheduleState["beam"]["losses"];
  readonly exposuresLeft: (cellIndex: number, most: number) => number;
  readonly lately: Lately;
  /** What has kept a request from its exposure so far, for the record; null when nothing is known. */
  readonly hindered: (wanted: WantedExposure) => string | null;
}

/** What was decided, for whoever keeps it. */
export interface Decided {
  readonly decision: Decision;
  /** What it was decided from. */
  readonly state: ScheduleState;
  /** So much ahead of its way the next exposure is left for; null where that played no part. */
  readonly leadMs: number | null;
  /** Of the requests in the timetable and passed over, what was asked; a sweep's have none. */
  readonly wantedById: ReadonlyMap<string, WantedExposure>;
  /** Requests that were put before the scheduler. */
  readonly openCount: number;
  /** The sweep under way; 0 before the first. */
  readonly sweep: number;
  readonly positionOf: (cellIndex: number) => string;
}

export interface WishPlan extends WholePlan {
  /** Null where the act followed without a choice. */
  readonly decided: Decided | null;
}

/** Time passes between two looks, whatever is decided. */
const LOOK_AGAIN_MS = 1;
/** Of what dose leaves so much is counted beyond what is asked: what is nearly given stands back. */
const LEFT_BEYOND = 4;
/** A step that waits holds up its cell: it is worth this much against what triggers ask. */
const STEP_WEIGHT = 4;

export function planWithWishes(timing: SweepTiming, before: SweepState, facts: WishFacts): WishPlan {
  const { nowMs, obstacle } = facts;
  const isOver = nowMs >= timing.endAtMs;
  const started = beginSweeps(timing, before, facts);
  const misses: Miss[] = [...started.misses];
  const missedWanted: WantedMiss[] = [];
  let open = openOf(facts, isOver, missedWanted);
  let { state } = started;
  const common = { begun: started.begun, misses, missedWanted };

  const control = open.find((one) => one.controlIndex !== undefined);
  if (control !== undefined && obstacle === null) {
    const { cellIndex, latestMs } = control;
    const act = { kind: "expose", cellIndex, sweep: state.sweep, latestMs, wanted: control } as const;
    return { ...common, state, act, wanted: open.filter((one) => one !== control), decided: null };
  }

  for (;;) {
    const wantedById = new Map(open.map((one) => [idOf(one), one]));
    const requests = [...open.map((one) => requestOf(one, facts)), ...sweepRequests(state, facts)];
    const counts = countByCell(requests);
    const known: ScheduleState = {
      ...{ nowMs, place: facts.place, fetched: facts.fetched, travel: facts.travel, requests },
      exposuresLeft: (cellIndex) => {
        const most = (counts.get(cellIndex) ?? 0) + LEFT_BEYOND;
        const left = facts.exposuresLeft(cellIndex, most);
        return left >= most ? Infinity : left;
      },
      beam: {
        missing: obstacle === null ? null : { ...obstacle, untilMs: null },
        stops: facts.stops,
        losses: facts.losses,
      },
      ...{ shares: facts.shares, lately: facts.lately, order: facts.order },
    };
    const decision = decide(known);
    const { positionOf } = facts;
    const leadMs = leadOf(decision.act, wantedById, facts);
    const decided: Decided = {
      ...{ decision, state: known, leadMs, wantedById, openCount: requests.length, sweep: state.sweep, positionOf },
    };
    const act = leadMs === null ? decision.act : withLead(decision.act, known, leadMs);
    if (act.kind === "wait") {
      const nextDueMs = nextSweepDueMs(timing, state);
      const isEnd = open.length === 0 && state.remaining.length === 0 && nextDueMs === null && !facts.mayBeAsked;
      if (isOver || isEnd) return { ...common, state, wanted: open, act: { kind: "end" }, decided: null };
      const latestMs = open.reduce((soonest, one) => Math.min(soonest, one.latestMs + 1), Infinity);
      const soonestMs = Math.min(act.untilMs, nextDueMs ?? Infinity, latestMs, timing.endAtMs);
      const untilMs = Math.max(nowMs + LOOK_AGAIN_MS, soonestMs);
      const isWhereWanted = obstacle !== null && requests.some(({ cellIndex }) => cellIndex === facts.place);
      const park = isWhereWanted ? null : parkingOf(act.place, facts);
      const { reason, who } = act;
      return {
        ...common,
        ...{ state, wanted: open, decided },
        act: { kind: "wait", reason, who, untilMs, ...(park === null ? {} : { park }) },
      };
    }
    const { cellIndex } = act.request;
    const wanted = wantedById.get(act.request.id);
    if (wanted === undefined) {
      const eligibility = facts.eligibility(cellIndex, state.sweep);
      state = { ...state, remaining: state.remaining.filter((index) => index !== cellIndex) };
      if (eligibility.eligible) {
        const { sweep, latestMs } = state;
        return { ...common, state, wanted: open, act: { kind: "expose", cellIndex, sweep, latestMs }, decided };
      }
      const { reason, text, detail } = eligibility;
      misses.push({ cellIndex, sweep: state.sweep, reason, text, detail });
      continue;
    }
    open = open.filter((one) => one !== wanted);
    const eligibility = facts.eligibilityOfWanted(wanted);
    if (eligibility.eligible) {
      const { latestMs } = wanted;
      const openAtMs = holdUntilMs(act.request, act.openAtMs);
      return {
        ...common,
        ...{ state, wanted: open, decided },
        act: {
          ...{ kind: "expose", cellIndex, sweep: state.sweep, latestMs, wanted },
          ...(openAtMs > nowMs ? { openAtMs } : {}),
        },
      };
    }
    const { reason, text, detail } = eligibility;
    missedWanted.push({ wanted, reason, text, detail });
  }
}

/** Of a request, for the scheduler. */
export function idOf({ number }: Pick<WantedExposure, "number">): string {
  return `R${number}`;
}

function openOf(facts: WishFacts, isOver: boolean, missedWanted: WantedMiss[]): readonly WantedExposure[] {
  const { nowMs } = facts;
  return facts.wanted.filter((wanted) => {
    const isLate = wanted.wish === undefined ? nowMs >= wanted.latestMs : nowMs > wanted.latestMs;
    if (!isOver && !isLate) {
      if (wanted.wish !== undefined) return true;
      const eligibility = facts.eligibilityOfWanted(wanted);
      if (eligibility.eligible) return true;
      const { reason, text, detail } = eligibility;
      missedWanted.push({ wanted, reason, text, detail });
      return false;
    }
    const eligibility = facts.eligibilityOfWanted(wanted);
    if (!eligibility.eligible) {
      const { reason, text, detail } = eligibility;
      missedWanted.push({ wanted, reason, text, detail });
      return false;
    }
    const end = isLate ? "its window passed" : "the campaign's time was over";
    const why = facts.hindered(wanted) ?? (isLate ? "the beam was not free in time" : null);
    missedWanted.push({ wanted, reason: "beam", text: why === null ? end : `${end}: ${why}`, detail: {} });
    return false;
  });
}

function requestOf(wanted: WantedExposure, facts: WishFacts): BeamRequest {
  const { cellIndex, latestMs, wish } = wanted;
  return {
    ...{ id: idOf(wanted), cellIndex, latestMs },
    earliestMs: wish?.earliestMs ?? wanted.askedAtMs,
    wantedMs: wish === undefined ? wanted.askedAtMs : wish.wantedMs,
    occupiesMs: facts.occupiesMs(cellIndex, wanted),
    weight: wish?.weight ?? STEP_WEIGHT,
    group: wish?.owner ?? facts.groupOf(cellIndex),
  };
}

function sweepRequests({ remaining, sweep, startedAtMs, latestMs }: SweepState, facts: WishFacts) {
  return remaining.map((cellIndex): BeamRequest => ({
    ...{ id: `S${sweep}-${cellIndex}`, cellIndex, earliestMs: startedAtMs, wantedMs: null, latestMs },
    ...{ occupiesMs: facts.occupiesMs(cellIndex, null), weight: 1, group: facts.groupOf(cellIndex) },
  }));
}

function countByCell(requests: readonly BeamRequest[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { cellIndex } of requests) counts.set(cellIndex, (counts.get(cellIndex) ?? 0) + 1);
  return counts;
}

/** Everything is in place a little before the moment for which it waits; null where nothing is waited for. */
function leadOf(act: ScheduledAct, wantedById: ReadonlyMap<string, WantedExposure>, facts: WishFacts): number | null {
  if (act.kind === "expose" || act.next === null || facts.obstacle !== null) return null;
  return facts.leadMs(wantedById.get(act.next.request.id) ?? null);
}

function withLead(act: ScheduledAct, state: ScheduleState, leadMs: number): ScheduledAct {
  if (act.kind === "expose" || act.next === null || act.place !== state.place) return act;
  const { request, openAtMs } = act.next;
  if (leavesAhead(act, state, leadMs)) return { kind: "expose", request, openAtMs };
  return { ...act, untilMs: Math.min(act.untilMs, leaveAtMs(act.next, state, leadMs)) };
}

/** Though the scheduler would still wait, it is time to go. */
export function leavesAhead(act: ScheduledAct, state: ScheduleState, leadMs: number): boolean {
  // Into the shadow and back there is time, or it would not go.
  if (act.kind === "expose" || act.next === null || act.place !== state.place) return false;
  return leaveAtMs(act.next, state, leadMs) <= state.nowMs;
}

function leaveAtMs({ request, openAtMs }: PlannedExposure, state: ScheduleState, leadMs: number): number {
  return openAtMs - 1000 * gapFromS(state.travel, state, request.cellIndex) - leadMs;
}

/** A shutter that would come too late anyhow opens as soon as it can. */
function holdUntilMs({ earliestMs, wantedMs }: BeamRequest, openAtMs: number): number {
  return wantedMs === null || openAtMs > wantedMs ? earliestMs : Math.max(earliestMs, openAtMs);
}

function parkingOf(place: number, { travel, place: here, cellCount }: WishFacts): ParkingPlace | null {
  if (place === here) return null;
  if (place === travel.shadow) return "shadow";
  return place < cellCount ? { cellIndex: place } : null;
}
