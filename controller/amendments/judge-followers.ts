/** Cells that an amendment puts where another lay, or that come back: what has to be so before, and what of them stays. Pure. */
import { forerunnerOf } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { CampaignProgress } from "./amendment.ts";
import { isSame } from "./json-differences.ts";

/** Of a cell that comes back: what its dose was reckoned with, and who may see it. */
const STAYS = [
  ["group", "group"],
  ["chemistry", "chemistry"],
  ["stackName", "stack"],
  ["layers", "stack"],
  ["nominalCapacityMah", "nominal_capacity_mAh"],
  ["electrolyte", "electrolyte"],
] as const satisfies readonly (readonly [keyof CampaignCell, string])[];

export function judgeFollowers(
  current: Campaign,
  added: readonly CampaignCell[],
  progress: Pick<CampaignProgress, "over" | "ended">,
  /** By this amendment. */
  withdrawn: ReadonlySet<string>,
  refuse: (where: string, what: string, advice: string) => void,
): void {
  const known = new Map<string, CampaignCell>(current.cells.map((cell) => [cell.position, cell]));
  for (const cell of added) {
    const where = `cells ${cell.position}`;
    const before = forerunnerOf(cell.position);
    if (before !== undefined) judgePlace(cell, known.get(before), before);
    const former = current.cells.filter(({ barcode }) => barcode === cell.barcode);
    for (const one of former) judgeFormer(cell, one);
    if ((before !== undefined || former.length > 0) && current.custodyPath !== undefined) {
      refuse(where, "custody is kept of the cells, and by their places", "Begin another campaign, in another folder.");
    }
  }

  function judgePlace(cell: CampaignCell, before: CampaignCell | undefined, name: string): void {
    const where = `cells ${cell.position}`;
    if (before === undefined) {
      refuse(where, `${name} is no cell of the campaign yet`, `Let it join as ${name}; another can follow it later.`);
      return;
    }
    if (!progress.over.has(name) && !withdrawn.has(name)) {
      const what = `${before.barcode} has this place, and is not over`;
      refuse(where, what, `Withdraw ${name} by this amendment, or by one before it.`);
    }
    if (before.group !== cell.group) {
      const what = `the place is one of ${before.group}, whose users see what is there; this cell is of ${cell.group}`;
      refuse(where, what, `Give it a place of ${cell.group}, or one that had no cell.`);
    }
  }

  /** Ordered off while no controller ran: its instrument may drive it still. */
  function judgeEnded(where: string, { barcode, position }: CampaignCell): void {
    if (!progress.over.has(position) || progress.ended.has(position)) return;
    const what = `${barcode} was ordered off, and its channel has not confirmed it off yet`;
    refuse(where, what, `Begin the controller once (beamrack run); when ${position} is stopped, amend again.`);
  }

  function judgeFormer(cell: CampaignCell, former: CampaignCell): void {
    const where = `cells ${cell.position}`;
    if (!progress.over.has(former.position)) {
      const what = `${cell.barcode} lies at ${former.position}, and is not over there`;
      refuse(where, what, `Withdraw ${former.position} by an amendment; it can come back by the next one.`);
    }
    judgeEnded(where, former);
    for (const [field, key] of STAYS) {
      if (isSame(former[field], cell[field])) continue;
      const what = `${key} of ${cell.barcode} is another than at ${former.position}`;
      refuse(`${where} ${key}`, what, "A cell that comes back is what it was: its dose is reckoned on.");
      return;
    }
  }
}
