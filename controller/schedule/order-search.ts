/**
 * Looks for a good order of some hundred requests in bounded time. Several simple orders are made and costed whole, the
 * best is bettered by small changes, each costed whole again; a change is tried only where it saves way, puts wishes in
 * their order, or brings back something that is left out. No chance in it: the same state gives the same order.
 */
import type { Candidates, OrderCost } from "./order-cost.ts";
import { mendOrder } from "./mended-order.ts";
import { quickestOrder } from "./quickest-order.ts";
import { byKey, soonestFirst, type NextRule } from "./simple-orders.ts";
import type { Travel } from "./travel.ts";

/** Costings of whole orders, per decision. */
const TRIALS_FRESH = 64;
const TRIALS_LEFT_OUT = 32;
const TRIALS_KEPT = 8;
/** Moves of one request or one stretch go no further than this along the order. */
const REACH = 50;
const LEFT_OUT_TRIED = 8;
const PLACES_TRIED = 4;
const RULES: readonly NextRule[] = [
  { urgency: 0, habit: "opens" },
  { urgency: 0.03, habit: "opens" },
  { urgency: 0.15, habit: "opens" },
  { urgency: 0.03, habit: "awaits" },
  { urgency: 0.3, habit: "awaits" },
];
const RULES_LEFT_OUT: readonly NextRule[] = [
  { urgency: 0, habit: "opens" },
  { urgency: 0.3, habit: "awaits" },
];
/** Whatever was decided last, these are held against it: the earliest deadline of what is ready, by itself and with the way. */
const RULES_ALWAYS: readonly NextRule[] = [
  { urgency: 1, habit: "ready-first" },
  { urgency: 0.05, habit: "ready-first" },
];
const SAVES_S = 1e-6;
/** New requests, as a part of all, from which the order is made anew. */
const MANY_NEW = 1 / 8;
const FEW_NEW = 2;
/**
 * More left out than this part of all: more is asked than there is time for. Then nothing counts but exposures per hour,
 * as long as windows are so many exposures wide that there is a choice.
 */
const SHORT = 0.1;
const WIDE = 16;

const at = (values: Float64Array | Int32Array, index: number): number => values[index] ?? 0;

/**
 * @param kept the order decided last, of those still there
 * @param fresh those that it does not have
 * @param isOverloaded more is asked than there is time for, whatever these say
 */
export function searchOrder(
  candidates: Candidates,
  costs: OrderCost,
  travel: Travel,
  kept: readonly number[],
  fresh: readonly number[],
  isOverloaded: boolean,
): Int32Array {
  const { count } = candidates;
  if (isOverloaded && areWide(candidates)) return quickest(candidates, costs, kept);
  const isAnew = fresh.length > Math.max(FEW_NEW, MANY_NEW * count) || kept.length === 0;
  let best: Int32Array = isAnew ? Int32Array.from([...kept, ...fresh]) : withInserted(candidates, costs, kept, fresh);
  let bestCost = costs.cost(best);
  const offer = (order: Int32Array): boolean => {
    const cost = costs.cost(order, bestCost);
    if (cost >= bestCost - SAVES_S) return false;
    best = order;
    bestCost = cost;
    return true;
  };
  const isLeftOut = costs.met < best.length;
  if (isAnew) {
    for (const rule of RULES) offer(soonestFirst(candidates, costs, rule));
    offer(byKey(costs.dueS));
    offer(byKey(candidates.latestS));
    const rank = Array.from(candidates.place, (place) => at(travel.rank, place));
    const forth = byKey(rank);
    const back = byKey(rank.map((one) => -one));
    for (const order of [forth, back]) offer(order);
    if (2 * withoutMoment(candidates) > count) offer(shortened(costs, best));
  } else if (isLeftOut) {
    for (const rule of RULES_LEFT_OUT) offer(soonestFirst(candidates, costs, rule));
    offer(byKey(candidates.latestS));
  }
  for (const rule of RULES_ALWAYS) offer(soonestFirst(candidates, costs, rule));
  costs.cost(best);
  if (costs.met < best.length) mendOrder(candidates, costs, best, offer);
  let trials = isAnew ? TRIALS_FRESH : isLeftOut ? TRIALS_LEFT_OUT : TRIALS_KEPT;
  let isBetter = true;
  while (isBetter && trials > 0) {
    isBetter = false;
    for (const order of changes(candidates, costs, best)) {
      trials -= 1;
      if (offer(order)) {
        isBetter = true;
        break;
      }
      if (trials <= 0) break;
    }
  }
  costs.cost(best);
  const leftOut = best.length - costs.met;
  if (leftOut === 0) return best;
  if (leftOut > SHORT * best.length && areWide(candidates)) return quickest(candidates, costs, kept);
  // While something has no place nothing is waited for: there may be one yet.
  costs.timeIsShort();
  costs.cost(best);
  return best;
}

function quickest(candidates: Candidates, costs: OrderCost, kept: readonly number[]): Int32Array {
  const order = quickestOrder(candidates, costs, kept);
  costs.timeIsShort();
  costs.cost(order);
  return order;
}

/** Windows leave room for a choice among many. */
function areWide({ count, earliestS, latestS, occupiesS }: Candidates): boolean {
  let windowsS = 0;
  let lastsS = 0;
  for (let index = 0; index < count; index += 1) {
    windowsS += at(latestS, index) - at(earliestS, index);
    lastsS += at(occupiesS, index);
  }
  return windowsS > WIDE * lastsS;
}

function withoutMoment({ wantedS }: Candidates): number {
  return wantedS.reduce((sum, wanted) => sum + (Number.isNaN(wanted) ? 1 : 0), 0);
}

/** The same stops by a shorter way, without regard to windows: stretches turned round, single stops put elsewhere. */
function shortened(costs: OrderCost, order: Int32Array): Int32Array {
  const tour = order.slice();
  const count = tour.length;
  const wayS = (k: number, l: number): number => {
    if (l >= count) return 0;
    return k < 0 ? costs.gapFromHere(at(tour, l)) : costs.gap(at(tour, k), at(tour, l));
  };
  for (let round = 0, isBetter = true; isBetter && round < 5; round += 1) {
    isBetter = false;
    for (let from = 0; from < count - 1; from += 1) {
      for (let to = from + 1; to < Math.min(count, from + REACH); to += 1) {
        const now = wayS(from - 1, from) + wayS(to, to + 1);
        if (wayS(from - 1, to) + wayS(from, to + 1) < now - SAVES_S) {
          tour.subarray(from, to + 1).reverse();
          isBetter = true;
        }
      }
    }
    for (let from = 0; from < count; from += 1) {
      const saved = wayS(from - 1, from) + wayS(from, from + 1) - (from + 1 < count ? wayS(from - 1, from + 1) : 0);
      if (saved < SAVES_S) continue;
      for (let to = Math.max(0, from - REACH); to < Math.min(count, from + REACH); to += 1) {
        if (to === from || to === from - 1) continue;
        // Between `to` and the next one.
        const added = wayS(to, from) + (to + 1 < count ? wayS(from, to + 1) - wayS(to, to + 1) : 0);
        if (added >= saved - SAVES_S) continue;
        put(tour, from, to > from ? to : to + 1);
        isBetter = true;
        break;
      }
    }
  }
  return tour;
}

/** Takes the stop at `from` out and puts it in so that it stands at `to`. */
function put(order: Int32Array, from: number, to: number): void {
  const moved = at(order, from);
  if (to > from) order.copyWithin(from, from + 1, to + 1);
  else order.copyWithin(to + 1, to, from);
  order[to] = moved;
}

/** Each new one where its wish and the way say, the best of a few places. */
function withInserted(
  candidates: Candidates,
  costs: OrderCost,
  kept: readonly number[],
  fresh: readonly number[],
): Int32Array {
  let order: Int32Array = Int32Array.from(kept);
  for (const index of fresh) {
    costs.cost(order);
    const next = insertions(candidates, costs, index, order);
    let best: Int32Array = Int32Array.from([...order, index]);
    let bestCost = costs.cost(best);
    for (const trial of next) {
      const cost = costs.cost(trial);
      if (cost >= bestCost) continue;
      best = trial;
      bestCost = cost;
    }
    order = best;
  }
  return order;
}

/** Orders with one more stop, at the few places that its window allows and that cost least way and wait. */
function insertions(candidates: Candidates, costs: OrderCost, index: number, order: Int32Array): readonly Int32Array[] {
  const { earliestS, latestS, occupiesS } = candidates;
  const { met, visited, soonestS, opensS } = costs;
  const wish = at(costs.dueS, index);
  const found: { readonly k: number; readonly score: number }[] = [];
  for (let k = 0; k <= met; k += 1) {
    const before = k === 0 ? -1 : at(visited, k - 1);
    const wayS = before < 0 ? costs.gapFromHere(index) : costs.gap(before, index);
    const soonest = before < 0 ? wayS : at(soonestS, k - 1) + at(occupiesS, before) + wayS;
    if (soonest > at(latestS, index)) break;
    const after = k < met ? at(visited, k) : -1;
    const onS =
      after < 0 ? 0 : costs.gap(index, after) - (before < 0 ? costs.gapFromHere(after) : costs.gap(before, after));
    const openS = Math.max(before < 0 ? wayS : at(opensS, k - 1) + at(occupiesS, before) + wayS, at(earliestS, index));
    found.push({ k, score: 4 * (wayS + onS) + Math.abs(openS - wish) });
  }
  found.sort((a, b) => a.score - b.score);
  const met0 = Array.from(visited.subarray(0, met));
  const isThere = new Set([...met0, index]);
  const rest = Array.from(order).filter((other) => !isThere.has(other));
  return found
    .slice(0, PLACES_TRIED)
    .map(({ k }) => Int32Array.from([...met0.slice(0, k), index, ...met0.slice(k), ...rest]));
}

/** Orders near the best one that may be better, the likeliest first. */
function* changes(candidates: Candidates, costs: OrderCost, best: Int32Array): Generator<Int32Array> {
  costs.cost(best);
  const met = costs.met;
  const visited = costs.visited.slice(0, met);
  const opensS = costs.opensS.slice(0, met);
  if (met < best.length) {
    const isMet = new Set(visited);
    const leftOut = Array.from(best).filter((index) => !isMet.has(index));
    for (const index of leftOut.slice(0, LEFT_OUT_TRIED)) {
      costs.cost(best);
      yield* insertions(candidates, costs, index, best);
    }
  }
  const order = Int32Array.from([...visited, ...Array.from(best).filter(notIn(visited))]);
  const wayS = (k: number, l: number): number => {
    if (l >= met) return 0;
    return k < 0 ? costs.gapFromHere(at(visited, l)) : costs.gap(at(visited, k), at(visited, l));
  };
  for (let k = 0; k + 1 < met; k += 1) {
    const [first, second] = [at(visited, k), at(visited, k + 1)];
    const isOutOfTurn = at(costs.dueS, first) > at(costs.dueS, second) && at(opensS, k + 1) > at(costs.dueS, second);
    const saves = wayS(k - 1, k) + wayS(k + 1, k + 2) - wayS(k - 1, k + 1) - wayS(k, k + 2) > SAVES_S;
    if (!isOutOfTurn && !saves) continue;
    const swapped = order.slice();
    put(swapped, k, k + 1);
    yield swapped;
  }
  for (let from = 0; from < met; from += 1) {
    const saved = wayS(from - 1, from) + wayS(from, from + 1) - (from + 1 < met ? wayS(from - 1, from + 1) : 0);
    if (saved < SAVES_S) continue;
    for (let to = Math.max(0, from - REACH); to < Math.min(met, from + REACH); to += 1) {
      if (to === from || to === from - 1) continue;
      const added = wayS(to, from) + (to + 1 < met ? wayS(from, to + 1) - wayS(to, to + 1) : 0);
      if (added >= saved - SAVES_S) continue;
      const moved = order.slice();
      put(moved, from, to > from ? to : to + 1);
      yield moved;
    }
  }
  for (let from = 0; from + 1 < met; from += 1) {
    for (let to = from + 1; to < Math.min(met, from + REACH); to += 1) {
      if (wayS(from - 1, to) + wayS(from, to + 1) >= wayS(from - 1, from) + wayS(to, to + 1) - SAVES_S) continue;
      const turned = order.slice();
      turned.subarray(from, to + 1).reverse();
      yield turned;
    }
  }
}

function notIn(those: Int32Array): (index: number) => boolean {
  const known = new Set(those);
  return (index) => !known.has(index);
}
