/**
 * What one cell was asked for by its triggers, and what is to be said now: asked first, moved where the window has moved
 * enough to matter, withdrawn where it cannot come any more. Pure but for its own memory.
 */
import type { ExposureWish, WithdrawnWish } from "../beam/wanted.ts";
import { GUARD_MS, type CellFacts, type Moment, type Scope } from "./cell-facts.ts";
import type { FollowedStep } from "./followed-step.ts";

export interface AskedMoments {
  /** All moments of a trigger as they are now; `wishOf` words one of them. */
  say(
    moments: readonly Moment[],
    about: { readonly trigger: string; readonly facts: CellFacts; readonly followed: FollowedStep },
    wishOf: (moment: Moment) => ExposureWish,
  ): {
    readonly asked: readonly ExposureWish[];
    readonly withdrawn: readonly WithdrawnWish[];
    /** Before this moment it has to be told again that what nobody expects now has not come. */
    readonly againMs: number;
  };
  /** It has come: what it wants now, whatever was guessed; null where it is closed. */
  come(trigger: string, moment: Moment, wish: ExposureWish): ExposureWish | null;
  /** It was met, missed or withdrawn: nothing more is said of it. */
  close(key: string): void;
}

interface Said {
  readonly moment: Moment;
  readonly wish: ExposureWish;
}

/** A window that moves less than this, or than this part of the time until then, stays as it was told. */
const MOVED_MS = 500;
const MOVED_SHARE = 0.02;
/** The same of what is a guess: it moves at every look. */
const GUESS_MOVED_SHARE = 0.15;
/** What nobody expects any more is put off by so much at a time. */
const PUT_OFF_MS = 120_000;

export function createAskedMoments(): AskedMoments {
  /** By trigger, then by key. */
  const said = new Map<string, Map<string, Said>>();
  const closed = new Set<string>();

  return {
    say(moments, { trigger, facts, followed }, wishOf) {
      const { nowMs } = facts;
      const own = said.get(trigger) ?? new Map<string, Said>();
      said.set(trigger, own);
      const asked: ExposureWish[] = [];
      const withdrawn: WithdrawnWish[] = [];
      const isThere = new Set<string>();
      let againMs = Infinity;
      for (const moment of moments) {
        if (moment.latestMs < nowMs) continue;
        const wish = wishOf(moment);
        const { key } = wish;
        isThere.add(key);
        if (closed.has(key)) continue;
        const before = own.get(key);
        if (before !== undefined && !hasMoved(before.wish, wish, nowMs, moment.isGuess)) continue;
        own.set(key, { moment, wish });
        asked.push(wish);
      }
      for (const [key, { moment, wish }] of own) {
        if (isThere.has(key)) continue;
        if (closed.has(key) || wish.latestMs < nowMs) own.delete(key);
        else if (moment.atMs <= nowMs) continue;
        else if (isBehind(moment.scope, followed)) {
          own.delete(key);
          closed.add(key);
          withdrawn.push({ key, reason: `it did not come to ${moment.what}` });
        } else {
          let { earliestMs } = wish;
          if (earliestMs < nowMs + GUARD_MS) {
            // It has not come, and nothing says when it will.
            const byMs = nowMs + PUT_OFF_MS - earliestMs;
            const later = movedBy(wish, byMs);
            own.set(key, { moment: { ...moment, atMs: moment.atMs + byMs }, wish: later });
            asked.push(later);
            ({ earliestMs } = later);
          }
          againMs = Math.min(againMs, earliestMs - GUARD_MS / 2);
        }
      }
      return { asked, withdrawn, againMs };
    },
    come(trigger, moment, wish) {
      if (closed.has(wish.key)) return null;
      const own = said.get(trigger) ?? new Map<string, Said>();
      said.set(trigger, own.set(wish.key, { moment, wish }));
      return wish;
    },
    close(key) {
      closed.add(key);
      for (const own of said.values()) own.delete(key);
    },
  };
}

function hasMoved(before: ExposureWish, now: ExposureWish, nowMs: number, isGuess: boolean): boolean {
  const share = isGuess ? GUESS_MOVED_SHARE : MOVED_SHARE;
  const toleranceMs = Math.max(MOVED_MS, share * ((now.wantedMs ?? now.earliestMs) - nowMs));
  const movedMs = Math.max(
    Math.abs(now.earliestMs - before.earliestMs),
    Math.abs((now.wantedMs ?? 0) - (before.wantedMs ?? 0)),
    Math.abs(now.latestMs - before.latestMs),
  );
  return movedMs > toleranceMs;
}

function movedBy(wish: ExposureWish, byMs: number): ExposureWish {
  const wantedMs = wish.wantedMs === null ? null : wish.wantedMs + byMs;
  return { ...wish, earliestMs: wish.earliestMs + byMs, wantedMs, latestMs: wish.latestMs + byMs };
}

/** Its step is over, its half cycle, or the cell's part. */
function isBehind(scope: Scope, { step, passed, half, isOver }: FollowedStep): boolean {
  if (isOver) return true;
  switch (scope.kind) {
    case "open":
      return false;
    case "step":
      return (passed[0]?.ordinal ?? 0) >= scope.ordinal || (step?.ordinal ?? 0) > scope.ordinal;
    case "half-cycle":
      if (half === null) return false;
      if (half.cycle !== scope.cycle) return half.cycle > scope.cycle;
      // Which of a cycle's half cycles is first follows from what ran: another direction in the same cycle is later.
      return half.direction !== scope.direction && passed.some(({ cycle }) => cycle === scope.cycle);
  }
}
