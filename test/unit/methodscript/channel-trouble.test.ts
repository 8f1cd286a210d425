import { describe, expect, test } from "vitest";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createBench, testCell, type Bench } from "../../support/methodscript-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 };
const charge: ChannelStep = {
  kind: "constant-current",
  currentA: 0.0003,
  untilVoltageV: 4.2,
  sampleIntervalS: 1,
  untilTimeS: 3600,
  limits,
};
const hold: ChannelStep = {
  kind: "constant-voltage",
  voltageV: 4.2,
  untilCurrentA: null,
  sampleIntervalS: 1,
  untilTimeS: 10,
  limits,
};

async function faultOf(bench: Bench, work: Promise<unknown>): Promise<Fault> {
  try {
    await bench.settle(work);
  } catch (error) {
    return error as Fault;
  }
  throw new Error("nothing was refused");
}

/** An instrument's end whose sent lines pass through `alter`: undefined loses the line. */
function altered(alter: (line: string) => string | undefined): (end: DeviceEnd) => DeviceEnd {
  return (end) => ({
    ...end,
    send(chunk) {
      const line = alter(Buffer.from(chunk).toString("latin1"));
      if (line !== undefined) end.send(Buffer.from(line, "latin1"));
    },
  });
}

describe("connecting", () => {
  test("a script that still runs is ended before the instrument is identified", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(10);
    bench.channel.disconnect();
    await bench.pass(10);
    expect(bench.twin.isRunning).toBe(true);
    expect(bench.cell.isConnected).toBe(true);
    await bench.settle(bench.channel.connect());
    expect(bench.twin.isRunning).toBe(false);
    expect(bench.cell.isConnected).toBe(false);
  });

  test("a half-sent script is closed before anything else is said", async () => {
    const bench = createBench();
    const link = await bench.settle(bench.cable.openLink());
    link.write(Buffer.from("e\nset_pgstat_mode 3\nset_e 4200m\ncell_o"));
    await bench.pass(1);
    link.close();
    await bench.pass(1);
    await bench.settle(bench.channel.connect());
    expect(bench.twin.isCellOn).toBe(false);
    await bench.settle(bench.channel.start(charge));
    await bench.pass(3.5);
    expect(bench.samples).toHaveLength(3);
  });

  test("a cell left on by a failed script is switched off", async () => {
    const bench = createBench();
    const link = await bench.settle(bench.cable.openLink());
    link.write(Buffer.from("e\nvar a\nset_pgstat_mode 3\nset_e 4200m\ncell_on\ndiv_var a 0i\n\n"));
    await bench.pass(1);
    link.close();
    await bench.pass(1);
    expect(bench.twin.isCellOn).toBe(true);
    await bench.settle(bench.channel.connect());
    expect(bench.twin.isCellOn).toBe(false);
  });

  test.each([
    ["es4_lr", "device.wrong"],
    ["espico", "device.wrong"],
  ] as const)("a %s is refused by its capability and stays untouched", async (model, code) => {
    const bench = createBench({ twin: { model } });
    expect(await faultOf(bench, bench.channel.connect())).toMatchObject({ code });
    expect(await faultOf(bench, bench.channel.start(charge))).toMatchObject({ code: "link.closed" });
  });

  test("another serial number is another device", async () => {
    const bench = createBench({ channel: { expectedSerialNumber: "ES4HR20B0009" } });
    expect(await faultOf(bench, bench.channel.connect())).toMatchObject({
      code: "device.wrong",
      message: "serial number ES4HR20B0008 answers, ES4HR20B0009 was expected",
    });
  });

  test("a silent port is given up within its deadline", async () => {
    const bench = createBench();
    bench.cable.hang(true);
    expect(await faultOf(bench, bench.channel.connect())).toMatchObject({ code: "link.timeout" });
    expect(bench.clock.nowMs()).toBeLessThan(10_000);
    bench.cable.hang(false);
    await bench.settle(bench.channel.connect());
  });

  test("an unplugged port is named as such", async () => {
    const bench = createBench();
    bench.cable.plug(false);
    expect(await faultOf(bench, bench.channel.connect())).toMatchObject({ code: "link.open-failed" });
  });

  test("a Nexus and a MultiEmStat4 are accepted and run a step", async () => {
    for (const model of ["nexus1", "mes4hr"] as const) {
      const bench = createBench({ twin: { model } });
      await bench.settle(bench.channel.connect());
      await bench.settle(bench.channel.start(charge));
      await bench.pass(200);
      expect(bench.ends).toEqual(["voltage"]);
    }
  });
});

describe("starting", () => {
  test("a second start is refused while a step runs, and the step goes on", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    expect(await faultOf(bench, bench.channel.start(charge))).toMatchObject({ code: "device.refused" });
    expect(await faultOf(bench, bench.channel.measureOpenCircuitV())).toMatchObject({ code: "device.refused" });
    await bench.pass(5);
    expect(bench.samples.length).toBeGreaterThanOrEqual(4);
    expect(bench.ends).toEqual([]);
  });

  test("a step outside the limits never reaches the wire", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    const before = bench.cable.counters.bytesToDevice;
    expect(await faultOf(bench, bench.channel.start({ ...charge, untilVoltageV: 4.4 }))).toMatchObject({
      code: "protocol.invalid",
    });
    expect(bench.cable.counters.bytesToDevice).toBe(before);
  });

  test("a refused load applies nothing and tells number, line and column", async () => {
    const bench = createBench({ twin: { scriptBytesMax: 200 } });
    await bench.settle(bench.channel.connect());
    const fault = await faultOf(bench, bench.channel.start(charge));
    expect(fault).toMatchObject({ code: "device.refused", detail: { error: "4005" } });
    expect(fault.message).toContain("script too large");
    expect(bench.cell.isConnected).toBe(false);
    await bench.settle(bench.channel.measureOpenCircuitV());
  });

  test("firmware without add_meas is given the script without it", async () => {
    const bench = createBench({ twin: { supportsAddMeas: false }, cell: testCell(4.1, 6, 10) });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(hold));
    await bench.pass(20);
    expect(bench.ends).toEqual(["time"]);
    expect(bench.samples).toHaveLength(10);
    expect(bench.samples[3]?.voltageV).toBe(4.2);
  });

  test("a lost answer to the start is read back before it is reported, and the cell is off", async () => {
    const bench = createBench({ wrapEnd: altered((line) => (line === "r\n" ? undefined : line)) });
    await bench.settle(bench.channel.connect());
    const fault = await faultOf(bench, bench.channel.start(charge));
    expect(fault).toMatchObject({ code: "device.unknown-outcome", detail: { found: "it ran and was stopped" } });
    expect(bench.twin.isRunning).toBe(false);
    expect(bench.cell.isConnected).toBe(false);
    expect(bench.ends).toEqual([]);
  });

  test("a lost answer to the load is a timeout; nothing ran and the channel stays usable", async () => {
    let isLossy = false;
    const bench = createBench({ wrapEnd: altered((line) => (isLossy && line === "l" ? undefined : line)) });
    await bench.settle(bench.channel.connect());
    isLossy = true;
    expect(await faultOf(bench, bench.channel.start(charge))).toMatchObject({ code: "link.timeout" });
    isLossy = false;
    expect(bench.cell.isConnected).toBe(false);
    await bench.settle(bench.channel.start(charge));
    await bench.pass(2.5);
    expect(bench.samples).toHaveLength(2);
  });

  test("a lost open-circuit reading is a timeout; the next one comes", async () => {
    let isLossy = false;
    const bench = createBench({ wrapEnd: altered((line) => (isLossy && line.startsWith("T") ? undefined : line)) });
    await bench.settle(bench.channel.connect());
    isLossy = true;
    const lost = bench.channel.measureOpenCircuitV().catch((error: unknown) => error);
    await bench.pass(1.1);
    isLossy = false;
    expect(await bench.settle(lost)).toMatchObject({ code: "link.timeout" });
    expect(await bench.settle(bench.channel.measureOpenCircuitV())).toBeCloseTo(3.7, 4);
  });

  test("an abort between load and run keeps the step from running", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    const start = bench.channel.start(charge);
    const abort = bench.channel.abort();
    expect(await faultOf(bench, start)).toMatchObject({ code: "device.refused" });
    await bench.settle(abort);
    expect(bench.samples).toEqual([]);
    expect(bench.twin.isCellOn).toBe(false);
  });
});

describe("a running step", () => {
  test("a run-time error is reported with its number after the cell was switched off", async () => {
    const bench = createBench({
      wrapEnd: (end) => {
        let count = 0;
        return {
          ...end,
          send(chunk) {
            if (chunk[0] === 0x50) count += 1;
            end.send(count === 3 && chunk[0] === 0x50 ? Buffer.from("!0032: Line 16\n") : chunk);
          },
        };
      },
    });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(30);
    expect(bench.stepFaults).toMatchObject([
      { code: "channel.script-error", detail: { error: "0032", line: 16, cellOff: true } },
    ]);
    expect(bench.ends).toEqual([]);
    expect(bench.cell.isConnected).toBe(false);
    expect(bench.samples).toHaveLength(2);
  });

  test("silence is noticed after three intervals, and the instrument is read back by an abort", async () => {
    const bench = createBench({ channel: { silenceMarginMs: 500 } });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(5.5);
    bench.cable.hang(true);
    const hungMs = bench.clock.nowMs();
    await bench.pass(2.5);
    expect(bench.stepFaults).toEqual([]);
    await bench.pass(2.5);
    expect(bench.stepFaults).toMatchObject([{ code: "channel.silent", detail: { sampleCount: 5 } }]);
    expect(bench.clock.nowMs() - hungMs).toBeLessThanOrEqual(5000);
    bench.cable.hang(false);
    await bench.pass(3);
    expect(bench.samples).toHaveLength(5);
    expect(await faultOf(bench, bench.channel.start(charge))).toMatchObject({ code: "device.unknown-outcome" });
    await bench.settle(bench.channel.abort());
    expect(bench.twin.isCellOn).toBe(false);
    await bench.settle(bench.channel.start(charge));
  });

  test("an abort of a hung instrument fails in bounded time and names the channel", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(2.5);
    bench.cable.hang(true);
    const beganMs = bench.clock.nowMs();
    expect(await faultOf(bench, bench.channel.abort())).toMatchObject({ code: "link.timeout", where: "channel B7" });
    expect(bench.clock.nowMs() - beganMs).toBeLessThan(6000);
  });

  test("a closed link is reported to the step and to the instrument's watcher", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(2.5);
    bench.cable.cut("cable pulled");
    await bench.pass(1);
    expect(bench.stepFaults).toMatchObject([{ code: "link.closed" }]);
    expect(bench.faults).toMatchObject([{ code: "link.closed" }]);
    expect(bench.twin.isRunning).toBe(true);
    expect(await faultOf(bench, bench.channel.abort())).toMatchObject({ code: "link.closed" });
  });

  test("garbled packages are no samples and are announced once", async () => {
    let count = 0;
    const bench = createBench({
      wrapEnd: altered((line) => {
        if (!line.startsWith("P")) return line;
        count += 1;
        return count === 2 ? line.replace("ab", "#b") : count === 3 ? "Peb8989680u;ab     nan\n" : line;
      }),
    });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(6.5);
    expect(bench.samples.map((sample) => sample.timeS)).toEqual([1, 4, 5, 6]);
    expect(bench.faults).toMatchObject([{ code: "link.garbled" }]);
  });

  test("a script that ends without its word on the cell is not believed", async () => {
    const bench = createBench({ wrapEnd: altered((line) => (line === "Tcell off\n" && !waived ? undefined : line)) });
    let waived = true;
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, untilTimeS: 3 }));
    waived = false;
    await bench.pass(3.1);
    waived = true;
    await bench.pass(5);
    expect(bench.ends).toEqual([]);
    expect(bench.stepFaults).toMatchObject([{ code: "device.unknown-outcome", detail: { cellOff: true } }]);
  });

  test("an instrument that lost power does not pass for a finished step", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(2.5);
    bench.twin.powerCycle();
    await bench.pass(10);
    expect(bench.stepFaults).toMatchObject([{ code: "channel.silent" }]);
    await bench.settle(bench.channel.abort());
    expect(bench.ends).toEqual([]);
  });

  test("data from a script that nobody started are announced, and nothing starts before a read-back", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    bench.cable.end.send(Buffer.from("Peb8989680u;ab8387520u\n"));
    await bench.pass(1);
    expect(bench.faults).toMatchObject([{ code: "device.unknown-outcome" }]);
    expect(await faultOf(bench, bench.channel.start(charge))).toMatchObject({ code: "device.unknown-outcome" });
  });

  test("an overload flag reaches the listener with its sample", async () => {
    const bench = createBench({ wrapEnd: altered((line) => line.replace(/(ab.{8})/, "$1,12,206")) });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    await bench.pass(1.5);
    expect(bench.samples).toMatchObject([{ flags: 2, currentA: 0.0003 }]);
  });

  test("the samples come one timer for a hundred, not one each", async () => {
    const bench = createBench({ cell: testCell(3, 1e6, 10) });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...charge, sampleIntervalS: 0.1 }));
    const before = bench.clock.drainCount;
    await bench.pass(1000);
    expect(bench.samples.length).toBeGreaterThan(9990);
    expect(bench.clock.drainCount - before).toBeLessThan(1100);
  });
});
