/** What was said of cells that are not there any more: over once another, or the same elsewhere, is proven. */
import { placeText } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Alarms } from "../run/alarms.ts";

const OF_A_CELL = ["cell.", "dose."] as const;

/** Of those that had the place of this cell before, and of the cell itself where it lay before. */
export function clearFormer(cells: Campaign["cells"], position: string, alarms: Pick<Alarms, "clearAll">): void {
  const barcode = cells.find((cell) => cell.position === position)?.barcode;
  const place = placeText(position);
  for (const one of cells) {
    if (one.position === position || (placeText(one.position) !== place && one.barcode !== barcode)) continue;
    alarms.clearAll(one.position, OF_A_CELL, `${barcode ?? "?"} is proven at ${place}`);
  }
}
