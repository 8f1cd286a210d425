import { describe, expect, it } from "vitest";
import { createEmptyEnd } from "../../../controller/forecast/empty-end.ts";
import { createHoldDrift } from "../../../controller/forecast/hold-drift.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { runKind } from "../../../protocols/echem/forecast/run-kind.ts";
import { parseDocument } from "../../../protocols/input/document.ts";

function protocolOf(...steps: readonly string[]): Protocol {
  const text = ["record: { time_s: 10 }", "method:", ...steps.map((step) => `  - { step: ${step} }`)].join("\n");
  const { protocol, findings } = readProtocol(parseDocument(text, "test.yaml"), [], "test");
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

const CHARGE = "constant_current, rate_C: C/5, until_voltage_V: 4.2, until_time_s: 30000";
const HOLD = "constant_voltage, voltage_V: 4.2, until_rate_C: C/50, until_time_s: 14400";
const LOWER = "constant_voltage, voltage_V: 4.1, until_rate_C: C/50, until_time_s: 14400";
const protocol = protocolOf(
  "open_circuit_voltage, until_time_s: 600",
  `${CHARGE}, id: before`,
  `${HOLD}, id: before-hold`,
  "open_circuit_voltage, until_time_s: 43200",
  `${CHARGE}, id: after`,
  `${HOLD}, id: after-hold`,
  LOWER,
);

describe("runs of steps", () => {
  it("are alike where they ask for the same after the same, wherever they stand and whatever they are called", () => {
    expect(runKind(protocol, 1, 2)).toBe(runKind(protocol, 4, 5));
    expect(runKind(protocol, 0, 1)).toBe(runKind(protocol, 3, 4));
  });

  it("are unlike after another step, before any other, or with other values", () => {
    expect(runKind(protocol, 2, 4)).not.toBe(runKind(protocol, 3, 4));
    expect(runKind(protocol, -1, 1)).not.toBe(runKind(protocol, 0, 1));
    expect(runKind(protocol, 4, 6)).not.toBe(runKind(protocol, 4, 5));
  });
});

describe("the count at which a cell is empty", () => {
  it("moves by what like discharges show, and goes on so through cycles that nobody can compare", () => {
    const empty = createEmptyEnd();
    empty.seen(1, null);
    expect(empty).toMatchObject({ atAh: 0, cycle: 1, slipAh: 0 });
    empty.seen(2, 0.00005);
    expect(empty.slipAh).toBeCloseTo(0.00005, 12);
    // Another discharge, seen for the first time.
    empty.seen(4, null);
    expect(empty.atAh).toBeCloseTo(0.00015, 12);
    expect(empty.cycle).toBe(4);
  });
});

describe("holds of a cell whose resistance grows", () => {
  const drift = (isUsual: boolean) => {
    const learned = createHoldDrift(
      { chemistry: "lno-graphite", nominalCapacityMah: 4, startVoltageV: null, limits: null },
      protocol,
    );
    const parameters = { capacityC: 14.4, resistanceOhm: 25, lagS: 250 };
    const ended = (stepIndex: number, kind: number, cycle: number, durationS: number): void => {
      learned.ended({ stepIndex, kind, previousIndex: 4, enteredA: 0.0008, cycle, durationS, parameters, isUsual });
    };
    ended(5, 1, 1, 1000);
    ended(6, 2, 2, 7000);
    expect(learned.perCycle(2)).toBe(0);
    ended(5, 1, 3, 1010);
    return learned;
  };

  it("tell of one another: where the curve is flat a hold owes more of its time to the resistance", () => {
    const learned = drift(true);
    expect(learned.perCycle(1)).toBeCloseTo(Math.log(1.01) / 2, 6);
    expect(learned.perCycle(2)).toBeGreaterThan(2 * learned.perCycle(1));
    expect(learned.perCycle(2)).toBeLessThan(0.03);
  });

  it("tell nothing where the first of them bound lithium", () => {
    expect(drift(false).perCycle(2)).toBe(0);
  });
});
