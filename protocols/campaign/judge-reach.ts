/** Whether the stage can bring each spot of each cell into the beam, and flee from there into the shadow, as the rack stands. Pure. */
import type { Finding } from "../base/finding.ts";
import { createReachMap, type ReachMap } from "../site/reach-map.ts";
import { KEPT_OFF_MM, shadowPath, type StagePoint } from "../site/shadow-path.ts";
import { bringsCells, stageTarget } from "../site/site-lookup.ts";
import type { Site } from "../site/site.ts";
import { campaignSpots } from "./campaign-spots.ts";
import type { Campaign } from "./campaign.ts";

/** A finding for all places that are alike: what is out of reach is a place of the rack, and not of a line in a file. */
export function judgeReach(
  campaign: Pick<Campaign, "cells" | "sweeps" | "presets" | "controls">,
  site: Site,
): readonly Finding[] {
  const { travelXMm, travelYMm } = site.stage;
  const map = createReachMap(site.stage);
  // Of a robot's site the rules for robots tell.
  if (bringsCells(site)) return [];
  const way = wayFindings(campaign, site, map);
  // Without a box the spots lie about places that are within the travel.
  if (map.isOpen) return way;
  const found = new Map<string, Set<string>>();
  for (const { position } of campaign.cells) {
    for (const spot of campaignSpots(campaign).all) {
      const place = stageTarget(site, position, spot);
      const isBeyond = place.xMm < 0 || place.yMm < 0 || place.xMm > travelXMm || place.yMm > travelYMm;
      const what = map.boxAt(place)?.name ?? (isBeyond ? "beyond the stage's travel" : undefined);
      if (what !== undefined) found.set(what, (found.get(what) ?? new Set()).add(position));
    }
  }
  const beyond = [...found].map(([what, positions]): Finding => ({
    severity: "error",
    code: "plan.spot-out-of-reach",
    where: [...positions].join(", "),
    what: `spots of these cells lie ${what === "beyond the stage's travel" ? what : `in ${what}, which the stage keeps off`}`,
    advice:
      "Give spots nearer to the middle of the cells, correct keep_out of the site, or leave these cells out of the beam.",
  }));
  return [...beyond, ...way];
}

/**
 * Of the way into the shadow from wherever the beam may stand on a cell: what bars it, the first only; and cells of a rack that
 * was measured on which a beam that cannot be closed would fall on that way. Centres on a rack as built are the site's own matter.
 */
function wayFindings(
  campaign: Pick<Campaign, "cells" | "sweeps" | "presets" | "controls">,
  site: Site,
  map: ReachMap,
): readonly Finding[] {
  const { rack, stage } = site;
  const spots = campaignSpots(campaign).all;
  const centres =
    rack.placement === undefined
      ? []
      : campaign.cells.map(({ position }) => ({ position, at: stageTarget(site, position, { xMm: 0, yMm: 0 }) }));
  const crossed = new Map<string, number>();
  for (const { position } of campaign.cells) {
    for (const spot of spots) {
      let from: StagePoint = stageTarget(site, position, spot);
      if (map.boxAt(from) !== undefined) continue;
      for (const [leg, to] of (shadowPath(rack, stage.travelYMm, from) ?? []).entries()) {
        const way = map.wayTo(from, to);
        if (way.kind === "blocked" || way.points.length > 1) {
          const what = `from ${position}, as the rack stands, the way into the shadow is not straight and free`;
          const advice =
            "A beam that cannot be closed goes there: correct keep_out or shadow, or the spots of the preset.";
          return [{ severity: "error", code: "plan.shadow-way", where: position, what, advice }];
        }
        for (const cell of centres) {
          // Its own cell is what the first leg leaves.
          if (leg === 0 && cell.position === position) continue;
          const offMm = fromLegMm(cell.at, from, to);
          if (offMm < KEPT_OFF_MM) crossed.set(cell.position, Math.min(offMm, crossed.get(cell.position) ?? Infinity));
        }
        from = to;
      }
    }
  }
  if (crossed.size === 0) return [];
  const what = `as the rack stands, the way into the shadow leads ${Math.min(...crossed.values()).toFixed(1)} mm past the middle of a cell; at least ${KEPT_OFF_MM} mm are needed`;
  const advice =
    "Seat the rack nearer to its place, or put the shadow further off the columns: a beam that cannot be closed goes there.";
  return [{ severity: "warning", code: "plan.shadow-way", where: [...crossed.keys()].join(", "), what, advice }];
}

function fromLegMm({ xMm, yMm }: StagePoint, a: StagePoint, b: StagePoint): number {
  const [dx, dy] = [b.xMm - a.xMm, b.yMm - a.yMm];
  const length2 = dx * dx + dy * dy;
  const share = length2 === 0 ? 0 : Math.max(0, Math.min(1, ((xMm - a.xMm) * dx + (yMm - a.yMm) * dy) / length2));
  return Math.hypot(xMm - a.xMm - share * dx, yMm - a.yMm - share * dy);
}
