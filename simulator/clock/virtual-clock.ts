/**
 * The clock of the virtual world: time jumps from event to event, as fast as the processor allows, and the same
 * inputs give the same order of events every time.
 *
 * Two kinds of events share one agenda. World events (`at`) are quiet: the next one follows at once. Timers of
 * the controller's side (`setTimeout`) wake code that awaits promises, so the loop lets every promise settle
 * before it goes on; it does the same after a world event that set or cleared a timer, or that called `touch()`.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { WorldClock } from "../plant/plant.ts";
import { createEventHeap } from "./event-heap.ts";

/** Lets all settled promises run before it resolves itself: a macrotask turn, given by the rim. */
export type Drain = () => Promise<void>;

export interface RunHooks {
  /** Called at fixed counts of events, for progress and so that the process can serve its own input. */
  onBreath?(nowMs: number): void | Promise<void>;
}

export interface VirtualClock extends Clock, WorldClock {
  /** Says that the present event may have resolved a promise: the loop drains before the next event. */
  touch(): void;
  /**
   * Runs all events up to and including `untilMs`, or until `stop`. Time then stands at `untilMs` (at the last
   * event when stopped, or when `untilMs` is Infinity and nothing is left). Rejects with what an event throws.
   */
  run(untilMs: number, hooks?: RunHooks): Promise<void>;
  /** Ends `run` after the present event. */
  stop(): void;
  /** Events waiting. */
  readonly pending: number;
  /** Events run since the start. */
  readonly eventCount: number;
  /** Turns given to promises since the start. */
  readonly drainCount: number;
}

export interface VirtualClockDeps {
  readonly drain: Drain;
  /** Events between two breaths. */
  readonly breathEvery?: number;
}

const QUIET = 0;
const TIMER = 1;

/** `startWallMs` is the wall time (UTC, Unix milliseconds) at virtual time zero. */
export function createVirtualClock(startWallMs: number, deps: VirtualClockDeps): VirtualClock {
  const heap = createEventHeap();
  const breathEvery = deps.breathEvery ?? 5000;
  let nowMs = 0;
  let isTouched = false;
  let isRunning = false;
  let isStopped = false;

  function checked(ms: number): number {
    if (Number.isNaN(ms)) throw new RangeError("an event cannot be at NaN");
    return ms;
  }

  /** A function that awaited this by itself would cost every timer two promises more. */
  function turn(): Promise<void> {
    clock.drainCount += 1;
    return deps.drain();
  }

  async function loop(untilMs: number, hooks: RunHooks | undefined): Promise<void> {
    let sinceBreath = 0;
    await turn();
    // What the promises themselves did has been drained with them: a turn ends only when none is left.
    isTouched = false;
    while (!stopped()) {
      const next = heap.nextMs();
      if (next > untilMs || next === Infinity) break;
      const fn = heap.pop();
      clock.pending -= 1;
      nowMs = heap.poppedMs;
      const wasTimer = heap.poppedKind === TIMER;
      fn();
      clock.eventCount += 1;
      sinceBreath += 1;
      if (sinceBreath >= breathEvery) {
        sinceBreath = 0;
        await hooks?.onBreath?.(nowMs);
      } else if (!wasTimer && !touched()) continue;
      await turn();
      isTouched = false;
    }
    if (!isStopped && Number.isFinite(untilMs)) nowMs = Math.max(nowMs, untilMs);
  }

  function stopped(): boolean {
    return isStopped;
  }

  function touched(): boolean {
    return isTouched;
  }

  function schedule(atMs: number, kind: number, fn: () => void): number {
    clock.pending += 1;
    return heap.push(atMs, kind, fn);
  }

  function unschedule(handle: number): void {
    if (heap.cancel(handle)) clock.pending -= 1;
  }

  const clock: Writable<VirtualClock> = {
    pending: 0,
    eventCount: 0,
    drainCount: 0,
    wallMs: () => startWallMs + nowMs,
    monoMs: () => nowMs,
    nowMs: () => nowMs,
    setTimeout(fn, ms) {
      isTouched = true;
      return schedule(nowMs + Math.max(0, checked(ms)), TIMER, fn);
    },
    clearTimeout(handle) {
      if (typeof handle !== "number") return;
      isTouched = true;
      unschedule(handle);
    },
    at: (atMs, fn) => schedule(Math.max(nowMs, checked(atMs)), QUIET, fn),
    cancel: unschedule,
    touch() {
      isTouched = true;
    },
    async run(untilMs, hooks) {
      if (isRunning) throw new Error("the virtual clock is already running");
      isRunning = true;
      isStopped = false;
      try {
        await loop(untilMs, hooks);
      } finally {
        isRunning = false;
      }
    },
    stop() {
      isStopped = true;
    },
  };
  return clock;
}
