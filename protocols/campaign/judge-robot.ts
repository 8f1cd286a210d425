/** What a robot that brings each cell to the beam means for the plan: time that no cell cycles, and what cannot be. */
import { durationText } from "../base/duration-text.ts";
import type { Finding } from "../base/finding.ts";
import { forerunnerOf } from "../base/position.ts";
import { bringsCells, hasDoubleGripper } from "../site/site-lookup.ts";
import type { Site } from "../site/site.ts";
import type { CampaignPlaces } from "./campaign-places.ts";
import type { Campaign, CampaignCell } from "./campaign.ts";
import { positionsText } from "./rack-text.ts";

/** Of a cell's time between two sweeps, away from its contacts: more than this leaves little of its protocol (chosen). */
const AWAY_SHARE_MOST = 0.25;

export function judgeRobot(campaign: Campaign, site: Site, places: CampaignPlaces, findings: Finding[]): void {
  const { sampleChanger } = site;
  if (sampleChanger?.toBeam === undefined || !bringsCells(site)) return;
  const { exchangeS } = sampleChanger.toBeam;
  // Off and fetched while another is exposed; exchanged, exposed, exchanged again.
  const aroundS = hasDoubleGripper(sampleChanger) ? 2 * exchangeS : exchangeS;
  campaign.sweeps.forEach((sweep, index) => {
    const awayS = aroundS + sweep.preset.exposureS;
    const share = awayS / sweep.cadenceS;
    findings.push({
      severity: share > AWAY_SHARE_MOST ? "warning" : "note",
      code: "plan.not-operando",
      where: places.sweep(index, "cadence_min"),
      what: `a robot takes each cell out of its contacts: for about ${durationText(awayS)} of each exposure its step stands still, ${(100 * share).toFixed(0)} % of the cadence, and the pattern is of a cell at open circuit`,
      advice: "Nothing to do if that is meant; a longer cadence leaves the cells more of their time.",
    });
  });
  const holding = campaign.cells.filter(({ stepRules }) => stepRules.some(({ kind }) => kind === "wait-for-exposure"));
  const [first] = holding;
  if (first !== undefined) {
    findings.push({
      severity: "warning",
      code: "plan.held-in-place",
      where: places.protocol(first.protocol.name),
      what: `${positionsText(holding.map(({ position }) => position))}: a step waits for its exposure, and what it holds ends when the robot takes the cell`,
      advice: "Expose where the stage carries the rack, or take the rule out: in the beam the cell is at open circuit.",
    });
  }
  const followers = campaign.cells.filter((cell) => isFollower(campaign, cell)).map(({ position }) => position);
  if (followers.length > 0) {
    findings.push({
      severity: "error",
      code: "campaign.taken-position",
      where: "cells",
      what: `${positionsText(followers)}: a robot brings the cells of this site to the beam, and knows one for each slot, and one slot for each`,
      advice: "Give new cells places that had none, or begin another campaign, in another folder.",
    });
  }
  const { originXMm, originYMm } = site.rack;
  for (const preset of campaign.presets) {
    const isInReach = preset.spots.every(({ xMm, yMm }) => {
      const [atX, atY] = [originXMm + xMm, originYMm + yMm];
      return atX >= 0 && atY >= 0 && atX <= site.stage.travelXMm && atY <= site.stage.travelYMm;
    });
    if (isInReach) continue;
    findings.push({
      severity: "error",
      code: "plan.spot-out-of-reach",
      where: places.spots(preset.name),
      what: `a spot of preset ${preset.name} is beyond the way of the stage that holds the cell in the beam`,
      advice: "Give spots within its travel, about the place that the site's rack section names.",
    });
  }
}

/** It follows another in its place, or comes back from one. */
function isFollower({ cells }: Pick<Campaign, "cells">, { position, barcode, isWithdrawn }: CampaignCell): boolean {
  if (forerunnerOf(position) !== undefined) return true;
  return isWithdrawn !== true && cells.some((cell) => cell.position !== position && cell.barcode === barcode);
}
