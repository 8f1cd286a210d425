/** The hand-over page: what happened since an hour that is chosen, what waits for whom, what comes. Pure. */
import { isTimeZone, localText } from "../../../protocols/base/local-time.ts";
import type { BusExpected, BusHandover, BusHandoverHour } from "../../../protocols/bus/handover-view.ts";
import type { Model } from "../model/model.ts";
import { timeMs } from "../model/rack-view.ts";
import { beside, BLANK, row, span, wrapWords, type Row, type Tone } from "../text/rows.ts";
import { countText, durationText } from "../text/values.ts";
import { heading, nothingSaid, scrolled, scrollMaxOf, type Drawn } from "./parts.ts";

const GAP = 3;
/** From here on what happened and what comes stand side by side. */
const TWO_COLUMNS_FROM = 130;
const HOUR_MS = 3_600_000;
const PLACES = 6;

type HourEvent = BusHandoverHour["events"][number];
type ToldEvent = Omit<HourEvent, "where_more"> & {
  /** Places that nobody names. */
  readonly where_more: number;
  /** There may be still more of them: those of one hour may be others than those of another. */
  readonly isMoreLeast: boolean;
};

/** What happened in several hours, in one. */
export interface ShiftTold {
  readonly sweeps: number;
  readonly exposures: Readonly<Record<string, number>>;
  readonly missed: Readonly<Record<string, number>>;
  readonly stepsEnded: number;
  readonly beamLostS: number;
  readonly events: readonly ToldEvent[];
  readonly notes: readonly BusHandoverHour["notes"][number][];
  readonly more: number;
}

/** Since a moment; equal things that were told in several hours are one. */
export function shiftTold({ hours }: BusHandover, sinceMs: number): ShiftTold {
  const all = hours.filter(({ from }) => (timeMs(from) ?? -Infinity) >= sinceMs);
  const events = new Map<string, ToldEvent>();
  for (const event of all.flatMap((hour) => hour.events)) {
    const plain = event.text.replace(/^alarm \d+/, "alarm");
    const known = events.get(plain);
    events.set(plain, known === undefined ? only(event) : together(known, event, plain));
  }
  const sum = (of: (hour: BusHandoverHour) => number): number => all.reduce((total, hour) => total + of(hour), 0);
  return {
    sweeps: sum(({ sweeps }) => sweeps),
    exposures: added(all.map(({ exposures }) => exposures)),
    missed: added(all.map(({ missed }) => missed)),
    stepsEnded: sum(({ steps_ended: steps }) => steps),
    beamLostS: sum(({ beam_lost_s: seconds }) => seconds),
    events: [...events.values()],
    notes: all.flatMap(({ notes }) => notes),
    more: sum(({ more }) => more),
  };
}

function only(event: HourEvent): ToldEvent {
  return { ...event, where_more: event.where_more ?? 0, isMoreLeast: false };
}

function together(known: ToldEvent, event: HourEvent, text: string): ToldEvent {
  const where = [...new Set([...known.where, ...event.where])];
  const eventMore = event.where_more ?? 0;
  const least = Math.max(where.length, known.where.length + known.where_more, event.where.length + eventMore);
  return {
    ...{ at: known.at, text, count: known.count + event.count },
    ...{ where, where_more: least - where.length },
    isMoreLeast: known.isMoreLeast || known.where_more + eventMore > 0,
  };
}

function added(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries(sums);
}

export function shiftScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const { handover, nowMs, campaign } = rack;
  if (handover === null || nowMs === null)
    return { title: row(span("Shift", "strong")), rows: [row(span(nothingSaid(rack, "the hours behind"), "dim"))] };
  const zone = campaign?.timezone !== undefined && isTimeZone(campaign.timezone) ? campaign.timezone : null;
  const clock = (ms: number | null): string => (ms === null ? "-" : localText(ms, zone).slice(11));
  const sinceMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - state.shiftHours * HOUR_MS;
  const title = row(
    span("Shift", "strong"),
    span(`  since ${clock(sinceMs)}`, "accent"),
    span(`  ${durationText(Math.round((nowMs - sinceMs) / 60_000) * 60)}, times are ${zone ?? "UTC"}`, "dim"),
  );
  const isWide = width >= TWO_COLUMNS_FROM;
  const leftWidth = isWide ? Math.floor((width - GAP) * 0.55) : width;
  const rightWidth = isWide ? width - leftWidth - GAP : width;
  const left = happenedRows(shiftTold(handover, sinceMs), clock, leftWidth);
  const right = [...waitingRows(handover, clock, rightWidth), BLANK, ...expectedRows(handover, clock, rightWidth)];
  const top = state.scroll.shift;
  if (!isWide) {
    const rows = [...left, BLANK, ...right];
    return { title, rows: scrolled(rows, top, height), scrollMax: scrollMaxOf(rows, height) };
  }
  return {
    title,
    rows: beside(
      [
        { rows: scrolled(left, top, height), width: leftWidth },
        { rows: scrolled(right, top, height), width: rightWidth },
      ],
      GAP,
    ),
    scrollMax: Math.max(scrollMaxOf(left, height), scrollMaxOf(right, height)),
  };
}

type ClockText = (ms: number | null) => string;

function happenedRows(told: ShiftTold, clock: ClockText, width: number): readonly Row[] {
  const { sweeps, exposures, missed, stepsEnded, beamLostS, events, notes, more } = told;
  const counted = (counts: Readonly<Record<string, number>>): string => {
    const parts = Object.entries(counts).map(([name, count]) => `${countText(count)} ${name}`);
    return parts.length === 0 ? "none" : parts.join(", ");
  };
  const counts = [
    `sweeps ${countText(sweeps)}`,
    `exposures ${counted(exposures)}`,
    `requests missed ${counted(missed)}`,
    `steps ended ${countText(stepsEnded)}`,
    beamLostS === 0 ? "beam never lost" : `no beam for ${durationText(Math.round(beamLostS))}`,
  ];
  return [
    heading("What happened", width),
    ...wrapWords(counts.join("; "), width).map((line) => row(line)),
    ...events.flatMap(({ at, where, where_more: whereMore, isMoreLeast, text, count }) =>
      timedRows(
        clock(timeMs(at)),
        `${placesText(where, whereMore, isMoreLeast)}${text}${count === 1 ? "" : ` (${count} times)`}`,
        width,
      ),
    ),
    ...moreRows(more),
    BLANK,
    heading("Notes", width),
    ...(notes.length === 0 ? [row(span("none; w writes one on a cell", "dim"))] : []),
    ...notes.flatMap(({ at, position, by, text }) =>
      timedRows(clock(timeMs(at)), `${position}, ${by}: ${text}`, width),
    ),
  ];
}

function waitingRows(
  { waiting, waiting_more: more = 0 }: BusHandover,
  clock: ClockText,
  width: number,
): readonly Row[] {
  return [
    heading("What waits, and for whom", width),
    ...(waiting.length === 0 ? [row(span("nothing waits for anybody", "good"))] : []),
    ...waiting.flatMap(({ who, what, where, where_more: whereMore = 0, since }) => {
      const sinceText = since === null ? "" : `, since ${clock(timeMs(since))}`;
      const text = `${who === "" ? "" : `${who}: `}${placesText(where, whereMore)}${what}${sinceText}`;
      return hung(wrapWords(text, width - 2), who === "operator" ? "warn" : "plain");
    }),
    ...moreRows(more, "warn"),
  ];
}

function expectedRows({ expected }: BusHandover, clock: ClockText, width: number): readonly Row[] {
  const { until, announced, sweeps, requests, steps, more } = expected;
  const line = ({ at, spread_s: spreadS, where, text }: BusExpected): readonly Row[] => {
    const spread = spreadS === null || spreadS < 60 ? "" : ` ± ${durationText(Math.round(spreadS / 60) * 60)}`;
    return timedRows(clock(timeMs(at)), `${where === null ? "" : `${where} `}${text}${spread}`, width);
  };
  const isEmpty = announced.length + requests.length + steps.length === 0 && sweeps === null;
  return [
    heading(`What to expect until ${clock(timeMs(until))}`, width),
    ...(isEmpty ? [row(span("nothing that the record tells of", "dim"))] : []),
    ...announced.flatMap(line),
    ...(sweeps === null
      ? []
      : timedRows(
          clock(timeMs(sweeps.next)),
          `a sweep, and one every ${durationText(Math.round(sweeps.every_s))}: ${countText(sweeps.count)} in all`,
          width,
        )),
    ...requests.flatMap(line),
    ...steps.flatMap(line),
    ...moreRows(more),
  ];
}

function moreRows(more: number, tone: Tone = "dim"): readonly Row[] {
  return more === 0 ? [] : [row(span(`and ${countText(more)} more; beamrack handover has them`, tone))];
}

function placesText(where: readonly string[], whereMore: number, isMoreLeast = false): string {
  if (where.length === 0) return "";
  const shown = where.slice(0, PLACES);
  const more = where.length - shown.length + whereMore;
  const least = isMoreLeast ? "at least " : "";
  return `${shown.join(", ")}${more === 0 ? "" : ` and ${least}${more} more`}: `;
}

/** `04:12  text`, which goes on under itself. */
function timedRows(at: string, text: string, width: number): readonly Row[] {
  const indent = at.length + 2;
  return wrapWords(text, Math.max(8, width - indent)).map((line, index) =>
    row(span(index === 0 ? `${at}  ` : " ".repeat(indent), "dim"), span(line)),
  );
}

function hung(lines: readonly string[], tone: Tone): readonly Row[] {
  return lines.map((line, index) => row(span(index === 0 ? "" : "  "), span(line, tone)));
}
