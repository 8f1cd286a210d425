import { describe, expect, it } from "vitest";
import { createPicoammeter } from "../../../drivers/keithley-6485/picoammeter.ts";
import { expectFault } from "../../contract/contract-bench.ts";
import { createPicoammeterBench } from "./picoammeter-bench.ts";

describe("a Keithley 6485 as a sensor", () => {
  it("sets the unit up, asks whether it was taken, and that it measures at all", async () => {
    const bench = createPicoammeterBench({ rangeA: 2.1e-6, powerLineCycles: 2 });
    expect(await bench.settle(bench.sensor.connect())).toEqual({
      model: "Keithley 6485",
      serialNumber: "1234567",
      firmware: "B03 Sep 29 2010",
    });
    expect(bench.lines).toEqual([
      "*IDN?",
      "*RST",
      "SYST:ERR?",
      "SYST:ZCH OFF",
      "RANG 2.1E-6",
      "NPLC 2",
      "FORM:ELEM READ,UNIT,TIME,STAT",
      "SYST:ERR?",
      "SYST:ZCH?",
      "RANG?",
    ]);
    expect(bench.twin.rangeA).toBe(2.1e-6);
  });

  it("takes its own offset away when told to", async () => {
    const bench = createPicoammeterBench({ offsetA: 3e-10, zeroCorrect: true, rangeA: 2.1e-8 });
    bench.currentA = 1e-8;
    await bench.settle(bench.sensor.connect());
    await bench.pass(2);
    expect(bench.sensor.fresh()?.value).toBeCloseTo(1e-8, 12);
    const offset = createPicoammeterBench({ offsetA: 3e-10, rangeA: 2.1e-8 });
    offset.currentA = 1e-8;
    await offset.settle(offset.sensor.connect());
    await offset.pass(2);
    expect(offset.sensor.fresh()?.value).toBeCloseTo(1.03e-8, 12);
  });

  it("refuses a unit that measures nothing because zero check stays on", async () => {
    const bench = createPicoammeterBench();
    bench.twin.faults.zeroCheckSticks = true;
    await expectFault(bench, bench.sensor.connect(), "device.refused");
    expect(bench.cable.counters.closes).toBe(1);
  });

  it("refuses another serial number before it sets anything", async () => {
    const bench = createPicoammeterBench({ expectedSerialNumber: "7654321" });
    await expectFault(bench, bench.sensor.connect(), "device.wrong");
    expect(bench.lines).toEqual(["*IDN?"]);
  });

  it("calls an overflow no value, once in a while", async () => {
    const bench = createPicoammeterBench({ rangeA: 2.1e-9 });
    bench.currentA = 1e-6;
    await bench.settle(bench.sensor.connect());
    await bench.pass(12);
    expect(bench.sensor.fresh()).toBeUndefined();
    expect(bench.faults.map(({ code }) => code)).toEqual(new Array(3).fill("sensor.unreadable"));
  });

  it.each([
    ["no unit of the kind can measure", {}, "E+02A"],
    ["its range cannot show", { rangeA: 2.1e-6 }, "E-03A"],
  ])("calls a current that %s no value", async (_, options, bent) => {
    let isBent = false;
    const bench = createPicoammeterBench({
      ...options,
      alter: (said) => (isBent ? said.replace("E-06A", bent) : said),
    });
    const values: number[] = [];
    bench.sensor.onReading(({ value }) => values.push(value));
    await bench.settle(bench.sensor.connect());
    await bench.pass(2.5);
    isBent = true;
    await bench.pass(1);
    expect(bench.sensor.fresh()).toBeUndefined();
    expect(bench.faults.map(({ code }) => code)).toEqual(["sensor.unreadable"]);
    isBent = false;
    await bench.pass(1);
    expect(bench.sensor.fresh()?.value).toBeCloseTo(1e-6, 9);
    expect(Math.max(...values)).toBeLessThan(1.1e-6);
  });

  it("does not believe a unit that was switched off and on, which measures nothing, until it is set up anew", async () => {
    const bench = createPicoammeterBench({ rangeA: 2.1e-6, onForS: 50 });
    const values: number[] = [];
    bench.sensor.onReading(({ value }) => values.push(value));
    await bench.settle(bench.sensor.connect());
    await bench.pass(2.5);
    bench.twin.powerCycle();
    await bench.pass(3);
    expect(bench.sensor.fresh()).toBeUndefined();
    expect(bench.faults.map(({ code }) => code)).toEqual(["sensor.unreadable", "link.closed"]);
    expect(bench.faults[0]?.message).toContain("switched off and on");
    expect(bench.cable.counters.closes).toBe(1);
    await bench.settle(bench.sensor.connect());
    await bench.pass(2);
    expect(bench.twin.rangeA).toBe(2.1e-6);
    expect(bench.faults).toHaveLength(2);
    for (const value of values) expect(value).toBeCloseTo(1e-6, 9);
  });

  it("goes on when the unit's time comes round, unless it measures nothing then", async () => {
    const bench = createPicoammeterBench({ onForS: 99_996 });
    const values: number[] = [];
    bench.sensor.onReading(({ value }) => values.push(value));
    await bench.settle(bench.sensor.connect());
    await bench.pass(10.5);
    expect(bench.faults).toEqual([]);
    expect(values).toHaveLength(10);
    const off = createPicoammeterBench({ onForS: 99_990 });
    await off.settle(off.sensor.connect());
    await off.pass(2.5);
    off.twin.powerCycle();
    await off.pass(2);
    expect(off.faults.map(({ code }) => code)).toEqual(["sensor.unreadable", "link.closed"]);
  });

  it("reads on its own grid, however long an answer takes", async () => {
    const bench = createPicoammeterBench({ intervalS: 0.5, powerLineCycles: 5 });
    const times: number[] = [];
    bench.sensor.onReading(({ arrivedAtMs }) => times.push(arrivedAtMs));
    await bench.settle(bench.sensor.connect());
    await bench.pass(10.2);
    expect(times).toHaveLength(20);
    for (const [index, time] of times.entries()) {
      expect(time - (times[0] ?? 0)).toBeCloseTo(index * 500, 3);
    }
  });

  it("names a reading that is lost, lets the link go, and takes no late answer for the next", async () => {
    const bench = createPicoammeterBench();
    await bench.settle(bench.sensor.connect());
    await bench.pass(1.5);
    bench.twin.faults.isSilent = true;
    await bench.pass(4);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.timeout", "link.closed"]);
    expect(bench.sensor.fresh()).toBeUndefined();
    bench.twin.faults.isSilent = false;
    await bench.pass(5);
    expect(bench.sensor.fresh()).toBeUndefined();
    await bench.settle(bench.sensor.connect());
    await bench.pass(2);
    expect(bench.sensor.fresh()?.value).toBeCloseTo(1e-6, 9);
  });

  it.each([
    { maximumAgeS: 0 },
    { maximumAgeS: NaN },
    { intervalS: 6 },
    { intervalS: 0 },
    { powerLineCycles: 50 },
    { perAmpere: 0 },
    { rangeA: 1e-6 },
  ])("refuses a site that asks for %o", (wrong) => {
    const bench = createPicoammeterBench();
    const options = { name: "diode", quantity: "flux", unit: "A", maximumAgeS: 5, openLink: bench.cable.openLink };
    expect(() => createPicoammeter({ ...options, clock: bench.clock, ...wrong })).toThrow(/sensor diode/);
  });

  it("leaves no timer behind", async () => {
    const bench = createPicoammeterBench();
    await bench.settle(bench.sensor.connect());
    await bench.pass(3.5);
    bench.sensor.disconnect();
    await bench.pass(1);
    expect(bench.clock.pending).toBe(0);
  });
});
