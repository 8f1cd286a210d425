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

it("a Lake Shore 336 that is to be read more seldom than its readings may be old is refused", () => {
  const time = createVirtualTime();
  const cable = createMemoryCable(time, "oven");
  expect(() => lakeshoreContract(time, cable, false, { intervalS: 5, maximumAgeS: 5 })).toThrow(/does not keep one/);
});
