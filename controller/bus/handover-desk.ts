/**
 * The hand-over page as the bus tells it: what happened in each hour of the last day, what waits for whom, what to
 * expect of the next hours. Hours that are over are worked out once.
 */
import { placeText } from "../../protocols/base/position.ts";
import { NOTE_LENGTH_MAX } from "../../protocols/bus/commands.ts";
import type { BusHandover, BusHandoverHour } from "../../protocols/bus/handover-view.ts";
import type { ExpectedEvent } from "../handover/expected.ts";
import { gatheredSteps } from "../handover/gathered-steps.ts";
import { createHandoverFold } from "../handover/handover-fold.ts";
import type { HeardEvent } from "./heard-store.ts";

export interface HandoverDesk {
  hear(event: Pick<HeardEvent, "type" | "atMs" | "data">): void;
  /** Undefined until the log has said when the campaign began. */
  body(nowMs: number): Omit<BusHandover, "v" | "at"> | undefined;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** From the begin of the hour that runs. */
const AHEAD_MS = 9 * HOUR_MS;
/** Of each list, and how much more there was is told; a page of 24 full hours stays below 160 kB. */
const OF_HOUR = 10;
const OF_NOTES = 6;
const WAITING = 20;
const REQUESTS = 12;
const STEPS = 16;
const PLACES = 6;
const TEXT = 160;
/** What to do about it stands at the end. */
const WAITING_TEXT = 400;

export function createHandoverDesk(): HandoverDesk {
  const fold = createHandoverFold();
  /** By their begin, UTC. */
  const over = new Map<number, BusHandoverHour | null>();

  function hourOf(fromMs: number, startMs: number, nowMs: number): BusHandoverHour | null {
    const { entries, notes, ...counted } = fold.happened(fromMs - startMs, fromMs - startMs + HOUR_MS, nowMs);
    const { sweeps, exposures, missed, stepsEnded, beamLostMs } = counted;
    const events = entries.slice(0, OF_HOUR);
    const kept = notes.slice(0, OF_NOTES);
    const isQuiet =
      sweeps + stepsEnded + beamLostMs + entries.length + notes.length === 0 &&
      Object.keys(exposures).length + Object.keys(missed).length === 0;
    if (isQuiet) return null;
    return {
      ...{ from: iso(fromMs), sweeps, exposures, missed, steps_ended: stepsEnded, beam_lost_s: beamLostMs / 1000 },
      events: events.map(({ atMs, where, text, count }) => ({
        ...{ at: iso(startMs + atMs), ...places(where), text: brief(text, TEXT), count },
      })),
      notes: kept.map(({ atMs, position, author, text }) => ({
        ...{ at: iso(startMs + atMs), position: placeText(position), by: author, text: brief(text, NOTE_LENGTH_MAX) },
      })),
      more: entries.length - events.length + (notes.length - kept.length),
    };
  }

  return {
    hear({ type, atMs, data }) {
      fold.event(type, atMs, data);
    },
    body(nowMs) {
      const { clock } = fold;
      if (clock === null) return undefined;
      const { startMs } = clock;
      const thisHourMs = Math.floor((startMs + nowMs) / HOUR_MS) * HOUR_MS;
      const firstMs = thisHourMs - (HOURS - 1) * HOUR_MS;
      fold.forgetBefore(firstMs - startMs);
      const hours: BusHandoverHour[] = [];
      for (const fromMs of over.keys()) if (fromMs < firstMs) over.delete(fromMs);
      for (let fromMs = firstMs; fromMs <= thisHourMs; fromMs += HOUR_MS) {
        const known = over.get(fromMs);
        const hour = known === undefined ? hourOf(fromMs, startMs, nowMs) : known;
        // What is told of an hour a while after its end, was not yet heard at it.
        if (known === undefined && fromMs < thisHourMs - HOUR_MS) over.set(fromMs, hour);
        if (hour !== null) hours.push(hour);
      }
      const { waiting, ahead } = fold.handover(nowMs, thisHourMs - startMs + AHEAD_MS);
      const expected = ({ atMs, spreadS, where, text }: ExpectedEvent) => ({
        ...{ at: iso(startMs + atMs), spread_s: spreadS, where, text: brief(text, TEXT) },
      });
      const { announced, requests, sweeps } = ahead;
      const steps = gatheredSteps(ahead.steps);
      return {
        hours,
        waiting: waiting.slice(0, WAITING).map(({ who, what, where, sinceMs }) => ({
          ...{ who, what: brief(what, WAITING_TEXT), ...places(where) },
          since: sinceMs === null ? null : iso(startMs + sinceMs),
        })),
        ...(beyond(waiting, WAITING) > 0 ? { waiting_more: beyond(waiting, WAITING) } : {}),
        expected: {
          until: iso(thisHourMs + AHEAD_MS),
          announced: announced.slice(0, REQUESTS).map(expected),
          sweeps:
            sweeps === null
              ? null
              : { next: iso(startMs + sweeps.nextMs), every_s: sweeps.everyMs / 1000, count: sweeps.count },
          requests: requests.slice(0, REQUESTS).map(expected),
          steps: steps.slice(0, STEPS).map(expected),
          more: beyond(announced, REQUESTS) + beyond(requests, REQUESTS) + beyond(steps, STEPS),
        },
      };
    },
  };
}

function beyond(list: readonly unknown[], most: number): number {
  return Math.max(0, list.length - most);
}

function places(where: readonly string[]): { readonly where: string[]; readonly where_more?: number } {
  const more = beyond(where, PLACES);
  return { where: where.slice(0, PLACES), ...(more > 0 ? { where_more: more } : {}) };
}

function brief(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

function iso(utcMs: number): string {
  return new Date(Math.round(utcMs)).toISOString();
}
