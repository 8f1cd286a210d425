/**
 * What waits to go out by one route: in order, one at a time, tried again after pauses that grow, and never more than a
 * bounded number. A route that does not work is told of once, and again when it works.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Notice } from "./notice.ts";

export interface NoticeRoute {
  readonly name: string;
  /** Rejects with a `routeTrouble` or a `partTrouble`; anything else is worth another try. Ends within half a minute. */
  send(notice: Notice): Promise<void>;
  close(): Promise<void>;
}

/** Why it could not be sent; `isFinal`: another try would get the same answer. `what` holds no secret. */
export function routeTrouble(route: string, what: string, isFinal: boolean, cause?: unknown): Fault {
  return new Fault("notify.failed", route, what, { is_final: isFinal }, cause);
}

/** It went out, but not to everybody: told, and not sent again, for the others have it. */
export function partTrouble(route: string, what: string): Fault {
  return new Fault("notify.failed", route, what, { is_part: true });
}

export interface Outbox {
  put(notice: Notice): void;
  /** Notices that were given up, for want of room or of a way. */
  readonly lostCount: number;
  readonly waitingCount: number;
  close(): Promise<void>;
}

export interface OutboxDeps {
  readonly route: NoticeRoute;
  readonly clock: Clock;
  /** Does not work, and why; null: works again. */
  readonly state: (trouble: string | null) => void;
}

export const OUTBOX_MAX = 50;
const PAUSE_FIRST_MS = 5000;
const PAUSE_MAX_MS = 300_000;
/** What is a day old is no news. */
const AGE_MAX_MS = 86_400_000;
/** One failure may be chance. */
const FAILURES_TOLD = 2;

export function createOutbox({ route, clock, state }: OutboxDeps): Outbox {
  let queue: { readonly notice: Notice; readonly sinceMs: number }[] = [];
  let lostCount = 0;
  let lostSince = 0;
  let failureCount = 0;
  let told: string | null = null;
  let isSending = false;
  let isClosed = false;
  let timer: TimerHandle;

  function lose(): void {
    queue.shift();
    lostCount += 1;
    lostSince += 1;
  }

  function tell(error: unknown): void {
    told = error instanceof Error ? error.message : "it failed";
    state(told);
  }

  function failed(error: unknown): void {
    if (isFault(error) && error.detail["is_part"] === true) {
      // Those who are reached do not wait for those who are not.
      queue.shift();
      [failureCount, lostSince] = [0, 0];
      // It works again, though not for all: what was told before is no longer so.
      if (told !== error.message) tell(error);
      return;
    }
    const isFinal = isFault(error) && error.detail["is_final"] === true;
    failureCount += 1;
    if (isFinal) lose();
    if ((isFinal || failureCount >= FAILURES_TOLD) && told === null) tell(error);
  }

  function worked(): void {
    queue.shift();
    failureCount = 0;
    lostSince = 0;
    if (told !== null) state(null);
    told = null;
  }

  function work(): void {
    while (queue[0] !== undefined && clock.monoMs() - queue[0].sinceMs > AGE_MAX_MS) lose();
    const [next] = queue;
    if (isSending || isClosed || next === undefined) return;
    isSending = true;
    route
      .send(withLost(next.notice, lostSince))
      .then(worked, failed)
      .finally(() => {
        isSending = false;
        if (isClosed || queue.length === 0) return;
        const pauseMs = failureCount === 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** (failureCount - 1));
        timer = clock.setTimeout(work, pauseMs);
      });
  }

  return {
    put(notice) {
      if (isClosed) return;
      // The one that is on its way stays the first.
      if (queue.length >= OUTBOX_MAX) {
        queue.splice(isSending ? 1 : 0, 1);
        lostCount += 1;
        lostSince += 1;
      }
      queue.push({ notice, sinceMs: clock.monoMs() });
      // After a failure the pause is kept.
      if (failureCount === 0 || queue.length === 1) work();
    },
    get lostCount() {
      return lostCount;
    },
    get waitingCount() {
      return queue.length;
    },
    async close() {
      isClosed = true;
      clock.clearTimeout(timer);
      queue = [];
      await route.close();
    },
  };
}

function withLost(notice: Notice, lost: number): Notice {
  if (lost === 0) return notice;
  return { ...notice, lines: [...notice.lines, `${lost} earlier notices could not be sent this way`] };
}
