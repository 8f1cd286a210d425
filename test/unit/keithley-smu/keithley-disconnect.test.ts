/** What was asked of a source-measure unit before it was disconnected, or before a stop, is not sent behind it. */
import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { createKeithleyBench, type KeithleyBench } from "../../support/keithley-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const charge: ChannelStep = {
  kind: "constant-current",
  currentA: 0.001,
  untilVoltageV: 4.2,
  sampleIntervalS: 1,
  untilTimeS: 600,
  limits,
};

/** Asked now and looked at later. */
function asked<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

async function connected(...options: Parameters<typeof createKeithleyBench>): Promise<KeithleyBench> {
  const bench = createKeithleyBench(...options);
  await bench.settle(bench.channel.connect());
  return bench;
}

/** Until the unit has received a line that says this. */
async function untilSent(bench: KeithleyBench, line: string): Promise<void> {
  for (let tries = 0; tries < 1000 && !bench.lines.includes(line); tries += 1) await bench.pass(0.0005);
  expect(bench.lines).toContain(line);
}

describe("a disconnect", () => {
  test("while a lost answer is read back on a fresh link ends that, and leaves nothing open", async () => {
    const bench = await connected();
    bench.twin.deafen(true);
    const starting = asked(bench.channel.start(charge));
    while (bench.cable.counters.closes < 1) await bench.pass(0.0001);
    bench.channel.disconnect();
    bench.twin.deafen(false);
    bench.lines.length = 0;
    expect((await bench.faultOf(starting)).code).toBe("link.timeout");
    await bench.pass(10);
    expect(bench.lines).toEqual([]);
    expect(bench.cable.counters.closes).toBe(bench.cable.counters.opens);
    expect((await bench.faultOf(bench.channel.start(charge))).code).toBe("link.closed");
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
  });

  test("is the end of what waited for its turn, also where somebody connects again at once", async () => {
    const bench = await connected();
    const waiting = [
      asked<unknown>(bench.channel.measureOpenCircuitV()),
      asked<unknown>(bench.channel.start(charge)),
      asked<unknown>(bench.channel.abort()),
    ];
    bench.channel.disconnect();
    const connecting = bench.channel.connect();
    for (const work of waiting) expect((await bench.faultOf(work)).code).toBe("link.closed");
    await bench.settle(connecting);
    bench.lines.length = 0;
    await bench.pass(10);
    expect(bench.lines).toEqual([]);
    expect(bench.faults).toEqual([]);
  });
});

describe("a stop", () => {
  test("that is asked while a start waits for its turn is not kept by it: nothing of the step is sent", async () => {
    const bench = await connected();
    const before = asked(bench.channel.measureOpenCircuitV());
    const starting = asked(bench.channel.start(charge));
    const stopping = asked(bench.channel.abort());
    await bench.settle(before);
    bench.lines.length = 0;
    expect((await bench.faultOf(starting)).code).toBe("device.refused");
    await bench.settle(stopping);
    expect(bench.lines).toEqual(["OUTP OFF", "OUTP?"]);
  });

  test("that is asked while the unit is asked for errors is not overtaken by switching on", async () => {
    const bench = await connected();
    bench.lines.length = 0;
    const starting = asked(bench.channel.start(charge));
    // The step's own source is set; the unit is asked whether it took that.
    await untilSent(bench, "SOUR:FUNC VOLT");
    const stopping = asked(bench.channel.abort());
    expect((await bench.faultOf(starting)).code).toBe("device.refused");
    await bench.settle(stopping);
    // Once, to read the open circuit.
    expect(bench.twin.switchedOnCount).toBe(1);
    expect(bench.twin.isOutputOn).toBe(false);
    await bench.settle(bench.channel.start(charge));
  });
});
