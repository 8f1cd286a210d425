import { describe, expect, it } from "vitest";
import { expectFault } from "../../contract/contract-bench.ts";
import { createDg645Bench } from "./dg645-bench.ts";

const GATE = { delayS: 1e-3, widthS: 0.1, count: 1, periodS: 0 };
const isSetting = (line: string): boolean => line !== "" && !line.includes("?");

describe("a DG645 as a trigger", () => {
  it("is at rest once connected: told first, and read back then", async () => {
    const bench = createDg645Bench();
    expect(await bench.settle(bench.trigger.connect())).toEqual({
      model: "SRS DG645",
      serialNumber: "001013",
      firmware: "1.00.10B",
    });
    expect(bench.lines).toEqual([
      "",
      "*IDN?",
      ...["BURM0", "DLAY 3,2,0", "DLAY 2,0,0", "TSRC5", "ADVT0"],
      "LERR?",
      ...["BURM?", "DLAY?3", "DLAY?2", "TSRC?", "ADVT?"],
    ]);
  });

  it("refuses to believe that it is at rest where it does not read back so", async () => {
    const bench = createDg645Bench();
    bench.hears = (line) => line.replace("TSRC5", "TSRC0");
    const fault = await expectFault(bench, bench.trigger.connect(), "device.refused");
    expect(fault.message).toContain("does not keep `TSRC5`");
  });

  it("says when it connected that it was told to come to rest and not heard since", async () => {
    const bench = createDg645Bench();
    bench.say("BURM1");
    bench.answers = (text) => text.startsWith("Stanford");
    const fault = await expectFault(bench, bench.trigger.connect(), "link.timeout");
    expect(fault.message).toContain("were told to come to rest, and that was not confirmed");
    expect(bench.lines).toContain("BURM0");
  });

  it("sends no *TRG behind an abort: the settings were still being read back", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
    bench.lines.length = 0;
    const firing = bench.trigger.fire();
    firing.catch(() => undefined);
    await bench.pass(0.0001);
    await bench.settle(bench.trigger.abort());
    await expectFault(bench, firing, "trigger.aborted");
    await bench.pass(1);
    expect(bench.lines).toContain("BURM0");
    expect(bench.lines).not.toContain("*TRG");
  });

  it("leaves the rest of an arming behind an abort", async () => {
    const bench = createDg645Bench({ amplitudeV: 0.8 });
    await bench.settle(bench.trigger.connect());
    bench.lines.length = 0;
    const arming = bench.trigger.arm(GATE);
    arming.catch(() => undefined);
    while (!bench.lines.includes("DLAY 2,0,1e-3")) await bench.pass(0.0001);
    await bench.settle(bench.trigger.abort());
    await expectFault(bench, arming, "trigger.aborted");
    expect(bench.lines.filter((line) => line.startsWith("DLAY 3,2,0.1") || line.startsWith("LAMP 1,"))).toEqual([]);
  });

  it("tells an abort on the link that was opened to read back, where that came between", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm({ ...GATE, widthS: 60 }));
    const firing = bench.trigger.fire();
    firing.catch(() => undefined);
    while (bench.twin.firedCount === 0) await bench.pass(0.0001);
    bench.cable.plug(false);
    await bench.pass(0.05);
    const halting = bench.trigger.abort();
    halting.catch(() => undefined);
    bench.cable.plug(true);
    const { finished } = await bench.settle(firing);
    await bench.settle(halting);
    await expectFault(bench, finished, "trigger.aborted");
    expect(bench.gates).toHaveLength(1);
    expect(bench.gates[0]?.toS).not.toBeNull();
  });

  it("reads and changes nothing when it is told to leave what runs", async () => {
    const bench = createDg645Bench({ whatRuns: "leave" });
    await bench.settle(bench.trigger.connect());
    expect(bench.lines.filter(isSetting)).toEqual([]);
  });

  it("sets only what differs, with the voltages of its output", async () => {
    const bench = createDg645Bench({ output: "AB", amplitudeV: 0.8, offsetV: -0.8, isPositive: false });
    await bench.settle(bench.trigger.connect());
    bench.lines.length = 0;
    await bench.settle(bench.trigger.arm(GATE));
    expect(bench.lines.filter(isSetting)).toEqual([
      "DLAY 2,0,1e-3",
      "DLAY 3,2,0.1",
      "LAMP 1,0.80",
      "LOFF 1,-0.80",
      "LPOL 1,0",
    ]);
    bench.lines.length = 0;
    await bench.settle(bench.trigger.arm(GATE));
    expect(bench.lines.filter(isSetting)).toEqual([]);
  });

  it("refuses another serial number", async () => {
    const bench = createDg645Bench({ expectedSerialNumber: "004711" });
    await expectFault(bench, bench.trigger.connect(), "device.wrong");
    expect(bench.lines.filter(isSetting)).toEqual([]);
  });

  it("hears through what an earlier connection left on the line", async () => {
    const bench = createDg645Bench();
    const connecting = bench.trigger.connect();
    while (bench.lines.length < 2) await bench.pass(0.0002);
    bench.cable.end.send(Buffer.from("0,+0.100000000000\r\n"));
    expect(await bench.settle(connecting)).toMatchObject({ model: "SRS DG645" });
    await bench.settle(bench.trigger.arm(GATE));
  });

  it("names the command that was turned down, and why", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    bench.hears = (line) => line.replace("DLAY 3,2,0.1", "DLAY 3,2,3000");
    const fault = await expectFault(bench, bench.trigger.arm(GATE), "device.refused");
    expect(fault.message).toContain("illegal delay");
    expect(fault.detail).toEqual({ command: "DLAY 3,2,0.1", code: 12 });
  });

  it("refuses to believe a setting that does not read back", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    bench.hears = (line) => line.replace("DLAY 3,2,0.1", "DLAY 3,2,0.11");
    await expectFault(bench, bench.trigger.arm(GATE), "device.refused");
    await expectFault(bench, bench.trigger.fire(), "device.refused");
    expect(bench.gates).toEqual([]);
  });

  it.each([
    ["by itself", ["DLAY 7,0,30"], GATE, 30],
    ["counted from another edge", ["DLAY 8,0,20", "DLAY 9,8,11"], GATE, 20],
    ["only beyond the period of a train", ["DLAY 4,0,0.4"], { ...GATE, count: 3, periodS: 0.3 }, 0.4],
  ])("names an edge that another user left far out: no cycle is over before it, %s", async (_, left, train, afterS) => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    for (const line of left) bench.say(line);
    const fault = await expectFault(bench, bench.trigger.arm(train), "device.refused");
    expect(fault.message).toContain(`comes ${afterS} s after each trigger`);
    for (const line of left) bench.say(line.replace(/[\d.]+$/, "0.01"));
    await bench.settle(bench.trigger.arm(train));
    const { finished } = await bench.settle(bench.trigger.fire());
    expect(await bench.settle(finished)).toEqual({ gateCount: train.count });
  });

  it("says when the inhibit input held the gates back", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    bench.twin.faults.isInhibited = true;
    await bench.settle(bench.trigger.arm(GATE));
    const { finished } = await bench.settle(bench.trigger.fire());
    const fault = await expectFault(bench, finished, "device.refused");
    expect(fault.message).toContain("inhibit");
    expect(bench.gates).toEqual([]);
  });

  it("does not guess when the answer that held its events is lost", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
    const { finished } = await bench.settle(bench.trigger.fire());
    bench.answers = () => {
      bench.answers = () => true;
      return false;
    };
    await expectFault(bench, finished, "device.unknown-outcome");
    expect(bench.twin.firedCount).toBe(1);
    await bench.settle(bench.trigger.arm(GATE));
  });

  it("reads back as soon as the port can be opened again", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
    const firing = bench.trigger.fire();
    firing.catch(() => undefined);
    while (bench.twin.firedCount === 0) await bench.pass(0.0001);
    bench.cable.plug(false);
    await bench.pass(0.25);
    bench.cable.plug(true);
    const { finished } = await bench.settle(firing);
    expect(await bench.settle(finished)).toEqual({ gateCount: 1 });
    expect(bench.cable.counters.refusals).toBe(2);
    expect(bench.twin.firedCount).toBe(1);
  });

  it("opens nothing again once it was disconnected, not even to read back", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
    const firing = bench.trigger.fire();
    firing.catch(() => undefined);
    while (bench.twin.firedCount === 0) await bench.pass(0.0005);
    bench.trigger.disconnect();
    await expectFault(bench, firing, "device.unknown-outcome");
    expect(bench.cable.counters.opens).toBe(1);
  });

  it("leaves no timer behind", async () => {
    const bench = createDg645Bench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm({ ...GATE, widthS: 500 }));
    await bench.settle(bench.trigger.fire());
    await bench.settle(bench.trigger.abort());
    await bench.pass(1);
    expect(bench.clock.pending).toBe(0);
  });
});
