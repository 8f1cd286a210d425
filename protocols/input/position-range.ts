/** Positions as files name them: `B7`, or `A1..D12` for every position between, row by row. */
import { inTurn, parseOccupant, parsePosition, placeOf, positionAt, positionIndex, turnOf } from "../base/position.ts";
import type { Occupant, Position } from "../base/position.ts";

export type PositionRange<Named = Position> =
  | { readonly kind: "positions"; readonly positions: readonly Named[] }
  | { readonly kind: "refused"; readonly what: string; readonly advice: string };

/** The same where cells are meant: `B7.2` is the one that followed at B7, `A1.2..H12.2` all that followed the first ones. */
export function parseOccupants(text: string): PositionRange<Occupant> {
  const [from, to, ...more] = text.split("..").map((end) => parseOccupant(end.trim()));
  if (from === undefined || more.length > 0) return parsePositionRange(text);
  if (to === undefined) {
    return text.includes("..") ? parsePositionRange(text) : { kind: "positions", positions: [from] };
  }
  const turn = turnOf(from);
  if (turn !== turnOf(to)) {
    const advice = `Write ${from}..${inTurn(placeOf(to), turn)}, and the others by themselves.`;
    return { kind: "refused", what: `${text} names cells of two turns in their places`, advice };
  }
  const range = parsePositionRange(`${placeOf(from)}..${placeOf(to)}`);
  if (range.kind === "refused") return range;
  return { kind: "positions", positions: range.positions.map((place) => inTurn(place, turn)) };
}

export function parsePositionRange(text: string): PositionRange {
  const ends = text.split("..");
  const [from, to] = ends.map((end) => end.trim());
  if (from === undefined || ends.length > 2) return refused(text, `${text} is no range of positions`);
  const first = parsePosition(from);
  if (first === undefined) return refused(text, `${from} is not on the rack`);
  if (to === undefined) return { kind: "positions", positions: [first] };
  const last = parsePosition(to);
  if (last === undefined) return refused(text, `${to} is not on the rack`);
  const begin = positionIndex(first);
  const end = positionIndex(last);
  if (end < begin) {
    return {
      kind: "refused",
      what: `${text} runs backwards`,
      advice: `Write ${to}..${from}; positions run row by row.`,
    };
  }
  return {
    kind: "positions",
    positions: Array.from({ length: end - begin + 1 }, (_, index) => positionAt(begin + index)),
  };
}

function refused(text: string, what: string): Extract<PositionRange, { kind: "refused" }> {
  const upper = text.toUpperCase();
  const hint = upper !== text && parsePosition(upper) !== undefined ? `Write ${upper}. ` : "";
  return {
    kind: "refused",
    what,
    advice: `${hint}The rack has rows A to H and columns 1 to 12: A1 to H12, or a range such as A1..D12.`,
  };
}
