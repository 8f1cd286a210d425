/** Positions in words. */
import { byPlace, positionIndex, turnOf } from "../base/position.ts";
import type { Occupant } from "../base/position.ts";

/** `A1..D12, A1.2..B12.2, E3`: runs of neighbours, row by row, as files write them. */
export function positionsText(positions: readonly Occupant[]): string {
  const sorted = [...new Set(positions)].sort((one, other) => turnOf(one) - turnOf(other) || byPlace(one, other));
  const runs: { first: Occupant; last: Occupant }[] = [];
  for (const position of sorted) {
    const run = runs.at(-1);
    const isNext = run !== undefined && positionIndex(position) === positionIndex(run.last) + 1;
    if (isNext && turnOf(run.last) === turnOf(position)) run.last = position;
    else runs.push({ first: position, last: position });
  }
  runs.sort((one, other) => byPlace(one.first, other.first));
  return runs.map(({ first, last }) => (first === last ? first : `${first}..${last}`)).join(", ");
}
