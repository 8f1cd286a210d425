/** How long ago a campaign began that goes on, by what a person or a time service cannot have set meanwhile. */
import type { BootTime } from "../../protocols/base/boot-time.ts";

/** What the computer said of itself, last, while the campaign ran. */
export interface LastCompared {
  /** Campaign time. */
  readonly atMs: number;
  /** What its clock showed then; absent in records that did not keep it. */
  readonly wallMs?: number;
  /** Absent where it did not say how long it was up. */
  readonly boot?: BootTime;
}

export interface BeganAgo {
  readonly agoMs: number;
  /** The computer's clock is known to have been set on by so much since the campaign began, or back where it is negative; 0 otherwise. */
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
 * that is left away from every step, and perhaps from the campaign. Otherwise by what the clock went on since it was last
 * compared, so that what it was off by until then is no part of the break; it never takes the record's times back.
 */
export function beganAgo(
  left: { readonly startMs: number; readonly lastMs: number; readonly compared?: LastCompared },
  now: { readonly wallMs: number; readonly boot: BootTime | null },
): BeganAgo {
  const byClockMs = now.wallMs - left.startMs;
  const { compared, lastMs } = left;
  const byUpMs = byUp(compared, now.boot);
  const bestMs = byUpMs ?? sinceCompared(compared, now.wallMs) ?? byClockMs;
  const setOnMs = byClockMs - bestMs;
  const isSet = Math.abs(setOnMs) >= SET_LEAST_MS;
  const wentOnMs = isSet ? bestMs : byClockMs;
  const breakMs = wentOnMs - lastMs;
  const isDoubtful = byUpMs === undefined && (breakMs <= -SET_LEAST_MS || breakMs > BREAK_MOST_MS);
  return {
    agoMs: Math.max(lastMs, wentOnMs),
    setOnMs: isSet ? setOnMs : 0,
    doubtfulBreakMs: isDoubtful ? breakMs : 0,
  };
}

/** Undefined where the computer was started anew since, or did not say. */
function byUp(compared: LastCompared | undefined, boot: BootTime | null): number | undefined {
  if (compared?.boot === undefined || compared.boot.bootId !== boot?.bootId) return undefined;
  return compared.atMs + 1000 * (boot.upS - compared.boot.upS);
}

function sinceCompared(compared: LastCompared | undefined, wallMs: number): number | undefined {
  return compared?.wallMs === undefined ? undefined : compared.atMs + wallMs - compared.wallMs;
}
