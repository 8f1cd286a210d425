import { describe, expect, test } from "vitest";
import type { CellLimits } from "../../../protocols/roles/channel.ts";
import { createBench, testCell } from "../../support/methodscript-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 };

describe("a channel on its simulated instrument", () => {
  test("identifies the instrument and leaves the cell off", async () => {
    const bench = createBench();
    const identity = await bench.settle(bench.channel.connect());
    expect(identity).toEqual({
      model: "EmStat4 HR",
      serialNumber: "ES4HR20B0008",
      firmware: "1.1.00 R (Jan 28 2022 11:04:43)",
    });
    expect(bench.twin.isCellOn).toBe(false);
    expect(bench.faults).toEqual([]);
  });

  test("a charge ends at its voltage, by the instrument's own word, with the cell off", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(
      bench.channel.start({
        kind: "constant-current",
        currentA: 0.0003,
        untilVoltageV: 4.2,
        sampleIntervalS: 1,
        untilTimeS: 3600,
        limits,
      }),
    );
    await bench.pass(200);
    expect(bench.ends).toEqual(["voltage"]);
    expect(bench.stepFaults).toEqual([]);
    expect(bench.twin.isCellOn).toBe(false);
    expect(bench.cell.isConnected).toBe(false);
    // 0.497 V above the resistance's 3 mV, at 5 mV a second.
    expect(bench.samples).toHaveLength(100);
    expect(bench.samples[0]).toMatchObject({ timeS: 1, currentA: 0.0003, flags: 0 });
    expect(bench.samples.at(-1)?.voltageV).toBeGreaterThanOrEqual(4.2);
  });

  test("a discharge ends at its voltage from above", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(
      bench.channel.start({
        kind: "constant-current",
        currentA: -0.003,
        untilVoltageV: 3,
        sampleIntervalS: 1,
        untilTimeS: 3600,
        limits,
      }),
    );
    await bench.pass(60);
    expect(bench.ends).toEqual(["voltage"]);
    expect(bench.samples.at(-1)?.currentA).toBe(-0.003);
    expect(bench.samples.at(-1)?.voltageV).toBeLessThanOrEqual(3);
  });

  test("a hold records the cell's own voltage and ends when the current has fallen", async () => {
    const bench = createBench({ cell: testCell(4.1, 6, 10) });
    await bench.settle(bench.channel.connect());
    await bench.settle(
      bench.channel.start({
        kind: "constant-voltage",
        voltageV: 4.2,
        untilCurrentA: 0.0005,
        sampleIntervalS: 1,
        untilTimeS: 3600,
        limits,
      }),
    );
    await bench.pass(400);
    expect(bench.ends).toEqual(["current"]);
    expect(bench.samples.at(-1)?.currentA).toBeLessThanOrEqual(0.0005);
    expect(bench.samples.at(-1)?.voltageV).toBeCloseTo(4.2, 3);
    expect(bench.cell.isConnected).toBe(false);
  });

  test("a rest of a minute and a half, sampled each minute, lasts as long as that", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ kind: "rest", sampleIntervalS: 60, untilTimeS: 90, limits }));
    await bench.pass(100);
    expect(bench.ends).toEqual(["time"]);
    expect(bench.samples.map(({ timeS }) => timeS)).toEqual([45, 90]);
    expect(bench.channel.samplesCounted?.()).toBe(2);
  });

  test("the count of an instrument's samples is that of the intervals it was given", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    // 21 intervals of 9.5714 s.
    await bench.settle(bench.channel.start({ kind: "rest", sampleIntervalS: 10, untilTimeS: 201, limits }));
    await bench.pass(210);
    expect(bench.samples).toHaveLength(21);
    expect(bench.channel.samplesCounted?.()).toBe(21);
  });

  test("a rest ends by time and reports no current", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ kind: "rest", sampleIntervalS: 10, untilTimeS: 100, limits }));
    await bench.pass(120);
    expect(bench.ends).toEqual(["time"]);
    expect(bench.samples).toHaveLength(10);
    expect(bench.samples[9]).toMatchObject({ timeS: 100, currentA: 0 });
    expect(bench.samples[9]?.voltageV).toBeCloseTo(3.7, 4);
  });

  test("a passed safety limit is reported as a limit, not as a cut-off", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(
      bench.channel.start({
        kind: "constant-current",
        currentA: 0.03,
        untilVoltageV: 4.25,
        sampleIntervalS: 1,
        untilTimeS: 3600,
        limits,
      }),
    );
    await bench.pass(30);
    expect(bench.ends).toEqual(["limit"]);
    expect(bench.twin.isCellOn).toBe(false);
  });

  test("abort ends a running step and can be repeated", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(
      bench.channel.start({
        kind: "constant-current",
        currentA: 0.0003,
        untilVoltageV: null,
        sampleIntervalS: 1,
        untilTimeS: 3600,
        limits,
      }),
    );
    await bench.pass(5.5);
    expect(bench.twin.isCellOn).toBe(true);
    await bench.settle(bench.channel.abort());
    expect(bench.ends).toEqual(["aborted"]);
    expect(bench.twin.isCellOn).toBe(false);
    await bench.settle(bench.channel.abort());
    expect(bench.ends).toEqual(["aborted"]);
    expect(bench.stepFaults).toEqual([]);
  });

  test("the open-circuit voltage is measured with the cell off", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    expect(await bench.settle(bench.channel.measureOpenCircuitV())).toBeCloseTo(3.7, 4);
    expect(bench.cell.isConnected).toBe(false);
  });
});
