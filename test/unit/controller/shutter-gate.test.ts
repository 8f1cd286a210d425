import { describe, expect, it } from "vitest";
import { createGatedShutter, gateOf } from "../../../controller/beam/shutter-gate.ts";
import { openTimeS } from "../../../controller/beam/open-time.ts";
import { NO_MARKS, type ShutterMarks } from "../../../controller/machines/exposure-order.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import type { Acquisition, FrameRecord } from "../../../protocols/roles/detector.ts";
import type { FiredTrain } from "../../../protocols/roles/trigger.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { broken, GOOD_LEVELS } from "./levels.ts";
import { never } from "./machine-bench.ts";

const TRAVEL_MS = 20;
const GRACE_MS = 200;
const LEAD_MS = 10_000;
const LENGTH_S = 2;
/** The detector counts for the gate, a travel each way, and the lead. */
const DETECTOR_MS = 1000 * LENGTH_S + 2 * TRAVEL_MS + LEAD_MS;
const ASKED: Acquisition = { exposureS: LENGTH_S, folder: "/", fileName: "one" };
const FRAME = { path: "one", bytes: 1 } as unknown as FrameRecord;

interface Ways {
  /** Of the answer to the order to fire, of the removal of the request, of one look at the switches. */
  readonly answerMs?: number;
  readonly removalMs?: number;
  readonly readMs?: number;
  /** The gate lasts so much longer. */
  readonly heldMs?: number;
  /** What the trigger says at its end. */
  readonly word?: Promise<FiredTrain>;
  readonly frame?: Promise<FrameRecord>;
  readonly interlocks?: InputLevels["interlocks"];
  readonly triggerAbort?: () => Promise<void>;
  readonly detectorAbort?: () => Promise<FrameRecord | null>;
}

function open({ answerMs = 1, removalMs = 1, readMs = 1, heldMs = 0, ...ways }: Ways = {}) {
  const clock = createVirtualClock(0, { drain: () => new Promise((done) => setImmediate(done)) });
  const trains: unknown[] = [];
  const acquisitions: Acquisition[] = [];
  const askedClosedAtMs: number[] = [];
  let openFromMs = Infinity;
  const gated = createGatedShutter({
    clock,
    trigger: {
      name: "gates",
      arm(train: unknown) {
        trains.push(train);
        return Promise.resolve(train);
      },
      async fire() {
        const sentAtMs = clock.monoMs();
        openFromMs = sentAtMs;
        await sleep(clock, answerMs);
        return { sentAtMs, finished: ways.word ?? Promise.resolve({ gateCount: 1 }) };
      },
      abort: ways.triggerAbort ?? (() => Promise.resolve()),
    } as never,
    detector: {
      name: "detector",
      arm(acquisition: Acquisition) {
        acquisitions.push(acquisition);
        return Promise.resolve();
      },
      start: () => Promise.resolve({ finished: ways.frame ?? Promise.resolve(FRAME) }),
      abort: ways.detectorAbort ?? (() => Promise.resolve(null)),
    } as never,
    leadMs: LEAD_MS,
    shutterTravelMs: TRAVEL_MS,
    switchGraceMs: GRACE_MS,
    async readLevels() {
      if (readMs > 0) await sleep(clock, readMs);
      const nowMs = clock.monoMs();
      const isOpen = nowMs > openFromMs && nowMs < openFromMs + 1000 * LENGTH_S + heldMs + TRAVEL_MS;
      const { interlocks = GOOD_LEVELS.interlocks } = ways;
      return { ...GOOD_LEVELS, interlocks, readAtMs: nowMs, shutterOpenSwitch: isOpen, shutterClosedSwitch: !isOpen };
    },
    isRehearsal: false,
    async requestShutterClosed() {
      askedClosedAtMs.push(clock.monoMs());
      await sleep(clock, removalMs);
    },
  });
  /** In virtual time; with how it ended. */
  async function told<T>(work: Promise<T>): Promise<T> {
    const ended = work.catch(() => undefined);
    await clock.run(clock.monoMs() + 60_000);
    await ended;
    return work;
  }
  return { clock, gated, trains, acquisitions, askedClosedAtMs, told, isFired: () => openFromMs < Infinity };
}

/** A gate that is fired after so long; with the marks that were noted of it, and the frame. */
function fired(ways: Ways = {}, fireAfterMs = 0) {
  const bench = open(ways);
  const { clock, gated } = bench;
  let marks: ShutterMarks = { ...NO_MARKS, openAskedAtMs: 0 };
  const note = (more: Partial<ShutterMarks>): void => {
    marks = { ...marks, ...more };
  };
  const frame = bench.told(
    (async () => {
      await gated.arm(ASKED);
      await gated.begin();
      if (fireAfterMs > 0) await sleep(clock, fireAfterMs);
      await gated.fire();
      note({ openSeenAtMs: clock.monoMs() });
      return gated.watch(note, new AbortController().signal);
    })(),
  );
  return { ...bench, frame, marks: () => marks };
}

async function watched(ways: Ways): Promise<ShutterMarks> {
  const { frame, marks } = fired(ways);
  await frame;
  return marks();
}

const openS = (marks: ShutterMarks): number => openTimeS(marks, TRAVEL_MS) ?? NaN;

describe("the order to fire", () => {
  it("is not given where an interlock has broken since the shutter was asked open", async () => {
    const bench = fired({ interlocks: broken("doorClosed", "beamPermitted").interlocks });
    await expect(bench.frame).rejects.toMatchObject({
      code: "interlock.tripped",
      where: "gates",
      message: expect.stringContaining("no gate: interlock doorClosed; interlock beamPermitted") as string,
    });
    expect(bench.isFired()).toBe(false);
  });
});

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

  it("is the gate's own length as long as no other gate had room before the request was away: one travel", async () => {
    expect((await watched({ readMs: 0, removalMs: TRAVEL_MS })).gate).toMatchObject({ lengthS: LENGTH_S });
    expect((await watched({ readMs: 0, removalMs: TRAVEL_MS + 1 })).gate).toBeUndefined();
  });
});

describe("a shutter timed by a gate", () => {
  it("has one gate of the exposure's length, and a detector that counts before and after it", async () => {
    const { frame, trains, acquisitions, gated } = fired();
    expect(await frame).toBe(FRAME);
    expect(trains).toEqual([{ delayS: 0, widthS: LENGTH_S, count: 1, periodS: LENGTH_S }]);
    expect(acquisitions).toEqual([{ ...ASKED, exposureS: DETECTOR_MS / 1000 }]);
    expect(gated.closedByGateMs()).toBeGreaterThanOrEqual(1000 * LENGTH_S + TRAVEL_MS);
  });

  it("does nothing before it was armed, and watches no gate that was not fired", async () => {
    const { gated } = open();
    const watching = (): Promise<FrameRecord> => gated.watch(() => undefined, new AbortController().signal);
    await expect(gated.begin()).rejects.toMatchObject({ code: "device.refused", message: "no gate is armed" });
    const notFired = { code: "device.refused", message: "the gate was not fired" };
    await gated.arm(ASKED);
    await expect(watching()).rejects.toMatchObject(notFired);
    await gated.begin();
    await expect(watching()).rejects.toMatchObject(notFired);
  });

  it("is in time for the shutter while what is left of the lead is enough for the trigger", async () => {
    const { clock, gated } = open();
    await gated.arm(ASKED);
    await gated.begin();
    await clock.run(0.7 * LEAD_MS);
    const asserting = (): void => {
      gated.assertInTime();
    };
    expect(asserting).not.toThrow();
    await clock.run(0.7 * LEAD_MS + 10);
    expect(asserting).toThrow("it had counted for 7.01 s before the shutter could be opened; it was not");
  });

  it("is asked closed as soon as the gate's time is over, and called late", async () => {
    const { frame, askedClosedAtMs, marks, gated } = fired({ heldMs: 1000, readMs: 0, answerMs: 0 });
    await expect(frame).rejects.toMatchObject({ code: "trigger.late", where: "gates" });
    expect(askedClosedAtMs).toEqual([1000 * LENGTH_S + TRAVEL_MS + GRACE_MS]);
    expect(marks().closedSeenAtMs).toBeNull();
    expect(gated.closedByGateMs()).toBeNull();
  });

  it("gives no frame that was not counted to the gate's end, to the last moment", async () => {
    const inTimeMs = DETECTOR_MS - 1000 * LENGTH_S - TRAVEL_MS;
    expect(await fired({ readMs: 0, answerMs: 0 }, inTimeMs).frame).toBe(FRAME);
    const late = fired({ readMs: 0, answerMs: 0 }, inTimeMs + 2);
    await expect(late.frame).rejects.toMatchObject({ code: "detector.gate-missed", where: "detector" });
    await expect(late.frame).rejects.toThrow("0.002 s after the detector had ceased to count");
    expect(late.marks().closedSeenAtMs).not.toBeNull();
  });

  it("is no good where the trigger gave other than one gate, or does not say", async () => {
    for (const gateCount of [0, 2]) {
      const { frame, marks } = fired({ word: Promise.resolve({ gateCount }) });
      await expect(frame).rejects.toMatchObject({
        code: "trigger.late",
        message: expect.stringMatching(/gave \d gates/) as string,
      });
      expect(marks().gate).toBeUndefined();
    }
    await expect(fired({ word: never() }).frame).rejects.toThrow("it does not say that its gate is over");
  });

  it("ends with the frame that the detector read out, or else the one that it had taken, or none", async () => {
    const { gated } = open();
    expect(await gated.abort()).toBeNull();
    const taken = fired({ word: never() });
    await expect(taken.frame).rejects.toThrow();
    expect(await taken.gated.abort()).toBe(FRAME);
    expect(await taken.gated.abort()).toBeNull();
    const other = { path: "other", bytes: 2 } as unknown as FrameRecord;
    expect(await open({ detectorAbort: () => Promise.resolve(other) }).gated.abort()).toBe(other);
  });

  it("says what the detector, or else the trigger, has to say against its end, once both are done", async () => {
    const refuses = (what: string) => () => Promise.reject(new Error(what));
    await expect(open({ triggerAbort: refuses("trigger") }).gated.abort()).rejects.toThrow("trigger");
    await expect(open({ detectorAbort: refuses("detector") }).gated.abort()).rejects.toThrow("detector");
    const both = open({ triggerAbort: refuses("trigger"), detectorAbort: refuses("detector") });
    await expect(both.gated.abort()).rejects.toThrow("detector");
  });

  it("stands where the site has both a trigger and a gate in the shutter's line", () => {
    const trigger = { name: "gates" } as never;
    expect(gateOf({ shutter: { gate: { leadS: 0.5 } } } as never, { trigger })).toEqual({
      gate: { trigger, leadMs: 500 },
    });
    expect(gateOf({ shutter: { gate: { leadS: 0.5 } } } as never, {})).toEqual({});
    expect(gateOf({ shutter: {} } as never, { trigger })).toEqual({});
  });
});
