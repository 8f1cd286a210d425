/**
 * The virtual world's agenda, ordered by time and, at equal times, by the order of insertion: a binary heap over
 * flat arrays whose entries are queues of events at one time, because the channels of a rack sample in step.
 * Cancelled events are dropped when they surface, or all at once when they outnumber the living, so deadlines that
 * are set and cancelled for every command do not pile up.
 */
import type { Writable } from "../../protocols/base/writable.ts";

export interface EventHeap {
  /** Adds an event and returns its handle. `kind` is handed back with the event. */
  push(timeMs: number, kind: number, fn: () => void): number;
  /** True when the handle was still pending. An old handle never cancels a newer event. */
  cancel(handle: number): boolean;
  /** Time of the next living event, or Infinity. */
  nextMs(): number;
  /** Removes the next living event; its time and kind are then in `poppedMs` and `poppedKind`. Throws when empty. */
  pop(): () => void;
  readonly poppedMs: number;
  readonly poppedKind: number;
}

const SLOT_LIMIT = 2 ** 22;
const COMPACT_ABOVE = 256;
const NO_SLOT = -1;
/**
 * So many queues are remembered for the next event at the same time: a sample in step with others adds its delivery
 * and its successor, each to a queue of its own, and a few timers come in between.
 */
const OPEN_QUEUES = 4;

function nothing(): void {
  // Stands in for the function of a slot that is free or cancelled.
}

export function createEventHeap(): EventHeap {
  let capacity = 1024;
  let times = new Float64Array(capacity);
  let orders = new Float64Array(capacity);
  let generations = new Int32Array(capacity);
  let kinds = new Uint8Array(capacity);
  /** The slot behind this one in its queue. */
  let followers = new Int32Array(capacity);
  /** The first slot of each queue. */
  let heap = new Int32Array(capacity);
  let freeSlots = new Int32Array(capacity);
  const functions: (() => void)[] = [];
  let freeCount = 0;
  let slotCount = 0;
  let heapSize = 0;
  let cancelled = 0;
  /** Queued events, cancelled ones included. */
  let count = 0;
  let order = 0;
  /**
   * Time and last slot of the queues made last. A queue that is not among them takes no more events: the next event
   * at its time begins a younger queue, which the order of insertion puts behind it.
   */
  const openTimes = new Float64Array(OPEN_QUEUES).fill(Number.NaN);
  const openEnds = new Int32Array(OPEN_QUEUES).fill(NO_SLOT);
  let nextOpen = 0;

  function grow(): void {
    if (capacity * 2 > SLOT_LIMIT) throw new RangeError(`more than ${capacity} pending events`);
    capacity *= 2;
    times = widened(times, new Float64Array(capacity));
    orders = widened(orders, new Float64Array(capacity));
    generations = widened(generations, new Int32Array(capacity));
    kinds = widened(kinds, new Uint8Array(capacity));
    followers = widened(followers, new Int32Array(capacity));
    heap = widened(heap, new Int32Array(capacity));
    freeSlots = widened(freeSlots, new Int32Array(capacity));
  }

  function isBefore(a: number, b: number): boolean {
    const timeA = times[a] ?? 0;
    const timeB = times[b] ?? 0;
    return timeA < timeB || (timeA === timeB && (orders[a] ?? 0) < (orders[b] ?? 0));
  }

  function siftUp(from: number): void {
    let index = from;
    const slot = heap[index] ?? 0;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const parentSlot = heap[parent] ?? 0;
      if (!isBefore(slot, parentSlot)) break;
      heap[index] = parentSlot;
      index = parent;
    }
    heap[index] = slot;
  }

  function siftDown(from: number): void {
    let index = from;
    const slot = heap[index] ?? 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heapSize) break;
      if (child + 1 < heapSize && isBefore(heap[child + 1] ?? 0, heap[child] ?? 0)) child += 1;
      const childSlot = heap[child] ?? 0;
      if (!isBefore(childSlot, slot)) break;
      heap[index] = childSlot;
      index = child;
    }
    heap[index] = slot;
  }

  function release(slot: number): void {
    functions[slot] = nothing;
    generations[slot] = ((generations[slot] ?? 0) + 1) & 0x3fffffff;
    freeSlots[freeCount] = slot;
    freeCount += 1;
  }

  /** Puts the slot behind the others at its time, or into a queue of its own. */
  function enqueue(slot: number, timeMs: number): void {
    followers[slot] = NO_SLOT;
    for (let open = 0; open < OPEN_QUEUES; open += 1) {
      if (openTimes[open] !== timeMs) continue;
      followers[openEnds[open] ?? 0] = slot;
      openEnds[open] = slot;
      return;
    }
    openTimes[nextOpen] = timeMs;
    openEnds[nextOpen] = slot;
    nextOpen = (nextOpen + 1) % OPEN_QUEUES;
    heap[heapSize] = slot;
    heapSize += 1;
    siftUp(heapSize - 1);
  }

  /** The next in the queue comes to the top without a comparison: it is at the same time and older than all others there. */
  function removeTop(): void {
    const slot = heap[0] ?? 0;
    const follower = followers[slot] ?? NO_SLOT;
    count -= 1;
    if (follower !== NO_SLOT) {
      heap[0] = follower;
      return;
    }
    for (let open = 0; open < OPEN_QUEUES; open += 1) if (openEnds[open] === slot) close(open);
    heapSize -= 1;
    if (heapSize > 0) {
      heap[0] = heap[heapSize] ?? 0;
      siftDown(0);
    }
  }

  function close(open: number): void {
    openTimes[open] = Number.NaN;
    openEnds[open] = NO_SLOT;
  }

  function dropCancelledTop(): void {
    while (cancelled > 0 && heapSize > 0) {
      const slot = heap[0] ?? 0;
      if (functions[slot] !== nothing) return;
      removeTop();
      release(slot);
      cancelled -= 1;
    }
  }

  function compact(): void {
    let kept = 0;
    for (let index = 0; index < heapSize; index += 1) {
      const first = firstLiving(heap[index] ?? 0);
      if (first === NO_SLOT) continue;
      heap[kept] = first;
      kept += 1;
    }
    heapSize = kept;
    count -= cancelled;
    cancelled = 0;
    for (let open = 0; open < OPEN_QUEUES; open += 1) close(open);
    for (let index = (heapSize >> 1) - 1; index >= 0; index -= 1) siftDown(index);
  }

  /** Takes the cancelled events out of a queue; its first slot, or NO_SLOT when all of them are. */
  function firstLiving(firstSlot: number): number {
    let first = NO_SLOT;
    let last = NO_SLOT;
    let slot = firstSlot;
    while (slot !== NO_SLOT) {
      const follower = followers[slot] ?? NO_SLOT;
      if (functions[slot] === nothing) release(slot);
      else {
        if (last === NO_SLOT) first = slot;
        else followers[last] = slot;
        last = slot;
      }
      slot = follower;
    }
    if (last !== NO_SLOT) followers[last] = NO_SLOT;
    return first;
  }

  const agenda: Writable<EventHeap> = {
    poppedMs: Number.NaN,
    poppedKind: 0,
    push(timeMs, kind, fn) {
      let slot: number;
      if (freeCount > 0) {
        freeCount -= 1;
        slot = freeSlots[freeCount] ?? 0;
      } else {
        if (slotCount === capacity) grow();
        slot = slotCount;
        slotCount += 1;
      }
      times[slot] = timeMs;
      orders[slot] = order;
      order += 1;
      kinds[slot] = kind;
      functions[slot] = fn;
      count += 1;
      enqueue(slot, timeMs);
      return (generations[slot] ?? 0) * SLOT_LIMIT + slot;
    },
    cancel(handle) {
      const slot = handle % SLOT_LIMIT;
      const generation = Math.floor(handle / SLOT_LIMIT);
      if (slot >= slotCount || generations[slot] !== generation || functions[slot] === nothing) return false;
      functions[slot] = nothing;
      cancelled += 1;
      if (cancelled > COMPACT_ABOVE && cancelled * 2 > count) compact();
      return true;
    },
    nextMs() {
      dropCancelledTop();
      return heapSize === 0 ? Infinity : (times[heap[0] ?? 0] ?? 0);
    },
    pop() {
      dropCancelledTop();
      if (heapSize === 0) throw new RangeError("no pending event");
      const slot = heap[0] ?? 0;
      const fn = functions[slot] ?? nothing;
      agenda.poppedMs = times[slot] ?? 0;
      agenda.poppedKind = kinds[slot] ?? 0;
      removeTop();
      release(slot);
      return fn;
    },
  };
  return agenda;
}

function widened<T extends Float64Array | Int32Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
