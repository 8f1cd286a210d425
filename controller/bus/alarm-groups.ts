/**
 * Order in a flood of alarms: which follow from another that is open, and which say the same of many places. Nothing is
 * left out; a screen may show causes first and equal ones in one line. Pure.
 */
import { parseOccupant } from "../../protocols/base/position.ts";
import type { Alarm } from "../run/alarms.ts";

export type PlacedAlarm = Pick<Alarm, "id" | "code" | "where" | "what" | "raisedAtMs">;

export interface AlarmGroup {
  readonly code: string;
  /** `37 cells: no answer within 2 s`. */
  readonly text: string;
  readonly ids: readonly number[];
  readonly raisedAtMs: number;
}

/** From so many on, equal alarms are one line. */
const EQUAL_MIN = 3;
/** What ends an exposure is seen by the detector before the ring current's next reading, or after. */
const AROUND_MS = 15_000;
const RACK_STOP_MS = 120_000;

const OF_LINKS = ["link.", "device.", "channel."];
const ENDS_EXPOSURES = ["beam.lost", "interlock.tripped"];
/** Of an exposure that was cut off. Trouble of a shutter is never put down to anything else. */
const OF_CUT_EXPOSURES = ["detector.", "trigger.", "dose.flux-doubtful", "stage.no-permit"];

/**
 * The alarm of which each is the consequence, by numbers.
 *
 * @param placesOf where the trouble of a position, or of an instrument, may lie: its channel, its line, its cabinet
 */
export function alarmCauses(
  open: readonly PlacedAlarm[],
  placesOf: (where: string) => readonly string[],
): ReadonlyMap<number, number> {
  const causes = new Map<number, number>();
  const ofLinks = new Map<string, PlacedAlarm>();
  for (const alarm of open) {
    if (isOneOf(alarm.code, OF_LINKS) && !ofLinks.has(alarm.where)) ofLinks.set(alarm.where, alarm);
  }
  const stops = open.filter(({ code }) => code === "rack.stopped");
  const ends = open.filter(({ code }) => ENDS_EXPOSURES.includes(code));
  for (const alarm of open) {
    const cause = linkCause(alarm) ?? near(alarm, stops, 0, RACK_STOP_MS, isOfCell) ?? ofCut(alarm);
    if (cause !== undefined && cause.id !== alarm.id) causes.set(alarm.id, cause.id);
  }
  return causes;

  function linkCause(alarm: PlacedAlarm): PlacedAlarm | undefined {
    if (!isOneOf(alarm.code, OF_LINKS)) return undefined;
    for (const place of placesOf(alarm.where)) {
      const found = place === alarm.where ? undefined : ofLinks.get(place);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function ofCut(alarm: PlacedAlarm): PlacedAlarm | undefined {
    return near(alarm, ends, -AROUND_MS, AROUND_MS, ({ code }) => isOneOf(code, OF_CUT_EXPOSURES));
  }
}

function near(
  alarm: PlacedAlarm,
  causes: readonly PlacedAlarm[],
  fromMs: number,
  toMs: number,
  isMeant: (alarm: PlacedAlarm) => boolean,
): PlacedAlarm | undefined {
  if (causes.length === 0 || !isMeant(alarm)) return undefined;
  return causes.find((cause) => {
    const afterMs = alarm.raisedAtMs - cause.raisedAtMs;
    return afterMs >= fromMs && afterMs <= toMs;
  });
}

/** Those of one code that follow from nothing else, from three on; those raised first come first. */
export function equalAlarms(open: readonly PlacedAlarm[], causes: ReadonlyMap<number, number>): readonly AlarmGroup[] {
  const byCode = new Map<string, PlacedAlarm[]>();
  for (const alarm of open) {
    if (causes.has(alarm.id)) continue;
    const equal = byCode.get(alarm.code);
    if (equal === undefined) byCode.set(alarm.code, [alarm]);
    else equal.push(alarm);
  }
  return [...byCode]
    .filter(([, equal]) => equal.length >= EQUAL_MIN)
    .map(([code, equal]) => ({
      ...{ code, text: equalText(equal), ids: equal.map(({ id }) => id) },
      raisedAtMs: Math.min(...equal.map(({ raisedAtMs }) => raisedAtMs)),
    }))
    .sort((left, right) => left.raisedAtMs - right.raisedAtMs);
}

/** `37 cells: ...`; where they are not told in the same words, the first of them stands for all. */
export function equalText(equal: readonly Pick<PlacedAlarm, "where" | "what">[]): string {
  const [first] = equal;
  if (first === undefined) return "";
  const things = equal.every(isOfCell) ? "cells" : "places";
  const isSame = equal.every(({ what }) => what === first.what);
  return `${equal.length} ${things}: ${isSame ? first.what : `such as ${first.where}: ${first.what}`}`;
}

function isOfCell({ where }: Pick<PlacedAlarm, "where">): boolean {
  return parseOccupant(where) !== undefined;
}

function isOneOf(code: string, known: readonly string[]): boolean {
  return known.some((one) => (one.endsWith(".") ? code.startsWith(one) : code === one));
}
