/** How requests fared in the last quarter of an hour: what tells that more is asked than the beam has time for. */

export interface Lately {
  readonly met: number;
  /** With beam in nearly all of their window: it was others that took the time. */
  readonly missed: number;
}

export interface LatelyAccount {
  /** Told at each look, in the order of time. */
  beam(nowMs: number, isThere: boolean): void;
  met(nowMs: number): void;
  missed(nowMs: number, window: { readonly earliestMs: number; readonly latestMs: number }): void;
  now(nowMs: number): Lately;
}

const LATELY_MS = 900_000;
/** Without beam for more than this part of its window a request is missed for the beam. */
const GONE_PART = 0.05;
/** Losses of beam that are remembered. */
const GONE_KEPT = 64;

export function createLatelyAccount(): LatelyAccount {
  const metMs: number[] = [];
  const missedMs: number[] = [];
  const gone: { readonly fromMs: number; readonly toMs: number }[] = [];
  let goneSinceMs: number | null = null;

  function goneMs(fromMs: number, toMs: number): number {
    let sum = goneSinceMs === null ? 0 : Math.max(0, toMs - Math.max(fromMs, goneSinceMs));
    for (const one of gone) sum += Math.max(0, Math.min(toMs, one.toMs) - Math.max(fromMs, one.fromMs));
    return sum;
  }

  function forget(times: number[], nowMs: number): void {
    const first = times.findIndex((atMs) => atMs >= nowMs - LATELY_MS);
    if (first !== 0) times.splice(0, first < 0 ? times.length : first);
  }

  return {
    beam(nowMs, isThere) {
      if (!isThere) {
        goneSinceMs ??= nowMs;
        return;
      }
      if (goneSinceMs === null) return;
      gone.push({ fromMs: goneSinceMs, toMs: nowMs });
      goneSinceMs = null;
      if (gone.length > GONE_KEPT) gone.shift();
    },
    met(nowMs) {
      metMs.push(nowMs);
    },
    missed(nowMs, { earliestMs, latestMs }) {
      if (goneMs(earliestMs, latestMs) <= GONE_PART * (latestMs - earliestMs)) missedMs.push(nowMs);
    },
    now(nowMs) {
      forget(metMs, nowMs);
      forget(missedMs, nowMs);
      return { met: metMs.length, missed: missedMs.length };
    },
  };
}
