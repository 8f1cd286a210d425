/**
 * The longest the beam can be on a cell for an exposure: what a booking must cover before the shutter may open, and
 * what a forecast must reckon with.
 */
import type { SiteShutter } from "./site.ts";

/** How late the end of an exposure may be reported before the shutter is closed without it. */
export const EXPOSE_GRACE_S = 0.25;

/** Lapse of the permit plus closing of the shutter upstream: what ends every exposure whatever hangs. */
export function worstClosingS(shutter: SiteShutter): number {
  return shutter.watchdogMs / 1000 + shutter.safetyShutterCloseS;
}

export function longestOpenS(shutter: SiteShutter, exposureS: number): number {
  return exposureS + 2 * shutter.travelS + EXPOSE_GRACE_S + worstClosingS(shutter);
}
