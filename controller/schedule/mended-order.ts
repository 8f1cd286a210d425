/**
 * Makes room in an order for what it leaves out: of the stretch before the end of its window all is put anew, with it
 * among them, by the earliest deadline of what is open, way put in. Wider and wider stretches are tried, as one crowd of
 * windows may lie behind another. The rest of the order stays as it is; its moments are found afterwards, so nothing is
 * early that need not be.
 */
import type { Candidates, OrderCost } from "./order-cost.ts";
import { soonestFirst, type NextRule } from "./simple-orders.ts";

/** So many of those left out are tried, the most pressing. */
const TRIED = 8;
/** Exposures of the stretches that are put anew. */
const STRETCHES = [4, 8, 16, 32];
const RULES: readonly NextRule[] = [
  { urgency: 0.4, habit: "open-first" },
  { urgency: 0.01, habit: "open-first" },
];

const at = (values: Float64Array | Int32Array, index: number): number => values[index] ?? 0;

/**
 * @param order the best so far
 * @param offer whether an order is better than the best so far; if so it is the best from now on
 */
export function mendOrder(
  candidates: Candidates,
  costs: OrderCost,
  order: Int32Array,
  offer: (order: Int32Array) => boolean,
): void {
  const { latestS } = candidates;
  let best = order;
  costs.cost(best);
  const pressing = [...leftOutOf(best, costs)].sort((a, b) => at(latestS, a) - at(latestS, b) || a - b);
  for (const index of pressing.slice(0, TRIED)) {
    costs.cost(best);
    const leftOut = leftOutOf(best, costs);
    if (!leftOut.has(index)) continue;
    leftOut.delete(index);
    for (const trial of withRoomFor(candidates, costs, index, [...leftOut])) {
      if (!offer(trial)) continue;
      best = trial;
      break;
    }
  }
}

/** Of the order that was costed last. */
function leftOutOf(order: Int32Array, { met, visited }: OrderCost): Set<number> {
  const leftOut = new Set(order);
  for (let k = 0; k < met; k += 1) leftOut.delete(at(visited, k));
  return leftOut;
}

/** Of the order that was costed last, narrow stretches first; `others` are left out of it and stay so. */
function* withRoomFor(
  candidates: Candidates,
  costs: OrderCost,
  index: number,
  others: readonly number[],
): Generator<Int32Array> {
  const { latestS, occupiesS } = candidates;
  const met = costs.met;
  const visited = Array.from(costs.visited.subarray(0, met));
  const soonestS = costs.soonestS.slice(0, met);
  let to = 0;
  while (to < met && at(soonestS, to) <= at(latestS, index)) to += 1;
  for (const length of STRETCHES) {
    const from = Math.max(0, to - length);
    const before = from === 0 ? -1 : (visited[from - 1] ?? 0);
    const freeS = from === 0 ? 0 : at(soonestS, from - 1) + at(occupiesS, before);
    const stretch = { of: [...visited.slice(from, to), index], before, freeS };
    for (const rule of RULES) {
      const anew = soonestFirst(candidates, costs, rule, stretch);
      yield Int32Array.from([...visited.slice(0, from), ...anew, ...visited.slice(to), ...others]);
    }
    if (from === 0) return;
  }
}
