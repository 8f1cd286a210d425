import { describe, expect, it } from "vitest";
import { channelStep } from "../../../protocols/echem/channel-step.ts";
import { expandProtocol, firstStep, nextStep, stepAt } from "../../../protocols/echem/cursor.ts";
import type { ProtocolCursor } from "../../../protocols/echem/cursor.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";

function protocolOf(method: string): Protocol {
  const { protocol, findings } = readProtocol(
    parseDocument(`record: { time_s: 1 }\nmethod:\n${method}`, "p.yaml"),
    [],
    "p",
  );
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

const charge = "  - { step: constant_current, rate_C: 1, until_voltage_V: 4 }\n";
const discharge = "  - { step: constant_current, rate_C: -1, until_voltage_V: 3 }\n";
const rest = "  - { step: open_circuit_voltage, until_time_s: 60 }\n";

function walk(protocol: Protocol): readonly { readonly step: number; readonly cycle: number }[] {
  return [...expandProtocol(protocol)].map(({ cursor }) => ({ step: cursor.stepIndex + 1, cycle: cursor.cycle }));
}

describe("a cell's place in its protocol", () => {
  it("goes round a loop as often as cycle_count says, the first pass included", () => {
    const steps = walk(
      protocolOf(`${rest}${charge}${discharge}  - { step: loop, loop_to: 2, cycle_count: 3 }\n${rest}`),
    );
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 2, 3, 2, 3, 5]);
    expect(steps.map(({ cycle }) => cycle)).toEqual([0, 1, 1, 2, 2, 3, 3, 3]);
  });

  it("runs an inner loop in full in every pass of the outer one", () => {
    const method = `  - { step: tag, tag: outer }\n${rest}  - { step: tag, tag: inner }\n${charge}${discharge}  - { step: loop, loop_to: inner, cycle_count: 2 }\n  - { step: loop, loop_to: outer, cycle_count: 2 }\n`;
    expect(walk(protocolOf(method)).map(({ step }) => step)).toEqual([2, 4, 5, 4, 5, 2, 4, 5, 4, 5]);
  });

  it("counts a new cycle at each turn back to the direction of the first current", () => {
    const steps = walk(protocolOf(`${discharge}${rest}${charge}${charge}${discharge}${charge}`));
    expect(steps.map(({ cycle }) => cycle)).toEqual([1, 1, 1, 1, 2, 2]);
  });

  it("can be written down as JSON in the middle of a loop and picked up again", () => {
    const protocol = protocolOf(`${charge}${discharge}  - { step: loop, loop_to: 1, cycle_count: 4 }\n${rest}`);
    const undisturbed = walk(protocol);
    const resumed: { step: number; cycle: number }[] = [];
    let cursor = firstStep(protocol);
    while (cursor !== undefined) {
      resumed.push({ step: cursor.stepIndex + 1, cycle: cursor.cycle });
      cursor = nextStep(protocol, JSON.parse(JSON.stringify(cursor)) as ProtocolCursor);
    }
    expect(resumed).toEqual(undisturbed);
  });

  it("takes no longer to leave a loop of a billion passes than one of two", () => {
    const protocol = protocolOf(`${charge}${discharge}  - { step: loop, loop_to: 1, cycle_count: 1000000000 }\n`);
    const first = firstStep(protocol);
    expect(first && nextStep(protocol, first)?.stepIndex).toBe(1);
  });

  it("is over after the last step, and has no step outside the protocol", () => {
    const protocol = protocolOf(rest);
    const cursor = firstStep(protocol);
    expect(cursor && nextStep(protocol, cursor)).toBeUndefined();
    expect(() => cursor && stepAt(protocol, { ...cursor, stepIndex: 7 })).toThrow(RangeError);
  });
});

describe("a step as the channel is asked to run it", () => {
  const limits = { voltageMaxV: 4.25, voltageMinV: 2.7, currentMaxA: 0.005, currentMinA: -0.005 };
  const context = { nominalCapacityMah: 4.09, limits, sampleIntervalMinS: 0.1 };

  function only(method: string) {
    const protocol = protocolOf(method);
    const cursor = firstStep(protocol);
    if (cursor === undefined) throw new Error("no step");
    return channelStep(protocol, stepAt(protocol, cursor), context);
  }

  it("turns a rate into a current of the cell's own capacity, without binary noise", () => {
    expect(only("  - { step: constant_current, rate_C: D/10, until_voltage_V: 2.8, until_time_s: 100 }\n")).toEqual({
      kind: "step",
      isTimeDerived: false,
      step: {
        kind: "constant-current",
        currentA: -0.000409,
        untilVoltageV: 2.8,
        untilTimeS: 100,
        sampleIntervalS: 1,
        limits,
      },
    });
  });

  it.each([
    [300, "{ step: constant_current, rate_C: C/20, until_voltage_V: 4.2 }", 10],
    [300, "{ step: constant_current, rate_C: C/2, until_voltage_V: 4.2 }", 7.2],
    [300, "{ step: constant_current, rate_C: -1, until_voltage_V: 2.8 }", 3.6],
    [300, "{ step: constant_current, rate_C: 20, until_voltage_V: 4.2 }", 1],
    [300, "{ step: constant_voltage, voltage_V: 4.2, until_rate_C: C/20 }", 10],
    [300, "{ step: open_circuit_voltage, until_time_s: 3600 }", 10],
    [0.5, "{ step: constant_current, rate_C: 1, until_voltage_V: 4.2 }", 0.5],
    [0.01, "{ step: constant_current, rate_C: 1, until_voltage_V: 4.2 }", 0.1],
  ])("watches the cell between records %d s apart: %s is sampled every %d s", (recordS, method, intervalS) => {
    const protocol = protocolOf(`  - ${method}\n`);
    const cursor = firstStep(protocol);
    if (cursor === undefined) throw new Error("no step");
    const result = channelStep(
      { ...protocol, record: { ...protocol.record, timeS: recordS } },
      stepAt(protocol, cursor),
      context,
    );
    expect(result).toMatchObject({ step: { sampleIntervalS: intervalS } });
  });

  it("ends a current soon after the charge of the safety block has flowed, whoever listens", () => {
    const method = "  - { step: constant_current, current_mA: -2, until_voltage_V: 2.8, until_time_s: 9000 }\n";
    const protocol = protocolOf(method);
    const cursor = firstStep(protocol);
    if (cursor === undefined) throw new Error("no step");
    const withMost = (maxCapacityMah: number) => ({ ...protocol, safety: { ...protocol.safety, maxCapacityMah } });
    const timed = (maxCapacityMah: number) =>
      channelStep(withMost(maxCapacityMah), stepAt(protocol, cursor), { ...context, sampleIntervalMinS: 10 });
    // 3 mAh at 2 mA are 5400 s; a hundredth and two samples are there for who takes the cell off.
    expect(timed(3)).toMatchObject({ step: { untilTimeS: 5474, chargeMaxAh: 0.003 } });
    expect(timed(6)).toMatchObject({ step: { untilTimeS: 9000 } });
  });

  it("lets the rate win over the current", () => {
    const result = only("  - { step: constant_current, rate_C: 1, current_mA: 1, until_voltage_V: 4 }\n");
    expect(result).toMatchObject({ step: { currentA: 0.00409 } });
  });

  it("gives a step without a time one and a half times its nominal time", () => {
    const result = only("  - { step: constant_current, rate_C: C/10, until_voltage_V: 4.2 }\n");
    expect(result).toMatchObject({ isTimeDerived: true, step: { untilTimeS: 54_000 } });
  });

  it("ends a hold at the magnitude of its taper, six hours at the latest", () => {
    const result = only("  - { step: constant_voltage, voltage_V: 4.2, until_rate_C: D/20 }\n");
    expect(result).toMatchObject({ isTimeDerived: true, step: { untilCurrentA: 0.0002045, untilTimeS: 21_600 } });
  });

  it("measures a spectrum in as many points as its decades have, each within a time that goes with its period", () => {
    const result = only(
      "  - { step: impedance_spectroscopy, amplitude_V: 0.01, start_frequency_Hz: 1000, end_frequency_Hz: 1, points_per_decade: 5, measures_per_point: 2 }\n",
    );
    expect(result).toMatchObject({
      kind: "step",
      isTimeDerived: false,
      step: { excitation: { kind: "voltage", peakV: 0.01 }, pointCount: 16, sweepCount: 2, sampleIntervalS: 6 },
    });
    const current = only(
      "  - { step: impedance_spectroscopy, amplitude_mA: 0.1, start_frequency_Hz: 1, end_frequency_Hz: 1 }\n",
    );
    expect(current).toMatchObject({ step: { excitation: { kind: "current", peakA: 0.0001 }, pointCount: 1 } });
  });

  it("runs no spectrum of more points than anybody means", () => {
    const result = only(
      "  - { step: impedance_spectroscopy, amplitude_V: 0.01, start_frequency_Hz: 1000, end_frequency_Hz: 1, points_per_decade: 1000000000 }\n",
    );
    expect(result).toMatchObject({ kind: "not-here" });
  });

  it("scans a voltage in stairs of a millivolt at the most, and knows how long it takes", () => {
    const result = only("  - { step: voltage_scan, start_voltage_V: 4, end_voltage_V: 3, scan_rate_mV_per_s: 5 }\n");
    expect(result).toMatchObject({
      step: { kind: "voltage-scan", scanRateVS: 0.005, untilTimeS: 200, sampleIntervalS: 0.2 },
    });
  });
});
