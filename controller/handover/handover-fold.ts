/**
 * What one shift tells the next, from the events of the log: what happened since a moment, what waits for whom now, and
 * what is to be expected until another moment. Pure: a fold, so that a command and a report tell the same.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { recordOf, tellEvent } from "../bus/event-text.ts";
import { createTimetableFold } from "../schedule/timetable.ts";
import { createExpected, type Expected } from "./expected.ts";
import { createOpenMatters, type OpenMatter } from "./open-matters.ts";

export interface HandoverEntry {
  /** Campaign milliseconds; of equal ones the first. */
  readonly atMs: number;
  /** Positions and instruments; empty for what is said of no place. */
  readonly where: readonly string[];
  readonly text: string;
  readonly count: number;
}

export interface HandoverNote {
  readonly atMs: number;
  readonly position: string;
  readonly author: string;
  readonly text: string;
}

export interface Handover {
  /** Names as the record has them; null where it does not say. */
  readonly campaign: string | null;
  readonly site: string | null;
  /** UTC at campaign time zero. */
  readonly startMs: number;
  readonly timeZone: string | null;
  /** Campaign time of the last event: now, of a running campaign. */
  readonly atMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly happened: {
    readonly sweeps: number;
    /** By outcome. */
    readonly exposures: Readonly<Record<string, number>>;
    /** Requests that were missed, by what stood in the way. */
    readonly missed: Readonly<Record<string, number>>;
    readonly stepsEnded: number;
    /** Without beam of the machine, of the time that is told about. */
    readonly beamLostMs: number;
    /** In order; equal ones in one. */
    readonly entries: readonly HandoverEntry[];
    readonly notes: readonly HandoverNote[];
  };
  readonly waiting: readonly OpenMatter[];
  readonly ahead: Expected;
}

export interface HandoverFold {
  event(type: string, atMs: number, data: Json | undefined): void;
  /** Of the log's first event with a time: UTC at campaign time zero, and by whose clocks people read. Null before it. */
  readonly clock: { readonly startMs: number; readonly timeZone: string | null } | null;
  readonly lastMs: number;
  handover(fromMs: number, toMs: number): Handover;
  /** What happened from one moment to before the other, as far as it has come. */
  happened(fromMs: number, toMs: number, nowMs: number): Handover["happened"];
  /** What happened before will not be asked for again. */
  forgetBefore(atMs: number): void;
}

/** Events that are told one by one; what cells and beam do all day is counted. */
const OF_NOTE: ReadonlySet<string> = new Set([
  "campaign-started",
  "campaign-resumed",
  "campaign-amended",
  "campaign-complete",
  "run-ended",
  "alarm-raised",
  "alarm-cleared",
  "alarm-acknowledged",
  "alarm-shelved",
  "beam-lost",
  "beam-back",
  "beam-not-off",
  "exposing-held",
  "exposing-resumed",
  "stop-ended",
  "safety-input-tripped",
  "safety-input-well",
  "lit-while-closed",
  "aim-lost",
  "aim-known",
  "alignment-begun",
  "alignment-failed",
  "cells-ordered-off",
  "cell-isolated",
  "cell-complete",
  "cell-stopped",
  "cell-held",
  "cell-act",
  "cell-joined",
  "cell-taken-out",
  "cell-put-back",
  "cell-left-out",
  "cell-withdrawn",
  "interlock-broken",
  "interlock-rearmed",
  "control-changed",
  "command-given",
  "instrument-lost",
  "instrument-isolated",
  "exposures-held-back",
]);

interface Told {
  readonly type: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, Json>>;
}

const COUNTED: ReadonlySet<string> = new Set(["sweep-begun", "exposure-ended", "request-missed", "step-ended"]);

export function createHandoverFold(): HandoverFold {
  const told: Told[] = [];
  const matters = createOpenMatters();
  const timetable = createTimetableFold(0);
  const expected = createExpected();
  let clock: { readonly startMs: number; readonly timeZone: string | null } | null = null;
  let campaign: string | null = null;
  let site: string | null = null;
  let lastMs = 0;

  return {
    event(type, atMs, value) {
      const data = recordOf(value);
      lastMs = Math.max(lastMs, atMs);
      if (type === "campaign-started" && typeof data["start_ms"] === "number") {
        clock = { startMs: data["start_ms"], timeZone: textOrNull(data["timezone"]) };
        campaign = textOrNull(data["campaign"]);
        site = textOrNull(data["site"]);
      }
      if (type === "campaign-amended" && clock !== null) {
        clock = { startMs: clock.startMs, timeZone: textOrNull(data["timezone"]) };
      }
      if (OF_NOTE.has(type) || type === "cell-noted") told.push({ type, atMs, data });
      // Of these there are many, and little of each is told.
      else if (COUNTED.has(type)) told.push({ type, atMs, data: briefOf(data) });
      matters.event(type, atMs, data);
      timetable.event(type, atMs, data);
      expected.event(type, atMs, data);
    },
    get clock() {
      return clock;
    },
    get lastMs() {
      return lastMs;
    },
    handover(fromMs, toMs) {
      const { act, ahead } = timetable.timetable();
      const startMs = clock?.startMs ?? 0;
      const timeZone = clock?.timeZone ?? null;
      return {
        ...{ campaign, site, startMs, timeZone, atMs: lastMs, fromMs, toMs },
        happened: happenedIn(told, fromMs, Infinity, lastMs),
        waiting: matters.open(act),
        ahead: expected.between(lastMs, toMs, { startMs, requests: ahead }),
      };
    },
    happened: (fromMs, toMs, nowMs) => happenedIn(told, fromMs, toMs, Math.min(toMs, nowMs)),
    forgetBefore(atMs) {
      const kept = told.findIndex((one) => one.atMs >= atMs);
      const gone = told.splice(0, kept === -1 ? told.length : kept);
      const beam = gone.findLast(({ type }) => type === "beam-lost" || type === "beam-back");
      // A loss that lasts is told of every hour.
      if (beam?.type === "beam-lost") told.unshift(beam);
    },
  };
}

function briefOf({ outcome, reason }: Readonly<Record<string, Json>>): Told["data"] {
  return { ...(outcome === undefined ? {} : { outcome }), ...(reason === undefined ? {} : { reason }) };
}

function happenedIn(all: readonly Told[], fromMs: number, toMs: number, nowMs: number): Handover["happened"] {
  const exposures: Record<string, number> = {};
  const missed: Record<string, number> = {};
  const entries = new Map<string, { atMs: number; where: string[]; text: string; count: number }>();
  const notes: HandoverNote[] = [];
  let sweeps = 0;
  let stepsEnded = 0;
  const carriedOut = ordersCarriedOut(all);
  for (const told of all) {
    const { type, atMs, data } = told;
    if (atMs < fromMs) continue;
    if (atMs >= toMs) continue;
    if (type === "sweep-begun") sweeps += 1;
    else if (type === "step-ended") stepsEnded += 1;
    else if (type === "exposure-ended") count(exposures, data["outcome"]);
    else if (type === "request-missed") count(missed, data["reason"]);
    else if (type === "cell-noted") notes.push({ atMs, ...noteOf(data) });
    if (!OF_NOTE.has(type) || carriedOut.has(told)) continue;
    const { where, text } = tellEvent(type, data);
    // An alarm's number makes every one of a kind another.
    const plain = text.replace(/^alarm \d+/, "alarm");
    const entry = entries.get(plain) ?? { atMs, where: [], text, count: 0 };
    entry.count += 1;
    if (entry.count > 1) entry.text = plain;
    if (where !== null && !entry.where.includes(where)) entry.where.push(where);
    entries.set(plain, entry);
  }
  const beamLostMs = lostMs(all, fromMs, nowMs);
  return { ...{ sweeps, exposures, missed, stepsEnded, beamLostMs, notes }, entries: [...entries.values()] };
}

/** Orders to hold a cell after which it was held: that is told, in the same words. */
function ordersCarriedOut(all: readonly Told[]): ReadonlySet<Told> {
  const carriedOut = new Set<Told>();
  const lastAct = new Map<string, Told>();
  for (const told of all) {
    if (told.type !== "cell-act" && told.type !== "cell-held") continue;
    const position = textOrNull(told.data["position"]) ?? "";
    const act = lastAct.get(position);
    if (told.type === "cell-act") lastAct.set(position, told);
    else if (act?.data["act"] === "hold") carriedOut.add(act);
  }
  return carriedOut;
}

function noteOf(data: Readonly<Record<string, Json>>): Omit<HandoverNote, "atMs"> {
  const text = (key: string): string => textOrNull(data[key]) ?? "";
  return { position: text("position"), author: text("author"), text: text("text") };
}

function lostMs(all: readonly Told[], fromMs: number, toMs: number): number {
  let sumMs = 0;
  let sinceMs: number | null = null;
  const add = (untilMs: number): void => {
    if (sinceMs !== null) sumMs += Math.max(0, Math.min(untilMs, toMs) - Math.max(fromMs, sinceMs));
    sinceMs = null;
  };
  for (const { type, atMs } of all) {
    if (atMs > toMs) continue;
    if (type === "beam-lost") sinceMs ??= atMs;
    if (type === "beam-back") add(atMs);
  }
  add(toMs);
  return sumMs;
}

function count(counts: Record<string, number>, key: Json | undefined): void {
  const name = textOrNull(key) ?? "unknown";
  counts[name] = (counts[name] ?? 0) + 1;
}

function textOrNull(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
