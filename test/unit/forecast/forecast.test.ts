import { describe, expect, it } from "vitest";
import { createCellLearner } from "../../../controller/forecast/cell-learner.ts";
import { CHEMISTRIES, CHEMISTRY_IDS } from "../../../protocols/campaign/chemistry.ts";
import { judgeForecast, type JudgedCell } from "../../../protocols/campaign/judge-forecast.ts";
import { OPEN_CIRCUIT_TABLES } from "../../../protocols/data/ocv/open-circuit-tables.ts";
import { runCurrent, runVoltage, terminalV, type ModelState } from "../../../protocols/echem/forecast/cell-model.ts";
import { firstStep } from "../../../protocols/echem/cursor.ts";
import { forecastProtocol } from "../../../protocols/echem/forecast/forecast-protocol.ts";
import { curveOf } from "../../../protocols/echem/forecast/open-circuit-curve.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";

const CELL: JudgedCell = {
  chemistry: "lno-graphite",
  nominalCapacityMah: 4,
  startVoltageV: null,
  limits: { voltageMinV: 2.5, voltageMaxV: 4.25, currentMaxA: 0.005, currentMinA: -0.005 },
  channelMaxA: 0.03,
  electrodeAreaCm2: 1.54,
};

function protocolOf(...steps: readonly string[]): Protocol {
  const text = ["record: { time_s: 10 }", "method:", ...steps.map((step) => `  - { step: ${step} }`)].join("\n");
  const { protocol, findings } = readProtocol(parseDocument(text, "test.yaml"), [], "test");
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

const CYCLE = [
  "open_circuit_voltage, until_time_s: 600",
  "constant_current, rate_C: C/10, until_voltage_V: 4.2, until_time_s: 54000",
  "constant_current, rate_C: D/10, until_voltage_V: 2.8, until_time_s: 54000",
] as const;

describe("an open-circuit curve", () => {
  it.each(CHEMISTRY_IDS)("of %s rises, spans the window and finds each of its voltages again", (id) => {
    const { volts } = OPEN_CIRCUIT_TABLES[id];
    const curve = curveOf(id);
    expect(volts.every((value, index) => index === 0 || value >= (volts[index - 1] ?? NaN))).toBe(true);
    expect(curve.voltageAt(0)).toBeCloseTo(CHEMISTRIES[id].voltageMinV, 3);
    expect(curve.voltageAt(1)).toBeCloseTo(CHEMISTRIES[id].voltageMaxV, 3);
    for (const share of [-0.05, 0, 0.013, 0.25, 0.5, 0.77, 0.999, 1, 1.02]) {
      expect(curve.voltageAt(curve.shareAt(curve.voltageAt(share)))).toBeCloseTo(curve.voltageAt(share), 9);
    }
  });
});

describe("the model cell", () => {
  const curve = curveOf("lno-graphite");
  const parameters = { capacityC: 14.4, resistanceOhm: 25, lagS: 250 };
  const stateAt = (share: number): ModelState => ({ share, lag: 0, unboundC: 0 });

  it("ends a charge where its terminals show the cut-off, to the microvolt", () => {
    const state = stateAt(0.1);
    const done = runCurrent(curve, parameters, state, { currentA: 0.002, untilV: 4.1, untilS: 1e6 });
    expect(done.endedBy).toBe("voltage");
    expect(done.endVoltageV).toBeCloseTo(4.1, 6);
    expect(done.chargeC).toBeCloseTo(14.4 * (state.share - 0.1), 9);
  });

  it("holds a voltage until the current has fallen, however the charge before it ended", () => {
    const state = stateAt(0.1);
    const charge = runCurrent(curve, parameters, state, { currentA: 0.004, untilV: 4.2, untilS: 1e6 });
    const hold = runVoltage(curve, parameters, state, { voltageV: 4.2, untilA: 0.0002, untilS: 36000, limitA: 1 });
    expect(charge.endedBy).toBe("voltage");
    expect(hold.endedBy).toBe("current");
    expect(curve.voltageAt(state.share + state.lag) + 0.0002 * 25).toBeCloseTo(4.2, 2);
    expect(charge.chargeC + hold.chargeC).toBeCloseTo(14.4 * (state.share - 0.1), 6);
  });

  it("binds lithium while it forms: the first charge takes that much longer", () => {
    const order = { currentA: 0.0004, untilV: 4.2, untilS: 1e6 };
    const formed = runCurrent(curve, parameters, stateAt(0), order);
    const fresh = runCurrent(curve, parameters, { ...stateAt(0), unboundC: 1.44 }, order);
    expect(fresh.durationS - formed.durationS).toBeCloseTo(1.44 / 0.0004, 1);
  });
});

describe("a forecast", () => {
  it("says of each step when it ends and by what, and how far that is to be trusted", () => {
    const { steps, durationS } = forecastProtocol(protocolOf(...CYCLE), CELL);
    expect(steps.map(({ endedBy }) => endedBy)).toEqual(["time", "voltage", "voltage"]);
    expect(steps[0]).toMatchObject({ ordinal: 1, stepIndex: 0, cycle: 0, startS: 0, endS: 600, spreadS: 0 });
    expect(steps[1]?.endS).toBeGreaterThan(600 + 0.85 * 36000);
    expect(steps[1]?.endS).toBeLessThan(600 + 1.1 * 36000);
    expect(steps[2]?.spreadS).toBeGreaterThan(steps[1]?.spreadS ?? NaN);
    expect(durationS).toBe(steps[2]?.endS);
  });

  it("marks the tenths of the state of charge, up and down again, in order of time", () => {
    const { stateOfChargeMarks } = forecastProtocol(protocolOf(...CYCLE), CELL);
    const tenths = stateOfChargeMarks.map(({ stateOfCharge }) => Math.round(10 * stateOfCharge));
    expect(tenths).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    const times = stateOfChargeMarks.map(({ atS }) => atS);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  it("follows a loop of a million passes for its first steps only, and still says how long all of them take", () => {
    const long = protocolOf(...CYCLE, "loop, loop_to: 2, cycle_count: 1000000");
    const { steps, stepCount, durationS } = forecastProtocol(long, CELL);
    expect(stepCount).toBe(2_000_001);
    expect(steps).toHaveLength(2000);
    expect(durationS / 1e6).toBeGreaterThan(0.4 * 72000);
    expect(durationS / 1e6).toBeLessThan(1.1 * 72000);
  });

  it("takes over where a measured step ended instead of what the nameplate says", () => {
    const twice = protocolOf(...CYCLE, "loop, loop_to: 2, cycle_count: 2");
    const learner = createCellLearner(CELL, twice);
    const first = firstStep(twice);
    if (first === undefined) throw new Error("no step");
    // A cell that holds 3.6 mAh, of other resistance, and binds a tenth of it on its first charge.
    const curve = curveOf(CELL.chemistry);
    const real = { capacityC: 3.6 * 3.6, resistanceOhm: 30, lagS: 200 };
    const state: ModelState = { share: 0.02, lag: 0, unboundC: 1.296 };
    const orders = [
      { currentA: 0, untilV: null, untilS: 600 },
      { currentA: 0.0004, untilV: 4.2, untilS: 54000 },
      { currentA: -0.0004, untilV: 2.8, untilS: 54000 },
    ];
    const tookS: number[] = [];
    for (const [stepIndex, order] of orders.entries()) {
      learner.stepStarted({ ...first, stepIndex, ordinal: stepIndex + 1, cycle: Math.min(stepIndex, 1) });
      const beganV = terminalV(curve, real, state, order.currentA);
      const done = runCurrent(curve, real, state, order);
      learner.firstSample(1, beganV, order.currentA);
      learner.stepEnded({
        ...{ durationS: done.durationS, endedBy: done.endedBy, chargeAh: done.chargeC / 3600 },
        ...{ voltageV: done.endVoltageV, currentA: order.currentA },
      });
      tookS.push(done.durationS);
      expect(learner.learned.isMeasured).toBe(stepIndex === 2);
    }
    const cursor = { ...first, stepIndex: 1, ordinal: 4, cycle: 2, passes: { "3": 2 } };
    const again = forecastProtocol(twice, CELL, learner.learned, {
      from: { cursor, previousIndex: learner.previousIndex },
    });
    expect(again.capacityMah.mean).toBeGreaterThan(3.55);
    expect(again.capacityMah.mean).toBeLessThan(3.65);
    expect(again.steps.map(({ stepIndex }) => stepIndex)).toEqual([1, 2]);
    const [charge, discharge] = again.steps;
    // The charge that binds nothing any more takes as long as the discharge did.
    const dischargeS = tookS[2] ?? NaN;
    expect(Math.abs((charge?.endS ?? NaN) / dischargeS - 1)).toBeLessThan(0.02);
    expect(Math.abs(((discharge?.endS ?? NaN) - (discharge?.startS ?? NaN)) / dischargeS - 1)).toBeLessThan(0.005);
  });
});

describe("check by forecast", () => {
  const codes = (...steps: readonly string[]): readonly string[] =>
    judgeForecast(protocolOf(...steps), CELL).map(({ severity, code, stepIndex, key }) =>
      [severity, code, `${stepIndex}`, key].join(" "),
    );

  it("finds nothing in a plain cycle", () => {
    expect(codes(...CYCLE)).toEqual([]);
  });

  it.each([
    ["constant_current, rate_C: 8, until_voltage_V: 4.2, until_time_s: 900", "warning protocol.rate 0 rate_C"],
    [
      "constant_current, current_mA: 0.005, until_voltage_V: 4.2, until_time_s: 90",
      "warning protocol.rate 0 current_mA",
    ],
    [
      "constant_current, rate_C: 2, until_voltage_V: 4.2, until_time_s: 3600",
      "warning protocol.current-density 0 rate_C",
    ],
    [
      "constant_current, rate_C: C/10, until_voltage_V: 4.2, until_time_s: 30000",
      "warning protocol.cut-off-not-reached 0 until_time_s",
    ],
    [
      "constant_current, rate_C: C/10, until_voltage_V: 4.2, until_time_s: 300",
      "note protocol.cut-off-not-reached 0 until_time_s",
    ],
    ["constant_current, rate_C: C/10, until_time_s: 72000", "error protocol.limit-ends-step 0 "],
    ["constant_voltage, voltage_V: 4.2, until_time_s: 600", "error protocol.limit-ends-step 0 "],
  ])("says of %s: %s", (step, said) => {
    expect(codes(step)).toContain(said);
  });

  it.each([
    ["constant_current, rate_C: C/10, until_time_s: 34200", "error protocol.limit-may-end-step 0 "],
    [
      "constant_current, rate_C: C/10, until_voltage_V: 4.247, until_time_s: 60000",
      "error protocol.limit-margin 0 until_voltage_V",
    ],
    [
      "constant_current, current_mA: 4.98, until_voltage_V: 4.2, until_time_s: 3600",
      "error protocol.limit-margin 0 current_mA",
    ],
  ])("refuses %s, which some cells of a batch would not get through: %s", (step, said) => {
    expect(codes(step)).toContain(said);
  });

  it("refuses a loop whose second pass drives the cell into its limit", () => {
    const more = "constant_current, rate_C: C/10, until_time_s: 18000";
    const less = "constant_current, rate_C: D/10, until_voltage_V: 2.8, until_time_s: 3600";
    expect(codes(more, less)).toEqual(["note protocol.cut-off-not-reached 1 until_time_s"]);
    expect(codes(more, less, "loop, loop_to: 1, cycle_count: 3")).toContain("error protocol.limit-ends-step 0 ");
  });

  it("lets a hold follow a current to the same voltage, and refuses one that begins with a rush", () => {
    const hold = (voltageV: number) =>
      `constant_voltage, voltage_V: ${voltageV}, until_rate_C: 0.05, until_time_s: 3600`;
    const to = "constant_current, rate_C: C/2, until_voltage_V: 4.0, until_time_s: 14400";
    expect(codes(to, hold(4))).toEqual([]);
    expect(codes(to, hold(4.1))).toContain("error protocol.limit-may-end-step 1 ");
    const said = [protocolOf(to, hold(4.1)), protocolOf(hold(4.2))].map((protocol) =>
      judgeForecast(protocol, CELL)
        .map(({ what }) => what)
        .join("\n"),
    );
    expect(said[0]).toMatch(/begins with up to [\d.]+ mA, beyond the cell's limits of -5 to 5 mA/);
    expect(said[1]).toMatch(/asks for [\d.]+ mA at once, beyond the cell's limits of -5 to 5 mA/);
  });

  it("says where a hold would end below what the channel tells from noise", () => {
    const hold = "constant_voltage, voltage_V: 4.2, until_current_mA: 0.001, until_time_s: 3600";
    expect(codes(CYCLE[1], hold)).toContain("warning protocol.resolution 1 until_current_mA");
  });

  it("refuses steps in which more charge flows, or may flow, than the safety block allows", () => {
    const withMost = (maxCapacityMah: number) => {
      const protocol = protocolOf(...CYCLE, "loop, loop_to: 1, cycle_count: 3");
      const safety = { ...protocol.safety, maxCapacityMah };
      return judgeForecast({ ...protocol, safety }, CELL).map(({ code, stepIndex }) => `${code} ${stepIndex}`);
    };
    expect(withMost(6)).toEqual([]);
    expect(withMost(1)).toEqual(["protocol.limit-ends-step 1"]);
    // Each step is named once, however often it runs.
    expect(withMost(4.1)).toContain("protocol.limit-may-end-step 1");
    expect(new Set(withMost(4.1)).size).toBe(withMost(4.1).length);
  });

  it("names value, limit and way out", () => {
    const [verdict] = judgeForecast(
      protocolOf("constant_current, rate_C: 8, until_voltage_V: 4.2, until_time_s: 900"),
      CELL,
    );
    expect(verdict?.what).toBe("32 mA are 8 C of 4 mAh");
    expect(verdict?.advice).toContain("5 C");
  });
});
