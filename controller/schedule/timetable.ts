/**
 * The beam's timetable as people look at it: ahead, who is next, when and why; behind, what became of each request. Pure:
 * a fold over the events of the log, so that a running controller, a command and a report show the same.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isMade } from "../machines/exposure-order.ts";
import { DECISION_EVENT } from "./decision-record.ts";
import { windowOf } from "./wish-json.ts";

/** A request as the log names it: `R12`, or `S3` for a sweep's; campaign milliseconds. */
export interface TimetableRequest {
  readonly request: string;
  readonly position: string;
  /** Name of the trigger; `sweep`, `step` for the others. */
  readonly trigger: string;
  /** What it was asked for: `at 30 % of the charge`. */
  readonly reason: string;
  /** The group, or the author, on whose account it is; null where nobody counts. */
  readonly owner: string | null;
  readonly earliestMs: number | null;
  /** Null where any moment of the window is as good. */
  readonly wantedMs: number | null;
  /** Null for a sweep's, which lasts until the next sweep. */
  readonly latestMs: number | null;
}

export interface RequestAhead extends TimetableRequest {
  /** When the shutter is to open, by the last decision; null where it has no place yet. */
  readonly openAtMs: number | null;
  readonly passedOver: "window-passed" | "dose" | "no-place" | null;
}

export type RequestOutcome = "met" | "late" | "missed" | "withdrawn";

export interface RequestBehind extends TimetableRequest {
  readonly outcome: RequestOutcome;
  /** When the shutter opened; of what was missed or withdrawn, when that was clear. */
  readonly atMs: number;
  /** Why then, or why not. */
  readonly why: string;
  readonly exposureId: string | null;
}

/** What the beam does, or waits for, by the last decision. */
export interface TimetableAct {
  readonly atMs: number;
  readonly kind: "expose" | "wait";
  readonly text: string;
  /** Who owes what is waited for; null while exposing. */
  readonly who: string | null;
  readonly untilMs: number | null;
}

export interface Timetable {
  /** Campaign time of the last event. */
  readonly atMs: number;
  readonly act: TimetableAct | null;
  /** What is open, the next first. */
  readonly ahead: readonly RequestAhead[];
  /** What is over, the oldest first; no more than the fold keeps. */
  readonly behind: readonly RequestBehind[];
  readonly counts: Readonly<Record<RequestOutcome, number>>;
  /** Of those behind with a wanted moment that were exposed: the median distance from it, seconds; null without any. */
  readonly offMedianS: number | null;
}

export interface TimetableFold {
  event(type: string, atMs: number, data: EventData): void;
  timetable(): Timetable;
}

interface EventData {
  readonly [key: string]: Json | undefined;
}

interface Exposed {
  readonly request: TimetableRequest;
  readonly atMs: number;
  readonly isInWindow: boolean;
  readonly why: string;
}

const REQUEST_ID = /^([SR])0*(\d+)-([A-Z]\d+(?:\.\d+)?)/;
const NO_WINDOW = { earliestMs: null, wantedMs: null, latestMs: null } as const;

/** @param behindMax so many of those that are over are kept, the latest; counts are of all */
export function createTimetableFold(behindMax = Infinity): TimetableFold {
  const open = new Map<string, TimetableRequest>();
  const whys = new Map<string, string>();
  const planned = new Map<string, number>();
  const passed = new Map<string, "window-passed" | "dose" | "no-place">();
  /** Exposures that were not made whole, until it is told whether they count. */
  const cut = new Map<string, Exposed>();
  const behind: RequestBehind[] = [];
  const counts: Record<RequestOutcome, number> = { met: 0, late: 0, missed: 0, withdrawn: 0 };
  let act: TimetableAct | null = null;
  let sweep = 0;
  let lastMs = 0;

  function settle(
    request: TimetableRequest,
    about: Pick<RequestBehind, "outcome" | "atMs" | "why" | "exposureId">,
  ): void {
    open.delete(keyOf(request));
    planned.delete(keyOf(request));
    passed.delete(keyOf(request));
    whys.delete(keyOf(request));
    counts[about.outcome] += 1;
    behind.push({ ...request, ...about });
    if (behind.length > behindMax) behind.shift();
  }

  function known(name: string, position: string): TimetableRequest {
    const request = { request: name, position };
    return open.get(keyOf(request)) ?? { ...request, ...asSweep(name), owner: null, ...NO_WINDOW };
  }

  function named(data: EventData): TimetableRequest {
    const position = textOf(data["position"]);
    const { request, sweep: ofSweep } = data;
    return known(
      typeof request === "number" ? `R${request}` : `S${typeof ofSweep === "number" ? ofSweep : 0}`,
      position,
    );
  }

  function wanted(atMs: number, data: EventData): void {
    const window = windowOf(data);
    const withinS = data["within_s"];
    const request: TimetableRequest = {
      request: `R${numberOf(data["request"]) ?? 0}`,
      position: textOf(data["position"]),
      trigger: typeof data["trigger"] === "string" ? data["trigger"] : "step",
      reason: textOf(data["reason"]),
      owner: typeof data["owner"] === "string" ? data["owner"] : null,
      ...(window ?? {
        earliestMs: atMs,
        wantedMs: null,
        latestMs: typeof withinS === "number" ? atMs + 1000 * withinS : null,
      }),
    };
    open.set(keyOf(request), request);
  }

  function ended(atMs: number, data: EventData): void {
    const [, kind, number, position = ""] = REQUEST_ID.exec(textOf(data["request_id"])) ?? [];
    if (kind === undefined || number === undefined) return;
    const request = known(`${kind}${number}`, position);
    const openedMs =
      numberOf(data["open_seen_at_ms"]) ?? numberOf(data["open_asked_at_ms"]) ?? numberOf(data["rehearsed_at_ms"]);
    const isWish = request.wantedMs !== null || (request.trigger !== "step" && request.trigger !== "sweep");
    const countsMs = isWish ? (openedMs ?? NaN) : atMs;
    const isInWindow =
      kind === "S"
        ? Number(number) >= sweep
        : countsMs >= (request.earliestMs ?? -Infinity) && countsMs <= (request.latestMs ?? Infinity);
    const why = whys.get(keyOf(request)) ?? "";
    const exposureId = textOf(data["exposure_id"]);
    const exposed = { request, atMs: openedMs ?? atMs, isInWindow, why };
    if (isMade(data["outcome"])) {
      settle(request, { outcome: isInWindow ? "met" : "late", atMs: exposed.atMs, why, exposureId });
    } else cut.set(exposureId, exposed);
  }

  function decided(atMs: number, data: EventData): void {
    planned.clear();
    passed.clear();
    const isExposing = data["act"] === "expose";
    const { position } = data;
    if (isExposing && typeof position === "string") {
      const request = named(data);
      whys.set(keyOf(request), textOf(data["why"]));
      note(data);
      const text = `exposes ${position} (${request.request}): ${textOf(data["why"])}`;
      act = { atMs, kind: "expose", text, who: null, untilMs: null };
    } else {
      const place = typeof data["place"] === "string" ? `, the stage goes to ${placeText(data["place"])}` : "";
      const text = `waits for ${textOf(data["reason"])}${place}`;
      act = { atMs, kind: "wait", text, who: textOf(data["who"]), untilMs: numberOf(data["until_ms"]) ?? null };
    }
    for (const next of listOf(data["next"])) note(next);
    for (const one of listOf(data["passed_over_first"])) {
      const { reason } = one;
      if (reason === "window-passed" || reason === "dose" || reason === "no-place")
        passed.set(keyOf(named(one)), reason);
    }
  }

  function note(data: EventData): void {
    const openAtMs = numberOf(data["open_at_ms"]);
    const request = named(data);
    if (openAtMs === undefined) return;
    planned.set(keyOf(request), openAtMs);
  }

  return {
    event(type, atMs, data) {
      lastMs = Math.max(lastMs, atMs);
      switch (type) {
        case "campaign-complete":
          act = null;
          planned.clear();
          break;
        case "sweep-begun":
          sweep = numberOf(data["sweep"]) ?? sweep;
          break;
        case "exposure-wanted":
          wanted(atMs, data);
          break;
        case "request-retimed": {
          const request = named(data);
          const window = windowOf(data);
          if (window !== undefined) open.set(keyOf(request), { ...request, ...window, reason: textOf(data["reason"]) });
          break;
        }
        case "request-withdrawn":
          settle(named(data), { outcome: "withdrawn", atMs, why: textOf(data["text"]), exposureId: null });
          break;
        case "request-answered": {
          const exposureId = textOf(data["exposure_id"]);
          settle(named(data), {
            outcome: "met",
            atMs,
            why: `by ${exposureId}, which was asked for besides`,
            exposureId,
          });
          break;
        }
        case "request-missed":
        case "exposure-refused": {
          const request = named(data);
          for (const [id, one] of cut) if (keyOf(one.request) === keyOf(request)) cut.delete(id);
          settle(request, { outcome: "missed", atMs, why: textOf(data["text"]), exposureId: null });
          break;
        }
        case "exposure-ended":
          ended(atMs, data);
          break;
        case "exposure-accepted": {
          const exposureId = textOf(data["exposure_id"]);
          const exposed = cut.get(exposureId);
          if (exposed === undefined) break;
          cut.delete(exposureId);
          const why = `cut short and accepted as it is; ${exposed.why}`;
          const outcome = exposed.isInWindow ? "met" : "late";
          settle(exposed.request, { outcome, atMs: exposed.atMs, why, exposureId });
          break;
        }
        case DECISION_EVENT:
          decided(atMs, data);
          break;
        default:
      }
    },
    timetable() {
      const sweeps = [...planned.keys()].filter((key) => key.startsWith("S") && !open.has(key));
      const requests = [...open.values(), ...sweeps.map((key) => known(...partsOf(key)))];
      const ahead = requests.map((request): RequestAhead => {
        const key = keyOf(request);
        return { ...request, openAtMs: planned.get(key) ?? null, passedOver: passed.get(key) ?? null };
      });
      return {
        ...{
          atMs: lastMs,
          act,
          behind: [...behind],
          counts: { ...counts },
          offMedianS: medianOf(behind.flatMap(offS)),
        },
        ahead: ahead.sort((a, b) => soonMs(a) - soonMs(b)),
      };
    },
  };
}

function offS({ wantedMs, atMs, exposureId }: RequestBehind): readonly number[] {
  return exposureId === null || wantedMs === null ? [] : [Math.abs(atMs - wantedMs) / 1000];
}

function soonMs({ openAtMs, wantedMs, earliestMs }: RequestAhead): number {
  return openAtMs ?? wantedMs ?? earliestMs ?? Infinity;
}

/** A sweep's requests have one name for all its cells. */
function keyOf({ request, position }: Pick<TimetableRequest, "request" | "position">): string {
  return request.startsWith("S") ? `${request} ${position}` : request;
}

function partsOf(key: string): [name: string, position: string] {
  const [name = "", position = ""] = key.split(" ");
  return [name, position];
}

function asSweep(name: string): Pick<TimetableRequest, "trigger" | "reason"> {
  return name.startsWith("S")
    ? { trigger: "sweep", reason: `sweep ${name.slice(1)}` }
    : { trigger: "step", reason: "" };
}

function placeText(place: string): string {
  return place === "shadow" ? "the shadow" : place;
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function listOf(value: Json | undefined): readonly EventData[] {
  if (!Array.isArray(value)) return [];
  const items: readonly Json[] = value;
  return items.filter(
    (item): item is { readonly [key: string]: Json } =>
      typeof item === "object" && item !== null && !Array.isArray(item),
  );
}
