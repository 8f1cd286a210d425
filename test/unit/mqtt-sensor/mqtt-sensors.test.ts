import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { createMqttSensors } from "../../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { PACKET_LENGTH_MAX } from "../../../drivers/mqtt-sensor/mqtt-session.ts";
import {
  createSensorBench,
  FLUX_TOPIC,
  MAXIMUM_AGE_S,
  RING_TOPIC,
  SENSORS,
  TOPICS,
  virtualClock,
} from "./mqtt-fixture.ts";

function codes(faults: readonly { readonly code: string }[]): string[] {
  return faults.map(({ code }) => code);
}

describe("sensors on a broker", () => {
  it("read what is published, several on one client, stamped at arrival", async () => {
    const bench = await createSensorBench();
    expect(bench.ring.fresh()).toBeUndefined();
    await bench.runFor(2100);
    expect(bench.ring.fresh()).toEqual({ value: 200.002, arrivedAtMs: 2000.5 });
    expect(bench.flux.fresh()).toEqual({ value: 1.25e11, arrivedAtMs: 2000.5 });
    expect(bench.readings.map(({ value }) => value)).toEqual([200.001, 200.002]);
    expect(bench.faults).toEqual([]);
    expect(bench.cable.counters.opens).toBe(1);
    expect([...bench.connected.sensors.keys()]).toEqual(["ring current", "flux"]);
    expect(bench.flux).toMatchObject({ quantity: "flux", unit: "ph/s", maximumAgeS: MAXIMUM_AGE_S });
  });

  it("have no reading once the source has been silent for the maximum age, and say so once", async () => {
    const bench = await createSensorBench();
    await bench.runFor(3000);
    bench.source.setSilent(RING_TOPIC, true);
    await bench.clock.run(3000.5 + MAXIMUM_AGE_S * 1000);
    expect(bench.ring.fresh()).toMatchObject({ arrivedAtMs: 3000.5 });
    await bench.runFor(0.1);
    expect(bench.ring.fresh()).toBeUndefined();
    await bench.runFor(60_000);
    expect(codes(bench.faults)).toEqual(["sensor.stale"]);
    expect(bench.faults[0]).toMatchObject({ where: "ring current", detail: { topic: RING_TOPIC } });
    expect(bench.flux.fresh()).toBeDefined();
    bench.source.setSilent(RING_TOPIC, false);
    await bench.runFor(1000);
    expect(bench.ring.fresh()).toBeDefined();
    bench.source.setSilent(RING_TOPIC, true);
    await bench.runFor(20_000);
    expect(codes(bench.faults)).toEqual(["sensor.stale", "sensor.stale"]);
  });

  it("do not count a retained message as fresh", async () => {
    const bench = await createSensorBench(false);
    await bench.runFor(3000);
    bench.source.setSilent(RING_TOPIC, true);
    await bench.settle(bench.connected.connection.connect());
    await bench.runFor(100);
    expect(bench.source.messageCount).toBe(2);
    expect(bench.ring.fresh()).toBeUndefined();
    expect(bench.readings).toEqual([]);
    await bench.runFor(10_000);
    expect(codes(bench.faults)).toEqual(["sensor.stale"]);
  });

  it.each([
    ["NaN", '{"value": NaN}'],
    ["a null", '{"value": null}'],
    ["a number in quotes", '{"value": "201.3"}'],
    ["an infinity", '{"value": 1e999}'],
    ["another field", '{"current": 201.3}'],
    ["an inherited field", '{"__proto__": 1}'],
    ["nothing", ""],
    ["a bare number", "201.3"],
    ["a list", "[1]"],
    ["bytes that are no JSON", "\0\u{1F600}"],
  ])("give a fault and no reading for %s", async (_what, payload) => {
    const bench = await createSensorBench();
    await bench.runFor(1100);
    bench.source.setSilent(RING_TOPIC, true);
    expect(bench.ring.fresh()).toBeDefined();
    bench.source.publish(RING_TOPIC, payload);
    await bench.runFor(10);
    expect(bench.ring.fresh()).toBeUndefined();
    expect(codes(bench.faults)).toEqual(["sensor.unreadable"]);
    expect(bench.faults[0]).toMatchObject({ where: "ring current" });
    expect(bench.readings).toHaveLength(1);
    bench.source.publish(RING_TOPIC, '{"value": -1.5}');
    await bench.runFor(10);
    expect(bench.ring.fresh()?.value).toBe(-1.5);
  });

  it.each(["nan", "0x10", "Infinity", "", "1,5", "1 2", "--1", "1e", "."])(
    "do not read `%s` as a bare number",
    async (payload) => {
      const bench = await createSensorBench();
      bench.source.publish(FLUX_TOPIC, payload);
      await bench.runFor(10);
      expect(bench.flux.fresh()).toBeUndefined();
      expect(codes(bench.faults)).toEqual(["sensor.unreadable"]);
    },
  );

  it("tell of a source that talks nonsense once in a while, with the count", async () => {
    const bench = await createSensorBench();
    bench.source.setSilent(FLUX_TOPIC, true);
    for (let count = 0; count < 120; count += 1) {
      bench.source.publish(FLUX_TOPIC, "broken");
      await bench.runFor(100);
    }
    const told = bench.faults.filter(({ code }) => code === "sensor.unreadable");
    expect(told.map(({ detail }) => detail["unreadableCount"])).toEqual([1, 51, 101]);
  });

  it("skip a huge message with a fault and read the next", async () => {
    const bench = await createSensorBench();
    bench.source.publish(RING_TOPIC, `{"value": 1, "padding": "${"x".repeat(PACKET_LENGTH_MAX)}"}`);
    bench.source.publish(FLUX_TOPIC, "3");
    await bench.runFor(10);
    expect(bench.ring.fresh()).toBeUndefined();
    expect(bench.flux.fresh()?.value).toBe(3);
    expect(bench.faults).toMatchObject([{ code: "sensor.unreadable", where: "ring current" }]);
    await bench.runFor(1000);
    expect(bench.ring.fresh()?.value).toBe(200.001);
    expect(bench.cable.counters.opens).toBe(1);
  });

  it("come back on a new link by themselves, subscribed again", async () => {
    const bench = await createSensorBench();
    await bench.runFor(3100);
    bench.cable.cut("pulled");
    await bench.runFor(400);
    expect(bench.cable.counters.opens).toBe(1);
    const before = bench.readings.length;
    await bench.runFor(1600);
    expect(bench.cable.counters.opens).toBe(2);
    expect(bench.readings.length).toBeGreaterThan(before);
    expect(codes(bench.faults)).toEqual(["link.closed"]);
    expect(bench.faults[0]?.message).toContain("pulled");
  });

  it("try again with pauses that double up to half a minute while the port is away", async () => {
    const bench = await createSensorBench();
    bench.cable.plug(false);
    await bench.runFor(31_600);
    expect(bench.cable.counters.refusals).toBe(6);
    await bench.runFor(300_000);
    expect(bench.cable.counters.refusals).toBe(16);
    expect(codes(bench.faults).filter((code) => code === "link.open-failed")).toHaveLength(16);
    bench.cable.plug(true);
    await bench.runFor(32_000);
    expect(bench.ring.fresh()).toBeDefined();
  });

  it("do not start the pauses anew after each short session", async () => {
    const bench = await createSensorBench();
    for (const pauseMs of [500, 1000, 2000, 4000]) {
      const opens = bench.cable.counters.opens;
      bench.cable.cut("thrown out");
      await bench.runFor(pauseMs - 10);
      expect(bench.cable.counters.opens).toBe(opens);
      await bench.runFor(20);
      expect(bench.cable.counters.opens).toBe(opens + 1);
    }
    await bench.runFor(31_000);
    bench.cable.cut("pulled");
    await bench.runFor(510);
    expect(bench.cable.counters.opens).toBe(6);
  });

  it("notice a broker that hangs without closing", async () => {
    const bench = await createSensorBench(true, []);
    await bench.runFor(200_000);
    expect(codes(bench.faults)).toEqual(["sensor.stale", "sensor.stale"]);
    bench.cable.hang(true);
    await bench.runFor(100_000);
    expect(codes(bench.faults).slice(2, 3)).toEqual(["link.timeout"]);
    bench.cable.hang(false);
    await bench.runFor(40_000);
    bench.source.publish(FLUX_TOPIC, "7");
    await bench.runFor(10);
    expect(bench.flux.fresh()?.value).toBe(7);
  });

  it("reject when the broker is silent, and go on with nothing in the background", async () => {
    const bench = await createSensorBench(false);
    bench.source.stop();
    bench.cable.hang(true);
    await expect(bench.settle(bench.connected.connection.connect())).rejects.toMatchObject({ code: "link.timeout" });
    await bench.runFor(1);
    expect(bench.clock.pending).toBe(0);
    bench.cable.hang(false);
    await bench.settle(bench.connected.connection.connect());
  });

  it("wait for the broker on the injected clock alone", async () => {
    const bench = await createSensorBench(false);
    bench.source.stop();
    bench.cable.hang(true);
    const set = vi.spyOn(globalThis, "setTimeout");
    try {
      const connecting = bench.connected.connection.connect();
      connecting.catch(() => undefined);
      await bench.runFor(1000);
      expect(bench.clock.pending).toBeGreaterThan(0);
      // The library's own, of 25 days: one that is over tells so when it is shown.
      const timers = set.mock.results.filter((_, index) => Number(set.mock.calls[index]?.[1]) > 2e9);
      expect(timers.map(({ value }) => inspect(value))).toEqual([expect.stringContaining("_destroyed: true")]);
    } finally {
      set.mockRestore();
    }
  });

  it("fall silent when disconnected, and leave no timer", async () => {
    const bench = await createSensorBench();
    await bench.runFor(3000);
    bench.connected.connection.disconnect();
    expect(bench.ring.fresh()).toBeUndefined();
    bench.source.stop();
    await bench.runFor(10);
    expect(bench.clock.pending).toBe(0);
    expect(bench.faults).toEqual([]);
  });

  it("can be disconnected while connecting, and connected again", async () => {
    const bench = await createSensorBench(false);
    const first = bench.connected.connection.connect();
    await bench.runFor(0.6);
    bench.connected.connection.disconnect();
    await expect(bench.settle(first)).rejects.toMatchObject({ code: "link.closed" });
    await bench.settle(bench.connected.connection.connect());
    await bench.runFor(2000);
    expect(bench.ring.fresh()).toBeDefined();
  });

  it("let one sensor stop listening without cutting the others off", async () => {
    const bench = await createSensorBench();
    await bench.runFor(2000);
    bench.ring.disconnect();
    await bench.runFor(20_000);
    expect(bench.ring.fresh()).toBeUndefined();
    expect(bench.flux.fresh()).toBeDefined();
    await bench.settle(bench.ring.connect());
    await bench.runFor(1100);
    expect(bench.ring.fresh()).toBeDefined();
    expect(bench.cable.counters.opens).toBe(1);
    expect(bench.faults).toEqual([]);
  });

  it("send the same bytes in every run", async () => {
    const runs: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const bench = await createSensorBench();
      await bench.runFor(5000);
      bench.cable.cut("pulled");
      await bench.runFor(5000);
      runs.push(
        bench.sent.map((chunk) => Buffer.from(chunk).toString("hex")).join(" ") + JSON.stringify(bench.readings),
      );
    }
    expect(runs[0]).toBe(runs[1]);
  });

  it("refuse a topic with wildcards, a name given twice and an age that is none", () => {
    const [ring] = SENSORS;
    if (ring === undefined) throw new Error("no sensor");
    const clock = virtualClock();
    const openLink = () => Promise.reject(new Error("not asked"));
    for (const sensors of [
      [{ ...ring, topic: "machine/#" }],
      [{ ...ring, topic: "" }],
      [ring, ring],
      [{ ...ring, maximumAgeS: Number.NaN }],
      [{ ...ring, maximumAgeS: 0 }],
    ]) {
      expect(() => createMqttSensors({ name: "broker", openLink, clock, sensors })).toThrow(
        expect.objectContaining({ code: "site.invalid" }),
      );
    }
  });

  it("hear a message before the next event of the world: one turn is enough, with many messages in one chunk", async () => {
    const bench = await createSensorBench(true, [...TOPICS.map((topic) => ({ ...topic, periodMs: 100 }))]);
    let seen = 0;
    bench.ring.onReading(({ arrivedAtMs }) => {
      expect(arrivedAtMs).toBe(bench.clock.nowMs());
      seen += 1;
    });
    await bench.runFor(10_000);
    expect(seen).toBe(100);
  });
});
