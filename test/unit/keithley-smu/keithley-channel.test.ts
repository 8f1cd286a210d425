import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { createKeithleyBench } from "../../support/keithley-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const common = { sampleIntervalS: 1, untilTimeS: 600, limits };
const charge: ChannelStep = { kind: "constant-current", currentA: 0.001, untilVoltageV: 4.2, ...common };

describe("connecting", () => {
  test("names the unit and leaves its output off and open", async () => {
    const bench = createKeithleyBench();
    expect(await bench.settle(bench.channel.connect())).toEqual({
      model: "Keithley 2450",
      serialNumber: "01419952",
      firmware: "1.6.3d",
    });
    expect(bench.lines).toEqual([
      ...["*IDN?", "*LANG?", "OUTP:SMOD HIMP", "OUTP?", "OUTP OFF", "OUTP OFF", "OUTP?"],
      ...["*CLS", "*RST", "OUTP:SMOD HIMP", "SYST:ERR?"],
    ]);
    expect(bench.channel.capabilities).toMatchObject({ runsProgrammeAlone: false, buffersSamples: false });
  });

  test.each([
    ["another maker", { twin: { identity: "ACME,MODEL 2450,1,1" } }],
    ["another model", { twin: { identity: "KEITHLEY INSTRUMENTS,MODEL 6485,1,1" } }],
    ["another serial number", { channel: { expectedSerialNumber: "7" } }],
    ["another command set", { twin: { language: "TSP" } }],
  ])("refuses %s before it sends any setting", async (_, options) => {
    const bench = createKeithleyBench(options);
    expect((await bench.faultOf(bench.channel.connect())).code).toBe("device.wrong");
    expect(bench.lines.every((line) => line.startsWith("*") && line.endsWith("?"))).toBe(true);
  });

  test("takes no error of somebody before it for one of its own set-up", async () => {
    const bench = createKeithleyBench();
    const before = await bench.settle(bench.cable.openLink());
    for (let count = 0; count < 5; count += 1) before.write(Buffer.from("MEAS:NONSENSE\n"));
    await bench.pass(1);
    before.close();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
  });

  test("switches an output off that was left on", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    bench.channel.disconnect();
    await bench.pass(5);
    expect(bench.twin.isOutputOn).toBe(true);
    await bench.settle(bench.channel.connect());
    expect(bench.twin.isOutputOn).toBe(false);
    expect(bench.cell.isConnected).toBe(false);
  });
});

describe("running a step", () => {
  test("charges to the voltage, sampling on the step's own grid, and switches off", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(60);
    expect(bench.ends).toEqual(["voltage"]);
    expect(bench.twin.isOutputOn).toBe(false);
    expect(bench.samples.length).toBeGreaterThan(28);
    expect(bench.samples.length).toBeLessThan(32);
    expect(bench.samples[5]?.currentA).toBeCloseTo(0.001, 8);
    expect(bench.samples[5]?.timeS).toBeCloseTo(6.06, 1);
    expect(bench.samples.at(-1)?.voltageV).toBeCloseTo(4.2, 3);
  });

  test("discharges with a negative current and never below the end voltage", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, currentA: -0.001, untilVoltageV: 3.5 }));
    await bench.pass(40);
    expect(bench.samples[3]?.currentA).toBeCloseTo(-0.001, 8);
    expect(bench.ends).toEqual(["voltage"]);
    expect(Math.min(...bench.samples.map(({ voltageV }) => voltageV))).toBeGreaterThan(3.499);
  });

  test("holds at the current that led there, until the current has fallen", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(40);
    await bench.settle(
      bench.channel.start({ kind: "constant-voltage", voltageV: 4.2, untilCurrentA: 0.0002, ...common }),
    );
    expect(bench.lines).toContain("SOUR:VOLT:ILIM 0.001");
    await bench.pass(40);
    expect(bench.ends).toEqual(["voltage", "current"]);
  });

  test("holds within the smaller of the cell's limits, from the first instant and from far away", async () => {
    const tight: CellLimits = { ...limits, currentMinA: -0.0005 };
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, limits: tight, untilVoltageV: 3.72 }));
    await bench.pass(10);
    const hold: ChannelStep = { kind: "constant-voltage", voltageV: 3.72, untilCurrentA: null, ...common };
    await bench.settle(bench.channel.start({ ...hold, untilTimeS: 1, limits: tight }));
    expect(bench.lines.findLast((line) => line.startsWith("SOUR:VOLT:ILIM"))).toBe("SOUR:VOLT:ILIM 0.0005");
    await bench.pass(5);
    const before = bench.samples.length;
    await bench.settle(bench.channel.start({ ...hold, voltageV: 3, sampleIntervalS: 0.5, untilTimeS: 3 }));
    await bench.pass(10);
    for (const sample of bench.samples.slice(before)) expect(sample.currentA).toBeCloseTo(-0.01, 6);
  });

  test.each([-0.004, -0.001, 0.004])(
    "ends charge, hold and discharge with a source that is %f V off, as its data sheet allows",
    async (levelErrorV) => {
      const bench = createKeithleyBench({ twin: { levelErrorV } });
      await bench.settle(bench.channel.connect());
      await bench.settle(bench.channel.start(charge));
      await bench.pass(60);
      expect(bench.ends).toEqual(["voltage"]);
      // No sooner than its current falls.
      expect(bench.samples.at(-2)?.currentA).toBeCloseTo(0.001, 8);
      const hold: ChannelStep = { kind: "constant-voltage", voltageV: 4.2, untilCurrentA: 0.0002, ...common };
      await bench.settle(bench.channel.start(hold));
      await bench.pass(40);
      await bench.settle(bench.channel.start({ ...charge, currentA: -0.001, untilVoltageV: 3.5 }));
      await bench.pass(90);
      expect(bench.ends).toEqual(["voltage", "current", "voltage"]);
    },
  );

  test("goes on near its end voltage for as long as the current is the one asked for", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, currentA: 0.00001, untilTimeS: 60, untilVoltageV: 3.712 }));
    await bench.pass(70);
    expect(bench.ends).toEqual(["time"]);
  });

  test.each([
    ["charge", 0.001, 3.6, "voltage"],
    ["discharge", -0.001, 3.8, "voltage"],
  ])("a %s whose end the cell is past already drives nothing the other way", async (_, currentA, endV, end) => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, currentA, untilVoltageV: endV }));
    await bench.pass(5);
    expect(bench.ends).toEqual([end]);
    expect(bench.samples.map((sample) => sample.currentA)).toEqual([0]);
    expect(bench.cell.innerV).toBe(3.7);
    expect(bench.lines.some((line) => line.startsWith("SOUR:FUNC VOLT"))).toBe(false);
  });

  test("rests at no current, reading the voltage, until the time is over", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ kind: "rest", ...common, untilTimeS: 10.5 }));
    await bench.pass(15);
    expect(bench.ends).toEqual(["time"]);
    expect(bench.samples).toHaveLength(11);
    for (const sample of bench.samples) expect(sample).toMatchObject({ currentA: 0, flags: 0 });
    expect(bench.cell.innerV).toBeCloseTo(3.7, 6);
  });

  test("is no jump: the level begins at the cell's own voltage, and current stays within its limit", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    const on = bench.lines.lastIndexOf("OUTP ON");
    expect(bench.lines[bench.lines.slice(0, on).findLastIndex((line) => line.startsWith("SOUR:VOLT "))]).toBe(
      "SOUR:VOLT 3.7",
    );
    expect(bench.lines[on + 1]).toBe("SOUR:VOLT 4.2");
  });

  test("without a controller goes no further than its voltage and its current", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, untilVoltageV: null }));
    bench.cable.plug(false);
    await bench.pass(3600);
    bench.cell.read(bench.clock.nowMs());
    expect(bench.cell.voltageV).toBeLessThan(4.3001);
    expect(bench.twin.isOutputOn).toBe(true);
  });

  test("ends at the cell's limit when the step has no voltage of its own", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, untilVoltageV: null }));
    await bench.pass(60);
    expect(bench.ends).toEqual(["limit"]);
    expect(bench.cell.isConnected).toBe(false);
  });

  test("is refused where it would pass a limit of cell or unit", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    const refused: readonly ChannelStep[] = [
      { ...charge, currentA: 0.02 },
      { ...charge, currentA: -0.02, untilVoltageV: 3 },
      { ...charge, currentA: Number.NaN },
      { ...charge, untilVoltageV: 4.4 },
      { ...charge, sampleIntervalS: 0.01 },
      { ...charge, untilTimeS: Number.NaN },
      { ...charge, limits: { ...limits, voltageMaxV: 25 } },
      { ...charge, limits: { ...limits, currentMaxA: Number.NaN } },
    ];
    for (const step of refused) expect((await bench.faultOf(bench.channel.start(step))).code).toBe("protocol.invalid");
    expect(bench.twin.switchedOnCount).toBe(0);
  });

  test("can be aborted, and aborted again", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(5);
    await bench.settle(bench.channel.abort());
    await bench.settle(bench.channel.abort());
    expect(bench.ends).toEqual(["aborted"]);
    expect(bench.twin.isOutputOn).toBe(false);
  });
});

test("the open-circuit voltage is read without loading the cell", async () => {
  const bench = createKeithleyBench();
  await bench.settle(bench.channel.connect());
  expect(await bench.settle(bench.channel.measureOpenCircuitV())).toBeCloseTo(3.7, 5);
  expect(bench.cell.innerV).toBe(3.7);
  expect(bench.twin.isOutputOn).toBe(false);
});

test("an output that was on to read the open circuit, as the link went, drove no step", async () => {
  const bench = createKeithleyBench();
  await bench.settle(bench.channel.connect());
  const reading = expect(bench.channel.measureOpenCircuitV()).rejects.toThrow("closed");
  await bench.pass(0.01);
  expect(bench.twin.isOutputOn).toBe(true);
  bench.cable.cut("cut");
  await reading;
  await bench.settle(bench.channel.connect());
  expect(bench.twin.isOutputOn).toBe(false);
  expect(bench.channel.foundRunningAtMs).toBeNull();
});

describe("an answer that never comes", () => {
  test("to a start: the unit is read back on a fresh link, switched off, and the start not repeated", async () => {
    let lose = false;
    const bench = createKeithleyBench({
      alter(text) {
        if (!lose || text !== "1\n") return text;
        lose = false;
        return undefined;
      },
    });
    await bench.settle(bench.channel.connect());
    lose = true;
    const fault = await bench.faultOf(bench.channel.start(charge));
    expect(fault.code).toBe("device.unknown-outcome");
    expect(fault.detail["found"]).toBe("the output was on and was switched off");
    expect(bench.channel.foundRunningAtMs).toEqual(expect.any(Number));
    expect(bench.twin.isOutputOn).toBe(false);
    expect(bench.cable.counters.opens).toBe(2);
    // Once to read the open circuit, once for the step.
    expect(bench.twin.switchedOnCount).toBe(2);
    await bench.settle(bench.channel.start(charge));
  });

  test("while a step runs: the fault names it, and connecting switches the cell off", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(5);
    bench.twin.deafen(true);
    await bench.pass(5);
    expect(bench.stepFaults.map(({ code }) => code)).toEqual(["link.timeout"]);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
    expect(bench.twin.isOutputOn).toBe(true);
    bench.twin.deafen(false);
    await bench.settle(bench.channel.connect());
    expect(bench.twin.isOutputOn).toBe(false);
  });

  test("is not that of a unit that tells its output on still: its step is told as one that may be", async () => {
    let isStuck = false;
    const bench = createKeithleyBench({ alter: (text) => (isStuck && text === "0\n" ? "1\n" : text) });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, untilTimeS: 5 }));
    isStuck = true;
    await bench.pass(8);
    expect(bench.ends).toEqual([]);
    expect(bench.stepFaults.map(({ code }) => code)).toEqual(["cell.not-off"]);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
  });

  test("to an abort: it is not called off", async () => {
    const bench = createKeithleyBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    bench.twin.deafen(true);
    expect((await bench.faultOf(bench.channel.abort())).code).toBe("link.timeout");
    expect(bench.ends).toEqual([]);
  });
});

test("readings that overflow end the step after three, with the output off", async () => {
  let isOver = false;
  const bench = createKeithleyBench({ alter: (text) => (isOver ? text.replace(/,.*\d/, ",9.910000E+37") : text) });
  await bench.settle(bench.channel.connect());
  await bench.settle(bench.channel.start(charge));
  await bench.pass(3.5);
  isOver = true;
  await bench.pass(5);
  expect(bench.samples).toHaveLength(3);
  expect(bench.stepFaults.map(({ code }) => code)).toEqual(["channel.out-of-range"]);
  expect(bench.twin.isOutputOn).toBe(false);
});

test.each([
  ["reads nothing", (text: string) => text],
  ["shows what it would source", (text: string) => text.replace(/^9\.9.*,9\.9.*$/m, "4.200000E+00,0.000000E+00")],
])("an output that went off at its front in the middle of a step is told as that: a unit that %s", async (_, alter) => {
  const bench = createKeithleyBench({ alter });
  await bench.settle(bench.channel.connect());
  await bench.settle(bench.channel.start(charge));
  await bench.pass(3.5);
  bench.twin.press(false);
  await bench.pass(5);
  expect(bench.samples).toHaveLength(3);
  expect(bench.ends).toEqual([]);
  expect(bench.stepFaults.map(({ code }) => code)).toEqual(["channel.switched-off"]);
  await bench.settle(bench.channel.start(charge));
});

test("a unit that refuses a setting is not switched on", async () => {
  let isRefusing = false;
  const bench = createKeithleyBench({
    alter: (text) => (isRefusing ? text.replace('0,"No error;0;0 0"', '-222,"Parameter data out of range"') : text),
  });
  await bench.settle(bench.channel.connect());
  isRefusing = true;
  const fault = await bench.faultOf(bench.channel.start(charge));
  expect(fault.code).toBe("device.refused");
  expect(fault.message).toContain("-222");
  expect(bench.twin.isOutputOn).toBe(false);
});
