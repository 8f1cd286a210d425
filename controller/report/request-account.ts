/** What became of the requests, counted by time, by trigger and by reason. Pure. */
import { byPlace, parseOccupant } from "../../protocols/base/position.ts";
import type { RequestBehind, RequestOutcome, Timetable } from "../schedule/timetable.ts";

type Counts = Record<RequestOutcome, number>;

export interface CountedBy {
  readonly name: string;
  readonly counts: Readonly<Counts>;
}

/** Requests that were late, missed or withdrawn for reasons alike but for their numbers. */
export interface ReasonLine {
  readonly outcome: RequestOutcome;
  readonly trigger: string;
  /** As it stands of the first. */
  readonly why: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly positions: readonly string[];
}

export interface RequestAccount {
  readonly counts: Readonly<Counts>;
  /** Met, late and missed. */
  readonly asked: number;
  readonly offMedianS: number | null;
  readonly byTrigger: readonly CountedBy[];
  /** Equal parts of the campaign's time, in order. */
  readonly byTime: readonly Readonly<Counts>[];
  readonly partMs: number;
  /** The most frequent first. */
  readonly reasons: readonly ReasonLine[];
  readonly open: number;
}

const PARTS = 48;

export function requestAccount({ behind, ahead, counts, offMedianS }: Timetable, endMs: number): RequestAccount {
  const partMs = Math.max(1, endMs) / PARTS;
  const byTrigger = new Map<string, Counts>();
  const byTime = Array.from({ length: PARTS }, noCounts);
  const reasons = new Map<string, ReasonLine & { readonly positions: string[] }>();
  for (const one of behind) {
    const ofTrigger = byTrigger.get(one.trigger) ?? noCounts();
    byTrigger.set(one.trigger, ofTrigger);
    ofTrigger[one.outcome] += 1;
    const part = byTime[Math.min(PARTS - 1, Math.max(0, Math.floor(one.atMs / partMs)))];
    if (part !== undefined) part[one.outcome] += 1;
    if (one.outcome !== "met") noteReason(reasons, one);
  }
  return {
    counts,
    asked: counts.met + counts.late + counts.missed,
    offMedianS,
    byTrigger: [...byTrigger].map(([name, of]) => ({ name, counts: of })),
    byTime,
    partMs,
    reasons: [...reasons.values()]
      .map((line) => ({ ...line, positions: line.positions.sort(byPlaceText) }))
      .sort((a, b) => b.count - a.count),
    open: ahead.length,
  };
}

/** Why most were missed, whatever had asked for them; undefined where none were. */
export function mostMissed(reasons: readonly ReasonLine[]): Pick<ReasonLine, "why" | "count"> | undefined {
  const counts = new Map<string, { readonly why: string; readonly count: number }>();
  for (const { outcome, why, count } of reasons) {
    if (outcome !== "missed") continue;
    const key = withoutNumbers(why);
    const known = counts.get(key) ?? { why, count: 0 };
    counts.set(key, { ...known, count: known.count + count });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0];
}

function withoutNumbers(why: string): string {
  return why.replace(/\d[\d.,]*(?:st|nd|rd|th)?/g, "#");
}

/** What is no cell comes last. */
function byPlaceText(one: string, other: string): number {
  const [a, b] = [parseOccupant(one), parseOccupant(other)];
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return byPlace(a, b);
}

function noCounts(): Counts {
  return { met: 0, late: 0, missed: 0, withdrawn: 0 };
}

function noteReason(reasons: Map<string, ReasonLine & { readonly positions: string[] }>, one: RequestBehind): void {
  const { outcome, trigger, why, atMs, position } = one;
  const key = `${outcome}\n${trigger}\n${withoutNumbers(why)}`;
  const known = reasons.get(key) ?? { outcome, trigger, why, count: 0, firstMs: atMs, lastMs: atMs, positions: [] };
  if (!known.positions.includes(position)) known.positions.push(position);
  reasons.set(key, { ...known, count: known.count + 1, lastMs: Math.max(known.lastMs, atMs) });
}
