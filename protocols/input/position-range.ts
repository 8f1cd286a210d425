/** Positions as files name them: `B7`, or `A1..D12` for every position between, row by row. */
import { parsePosition, positionAt, positionIndex } from "../base/position.ts";
import type { Position } from "../base/position.ts";

export type PositionRange =
  | { readonly kind: "positions"; readonly positions: readonly Position[] }
  | { readonly kind: "refused"; readonly what: string; readonly advice: string };

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

function refused(text: string, what: string): PositionRange {
  const upper = text.toUpperCase();
  const hint = upper !== text && parsePosition(upper) !== undefined ? `Write ${upper}. ` : "";
  return {
    kind: "refused",
    what,
    advice: `${hint}The rack has rows A to H and columns 1 to 12: A1 to H12, or a range such as A1..D12.`,
  };
}
