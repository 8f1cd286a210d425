/**
 * Whether more is asked than there is beam for. What is known now does not say it: requests that come later take time
 * too. Two signs do: what has been missed lately, and how much work lies in windows that nothing was taken from yet.
 */
import type { BeamRequest, ScheduleState } from "./schedule-state.ts";
import type { Travel } from "./travel.ts";

/** Missed lately, as a part of all that was met or missed. */
const MISSED = 0.05;
/** With it so much of the time ahead must be asked for: at the end of a list all that is left is known. */
const STILL_ASKED = 0.75;
/** Work in the time ahead, as a part of it; a little more than all, as it comes in crowds. */
const MORE_THAN_ALL = 1.08;
/** Losses of beam are reckoned to take no more than this part of the time. */
const GONE_MAX = 0.5;

/** @param aheadMs for so long all is known, as far as it ever is */
export function isOverloaded(state: ScheduleState, requests: readonly BeamRequest[], aheadMs: number): boolean {
  const { lately, nowMs, beam } = state;
  const hopMs = shortestHopMs(state.travel);
  const endMs = nowMs + aheadMs;
  if (lately.missed > MISSED * (lately.met + lately.missed)) {
    const askedMs = workMs(requests, hopMs, nowMs, endMs, (earliestMs) => Math.max(nowMs, earliestMs));
    if (askedMs > STILL_ASKED * aheadMs) return true;
  }
  const lossPart = beam.losses === null ? 0 : (beam.losses.perHour * beam.losses.lastMs) / 3_600_000;
  // The later half: what is open now has had its chance, and after a loss of beam there is more of it than is usual.
  const laterMs = workMs(requests, hopMs, nowMs + aheadMs / 2, endMs, (earliestMs) => earliestMs);
  return laterMs > MORE_THAN_ALL * (1 - Math.min(GONE_MAX, lossPart)) * (aheadMs / 2);
}

/** Of each request so much as its window lies in the time between, counted from where it begins. */
function workMs(
  requests: readonly BeamRequest[],
  hopMs: number,
  fromMs: number,
  toMs: number,
  beginOf: (earliestMs: number) => number,
): number {
  let sum = 0;
  for (const { earliestMs, latestMs, occupiesMs } of requests) {
    const beginMs = beginOf(earliestMs);
    const withinMs = Math.min(latestMs, toMs) - Math.max(beginMs, fromMs);
    if (withinMs < 0) continue;
    sum += (occupiesMs + hopMs) * (latestMs > beginMs ? withinMs / (latestMs - beginMs) : 1);
  }
  return sum;
}

function shortestHopMs({ moveS, placeCount, aheadS, settleS }: Travel): number {
  let hopS = placeCount < 2 ? 0 : Infinity;
  for (let to = 1; to < placeCount; to += 1) hopS = Math.min(hopS, moveS[to] ?? 0);
  return 1000 * Math.max(0, hopS - aheadS + settleS);
}
