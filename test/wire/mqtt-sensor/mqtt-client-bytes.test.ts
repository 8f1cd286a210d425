/** What our client sends and takes, against bytes worked out by hand from MQTT 3.1.1. */
import { describe, expect, it, vi } from "vitest";
import { createMqttSensors } from "../../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { createPacketGate } from "../../../drivers/mqtt-sensor/packet-gate.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { repeatableRandom, virtualClock } from "../../unit/mqtt-sensor/mqtt-fixture.ts";

const CONNECT = "101400044d5154540402000000086265616d7261636b";
/** Identifier 1, filter "a/b", quality of service 0. */
const SUBSCRIBE = "820800010003612f6200";
const CONNACK = bytes("20020000");
const SUBACK = bytes("9003000100");
const PUBLISH = bytes("300a0003612f623230312e33");

function bytes(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

/** The client on a bare cable: the test is the broker. */
function bareBroker(clock: VirtualClock = virtualClock()) {
  const cable = createMemoryLink(clock, { name: "broker", latencyMs: 0.5 });
  let received = "";
  cable.end.onData((chunk) => {
    received += Buffer.from(chunk).toString("hex");
  });
  const { connection, sensors } = createMqttSensors({
    name: "broker",
    clientId: "beamrack",
    clock,
    openLink: cable.openLink,
    sensors: [{ name: "s", quantity: "ring_current", unit: "mA", topic: "a/b", jsonPath: null, maximumAgeS: 10 }],
  });
  const faults: Fault[] = [];
  connection.onFault((fault) => faults.push(fault));
  const sensor = sensors.get("s");
  sensor?.onFault((fault) => faults.push(fault));
  const take = async (ms = 3): Promise<string> => {
    received = "";
    await clock.run(clock.nowMs() + ms);
    return received;
  };
  return { clock, cable, connection, sensor, faults, take };
}

async function subscribed() {
  const bench = bareBroker();
  const connecting = bench.connection.connect();
  expect(await bench.take()).toBe(CONNECT);
  bench.cable.end.send(CONNACK);
  expect(await bench.take()).toBe(SUBSCRIBE);
  bench.cable.end.send(SUBACK);
  await bench.take();
  await connecting;
  return bench;
}

describe("the MQTT client", () => {
  it("says CONNECT and SUBSCRIBE as the standard has it and reads a PUBLISH", async () => {
    const bench = await subscribed();
    bench.cable.end.send(Buffer.from(PUBLISH));
    expect(await bench.take()).toBe("");
    expect(bench.sensor?.fresh()?.value).toBe(201.3);
  });

  it("asks for a sign of life after half a minute of silence", async () => {
    const bench = await subscribed();
    expect(await bench.take(29_000)).toBe("");
    expect(await bench.take(31_500)).toBe("c000");
    bench.cable.end.send(bytes("d000"));
    expect(await bench.take(31_000)).toBe("");
    expect(bench.faults.map(({ code }) => code)).toEqual(["sensor.stale"]);
  });

  it("is told apart by its return code when the broker refuses it", async () => {
    for (const code of [1, 2, 3, 4, 5]) {
      const bench = bareBroker();
      const connecting = bench.connection.connect();
      connecting.catch(() => undefined);
      await bench.take();
      bench.cable.end.send(Uint8Array.of(0x20, 2, 0, code));
      await bench.take();
      await expect(connecting).rejects.toMatchObject({ code: "device.refused", detail: { code } });
      expect(bench.faults).toEqual([]);
    }
  });

  it("is told when the broker does not grant a subscription", async () => {
    const bench = bareBroker();
    const connecting = bench.connection.connect();
    connecting.catch(() => undefined);
    await bench.take();
    bench.cable.end.send(Buffer.from(CONNACK));
    await bench.take();
    bench.cable.end.send(bytes("9003000180"));
    await bench.take();
    await expect(connecting).rejects.toMatchObject({ code: "device.refused" });
  });

  it.each([
    ["a SUBSCRIBE", SUBSCRIBE],
    ["a PUBLISH at quality of service 2", "340c0003612f6200013230312e33"],
    ["a PUBLISH whose topic is longer than itself", "30040010612f"],
    ["a remaining length without end", "30ffffffff7f"],
    ["a second CONNACK", "20020000"],
  ])("closes the link on %s, says so and comes back", async (_what, hex) => {
    const bench = await subscribed();
    bench.cable.end.send(bytes(hex));
    await bench.take();
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.garbled"]);
    expect(await bench.take(600)).toBe(CONNECT);
  });

  it("stays whole under ten thousand random chunks: every fault has a name, and it is usable after", async () => {
    const random = repeatableRandom(5);
    const pieces = [
      CONNACK,
      SUBACK,
      PUBLISH,
      bytes("d000"),
      bytes("31060003612f6237"),
      bytes("30ffff03"),
      bytes("9003"),
    ];
    let garbledCount = 0;
    let readingCount = 0;
    for (let run = 0; run < 500; run += 1) {
      const bench = await subscribed();
      bench.sensor?.onReading(() => {
        readingCount += 1;
      });
      for (let count = 0; count < 20; count += 1) {
        const piece = Buffer.from(pieces[Math.floor(random() * pieces.length)] ?? PUBLISH);
        if (random() < 0.1) piece[Math.floor(random() * piece.length)] = Math.floor(random() * 256);
        const cut = Math.floor(random() * (piece.length + 1));
        bench.cable.end.send(piece.subarray(0, cut));
        if (random() < 0.9) bench.cable.end.send(piece.subarray(cut));
      }
      await bench.take(2);
      for (const { code } of bench.faults) expect(["link.garbled", "sensor.unreadable"]).toContain(code);
      if (bench.faults.some(({ code }) => code === "link.garbled")) garbledCount += 1;
      bench.connection.disconnect();
    }
    expect(garbledCount).toBeGreaterThan(100);
    expect(readingCount).toBeGreaterThan(100);
    const fresh = await subscribed();
    fresh.cable.end.send(Buffer.from(PUBLISH));
    await fresh.take();
    expect(fresh.sensor?.fresh()?.value).toBe(201.3);
  });
});

describe("the library's own timers", () => {
  it("are one that never comes due, cleared by the broker's answer or by the end", async () => {
    const armed = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const repeated = vi.spyOn(globalThis, "setInterval");
    try {
      const bench = await subscribed();
      // The library closes its empty store of messages in a turn of its own; nothing waits for that.
      expect(armed.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1, 0]);
      const first = armed.mock.results[0]?.value as unknown;
      expect(cleared.mock.calls.map(([timer]) => timer as unknown)).toContain(first);
      await bench.take(20_000);
      bench.connection.disconnect();
      await bench.take();
      expect(armed).toHaveBeenCalledTimes(2);

      const unanswered = bareBroker();
      const connecting = unanswered.connection.connect();
      connecting.catch(() => undefined);
      await unanswered.take(6000);
      await expect(connecting).rejects.toMatchObject({ code: "link.timeout" });
      expect(armed).toHaveBeenCalledTimes(3);
      const second = armed.mock.results[2]?.value as unknown;
      expect(cleared.mock.calls.map(([timer]) => timer as unknown)).toContain(second);
      expect(repeated).not.toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe("the gate before the MQTT library", () => {
  function gated(limit: number) {
    let feed: (chunk: Uint8Array) => void = () => undefined;
    let isClosed = false;
    const link: Link = {
      name: "bare",
      isOpen: true,
      write: () => undefined,
      onData(handler) {
        feed = handler;
        return () => undefined;
      },
      onClose: () => () => undefined,
      close() {
        isClosed = true;
      },
    };
    const oversized: (readonly [string, number])[] = [];
    const flooded: (readonly [string, number])[] = [];
    const violations: string[] = [];
    const gate = createPacketGate(link, limit, {
      heard: () => undefined,
      oversized: (topic, lengthBytes) => oversized.push([topic, lengthBytes]),
      flooded: (topic, lengthBytes) => flooded.push([topic, lengthBytes]),
      violated: (why) => violations.push(why),
      closing: () => undefined,
    });
    let passed = "";
    gate.onData((chunk) => {
      passed += Buffer.from(chunk).toString("hex");
    });
    return {
      feed: (chunk: Uint8Array) => {
        feed(chunk);
      },
      passed: () => passed,
      isClosed: () => isClosed,
      oversized,
      flooded,
      violations,
    };
  }

  const HUGE = Buffer.concat([bytes("30a08d06"), bytes("0003612f62"), Buffer.alloc(100_000 - 5, 0x78)]);

  it.each([1, 2, 3, 5, 64, 100_000])("passes whole packets and skips an oversized one, in chunks of %i", (size) => {
    const gate = gated(1000);
    const stream = Buffer.concat([CONNACK, HUGE, PUBLISH, SUBACK]);
    for (let at = 0; at < stream.length; at += size) gate.feed(stream.subarray(at, at + size));
    expect(gate.passed()).toBe(Buffer.concat([CONNACK, PUBLISH, SUBACK]).toString("hex"));
    expect(gate.oversized).toEqual([["a/b", 100_000]]);
    expect(gate.violations).toEqual([]);
  });

  it.each([1, 3, 100])("waits for no message beyond 4 MiB: it ends the link and is named, in chunks of %i", (size) => {
    const gate = gated(1000);
    // 256 MiB less one byte, the most that a length of four bytes can announce.
    const stream = Buffer.concat([PUBLISH, bytes("30ffffff7f0003612f6278"), PUBLISH]);
    for (let at = 0; at < stream.length; at += size) gate.feed(stream.subarray(at, at + size));
    expect(gate.flooded).toEqual([["a/b", 268_435_455]]);
    expect(gate.isClosed()).toBe(true);
    expect([...gate.oversized, ...gate.violations]).toEqual([]);
    expect(gate.passed()).toBe(PUBLISH.toString("hex"));
  });

  it("closes on an oversized packet that is no message", () => {
    const gate = gated(1000);
    gate.feed(bytes("90a08d06"));
    expect(gate.violations).toHaveLength(1);
    expect(gate.isClosed()).toBe(true);
    gate.feed(PUBLISH);
    expect(gate.passed()).toBe("");
  });

  it("passes what came before a violation and nothing after", () => {
    const gate = gated(1000);
    gate.feed(Buffer.concat([PUBLISH, bytes("ff"), PUBLISH]));
    expect(gate.passed()).toBe(PUBLISH.toString("hex"));
    expect(gate.violations).toHaveLength(1);
  });
});

describe("one turn of the event loop", () => {
  it("is enough for the library to hand on all messages of a chunk, and of fifty chunks", async () => {
    let drains = 0;
    let isCounting = false;
    const clock = createVirtualClock(0, {
      drain: async () => {
        if (isCounting) drains += 1;
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    const { cable, connection, sensor, take } = bareBroker(clock);
    const connecting = connection.connect();
    await take();
    cable.end.send(Buffer.from(CONNACK));
    await take();
    cable.end.send(Buffer.from(SUBACK));
    await take();
    await connecting;
    let count = 0;
    const drainsAtReading: number[] = [];
    sensor?.onReading(() => {
      count += 1;
      drainsAtReading.push(drains);
    });
    await clock.run(clock.nowMs());
    isCounting = true;
    cable.end.send(Buffer.concat(new Array<Buffer>(50).fill(PUBLISH)));
    await take(0.5);
    expect(count).toBe(50);
    // One drain opens the run; the one after the delivery is still to come, or is the very turn that brought them.
    expect(Math.max(...drainsAtReading)).toBeLessThanOrEqual(2);
    for (let index = 0; index < 50; index += 1) cable.end.send(Buffer.from(PUBLISH));
    await take(0.5);
    expect(count).toBe(100);
  });
});
