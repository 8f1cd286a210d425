/**
 * The project's only source of time. Everything that waits, stamps or measures is handed a Clock; only the
 * composition root and the simulator make one. This file does not read the machine's clock itself.
 */

/** What a timer is known by; give it back to `clearTimeout`. */
export type TimerHandle = unknown;

export interface Clock {
  /** Milliseconds since the Unix epoch (UTC), for records. May jump on a real machine. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start, for intervals and deadlines. Never jumps. */
  monoMs(): number;
  setTimeout(fn: () => void, ms: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** Resolves after `ms` on this clock; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(asError(signal.reason));
      return;
    }
    const onAbort = (): void => {
      clock.clearTimeout(handle);
      reject(asError(signal?.reason));
    };
    const handle = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Waits for `work`, but no longer than `ms`: then rejects with what `onLate` makes. The work itself is not
 * stopped; whoever sets a deadline also decides what an answer that comes later means.
 */
export function within<T>(clock: Clock, ms: number, work: Promise<T>, onLate: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const handle = clock.setTimeout(() => {
      reject(onLate());
    }, ms);
    work.then(
      (value) => {
        clock.clearTimeout(handle);
        resolve(value);
      },
      (error: unknown) => {
        clock.clearTimeout(handle);
        reject(asError(error));
      },
    );
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
