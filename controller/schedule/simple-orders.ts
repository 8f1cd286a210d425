/** Orders made at one go by simple rules, those of other schedulers among them: what a search begins with. */
import type { Candidates, OrderCost } from "./order-cost.ts";

/** Of equals the one that must be done first. */
const EQUAL = 1e-6;
/** What is open comes before what is waited for. */
const NOT_READY = 1e6;

/** From the least of these keys; equals by their index. */
export function byKey(keys: ArrayLike<number>): Int32Array {
  const order: number[] = [];
  for (let index = 0; index < keys.length; index += 1) order.push(index);
  return Int32Array.from(order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b));
}

export interface NextRule {
  /** What a second of urgency weighs against one of the way. */
  readonly urgency: number;
  /**
   * `opens`: begun as soon as its window opens. `awaits`: not before its wanted moment. `ready-first`: nothing is waited
   * for while there is something whose moment has come; `open-first`: while there is something whose window is open.
   */
  readonly habit: "opens" | "awaits" | "ready-first" | "open-first";
}

/** A part of an order, and from where and when it begins. */
export interface Stretch {
  readonly of: ArrayLike<number>;
  /** The request before it; -1 where it begins where the stage stands. */
  readonly before: number;
  readonly freeS: number;
}

/**
 * The next is always the one that begins soonest, urgency put in; what comes too late goes to the end.
 *
 * @param stretch left out: all of them, from here and now
 */
export function soonestFirst(
  candidates: Candidates,
  costs: Pick<OrderCost, "dueS" | "ways">,
  { urgency, habit }: NextRule,
  stretch?: Stretch,
): Int32Array {
  const { earliestS, wantedS, latestS, occupiesS, place } = candidates;
  const { dueS } = costs;
  const { moveS, placeCount, spotS, fromHereS, doneS } = costs.ways;
  const count = stretch?.of.length ?? candidates.count;
  const order = new Int32Array(count);
  /** What is still open, in its first order, so that equals go by their place on the rack. */
  const open: number[] = [];
  for (let k = 0; k < count; k += 1) open.push(stretch === undefined ? k : (stretch.of[k] ?? 0));
  const awaits = habit === "awaits" || habit === "ready-first";
  const isByDeadline = habit !== "opens";
  const isReadyFirst = habit === "ready-first" || habit === "open-first";
  let placed = 0;
  let end = count;
  let freeS = stretch?.freeS ?? 0;
  let before = stretch?.before ?? -1;
  for (let left = count; left > 0;) {
    const isHere = before < 0;
    const fromPlace = isHere ? -1 : (place[before] ?? 0);
    const row = fromPlace * placeCount;
    const beforeS = isHere ? 0 : (doneS[before] ?? 0);
    let chosen = -1;
    let chosenAt = 0;
    let chosenScore = Infinity;
    let chosenOpenS = 0;
    let still = 0;
    for (let k = 0; k < left; k += 1) {
      const index = open[k] ?? 0;
      const lastS = latestS[index] ?? 0;
      const toPlace = place[index] ?? 0;
      let wayS: number;
      if (isHere) wayS = fromHereS[index] ?? 0;
      else wayS = toPlace === fromPlace ? spotS : (moveS[row + toPlace] ?? 0) - beforeS;
      const thereS = freeS + wayS;
      const soonestS = earliestS[index] ?? 0;
      const openS = thereS > soonestS ? thereS : soonestS;
      if (openS > lastS) {
        end -= 1;
        order[end] = index;
        continue;
      }
      open[still] = index;
      still += 1;
      let thenS = openS;
      if (awaits) {
        const wished = wantedS[index] ?? 0;
        if (wished > openS) thenS = wished;
      }
      const urgentS = isByDeadline ? lastS : (dueS[index] ?? 0);
      const score =
        isReadyFirst && thenS > thereS
          ? NOT_READY + thenS - freeS
          : thenS - freeS + urgency * (urgentS - freeS) + EQUAL * lastS;
      if (score >= chosenScore) continue;
      chosenScore = score;
      chosen = index;
      chosenAt = still - 1;
      chosenOpenS = thenS;
    }
    if (chosen < 0) break;
    left = still - 1;
    for (let k = chosenAt; k < left; k += 1) open[k] = open[k + 1] ?? 0;
    order[placed] = chosen;
    placed += 1;
    freeS = chosenOpenS + (occupiesS[chosen] ?? 0);
    before = chosen;
  }
  return order;
}
