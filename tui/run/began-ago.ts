/** How long ago a campaign began that goes on, by what a person or a time service cannot have set meanwhile. */
import type { BootTime } from "../../protocols/base/boot-time.ts";

/** What the computer said of itself while the campaign ran. */
export interface KnownUp extends BootTime {
  /** Campaign time. */
  readonly atMs: number;
}

export interface BeganAgo {
  readonly agoMs: number;
  /** The computer's clock was set on by so much since the campaign began, or back where it is negative; 0 where nothing tells. */
  readonly setOnMs: number;
  /**
   * Where the clock alone tells how long the break was, and what it tells cannot be or is hard to believe: how long after the
   * last event on record it stands, or before it where it is negative; 0 otherwise.
   */
  readonly doubtfulBreakMs: number;
}

/** Less may be what either clock is off by, and how coarsely it is read. */
const SET_LEAST_MS = 2000;

/** A rack that stood still for longer is rare; a computer that lost its time is not. */
const BREAK_MOST_MS = 24 * 3_600_000;

/**
 * Within one start of the computer, campaign time goes on with how long that is up: a clock that was set would take the time
 * that is left away from every step, and perhaps from the campaign. Otherwise by the clock, which never takes the record's
 * times back.
 */
export function beganAgo(
  left: { readonly startMs: number; readonly lastMs: number; readonly up?: KnownUp },
  now: { readonly wallMs: number; readonly boot: BootTime | null },
): BeganAgo {
  const byClockMs = now.wallMs - left.startMs;
  const { up, lastMs } = left;
  if (up === undefined || up.bootId !== now.boot?.bootId) {
    const breakMs = byClockMs - lastMs;
    const isDoubtful = breakMs <= -SET_LEAST_MS || breakMs > BREAK_MOST_MS;
    return { agoMs: Math.max(lastMs, byClockMs), setOnMs: 0, doubtfulBreakMs: isDoubtful ? breakMs : 0 };
  }
  const byUpMs = up.atMs + 1000 * (now.boot.upS - up.upS);
  const setOnMs = byClockMs - byUpMs;
  const isSet = Math.abs(setOnMs) >= SET_LEAST_MS;
  return { agoMs: Math.max(lastMs, isSet ? byUpMs : byClockMs), setOnMs: isSet ? setOnMs : 0, doubtfulBreakMs: 0 };
}
