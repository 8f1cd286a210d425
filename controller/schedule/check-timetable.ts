/** The forecast timetable of a campaign at a site, for `check`: what is asked, what of it finds its place, what to relax. */
import type { Finding } from "../../protocols/base/finding.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { beamEndMs, calendarStops } from "../../protocols/campaign/beam-calendar.ts";
import { meetsBeam, type Campaign } from "../../protocols/campaign/campaign.ts";
import type { ProtocolForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { Site } from "../../protocols/site/site.ts";
import { siteTravel } from "./site-travel.ts";
import { forecastTimetable, type TimetableForecast } from "./forecast-timetable.ts";
import { plannedWishes } from "./planned-wishes.ts";

/** Of longer campaigns the first day is played. */
const DAY_MS = 86_400_000;

/** Undefined for a campaign in which nothing has a window: whether its sweeps fit is told by arithmetic. */
export function checkTimetable(
  campaign: Campaign,
  site: Site,
  protocols: readonly (Pick<ProtocolForecast, "steps" | "stateOfChargeMarks"> & { readonly name: string })[],
): TimetableForecast | undefined {
  if (campaign.triggers === undefined) return undefined;
  const durationMs = campaign.durationS === null ? DAY_MS : 1000 * campaign.durationS;
  const endMs = Math.max(0, Math.min(DAY_MS, durationMs, beamEndMs(campaign)));
  const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]));
  const exposed = campaign.cells.flatMap((cell, index) => (meetsBeam(cell) ? [index] : []));
  return forecastTimetable({
    wishes: plannedWishes(campaign, ({ protocol }) => byName.get(protocol.name), endMs),
    sweeps: campaign.sweeps.map(({ preset, cadenceS, firstAfterS }) => ({
      ...{ exposureS: preset.exposureS, cadenceS, firstAfterS, cells: exposed },
    })),
    travel: siteTravel(campaign, site),
    place: campaign.cells.length,
    overheadS: site.shutter.travelS + site.detector.readOutS,
    stops: calendarStops(campaign),
    endMs,
  });
}

/** A warning where not everything finds its place. */
export function timetableFindings(timetable: TimetableForecast | undefined, campaign: Campaign): readonly Finding[] {
  if (timetable === undefined || timetable.missed === 0) return [];
  const asked = timetable.triggers.reduce((sum, one) => sum + one.asked, 0);
  const { firstMissed, relax, busiestHour } = timetable;
  const position = campaign.cells[firstMissed?.cellIndex ?? -1]?.position ?? "";
  const firstText =
    firstMissed === null
      ? ""
      : `, the first of ${firstMissed.trigger} at ${position} after ${durationText(firstMissed.wantedMs / 1000)}`;
  return [
    {
      severity: "warning",
      code: "plan.does-not-fit",
      where: "triggers",
      what: `${timetable.missed} of ${asked} exposures asked for in the first ${durationText(timetable.untilMs / 1000)} find no place in the beam${firstText}; in the busiest hour it is taken for ${Math.round(100 * busiestHour.share)} %`,
      advice: `What would let about all of it be met, each by itself: ${relax.join(", or ")}.`,
    },
  ];
}
