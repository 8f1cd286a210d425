/** Which cell of a campaign is meant where people, instruments and the bus name a place. */
import { placeOf, type Occupant } from "../base/position.ts";

interface Placed {
  readonly position: Occupant;
}

/** Index of the cell that lies at a place, or is to: of several in turn the last. -1 where there never was one. */
export function presentIndex(cells: readonly Placed[], place: string): number {
  return cells.findLastIndex(({ position }) => position === place || placeOf(position) === place);
}

/** Its name; the place itself where there never was one. */
export function presentAt(cells: readonly Placed[], place: string): string {
  return cells[presentIndex(cells, place)]?.position ?? place;
}

/** Nobody has followed it in its place. */
export function isPresent(cells: readonly Placed[], cellIndex: number): boolean {
  const own = cells[cellIndex];
  return own !== undefined && presentIndex(cells, placeOf(own.position)) === cellIndex;
}
