/** What an amendment would change in what `check` forecasts: dose, sweeps, protocols, timetable, end. Pure. */
import { broughtDose } from "../../controller/dose/brought-dose.ts";
import type { GivenExposure } from "../../controller/dose/given-rows.ts";
import { checkTimetable } from "../../controller/schedule/check-timetable.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import type { Occupant } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { checkCampaign, type CampaignCheck } from "../../protocols/campaign/check-campaign.ts";
import { positionsText } from "../../protocols/campaign/rack-text.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { Site } from "../../protocols/site/site.ts";

export interface WhatIf {
  readonly what: string;
  /** Null where it is not forecast. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Only what differs. Forecasts are from the campaign's begin, as `check` makes them, of cells that come back with what they had. */
export function whatIf(
  current: Campaign,
  proposed: Campaign,
  site: Site,
  tables: AttenuationTables,
  rows: readonly GivenExposure[],
): readonly WhatIf[] {
  const textsOf = (campaign: Campaign): ReadonlyMap<string, string> => {
    const had = broughtDose(campaign.cells, rows);
    return forecastTexts(campaign, site, checkCampaign(campaign, site, tables, campaign.name, had));
  };
  const [before, after] = [textsOf(current), textsOf(proposed)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((what) => {
    const row = { what, before: before.get(what) ?? null, after: after.get(what) ?? null };
    return row.before === row.after ? [] : [row];
  });
}

function forecastTexts(campaign: Campaign, site: Site, { forecast }: CampaignCheck): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const { durationS } = campaign;
  texts.set("end", durationS === null ? "with the last cell" : `${durationText(durationS)} after the start`);
  for (const sweep of forecast.sweeps) {
    const count = sweep.count === null ? "no stated end" : `${sweep.count} sweeps`;
    texts.set(
      `sweep ${sweep.name}`,
      `${count} of ${sweep.cellCount} cells, ${sweep.exposureS} s each, ${durationText(Math.round(sweep.expectedS))}`,
    );
  }
  // Cell by cell: amended limits make other groups of them.
  const byText = new Map<string, Occupant[]>();
  for (const { positions, binding } of forecast.dose) {
    const text =
      binding?.refusedFromSweep == null
        ? "no limit refuses"
        : `${binding.layer} refuses from sweep ${binding.refusedFromSweep} on`;
    byText.set(text, [...(byText.get(text) ?? []), ...positions]);
  }
  const dose = [...byText].map(([text, positions]) => `${text} (${positionsText(positions)})`);
  if (dose.length > 0) texts.set("dose", dose.sort().join("; "));
  for (const plan of forecast.protocols) {
    texts.set(`protocol ${plan.name}`, `${plan.stepCount} steps, about ${durationText(Math.round(plan.durationS))}`);
  }
  const timetable = checkTimetable(campaign, site, forecast.protocols);
  if (timetable !== undefined) {
    const asked = timetable.triggers.reduce((sum, trigger) => sum + trigger.asked, 0);
    const busy = Math.round(100 * timetable.busyShare);
    texts.set("timetable", `${asked} asked, ${timetable.missed} without a place, beam taken for ${busy} %`);
  }
  return texts;
}
