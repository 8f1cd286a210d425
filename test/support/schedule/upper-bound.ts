/**
 * How many wishes could be met at the most by anybody who knew everything before. A relaxation: an exposure may be cut
 * into pieces, part of one counts as that part, and each comes with no more than the shortest way there is to its cell.
 * What is left is a flow: work of wishes into moments of their windows. With one length for all it is greatest when
 * whatever ends first is worked at (a matching in a convex graph); with several lengths, short ones count most for their
 * time, and since feasible work is a polymatroid, taking lengths one by one from the shortest is optimal.
 */
import { gapS } from "../../../controller/schedule/travel.ts";
import { beamTimes, type Wish, type WishList } from "./wish-list.ts";

interface Piece {
  readonly fromMs: number;
  readonly toMs: number;
  readonly workMs: number;
}

/** Lengths are rounded down to so many classes, which can only raise the bound. */
const CLASSES = 6;

export function upperBound(list: WishList): number {
  const { wishes } = list;
  if (wishes.length === 0) return 0;
  const ways = leastWays(list);
  const longestWayMs = Math.max(...ways);
  // The way to the first cell may be made while there is no beam.
  const times = beamTimes(list).map(({ fromMs, toMs }) => ({ fromMs: Math.max(0, fromMs - longestWayMs), toMs }));
  const lengths = wishes.map((wish, index) => wish.occupiesMs + (ways[index] ?? 0));
  const classes = lengthClasses(lengths);
  const pieces = wishes.map((wish, index) => ({
    fromMs: Math.max(0, wish.earliestMs - (ways[index] ?? 0)),
    toMs: wish.latestMs + wish.occupiesMs,
    workMs: classOf(classes, lengths[index] ?? 0),
  }));
  let bound = 0;
  let before = 0;
  for (const lengthMs of classes) {
    const done = mostWork(
      pieces.filter(({ workMs }) => workMs <= lengthMs),
      times,
    );
    bound += (done - before) / lengthMs;
    before = done;
  }
  return Math.floor(Math.min(bound, withinDose(list)) + 1e-6);
}

function withinDose({ wishes, exposuresPerCell }: WishList): number {
  const asked = new Map<number, number>();
  for (const { cellIndex } of wishes) asked.set(cellIndex, (asked.get(cellIndex) ?? 0) + 1);
  let sum = 0;
  for (const count of asked.values()) sum += Math.min(count, exposuresPerCell);
  return sum;
}

/**
 * Shortest way to each wish in ms, settling put in. None where the same cell may have been exposed right before; if that
 * was so long before that the way would fit in between, the beam is idle for as long, and the way may be counted all the
 * same.
 */
function leastWays({ wishes, travel, startPlace }: WishList): readonly number[] {
  const byCell = new Map<number, Wish[]>();
  for (const wish of wishes) {
    const same = byCell.get(wish.cellIndex);
    if (same === undefined) byCell.set(wish.cellIndex, [wish]);
    else same.push(wish);
  }
  const longestOf = new Map<number, number>();
  for (const [cell, same] of byCell) longestOf.set(cell, Math.max(...same.map(({ occupiesMs }) => occupiesMs)));
  const nearest = new Map<number, number>();
  for (const to of byCell.keys()) {
    let least = startPlace === to ? Infinity : 1000 * gapS(travel, startPlace, to, Infinity);
    for (const [from, longestMs] of longestOf) {
      if (from !== to) least = Math.min(least, 1000 * gapS(travel, from, to, longestMs / 1000));
    }
    nearest.set(to, least);
  }
  return wishes.map((wish) => {
    const wayMs = nearest.get(wish.cellIndex) ?? 0;
    if (!Number.isFinite(wayMs)) return 0;
    if (startPlace === wish.cellIndex && wish.earliestMs < wayMs) return 0;
    const mayFollow = (byCell.get(wish.cellIndex) ?? []).some(
      (other) =>
        other !== wish &&
        other.earliestMs + other.occupiesMs <= wish.latestMs &&
        wish.earliestMs - (other.latestMs + other.occupiesMs) < wayMs,
    );
    return mayFollow ? 0 : wayMs;
  });
}

/** Lengths rounded down, from the shortest. */
function lengthClasses(lengths: readonly number[]): readonly number[] {
  const sorted = [...new Set(lengths)].sort((a, b) => a - b);
  if (sorted.length <= CLASSES) return sorted;
  const picked = Array.from({ length: CLASSES }, (_, k) => sorted[Math.floor((k * sorted.length) / CLASSES)] ?? 0);
  return [...new Set(picked)];
}

function classOf(classes: readonly number[], length: number): number {
  return classes.findLast((one) => one <= length) ?? length;
}

/** Most work that can be done within the windows, one at a time: always at whatever must end first. */
function mostWork(
  pieces: readonly Piece[],
  times: readonly { readonly fromMs: number; readonly toMs: number }[],
): number {
  const coming = [...pieces].sort((a, b) => a.fromMs - b.fromMs);
  const heap = createHeap();
  let comingAt = 0;
  let done = 0;
  for (const { fromMs, toMs } of times) {
    let nowMs = fromMs;
    while (nowMs < toMs) {
      for (let next = coming[comingAt]; next !== undefined && next.fromMs <= nowMs; next = coming[comingAt]) {
        heap.push({ toMs: next.toMs, leftMs: next.workMs });
        comingAt += 1;
      }
      const nextMs = Math.min(toMs, coming[comingAt]?.fromMs ?? Infinity);
      const first = heap.first();
      if (first === undefined) {
        if (nextMs === Infinity) return done;
        nowMs = nextMs;
        continue;
      }
      const untilMs = Math.min(nextMs, first.toMs, nowMs + first.leftMs);
      if (untilMs > nowMs) {
        done += untilMs - nowMs;
        first.leftMs -= untilMs - nowMs;
        nowMs = untilMs;
      }
      // What is less than a moment can tell would never be done.
      if (first.leftMs <= 1e-6 || first.toMs <= nowMs) heap.pop();
    }
  }
  return done;
}

interface Job {
  readonly toMs: number;
  leftMs: number;
}

function createHeap(): { push(job: Job): void; first(): Job | undefined; pop(): void } {
  const jobs: Job[] = [];
  const endOf = (index: number): number => jobs[index]?.toMs ?? Infinity;
  const swap = (a: number, b: number): void => {
    const [one, other] = [jobs[a], jobs[b]];
    if (one === undefined || other === undefined) return;
    jobs[a] = other;
    jobs[b] = one;
  };
  return {
    push(job) {
      jobs.push(job);
      for (let at = jobs.length - 1; at > 0;) {
        const parent = (at - 1) >> 1;
        if (endOf(parent) <= endOf(at)) break;
        swap(parent, at);
        at = parent;
      }
    },
    first: () => jobs[0],
    pop() {
      swap(0, jobs.length - 1);
      jobs.pop();
      for (let at = 0; ;) {
        const left = 2 * at + 1;
        const child = endOf(left + 1) < endOf(left) ? left + 1 : left;
        if (child >= jobs.length || endOf(at) <= endOf(child)) break;
        swap(at, child);
        at = child;
      }
    },
  };
}
