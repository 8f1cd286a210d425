/** Modbus RTU over a link: silence, late answers, units that share a line. */
import { describe, expect, it } from "vitest";
import type { ModbusBus } from "../../../drivers/link/modbus-bus.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { silenceMs } from "../../../protocols/wire/modbus/rtu-frame.ts";
import { faultOf } from "../../contract/contract-bench.ts";
import { createLineBench, type LineBench } from "./line-bench.ts";

interface Joined {
  readonly bench: LineBench;
  readonly units: readonly ModbusBus[];
  readonly lost: string[];
}

async function joined(...options: Parameters<typeof createLineBench>): Promise<Joined> {
  const bench = createLineBench(...options);
  const lost: string[] = [];
  const units: ModbusBus[] = [];
  for (const unit of [1, 2, 3]) {
    const name = `unit ${unit}`;
    units.push(await bench.settle(bench.line.join(name, unit, (fault: Fault) => lost.push(`${name} ${fault.code}`))));
  }
  return { bench, units, lost };
}

function one(units: readonly ModbusBus[], index = 0): ModbusBus {
  const unit = units[index];
  if (unit === undefined) throw new Error("no such unit");
  return unit;
}

describe("a serial line", () => {
  it("is listened to before the first word: nothing of an earlier session meets a request", async () => {
    const { bench, units } = await joined();
    const reading = one(units).readRegisters(0, 2);
    await bench.pass(0.2);
    // A late answer to somebody else, of the very form that is awaited.
    bench.cable.end.send(Buffer.from("0103040bad0badb8ef", "hex"));
    expect(bench.sent).toEqual([]);
    expect(await bench.settle(reading)).toEqual([1000, 1001]);
    expect(bench.sent[0]?.atMs).toBeGreaterThanOrEqual(300);
  });

  it("is silent for 3.5 characters between an answer and the next request", async () => {
    const { bench, units } = await joined();
    await bench.settle(one(units).readRegisters(0, 1));
    const answeredMs = bench.clock.nowMs();
    await bench.settle(one(units, 1).readRegisters(0, 1));
    expect((bench.sent[1]?.atMs ?? 0) - answeredMs).toBeGreaterThanOrEqual(silenceMs(19_200));
    expect((bench.sent[1]?.atMs ?? 0) - answeredMs).toBeLessThan(6);
  });

  it("carries one request at a time, whoever asks, and each gets its own answer", async () => {
    const { bench, units } = await joined();
    const readings = [0, 1, 2, 1, 0].map((index) => one(units, index).readRegisters(0, 1));
    expect(await bench.settle(Promise.all(readings))).toEqual([[1000], [2000], [3000], [2000], [1000]]);
    expect(bench.sent.map(({ hex }) => hex.slice(0, 2))).toEqual(["01", "02", "03", "02", "01"]);
  });

  it("carries every function that is used, byte for byte", async () => {
    const { bench, units } = await joined();
    const unit = one(units);
    await bench.settle(unit.writeRegister(2, 0x012c));
    await bench.settle(unit.writeRegisters(2, [1, 2]));
    expect(await bench.settle(unit.readInputRegisters(2, 2))).toEqual([1, 2]);
    expect((await faultOf(bench, unit.readRegisters(9, 1))).detail["exceptionCode"]).toBe(2);
    expect((await faultOf(bench, unit.readCoils(0, 1))).detail["exceptionCode"]).toBe(1);
    expect(bench.sent.map(({ hex }) => hex)).toEqual([
      "01060002012c2847",
      "0110000200020400010002a277",
      "010400020002d00b",
      "0103000900015408",
      "010100000001fdca",
    ]);
  });

  it("takes answers that are cut anywhere", async () => {
    for (let cut = 1; cut < 9; cut += 1) {
      const { bench, units } = await joined();
      bench.alter = (frame) => {
        bench.cable.end.send(frame.slice(0, cut));
        bench.clock.at(bench.clock.nowMs() + 16, () => {
          bench.cable.end.send(frame.slice(cut));
        });
        return undefined;
      };
      expect(await bench.settle(one(units).readRegisters(0, 2))).toEqual([1000, 1001]);
    }
  });

  it("never gives one unit the late answer of another, nor its own", async () => {
    const { bench, units, lost } = await joined({ replyDeadlineMs: 100 });
    bench.server.slow(150);
    const first = one(units).readRegisters(0, 1);
    const second = one(units, 1).readRegisters(0, 1);
    expect((await faultOf(bench, first)).code).toBe("link.timeout");
    bench.server.slow(1);
    expect(await bench.settle(second)).toEqual([2000]);
    expect(lost).toEqual(["unit 1 link.timeout"]);
    const again = await bench.settle(bench.line.join("unit 1", 1, () => undefined));
    expect(await bench.settle(again.readRegisters(1, 1))).toEqual([1001]);
    expect(bench.cable.counters.opens).toBe(1);
  });

  it("gives up a unit that is mute, by name, and the others lose nothing", async () => {
    const { bench, units, lost } = await joined({ replyDeadlineMs: 200 });
    await bench.settle(one(units).readRegisters(0, 1));
    bench.mute.add(2);
    const mute = one(units, 1).readRegisters(0, 1);
    const waiting = one(units, 1).readRegisters(1, 1);
    waiting.catch(() => undefined);
    const others = [0, 2, 0, 2].map((index) => one(units, index).readRegisters(0, 1));
    expect(await faultOf(bench, mute)).toMatchObject({ code: "link.timeout", where: "unit 2" });
    expect(await faultOf(bench, waiting)).toMatchObject({ code: "link.closed", where: "unit 2" });
    expect(await bench.settle(Promise.all(others))).toEqual([[1000], [3000], [1000], [3000]]);
    expect(lost).toEqual(["unit 2 link.timeout"]);
    expect(one(units, 1).isOpen).toBe(false);
    expect((await faultOf(bench, one(units, 1).readRegisters(0, 1))).code).toBe("link.closed");
  });

  it("is given up as a whole when nobody answers any more", async () => {
    const { bench, units, lost } = await joined({ replyDeadlineMs: 200 });
    await bench.settle(one(units).readRegisters(0, 1));
    for (const unit of [1, 2, 3]) bench.mute.add(unit);
    await bench.settle(Promise.allSettled(units.map((unit) => unit.readRegisters(0, 1))));
    expect(lost).toEqual(["unit 1 link.timeout", "unit 2 link.timeout", "unit 3 link.timeout"]);
    expect(bench.cable.counters.closes).toBe(1);
  });

  it("says that a write without an answer may have happened, and sends it once", async () => {
    const { bench, units } = await joined({ replyDeadlineMs: 200 });
    bench.alter = () => undefined;
    const fault = await faultOf(bench, one(units).writeRegister(2, 7));
    expect(fault).toMatchObject({ code: "device.unknown-outcome", where: "unit 1" });
    await bench.pass(5);
    expect(bench.sent).toHaveLength(1);
    expect(bench.registers.get(1)?.[2]).toBe(7);
  });

  it.each([
    ["a wrong checksum", (frame: Uint8Array) => Uint8Array.from(frame, (byte, at) => (at === 4 ? byte ^ 1 : byte))],
    ["another unit's number", (frame: Uint8Array) => Uint8Array.from(frame, (byte, at) => (at === 0 ? 9 : byte))],
    ["a byte too many", (frame: Uint8Array) => Uint8Array.of(...frame, 0)],
    ["a byte too few", (frame: Uint8Array) => frame.slice(0, -1)],
    ["a byte before it", (frame: Uint8Array) => Uint8Array.of(0xff, ...frame)],
  ])("does not believe an answer with %s, and goes on after a silence", async (_, bend) => {
    const { bench, units } = await joined();
    bench.alter = bend;
    expect((await faultOf(bench, one(units).readRegisters(0, 2))).code).toBe("link.garbled");
    const garbledMs = bench.clock.nowMs();
    bench.alter = (frame) => frame;
    expect(await bench.settle(one(units, 1).readRegisters(0, 1))).toEqual([2000]);
    expect((bench.sent[1]?.atMs ?? 0) - garbledMs).toBeGreaterThanOrEqual(300);
  });

  it("that is never quiet is given up instead of waiting for ever", async () => {
    const { bench, units, lost } = await joined();
    const babble = (): void => {
      bench.cable.end.send(Uint8Array.of(0x55));
      if (bench.clock.nowMs() < 60_000) bench.clock.at(bench.clock.nowMs() + 1, babble);
    };
    babble();
    expect((await faultOf(bench, one(units).readRegisters(0, 1))).code).toBe("link.closed");
    expect(lost).toContain("unit 1 link.garbled");
    expect(bench.clock.nowMs()).toBeLessThan(15_000);
  });

  it("closes when the last unit leaves, and opens again for the next", async () => {
    const { bench, units } = await joined();
    await bench.settle(one(units).readRegisters(0, 1));
    for (const unit of units) {
      expect(bench.cable.counters.closes).toBe(0);
      unit.close();
    }
    expect(bench.cable.counters.closes).toBe(1);
    const again = await bench.settle(bench.line.join("unit 3", 3, () => undefined));
    expect(await bench.settle(again.readRegisters(0, 1))).toEqual([3000]);
  });

  it("tells all its units when it breaks", async () => {
    const { bench, units, lost } = await joined();
    await bench.settle(one(units).readRegisters(0, 1));
    bench.cable.cut("unplugged");
    expect(lost).toEqual(["unit 1 link.closed", "unit 2 link.closed", "unit 3 link.closed"]);
  });

  it("leaves no timer behind", async () => {
    const { bench, units } = await joined();
    await bench.settle(one(units).readRegisters(0, 1));
    for (const unit of units) unit.close();
    await bench.pass(1);
    expect(bench.clock.pending).toBe(0);
  });
});

describe("units behind one TCP connection", () => {
  it("are told apart, and a unit that is mute costs the connection", async () => {
    const { bench, units, lost } = await joined({ framing: { kind: "tcp" } });
    const readings = [2, 0, 1].map((index) => one(units, index).readRegisters(0, 1));
    expect(await bench.settle(Promise.all(readings))).toEqual([[3000], [1000], [2000]]);
    bench.mute.add(1);
    expect((await faultOf(bench, one(units).readRegisters(0, 1))).code).toBe("link.timeout");
    expect(lost).toHaveLength(3);
    bench.mute.clear();
    const again = await bench.settle(bench.line.join("unit 1", 1, () => undefined));
    expect(await bench.settle(again.readRegisters(0, 1))).toEqual([1000]);
  });

  it("leave the pause that the unit wants between an answer and the next request", async () => {
    const { bench, units } = await joined({ framing: { kind: "tcp" }, gapMs: 15 });
    await bench.settle(Promise.all([0, 1].map((index) => one(units, index).readRegisters(0, 1))));
    expect((bench.sent[1]?.atMs ?? 0) - (bench.sent[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(15);
  });
});
