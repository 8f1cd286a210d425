/** Cells of a campaign in the order in which its record counts them: those that it knows first, those that joined behind them. */
import type { Campaign } from "./campaign.ts";
import type { CampaignTrigger } from "./trigger.ts";

/** `recorded`: positions as the record's last rack plan has them; none leaves the campaign as it is. */
export function inRecordedOrder(campaign: Campaign, recorded: readonly string[]): Campaign {
  const rank = new Map(recorded.map((position, index) => [position, index]));
  const order = campaign.cells
    .map(({ position }, index) => ({ index, rank: rank.get(position) ?? recorded.length + index }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ index }) => index);
  if (order.every((from, to) => from === to)) return campaign;
  const newIndex = new Map(order.map((from, to) => [from, to]));
  const moved = (trigger: CampaignTrigger): CampaignTrigger => ({
    ...trigger,
    cells: trigger.cells
      .map((cell) => ({ ...cell, cellIndex: newIndex.get(cell.cellIndex) ?? cell.cellIndex }))
      .sort((a, b) => a.cellIndex - b.cellIndex),
  });
  return {
    ...campaign,
    cells: order.flatMap((index) => campaign.cells[index] ?? []),
    ...(campaign.triggers === undefined ? {} : { triggers: campaign.triggers.map(moved) }),
  };
}
