/** What the beamtime's calendar takes from a campaign: sweeps that fall into announced stops, and those after its end. */
import { durationText } from "../base/duration-text.ts";
import type { Finding } from "../base/finding.ts";
import { beamEndMs, calendarStops } from "./beam-calendar.ts";
import { OTHER_START_MS, TOP_UP } from "./beam-forecast.ts";
import type { Campaign, SweepTrigger } from "./campaign.ts";

export interface CalendarPlaces {
  calendar(): string;
}

/** Stops that are named one by one. */
const NAMED = 4;
const SWEEPS_MAX = 100_000;

export function judgeCalendar(campaign: Campaign, places: CalendarPlaces, findings: Finding[]): void {
  const { durationS, sweeps } = campaign;
  const endMs = beamEndMs(campaign);
  const where = places.calendar();
  const durationMs = durationS === null ? Infinity : 1000 * durationS;
  if (endMs <= 0) {
    findings.push(endedBefore(where));
    return;
  }
  if (endMs < durationMs) {
    const left = Number.isFinite(durationMs) ? `${durationText((durationMs - endMs) / 1000)} before the campaign` : "";
    const after = `${durationText(endMs / 1000)} after the start`;
    findings.push({
      ...{ severity: "warning", code: "plan.beam-ends", where },
      what: `the experiment's beam time ends ${[after, left].filter((text) => text !== "").join(", ")}: nothing is exposed from then on, cells go on`,
      advice: "Nothing to do if that is meant.",
    });
  }
  for (const sweep of sweeps) judgeSweep(campaign, sweep, Math.min(endMs, durationMs), where, findings);
}

function endedBefore(where: string): Finding {
  return {
    ...{ severity: "error", code: "plan.beam-ends", where },
    what: "the experiment's beam time is over before the campaign begins",
    advice: "Correct experiment_end, or the campaign's start.",
  };
}

/** What the calendar says of a campaign that is begun now, whatever start its file has. */
export function calendarAtBegin(
  { beamForecast, startMs }: Pick<Campaign, "beamForecast" | "startMs">,
  nowMs: number,
  where: string,
): readonly Finding[] {
  if (beamEndMs({ startMs: nowMs, ...(beamForecast === undefined ? {} : { beamForecast }) }) <= 0) {
    return [endedBefore(where)];
  }
  const hasTopUps = beamForecast?.stops.some(({ what }) => what === TOP_UP) === true;
  if (!hasTopUps || Math.abs(nowMs - startMs) <= OTHER_START_MS) return [];
  const days = Math.round(Math.abs(nowMs - startMs) / 86_400_000);
  return [
    {
      ...{ severity: "warning", code: "plan.beam-stop", where },
      what: `it begins ${days} days ${nowMs > startMs ? "after" : "before"} the start that its file has: top-ups may not be those that were reckoned with`,
      advice: "Correct start.",
    },
  ];
}

/** A sweep whose cadence a stop leaves less time than its exposures alone need loses some of them for sure. */
function judgeSweep(
  campaign: Campaign,
  { name, cadenceS, firstAfterS, preset }: SweepTrigger,
  endMs: number,
  where: string,
  findings: Finding[],
): void {
  const cadenceMs = 1000 * cadenceS;
  const exposedMs = 1000 * preset.exposureS * campaign.cells.filter(({ role }) => role === "exposed").length;
  const lost = new Set<number>();
  const of: string[] = [];
  for (const { fromMs, toMs, what } of calendarStops(campaign)) {
    if (what === TOP_UP) continue;
    const first = Math.max(0, Math.floor((fromMs - 1000 * firstAfterS) / cadenceMs));
    const before = lost.size;
    for (let number = first; number < first + SWEEPS_MAX; number += 1) {
      const beginsMs = 1000 * firstAfterS + number * cadenceMs;
      if (beginsMs >= Math.min(toMs, endMs)) break;
      const takenMs = Math.min(toMs, beginsMs + cadenceMs) - Math.max(fromMs, beginsMs);
      if (cadenceMs - takenMs < exposedMs) lost.add(number);
    }
    if (lost.size > before) of.push(what);
  }
  if (lost.size === 0) return;
  const more = of.length > NAMED ? ` and ${of.length - NAMED} more` : "";
  findings.push({
    ...{ severity: "warning", code: "plan.beam-stop", where },
    what: `sweep ${name}: ${lost.size} of its sweeps cannot be done whole beside announced stops (${of.slice(0, NAMED).join(", ")}${more})`,
    advice: "What finds no beam is missed and said so; nothing to do if that is meant.",
  });
}
