/** The forecast timetable of `check`, in lines and in JSON. */
import type { TimetableForecast } from "../../controller/schedule/forecast-timetable.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";

export type PlayedTimetable = TimetableForecast & { readonly campaign: Campaign };

export function playedLines(played: PlayedTimetable): readonly string[] {
  const { untilMs, triggers, first, busyShare, busiestHour, campaign } = played;
  return [
    `timetable: played for ${durationText(untilMs / 1000)}, the beam taken for ${percent(busyShare)}, in the busiest hour for ${percent(busiestHour.share)}`,
    ...triggers.map(({ trigger, asked, met, offMeanS }) => {
      const off = offMeanS < 0.05 ? "" : `, on the average ${offMeanS.toFixed(1)} s from the wanted moment`;
      return `timetable ${trigger}: ${met} of ${asked} met${off}`;
    }),
    ...first.map(({ cellIndex, trigger, what, openAtMs }) => {
      const position = campaign.cells[cellIndex]?.position ?? "";
      return `timetable: ${position} after ${durationText(openAtMs / 1000)}, ${trigger === null ? what : `${trigger}: ${what}`}`;
    }),
  ];
}

export function playedJson({ campaign, ...played }: PlayedTimetable): object {
  return {
    until_s: played.untilMs / 1000,
    busy_share: played.busyShare,
    busiest_hour: { from_s: played.busiestHour.fromMs / 1000, share: played.busiestHour.share },
    missed: played.missed,
    triggers: played.triggers.map(({ trigger, asked, met, offMeanS }) => ({
      trigger,
      asked,
      met,
      off_mean_s: offMeanS,
    })),
    first: played.first.map(({ cellIndex, trigger, what, openAtMs, wantedMs }) => ({
      position: campaign.cells[cellIndex]?.position ?? null,
      trigger,
      what,
      open_at_s: openAtMs / 1000,
      wanted_at_s: wantedMs === null ? null : wantedMs / 1000,
    })),
    relax: played.relax,
  };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
