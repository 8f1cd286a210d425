/**
 * The next act of the beam: a pure function of what is wanted, where the stage stands and what is known of beam, cells
 * and shares. It is asked again at every event and keeps nothing; the order it decided last comes back in the state, so
 * that a good one is not thrown away. What it does and why: docs/scheduler.md.
 */
import { isOverloaded } from "./load-ahead.ts";
import { createOrderCost, LOSS_LENGTHS, type Candidates, type Closed } from "./order-cost.ts";
import { searchOrder } from "./order-search.ts";
import type {
  BeamRequest,
  Decision,
  GroupShare,
  PassedOver,
  PlannedExposure,
  ScheduledAct,
  ScheduleState,
} from "./schedule-state.ts";
import { gapFromS } from "./travel.ts";

/** The order is thought out for so many requests at the most, the most pressing; the others follow. */
const CANDIDATES_MAX = 128;
/** Windows that begin later than this have no bearing on the next act. */
const AHEAD_MS = 900_000;
/** A window that is never over is reckoned with to this end: sums of what is without end are none. */
const FAR_S = 1e9;
/** With this long to wait the stage goes to the shadow. */
const SHADOW_FROM_MS = 120_000;
/** It leaves the place where it waits so much before it must. */
const MARGIN_MS = 1;
/** No nearer to the beginning of its window than this part of it is anything taken early: forecasts of it are a little off. */
const EDGE = 0.05;
/** A group far below its share goes before one far above it by so much: never two exposures for one. */
const SHARE_WEIGHT = 0.2;
/**
 * A cell whose dose is nearly given stands back a little, in weight and in seconds of the way: when several cells have
 * none left, the others do not fill the beam.
 */
const SPENT_WEIGHT = 0.1;
const SPENT_S = 3;

export function decide(state: ScheduleState): Decision {
  const { nowMs, travel } = state;
  const passedOver: PassedOver[] = [];
  const open = withinDose(state, stillPossible(state, passedOver), passedOver);
  const chosen = mostPressing(state, open);
  const candidates = columns(chosen, state);
  const closed = closedTimes(state);
  const costs = createOrderCost(candidates, travel, state, closed, (state.beam.losses?.perHour ?? 0) / 3600);
  const indexOf = new Map(chosen.map((request, index) => [request.id, index]));
  const kept: number[] = [];
  for (const id of state.order) {
    const index = indexOf.get(id);
    if (index === undefined) continue;
    kept.push(index);
    indexOf.delete(id);
  }
  const order = searchOrder(
    candidates,
    costs,
    travel,
    kept,
    [...indexOf.values()],
    isOverloaded(state, open, AHEAD_MS),
  );
  const isMet = new Set<number>();
  const timetable: PlannedExposure[] = [];
  for (let k = 0; k < costs.met; k += 1) {
    const index = costs.visited[k] ?? 0;
    const request = chosen[index];
    if (request === undefined) continue;
    isMet.add(index);
    timetable.push({ request, openAtMs: nowMs + 1000 * (costs.opensS[k] ?? 0) });
  }
  chosen.forEach((request, index) => {
    if (!isMet.has(index)) passedOver.push({ request, reason: "no-place" });
  });
  return {
    act: nextAct(state, timetable, open),
    timetable,
    passedOver,
    order: [...timetable.map(({ request }) => request.id), ...leftOutIds(order, chosen, isMet)],
  };
}

function leftOutIds(order: Int32Array, chosen: readonly BeamRequest[], isMet: ReadonlySet<number>): readonly string[] {
  const ids: string[] = [];
  for (const index of order) {
    const request = chosen[index];
    if (request !== undefined && !isMet.has(index)) ids.push(request.id);
  }
  return ids;
}

function stillPossible(state: ScheduleState, passedOver: PassedOver[]): readonly BeamRequest[] {
  return state.requests.filter((request) => {
    if (request.latestMs >= state.nowMs) return true;
    passedOver.push({ request, reason: "window-passed" });
    return false;
  });
}

/** A cell's last exposures go to what weighs most, then to what comes first. */
function withinDose(
  state: ScheduleState,
  requests: readonly BeamRequest[],
  passedOver: PassedOver[],
): readonly BeamRequest[] {
  const byCell = new Map<number, BeamRequest[]>();
  for (const request of requests) {
    const same = byCell.get(request.cellIndex);
    if (same === undefined) byCell.set(request.cellIndex, [request]);
    else same.push(request);
  }
  const refused = new Set<BeamRequest>();
  for (const [cellIndex, asked] of byCell) {
    const left = state.exposuresLeft(cellIndex);
    // Written so that NaN refuses.
    if (left >= asked.length) continue;
    asked.sort((a, b) => b.weight - a.weight || a.latestMs - b.latestMs);
    for (const request of asked.slice(left >= 1 ? Math.floor(left) : 0)) {
      refused.add(request);
      passedOver.push({ request, reason: "dose" });
    }
  }
  return refused.size === 0 ? requests : requests.filter((request) => !refused.has(request));
}

function mostPressing(state: ScheduleState, requests: readonly BeamRequest[]): readonly BeamRequest[] {
  const { travel, nowMs } = state;
  const near = requests.filter(({ earliestMs }) => earliestMs <= nowMs + AHEAD_MS);
  if (near.length <= CANDIDATES_MAX) return near;
  const here = travel.rank[state.place] ?? 0;
  const off = ({ cellIndex }: BeamRequest): number => Math.abs((travel.rank[cellIndex] ?? 0) - here);
  return near.sort((a, b) => a.latestMs - b.latestMs || off(a) - off(b)).slice(0, CANDIDATES_MAX);
}

function columns(requests: readonly BeamRequest[], { nowMs, shares, beam, exposuresLeft }: ScheduleState): Candidates {
  const count = requests.length;
  const candidates = {
    count,
    place: new Int32Array(count),
    earliestS: new Float64Array(count),
    wantedS: new Float64Array(count),
    latestS: new Float64Array(count),
    safeS: new Float64Array(LOSS_LENGTHS.length * count).fill(Infinity),
    occupiesS: new Float64Array(count),
    weight: new Float64Array(count),
    drawS: new Float64Array(count),
  };
  const left = requests.map(({ cellIndex }) => exposuresLeft(cellIndex));
  const mostLeft = left.reduce((most, one) => (Number.isFinite(one) ? Math.max(most, one) : most), 0);
  requests.forEach((request, index) => {
    candidates.place[index] = request.cellIndex;
    const { earliestMs, latestMs } = request;
    let { wantedMs } = request;
    if (beam.losses !== null) {
      // Where the beam may be lost, what would not outlast that is best had before.
      const edgeMs = earliestMs + EDGE * (latestMs - earliestMs);
      for (const [k, length] of LOSS_LENGTHS.entries()) {
        const safeMs = Math.max(edgeMs, latestMs - length * beam.losses.lastMs);
        candidates.safeS[LOSS_LENGTHS.length * index + k] = (safeMs - nowMs) / 1000;
        wantedMs = wantedMs === null ? null : Math.min(wantedMs, safeMs);
      }
    }
    candidates.earliestS[index] = (earliestMs - nowMs) / 1000;
    candidates.wantedS[index] = wantedMs === null ? NaN : (wantedMs - nowMs) / 1000;
    candidates.latestS[index] = Math.min(FAR_S, (latestMs - nowMs) / 1000);
    candidates.occupiesS[index] = request.occupiesMs / 1000;
    const spent = mostLeft > 0 ? Math.max(0, 1 - (left[index] ?? 0) / mostLeft) : 0;
    candidates.drawS[index] = SPENT_S * spent;
    candidates.weight[index] =
      (1 - SPENT_WEIGHT * spent) *
      request.weight *
      claim(request.group === null ? undefined : shares.get(request.group));
  });
  return candidates;
}

/** Above 1 for a group that had less than its share. */
function claim(share: GroupShare | undefined): number {
  if (share === undefined || !(share.share > 0)) return 1;
  return 1 + SHARE_WEIGHT * Math.max(-1, Math.min(1, 1 - share.used / share.share));
}

function closedTimes({ beam, nowMs }: ScheduleState): readonly Closed[] {
  const closed = beam.stops
    .filter(({ fromMs, toMs }) => toMs > nowMs && fromMs < nowMs + 2 * AHEAD_MS)
    .map(({ fromMs, toMs }) => ({ fromS: (fromMs - nowMs) / 1000, toS: (toMs - nowMs) / 1000 }));
  const backMs = beam.missing?.untilMs ?? nowMs;
  return backMs <= nowMs ? closed : [{ fromS: 0, toS: (backMs - nowMs) / 1000 }, ...closed];
}

function nextAct(
  state: ScheduleState,
  timetable: readonly PlannedExposure[],
  open: readonly BeamRequest[],
): ScheduledAct {
  const { nowMs, travel, place, beam } = state;
  const next = timetable[0] ?? null;
  // What is still far has no part in the order, and is to have one before it is open.
  const nearMs = open.reduce((soonest, { earliestMs }) => {
    const atMs = earliestMs - AHEAD_MS;
    return atMs > nowMs ? Math.min(soonest, atMs) : soonest;
  }, Infinity);
  if (next === null) {
    const shadow = travel.shadow ?? place;
    const reason = nearMs === Infinity ? "a request that can be met" : "the next request to come near";
    return { kind: "wait", untilMs: nearMs, reason, who: "triggers", place: shadow, next };
  }
  const { request, openAtMs } = next;
  const leaveMs = openAtMs - 1000 * gapFromS(travel, state, request.cellIndex);
  if (beam.missing !== null) {
    const { reason, who, untilMs } = beam.missing;
    // At the cell, so that it is exposed as soon as there is beam.
    return { kind: "wait", untilMs: untilMs ?? request.latestMs, reason, who, place: request.cellIndex, next };
  }
  if (leaveMs <= nowMs + MARGIN_MS) return { kind: "expose", request, openAtMs };
  const stop = beam.stops.find(({ fromMs, toMs }) => fromMs <= nowMs && toMs > nowMs);
  const isLong = travel.shadow !== null && openAtMs - nowMs >= SHADOW_FROM_MS;
  const waitAt = isLong ? travel.shadow : place;
  const goingS = waitAt === place ? 0 : gapFromS(travel, state, waitAt);
  const backS = gapFromS(travel, { ...state, place: waitAt }, request.cellIndex);
  return {
    kind: "wait",
    untilMs: Math.max(nowMs + 1000 * goingS, Math.min(nearMs, openAtMs - 1000 * backS)),
    reason: stop === undefined ? "the wanted moment" : stop.what,
    who: stop === undefined ? "timetable" : "machine",
    place: waitAt,
    next,
  };
}
