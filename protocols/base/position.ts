/** Places on the rack: 8 rows A-H, 12 columns 1-12, written `A1`..`H12`, numbered 0..95 row by row. */

declare const positionBrand: unique symbol;
export type Position = string & { readonly [positionBrand]: true };

export const ROW_COUNT = 8;
export const COLUMN_COUNT = 12;
export const POSITION_COUNT = ROW_COUNT * COLUMN_COUNT;

const PATTERN = /^([A-H])([1-9]|1[0-2])$/;

/** The position, or undefined when the text does not name one on the rack (`A0`, `I1`, `a1`, `A01`, `H13`). */
export function parsePosition(text: string): Position | undefined {
  return PATTERN.test(text) ? (text as Position) : undefined;
}

/** 0..95, row by row: A1 is 0, A12 is 11, B1 is 12, H12 is 95. */
export function positionIndex(position: Position): number {
  return rowIndex(position) * COLUMN_COUNT + columnIndex(position);
}

export function positionAt(index: number): Position {
  const row = Math.floor(index / COLUMN_COUNT);
  if (!Number.isInteger(index) || row < 0 || row >= ROW_COUNT) throw new RangeError(`position index ${index}`);
  return `${String.fromCharCode(65 + row)}${(index % COLUMN_COUNT) + 1}` as Position;
}

/** 0..7 for rows A..H. */
export function rowIndex(position: Position): number {
  return position.charCodeAt(0) - 65;
}

/** 0..11 for columns 1..12. */
export function columnIndex(position: Position): number {
  return Number(position.slice(1)) - 1;
}

export const ALL_POSITIONS: readonly Position[] = Array.from({ length: POSITION_COUNT }, (_, index) =>
  positionAt(index),
);
