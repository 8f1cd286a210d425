/** The beamtime's calendar in the time of one campaign: when no exposure may be begun, and when the last one may. Pure. */
import { localText } from "../base/local-time.ts";
import { TOP_UP } from "./beam-forecast.ts";
import type { Campaign } from "./campaign.ts";

/** Campaign milliseconds. */
export interface CalendarStop {
  readonly fromMs: number;
  readonly toMs: number;
  readonly what: string;
}

/** In the order of their beginnings. */
export function calendarStops({ beamForecast, startMs }: Pick<Campaign, "beamForecast" | "startMs">) {
  return (beamForecast?.stops ?? []).map(({ fromUtcMs, toUtcMs, what }): CalendarStop => ({
    ...{ fromMs: fromUtcMs - startMs, toMs: toUtcMs - startMs, what },
  }));
}

/** Campaign milliseconds at which the experiment's beam time is over; Infinity where nobody says. */
export function beamEndMs({ beamForecast, startMs }: Pick<Campaign, "beamForecast" | "startMs">): number {
  return (beamForecast?.endUtcMs ?? Infinity) - startMs;
}

/**
 * For whoever asks with times that only grow: the announced stop in whose way an exposure begun now would be, if it takes
 * so long; null where the calendar leaves it its time.
 */
export function createCalendarLook(
  stops: readonly CalendarStop[],
): (nowMs: number, takesMs: number) => CalendarStop | null {
  let open = stops;
  return (nowMs, takesMs) => {
    if (open.length === 0) return null;
    const passed = open.findIndex(({ toMs }) => toMs > nowMs);
    if (passed !== 0) open = passed < 0 ? [] : open.slice(passed);
    for (const stop of open) {
      if (stop.fromMs >= nowMs + takesMs) return null;
      if (stop.toMs > nowMs) return stop;
    }
    return null;
  };
}

/** As the record states it, in UTC milliseconds: what people plan by, without the top-ups; nothing where nothing is planned. */
export function recordedCalendar({
  beamForecast,
  startMs,
  durationS,
}: Pick<Campaign, "beamForecast" | "startMs" | "durationS">) {
  if (beamForecast === undefined && durationS === null) return {};
  const stops = beamForecast?.stops ?? [];
  return {
    calendar: {
      stops: stops
        .filter(({ what }) => what !== TOP_UP)
        .map(({ fromUtcMs, toUtcMs, what }) => ({ from_ms: fromUtcMs, to_ms: toUtcMs, what })),
      beam_ends_ms: beamForecast?.endUtcMs ?? null,
      campaign_ends_ms: durationS === null ? null : startMs + 1000 * durationS,
    },
  };
}

/** `machine studies, announced until 2026-03-02 14:00 UTC`. */
export function stopText({ toMs, what }: CalendarStop, startMs: number): string {
  return `${what}, announced until ${localText(startMs + toMs, null)} UTC`;
}
