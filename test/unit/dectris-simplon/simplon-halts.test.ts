import { describe, expect, it } from "vitest";
import { expectFault } from "../../contract/contract-bench.ts";
import { createSimplonBench, FRAME, type SimplonBench, type SimplonBenchOptions } from "./simplon-bench.ts";

const API = "/detector/api/1.8.0";
const NEXT = { ...FRAME, fileName: "A2_00001.cbf" };

async function connected(options?: SimplonBenchOptions): Promise<SimplonBench> {
  const bench = createSimplonBench(options);
  await bench.settle(bench.detector.connect());
  bench.requests.length = 0;
  return bench;
}

/** Its outcome is looked at later. */
function asked<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

async function untilAsked(bench: SimplonBench, ending: string): Promise<void> {
  while (!bench.requests.some((line) => line.includes(ending))) await bench.pass(0.0005);
}

const commands = (bench: SimplonBench): readonly string[] =>
  bench.requests.flatMap((line) => (line.includes("/command/") ? [line.slice(line.lastIndexOf("/") + 1)] : []));

describe("a halt of a SIMPLON detector", () => {
  it("leaves no trigger to be sent behind it: the start was still looking whether it is armed", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    bench.requests.length = 0;
    const starting = asked(bench.detector.start());
    await untilAsked(bench, "status/state");
    expect(await bench.settle(bench.detector.abort())).toBeNull();
    const fault = await expectFault(bench, starting, "detector.aborted");
    expect(fault.message).toContain("nothing was triggered");
    await bench.pass(2);
    expect(commands(bench)).toEqual(["disarm"]);
    expect(bench.twin).toMatchObject({ state: "idle", triggerCount: 0 });
  });

  it("ends an arming under way, and the start that was asked behind it", async () => {
    const bench = await connected();
    const arming = asked(bench.detector.arm(FRAME));
    const starting = asked(bench.detector.start());
    await untilAsked(bench, "command/arm");
    expect(await bench.settle(bench.detector.abort())).toBeNull();
    await expectFault(bench, arming, "detector.aborted");
    await expectFault(bench, starting, "detector.aborted");
    await bench.pass(2);
    expect(commands(bench)).toEqual(["arm", "disarm"]);
    expect(bench.twin).toMatchObject({ state: "idle", triggerCount: 0 });
    expect(bench.faults).toEqual([]);
  });

  it("leaves the settings that were still to be sent, and does not arm", async () => {
    const bench = await connected();
    const arming = asked(bench.detector.arm(FRAME));
    await untilAsked(bench, "config/count_time {");
    await bench.settle(bench.detector.abort());
    await expectFault(bench, arming, "detector.aborted");
    await bench.pass(2);
    expect(bench.requests.filter((line) => line.startsWith("PUT"))).toEqual([
      `PUT ${API}/config/count_time {"value":0.5}`,
      `PUT ${API}/command/disarm`,
    ]);
  });

  it("is no halt of what is asked after it", async () => {
    const bench = await connected();
    const arming = asked(bench.detector.arm(FRAME));
    const halting = asked(bench.detector.abort());
    const next = asked(bench.detector.arm(NEXT));
    await expectFault(bench, arming, "detector.aborted");
    await bench.settle(halting);
    await bench.settle(next);
    const { finished } = await bench.settle(bench.detector.start());
    expect((await bench.settle(finished)).path).toContain("A2_00001");
  });

  it("holds within a series, whose next frame needs no arming", async () => {
    const bench = await connected({ framesPerSeries: 100 });
    await bench.settle(bench.detector.arm(FRAME));
    const { finished } = await bench.settle(bench.detector.start());
    await bench.settle(finished);
    await bench.pass(2);
    const arming = asked(bench.detector.arm(NEXT));
    const starting = asked(bench.detector.start());
    await bench.pass(0.001);
    await bench.settle(bench.detector.abort());
    await expectFault(bench, arming, "detector.aborted");
    await expectFault(bench, starting, "detector.aborted");
    await bench.pass(2);
    expect(bench.twin).toMatchObject({ state: "idle", triggerCount: 1 });
    await bench.settle(bench.detector.arm(NEXT));
    await bench.settle((await bench.settle(bench.detector.start())).finished);
    expect(bench.frames.at(-1)?.path).toContain("from_A2_00001_data_000001");
  });

  it("reaches a detector that hears and is not heard, and says that it was not confirmed", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    bench.twin.faults.isSilent = true;
    const starting = asked(bench.detector.start());
    await bench.pass(0.001);
    const halting = asked(bench.detector.abort());
    await expectFault(bench, starting, "link.timeout", "detector.aborted");
    const fault = await expectFault(bench, halting, "device.unknown-outcome");
    expect(fault.message).toContain("told to disarm");
    expect(bench.twin).toMatchObject({ state: "idle", triggerCount: 0 });
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
  });

  it("reaches one that is armed without a question before it", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    bench.requests.length = 0;
    await bench.settle(bench.detector.abort());
    expect(bench.requests[0]).toBe(`PUT ${API}/command/disarm`);
  });
});
