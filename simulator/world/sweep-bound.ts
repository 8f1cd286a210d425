/**
 * The least time a sweep can take on a site, by motion and waiting alone: what no scheduler can beat. From the
 * site's numbers only.
 */
import { hopS } from "../plant/trapezoid.ts";
import type { WorldSite } from "./world-site.ts";

/** A stop of the tour, in stage coordinates. */
export interface TourStop {
  readonly xMm: number;
  readonly yMm: number;
  readonly exposureS: number;
}

export type BoundSite = Pick<WorldSite, "stage" | "shutter" | "detector">;

/**
 * Sum over the tour of hop time (trapezoid, the slower axis decides) + settle + 2 x shutter + exposure + read-out,
 * in seconds. The hop to the first stop counts when `from` is given.
 */
export function sweepBoundS(
  site: BoundSite,
  tour: readonly TourStop[],
  from?: { readonly xMm: number; readonly yMm: number },
): number {
  const { speedMmS, accelerationMmS2, settleS } = site.stage;
  let seconds = 0;
  let last = from;
  for (const stop of tour) {
    if (last !== undefined) seconds += hopS(stop.xMm - last.xMm, stop.yMm - last.yMm, speedMmS, accelerationMmS2);
    seconds += settleS + 2 * site.shutter.travelS + stop.exposureS + site.detector.readOutS;
    last = stop;
  }
  return seconds;
}

/** The least that a visit takes beside its exposure: the hop from the next cell, settling, shutter and read-out; seconds. */
export function visitOverheadS(site: BoundSite & Pick<WorldSite, "rack">): number {
  const { pitchMm } = site.rack;
  return sweepBoundS(site, [{ xMm: pitchMm, yMm: 0, exposureS: 0 }], { xMm: 0, yMm: 0 });
}

/** One cell picked, another one placed. */
const EXCHANGE_MOVES = 2;

/** The same where a robot may bring the cells: the stage need not move then, but the arm has to. */
export function visitTimes(
  site: Parameters<typeof visitOverheadS>[0],
  robot: { readonly moveS: number } | undefined,
): { readonly overheadS: number; readonly exchangeS: number } {
  if (robot === undefined) return { overheadS: visitOverheadS(site), exchangeS: 0 };
  const overheadS = sweepBoundS(site, [{ xMm: 0, yMm: 0, exposureS: 0 }]);
  return { overheadS, exchangeS: EXCHANGE_MOVES * robot.moveS };
}
