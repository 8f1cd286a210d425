/** What a log lets one expect: announced stops, sweeps, ends of steps by the cells' own forecasts, requests with windows. Pure. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { cadences } from "../amendments/recorded-changes.ts";
import type { RequestAhead } from "../schedule/timetable.ts";

export interface ExpectedEvent {
  /** Campaign milliseconds. */
  readonly atMs: number;
  /** In 95 of 100 cases it is no further off; null where that is not said. */
  readonly spreadS: number | null;
  readonly where: string | null;
  readonly text: string;
}

export interface Expected {
  /** Announced, or by the timetable of the campaign: what concerns everybody. In order. */
  readonly announced: readonly ExpectedEvent[];
  /** Steps of cells that end, in order. */
  readonly steps: readonly ExpectedEvent[];
  /** Exposures with a window, in order. */
  readonly requests: readonly ExpectedEvent[];
  /** Null where no sweep has shown how far they lie apart. */
  readonly sweeps: { readonly count: number; readonly nextMs: number; readonly everyMs: number } | null;
}

export interface ExpectedFold {
  event(type: string, atMs: number, data: Data): void;
  between(
    fromMs: number,
    toMs: number,
    about: { readonly startMs: number; readonly requests: readonly RequestAhead[] },
  ): Expected;
}

type Data = Readonly<Record<string, Json>>;

interface Calendar {
  readonly stops: readonly { readonly fromMs: number; readonly toMs: number; readonly what: string }[];
  readonly beamEndsMs: number | null;
  readonly campaignEndsMs: number | null;
}

const NO_CALENDAR: Calendar = { stops: [], beamEndsMs: null, campaignEndsMs: null };

interface BegunSweep {
  readonly number: number;
  readonly atMs: number;
}

const OVER: ReadonlySet<string> = new Set(["cell-isolated", "cell-complete", "cell-stopped", "cell-held"]);

export function createExpected(): ExpectedFold {
  const steps = new Map<string, readonly ExpectedEvent[]>();
  let calendar = NO_CALENDAR;
  let first: BegunSweep | null = null;
  let last: BegunSweep | null = null;
  /** As the last amendment has it; null where none changed it. */
  let amendedMs: number | null = null;
  let isOver = false;

  return {
    event(type, atMs, data) {
      const { position } = data;
      if (OVER.has(type) && typeof position === "string") steps.delete(position);
      if (type === "cell-forecast" && typeof position === "string") steps.set(position, endsOf(atMs, position, data));
      if (type === "campaign-started" || type === "campaign-amended") calendar = calendarIn(data["calendar"]);
      if (type === "campaign-amended") {
        const toS = cadences(data["changes"]).at(-1)?.toS;
        if (toS !== undefined) amendedMs = 1000 * toS;
      }
      if (type === "campaign-complete") isOver = true;
      if (type !== "sweep-begun") return;
      const { sweep: number } = data;
      if (typeof number !== "number") return;
      first ??= { number, atMs };
      last = { number, atMs };
    },
    between(fromMs, toMs, { startMs, requests }) {
      const isIn = ({ atMs }: { readonly atMs: number }): boolean => atMs > fromMs && atMs <= toMs;
      const inOrder = (events: readonly ExpectedEvent[]): readonly ExpectedEvent[] =>
        events.filter(isIn).sort((a, b) => a.atMs - b.atMs);
      const announced = [
        ...calendar.stops.flatMap((stop) => stopEvents(stop, startMs)),
        ...endEvent(
          calendar.beamEndsMs,
          startMs,
          "the experiment's beam time is over: nothing is exposed from then on",
        ),
        ...endEvent(calendar.campaignEndsMs, startMs, "the campaign ends"),
      ];
      const beamEndMs = (calendar.beamEndsMs ?? Infinity) - startMs;
      const campaignEndMs = (calendar.campaignEndsMs ?? Infinity) - startMs;
      // None is begun at the end itself.
      const lastSweepMs = campaignEndMs - 1;
      // With the campaign its cells are done, in the middle of a step too.
      const ends = [...steps.values()].flat().filter(({ atMs }) => atMs <= campaignEndMs);
      return {
        announced: inOrder(announced),
        steps: isOver ? [] : inOrder(ends),
        requests: inOrder(requests.map(requestEvent)),
        sweeps: isOver ? null : sweepsIn(fromMs, Math.min(toMs, beamEndMs, lastSweepMs)),
      };
    },
  };

  function sweepsIn(fromMs: number, toMs: number): Expected["sweeps"] {
    if (first === null || last === null) return null;
    // Over many of them: one that found no beam begins late, and the next in time.
    const everyMs = amendedMs ?? (last.atMs - first.atMs) / (last.number - first.number);
    if (!(everyMs > 0)) return null;
    const nextMs = last.atMs + everyMs * Math.max(1, Math.ceil((fromMs - last.atMs) / everyMs));
    return nextMs > toMs ? null : { count: Math.floor((toMs - nextMs) / everyMs) + 1, nextMs, everyMs };
  }
}

function endsOf(atMs: number, position: string, data: Data): readonly ExpectedEvent[] {
  const { steps } = data;
  if (!Array.isArray(steps)) return [];
  return (steps as readonly Json[]).flatMap((item): readonly ExpectedEvent[] => {
    const { step, cycle, ended_by: endedBy, ends_in_s: endsInS, spread_s: spreadS } = fieldsOf(item);
    if (typeof endsInS !== "number" || typeof step !== "number") return [];
    const by = typeof endedBy === "string" ? `, by ${endedBy}` : "";
    const text = `step ${step} ends${by}${typeof cycle === "number" && cycle > 1 ? `, cycle ${cycle}` : ""}`;
    return [
      { atMs: atMs + 1000 * endsInS, spreadS: typeof spreadS === "number" ? spreadS : null, where: position, text },
    ];
  });
}

function requestEvent({ openAtMs, wantedMs, earliestMs, position, trigger, reason }: RequestAhead): ExpectedEvent {
  const what = reason === "" || reason === trigger ? trigger : `${trigger}: ${reason}`;
  return { atMs: openAtMs ?? wantedMs ?? earliestMs ?? NaN, spreadS: null, where: position, text: `exposure, ${what}` };
}

function stopEvents({ fromMs, toMs, what }: Calendar["stops"][number], startMs: number): readonly ExpectedEvent[] {
  const of = { spreadS: null, where: null };
  return [
    { ...of, atMs: fromMs - startMs, text: `no beam from here on: ${what}` },
    { ...of, atMs: toMs - startMs, text: `beam again, after ${what}` },
  ];
}

function endEvent(utcMs: number | null, startMs: number, text: string): readonly ExpectedEvent[] {
  return utcMs === null ? [] : [{ atMs: utcMs - startMs, spreadS: null, where: null, text }];
}

function calendarIn(value: Json | undefined): Calendar {
  if (value === undefined) return NO_CALENDAR;
  const { stops, beam_ends_ms: beamEndsMs, campaign_ends_ms: campaignEndsMs } = fieldsOf(value);
  return {
    stops: (Array.isArray(stops) ? (stops as readonly Json[]) : []).flatMap((item) => {
      const { from_ms: fromMs, to_ms: toMs, what } = fieldsOf(item);
      return typeof fromMs === "number" && typeof toMs === "number" && typeof what === "string"
        ? [{ fromMs, toMs, what }]
        : [];
    }),
    beamEndsMs: typeof beamEndsMs === "number" ? beamEndsMs : null,
    campaignEndsMs: typeof campaignEndsMs === "number" ? campaignEndsMs : null,
  };
}

function fieldsOf(value: Json | undefined): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Data) : {};
}
