/** What is particular to a cycler behind registers: remote control, read-back, its own alarms, an idle socket. */
import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { faultOf } from "../../contract/contract-bench.ts";
import { createCyclerBench, smallPsbMap, type CyclerBench } from "../../support/cycler-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const common = { sampleIntervalS: 1, untilTimeS: 600, limits };
const charge = { kind: "constant-current", currentA: 0.001, untilVoltageV: 4.2, ...common } as const;

async function connected(...options: Parameters<typeof createCyclerBench>): Promise<CyclerBench> {
  const bench = createCyclerBench(...options);
  await bench.settle(bench.channel.connect());
  return bench;
}

/** Unit and PDU of the requests, without transaction numbers. */
function pdus(bench: CyclerBench): string[] {
  return bench.requests.splice(0).map((request) => request.slice(12));
}

describe("connecting", () => {
  test("identifies, learns the nominal values, takes remote control and leaves the output off", async () => {
    const bench = createCyclerBench();
    expect(await bench.settle(bench.channel.connect())).toEqual({
      model: "PSB 10010-0.1",
      serialNumber: "2840260001",
      firmware: "V3.02 10.03.2021",
    });
    expect(pdus(bench)).toEqual([
      "000300010014", // model
      "000300970014", // serial number
      "000300bf0014", // firmware
      "000300790002", // nominal voltage
      "0003007b0002", // nominal current
      "000301f90002", // is the output on?
      "00050192ff00", // remote control
      "000501950000", // output off
      "000301f90002", // it is
      "000601f6cccc", // source power
      "000601f2cccc", // sink power
    ]);
  });

  test("switches off what was on before it sets anything up, and leaves it off when that is refused", async () => {
    const { setup, ...rest } = smallPsbMap();
    const unknown = setup.map(({ point, value }) => ({ point: { ...point, address: 9000 }, value }));
    const bench = createCyclerBench({ channel: { map: { ...rest, setup: unknown } } });
    bench.twin.press(true);
    expect((await faultOf(bench, bench.channel.connect())).code).toBe("device.refused");
    expect(bench.twin.isOutputOn).toBe(false);
    expect(bench.channel.foundRunningAtMs).toEqual(expect.any(Number));
  });

  test.each([
    ["another model", { twin: { model: "EL 9080-170 B" } }],
    ["another serial number", { channel: { expectedSerialNumber: "1" } }],
  ])("refuses %s before it writes anything", async (_, options) => {
    const bench = createCyclerBench(options);
    expect((await faultOf(bench, bench.channel.connect())).code).toBe("device.wrong");
    expect(pdus(bench).every((pdu) => pdu.startsWith("0003"))).toBe(true);
  });

  test("refuses a firmware that the map does not know, and takes one that it does", async () => {
    const { identity, ...rest } = smallPsbMap();
    const mapWith = (...knownFirmware: string[]) => ({ ...rest, identity: { ...identity, knownFirmware } });
    const other = createCyclerBench({ channel: { map: mapWith("V2.", "V4.") } });
    const fault = await faultOf(other, other.channel.connect());
    expect(fault).toMatchObject({ code: "device.firmware", detail: { firmware: "V3.02 10.03.2021" } });
    expect(fault.message).toContain("what begins with V2. or V4.");
    expect(pdus(other).every((pdu) => pdu.startsWith("0003"))).toBe(true);
    const right = createCyclerBench({ channel: { map: mapWith("V2.", "V3.") } });
    expect(await right.settle(right.channel.connect())).toMatchObject({ firmware: "V3.02 10.03.2021" });
  });

  test("is refused while the front panel keeps control", async () => {
    const bench = createCyclerBench();
    bench.twin.setLocal(true);
    const fault = await faultOf(bench, bench.channel.connect());
    expect(fault).toMatchObject({ code: "device.refused", detail: { exceptionCode: 0x17 } });
  });

  test("speaks to unit 0 where the unit takes nothing else", async () => {
    const bench = createCyclerBench({ channel: { unitId: 1 } });
    expect((await faultOf(bench, bench.channel.connect())).code).toBe("device.wrong");
  });
});

describe("a step", () => {
  test("sets voltage and both currents, reads them back, and only then switches on", async () => {
    const bench = await connected();
    pdus(bench);
    await bench.settle(bench.channel.start(charge));
    expect(pdus(bench)).toEqual([
      "000301f90002",
      "000601f45602", // 4.2 of 10 V is 22019.8: rounded down to a step of the unit
      "000601f5020c", // 1 of 100 mA
      "000601f30000",
      "000301f40001",
      "000301f50001",
      "000301f30001",
      "00050195ff00",
      "000301f90002",
    ]);
  });

  test("rounds the end of a discharge up, so that no limit is passed", async () => {
    const bench = await connected();
    await bench.settle(bench.channel.start({ ...charge, currentA: -0.001, untilVoltageV: 2.5 }));
    // 2.5 of 10 V is 13107 exactly, which lies between two steps of the unit; 2.5003 would be 13108.6.
    expect(pdus(bench)).toContain("000601f43334");
    await bench.settle(bench.channel.abort());
    await bench.settle(bench.channel.start({ ...charge, currentA: -0.001, untilVoltageV: 2.5003 }));
    expect(pdus(bench)).toContain("000601f43336");
  });

  test.each([
    ["lowest", 2.5003, "000601f43336"],
    ["highest", 4.2, "000601f45602"],
  ])("holds at the cell's %s voltage without passing it", async (_, voltageV, pdu) => {
    const bench = await connected();
    const tight: CellLimits = { ...limits, voltageMinV: 2.5003, voltageMaxV: 4.2 };
    const hold: ChannelStep = { kind: "constant-voltage", voltageV, untilCurrentA: null, ...common, limits: tight };
    await bench.settle(bench.channel.start(hold));
    expect(pdus(bench)).toContain(pdu);
  });

  test("sets steps that the unit has, which reads them back as they were set", async () => {
    const bench = await connected({ twin: { keepsWholeSteps: true } });
    for (const currentA of [0.001, -0.001, 0.0011, 0.0012]) {
      const untilVoltageV = currentA > 0 ? 4.2 : 2.5;
      await bench.settle(bench.channel.start({ ...charge, currentA, untilVoltageV }));
      await bench.settle(bench.channel.abort());
    }
    expect(bench.heard.ends).toEqual(Array.from({ length: 4 }, () => "aborted"));
  });

  test("is not switched on when the unit does not keep what was set", async () => {
    const bench = await connected();
    bench.alter = (answer) => {
      const text = Buffer.from(answer).toString("hex");
      // The read-back of the charge current.
      return text.endsWith("000302020c") ? Buffer.from(text.replace(/020c$/, "020d"), "hex") : answer;
    };
    const fault = await faultOf(bench, bench.channel.start(charge));
    expect(fault.code).toBe("device.refused");
    expect(fault.message).toContain("the charge current");
    expect(bench.twin.switchedOnCount).toBe(0);
  });

  test("holds with each current within the cell's own limit on its side", async () => {
    const bench = await connected();
    pdus(bench);
    await bench.settle(
      bench.channel.start({
        kind: "constant-voltage",
        voltageV: 3.8,
        untilCurrentA: null,
        ...common,
        limits: { ...limits, currentMaxA: 0.005, currentMinA: -0.002 },
      }),
    );
    const sent = pdus(bench);
    expect(sent).toContain("000601f50a3c");
    expect(sent).toContain("000601f30418");
  });

  test("ends by a fault when the unit switches off by itself", async () => {
    const bench = await connected();
    await bench.settle(bench.channel.start(charge));
    await bench.pass(2.5);
    bench.twin.trip();
    await bench.pass(2);
    expect(bench.heard.stepFaults.map(({ code }) => code)).toEqual(["channel.switched-off"]);
    expect(bench.heard.ends).toEqual([]);
    await bench.settle(bench.channel.start(charge));
  });

  test("that the unit will not switch off at its end is told as one that may still be on", async () => {
    const bench = await connected();
    await bench.settle(bench.channel.start({ ...charge, untilTimeS: 5 }));
    bench.twin.setLocal(true);
    await bench.pass(6);
    expect(bench.heard.stepFaults.map(({ code }) => code)).toEqual(["cell.not-off"]);
    expect(bench.twin.isOutputOn).toBe(true);
  });

  test("of rest finds an output that somebody switched on, and switches it off", async () => {
    const bench = await connected();
    await bench.settle(bench.channel.start({ kind: "rest", ...common }));
    await bench.pass(2.5);
    bench.twin.press(true);
    await bench.pass(2);
    expect(bench.heard.stepFaults.map(({ code }) => code)).toEqual(["device.unknown-outcome"]);
    expect(bench.twin.isOutputOn).toBe(false);
  });

  test.each<[string, Partial<ChannelStep>]>([
    ["a current below what it tells apart", { currentA: 0.000005 }],
    ["a voltage beyond its range", { untilVoltageV: 12, limits: { ...limits, voltageMaxV: 13 } }],
    ["a current beyond its range", { currentA: 0.2, limits: { ...limits, currentMaxA: 1 } }],
  ])("is refused for %s", async (_, change) => {
    const bench = await connected();
    const step = { ...charge, ...change } as ChannelStep;
    expect((await faultOf(bench, bench.channel.start(step))).code).toBe("protocol.invalid");
    expect(bench.twin.switchedOnCount).toBe(0);
  });

  test("is refused when it ends at a current finer than the unit reads", async () => {
    const bench = await connected();
    const step: ChannelStep = { kind: "constant-voltage", voltageV: 3.8, untilCurrentA: 0.000001, ...common };
    expect((await faultOf(bench, bench.channel.start(step))).code).toBe("protocol.invalid");
  });
});

describe("an idle unit", () => {
  test("is asked often enough that it does not close the connection", async () => {
    const bench = await connected();
    await bench.pass(60);
    expect(bench.heard.faults).toEqual([]);
    expect(bench.cable.counters.opens).toBe(1);
    expect(pdus(bench).length).toBeLessThan(50);
  });

  test("closes it on a map that does not keep it, which is told", async () => {
    const bench = await connected({ channel: { map: { ...smallPsbMap(), keepAliveS: null } } });
    await bench.pass(10);
    expect(bench.heard.faults.map(({ code }) => code)).toEqual(["link.closed"]);
  });

  test("that somebody switched on at its front is switched off and told of", async () => {
    const bench = await connected();
    bench.twin.press(true);
    await bench.pass(3);
    expect(bench.twin.isOutputOn).toBe(false);
    expect(bench.heard.faults.map(({ code }) => code)).toEqual(["device.unknown-outcome"]);
    await bench.settle(bench.channel.start(charge));
  });

  test("leaves nothing behind when it is disconnected", async () => {
    const bench = await connected();
    bench.channel.disconnect();
    await bench.pass(10);
    expect(bench.clock.pending).toBe(0);
    expect((await faultOf(bench, bench.channel.measureOpenCircuitV())).code).toBe("link.closed");
  });
});

describe("an answer that never comes", () => {
  test("to switching off: the unit is connected anew, read, and left off", async () => {
    const bench = await connected();
    await bench.settle(bench.channel.start(charge));
    let isLost = false;
    bench.alter = (answer) => {
      if (isLost || !Buffer.from(answer).toString("hex").includes("05019500")) return answer;
      isLost = true;
      return undefined;
    };
    await bench.settle(bench.channel.abort());
    expect(bench.twin.isOutputOn).toBe(false);
    expect(bench.cable.counters.opens).toBe(2);
    expect(bench.heard.stepFaults).toHaveLength(1);
    await bench.settle(bench.channel.start(charge));
  });

  test("to a start that was never heard: nothing was on, and that is what is said", async () => {
    const bench = await connected();
    bench.alter = (answer) => {
      // After the last read-back the unit hears nothing for a while.
      if (Buffer.from(answer).toString("hex").endsWith("0003020000")) {
        bench.alter = (next) => next;
        bench.twin.server.deafen(true);
        bench.clock.at(bench.clock.nowMs() + 400, () => {
          bench.twin.server.deafen(false);
        });
      }
      return answer;
    };
    const fault = await faultOf(bench, bench.channel.start(charge));
    expect(fault).toMatchObject({ code: "device.unknown-outcome", detail: { found: "the output was off" } });
    expect(bench.twin.switchedOnCount).toBe(0);
  });
});
