/**
 * Turns of the event loop for a world that lets every promise settle between two of its events, some hundred thousand
 * times a minute. A turn by itself costs a look at timers, sockets and the kernel; here many callbacks wait in one turn,
 * and between two of them the platform settles promises all the same.
 */
import { performance } from "node:perf_hooks";

const TURNS_AT_ONCE = 64;
/** Whoever else waits for the event loop, a person's interrupt too, waits no longer than this. */
const HELD_MS = 5;

/** Each call resolves once every callback and promise that is ready now has run, in the order of the calls. */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let queued = 0;
  let heldFromMs = 0;

  function queue(): void {
    queued = TURNS_AT_ONCE;
    setImmediate(first);
    for (let turn = 1; turn < TURNS_AT_ONCE; turn += 1) setImmediate(next);
  }

  function first(): void {
    heldFromMs = performance.now();
    next();
  }

  function next(): void {
    queued -= 1;
    if (waiting.length === 0) return;
    if (performance.now() - heldFromMs < HELD_MS) waiting.shift()?.();
    if (queued === 0 && waiting.length > 0) queue();
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (queued === 0) queue();
    });
}
