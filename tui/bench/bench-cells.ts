/** What cells stand in the bench's rack: those of a campaign, or one plain design at every wired position. */
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { WorldCell } from "../../simulator/world/world-site.ts";

/** The design put in where no campaign says otherwise, as new. */
export const BENCH_DESIGN = "lno-graphite";
const BENCH_CAPACITY_MAH = 4.09;

export function campaignCells(campaign: Campaign): readonly WorldCell[] {
  return campaign.cells.map((cell) => ({
    positionIndex: positionIndex(cell.position),
    designId: cell.chemistry,
    nominalCapacityMah: cell.nominalCapacityMah,
    initial: { pristine: true },
    layers: cell.layers,
    doseLimits: cell.doseLimits,
    limits: cell.limits,
  }));
}

export function plainCells(site: Site): readonly WorldCell[] {
  return site.channels.map((channel) => ({
    positionIndex: positionIndex(channel.position),
    designId: BENCH_DESIGN,
    nominalCapacityMah: BENCH_CAPACITY_MAH,
    initial: { pristine: true },
    layers: [],
    doseLimits: [],
    limits: {
      voltageMaxV: channel.voltageMaxV,
      voltageMinV: channel.voltageMinV,
      currentMaxA: channel.currentMaxA,
      currentMinA: -channel.currentMaxA,
    },
  }));
}
