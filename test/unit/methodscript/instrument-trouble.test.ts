import { expect, it } from "vitest";
import { SAMPLE_OVERLOAD, type ChannelStep } from "../../../protocols/roles/channel.ts";
import { createBench, testCell, type Bench } from "../../support/methodscript-bench.ts";

const charge: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.003, untilVoltageV: 4.2, sampleIntervalS: 1, untilTimeS: 3600 },
  limits: { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 },
};

const hold: ChannelStep = { ...charge, kind: "constant-voltage", voltageV: 3.8, untilCurrentA: null };

async function charging(step = charge): Promise<Bench> {
  const bench = createBench({ cell: testCell(3.7, 100) });
  await bench.settle(bench.channel.connect());
  await bench.settle(bench.channel.start(step));
  await bench.pass(1.5);
  return bench;
}

it("an instrument that answers with errors is told by their number, and what it runs runs on until they are over", async () => {
  const bench = await charging();
  bench.twin.spoil({ how: "errors" });
  await expect(bench.settle(bench.channel.abort())).rejects.toMatchObject({ code: expect.any(String) as string });
  expect(bench.cell.isConnected).toBe(true);
  bench.twin.spoil(null);
  await bench.settle(bench.channel.abort());
  expect(bench.cell.isConnected).toBe(false);
});

it("a script that ends with an error leaves the cell on, and the channel is told and can be taken off", async () => {
  const bench = await charging();
  bench.twin.spoil({ how: "fails" });
  expect(bench.twin.isRunning).toBe(false);
  await bench.pass(3);
  expect(bench.stepFaults).toMatchObject([{ code: "channel.script-error" }]);
  expect(bench.stepFaults[0]?.message).toContain("0032");
  await bench.settle(bench.channel.abort());
  expect(bench.cell.isConnected).toBe(false);
});

it("a script that ends with an error on an instrument that refuses to switch the cell off is told as one that may be on", async () => {
  const bench = await charging();
  bench.twin.spoil({ how: "fails" });
  bench.twin.spoil({ how: "errors" });
  await bench.pass(10);
  expect(bench.stepFaults).toMatchObject([{ code: "cell.not-off", detail: { error: "0032", cellOff: false } }]);
  expect(bench.stepFaults[0]?.message).toContain("the script stopped: 0032");
  await expect(bench.settle(bench.channel.abort())).rejects.toMatchObject({ code: "cell.not-off" });
  expect(bench.cell.isConnected).toBe(true);
  await expect(bench.settle(bench.channel.connect())).rejects.toMatchObject({
    code: "device.refused",
    message: expect.stringContaining("t was refused: 0016") as string,
  });
  bench.twin.spoil(null);
  await bench.settle(bench.channel.connect());
  expect(bench.cell.isConnected).toBe(false);
});

it("a clock that runs fast dates samples so, while the cell gets what it truly gets", async () => {
  const bench = await charging();
  const [before] = bench.samples.splice(0);
  bench.twin.spoil({ how: "clock", share: 0.1 });
  await bench.pass(100);
  const last = bench.samples.at(-1);
  expect(before?.timeS).toBe(1);
  expect(bench.samples.length).toBeGreaterThan(108);
  expect(last?.timeS).toBeGreaterThan(109);
  bench.twin.spoil(null);
  const heard = bench.samples.length;
  await bench.pass(100);
  expect(bench.samples.length - heard).toBe(100);
});

it("a range that jumps gives every other reading as an overload, smaller than what is there", async () => {
  const current = await charging();
  const voltage = await charging(hold);
  for (const { twin, samples } of [current, voltage]) {
    samples.length = 0;
    twin.spoil({ how: "range-jumps" });
  }
  await current.pass(6);
  await voltage.pass(6);
  for (const { samples } of [current, voltage]) {
    expect(samples.map(({ flags }) => flags & SAMPLE_OVERLOAD)).toEqual([2, 0, 2, 0, 2, 0]);
  }
  expect(current.samples[0]?.voltageV).toBe(3);
  expect(current.samples[1]?.voltageV).toBeCloseTo(3.73, 2);
  expect(voltage.samples[0]?.currentA).toBeLessThan(0.005);
  expect(voltage.samples[1]?.currentA).toBeCloseTo(0.01, 3);
  current.twin.spoil(null);
  current.samples.length = 0;
  await current.pass(3);
  expect(current.samples.map(({ flags }) => flags & SAMPLE_OVERLOAD)).toEqual([0, 0, 0]);
});
