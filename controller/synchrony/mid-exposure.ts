/** The middle of an exposure: half way through the time in which light fell on the cell and the detector counted. Pure. */
import type { DetectorTimes } from "./clock-offset.ts";

/** Marks of the shutter, campaign milliseconds; null where it did not come to that. */
export interface SeenShutter {
  readonly openAskedAtMs: number | null;
  readonly openSeenAtMs: number | null;
  readonly closeAskedAtMs: number | null;
  readonly closedSeenAtMs: number | null;
}

export interface MidExposure {
  readonly atMs: number;
  readonly uncertaintyMs: number;
}

interface Edge {
  readonly atMs: number;
  readonly uncertaintyMs: number;
}

/** Null where the shutter was not seen open, or nothing says when light or counting ended. */
export function midExposure(
  shutter: SeenShutter,
  detector: (DetectorTimes & { readonly exposureS: number }) | null,
): MidExposure | null {
  const lit = edge(shutter.openAskedAtMs, shutter.openSeenAtMs);
  if (lit === null || shutter.openSeenAtMs === null) return null;
  const dark = edge(shutter.closeAskedAtMs, shutter.closedSeenAtMs);
  const counts = detector === null ? null : { atMs: detector.beganAtMs, uncertaintyMs: detector.uncertaintyMs };
  const counted =
    detector === null || counts === null ? null : { ...counts, atMs: counts.atMs + 1000 * detector.exposureS };
  const from = counts !== null && counts.atMs > lit.atMs ? counts : lit;
  const to = dark === null || (counted !== null && counted.atMs < dark.atMs) ? counted : dark;
  if (to === null || to.atMs < from.atMs) return null;
  return { atMs: (from.atMs + to.atMs) / 2, uncertaintyMs: (from.uncertaintyMs + to.uncertaintyMs) / 2 };
}

/** What moved did so between the command and the switch. */
function edge(askedAtMs: number | null, seenAtMs: number | null): Edge | null {
  if (askedAtMs === null || seenAtMs === null) return null;
  return { atMs: (askedAtMs + seenAtMs) / 2, uncertaintyMs: Math.abs(seenAtMs - askedAtMs) / 2 };
}
