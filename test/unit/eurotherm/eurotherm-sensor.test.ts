import { describe, expect, test } from "vitest";
import { faultOf } from "../../contract/contract-bench.ts";
import { createEurothermBench, type EurothermBench } from "./bench.ts";

async function connected(...options: Parameters<typeof createEurothermBench>): Promise<EurothermBench> {
  const bench = createEurothermBench(...options);
  await bench.settle(bench.one.sensor.connect());
  return bench;
}

describe("connecting", () => {
  test("says what answers, having asked version, identity and decimals once", async () => {
    const bench = createEurothermBench();
    expect(await bench.settle(bench.one.sensor.connect())).toEqual({
      model: "Eurotherm 0xe480",
      serialNumber: null,
      firmware: "0x0461",
    });
    expect(bench.requests).toEqual(["0103006b0001", "0103007a0001", "0103020d0001"]);
    expect(bench.one.sensor.fresh()).toBeUndefined();
  });

  test.each([
    ["another identity", { sensor: { expectedIdentity: 0x3216 } }],
    ["decimals that cannot be", { twin: { decimals: 77 } }],
  ])("refuses %s", async (_, options) => {
    const bench = createEurothermBench(options);
    expect((await faultOf(bench, bench.one.sensor.connect())).code).toBe("device.wrong");
    await bench.pass(10);
    expect(bench.one.readings).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  test("gives up on an address where nobody is, by name and in time", async () => {
    const bench = createEurothermBench();
    bench.one.twin.mute(true);
    const fault = await faultOf(bench, bench.one.sensor.connect());
    expect(fault).toMatchObject({ code: "link.timeout", where: "oven 1" });
    expect(bench.nowS()).toBeLessThan(3);
  });

  test.each([{ maximumAgeS: 0 }, { intervalS: 6 }, { plausible: { min: 5, max: 5 } }])(
    "is not even tried with %o",
    (sensor) => {
      expect(() => createEurothermBench({ sensor })).toThrow("sensor oven 1");
    },
  );
});

describe("reading", () => {
  test("gives the temperature each second, scaled by the controller's own decimals", async () => {
    const bench = await connected();
    await bench.pass(5.5);
    expect(bench.one.readings.map(({ value }) => value)).toEqual([21, 21, 21, 21, 21]);
    bench.one.twin.setpointC = 60;
    await bench.pass(60);
    const value = bench.one.sensor.fresh()?.value ?? Number.NaN;
    expect(Math.abs(value - bench.one.twin.temperatureC)).toBeLessThan(0.6);
    expect(value).toBe(Math.round(value * 10) / 10);
    expect(bench.requests.slice(3, 5)).toEqual(["010300010001", "0103004b0001"]);
    expect(bench.one.faults).toEqual([]);
  });

  test("reads what is below zero", async () => {
    const bench = await connected({ twin: { startC: -12.3, decimals: 2 } });
    await bench.pass(1.5);
    expect(bench.one.sensor.fresh()?.value).toBe(-12.3);
  });

  test("reads floats, finer than the scaled number", async () => {
    const bench = await connected({ sensor: { form: "float" }, twin: { temperatureC: () => 21.23456 } });
    await bench.pass(1.5);
    expect(bench.one.sensor.fresh()?.value).toBeCloseTo(21.23456, 5);
    expect(bench.requests.at(-2)).toBe("010380020002");
  });

  test("gives none with a broken sensor, and says so once, and again after a while", async () => {
    const bench = await connected();
    await bench.pass(2.5);
    bench.one.twin.breakSensor(true);
    await bench.pass(1);
    expect(bench.one.sensor.fresh()).toBeUndefined();
    await bench.pass(3);
    expect(bench.one.faults.map(({ code }) => code)).toEqual(["sensor.unreadable"]);
    expect(bench.one.faults[0]?.message).toContain("sensor break");
    expect(bench.one.faults[0]?.detail["status"]).toEqual(["sensor break", "process value out of range"]);
    await bench.pass(3);
    expect(bench.one.faults).toHaveLength(2);
    bench.one.twin.breakSensor(false);
    await bench.pass(2);
    expect(bench.one.sensor.fresh()?.value).toBe(21);
  });

  test("believes no sensor that broke between one question and the next", async () => {
    let broken = 0;
    for (let ms = 1000; ms < 1150; ms += 2) {
      const bench = await connected();
      await bench.pass(ms / 1000);
      if (bench.one.readings.length === 0 && bench.requests.length > 3) broken += 1;
      bench.one.twin.breakSensor(true);
      await bench.pass(0.5);
      expect(bench.one.readings.filter(({ value }) => value !== 21)).toEqual([]);
      bench.one.sensor.disconnect();
    }
    expect(broken).toBeGreaterThan(2);
  });

  test("believes no sensor that was whole again between one question and the next", async () => {
    for (let ms = 2000; ms < 2150; ms += 10) {
      const bench = await connected();
      bench.one.twin.breakSensor(true);
      await bench.pass(ms / 1000);
      bench.one.twin.breakSensor(false);
      await bench.pass(2.5);
      expect(bench.one.readings.map(({ value }) => value).filter((value) => value !== 21)).toEqual([]);
      expect(bench.one.readings.length).toBeGreaterThan(0);
      bench.one.sensor.disconnect();
    }
  });

  test("gives none for what cannot be", async () => {
    const bench = await connected({ sensor: { plausible: { min: 0, max: 20 } } });
    await bench.pass(2);
    expect(bench.one.sensor.fresh()).toBeUndefined();
    expect(bench.one.faults[0]?.code).toBe("sensor.unreadable");
  });

  test("grows old when nothing comes any more", async () => {
    const bench = await connected();
    await bench.pass(2.5);
    expect(bench.one.sensor.fresh()).toBeDefined();
    bench.cable.hang(true);
    await bench.pass(6);
    expect(bench.one.sensor.fresh()).toBeUndefined();
    expect(bench.one.faults.map(({ code }) => code)).toEqual(["link.timeout", "link.closed"]);
    bench.cable.hang(false);
    await bench.settle(bench.one.sensor.connect());
    await bench.pass(1.5);
    expect(bench.one.sensor.fresh()?.value).toBe(21);
  });

  test("keeps its interval on a slow line", async () => {
    const bench = await connected();
    await bench.pass(100.5);
    expect(bench.one.readings).toHaveLength(100);
  });

  test("ends with disconnecting, and leaves no timer", async () => {
    const bench = await connected();
    await bench.pass(2.5);
    bench.one.sensor.disconnect();
    await bench.pass(5);
    expect(bench.one.readings).toHaveLength(2);
    expect(bench.one.sensor.fresh()).toBeUndefined();
    expect(bench.clock.pending).toBe(0);
  });
});

describe("two controllers on one line", () => {
  test("are read side by side", async () => {
    const bench = await connected();
    await bench.settle(bench.two.sensor.connect());
    await bench.pass(3.5);
    expect(bench.one.sensor.fresh()?.value).toBe(21);
    expect(bench.two.sensor.fresh()?.value).toBe(22);
    expect(bench.cable.counters.opens).toBe(1);
  });

  test("do not lose a reading when the other is unplugged", async () => {
    const bench = await connected();
    await bench.settle(bench.two.sensor.connect());
    await bench.pass(3.5);
    const before = bench.two.readings.length;
    bench.one.twin.mute(true);
    await bench.pass(10);
    expect(bench.one.faults.map(({ code, where }) => `${code} ${where}`)).toEqual([
      "link.timeout oven 1",
      "link.closed oven 1",
    ]);
    expect(bench.two.faults).toEqual([]);
    expect(bench.two.readings.length - before).toBe(10);
  });
});

test("a 3504 on TCP answers as unit 255", async () => {
  const bench = await connected({ framing: { kind: "tcp" }, sensor: { unitId: 255 }, twin: { unit: 255 } });
  await bench.pass(1.5);
  expect(bench.one.sensor.fresh()?.value).toBe(21);
  expect(bench.requests[0]).toBe("ff03006b0001");
});
