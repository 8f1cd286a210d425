/**
 * Shutter-open time from the marks of an exposure. While the blades travel the beam is half open on average, so
 * opening and closing together count as one travel less than from the order to open to the closed switch. Delays in
 * reading the switches make the result longer, never shorter.
 */
import type { ShutterMarks } from "../machines/exposure-order.ts";

/**
 * Seconds at full opening that give the same photons; 0 when the shutter was never asked open; null when it cannot
 * be known, because it was asked open and never seen closed after that, nor watched to be open.
 *
 * @param travelMs time from one switch to the other, as the site states it
 */
export function openTimeS(marks: ShutterMarks, travelMs: number): number | null {
  const { openAskedAtMs, openSeenAtMs, closeAskedAtMs, closedSeenAtMs, litUntilAtMs, darkMs, gate } = marks;
  if (openAskedAtMs === null) return 0;
  const endMs = closedSeenAtMs ?? litUntilAtMs ?? NaN;
  const longestMs = endMs - openAskedAtMs - darkMs;
  // No end, no number, or closed before it was asked open, which is the end of something else: none of them is known.
  if (!(longestMs >= 0)) return null;
  // Watched to stay open: it is not travel that the end was waited for.
  if (litUntilAtMs !== null) return longestMs / 1000;
  // Not seen open, or not asked closed: no time between the switches is proven, so the longest counts.
  if (openSeenAtMs === null || closeAskedAtMs === null) return longestMs / 1000;
  // The gate's own length, unless the switches say that it was longer.
  if (gate !== undefined) return Math.max(gate.lengthS, (endMs - gate.firedAtMs - travelMs) / 1000);
  return Math.max(closeAskedAtMs - openSeenAtMs, longestMs - travelMs, 0) / 1000;
}
