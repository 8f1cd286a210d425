import { describe, expect, it } from "vitest";
import type { ExposureOrder } from "../../../controller/machines/exposure-order.ts";
import { createControlDesk, type ControlDeskDeps } from "../../../controller/verdict/control-desk.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { OnBeamEffect } from "../../../protocols/campaign/control-plan.ts";
import { campaign } from "../../support/world-campaign.ts";

const CONTROLS = {
  spots: [
    { xMm: 4, yMm: 0 },
    { xMm: -4, yMm: 0 },
  ],
  everySweeps: 3,
  lag: 0.02,
  power: 0.8,
  falseAlarms: 0.05,
  readingError: 0.003,
  spotScatter: 0.002,
  lowered: { everySweeps: 3, exposureFraction: 1 },
  rareEverySweeps: null,
} as const;
/** Of the small campaign's preset. */
const ORDINARY_SPOTS = 9;

function order(changes: Partial<ExposureOrder> = {}): ExposureOrder {
  return {
    exposureId: "X-S0003-A1",
    requestId: "S0003-A1",
    position: "A1",
    cellIndex: 0,
    spotIndex: 2,
    ...{ spotXMm: 0, spotYMm: 0, stageXMm: 0, stageYMm: 0 },
    exposureS: 5,
    frameName: "A1_S0003_00000.cbf",
    filtersIn: [],
    ...changes,
  };
}

function bench(onBeamEffect: OnBeamEffect, changes: Partial<ControlDeskDeps> = {}) {
  const events: { readonly type: string; readonly data: unknown }[] = [];
  const failures: unknown[] = [];
  const desk = createControlDesk({
    campaign,
    controls: { ...CONTROLS, onBeamEffect },
    sweepCountPlanned: 30,
    recorder: { record: (type, data) => void events.push({ type, data }) },
    alarms: { raise: () => undefined },
    nowMs: () => 1000,
    fail: (error) => void failures.push(error),
    currentA: () => 0.001,
    chargeAh: () => 0,
    firstSamples: { firstVoltageV: [], firstCurrentA: [], firstTimeS: [] },
    stateOfHealth: () => null,
    ...changes,
  });
  return { desk, events, failures };
}

describe("a control visit", () => {
  it("is wanted right after an exposure that was made in every third sweep, on the control spots in turn", () => {
    const { desk } = bench("tell");
    desk.noteExposed(order(), "made", "/frames/a.cbf");
    expect(desk.controlAfter(order(), 2)).toBeNull();
    expect(desk.controlAfter(order(), 3)).toMatchObject({ controlIndex: 0 });
    expect(desk.controlAfter(order(), 6)).toMatchObject({ controlIndex: 1 });
    expect(desk.controlAfter(order(), 9)).toMatchObject({ controlIndex: 0 });
  });

  it.each([
    ["was cut short", "partial", "/frames/a.cbf"],
    ["gave no frame", "made", null],
  ] as const)("is not paid for where the exposure %s", (_, outcome, frame) => {
    const { desk } = bench("tell");
    desk.noteExposed(order(), outcome, frame);
    expect(desk.controlAfter(order(), 3)).toBeNull();
    expect(desk.isAlone(0)).toMatch(/compared/);
  });

  it("without anything that reads frames costs a pair, says so, and leaves the verdict open", async () => {
    const { desk, events, failures } = bench("stop");
    desk.noteExposed(order(), "made", "/frames/a.cbf");
    desk.controlAfter(order(), 3);
    desk.noteExposed(order({ exposureId: "X-R0001-A1", spotIndex: ORDINARY_SPOTS }), "made", "/frames/b.cbf");
    desk.sweepIsOver(3);
    await new Promise(setImmediate);
    expect(events.map(({ type }) => type)).toEqual(["control-pair-unusable", "beam-effect"]);
    expect(desk.verdict()?.verdict).toBe("cannot-tell");
    expect(failures).toEqual([]);
  });
});

describe("after a restart", () => {
  const held = (rule: OnBeamEffect) => ({
    type: "exposures-held-back",
    atMs: 1,
    data: { rule, look: 2, positions: ["A2"] },
  });

  it("what was stopped stays stopped, what was lowered is exposed at control visits only, others as ever", () => {
    const stopped = bench("stop", { past: [held("stop")] }).desk;
    expect([3, 4].map((sweep) => stopped.heldBack(1, sweep))).toEqual([
      expect.stringContaining("no more"),
      expect.stringContaining("no more"),
    ]);
    const lowered = bench("lower", { past: [held("lower")] }).desk;
    expect(lowered.heldBack(1, 3)).toBeNull();
    expect(lowered.heldBack(1, 4)).toMatch(/in each sweep of 3 and at control visits only/);
    expect(lowered.heldBack(0, 4)).toBeNull();
  });

  it("pairs on record count on, and a look that was taken is not taken again", () => {
    const pair = (sweep: number) => ({
      type: "control-pair",
      atMs: sweep,
      data: { position: "A1", sweep, spot: 1, control_spot: 0, lag: 0.01, lag_error: 0.002, log_width: null },
    });
    const look = { type: "beam-effect", atMs: 9, data: { sweep: 9, look: 3 } };
    const { desk, events } = bench("tell", { past: [pair(3), pair(6), pair(9), look] });
    desk.sweepIsOver(9);
    expect(events).toEqual([]);
    desk.sweepIsOver(12);
    expect(events.map(({ type }) => type)).toEqual(["beam-effect"]);
    const cell = desk.verdict()?.cells.find(({ position }) => position === "A1");
    assert(cell?.lag != null, "the pairs on record are gone");
    expect(cell.lag.pairCount).toBe(3);
    expect(desk.cellView(0)).toMatchObject({ verdict: "cannot-tell", look: 4, pairCount: 3 });
  });
});
