/** Holds this thread until another has set the first number of `ended`; false after `timeoutMs` without. */
export function waitForThread(ended: SharedArrayBuffer, timeoutMs: number): boolean {
  return Atomics.wait(new Int32Array(ended), 0, 0, timeoutMs) !== "timed-out";
}
