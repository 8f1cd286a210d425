import type { WaitForThread } from "../../controller/record/threaded-scribe.ts";

function wait(flag: SharedArrayBuffer, timeoutMs: number): boolean {
  return Atomics.wait(new Int32Array(flag), 0, 0, timeoutMs) !== "timed-out";
}

/** Holds this thread until another has set the first number of `flag`; false after `timeoutMs` without. */
export const waitForThread: WaitForThread = Object.assign(wait, { source: import.meta.url });
