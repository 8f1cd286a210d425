/** What a record says of the time from one point to the next: hardware's part, what is beyond it, and where that goes. */
import type { StoredEvent } from "../../controller/record/record-rows.ts";
import { columnIndex, parsePosition, rowIndex } from "../../protocols/base/position.ts";
import { axisMoveS } from "../../protocols/campaign/sweep-plan.ts";
import type { Site } from "../../protocols/site/site.ts";

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
}

export function spreadOf(all: readonly number[]): Spread {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { count: sorted.length, median: at(0.5), p99: at(0.99) };
}

/** An exposure that was made, from its event; times on the campaign's clock. */
export interface Point {
  readonly requestId: string;
  readonly exposureId: string;
  readonly position: string;
  readonly exposureS: number;
  readonly openAskedMs: number;
  readonly openSeenMs: number;
  readonly closedSeenMs: number;
  /** Written when the frame is there and all is accounted. */
  readonly endedMs: number;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(event: StoredEvent): Fields {
  return JSON.parse(event.dataText) as Fields;
}

export function pointsOf(events: readonly StoredEvent[]): readonly Point[] {
  return events.flatMap((event) => {
    if (event.type !== "exposure-ended") return [];
    const one = fieldsOf(event);
    if (one["outcome"] !== "made") return [];
    return {
      ...{ requestId: String(one["request_id"]), exposureId: String(one["exposure_id"]) },
      ...{ position: String(one["position"]), exposureS: Number(one["exposure_s"]), endedMs: event.atMs },
      ...{ openAskedMs: Number(one["open_asked_at_ms"]), openSeenMs: Number(one["open_seen_at_ms"]) },
      closedSeenMs: Number(one["closed_seen_at_ms"]),
    };
  });
}

/** Of a sweep: those that follow each other with nothing between. */
export function pairsOf(points: readonly Point[]): readonly (readonly [before: Point, after: Point])[] {
  const sweepOf = ({ requestId }: Point): string => requestId.split("-")[0] ?? "";
  return points.slice(1).flatMap((after, index) => {
    const before = points[index];
    const isOfOneSweep = before !== undefined && requestIsSwept(before) && sweepOf(before) === sweepOf(after);
    return isOfOneSweep ? [[before, after] as const] : [];
  });
}

function requestIsSwept({ requestId }: Point): boolean {
  return requestId.startsWith("S");
}

/** The way between two cells and settling, milliseconds. */
function wayMs({ stage, rack }: Site, from: string, to: string): number {
  const [a, b] = [parsePosition(from), parsePosition(to)];
  if (a === undefined || b === undefined) return NaN;
  const wayS = Math.max(
    axisMoveS((columnIndex(a) - columnIndex(b)) * rack.pitchMm, stage),
    axisMoveS((rowIndex(a) - rowIndex(b)) * rack.pitchMm, stage),
  );
  return 1000 * (wayS + stage.settleS);
}

/** What hardware alone takes from one point to the next, milliseconds: shutter both ways, exposure, read-out, way, settling. */
export function hardwareMs(site: Site, { position, exposureS }: Point, to: string): number {
  return 1000 * (exposureS + 2 * site.shutter.travelS + site.detector.readOutS) + wayMs(site, position, to);
}

/** From one request to open to the next, less what hardware takes by the site's numbers. */
export function deadTimesMs(points: readonly Point[], site: Site): readonly number[] {
  return pairsOf(points).map(
    ([before, after]) => after.openAskedMs - before.openAskedMs - hardwareMs(site, before, after.position),
  );
}

export interface Phase {
  readonly what: string;
  /** Median, as it took and as hardware takes by the site's numbers. */
  readonly tookMs: number;
  readonly hardwareMs: number;
}

/** Where the time of a point goes; the first three and the last lie one after the other, the others within the last. */
export function phasesOf(points: readonly Point[], events: readonly StoredEvent[], site: Site): readonly Phase[] {
  const pairs = pairsOf(points);
  const travelMs = 1000 * site.shutter.travelS;
  const booked = new Map<string, number>();
  for (const event of events) {
    if (event.type === "exposure-booked") booked.set(String(fieldsOf(event)["exposure_id"]), event.atMs);
  }
  const bookedMs = ({ exposureId }: Point): number => booked.get(exposureId) ?? NaN;
  const median = (of: (before: Point, after: Point) => number): number =>
    spreadOf(pairs.map(([before, after]) => of(before, after))).median;
  const exposureMs = median(({ exposureS }) => 1000 * exposureS);
  // A gate times the blades' opening with the exposure.
  const openMs = site.shutter.gate === undefined ? exposureMs + travelMs + 1000 * site.detector.readOutS : exposureMs;
  return [
    {
      what: "order to open, open switch",
      tookMs: median(({ openSeenMs, openAskedMs }) => openSeenMs - openAskedMs),
      hardwareMs: travelMs,
    },
    {
      what: "open switch, closed switch",
      tookMs: median(({ closedSeenMs, openSeenMs }) => closedSeenMs - openSeenMs),
      hardwareMs: openMs,
    },
    {
      what: "closed switch, next order to open",
      tookMs: median(({ closedSeenMs }, after) => after.openAskedMs - closedSeenMs),
      hardwareMs: median(({ position }, after) => wayMs(site, position, after.position)),
    },
    {
      what: "  closed switch, exposure accounted",
      tookMs: median(({ endedMs, closedSeenMs }) => endedMs - closedSeenMs),
      hardwareMs: 0,
    },
    {
      what: "  exposure accounted, next one booked",
      tookMs: median(({ endedMs }, after) => bookedMs(after) - endedMs),
      hardwareMs: 0,
    },
    {
      what: "  booked, order to open",
      tookMs: median((_, after) => after.openAskedMs - bookedMs(after)),
      hardwareMs: 0,
    },
  ];
}

/** Of each order to expose, until the switch of the exposure that it led to; the first brings the cell and is left out. */
export function orderToOpenMs(points: readonly Point[], orderedMs: readonly number[]): readonly number[] {
  const opened = points.filter(({ requestId }) => requestId.startsWith("R")).map(({ openSeenMs }) => openSeenMs);
  return orderedMs.slice(1).flatMap((atMs, index) => {
    const seenMs = opened.find((openMs) => openMs >= atMs);
    const nextMs = orderedMs[index + 2] ?? Infinity;
    return seenMs === undefined || seenMs > nextMs ? [] : [seenMs - atMs];
  });
}
