import { describe, expect, it } from "vitest";
import { createFrameDesk, type FrameDeskDeps } from "../../../controller/frames/frame-desk.ts";
import type { ExposureOrder } from "../../../controller/machines/exposure-order.ts";
import { canonicalJson, type Json } from "../../../protocols/base/canonical-json.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { FrameRules } from "../../../protocols/campaign/frame-rules.ts";
import type { PowderPattern } from "../../../protocols/diffraction/powder-pattern.ts";
import { LATTICE_TABLES } from "../../support/verdict-simulation.ts";
import { campaign } from "../../support/world-campaign.ts";
import { exposureOf, frameOf, restedAt, sourceAt } from "../diffraction/frames.ts";

const RULES: FrameRules = {
  saturated: "tell",
  "beam-missed": "hold-back",
  "casing-only": "hold-back",
  "too-weak": "tell",
  "wrong-sample": "stop-exposing",
};
const CHEMISTRY = campaign.cells[0]?.chemistry ?? "lno-graphite";
const SOURCE = sourceAt(60, 1);
const GOOD = frameOf(SOURCE, restedAt(CHEMISTRY, 0.6), { ...exposureOf(CHEMISTRY, 1), exposureS: 5 });
const EMPTY: PowderPattern = { ...GOOD, counts: new Int32Array(GOOD.counts.length) };
const STRANGER = frameOf(SOURCE, restedAt("lfp-graphite", 0.6), { ...exposureOf("lfp-graphite", 1), exposureS: 5 });

function order(): ExposureOrder {
  return {
    ...{ exposureId: "X-S0003-A1", requestId: "S0003-A1", position: campaign.cells[0]?.position ?? "A1" },
    ...{ cellIndex: 0, spotIndex: 2, spotXMm: 0, spotYMm: 0, stageXMm: 0, stageYMm: 0 },
    ...{ exposureS: 5, frameName: "A1_S0003_00000.cbf", filtersIn: [] },
  };
}

function bench(patterns: readonly (PowderPattern | Fault | undefined)[], changes: Partial<FrameDeskDeps> = {}) {
  const events: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  const [alarms, cleared, stops, failures]: [string[], string[], string[], unknown[]] = [[], [], [], []];
  const left = [...patterns];
  const desk = createFrameDesk({
    ...{ campaign, rules: RULES, saturationCounts: null, lattice: LATTICE_TABLES },
    integrator: {
      name: "integrator",
      read() {
        const next = left.shift();
        return next instanceof Fault ? Promise.reject(next) : Promise.resolve(next);
      },
    },
    recorder: { record: (type, data) => void events.push({ type, data }) },
    alarms: {
      raise: ({ code, where }) => void alarms.push(`${code} ${where}`),
      clearAll: (_, codes) => void cleared.push(...codes),
    },
    stateOfCharge: () => null,
    filterTransmission: () => 1,
    stopExposing: (reason) => void stops.push(reason),
    fail: (error) => void failures.push(error),
    ...changes,
  });
  const expose = async (): Promise<void> => {
    desk.noteExposed(order(), "made", "/frames/a.cbf");
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { desk, events, alarms, cleared, stops, failures, expose };
}

describe("a frame of an exposure that was made", () => {
  it("holds its cell back when the beam missed, and lets it go on after a good one", async () => {
    const test = bench([EMPTY, GOOD]);
    await test.expose();
    expect(test.alarms).toEqual(["frame.beam-missed A1"]);
    expect(test.desk.heldBack(0)).toMatch(/A1 is held back.*beam-missed/);
    await test.expose();
    expect(test.desk.heldBack(0)).toBeNull();
    expect(test.cleared).toContain("frame.beam-missed");
    expect(test.events.map(({ data }) => data["finding"])).toEqual(["beam-missed", "good"]);
  });

  it("of another cell stops all exposing where the campaign says so", async () => {
    const test = bench([STRANGER]);
    await test.expose();
    expect(test.stops).toEqual(["frame of A1: wrong-sample"]);
    expect(test.desk.lastFrame(0)).toMatchObject({ finding: "wrong-sample", exposureId: "X-S0003-A1" });
  });

  it("that cannot be had costs nothing but a word on record", async () => {
    const test = bench([undefined, new Fault("link.closed", "integrator", "it is gone")]);
    await test.expose();
    await test.expose();
    expect(test.events.map(({ type }) => type)).toEqual(["frame-unread", "frame-unread"]);
    expect([test.alarms, test.failures, test.desk.heldBack(0)]).toEqual([[], [], null]);
  });

  it("found missing before a restart holds its cell back after it", () => {
    const said = (finding: string) => ({ type: "frame-checked", data: { position: "A1", finding } });
    expect(bench([], { past: [said("beam-missed")] }).desk.heldBack(0)).not.toBeNull();
    expect(bench([], { past: [said("beam-missed"), said("good")] }).desk.heldBack(0)).toBeNull();
  });

  it("with parts of counts, or with more than any detector counts, is told in numbers that record and bus can hold", async () => {
    const counts = Array.from(GOOD.counts, (count) => count + 0.37);
    const test = bench([
      { ...GOOD, counts },
      { ...GOOD, counts: counts.map((count) => 1e10 * count) },
    ]);
    await test.expose();
    const last = test.desk.lastFrame(0);
    expect([last?.counts, last?.mostInOneBin].every((value) => Number.isInteger(value))).toBe(true);
    await test.expose();
    expect(test.failures).toEqual([]);
    for (const { data } of test.events) expect(canonicalJson(data as Json)).toMatch(/"casing_over_error":\d/);
  });

  it("is saturated by the pixels that its integrator tells of, and by sums of them only where it tells of none", async () => {
    const told = [{ ...GOOD, saturatedPixels: 3 }, { ...GOOD, saturatedPixels: 0 }, GOOD];
    const test = bench(told, { saturationCounts: 1 });
    for (let asked = 0; asked < told.length; asked += 1) await test.expose();
    expect(test.events.map(({ data }) => data["finding"])).toEqual(["saturated", "good", "saturated"]);
  });

  it("whose pattern comes after that of a later one no longer counts", async () => {
    const answers: ((pattern: PowderPattern) => void)[] = [];
    const integrator = {
      name: "integrator",
      read: () => new Promise<PowderPattern>((resolve) => void answers.push(resolve)),
    };
    const test = bench([], { integrator });
    await test.expose();
    await test.expose();
    for (const [at, pattern] of [[1, GOOD] as const, [0, EMPTY] as const]) {
      answers[at]?.(pattern);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(test.events.map(({ type }) => type)).toEqual(["frame-checked", "frame-unread"]);
    expect([test.desk.heldBack(0), test.desk.lastFrame(0)?.finding]).toEqual([null, "good"]);
  });

  it("that was cut short, or gave no file, is not looked at", async () => {
    const test = bench([GOOD]);
    test.desk.noteExposed(order(), "partial", "/frames/a.cbf");
    test.desk.noteExposed(order(), "made", null);
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.events).toEqual([]);
  });
});
