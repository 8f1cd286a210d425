/** Cells in the order in which dose will stop them. Pure. */
import type { RackView } from "./rack-view.ts";

/** Position indices, the nearest to a limit first. */
export function nearestToLimit({ cells }: Pick<RackView, "cells">): readonly number[] {
  return cells
    .flatMap((cell, index) => (cell === null ? [] : [{ share: cell.dose.limit_fraction, index }]))
    .sort((left, right) => right.share - left.share || left.index - right.index)
    .map(({ index }) => index);
}
