/** Of a code that was read where another cell belongs: whose it is, in words. Pure. */
import { placeOf } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";

export function whoseText(cells: Campaign["cells"], code: string): string {
  const home = cells.findLast((cell) => cell.barcode === code);
  if (home === undefined) return "which no cell of the campaign has";
  const place = placeOf(home.position);
  return home.isWithdrawn === true ? `which was withdrawn from ${place}` : `whose place is ${place}`;
}
