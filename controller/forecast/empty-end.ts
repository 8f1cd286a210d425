/**
 * The count of charge at which a cell is empty: it moves from cycle to cycle, as a channel measures charge to a per mille
 * and a little of what flows goes into side reactions. Other cut-offs move with it.
 */
export interface EmptyEnd {
  /** As of the last discharge that came to its cut-off, A h. */
  readonly atAh: number;
  readonly cycle: number;
  /** By how much it moves per cycle. */
  readonly slipAh: number;
  /** Such a discharge is over; null where none like it was before, so that nobody can tell how it moved. */
  seen(cycle: number, atAh: number | null): void;
}

/** Weight of the newest value of what is measured again and again. */
const NEWEST = 0.5;

export function createEmptyEnd(): EmptyEnd {
  let empty = { atAh: 0, cycle: 0 };
  let slipAh: number | null = null;
  return {
    get atAh() {
      return empty.atAh;
    },
    get cycle() {
      return empty.cycle;
    },
    get slipAh() {
      return slipAh ?? 0;
    },
    seen(cycle, atAh) {
      const cycles = cycle - empty.cycle;
      if (atAh !== null && cycles > 0) {
        const seenAh = (atAh - empty.atAh) / cycles;
        slipAh = slipAh === null ? seenAh : slipAh + NEWEST * (seenAh - slipAh);
      }
      empty = { atAh: atAh ?? empty.atAh + (slipAh ?? 0) * cycles, cycle };
    },
  };
}
