/**
 * Which cell lay in the contacts of each position, from when on: what the channel of a position passed went through these,
 * and who counts it there cannot know of others before their codes are read.
 */
import { passedAtC, type PassedCharge } from "./passed-charge.ts";

interface Stay {
  readonly fromMs: number;
  /** Null: nothing lies there. */
  readonly cell: number | null;
}

export interface ContactLog {
  lies(position: number, cell: number | null, fromMs: number): void;
  /** Net charge that the channel of the position has passed by then. */
  passedC(position: number, atMs: number): number;
  /** Since when its cell has lain in another place, or another one in its own; null where all is as it should be. */
  astraySinceMs(position: number, atMs: number): number | null;
}

/** Each begins in its own place. */
export function createContactLog(cells: ReadonlyMap<number, PassedCharge>): ContactLog {
  const stays = new Map<number, Stay[]>();

  function staysOf(position: number): Stay[] {
    const known = stays.get(position) ?? [{ fromMs: 0, cell: position }];
    stays.set(position, known);
    return known;
  }

  return {
    lies(position, cell, fromMs) {
      staysOf(position).push({ fromMs, cell });
    },
    passedC(position, atMs) {
      const there = staysOf(position);
      return there.reduce((coulombs, { fromMs, cell }, index) => {
        const of = cells.get(cell ?? -1);
        if (of === undefined || fromMs > atMs) return coulombs;
        const untilMs = Math.min(there[index + 1]?.fromMs ?? Infinity, atMs);
        return coulombs + passedAtC(of, untilMs) - passedAtC(of, fromMs);
      }, 0);
    },
    astraySinceMs(position, atMs) {
      const moves = [...stays].flatMap(([where, there]) =>
        there.flatMap(({ fromMs, cell }) => {
          const isMeant = cell !== null && (cell === position || where === position);
          return isMeant && fromMs <= atMs ? [{ fromMs, isHome: cell === where }] : [];
        }),
      );
      moves.sort((one, other) => one.fromMs - other.fromMs);
      return moves.reduce<number | null>((since, { fromMs, isHome }) => (isHome ? null : (since ?? fromMs)), null);
    },
  };
}
