import { describe, expect, it } from "vitest";
import { createGatedShutter } from "../../../controller/beam/shutter-gate.ts";
import { openTimeS } from "../../../controller/beam/open-time.ts";
import { NO_MARKS, type ShutterMarks } from "../../../controller/machines/exposure-order.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import type { FrameRecord } from "../../../protocols/roles/detector.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { GOOD_LEVELS } from "./levels.ts";

const TRAVEL_MS = 20;
const LENGTH_S = 2;

/** A gate that is fired at once; then the answer to fire, and the removal of the request, take as long as is said. */
async function watched({ answerMs = 1, removalMs = 1, heldMs = 0 }): Promise<ShutterMarks> {
  const clock = createVirtualClock(0, { drain: () => new Promise((done) => setImmediate(done)) });
  let openFromMs = Infinity;
  let marks: ShutterMarks = { ...NO_MARKS, openAskedAtMs: 0 };
  const note = (more: Partial<ShutterMarks>): void => {
    marks = { ...marks, ...more };
  };
  const frame = { path: "one", bytes: 1 } as unknown as FrameRecord;
  const gated = createGatedShutter({
    clock,
    trigger: {
      name: "gates",
      arm: (train: unknown) => Promise.resolve(train),
      async fire() {
        const sentAtMs = clock.monoMs();
        openFromMs = sentAtMs;
        await sleep(clock, answerMs);
        return { sentAtMs, finished: Promise.resolve({ gateCount: 1 }) };
      },
    } as never,
    detector: {
      name: "detector",
      arm: () => Promise.resolve(),
      start: () => Promise.resolve({ finished: Promise.resolve(frame) }),
    } as never,
    leadMs: 10_000,
    shutterTravelMs: TRAVEL_MS,
    switchGraceMs: 200,
    async readLevels() {
      await sleep(clock, 1);
      const nowMs = clock.monoMs();
      const isOpen = nowMs > openFromMs && nowMs < openFromMs + 1000 * LENGTH_S + heldMs + TRAVEL_MS;
      return { ...GOOD_LEVELS, readAtMs: nowMs, shutterOpenSwitch: isOpen, shutterClosedSwitch: !isOpen };
    },
    requestShutterClosed: () => sleep(clock, removalMs),
  });
  const done = (async () => {
    await gated.arm({ exposureS: LENGTH_S, folder: "/", fileName: "one" });
    await gated.begin();
    await gated.fire();
    note({ openSeenAtMs: clock.monoMs() });
    await gated.watch(note, new AbortController().signal);
  })();
  await clock.run(20_000);
  await done;
  return marks;
}

const openS = (marks: ShutterMarks): number => openTimeS(marks, TRAVEL_MS) ?? NaN;

describe("what a gate is charged with", () => {
  it("is its length where order, end and removal of the request follow each other", async () => {
    const marks = await watched({});
    expect(marks.gate?.lengthS).toBe(LENGTH_S);
    expect(openS(marks)).toBeGreaterThanOrEqual(LENGTH_S);
    expect(openS(marks)).toBeLessThan(LENGTH_S + 0.006);
  });

  it("covers a gate that was held while the answer to the order to fire was still awaited", async () => {
    expect(openS(await watched({ answerMs: 400, heldMs: 300 }))).toBeGreaterThanOrEqual(LENGTH_S + 0.3);
  });

  it("is all the time until the request was away, where that took long enough for another gate", async () => {
    const marks = await watched({ removalMs: 300 });
    expect(marks.gate).toBeUndefined();
    expect(openS(marks)).toBeGreaterThanOrEqual(LENGTH_S + 0.3);
    expect(openS(marks)).toBeLessThan(LENGTH_S + 0.35);
  });
});
