/** Whether the stage can bring each spot of each cell into the beam, as the rack stands. Pure. */
import type { Finding } from "../base/finding.ts";
import { createReachMap } from "../site/reach-map.ts";
import { bringsCells, stageTarget } from "../site/site-lookup.ts";
import type { Site } from "../site/site.ts";
import { campaignSpots } from "./campaign-spots.ts";
import type { Campaign } from "./campaign.ts";

/** One finding, of all places: what is out of reach is a place of the rack, and not of a line in a file. */
export function judgeReach(
  campaign: Pick<Campaign, "cells" | "sweeps" | "presets" | "controls">,
  site: Site,
): readonly Finding[] {
  const { travelXMm, travelYMm } = site.stage;
  const map = createReachMap(site.stage);
  // Of a robot's site the rules for robots tell; without a box the spots lie about places that are within the travel.
  if (map.isOpen || bringsCells(site)) return [];
  const found = new Map<string, Set<string>>();
  for (const { position } of campaign.cells) {
    for (const spot of campaignSpots(campaign).all) {
      const place = stageTarget(site, position, spot);
      const isBeyond = place.xMm < 0 || place.yMm < 0 || place.xMm > travelXMm || place.yMm > travelYMm;
      const what = map.boxAt(place)?.name ?? (isBeyond ? "beyond the stage's travel" : undefined);
      if (what !== undefined) found.set(what, (found.get(what) ?? new Set()).add(position));
    }
  }
  return [...found].map(([what, positions]) => ({
    severity: "error",
    code: "plan.spot-out-of-reach",
    where: [...positions].join(", "),
    what: `spots of these cells lie ${what === "beyond the stage's travel" ? what : `in ${what}, which the stage keeps off`}`,
    advice:
      "Give spots nearer to the middle of the cells, correct keep_out of the site, or leave these cells out of the beam.",
  }));
}
