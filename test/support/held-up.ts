/**
 * For tests on real links. A deadline of a link is real time, and so is a computer that lets these tests wait for a
 * core: a test that failed while it had to wait long says nothing about the rack. It is marked here and tried again
 * (vitest.config.ts); one that fails undisturbed is not.
 */
import { afterAll, afterEach, beforeEach } from "vitest";

const LOOK_MS = 20;
/** Less than the shortest time that a test on a real link measures. */
const LONG_MS = 40;

const longestWaits = new Map<string, number>();
let lookedAtMs = performance.now();

const looking = setInterval(() => {
  const nowMs = performance.now();
  const waitMs = nowMs - lookedAtMs - LOOK_MS;
  lookedAtMs = nowMs;
  if (waitMs < LONG_MS) return;
  for (const [id, longestMs] of longestWaits) longestWaits.set(id, Math.max(longestMs, waitMs));
}, LOOK_MS).unref();

// the next file in this process looks for itself
afterAll(() => {
  clearInterval(looking);
});

beforeEach(({ task }) => {
  longestWaits.set(task.id, 0);
});

afterEach(({ task }) => {
  const waitMs = longestWaits.get(task.id) ?? 0;
  longestWaits.delete(task.id);
  if (task.result?.state !== "fail" || waitMs === 0) return;
  throw new Error(`The test was held up for ${waitMs.toFixed(0)} ms by a busy computer.`);
});
