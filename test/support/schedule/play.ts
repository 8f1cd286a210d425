/** Plays a wish list under a policy and counts. The policy sees what is known at the moment; the judge sees the truth. */
import { createLatelyAccount } from "../../../controller/schedule/lately-account.ts";
import type { BeamRequest, GroupShare, ScheduleState } from "../../../controller/schedule/schedule-state.ts";
import { gapFromS } from "../../../controller/schedule/travel.ts";
import type { Wish, WishList } from "./wish-list.ts";

export type PolicyAct =
  | { readonly kind: "expose"; readonly id: string; readonly openAtMs: number }
  | { readonly kind: "wait"; readonly untilMs: number; readonly place: number };

export interface Policy {
  /** `order` and `fetch` come back in the next state. */
  decide(state: ScheduleState): {
    readonly act: PolicyAct;
    readonly order: readonly string[];
    /** The cell that a robot fetches while the exposure is on; undefined: whichever will be next. */
    readonly fetch: number | null | undefined;
  };
}

export interface Played {
  readonly asked: number;
  readonly met: number;
  /** Mean distance of the opening from the wanted moment, early or late, over those met that have one; seconds. */
  readonly latenessS: number;
  readonly medianLatenessS: number;
  /** Time on the way, seconds. */
  readonly travelS: number;
  /** Of those made, in order. */
  readonly made: readonly { readonly wish: Wish; readonly openMs: number }[];
  /** Jain's index of the share met, over cells or, where there are shares, over groups' part of what is theirs. */
  readonly fairness: number;
  readonly decisions: number;
}

/** How far what is known of a wish now is off: forecasts get better as the moment comes near. */
function offMs(wish: Wish, nowMs: number): number {
  return wish.forecastOff * Math.max(0, (wish.wantedMs ?? wish.earliestMs) - nowMs);
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A wish, and what a policy is told of it. */
interface OpenWish {
  readonly wish: Wish;
  /** Overwritten at each decision: a copy for each would take longer than the decision. */
  readonly known: Mutable<BeamRequest>;
}

function asOpen(wish: Wish): OpenWish {
  const { id, cellIndex, earliestMs, wantedMs, latestMs, occupiesMs, weight, group } = wish;
  return { wish, known: { id, cellIndex, earliestMs, wantedMs, latestMs, occupiesMs, weight, group } };
}

function renew({ wish, known }: OpenWish, nowMs: number): void {
  if (wish.forecastOff === 0) return;
  const off = offMs(wish, nowMs);
  known.earliestMs = wish.earliestMs + off;
  known.wantedMs = wish.wantedMs === null ? null : wish.wantedMs + off;
  known.latestMs = wish.latestMs + off;
}

export function play(list: WishList, policy: Policy): Played {
  const { travel, dumps, stops } = list;
  const coming = [...list.wishes].sort((a, b) => a.knownAtMs - b.knownAtMs);
  let open: OpenWish[] = [];
  let comingAt = 0;
  let nowMs = 0;
  let place = list.startPlace;
  let fetched: number | null = null;
  let fetchesRight = false;
  let order: readonly string[] = [];
  let travelMs = 0;
  let decisions = 0;
  const made: { wish: Wish; openMs: number }[] = [];
  const given = new Map<number, number>();
  const usedMs = new Map<string, number>();
  const lately = createLatelyAccount();

  const shares = (): ReadonlyMap<string, GroupShare> => {
    let total = 0;
    for (const ms of usedMs.values()) total += ms;
    return new Map(
      [...list.shares].map(([group, share]) => [
        group,
        { share, used: total === 0 ? share : (usedMs.get(group) ?? 0) / total },
      ]),
    );
  };

  for (;;) {
    for (let next = coming[comingAt]; next !== undefined && next.knownAtMs <= nowMs; next = coming[comingAt]) {
      open.push(asOpen(next));
      comingAt += 1;
    }
    for (const one of open) renew(one, nowMs);
    const dump = dumps.find(({ fromMs, toMs }) => fromMs <= nowMs && toMs > nowMs);
    lately.beam(nowMs, dump === undefined);
    open = open.filter(({ known, wish }) => {
      if (known.latestMs >= nowMs) return true;
      lately.missed(nowMs, wish);
      return false;
    });
    const nextKnownMs = coming[comingAt]?.knownAtMs ?? Infinity;
    if (open.length === 0) {
      if (nextKnownMs === Infinity) break;
      nowMs = Math.max(nowMs, nextKnownMs);
      continue;
    }
    const state: ScheduleState = {
      nowMs,
      place,
      fetched: fetched ?? null,
      travel,
      requests: open.map(({ known }) => known),
      exposuresLeft: (cellIndex) => list.exposuresPerCell - (given.get(cellIndex) ?? 0),
      beam: {
        missing: dump === undefined ? null : { reason: "beam", who: "machine", untilMs: null },
        stops,
        losses: list.losses,
      },
      shares: shares(),
      lately: lately.now(nowMs),
      order,
    };
    const decided = policy.decide(state);
    decisions += 1;
    order = decided.order;
    const { act } = decided;
    const nextDumpMs = dumps.find(({ fromMs }) => fromMs > nowMs)?.fromMs ?? Infinity;
    const move = (to: number): number => {
      const wayMs = 1000 * gapFromS(travel, { place, fetched: fetchesRight ? to : fetched }, to);
      travelMs += wayMs;
      if (to !== place) {
        fetched = null;
        fetchesRight = false;
      }
      place = to;
      return wayMs;
    };
    if (act.kind === "wait") {
      const wayMs = act.place === place ? 0 : move(act.place);
      const eventMs = Math.min(nextKnownMs, dump === undefined ? nextDumpMs : dump.toMs);
      // A robot or stage on its way arrives before anything else is asked of it.
      nowMs = Math.max(nowMs + wayMs, Math.min(act.untilMs, eventMs), nowMs + 1);
      continue;
    }
    const wish = list.wishes[idAt(act.id)];
    if (wish === undefined || dump !== undefined)
      throw new Error("a policy exposes what nobody wants, or without beam");
    const wayMs = move(wish.cellIndex);
    const openMs = Math.max(nowMs + wayMs, act.openAtMs);
    const stop = stops.find(({ fromMs, toMs }) => openMs < toMs && openMs + wish.occupiesMs > fromMs);
    if (openMs >= nextDumpMs) {
      nowMs = nextDumpMs;
      continue;
    }
    open = open.filter((other) => other.wish !== wish);
    given.set(wish.cellIndex, (given.get(wish.cellIndex) ?? 0) + 1);
    const endMs = openMs + wish.occupiesMs;
    const cutMs = Math.min(nextDumpMs, stop === undefined ? Infinity : Math.max(openMs, stop.fromMs));
    if (endMs > cutMs) {
      // Cut short: what was given is given, and nothing is exposed again by itself.
      nowMs = Math.max(cutMs, stop !== undefined && cutMs < nextDumpMs ? stop.toMs : cutMs);
      continue;
    }
    if (openMs >= wish.earliestMs - 1e-6 && openMs <= wish.latestMs + 1e-6) {
      made.push({ wish, openMs });
      lately.met(openMs);
    }
    if (wish.group !== null) usedMs.set(wish.group, (usedMs.get(wish.group) ?? 0) + wish.occupiesMs);
    nowMs = endMs;
    const isFetched = wish.occupiesMs >= 1000 * travel.aheadS;
    fetchesRight = isFetched && decided.fetch === undefined;
    fetched = isFetched ? (decided.fetch ?? null) : null;
  }
  const off = made
    .flatMap(({ wish, openMs }) => (wish.wantedMs === null ? [] : [Math.abs(openMs - wish.wantedMs) / 1000]))
    .sort((a, b) => a - b);
  return {
    asked: list.wishes.length,
    met: made.length,
    latenessS: off.length === 0 ? 0 : off.reduce((sum, one) => sum + one, 0) / off.length,
    medianLatenessS: off[Math.floor(off.length / 2)] ?? 0,
    travelS: travelMs / 1000,
    made,
    fairness: fairness(list, made),
    decisions,
  };
}

/** Ids are the numbers of the wishes in their list. */
function idAt(id: string): number {
  return Number(id);
}

function fairness(list: WishList, made: readonly { readonly wish: Wish }[]): number {
  const key = (wish: Wish): string => (list.shares.size > 0 ? (wish.group ?? "") : String(wish.cellIndex));
  const asked = new Map<string, number>();
  const met = new Map<string, number>();
  for (const wish of list.wishes) asked.set(key(wish), (asked.get(key(wish)) ?? 0) + 1);
  for (const { wish } of made) met.set(key(wish), (met.get(key(wish)) ?? 0) + 1);
  const total = made.length;
  const parts = [...asked].map(([who, count]) => {
    const share = list.shares.get(who);
    // Nobody is owed more than was asked for.
    const due = share === undefined ? count : Math.min(count, share * Math.max(1, total));
    return Math.min(1, (met.get(who) ?? 0) / due);
  });
  const sum = parts.reduce((a, b) => a + b, 0);
  const squares = parts.reduce((a, b) => a + b * b, 0);
  return squares === 0 ? 0 : (sum * sum) / (parts.length * squares);
}
