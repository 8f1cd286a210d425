/**
 * The machine that makes the beam: stored current decays with its lifetime and is topped up every few minutes; a
 * dump takes it to zero until the machine is filled again, which takes the end of the dump's time.
 */
import type { Chance } from "./plant.ts";

export interface StorageRingOptions {
  readonly fullMa: number;
  readonly lifetimeH: number;
  readonly topUpEveryS: number;
}

export interface StorageRing {
  currentMa(atMs: number): number;
  /** No current from `fromMs`, full again at `toMs`; the last `refillMs` of it, by default none, are filling. */
  dump(fromMs: number, toMs: number, refillMs?: number): void;
  /** Appends the instants strictly between the two times where the current jumps or begins to rise. */
  addBreaks(fromMs: number, toMs: number, into: number[]): void;
}

export function createStorageRing(options: StorageRingOptions, chance: Chance): StorageRing {
  const topUpMs: number[] = [0];
  const topUpMa: number[] = [options.fullMa];
  const dumps: { readonly fromMs: number; readonly fillMs: number; readonly toMs: number }[] = [];

  /** Draws the top-ups in order, so that the ring's history does not depend on when it is looked at. */
  function drawUntil(atMs: number): void {
    let last = topUpMs[topUpMs.length - 1] ?? 0;
    while (last <= atMs) {
      last += options.topUpEveryS * 1000 * (0.9 + 0.2 * chance.uniform());
      topUpMs.push(last);
      topUpMa.push(options.fullMa * (1 + 0.0005 * Math.max(-3, Math.min(3, chance.normal()))));
    }
  }

  function lastTopUp(atMs: number): number {
    let low = 0;
    let high = topUpMs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((topUpMs[middle] ?? 0) <= atMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** 1 but for dumps and the filling after them. */
  function filled(atMs: number): number {
    let least = 1;
    for (const { fromMs, fillMs, toMs } of dumps) {
      if (atMs < fromMs || atMs >= toMs) continue;
      least = Math.min(least, atMs <= fillMs ? 0 : (atMs - fillMs) / (toMs - fillMs));
    }
    return least;
  }

  return {
    currentMa(atMs) {
      const share = filled(atMs);
      if (share === 0) return 0;
      drawUntil(atMs);
      const index = lastTopUp(atMs);
      const sinceH = (atMs - (topUpMs[index] ?? 0)) / 3_600_000;
      return share * (topUpMa[index] ?? 0) * Math.exp(-sinceH / options.lifetimeH);
    },
    dump(fromMs, toMs, refillMs = 0) {
      dumps.push({ fromMs, fillMs: Math.max(fromMs, toMs - refillMs), toMs });
    },
    addBreaks(fromMs, toMs, into) {
      drawUntil(toMs);
      for (let index = lastTopUp(fromMs); index < topUpMs.length; index += 1) {
        const time = topUpMs[index] ?? 0;
        if (time >= toMs) break;
        if (time > fromMs) into.push(time);
      }
      for (const dump of dumps) {
        for (const time of [dump.fromMs, dump.fillMs, dump.toMs]) if (time > fromMs && time < toMs) into.push(time);
      }
    },
  };
}
