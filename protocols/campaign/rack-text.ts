/** Positions in words. */
import { positionIndex } from "../base/position.ts";
import type { Position } from "../base/position.ts";

/** `A1..D12, E3`: runs of neighbours, row by row, as files write them. */
export function positionsText(positions: readonly Position[]): string {
  const sorted = [...new Set(positions)].sort((a, b) => positionIndex(a) - positionIndex(b));
  const runs: { first: Position; last: Position }[] = [];
  for (const position of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && positionIndex(position) === positionIndex(run.last) + 1) run.last = position;
    else runs.push({ first: position, last: position });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}..${last}`)).join(", ");
}
