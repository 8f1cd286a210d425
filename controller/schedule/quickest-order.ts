/**
 * Most exposures per hour: where more is asked than there is time for, only the way between exposures can be saved.
 * The nearest neighbour is played out from each of the first few nearest stops, and again from the second stops of the
 * best of those; the stretch done soonest is taken, or the order decided last while that is as quick. So it is never
 * slower over that stretch than the nearest neighbour is. No chance in it.
 */
import type { Candidates, OrderCost } from "./order-cost.ts";

/** Stretches of so many exposures are compared. */
const STEPS = 24;
/** First and second stops that are tried, and first ones of which second ones are. */
const LEADS = 8;
const LEADS_FOLLOWED = 2;
/** What one exposure fewer in the stretch counts, seconds. */
const FEWER = 1e4;
/** Of equals the one that ends first. */
const EQUAL = 1e-6;
const SAVES_S = 1e-6;

const at = (values: Float64Array | Int32Array, index: number): number => values[index] ?? 0;

interface Stretch {
  readonly costS: number;
  readonly path: readonly number[];
}

/** @param kept an order to be bettered, the one decided last */
export function quickestOrder(candidates: Candidates, costs: OrderCost, kept: readonly number[]): Int32Array {
  const { count, earliestS, latestS, occupiesS, drawS } = candidates;
  const open = new Int32Array(count);
  const path = new Int32Array(count);
  let longestS = 0;
  for (let index = 0; index < count; index += 1) longestS = Math.max(longestS, at(occupiesS, index));
  const nearS = STEPS * (longestS + 2);

  /** From `lead` on always the one that begins soonest, for so many exposures; how many it were stands in `done`. */
  let done = 0;
  function roll(lead: readonly number[], steps: number, withinS: number): number {
    let left = 0;
    for (let index = 0; index < count; index += 1) {
      if (at(earliestS, index) > withinS || lead.includes(index)) continue;
      open[left] = index;
      left += 1;
    }
    let freeS = 0;
    let before = -1;
    let drawnS = 0;
    done = 0;
    const go = (index: number, openS: number): void => {
      path[done] = index;
      done += 1;
      drawnS += at(drawS, index);
      freeS = openS + at(occupiesS, index);
      before = index;
    };
    for (const index of lead) {
      const openS = soonestS(before, index, freeS);
      if (openS > at(latestS, index)) return Infinity;
      go(index, openS);
    }
    while (done < steps && left > 0) {
      let chosen = -1;
      let chosenScore = Infinity;
      let chosenOpenS = 0;
      for (let k = 0; k < left; k += 1) {
        const index = at(open, k);
        const openS = soonestS(before, index, freeS);
        const lastS = at(latestS, index);
        if (openS > lastS) {
          if (freeS <= lastS) continue;
          left -= 1;
          open.copyWithin(k, k + 1, left + 1);
          k -= 1;
          continue;
        }
        const score = openS - freeS + at(drawS, index) + EQUAL * lastS;
        if (score >= chosenScore) continue;
        chosen = k;
        chosenScore = score;
        chosenOpenS = openS;
      }
      if (chosen < 0) break;
      const index = at(open, chosen);
      left -= 1;
      open.copyWithin(chosen, chosen + 1, left + 1);
      go(index, chosenOpenS);
    }
    return freeS + drawnS + FEWER * (steps - done);
  }

  function soonestS(before: number, index: number, freeS: number): number {
    return Math.max(freeS + (before < 0 ? costs.gapFromHere(index) : costs.gap(before, index)), at(earliestS, index));
  }

  let best: Stretch = { costS: roll([], STEPS, nearS), path: Array.from(path.subarray(0, done)) };
  const take = (lead: readonly number[]): number => {
    const costS = roll(lead, STEPS, nearS);
    if (costS < best.costS - SAVES_S) best = { costS, path: Array.from(path.subarray(0, done)) };
    return costS;
  };
  /** The stops that begin soonest after these. */
  const leadsAfter = (lead: readonly number[], freeS: number): readonly number[] => {
    const before = lead[lead.length - 1] ?? -1;
    const found: { readonly index: number; readonly score: number }[] = [];
    for (let index = 0; index < count; index += 1) {
      if (at(earliestS, index) > nearS || lead.includes(index)) continue;
      const openS = soonestS(before, index, freeS);
      if (openS <= at(latestS, index))
        found.push({ index, score: openS + at(drawS, index) + EQUAL * at(latestS, index) });
    }
    found.sort((a, b) => a.score - b.score || a.index - b.index);
    return found.slice(0, LEADS).map(({ index }) => index);
  };

  const keptPath = feasible(kept);
  if (keptPath.length > 0) {
    const costS = roll(keptPath, STEPS, nearS);
    if (costS <= best.costS + SAVES_S) best = { costS, path: Array.from(path.subarray(0, done)) };
  }
  const firsts = leadsAfter([], 0).map((index) => ({ index, costS: take([index]) }));
  firsts.sort((a, b) => a.costS - b.costS || a.index - b.index);
  for (const { index } of firsts.slice(0, LEADS_FOLLOWED)) {
    const freeS = soonestS(-1, index, 0) + at(occupiesS, index);
    for (const second of leadsAfter([index], freeS)) take([index, second]);
  }

  roll(best.path, count, Infinity);
  const order = new Int32Array(count);
  order.set(path.subarray(0, done));
  const isThere = new Uint8Array(count);
  for (let k = 0; k < done; k += 1) isThere[at(path, k)] = 1;
  for (let index = 0, end = done; index < count; index += 1) {
    if (isThere[index] === 1) continue;
    order[end] = index;
    end += 1;
  }
  return order;

  /** The beginning of an order, without what comes too late in it. */
  function feasible(those: readonly number[]): readonly number[] {
    const lead: number[] = [];
    let freeS = 0;
    let before = -1;
    for (const index of those) {
      if (lead.length >= STEPS) break;
      const openS = soonestS(before, index, freeS);
      if (openS > at(latestS, index)) continue;
      lead.push(index);
      freeS = openS + at(occupiesS, index);
      before = index;
    }
    return lead;
  }
}
