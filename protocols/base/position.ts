/** Places on the rack: 8 rows A-H, 12 columns 1-12, written `A1`..`H12`, numbered 0..95 row by row. */

declare const occupantBrand: unique symbol;
declare const positionBrand: unique symbol;

/**
 * A cell of a campaign by where it lies: `A7` is the first that the campaign has there, `A7.2` the one that followed it. What
 * is a cell's own (its record, its dose, its requests) goes by this; what is of the place goes by `placeOf` it.
 */
export type Occupant = string & { readonly [occupantBrand]: true };
export type Position = Occupant & { readonly [positionBrand]: true };

export const ROW_COUNT = 8;
export const COLUMN_COUNT = 12;
export const POSITION_COUNT = ROW_COUNT * COLUMN_COUNT;

const PATTERN = /^([A-H])([1-9]|1[0-2])$/;
const OCCUPANT_PATTERN = /^([A-H])([1-9]|1[0-2])(\.([2-9]|[1-9][0-9]))?$/;

/** The position, or undefined when the text does not name one on the rack (`A0`, `I1`, `a1`, `A01`, `H13`). */
export function parsePosition(text: string): Position | undefined {
  return PATTERN.test(text) ? (text as Position) : undefined;
}

/** The cell that the text names by its place: `A7`, or `A7.2` to `A7.99` for those that followed there. */
export function parseOccupant(text: string): Occupant | undefined {
  return OCCUPANT_PATTERN.test(text) ? (text as Occupant) : undefined;
}

/** Where the cell lies. */
export function placeOf(occupant: Occupant): Position {
  const point = occupant.indexOf(".");
  return (point < 0 ? occupant : occupant.slice(0, point)) as Position;
}

/** Of a text that may name a cell: its place; any other text as it is. */
export function placeText(text: string): string {
  const occupant = parseOccupant(text);
  return occupant === undefined ? text : placeOf(occupant);
}

/** Whether a cell is one of these: a place names whoever lies there, `A7.2` that one alone. */
export function isNamed(cell: Occupant, named: readonly Occupant[]): boolean {
  return named.includes(cell) || named.includes(placeOf(cell));
}

/** 1 for the first cell that the campaign has at its place, 2 for the one that followed it. */
export function turnOf(occupant: Occupant): number {
  const point = occupant.indexOf(".");
  return point < 0 ? 1 : Number(occupant.slice(point + 1));
}

/** The cell that the campaign has at a place in this turn. */
export function inTurn(place: Position, turn: number): Occupant {
  return turn === 1 ? place : (`${place}.${turn}` as Occupant);
}

/** The cell before this one at the same place; undefined for the first. */
export function forerunnerOf(occupant: Occupant): Occupant | undefined {
  const turn = turnOf(occupant);
  return turn === 1 ? undefined : inTurn(placeOf(occupant), turn - 1);
}

/** By place, row by row, then by their turns there. */
export function byPlace(one: Occupant, other: Occupant): number {
  return positionIndex(one) - positionIndex(other) || turnOf(one) - turnOf(other);
}

/** 0..95, row by row: A1 is 0, A12 is 11, B1 is 12, H12 is 95; of a cell, that of its place. */
export function positionIndex(position: Occupant): number {
  return rowIndex(position) * COLUMN_COUNT + columnIndex(position);
}

export function positionAt(index: number): Position {
  const row = Math.floor(index / COLUMN_COUNT);
  if (!Number.isInteger(index) || row < 0 || row >= ROW_COUNT) throw new RangeError(`position index ${index}`);
  return `${String.fromCharCode(65 + row)}${(index % COLUMN_COUNT) + 1}` as Position;
}

/** 0..7 for rows A..H. */
export function rowIndex(position: Occupant): number {
  return position.charCodeAt(0) - 65;
}

/** 0..11 for columns 1..12. */
export function columnIndex(position: Occupant): number {
  return Number.parseInt(position.slice(1), 10) - 1;
}

export const ALL_POSITIONS: readonly Position[] = Array.from({ length: POSITION_COUNT }, (_, index) =>
  positionAt(index),
);
