/**
 * When an order of exposures would open the shutter, and what that order costs. Windows first: whatever would come too
 * late is left out and the stage does not go there. Then the moments: by pooling (isotonic regression), a busy stretch
 * lies around its wanted moments and not behind them, and nothing is begun early that need not be.
 */
import { gapFromS, type Travel } from "./travel.ts";

/** Requests as columns; seconds from now. Not a number among `wantedS`: any moment of the window is as good. */
export interface Candidates {
  readonly count: number;
  readonly place: Int32Array;
  readonly earliestS: Float64Array;
  readonly wantedS: Float64Array;
  readonly latestS: Float64Array;
  /**
   * Opened by then, it is out of reach of a loss of beam: for each one after another `LOSS_LENGTHS`, the longest first;
   * infinite where none is expected.
   */
  readonly safeS: Float64Array;
  readonly occupiesS: Float64Array;
  readonly weight: Float64Array;
  /** Where time is short, so many seconds of the way are gladly spent on another: little dose is left for this one. */
  readonly drawS: Float64Array;
}

/** Losses of beam are of several lengths: parts of the usual one, each as likely as the others. */
export const LOSS_LENGTHS = [1.5, 1, 0.5] as const;

/** The beam's own: seconds from now. */
export interface Closed {
  readonly fromS: number;
  readonly toS: number;
}

export interface OrderCost {
  /**
   * Lower is better. What is left out comes first, then distance from the wanted moments, then the way.
   *
   * @param notAbove more than this may come out too low, and without moments: nobody wants it
   */
  cost(order: Int32Array, notAbove?: number): number;
  /** From now on nothing is waited for: more is asked than can be met. */
  timeIsShort(): void;
  /** Of the order that was costed last: how many are met, in which order, and when each opens. */
  readonly met: number;
  readonly visited: Int32Array;
  readonly opensS: Float64Array;
  /** The soonest that each could open. */
  readonly soonestS: Float64Array;
  gap(from: number, to: number): number;
  /** Seconds of the way from where the stage stands. */
  gapFromHere(to: number): number;
  /** What the ways are made of, for loops that ask for very many. */
  readonly ways: Ways;
  /** The wanted moment; of what has none the middle of its window. */
  readonly dueS: Float64Array;
}

export interface Ways {
  /** As in `Travel`. */
  readonly moveS: Float64Array;
  readonly placeCount: number;
  readonly spotS: number;
  /** Of each request: so much of the way from it is done while it is still exposed, settling taken off. */
  readonly doneS: Float64Array;
  /** Of each request: seconds of the way from where the stage stands. */
  readonly fromHereS: Float64Array;
}

/** One left out outweighs any lateness. */
const LEFT_OUT = 1e7;
/** A second of the way delays what is not known yet. */
const WAY = 2;
/** How strongly a request without a wanted moment draws towards its soonest one, beside others and among its like. */
const SOON = 0.02;
const SOON_ALONE = 0.01;
const TOLERANCE_S = 1e-9;

export function createOrderCost(
  candidates: Candidates,
  travel: Travel,
  here: { readonly place: number; readonly fetched: number | null },
  closed: readonly Closed[],
  lossesPerS: number,
): OrderCost {
  const { count, place, earliestS, wantedS, latestS, safeS, occupiesS, weight } = candidates;
  const visited = new Int32Array(count);
  const soonestS = new Float64Array(count);
  const opensS = new Float64Array(count);
  /** From the opening before to this one at the least. */
  const leadS = new Float64Array(count);
  const boundS = new Float64Array(count);
  const blockMean = new Float64Array(count);
  const blockWeight = new Float64Array(count);
  const blockFrom = new Int32Array(count + 1);
  let met = 0;
  let isTimeShort = false;

  const { moveS, placeCount, settleS, aheadS, spotS } = travel;
  const doneS = occupiesS.map((lastsS) => Math.min(aheadS, lastsS) - settleS);
  // Asked for ten thousand times in a decision.
  const gap = (from: number, to: number): number => {
    const fromPlace = place[from] ?? 0;
    const toPlace = place[to] ?? 0;
    return fromPlace === toPlace ? spotS : (moveS[fromPlace * placeCount + toPlace] ?? 0) - (doneS[from] ?? 0);
  };
  const fromHereS = Float64Array.from(place, (to) => gapFromS(travel, here, to));
  const dueS = wantedS.map((wanted, index) =>
    Number.isNaN(wanted) ? ((earliestS[index] ?? 0) + (latestS[index] ?? 0)) / 2 : wanted,
  );
  const gapFromHere = (to: number): number => fromHereS[to] ?? 0;

  function clearOf(openS: number, lastsS: number): number {
    let moment = openS;
    for (const { fromS, toS } of closed) if (moment < toS && moment + lastsS > fromS) moment = toS;
    return moment;
  }

  function cost(order: Int32Array, notAbove = Infinity): number {
    let total = 0;
    let freeS = 0;
    let before = -1;
    let wayS = 0;
    let wants = 0;
    met = 0;
    for (const request of order) {
      const moveS = before < 0 ? gapFromHere(request) : gap(before, request);
      const lastsS = occupiesS[request] ?? 0;
      const openS = clearOf(Math.max(freeS + moveS, earliestS[request] ?? 0), lastsS);
      if (openS > (latestS[request] ?? 0) + TOLERANCE_S) {
        total += LEFT_OUT * (weight[request] ?? 0);
        continue;
      }
      visited[met] = request;
      soonestS[met] = openS;
      leadS[met] = before < 0 ? moveS : (occupiesS[before] ?? 0) + moveS;
      if (!Number.isNaN(wantedS[request] ?? 0)) wants += 1;
      wayS += moveS;
      met += 1;
      freeS = openS + lastsS;
      before = request;
    }
    total += WAY * wayS;
    if (total > notAbove) return total;
    if (wants === 0 || isTimeShort) opensS.set(soonestS);
    else pool();
    const soon = wants === 0 ? SOON_ALONE : SOON;
    for (let k = 0; k < met; k += 1) {
      const request = visited[k] ?? 0;
      const openS = opensS[k] ?? 0;
      const wished = wantedS[request] ?? 0;
      total += Number.isNaN(wished)
        ? soon * (openS - (earliestS[request] ?? 0))
        : (weight[request] ?? 0) * Math.abs(openS - wished);
      if (lossesPerS > 0) total += LEFT_OUT * lossesPerS * (weight[request] ?? 0) * riskS(request, openS);
    }
    return total;
  }

  /** For how long it is open to a loss, by the mean over their lengths. */
  function riskS(request: number, openS: number): number {
    let sumS = 0;
    for (let k = 0; k < LOSS_LENGTHS.length; k += 1) {
      sumS += Math.max(0, openS - (safeS[LOSS_LENGTHS.length * request + k] ?? 0));
    }
    return sumS / LOSS_LENGTHS.length;
  }

  /** Moments of least squared distance from the wanted ones that keep order, windows and ways. */
  function pool(): void {
    let blocks = 0;
    let sumS = 0;
    for (let k = 0; k < met; k += 1) {
      const request = visited[k] ?? 0;
      sumS += leadS[k] ?? 0;
      const wished = wantedS[request] ?? 0;
      const isFree = Number.isNaN(wished);
      let mean = (isFree ? (soonestS[k] ?? 0) : wished) - sumS;
      let mass = isFree ? SOON : 1;
      blockFrom[blocks] = k;
      while (blocks > 0 && (blockMean[blocks - 1] ?? 0) >= mean) {
        blocks -= 1;
        const other = blockWeight[blocks] ?? 0;
        mean = (mean * mass + (blockMean[blocks] ?? 0) * other) / (mass + other);
        mass += other;
      }
      blockMean[blocks] = mean;
      blockWeight[blocks] = mass;
      blocks += 1;
    }
    let lastS = Infinity;
    for (let k = met - 1; k >= 0; k -= 1) {
      lastS = Math.min(latestS[visited[k] ?? 0] ?? 0, lastS);
      boundS[k] = lastS;
      lastS -= leadS[k] ?? 0;
    }
    blockFrom[blocks] = met;
    let fromZeroS = 0;
    for (let block = 0; block < blocks; block += 1) {
      for (let k = blockFrom[block] ?? 0; k < (blockFrom[block + 1] ?? 0); k += 1) {
        fromZeroS += leadS[k] ?? 0;
        const wishedS = (blockMean[block] ?? 0) + fromZeroS;
        opensS[k] = Math.max(soonestS[k] ?? 0, Math.min(wishedS, boundS[k] ?? 0));
      }
    }
    if (closed.length > 0) keepClear();
  }

  /** Where a known stop is in the way, later moments move behind it; if that is too late for one, all open as soon as they can. */
  function keepClear(): void {
    let previousS = 0;
    for (let k = 0; k < met; k += 1) {
      const request = visited[k] ?? 0;
      const openS = clearOf(Math.max(opensS[k] ?? 0, previousS + (leadS[k] ?? 0)), occupiesS[request] ?? 0);
      if (openS > (latestS[request] ?? 0) + TOLERANCE_S) {
        opensS.set(soonestS);
        return;
      }
      opensS[k] = openS;
      previousS = openS;
    }
  }

  function timeIsShort(): void {
    isTimeShort = true;
  }

  return {
    cost,
    timeIsShort,
    get met() {
      return met;
    },
    visited,
    opensS,
    soonestS,
    gap,
    gapFromHere,
    ways: { moveS, placeCount, spotS, doneS, fromHereS },
    dueS,
  };
}
