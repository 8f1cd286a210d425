import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep, LeftRunning } from "../../../protocols/roles/channel.ts";
import { addressOf, createNewareBench, type NewareBench } from "../../support/neware-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const rest: ChannelStep = { kind: "rest", sampleIntervalS: 1, untilTimeS: 60, limits };
const charge: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.0003, untilVoltageV: 4.2 },
  ...{ sampleIntervalS: 1, untilTimeS: 60, limits },
};

/** A controller starts the step and is gone after 20 s; the next one is told what the record has of it. */
async function leftBehind(bench: NewareBench, step: ChannelStep, alter: Partial<LeftRunning> = {}) {
  const { one, clock } = bench;
  await bench.settle(one.channel.connect());
  await bench.settle(one.channel.start(step));
  const startedMs = clock.nowMs();
  await bench.pass(20);
  const last = one.samples.at(-1);
  one.channel.disconnect();
  const next = bench.cabinet.channel("next", addressOf(0));
  const heard: number[] = [];
  const ends: string[] = [];
  next.listen({
    sample: (stepTimeS) => heard.push(stepTimeS),
    stepEnded: (end) => ends.push(end),
    fault: ({ message }) => ends.push(message),
  });
  next.leaveRunning?.({
    step,
    sinceStartS: () => (clock.nowMs() - startedMs) / 1000,
    lastSample: last === undefined ? null : { ...last, stepTimeS: last.timeS },
    identity: null,
    ...alter,
  });
  return { next, heard, ends, lastS: last?.timeS ?? NaN };
}

describe("a test that a controller before this one started", () => {
  test.each([
    ["rest", rest],
    ["charge", charge],
  ])("is left running, and every row since the last one on record is handed on: %s", async (_, step) => {
    const bench = createNewareBench();
    const { next, heard, ends, lastS } = await leftBehind(bench, step);
    await bench.pass(10);
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(true);
    expect(bench.requests.some((request) => request.includes("<cmd>stop"))).toBe(false);
    expect(heard[0]).toBeCloseTo(lastS + 1, 1);
    await bench.pass(60);
    expect(ends).toEqual(["time"]);
    expect(heard.at(-1)).toBeCloseTo(60, 0);
    expect(heard.every((timeS, index) => index === 0 || timeS > (heard[index - 1] ?? 0))).toBe(true);
    await bench.settle(next.start(rest));
  });

  test("that is over by now is told with its own end and all its rows", async () => {
    const bench = createNewareBench();
    const { next, heard, ends } = await leftBehind(bench, rest);
    await bench.pass(300);
    await bench.settle(next.connect());
    await bench.pass(30);
    expect(ends).toEqual(["time"]);
    expect(heard.at(-1)).toBeCloseTo(60, 0);
    expect(next.hasTakenOver).toBe(false);
  });

  test.each([
    ["whose last sample is not on record", { lastSample: null }],
    ["that is another one", { lastSample: { stepTimeS: 19, voltageV: 3.1, currentA: 0.004 } }],
  ])("%s is ended, as ever", async (_, alter) => {
    const bench = createNewareBench();
    const { next, heard } = await leftBehind(bench, charge, alter);
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(false);
    expect(bench.requests.some((request) => request.includes("<cmd>stop"))).toBe(true);
    expect(heard).toEqual([]);
    await bench.settle(next.start(rest));
  });
});
