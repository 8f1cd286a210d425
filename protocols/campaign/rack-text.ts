/** Positions in words. */
import { byPlace, placeOf, positionIndex } from "../base/position.ts";
import type { Occupant } from "../base/position.ts";

/** `A1..D12, E3`: runs of neighbours, row by row, as files write them. */
export function positionsText(positions: readonly Occupant[]): string {
  const sorted = [...new Set(positions)].sort(byPlace);
  const runs: { first: Occupant; last: Occupant }[] = [];
  for (const position of sorted) {
    const run = runs.at(-1);
    const isNext = run !== undefined && positionIndex(position) === positionIndex(run.last) + 1;
    // A range in a file names the first cells of its places.
    if (isNext && [run.last, position].every((one) => placeOf(one) === one)) run.last = position;
    else runs.push({ first: position, last: position });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}..${last}`)).join(", ");
}
