/** An amendment as people read it, and as JSON. */
import { changeJson } from "../../controller/amendments/record-amendment.ts";
import type { AmendedValue } from "../../controller/amendments/amendment.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parseOccupant } from "../../protocols/base/position.ts";
import { positionsText } from "../../protocols/campaign/rack-text.ts";
import { plainText } from "../progress/number-text.ts";
import type { WhatIf } from "./what-if.ts";

const VALUE_LENGTH_MAX = 60;

export function changeLine({ path, positions, from, to, isRaised }: AmendedValue): string {
  const cells = positions.flatMap((text) => parseOccupant(text) ?? []);
  const where = cells.length === 0 ? "" : ` (${positionsText(cells)})`;
  return plainText(`  ${path}: ${valueText(from)} -> ${valueText(to)}${where}${isRaised === true ? ", RAISED" : ""}`);
}

export function whatIfLine({ what, before, after }: WhatIf): string {
  return plainText(`  ${what}: ${before ?? "not forecast"} -> ${after ?? "not forecast"}`);
}

export function amendmentJson(changes: readonly AmendedValue[], ifSo: readonly WhatIf[]): Json {
  return {
    changes: changes.map(changeJson),
    what_if: ifSo.map(({ what, before, after }) => ({ what, before, after })),
  };
}

function valueText(value: Json): string {
  if (value === null) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}...` : text;
}
