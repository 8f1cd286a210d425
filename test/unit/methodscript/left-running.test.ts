import { describe, expect, test } from "vitest";
import { createMethodScriptChannel } from "../../../drivers/palmsens-methodscript/methodscript-channel.ts";
import type { CellLimits, ChannelStep, LeftRunning } from "../../../protocols/roles/channel.ts";
import type { Identity } from "../../../protocols/roles/instrument.ts";
import { createBench, type Bench } from "../../support/methodscript-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const charge: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.0003, untilVoltageV: 4.2 },
  ...{ sampleIntervalS: 1, untilTimeS: 60, limits },
};
const rest: ChannelStep = { kind: "rest", sampleIntervalS: 1, untilTimeS: 5, limits };

/** A controller starts the step and is gone after 20 s; the next one is told what the record has of it. */
async function leftBehind(bench: Bench, alter: (left: LeftRunning) => LeftRunning = (left) => left, step = charge) {
  const { clock, cable, channel } = bench;
  const identity: Identity = await bench.settle(channel.connect());
  await bench.settle(channel.start(step));
  const startedMs = clock.nowMs();
  await bench.pass(20);
  channel.disconnect();
  const next = createMethodScriptChannel({ name: "next", openLink: cable.openLink, clock });
  const heard: number[] = [];
  const ends: string[] = [];
  next.listen({
    sample: (stepTimeS) => heard.push(stepTimeS),
    stepEnded(end) {
      ends.push(end);
      clock.touch();
    },
    fault: ({ message }) => ends.push(message),
  });
  const left = { step, sinceStartS: () => (clock.nowMs() - startedMs) / 1000, lastSample: null, identity };
  next.leaveRunning?.(alter(left));
  return { next, heard, ends, identity };
}

describe("a step that a controller before this one started", () => {
  test("goes on without a word to the instrument, and is heard to its end", async () => {
    const bench = createBench();
    const { next, heard, ends, identity } = await leftBehind(bench);
    const before = bench.cable.counters.bytesToDevice;
    expect(await bench.settle(next.connect())).toEqual(identity);
    expect(next.hasTakenOver).toBe(true);
    await bench.pass(10);
    expect(bench.cable.counters.bytesToDevice).toBe(before);
    expect(heard[0]).toBeCloseTo(21, 0);
    await bench.pass(60);
    expect(ends).toEqual(["time"]);
    expect(next.hasTakenOver).toBe(false);
    // Now it can be asked who it is, and is.
    await bench.settle(next.start(rest));
    await bench.pass(6);
    expect(ends).toEqual(["time", "time"]);
  });

  test.each<readonly [string, (left: LeftRunning) => LeftRunning]>([
    ["has run for another time", (left) => ({ ...left, sinceStartS: () => left.sinceStartS() + 60 })],
    ["drives another current", (left) => ({ ...left, step: { ...charge, currentA: 0.001 } })],
    ["is a rest by the record", (left) => ({ ...left, step: { ...rest, untilTimeS: 60 } })],
    ["is of an instrument that nobody knows", (left) => ({ ...left, identity: null })],
  ])("that %s is ended, as ever", async (_, alter) => {
    const bench = createBench();
    const { next, heard, ends } = await leftBehind(bench, alter);
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(false);
    expect([bench.twin.isRunning, bench.twin.isCellOn]).toEqual([false, false]);
    expect([heard, ends]).toEqual([[], []]);
    await bench.settle(next.start(rest));
  });

  test("that is over by now leaves an instrument that is off", async () => {
    const bench = createBench();
    const { next, heard } = await leftBehind(bench);
    await bench.pass(100);
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(false);
    expect(heard).toEqual([]);
    expect(await bench.settle(next.measureOpenCircuitV())).toBeGreaterThan(3);
  });

  test("is ended where it was ordered off before the instrument could be reached", async () => {
    const bench = createBench();
    const { next, heard } = await leftBehind(bench);
    await expect(next.abort()).rejects.toMatchObject({ code: "link.closed" });
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(false);
    expect([bench.twin.isRunning, bench.twin.isCellOn]).toEqual([false, false]);
    expect(heard).toEqual([]);
  });

  test("on another instrument than the one that was there is found out before the next step", async () => {
    const bench = createBench();
    const { next } = await leftBehind(bench, (left) => ({
      ...left,
      identity: { model: left.identity?.model ?? "", serialNumber: "ES4HR20B0009", firmware: null },
    }));
    await bench.settle(next.connect());
    await bench.pass(60);
    await expect(bench.settle(next.start(rest))).rejects.toMatchObject({ code: "device.wrong" });
  });

  test("whose cable is gone while it is looked for is looked for again", async () => {
    const bench = createBench();
    const { next } = await leftBehind(bench);
    const first = next.connect();
    bench.clock.at(bench.clock.nowMs() + 5, () => {
      bench.cable.cut("pulled");
    });
    await expect(bench.settle(first)).rejects.toMatchObject({ code: "link.closed" });
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(true);
  });
});
