/**
 * Are the two clocks apart? While something happens to beam or shutter, no cell may be ordered off because of it. An
 * instrument that heard nothing meanwhile, or nothing since it began to drive its cell, ended its step by its own rules.
 */
import type { CellObserver } from "./cell-observer.ts";

/** What tells an instrument that was ordered to stop from one that stopped by itself. */
export interface ListeningCounters {
  readonly chunksToDevice: number;
}

export interface DisturbanceWatch {
  /** Which counters belong to the cell at a position. */
  wire(counters: ReadonlyMap<number, ListeningCounters>): void;
  /** Watches from now on; the function it returns ends that and gives the positions that were ordered off. */
  begin(): () => ReadonlySet<number>;
  /** How often the cell was switched on so far. */
  switchedOnCount(positionIndex: number): number;
}

interface Watch {
  /** Chunks heard when the watch began, or when the cell was last switched on in it; by position. */
  readonly heard: Map<number, number>;
  readonly stopped: Set<number>;
}

/**
 * `isOver` says that the campaign's time is over: then cells may be ordered off at any instant. `channelOf`: the position in
 * whose contacts a cell lies; undefined for one that lies in none.
 */
export function createDisturbanceWatch(
  cells: ReadonlyMap<number, CellObserver>,
  isOver: () => boolean,
  channelOf: (cellIndex: number) => number | undefined = (cellIndex) => cellIndex,
): DisturbanceWatch {
  const watches = new Set<Watch>();
  const switchedOn = new Map<number, number>();
  let countersOf: ReadonlyMap<number, ListeningCounters> = new Map();

  for (const [cellIndex, cell] of cells) {
    cell.onSwitchedOn(() => {
      switchedOn.set(cellIndex, (switchedOn.get(cellIndex) ?? 0) + 1);
      const positionIndex = channelOf(cellIndex);
      if (positionIndex === undefined) return;
      const chunks = countersOf.get(positionIndex)?.chunksToDevice;
      if (chunks !== undefined) for (const { heard } of watches) heard.set(positionIndex, chunks);
    });
    cell.onSwitchedOff(() => {
      const positionIndex = channelOf(cellIndex);
      if (watches.size === 0 || isOver() || positionIndex === undefined) return;
      const chunks = countersOf.get(positionIndex)?.chunksToDevice ?? Infinity;
      for (const watch of watches) {
        if (chunks > (watch.heard.get(positionIndex) ?? -1)) watch.stopped.add(cellIndex);
      }
    });
  }

  return {
    switchedOnCount: (positionIndex) => switchedOn.get(positionIndex) ?? 0,
    wire(counters) {
      countersOf = counters;
    },
    begin() {
      const heard = new Map<number, number>();
      for (const [positionIndex, counters] of countersOf) heard.set(positionIndex, counters.chunksToDevice);
      const watch: Watch = { heard, stopped: new Set() };
      watches.add(watch);
      return () => {
        watches.delete(watch);
        return watch.stopped;
      };
    },
  };
}
