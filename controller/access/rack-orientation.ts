/**
 * Which way round a rack lies that was taken out whole: by the codes that were read at its places, and by the voltages at
 * rest, held against what lay there before and against what lay at the opposite place, half a turn away. Pure.
 */
import { parsePosition, POSITION_COUNT, positionAt, positionIndex } from "../../protocols/base/position.ts";

/** A1 to H12, A2 to H11 and so on. */
export function oppositeOf(place: string): string {
  const position = parsePosition(place);
  return position === undefined ? place : positionAt(POSITION_COUNT - 1 - positionIndex(position));
}

/** Null: they are the codes that belong there; else what is wrong, and what to do. */
export function whyNotByCodes(
  codes: ReadonlyMap<string, string>,
  barcodes: ReadonlyMap<string, string>,
): string | null {
  const wrong = [...codes].filter(([place, code]) => barcodes.get(place) !== code);
  const [first] = wrong;
  if (first === undefined) return null;
  const [place, code] = first;
  if (isTurnedByCodes(codes, barcodes)) return turned(`the code of ${oppositeOf(place)} was read at ${place}`);
  const home = [...barcodes].find(([, one]) => one === code)?.[0];
  const more = wrong.length > 1 ? `, and so on at ${wrong.length} places` : "";
  const whose = home === undefined ? "which has no place in the rack now" : `whose place is ${home}`;
  return `the code read at ${place} is ${code}, ${whose}${more}: ${barcodes.get(place) ?? "no cell"} belongs there. Put each cell where it belongs`;
}

/** Every code that was read belongs half a turn away. */
export function isTurnedByCodes(codes: ReadonlyMap<string, string>, barcodes: ReadonlyMap<string, string>): boolean {
  return codes.size > 0 && [...codes].every(([place, code]) => barcodes.get(oppositeOf(place)) === code);
}

export interface RestVoltages {
  /** By position, when it was taken out. */
  readonly before: ReadonlyMap<string, number>;
  /** Now; NaN where the channel gave none. */
  readonly now: ReadonlyMap<string, number>;
}

export type Orientation = "as-it-was" | "turned" | "nothing-there" | "untold";

/** Between two places; less than that a cell at rest drifts, or a channel is off (chosen). */
const APART_V = 0.1;
/** Nothing lies in the contacts. */
const NOTHING_V = 0.3;
/** Share of the places that can tell, and agree (chosen). */
const MOST = 0.7;

export function orientationOf({ before, now }: RestVoltages): Orientation {
  let asItWas = 0;
  let turnedRound = 0;
  let nothing = 0;
  for (const [place, wasV] of before) {
    const isV = now.get(place) ?? NaN;
    if (Math.abs(isV) < NOTHING_V && wasV > NOTHING_V) nothing += 1;
    // Where no cell lay its leads pick up nothing.
    const oppositeV = before.get(oppositeOf(place)) ?? 0;
    if (Number.isNaN(isV) || Math.abs(wasV - oppositeV) < APART_V) continue;
    if (Math.abs(isV - oppositeV) < Math.abs(isV - wasV)) turnedRound += 1;
    else asItWas += 1;
  }
  if (nothing >= MOST * before.size && before.size > 0) return "nothing-there";
  const told = asItWas + turnedRound;
  if (told === 0) return "untold";
  if (turnedRound >= MOST * told) return "turned";
  return asItWas >= MOST * told ? "as-it-was" : "untold";
}

/** What to do about it; null where the rack lies as it did. */
export function whyNotByVoltages(voltages: RestVoltages, areCodesRead: boolean): string | null {
  switch (orientationOf(voltages)) {
    case "as-it-was":
      return null;
    case "turned":
      return turned("each cell has the voltage of the one at the opposite place");
    case "nothing-there":
      return "hardly any channel finds a cell: the rack is not in its contacts, or lies the wrong way round with its empty places under them. Put it in with A1 at A1";
    case "untold":
      if (areCodesRead) return null;
      return "the voltages do not tell which way round the rack lies: say by --cells which code is read at one place at least";
  }
}

function turned(because: string): string {
  return `the rack lies the wrong way round, A1 at H12: ${because}. Take it out, turn it by half a turn, and give it back again`;
}
