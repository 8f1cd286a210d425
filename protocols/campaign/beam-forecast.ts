/**
 * What is known before of the beam, and who may have how much of it: the sections `beam_forecast` and `shares` of a
 * campaign file, read and held against its cells. What is known of the beam may stand in a file of its own, the
 * beamtime's calendar, which several campaigns share.
 */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { findingAt, valueAt, type InputDocument, type Path } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";
import { wordAdvice } from "../input/suggest.ts";
import { resolveControlPool, type ControlPool } from "./control-pool.ts";

/** A time without beam that was announced; milliseconds of UTC, whenever the campaign begins. */
export interface AnnouncedStop {
  readonly fromUtcMs: number;
  readonly toUtcMs: number;
  readonly what: string;
}

export interface BeamForecast {
  /** In the order of their beginnings, top-ups among them where they stop the beam. */
  readonly stops: readonly AnnouncedStop[];
  /** How often the machine loses its beam without warning, and for how long; null where that is not said. */
  readonly losses: { readonly perHour: number; readonly lastMs: number } | null;
  /** The experiment's beam time is over then, milliseconds of UTC: nothing is exposed after it. Absent where nobody says. */
  readonly endUtcMs?: number;
}

/** Fractions of 1 of what all exposures get. */
export interface BeamShare {
  readonly group: string;
  readonly beamTime: number;
  /** Null where dose is not shared out. */
  readonly dose: number | null;
}

export interface BeamPlanSections extends ControlPool {
  readonly beamForecast?: BeamForecast;
  readonly shares?: readonly BeamShare[];
}

const utc = z.iso.datetime({ error: "Give a UTC time such as 2026-03-02T08:00:00Z." });
const positive = z.number().positive();

/** The same in the campaign and in a calendar beside it. */
const calendarShape = {
  stops: z
    .array(strictObject({ from: utc, to: utc, what: z.string().min(1).max(200) }))
    .max(1000)
    .default([]),
  /** Injections during which there is no beam, or none that may be used. */
  top_up: strictObject({
    first: utc,
    every_min: z.number().min(1).max(10_000),
    lasts_s: positive.max(3600),
  }).exactOptional(),
  losses: strictObject({ per_day: positive.max(100), last_min: positive.max(10_000) }).exactOptional(),
  experiment_end: utc.exactOptional(),
} as const;
const calendarSchema = strictObject(calendarShape);
type CalendarRecord = z.output<typeof calendarSchema>;

export const beamForecastSchema = strictObject({ ...calendarShape, calendar: z.string().min(1).exactOptional() });

export const sharesSchema = z.record(
  z.string(),
  strictObject({ beam_time: z.number().gt(0).max(1), dose: z.number().gt(0).max(1).exactOptional() }),
);

export const TOP_UP = "top-up";

const DAY_MS = 86_400_000;
/** So many top-ups are reckoned; beyond them a campaign that says its end is told so. */
const TOP_UPS_MAX = 40_000;
/** A run begins when it is begun, whatever its file says: top-ups are known so long before and after. */
export const OTHER_START_MS = 7 * DAY_MS;

/** Only what the file has: a campaign without these sections stays what it was. */
export function resolveBeamPlan(
  document: InputDocument,
  calendar: InputDocument | undefined,
  groups: readonly string[],
  findings: Finding[],
): BeamPlanSections {
  const beamForecast = resolveForecast(document, calendar, findings);
  const shares = resolveShares(document, groups, findings);
  return {
    ...(beamForecast === undefined ? {} : { beamForecast }),
    ...(shares === undefined ? {} : { shares }),
    ...resolveControlPool(document, groups, findings),
  };
}

/** Where the campaign names its calendar, a file beside it. */
export function calendarOf(document: InputDocument): { readonly path: string; readonly at: Path } | undefined {
  const at: Path = ["beam_forecast", "calendar"];
  const path = valueAt(document.value, at);
  return typeof path === "string" && path !== "" ? { path, at } : undefined;
}

function resolveForecast(
  document: InputDocument,
  calendar: InputDocument | undefined,
  findings: Finding[],
): BeamForecast | undefined {
  const path: Path = ["beam_forecast"];
  if (valueAt(document.value, path) === undefined) return undefined;
  const record = readSection(document, path, beamForecastSchema, findings);
  const startMs = Date.parse(String(valueAt(document.value, ["start"])));
  if (record === undefined || !Number.isFinite(startMs)) return undefined;
  const hours = valueAt(document.value, ["duration_h"]);
  // Begun later than planned, it ends later.
  const untilMs = typeof hours === "number" ? startMs + 3_600_000 * hours + OTHER_START_MS : Infinity;
  const span = { fromMs: startMs - OTHER_START_MS, untilMs };
  const own = stopsOf(document, path, record, span, findings);
  const shared = calendar === undefined ? undefined : readSection(calendar, [], calendarSchema, findings);
  const further = calendar === undefined || shared === undefined ? [] : stopsOf(calendar, [], shared, span, findings);
  const losses = record.losses ?? shared?.losses;
  const ends = [record.experiment_end, shared?.experiment_end].flatMap((end) =>
    end === undefined ? [] : [Date.parse(end)],
  );
  return {
    stops: [...own, ...further].sort((a, b) => a.fromUtcMs - b.fromUtcMs),
    losses:
      losses === undefined
        ? null
        : { perHour: losses.per_day / (DAY_MS / 3_600_000), lastMs: 60_000 * losses.last_min },
    ...(ends.length === 0 ? {} : { endUtcMs: Math.min(...ends) }),
  };
}

function stopsOf(
  document: InputDocument,
  path: Path,
  { stops: written, top_up: topUp }: CalendarRecord,
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
  findings: Finding[],
): readonly AnnouncedStop[] {
  const refuse = (at: Path, what: string, advice: string): void => {
    findings.push(findingAt(document, "error", "campaign.invalid", at, what, advice));
  };
  const stops: AnnouncedStop[] = [];
  written.forEach(({ from, to, what }, index) => {
    const stop = { fromUtcMs: Date.parse(from), toUtcMs: Date.parse(to), what };
    if (stop.toUtcMs > stop.fromUtcMs) stops.push(stop);
    else refuse([...path, "stops", index], `the stop for ${what} ends before it begins`, "Give to after from.");
  });
  if (topUp === undefined) return stops;
  const everyMs = 60_000 * topUp.every_min;
  const lastsMs = 1000 * topUp.lasts_s;
  if (lastsMs >= everyMs) {
    refuse([...path, "top_up"], "top-ups last longer than the time from one to the next", "Give a shorter lasts_s.");
    return stops;
  }
  const givenMs = Date.parse(topUp.first);
  // The first may have been long before the campaign.
  const firstMs = givenMs + everyMs * Math.max(0, Math.floor((fromMs - givenMs) / everyMs));
  for (let count = 0; count < TOP_UPS_MAX; count += 1) {
    const fromUtcMs = firstMs + count * everyMs;
    if (fromUtcMs > untilMs) return stops;
    stops.push({ fromUtcMs, toUtcMs: fromUtcMs + lastsMs, what: TOP_UP });
  }
  if (Number.isFinite(untilMs)) {
    const lastText = new Date(firstMs + TOP_UPS_MAX * everyMs).toISOString();
    const what = `${TOP_UPS_MAX} top-ups are reckoned with, and none from ${lastText} on`;
    const advice = "Leave top_up out where the beam stays, or split the campaign.";
    findings.push(findingAt(document, "warning", "campaign.invalid", [...path, "top_up"], what, advice));
  }
  return stops;
}

function resolveShares(
  document: InputDocument,
  groups: readonly string[],
  findings: Finding[],
): readonly BeamShare[] | undefined {
  const path: Path = ["shares"];
  if (valueAt(document.value, path) === undefined) return undefined;
  const record = readSection(document, path, sharesSchema, findings);
  if (record === undefined) return undefined;
  const shares = Object.entries(record).map(([group, { beam_time: beamTime, dose = null }]): BeamShare => ({
    group,
    beamTime,
    dose,
  }));
  for (const { group } of shares) {
    if (groups.includes(group)) continue;
    const advice = wordAdvice(group, [...new Set(groups)], "Its groups are");
    findings.push(
      findingAt(document, "error", "campaign.invalid", [...path, group], `no cell is of group ${group}`, advice),
    );
  }
  for (const kind of ["beamTime", "dose"] as const) {
    const sum = shares.reduce((total, share) => total + (share[kind] ?? 0), 0);
    if (sum <= 1 + 1e-9) continue;
    const text = `the shares of ${kind === "dose" ? "dose" : "beam time"} add up to ${Number(sum.toFixed(4))}`;
    findings.push(
      findingAt(document, "error", "campaign.invalid", path, text, "Give fractions of at most 1 together."),
    );
  }
  return shares;
}
