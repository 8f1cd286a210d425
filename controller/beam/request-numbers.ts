/**
 * Numbers of what steps, triggers and people ask the beam for. Each position has its own: every 96th, from its own place
 * on; a cell that follows another there goes on with them. So no two requests of a campaign have one, and none tells how many exposures others have asked for. Pure.
 */
import { assert } from "../../protocols/base/assert.ts";
import { parseOccupant, placeText, POSITION_COUNT, positionIndex } from "../../protocols/base/position.ts";

/** By position: the number of its last request. */
export type LastNumbers = ReadonlyMap<string, number>;

export const NO_NUMBERS: LastNumbers = new Map();

/** Of the next request at the position. */
export function nextNumber(last: LastNumbers, position: string): number {
  const before = last.get(placeText(position));
  return before === undefined ? firstOf(position) : before + POSITION_COUNT;
}

/** With requests that were numbered. */
export function withNumbers(
  last: LastNumbers,
  numbered: Iterable<{ readonly position: string; readonly number: number }>,
): LastNumbers {
  const numbers = new Map(last);
  for (const { position, number } of numbered) numbers.set(placeText(position), number);
  return numbers;
}

/** The first of a position is 1, its second 2. */
export function turnOf(number: number): number {
  return Math.ceil(number / POSITION_COUNT);
}

/** Of a record. Where one counted all requests together, every position goes on beyond all of its numbers. */
export function recordedNumbers(
  numbered: readonly { readonly position: string; readonly number: number }[],
  positions: readonly string[],
): LastNumbers {
  const others = numbered.filter(({ position, number }) => (number - firstOf(position)) % POSITION_COUNT !== 0);
  const turns = Math.max(0, ...others.map(({ number }) => turnOf(number)));
  const last = new Map<string, number>();
  if (turns > 0)
    for (const position of positions) last.set(placeText(position), firstOf(position) + turns * POSITION_COUNT);
  for (const { position, number } of numbered) {
    if ((number - firstOf(position)) % POSITION_COUNT === 0)
      last.set(placeText(position), Math.max(number, last.get(placeText(position)) ?? 0));
  }
  return last;
}

function firstOf(text: string): number {
  const cell = parseOccupant(text);
  assert(cell !== undefined, `${text} is no position`);
  return positionIndex(cell) + 1;
}
