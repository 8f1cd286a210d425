/** What the changes of an amendment on record mean for the requests: cells that joined or left the beam, other cadences. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { numberOf, recordOf, textOf } from "../resume/recorded-cell.ts";
import type { RecordedCadence } from "../run/sweep-desk.ts";
import { CADENCE, JOINED_PATH } from "./amendment.ts";

/** Positions that had no cell before. */
export function joinedCells(changes: Json | undefined): readonly string[] {
  const list: readonly Json[] = Array.isArray(changes) ? changes : [];
  return list.map(recordOf).flatMap(({ path, positions }) => {
    if (path !== JOINED_PATH || !Array.isArray(positions)) return [];
    return positions.map((position: Json) => textOf(position));
  });
}

/** Of an amendment's changes, the positions that sweeps ask for no more. */
export function leftBeam(changes: Json | undefined): readonly string[] {
  const list: readonly Json[] = Array.isArray(changes) ? changes : [];
  return list.map(recordOf).flatMap(({ path, positions }) => {
    const named: readonly Json[] = Array.isArray(positions) ? positions : [];
    return path === "withdrawn" || path === "role" ? named.map(textOf) : [];
  });
}

/** Of the sweeps, before and after. */
export function cadences(changes: Json | undefined): readonly Pick<RecordedCadence, "fromS" | "toS">[] {
  const list: readonly Json[] = Array.isArray(changes) ? changes : [];
  return list.map(recordOf).flatMap(({ path, from, to }) => {
    const [fromMin, toMin] = [numberOf(from), numberOf(to)];
    const isMeant = textOf(path).startsWith("triggers.") && textOf(path).endsWith(`.${CADENCE}`);
    return isMeant && fromMin !== undefined && toMin !== undefined ? [{ fromS: 60 * fromMin, toS: 60 * toMin }] : [];
  });
}
