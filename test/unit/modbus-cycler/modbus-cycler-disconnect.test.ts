/** What was asked of a cycler before it was disconnected, or before a stop, is not sent behind it. */
import { describe, expect, test } from "vitest";
import type { CellLimits } from "../../../protocols/roles/channel.ts";
import { faultOf } from "../../contract/contract-bench.ts";
import { createCyclerBench, type CyclerBench, type CyclerBenchOptions } from "../../support/cycler-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const charge = {
  kind: "constant-current",
  currentA: 0.001,
  untilVoltageV: 4.2,
  sampleIntervalS: 1,
  untilTimeS: 600,
  limits,
} as const;

async function connected(options: CyclerBenchOptions = {}): Promise<CyclerBench> {
  const bench = createCyclerBench(options);
  await bench.settle(bench.channel.connect());
  return bench;
}

async function started(): Promise<CyclerBench> {
  const bench = await connected();
  await bench.settle(bench.channel.start(charge));
  await bench.pass(2.5);
  return bench;
}

/** Asked now and looked at later. */
function asked<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Nothing was opened behind the disconnect, and the requests that reached the unit by then are all there were. */
async function expectLeftAlone(bench: CyclerBench, requestCount: number): Promise<void> {
  await bench.pass(30);
  expect(bench.cable.counters.opens).toBe(1);
  expect(bench.cable.counters.closes).toBe(1);
  // What was on its way may still arrive.
  expect(bench.requests.length).toBeLessThanOrEqual(requestCount + 1);
  expect(bench.heard.faults).toEqual([]);
}

describe("a disconnect", () => {
  test.each([0, 0.0012, 0.0035, 0.0052, 0.0075, 0.0092])("%f s into a start opens nothing again", async (afterS) => {
    const bench = await connected();
    const starting = asked(bench.channel.start(charge));
    await bench.pass(afterS);
    bench.channel.disconnect();
    const count = bench.requests.length;
    expect(["link.closed", "device.unknown-outcome"]).toContain((await faultOf(bench, starting)).code);
    await expectLeftAlone(bench, count);
  });

  test.each([0, 0.0012])("%f s into a stop opens nothing again", async (afterS) => {
    const bench = await started();
    const stopping = asked(bench.channel.abort());
    await bench.pass(afterS);
    bench.channel.disconnect();
    const count = bench.requests.length;
    expect(["link.closed", "device.unknown-outcome"]).toContain((await faultOf(bench, stopping)).code);
    await expectLeftAlone(bench, count);
  });

  test("in the middle of a measurement opens nothing again", async () => {
    const bench = await connected();
    const measuring = asked(bench.channel.measureOpenCircuitV());
    await bench.pass(0.0007);
    bench.channel.disconnect();
    expect((await faultOf(bench, measuring)).code).toBe("link.closed");
    await expectLeftAlone(bench, bench.requests.length);
  });

  test("while a lost answer is read back ends that, and leaves nothing open", async () => {
    const bench = await connected();
    bench.twin.server.deafen(true);
    const starting = asked(bench.channel.start(charge));
    while (bench.cable.counters.opens < 2) await bench.pass(0.001);
    bench.channel.disconnect();
    expect((await faultOf(bench, starting)).message).not.toMatch(/the unit does not answer/);
    bench.twin.server.deafen(false);
    await bench.pass(10);
    expect(bench.cable.counters).toMatchObject({ opens: 2, closes: 2 });
    expect((await faultOf(bench, bench.channel.start(charge))).code).toBe("link.closed");
    expect(bench.cable.counters.opens).toBe(2);
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
    for (const work of waiting) expect((await faultOf(bench, work)).code).toBe("link.closed");
    await bench.settle(connecting);
    await bench.pass(10);
    expect(bench.twin.switchedOnCount).toBe(0);
    expect(bench.cable.counters.opens).toBe(2);
    await bench.settle(bench.channel.start(charge));
  });
});

test("an order to a cycler that nobody connected opens nothing", async () => {
  const bench = createCyclerBench();
  expect((await faultOf(bench, bench.channel.start(charge))).code).toBe("link.closed");
  expect((await faultOf(bench, bench.channel.measureOpenCircuitV())).code).toBe("link.closed");
  expect(bench.cable.counters.opens).toBe(0);
});

describe("a stop", () => {
  test("that is asked while a start waits for its turn is not kept by it: nothing of the step is sent", async () => {
    const bench = await connected();
    const before = asked(bench.channel.measureOpenCircuitV());
    const starting = asked(bench.channel.start(charge));
    const stopping = asked(bench.channel.abort());
    await bench.settle(before);
    bench.requests.length = 0;
    expect((await faultOf(bench, starting)).code).toBe("device.refused");
    await bench.settle(stopping);
    // Off, and the look at it.
    expect(bench.requests.map((request) => request.slice(12))).toEqual(["000501950000", "000301f90002"]);
  });

  test("that is asked while switching on waits for a quiet line is not overtaken by it", async () => {
    const bench = await connected({ framing: { kind: "rtu", baud: 9600, lateReplyMs: 500 } });
    const starting = asked(bench.channel.start(charge));
    let stopping: Promise<void> | undefined;
    bench.alter = (answer) => {
      // The read-back of the discharge current: switching on is next. It arrives, and the line must rest.
      if (stopping === undefined && Buffer.from(answer).toString("hex").startsWith("0003020000"))
        bench.clock.at(bench.clock.nowMs() + 2, () => {
          stopping = asked(bench.channel.abort());
        });
      return answer;
    };
    expect((await faultOf(bench, starting)).code).toBe("device.refused");
    await bench.settle(stopping ?? Promise.reject(new Error("nobody asked for a stop")));
    expect(bench.twin.switchedOnCount).toBe(0);
    expect(bench.heard.faults).toEqual([]);
    await bench.settle(bench.channel.start(charge));
  });
});
