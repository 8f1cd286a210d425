import { expect, it } from "vitest";
import { createMemoryCable, createVirtualTime, faultOf } from "../../contract/contract-bench.ts";
import { sensorContract } from "../../contract/sensor.ts";
import { lakeshoreContract } from "./lakeshore-bench.ts";

sensorContract("a Lake Shore 336 on a link in memory", ({ isAnotherDevice = false } = {}) => {
  const time = createVirtualTime();
  return Promise.resolve(lakeshoreContract(time, createMemoryCable(time, "oven"), isAnotherDevice));
});

it("a Lake Shore 336 with another serial number than the site's is the wrong device", async () => {
  const time = createVirtualTime();
  const cable = createMemoryCable(time, "oven");
  const bench = lakeshoreContract(time, cable, false, { expectedSerialNumber: "LSA9999" });
  expect(await faultOf(bench, bench.sensor.connect())).toMatchObject({ code: "device.wrong", where: "oven" });
});

it.each([
  ["breaks once its reading is told", 20, "+20.000", null],
  ["is broken when its reading is told, as zero, and whole right after it", null, "+0.000", 20],
] as const)("a Lake Shore 336 whose sensor %s gives no reading", async (_, at, told, then) => {
  const time = createVirtualTime();
  const cable = createMemoryCable(time, "oven");
  const end = {
    ...cable.end,
    send(chunk: Uint8Array) {
      cable.end.send(chunk);
      if (Buffer.from(chunk).toString("latin1").trim() === told) bench.sense(then);
    },
  };
  const bench = lakeshoreContract(time, { ...cable, end }, false);
  const values: number[] = [];
  bench.sensor.onReading(({ value }) => values.push(value));
  await bench.settle(bench.sensor.connect());
  bench.sense(at);
  await bench.pass(1.5);
  expect(values).toEqual([]);
  expect(bench.faults.map(({ code }) => code)).toEqual(["sensor.unreadable"]);
  bench.sense(21);
  await bench.pass(2);
  expect(values).toEqual([21, 21]);
});

it("a Lake Shore 336 that is to be read more seldom than its readings may be old is refused", () => {
  const time = createVirtualTime();
  const cable = createMemoryCable(time, "oven");
  expect(() => lakeshoreContract(time, cable, false, { intervalS: 5, maximumAgeS: 5 })).toThrow(/does not keep one/);
});
