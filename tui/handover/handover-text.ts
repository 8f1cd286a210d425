/** The hand-over page: as lines for people, and as JSON. */
import type { Handover, HandoverEntry } from "../../controller/handover/handover-fold.ts";
import type { ExpectedEvent } from "../../controller/handover/expected.ts";
import { gatheredSteps } from "../../controller/handover/gathered-steps.ts";
import type { OpenMatter } from "../../controller/handover/open-matters.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { bothTimesText, localText } from "../../protocols/base/local-time.ts";
import { plainText } from "../progress/number-text.ts";

/** Of each list that may be long. */
const ENTRIES = 40;
const STEPS = 16;
const REQUESTS = 12;
const PLACES = 8;

export function handoverLines(page: Handover): readonly string[] {
  const { startMs, timeZone, atMs, fromMs, toMs, happened, waiting, ahead } = page;
  const moment = (ms: number): string => localText(startMs + ms, timeZone).slice(5);
  const both = (ms: number): string => bothTimesText(startMs + ms, timeZone);
  const ends = gatheredSteps(ahead.steps);
  const lines = [
    `${page.campaign ?? "campaign"}${page.site === null ? "" : ` at ${page.site}`}: hand-over`,
    `  from   ${both(fromMs)}`,
    `  now    ${both(atMs)}, the last that is on record`,
    `  until  ${both(toMs)}`,
    `  times below are ${timeZone === null ? "UTC" : timeZone}`,
    "",
    "What happened",
    `  ${countsLine(page)}`,
    ...happened.entries.slice(0, ENTRIES).map((entry) => entryLine(entry, moment)),
    ...more(happened.entries.length - ENTRIES, "timetable, data and the log have them"),
    "",
    "Notes",
    ...(happened.notes.length === 0 ? ["  none"] : []),
    ...happened.notes.map(
      ({ atMs: notedMs, position, author, text }) => `  ${moment(notedMs)}  ${position.padEnd(4)} ${author}: ${text}`,
    ),
    "",
    "What waits, and for whom",
    ...(waiting.length === 0 ? ["  nothing waits for anybody"] : []),
    ...waiting.map((matter) => matterLine(matter, moment)),
    "",
    `What to expect until ${moment(toMs)}`,
    ...ahead.announced.map((event) => expectedLine(event, moment)),
    ...(ahead.sweeps === null
      ? []
      : [
          `  ${moment(ahead.sweeps.nextMs)}  a sweep, and one every ${durationText(Math.round(ahead.sweeps.everyMs / 1000))}: ${ahead.sweeps.count} in all`,
        ]),
    ...ahead.requests.slice(0, REQUESTS).map((event) => expectedLine(event, moment)),
    ...more(ahead.requests.length - REQUESTS, "timetable has them"),
    ...ends.slice(0, STEPS).map((event) => expectedLine(event, moment)),
    ...more(ends.length - STEPS, "--json has them"),
    ...(isEmpty(ahead) ? ["  nothing that the record tells of"] : []),
  ];
  return lines.map(plainText);
}

function isEmpty({ announced, sweeps, requests, steps }: Handover["ahead"]): boolean {
  return announced.length + requests.length + steps.length === 0 && sweeps === null;
}

function countsLine({ happened }: Handover): string {
  const { sweeps, exposures, missed, stepsEnded, beamLostMs } = happened;
  const counted = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  const parts = [
    `sweeps ${sweeps}`,
    `exposures ${Object.keys(exposures).length === 0 ? "none" : counted(exposures)}`,
    `requests missed ${Object.keys(missed).length === 0 ? "none" : counted(missed)}`,
    `steps ended ${stepsEnded}`,
    beamLostMs === 0 ? "beam never lost" : `no beam for ${durationText(Math.round(beamLostMs / 1000))}`,
  ];
  return parts.join("; ");
}

function entryLine({ atMs, where, text, count }: HandoverEntry, moment: (ms: number) => string): string {
  const times = count === 1 ? "" : ` (${count} times)`;
  return `  ${moment(atMs)}  ${where.length === 0 ? "" : `${placesText(where)}: `}${text}${times}`;
}

function matterLine({ who, what, where, sinceMs }: OpenMatter, moment: (ms: number) => string): string {
  const since = sinceMs === null ? "" : `, since ${moment(sinceMs)}`;
  return `  ${who === "" ? "" : `${who}: `}${where.length === 0 ? "" : `${placesText(where)}, `}${what}${since}`;
}

function expectedLine({ atMs, spreadS, where, text }: ExpectedEvent, moment: (ms: number) => string): string {
  const spread = spreadS === null || spreadS < 60 ? "" : ` (± ${durationText(Math.round(spreadS / 60) * 60)})`;
  return `  ${moment(atMs)}  ${where === null ? "" : `${where.padEnd(4)} `}${text}${spread}`;
}

function placesText(where: readonly string[]): string {
  const shown = where.slice(0, PLACES).join(", ");
  return where.length > PLACES ? `${shown} and ${where.length - PLACES} more` : shown;
}

function more(count: number, whereElse: string): readonly string[] {
  return count > 0 ? [`  and ${count} more; ${whereElse}`] : [];
}

export function handoverJson(page: Handover): object {
  const { startMs, timeZone, happened, waiting, ahead } = page;
  const at = (ms: number): string => new Date(Math.round(startMs + ms)).toISOString();
  const times = (ms: number): object => ({
    at: at(ms),
    ...(timeZone === null ? {} : { local: localText(startMs + ms, timeZone) }),
  });
  const expected = ({ atMs, spreadS, where, text }: ExpectedEvent): object => ({
    ...times(atMs),
    spread_s: spreadS,
    where,
    text,
  });
  return {
    campaign: page.campaign,
    site: page.site,
    timezone: timeZone,
    now: at(page.atMs),
    since: at(page.fromMs),
    until: at(page.toMs),
    happened: {
      sweeps: happened.sweeps,
      exposures: happened.exposures,
      requests_missed: happened.missed,
      steps_ended: happened.stepsEnded,
      beam_lost_s: happened.beamLostMs / 1000,
      events: happened.entries.map(({ atMs, where, text, count }) => ({ ...times(atMs), where, text, count })),
      notes: happened.notes.map(({ atMs, position, author, text }) => ({ ...times(atMs), position, author, text })),
    },
    waiting: waiting.map(({ who, what, where, sinceMs }) => ({
      ...{ who, what, where, since: sinceMs === null ? null : at(sinceMs) },
    })),
    expected: {
      announced: ahead.announced.map(expected),
      sweeps:
        ahead.sweeps === null
          ? null
          : { next: at(ahead.sweeps.nextMs), every_s: ahead.sweeps.everyMs / 1000, count: ahead.sweeps.count },
      requests: ahead.requests.map(expected),
      steps: ahead.steps.map(expected),
    },
  };
}
