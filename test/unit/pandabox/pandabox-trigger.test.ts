import { describe, expect, it } from "vitest";
import { createPandaboxTrigger } from "../../../drivers/pandabox/pandabox-trigger.ts";
import { expectFault } from "../../contract/contract-bench.ts";
import { createPandaboxBench } from "./pandabox-bench.ts";

/** Told before anything is asked. */
const REST = ["BITS.A=0", "SEQ1.ENABLE=ZERO"];
const GATE = { delayS: 0.01, widthS: 0.1, count: 1, periodS: 0 };

describe("a PandABox as a trigger", () => {
  it("says which server and which logic it runs", async () => {
    const bench = createPandaboxBench();
    expect(await bench.settle(bench.trigger.connect())).toEqual({
      model: "PandABox",
      serialNumber: null,
      firmware: "3.0-11-g6422090, FPGA 3.0.0C4 86e5f0a2 07d202f8",
    });
    expect(bench.lines).toEqual(["*IDN?", ...REST, "BITS.A?", "SEQ1.ENABLE?"]);
  });

  it("refuses a server that is not known", async () => {
    const bench = createPandaboxBench({ identity: "PandA SW: 7.0 FPGA: 1 2 3 rootfs: x" });
    const fault = await expectFault(bench, bench.trigger.connect(), "device.firmware");
    expect(fault.message).toContain("7.0");
  });

  it("takes the soft bit away when it connects, and leaves it when told to", async () => {
    const bench = createPandaboxBench();
    bench.say("BITS.A=1");
    await bench.pass(0.01);
    await bench.settle(bench.trigger.connect());
    expect(bench.lines).toContain("BITS.A=0");
    const reader = createPandaboxBench({ whatRuns: "leave" });
    reader.say("BITS.A=1");
    await reader.pass(0.01);
    await reader.settle(reader.trigger.connect());
    expect(reader.lines).toEqual(["*IDN?"]);
  });

  it("wires sequencer, counter and output, and writes the gate as a row of ticks", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    bench.lines.length = 0;
    await bench.settle(bench.trigger.arm(GATE));
    const sent = bench.lines.filter((line) => !line.endsWith("?"));
    expect(sent).toEqual([
      ...REST,
      "TTLOUT1.VAL=SEQ1.OUTA",
      "SEQ1.REPEATS=1",
      "COUNTER1.TRIG=SEQ1.OUTA",
      "COUNTER1.STEP=1",
      "SEQ1.PRESCALE.RAW=1",
      "SEQ1.TABLE<",
      "67108865 0 1250000 12500000",
      "COUNTER1.ENABLE=ZERO",
      "COUNTER1.ENABLE=ONE",
      "SEQ1.ENABLE=BITS.OUTA",
    ]);
  });

  it("slows the sequencer's clock for times that need it, and says what it gives", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    const confirmed = await bench.settle(bench.trigger.arm({ delayS: 0, widthS: 100, count: 2, periodS: 250 }));
    expect(bench.lines).toContain("SEQ1.PRESCALE.RAW=5");
    expect(confirmed.widthS).toBeCloseTo(100, 6);
    expect(confirmed.periodS).toBeCloseTo(250, 6);
    const { finished } = await bench.settle(bench.trigger.fire());
    expect(await bench.settle(finished)).toEqual({ gateCount: 2 });
    expect((bench.gates[1]?.fromS ?? 0) - (bench.gates[0]?.fromS ?? 0)).toBeCloseTo(250, 5);
    const fine = { delayS: 40_000, widthS: 1e-8, count: 1, periodS: 0 };
    await expectFault(bench, bench.trigger.arm(fine), "device.refused");
  });

  it("refuses to believe that it is at rest where it does not read back so", async () => {
    const bench = createPandaboxBench();
    bench.say("BITS.A=1");
    await bench.pass(0.01);
    bench.hears = (text) => text.replace("BITS.A=0", "BITS.B=0");
    const fault = await expectFault(bench, bench.trigger.connect(), "device.refused");
    expect(fault.message).toContain("does not keep BITS.A");
  });

  it("sends no soft bit behind an abort: the settings were still being read back", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
    bench.lines.length = 0;
    const firing = bench.trigger.fire();
    firing.catch(() => undefined);
    await bench.pass(0.002);
    await bench.settle(bench.trigger.abort());
    await expectFault(bench, firing, "trigger.aborted");
    await bench.pass(1);
    expect(bench.lines).not.toContain("BITS.A=1");
    expect(bench.lines).toContain("BITS.A=0");
    expect(bench.faults).toEqual([]);
  });

  it("leaves the rest of an arming behind an abort, and its enable unwired", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    const arming = bench.trigger.arm(GATE);
    arming.catch(() => undefined);
    while (!bench.lines.includes("SEQ1.TABLE<")) await bench.pass(0.0001);
    await bench.settle(bench.trigger.abort());
    await expectFault(bench, arming, "trigger.aborted");
    expect(
      bench.lines.filter((line) => line.startsWith("COUNTER1.ENABLE") || line === "SEQ1.ENABLE=BITS.OUTA"),
    ).toEqual([]);
    await bench.settle(bench.trigger.arm(GATE));
    const { finished } = await bench.settle(bench.trigger.fire());
    expect(await bench.settle(finished)).toEqual({ gateCount: 1 });
  });

  it("passes a refusal on in the box's words", async () => {
    const bench = createPandaboxBench({ sequencer: "SEQ7" });
    const fault = await expectFault(bench, bench.trigger.connect(), "device.refused");
    expect(fault.message).toContain("Invalid block number");
  });

  it("takes no block name that would be another request", () => {
    const deps = {
      name: "trigger",
      openLink: () => Promise.reject(new Error("unused")),
      clock: createPandaboxBench().clock,
    };
    expect(() => createPandaboxTrigger({ ...deps, output: "TTLOUT1\nBITS.A=1" })).toThrow(/block/);
  });

  it("sees the end of a train even when an answer was lost while it ran", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
    const { finished } = await bench.settle(bench.trigger.fire());
    bench.answers = () => {
      bench.answers = () => true;
      return false;
    };
    expect(await bench.settle(finished)).toEqual({ gateCount: 1 });
    expect(bench.twin.startedCount).toBe(1);
  });

  it("closes a link on which something unreadable was said", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    const arming = bench.trigger.arm(GATE);
    bench.cable.end.send(Buffer.from("what?\n"));
    await expectFault(bench, arming, "link.garbled");
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
    await expectFault(bench, bench.trigger.arm(GATE), "link.closed");
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm(GATE));
  });

  it("leaves no timer behind", async () => {
    const bench = createPandaboxBench();
    await bench.settle(bench.trigger.connect());
    await bench.settle(bench.trigger.arm({ ...GATE, widthS: 500 }));
    await bench.settle(bench.trigger.fire());
    await bench.settle(bench.trigger.abort());
    await bench.pass(1);
    expect(bench.clock.pending).toBe(0);
  });
});
