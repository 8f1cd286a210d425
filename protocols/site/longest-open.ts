/**
 * The longest the beam can be on a cell for an exposure: what a booking must cover before the shutter may open, and
 * what a forecast must reckon with. The shutter permit is given for no longer than that, so that the sum holds
 * whatever hangs: last heartbeat, its way to the unit, lapse of the permit, closing upstream.
 */
import type { SiteShutter } from "./site.ts";

/** How late the end of an exposure may be reported before the shutter is closed without it. */
export const EXPOSE_GRACE_S = 0.25;

/** How long a heartbeat may be under way to the unit: what is not answered by then is given up with its link. */
export const HEARTBEAT_DELAY_S = 0.2;

/** Of the watchdog's time, between two heartbeats of the permit: two fit in with a tenth to spare, one late one costs nothing. */
export const PERMIT_CYCLE_SHARE = 0.45;

/** Where a trigger times the shutter: for its word that the gate is over, once the frame is there. */
const GATE_WORD_S = 0.25;

/** What a shutter timed by a trigger takes beyond its exposure: the detector's start before the gate, the trigger's word after it. */
export function gateOverheadS({ gate }: Pick<SiteShutter, "gate">): number {
  return gate === undefined ? 0 : gate.leadS + GATE_WORD_S;
}

/**
 * From the order to open to the last heartbeat of the permit, seconds: opening, exposing, and the grace after it. A gate
 * does not shorten it: a trigger that holds its gate is one more device that may fail, and the permit is what ends that.
 */
export function permitLifeS(shutter: SiteShutter, exposureS: number): number {
  return exposureS + 2 * shutter.travelS + EXPOSE_GRACE_S + gateOverheadS(shutter);
}

/** From the last heartbeat to the beam being off, seconds, whatever hangs or sticks. */
export function worstClosingS(shutter: SiteShutter): number {
  return HEARTBEAT_DELAY_S + shutter.watchdogMs / 1000 + shutter.safetyShutterCloseS;
}

/** From the order to open to the beam being off, seconds: the bound that is booked. */
export function longestOpenS(shutter: SiteShutter, exposureS: number): number {
  return permitLifeS(shutter, exposureS) + worstClosingS(shutter);
}
