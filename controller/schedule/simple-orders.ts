/** Orders made at one go by simple rules, those of other schedulers among them: what a search begins with. */
import type { Candidates, OrderCost } from "./order-cost.ts";

/** Of equals the one that must be done first. */
const EQUAL = 1e-6;
/** What is open comes before what is waited for. */
const NOT_READY = 1e6;

const at = (values: Float64Array | Int32Array, index: number): number => values[index] ?? 0;

/** The wanted moment; of what has none the middle of its window. */
export function due(candidates: Candidates, index: number): number {
  const wanted = at(candidates.wantedS, index);
  return Number.isNaN(wanted) ? (at(candidates.earliestS, index) + at(candidates.latestS, index)) / 2 : wanted;
}

export function byKey(count: number, key: (index: number) => number): Int32Array {
  const keys = Float64Array.from({ length: count }, (_, index) => key(index));
  return Int32Array.from({ length: count }, (_, index) => index).sort((a, b) => at(keys, a) - at(keys, b) || a - b);
}

export interface NextRule {
  /** What a second of urgency weighs against one of the way. */
  readonly urgency: number;
  /**
   * `opens`: begun as soon as its window opens. `awaits`: not before its wanted moment. `ready-first`: nothing is waited
   * for while there is something whose moment has come.
   */
  readonly habit: "opens" | "awaits" | "ready-first";
}

/** The next is always the one that begins soonest, urgency put in; what comes too late goes to the end. */
export function soonestFirst(candidates: Candidates, costs: OrderCost, { urgency, habit }: NextRule): Int32Array {
  const { count, earliestS, wantedS, latestS, occupiesS } = candidates;
  const open = Int32Array.from({ length: count }, (_, index) => index);
  const dueS = Float64Array.from({ length: count }, (_, index) => due(candidates, index));
  const order = new Int32Array(count);
  const awaits = habit !== "opens";
  const isReadyFirst = habit === "ready-first";
  let left = count;
  let placed = 0;
  let end = count;
  let freeS = 0;
  let before = -1;
  while (left > 0) {
    let chosen = -1;
    let chosenScore = Infinity;
    let chosenOpenS = 0;
    for (let k = 0; k < left; k += 1) {
      const index = at(open, k);
      const lastS = at(latestS, index);
      const thereS = freeS + (before < 0 ? costs.gapFromHere(index) : costs.gap(before, index));
      const openS = Math.max(thereS, at(earliestS, index));
      if (openS > lastS) {
        left -= 1;
        open.copyWithin(k, k + 1, left + 1);
        k -= 1;
        end -= 1;
        order[end] = index;
        continue;
      }
      const wished = at(wantedS, index);
      const thenS = awaits && wished > openS ? wished : openS;
      const urgentS = awaits ? lastS : at(dueS, index);
      const score =
        isReadyFirst && thenS > thereS
          ? NOT_READY + thenS - freeS
          : thenS - freeS + urgency * (urgentS - freeS) + EQUAL * lastS;
      if (score >= chosenScore) continue;
      chosenScore = score;
      chosen = k;
      chosenOpenS = thenS;
    }
    if (chosen < 0) break;
    const index = at(open, chosen);
    left -= 1;
    // Kept in order, so that equals go by their place on the rack.
    open.copyWithin(chosen, chosen + 1, left + 1);
    order[placed] = index;
    placed += 1;
    freeS = chosenOpenS + at(occupiesS, index);
    before = index;
  }
  return order;
}
