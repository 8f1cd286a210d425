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

/** From the order to open to the last heartbeat of the permit, seconds: opening, exposing, and the grace after it. */
export function permitLifeS(shutter: SiteShutter, exposureS: number): number {
  return exposureS + 2 * shutter.travelS + EXPOSE_GRACE_S;
}

/** From the last heartbeat to the beam being off, seconds, whatever hangs or sticks. */
export function worstClosingS(shutter: SiteShutter): number {
  return HEARTBEAT_DELAY_S + shutter.watchdogMs / 1000 + shutter.safetyShutterCloseS;
}

/** From the order to open to the beam being off, seconds: the bound that is booked. */
export function longestOpenS(shutter: SiteShutter, exposureS: number): number {
  return permitLifeS(shutter, exposureS) + worstClosingS(shutter);
}
