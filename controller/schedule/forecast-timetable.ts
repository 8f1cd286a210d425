/**
 * The timetable of a campaign before it begins: its wish list is played against the scheduler, as if every cell kept to
 * its forecast and nothing failed; and what would have to give where not all of it can be met. Pure, in bounded time.
 */
import { decide } from "./decide.ts";
import { createLatelyAccount } from "./lately-account.ts";
import type { PlannedWish } from "./planned-wishes.ts";
import type { BeamRequest, KnownStop } from "./schedule-state.ts";
import { gapFromS, type Travel } from "./travel.ts";

export interface TimetableEntry {
  readonly cellIndex: number;
  /** Name of the trigger; null for the sweep. */
  readonly trigger: string | null;
  readonly what: string;
  readonly openAtMs: number;
  readonly wantedMs: number | null;
}

export interface TriggerTally {
  readonly trigger: string;
  readonly asked: number;
  readonly met: number;
  /** Of those met with a wanted moment, the mean distance from it, seconds. */
  readonly offMeanS: number;
}

export interface TimetableForecast {
  /** Up to here it was played. */
  readonly untilMs: number;
  /** Per trigger, the sweep as `sweep`. */
  readonly triggers: readonly TriggerTally[];
  /** What comes first. */
  readonly first: readonly TimetableEntry[];
  readonly missed: number;
  /** The first that finds no place; null where all do. */
  readonly firstMissed: { readonly trigger: string; readonly cellIndex: number; readonly wantedMs: number } | null;
  /** Share of the time in which the beam is on a cell or the stage on its way: on the whole, and in the busiest hour. */
  readonly busyShare: number;
  readonly busiestHour: { readonly fromMs: number; readonly share: number };
  /** What would let all of it be met, each by itself; null where it would not, empty where nothing has to give. */
  readonly relax: readonly string[];
}

export interface TimetableInputs {
  readonly wishes: readonly PlannedWish[];
  readonly sweeps: readonly {
    readonly exposureS: number;
    readonly cadenceS: number;
    readonly firstAfterS: number;
    readonly cells: readonly number[];
  }[];
  readonly travel: Travel;
  /** Where the stage begins. */
  readonly place: number;
  /** Beside the exposure itself, seconds. */
  readonly overheadS: number;
  readonly stops: readonly KnownStop[];
  readonly endMs: number;
}

/** Decisions are worth about a millisecond each; what they say is followed for some exposures before the next. */
const DECISIONS_MAX = 1000;
const FOLLOWED = 12;
const FIRST = 12;
const HORIZON_MS = 900_000;
const HOUR_MS = 3_600_000;
/** Exposures shorter than this part of what was planned are no proposal any more. */
const SHORTEST = 0.1;

interface Asked extends BeamRequest {
  readonly trigger: string;
  readonly what: string;
}

export function forecastTimetable(inputs: TimetableInputs): TimetableForecast {
  const { travel, stops, endMs } = inputs;
  const asked = [...wished(inputs), ...swept(inputs)].sort((a, b) => a.earliestMs - b.earliestMs);
  const tallies = new Map<string, { asked: number; met: number; offS: number; withMoment: number }>();
  const first: TimetableEntry[] = [];
  const lately = createLatelyAccount();
  const hours = new Float64Array(Math.ceil(endMs / HOUR_MS) + 1);
  const open = new Map<string, Asked>();
  let missed = 0;
  let firstMissed: TimetableForecast["firstMissed"] = null;
  let next = 0;
  let nowMs = 0;
  let { place } = inputs;
  let order: readonly string[] = [];
  let busyMs = 0;

  const tallyOf = (trigger: string) => {
    const tally = tallies.get(trigger) ?? { asked: 0, met: 0, offS: 0, withMoment: 0 };
    tallies.set(trigger, tally);
    return tally;
  };

  function miss(request: Asked): void {
    lately.missed(nowMs, request);
    open.delete(request.id);
    tallyOf(request.trigger).asked += 1;
    missed += 1;
    firstMissed ??= {
      ...{ trigger: request.trigger, cellIndex: request.cellIndex },
      wantedMs: request.wantedMs ?? request.earliestMs,
    };
  }

  function expose(request: Asked, openAtMs: number): void {
    const gapMs = 1000 * gapFromS(travel, { place, fetched: null }, request.cellIndex);
    const takesMs = gapMs + request.occupiesMs;
    busyMs += takesMs;
    hours[Math.floor(openAtMs / HOUR_MS)] = (hours[Math.floor(openAtMs / HOUR_MS)] ?? 0) + takesMs;
    place = request.cellIndex;
    open.delete(request.id);
    lately.met(openAtMs);
    const tally = tallyOf(request.trigger);
    tally.asked += 1;
    tally.met += 1;
    if (request.wantedMs !== null) {
      tally.withMoment += 1;
      tally.offS += Math.abs(openAtMs - request.wantedMs) / 1000;
    }
    if (first.length < FIRST) {
      const { cellIndex, trigger, what, wantedMs } = request;
      first.push({ cellIndex, trigger: trigger === SWEEP ? null : trigger, what, openAtMs, wantedMs });
    }
    nowMs = openAtMs + request.occupiesMs;
  }

  let decisions = 0;
  while (nowMs < endMs && decisions < DECISIONS_MAX) {
    for (; next < asked.length && (asked[next]?.earliestMs ?? Infinity) <= nowMs + HORIZON_MS; next += 1) {
      const request = asked[next];
      if (request !== undefined) open.set(request.id, request);
    }
    for (const request of [...open.values()]) if (request.latestMs < nowMs) miss(request);
    const comesMs = (asked[next]?.earliestMs ?? Infinity) - HORIZON_MS;
    if (open.size === 0) {
      if (!Number.isFinite(comesMs)) {
        nowMs = endMs;
        break;
      }
      nowMs = Math.max(nowMs + 1, comesMs);
      continue;
    }
    decisions += 1;
    const decision = decide({
      ...{ nowMs, place, fetched: null, travel, requests: [...open.values()], exposuresLeft: () => Infinity },
      ...{ beam: { missing: null, stops, losses: null }, shares: new Map() },
      ...{ lately: lately.now(nowMs), order },
    });
    ({ order } = decision);
    if (decision.timetable.length === 0) {
      nowMs = Math.max(
        nowMs + 1000,
        Math.min(comesMs, endMs, ...[...open.values()].map(({ latestMs }) => latestMs + 1)),
      );
      continue;
    }
    for (const { request, openAtMs } of decision.timetable.slice(0, FOLLOWED)) {
      const one = open.get(request.id);
      // What comes new before it opens has a word in it.
      if (one === undefined || (openAtMs > comesMs + HORIZON_MS / 2 && nowMs < comesMs)) break;
      expose(one, openAtMs);
    }
    if (decision.timetable[0] !== undefined && open.has(decision.timetable[0].request.id))
      nowMs = Math.max(nowMs + 1, comesMs);
  }
  const untilMs = Math.min(endMs, nowMs);
  for (const request of [...open.values()]) if (request.latestMs < untilMs) miss(request);
  const busiest = hours.reduce((best, ms, hour) => (ms > (hours[best] ?? 0) ? hour : best), 0);
  return {
    ...{ untilMs, first, missed, firstMissed },
    triggers: [...tallies].map(([trigger, tally]) => ({
      ...{ trigger, asked: tally.asked, met: tally.met },
      offMeanS: tally.withMoment === 0 ? 0 : tally.offS / tally.withMoment,
    })),
    busyShare: untilMs > 0 ? busyMs / untilMs : 0,
    busiestHour: { fromMs: busiest * HOUR_MS, share: (hours[busiest] ?? 0) / HOUR_MS },
    relax: missed === 0 ? [] : relaxations(inputs, asked, missed),
  };
}

const SWEEP = "sweep";

function wished({ wishes, overheadS, endMs }: TimetableInputs): readonly Asked[] {
  return wishes.flatMap((wish, index): readonly Asked[] => {
    if (wish.earliestMs >= endMs) return [];
    const { cellIndex, earliestMs, wantedMs, latestMs, weight, owner, trigger, what, exposureS } = wish;
    return [
      {
        ...{ id: `W${index}`, cellIndex, earliestMs, wantedMs, latestMs, weight, trigger, what },
        ...{ occupiesMs: 1000 * (exposureS + overheadS), group: owner },
      },
    ];
  });
}

function swept({ sweeps, overheadS, endMs }: TimetableInputs): readonly Asked[] {
  return sweeps.flatMap(({ exposureS, cadenceS, firstAfterS, cells }) => {
    const requests: Asked[] = [];
    for (let sweep = 1; ; sweep += 1) {
      const earliestMs = 1000 * (firstAfterS + (sweep - 1) * cadenceS);
      if (!(earliestMs < endMs)) return requests;
      for (const cellIndex of cells) {
        requests.push({
          ...{
            id: `S${sweep}-${cellIndex}`,
            cellIndex,
            earliestMs,
            wantedMs: null,
            latestMs: earliestMs + 1000 * cadenceS,
          },
          ...{
            weight: 1,
            trigger: SWEEP,
            what: `sweep ${sweep}`,
            group: null,
            occupiesMs: 1000 * (exposureS + overheadS),
          },
        });
      }
    }
  });
}

/**
 * Each by itself, by a queue that takes what is wanted first with a usual way between: exposures shorter by a factor,
 * windows longer by so much. Rough, and said so.
 */
function relaxations(
  { travel, overheadS, endMs }: TimetableInputs,
  asked: readonly Asked[],
  missed: number,
): readonly string[] {
  const queue = asked
    .filter(({ trigger }) => trigger !== SWEEP)
    .sort((a, b) => (a.wantedMs ?? a.earliestMs) - (b.wantedMs ?? b.earliestMs));
  const wayMs = 1000 * usualWayS(travel);
  const longestS = Math.max(0, ...queue.map(({ occupiesMs }) => occupiesMs / 1000 - overheadS));
  const texts: string[] = [];
  const latenesses = (factor: number): { readonly beyondMs: number; readonly lateMs: number } => {
    let freeMs = 0;
    let beyondMs = 0;
    let lateMs = 0;
    for (const { earliestMs, wantedMs, latestMs, occupiesMs } of queue) {
      const openMs = Math.max(
        freeMs + wayMs,
        wantedMs === null ? earliestMs : Math.max(earliestMs, wantedMs - (latestMs - earliestMs) / 2),
      );
      beyondMs = Math.max(beyondMs, openMs - latestMs);
      lateMs = Math.max(lateMs, openMs - (wantedMs ?? earliestMs));
      freeMs = openMs + factor * (occupiesMs - 1000 * overheadS) + 1000 * overheadS;
    }
    return { beyondMs, lateMs };
  };
  let [low, high] = [0, 1];
  for (let round = 0; round < 10; round += 1) {
    const middle = (low + high) / 2;
    if (latenesses(middle).beyondMs <= 0) low = middle;
    else high = middle;
  }
  if (low >= SHORTEST) texts.push(`exposures of at most ${(Math.floor(10 * low * longestS) / 10).toString()} s`);
  const { beyondMs, lateMs } = latenesses(1);
  if (beyondMs > 0 && lateMs < endMs / 4) texts.push(`a late_s of about ${Math.ceil(lateMs / 60_000) * 60}`);
  const share = 1 - missed / Math.max(1, asked.length);
  texts.push(`about ${Math.floor(100 * share)} % of the cells or marks`);
  return texts;
}

/** From a cell to one of its neighbours on the tour, and some way beside. */
function usualWayS({ moveS, placeCount, rank, settleS }: Travel): number {
  const order = Array.from(rank.keys()).sort((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0));
  let sum = 0;
  for (let k = 1; k < order.length; k += 1) sum += moveS[(order[k - 1] ?? 0) * placeCount + (order[k] ?? 0)] ?? 0;
  return settleS + (1.5 * sum) / Math.max(1, order.length - 1);
}
