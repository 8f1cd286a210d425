/** Whether the output watchdog lets the shutter close in its own time. Pure. */
import type { Finding } from "../base/finding.ts";
import { PERMIT_CYCLE_SHARE } from "../site/longest-open.ts";
import type { Site } from "../site/site.ts";

/** As a site file may say. */
const WATCHDOG_MAX_MS = 900;

/**
 * With the permit off a coupler's watchdog runs until the shutter reads closed. One that travels for longer than it has left
 * then, has it run out at every closing, and with it drop the shutter upstream and the filters.
 */
export function judgeShutter({ io, shutter }: Pick<Site, "io" | "shutter">): readonly Finding[] {
  const mostS = ((1 - PERMIT_CYCLE_SHARE) * shutter.watchdogMs) / 1000;
  // A relay drops nothing but the shutter; a gate closes it under the permit.
  if (io.adam !== undefined || shutter.gate !== undefined || shutter.travelS < mostS) return [];
  const what = `the shutter closes within ${shutter.travelS} s, and the output watchdog may have ${Number(mostS.toFixed(3))} s left as the permit is dropped: it may run out at every closing, which closes the shutter upstream and drops the filters`;
  const neededMs = 100 * (Math.floor((10 * shutter.travelS) / (1 - PERMIT_CYCLE_SHARE)) + 1);
  const advice =
    neededMs <= WATCHDOG_MAX_MS
      ? `Give shutter: watchdog_ms: ${neededMs}, or travel_s as measured if that is less.`
      : "No watchdog of less than a second waits for it: expose with a faster shutter, or reckon with that at each exposure.";
  return [{ severity: "warning", code: "plan.slow-shutter", where: "shutter", what, advice }];
}
