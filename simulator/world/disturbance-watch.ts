/**
 * Are the two clocks apart? While something happens to beam or shutter, no cell may be ordered off because of it. An
 * instrument that heard nothing meanwhile, or nothing since it began to drive its cell, ended its step by its own rules.
 */
import type { CellObserver } from "./cell-observer.ts";

/**
 * What tells an instrument that was ordered to stop from one that stopped by itself: how often it has heard anything; of one that
 * several channels share, how often it was ordered to stop there.
 */
export type HeardCount = () => number;

export interface DisturbanceWatch {
  /** By position. */
  wire(heardAt: ReadonlyMap<number, HeardCount>): void;
  /** Watches from now on; the function it returns ends that and gives the positions that were ordered off. */
  begin(): () => ReadonlySet<number>;
  /** How often the cell was switched on so far. */
  switchedOnCount(positionIndex: number): number;
}

interface Watch {
  /** What was heard when the watch began, or when the cell was last switched on in it; by position. */
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
  let heardAt: ReadonlyMap<number, HeardCount> = new Map();

  for (const [cellIndex, cell] of cells) {
    cell.onSwitchedOn(() => {
      switchedOn.set(cellIndex, (switchedOn.get(cellIndex) ?? 0) + 1);
      const positionIndex = channelOf(cellIndex);
      if (positionIndex === undefined) return;
      const count = heardAt.get(positionIndex)?.();
      if (count !== undefined) for (const { heard } of watches) heard.set(positionIndex, count);
    });
    cell.onSwitchedOff(() => {
      const positionIndex = channelOf(cellIndex);
      if (watches.size === 0 || isOver() || positionIndex === undefined) return;
      const count = heardAt.get(positionIndex)?.() ?? Infinity;
      for (const watch of watches) {
        if (count > (watch.heard.get(positionIndex) ?? -1)) watch.stopped.add(cellIndex);
      }
    });
  }

  return {
    switchedOnCount: (positionIndex) => switchedOn.get(positionIndex) ?? 0,
    wire(counts) {
      heardAt = counts;
    },
    begin() {
      const heard = new Map<number, number>();
      for (const [positionIndex, count] of heardAt) heard.set(positionIndex, count());
      const watch: Watch = { heard, stopped: new Set() };
      watches.add(watch);
      return () => {
        watches.delete(watch);
        return watch.stopped;
      };
    },
  };
}
