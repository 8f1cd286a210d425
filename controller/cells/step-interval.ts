/** How closely a cell's steps may be sampled. */
import { placeOf } from "../../protocols/base/position.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { ChannelCapabilities } from "../../protocols/roles/channel.ts";
import type { Site } from "../../protocols/site/site.ts";

/**
 * The channel's own shortest interval, or the site's where that is longer: what the campaign was checked and planned by.
 * The proof of wiring is short and takes the channel's own.
 */
export function stepIntervalMinS(
  site: Pick<Site, "channels">,
  cell: Pick<CampaignCell, "position"> | undefined,
  capabilities: Pick<ChannelCapabilities, "sampleIntervalMinS"> | undefined,
): number {
  const place = cell === undefined ? undefined : placeOf(cell.position);
  const wired = site.channels.find(({ position }) => position === place);
  return Math.max(capabilities?.sampleIntervalMinS ?? 0, wired?.sampleIntervalMinS ?? 0);
}
