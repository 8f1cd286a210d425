/** The ways of a site's stage, or the exchanges of its robot, between the cells of a campaign. */
import { columnIndex, rowIndex } from "../../protocols/base/position.ts";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { ReachedStage } from "../../protocols/site/reach-map.ts";
import type { Site } from "../../protocols/site/site.ts";
import { hasDoubleGripper } from "../../protocols/site/site-lookup.ts";
import { changerTravel, stageTravel, type Travel } from "./travel.ts";

/** Checks and permit before the shutter opens, beyond what the site's numbers say, seconds. */
const BEFORE_S = 0.1;

/**
 * Cells in the campaign's order, then where the stage finds its reference; the shadow last, where there is one. With a
 * robot, cells and then the empty holder.
 */
export function siteTravel(campaign: Pick<Campaign, "cells" | "sweeps" | "presets" | "controls">, site: Site): Travel {
  const { originXMm, originYMm, pitchMm, shadow, park } = site.rack;
  const settleS = site.stage.settleS + site.shutter.travelS + BEFORE_S;
  const changer = site.sampleChanger;
  if (changer?.toBeam !== undefined) {
    const { exchangeS, fetchS } = changer.toBeam;
    const hasSecondGripper = hasDoubleGripper(changer);
    const robot = { exchangeS: exchangeS - fetchS, fetchS, hasSecondGripper, settleS, isLastEmpty: true };
    return changerTravel(campaign.cells.length + 1, robot);
  }
  const cells = campaign.cells.map(({ position }) => ({
    xMm: originXMm + columnIndex(position) * pitchMm,
    yMm: originYMm + rowIndex(position) * pitchMm,
  }));
  const home = { xMm: site.stage.travelXMm, yMm: site.stage.travelYMm };
  return stageTravel(
    { ...site.stage, settleS },
    [...cells, home],
    park ?? shadow,
    campaignSpots(campaign).all,
    reachOf(site),
  );
}

function reachOf({ stage }: Site): ReachedStage | undefined {
  if (stage.keepOut === undefined) return undefined;
  const { travelXMm, travelYMm, speedMmS, accelerationMmS2, keepOut } = stage;
  return { travelXMm, travelYMm, speedMmS, accelerationMmS2, keepOut };
}
