/**
 * The campaign of a run, which may be amended while it goes on: one object for all who hold it or one of its cells, so
 * that whoever reads a value at the moment of the act reads the one in force. Whoever works something out of it
 * beforehand has to be told (amend-desk.ts).
 */
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";

export interface LiveCampaign {
  readonly campaign: Campaign;
  /** `next` with the same cells in the same order, and those that join behind them; its begin stays that of the run. */
  become(next: Campaign): void;
}

export function createLiveCampaign(begun: Campaign): LiveCampaign {
  const cells: CampaignCell[] = begun.cells.map((cell) => ({ ...cell }));
  const campaign: Campaign = { ...begun, cells };
  return {
    campaign,
    become(next) {
      next.cells.forEach((after, index) => {
        const cell = cells[index];
        if (cell === undefined) cells.push({ ...after });
        else replace(cell, after);
      });
      replace(campaign, { ...next, cells, startMs: begun.startMs });
    },
  };
}

function replace<Fields extends object>(target: Fields, source: Fields): void {
  for (const key of Object.keys(target)) if (!(key in source)) Reflect.deleteProperty(target, key);
  Object.assign(target, source);
}
