import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep, LeftRunning } from "../../../protocols/roles/channel.ts";
import { addressOf, createNewareBench, type NewareBench } from "../../support/neware-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const rest: ChannelStep = { kind: "rest", sampleIntervalS: 1, untilTimeS: 60, limits };
const charge: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.0003, untilVoltageV: 4.2 },
  ...{ sampleIntervalS: 1, untilTimeS: 60, limits },
};

/** A controller starts the step and is gone after `afterS`; the next one is told what the record has of it. */
async function leftBehind(bench: NewareBench, step: ChannelStep, alter: Partial<LeftRunning> = {}, afterS = 20) {
  const { one, clock } = bench;
  await bench.settle(one.channel.connect());
  await bench.settle(one.channel.start(step));
  const startedMs = clock.nowMs();
  await bench.pass(afterS);
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

  test("is found without fetching what is on record already, however long it runs", async () => {
    const bench = createNewareBench();
    const { next, heard, lastS } = await leftBehind(bench, { ...rest, untilTimeS: 20_000 }, {}, 9000);
    const before = bench.requests.length;
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(true);
    expect(heard[0]).toBeCloseTo(lastS + 1, 1);
    expect(bench.requests.slice(before).filter((request) => request.includes("<download "))).toHaveLength(1);
  });

  test("is looked for in all its rows where they lie closer than they were to", async () => {
    const bench = createNewareBench();
    const long: ChannelStep = { ...rest, untilTimeS: 20_000 };
    const { next, heard, lastS } = await leftBehind(bench, long, { step: { ...long, sampleIntervalS: 0.5 } }, 5000);
    await bench.settle(next.connect());
    expect(next.hasTakenOver).toBe(true);
    expect(heard[0]).toBeCloseTo(lastS + 1, 1);
  });

  test("is left alone, and found, where a busy client takes longer than the controller waits", async () => {
    const bench = createNewareBench({ channelCount: 2, twin: { answerMs: 4000 } });
    // Another channel that is found sooner keeps the link open.
    for (const { channel } of bench.channels.slice(1)) await bench.settle(channel.connect());
    const { next, heard, lastS } = await leftBehind(bench, { ...rest, untilTimeS: 20_000 }, {}, 60);
    await bench.pass(8000);
    const isFound = (): boolean => next.hasTakenOver === true;
    for (let tries = 0; tries < 3 && !isFound(); tries += 1) {
      next.connect().catch(() => undefined);
      await bench.pass(20);
      if (!isFound()) next.disconnect();
      await bench.pass(30);
    }
    expect(bench.requests.some((request) => request.includes("<cmd>stop"))).toBe(false);
    expect(next.hasTakenOver).toBe(true);
    expect(heard[0]).toBeCloseTo(lastS + 1, 1);
    heard.forEach((timeS, index) => {
      expect(timeS).toBeCloseTo((heard[0] ?? NaN) + index, 1);
    });
  });

  test("is left alone, and found, where an answer was lost on the way", async () => {
    let lost = 0;
    const bench = createNewareBench({
      passes(reply) {
        if (!reply.includes("<cmd>donwload_resp") || !reply.includes('seqid="1500"') || lost > 0) return true;
        lost += 1;
        return false;
      },
    });
    const { next, heard, lastS } = await leftBehind(bench, { ...rest, untilTimeS: 20_000 });
    await bench.pass(3000);
    await bench.faultOf(next.connect());
    expect(lost).toBe(1);
    await bench.settle(next.connect());
    expect(bench.requests.some((request) => request.includes("<cmd>stop"))).toBe(false);
    heard.forEach((timeS, index) => {
      expect(timeS).toBeCloseTo(lastS + 1 + index, 1);
    });
    expect(heard.length).toBeGreaterThan(2900);
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
