/** The scheduler and what it is held against: rules that peers use, each given the better of two habits. */
import { decide } from "../../../controller/schedule/decide.ts";
import type { BeamRequest, ScheduleState } from "../../../controller/schedule/schedule-state.ts";
import { gapFromS, gapS } from "../../../controller/schedule/travel.ts";
import type { Policy } from "./play.ts";

export const BASELINES = ["serpentine", "nearest", "deadline"] as const;
export type Baseline = (typeof BASELINES)[number];
/** Begin as soon as the window does, or not before the wanted moment. */
export const HABITS = ["at-earliest", "at-wanted"] as const;
export type Habit = (typeof HABITS)[number];

/** `onDecision` hears how many requests there were, before and after. */
export function thisScheduler(timed?: { begin(): void; end(requests: number): void }): Policy {
  return {
    decide(state) {
      timed?.begin();
      const { act, order, timetable } = decide(state);
      timed?.end(state.requests.length);
      if (act.kind === "wait") {
        return { act: { kind: "wait", untilMs: act.untilMs, place: act.place }, order, fetch: null };
      }
      return {
        act: { kind: "expose", id: act.request.id, openAtMs: act.openAtMs },
        order,
        fetch: timetable[1]?.request.cellIndex ?? null,
      };
    },
  };
}

export function baseline(name: Baseline, habit: Habit): Policy {
  /** Cells of a serpentine go by their rank, forth and back. */
  let heading = 1;
  const readyMs = (request: BeamRequest): number =>
    habit === "at-wanted" ? (request.wantedMs ?? request.earliestMs) : request.earliestMs;

  function choose(state: ScheduleState, ready: readonly BeamRequest[]): BeamRequest | undefined {
    const { travel, place } = state;
    if (name === "nearest") return least(ready, (one) => gapFromS(travel, state, one.cellIndex), earlierDeadline);
    if (name === "deadline")
      return least(
        ready,
        (one) => one.latestMs,
        (one) => gapFromS(travel, state, one.cellIndex),
      );
    const rank = (one: BeamRequest): number =>
      heading * ((travel.rank[one.cellIndex] ?? 0) - (travel.rank[place] ?? 0));
    let ahead = ready.filter((one) => rank(one) >= 0);
    if (ahead.length === 0) {
      heading = -heading;
      ahead = ready.filter((one) => rank(one) >= 0);
    }
    return least(ahead, rank, earlierDeadline);
  }

  return {
    decide(state) {
      const { nowMs, requests, travel, place, beam } = state;
      const wait = (untilMs: number): ReturnType<Policy["decide"]> => ({
        act: { kind: "wait", untilMs: Math.max(untilMs, nowMs + 1), place },
        order: [],
        fetch: null,
      });
      if (beam.missing !== null) return wait(Infinity);
      const stop = beam.stops.find(({ toMs }) => toMs > nowMs);
      const ready: BeamRequest[] = [];
      let nextMs = Infinity;
      let lastMs = nowMs;
      for (const one of requests) {
        lastMs = Math.max(lastMs, one.latestMs);
        const openMs = nowMs + wayMs(one);
        if (!(state.exposuresLeft(one.cellIndex) >= 1) || openMs > one.latestMs) continue;
        const oneMs = readyMs(one);
        const isClear = stop === undefined || openMs >= stop.toMs || openMs + one.occupiesMs <= stop.fromMs;
        if (oneMs <= nowMs && isClear) ready.push(one);
        nextMs = Math.min(nextMs, oneMs > nowMs ? oneMs : (stop?.toMs ?? Infinity));
      }
      const chosen = choose(state, ready);
      if (chosen !== undefined) {
        const openAtMs = Math.max(nowMs + wayMs(chosen), chosen.earliestMs);
        return { act: { kind: "expose", id: chosen.id, openAtMs }, order: [], fetch: undefined };
      }
      return wait(nextMs === Infinity ? lastMs + 1 : nextMs);

      function wayMs(one: BeamRequest): number {
        return 1000 * gapS(travel, place, one.cellIndex, travel.aheadS);
      }
    },
  };
}

const earlierDeadline = (one: BeamRequest): number => one.latestMs;

function least(
  requests: readonly BeamRequest[],
  first: (request: BeamRequest) => number,
  second: (request: BeamRequest) => number,
): BeamRequest | undefined {
  let best: BeamRequest | undefined;
  let bestFirst = Infinity;
  let bestSecond = Infinity;
  for (const request of requests) {
    const a = first(request);
    const b = second(request);
    if (a < bestFirst || (a === bestFirst && b < bestSecond)) {
      best = request;
      bestFirst = a;
      bestSecond = b;
    }
  }
  return best;
}
