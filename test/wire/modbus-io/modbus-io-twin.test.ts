/** What the simulated unit answers, byte for byte; frames from the Modbus Application Protocol and WAGO's register map. */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createModbusIoTwin } from "../../../simulator/modbus-io/modbus-io-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createPlainBeam, MAP } from "../../unit/modbus-io/bench.ts";

function createUnit() {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const beam = createPlainBeam();
  let said: Uint8Array[] = [];
  let hangUps = 0;
  let onData: (chunk: Uint8Array) => void = () => undefined;
  const end: DeviceEnd = {
    onOpen: () => undefined,
    onClose: () => undefined,
    onData(handler) {
      onData = handler;
    },
    send(chunk) {
      said.push(chunk);
    },
    hangUp() {
      hangUps += 1;
    },
  };
  const twin = createModbusIoTwin({ end, clock, beam, map: MAP });
  const hex = (): string => {
    const text = said.map((chunk) => Array.from(chunk, (byte) => byte.toString(16).padStart(2, "0")).join(" "));
    said = [];
    return text.join(" / ");
  };
  return {
    clock,
    beam,
    twin,
    hangUps: () => hangUps,
    raw(chunk: Uint8Array): string {
      onData(chunk);
      return hex();
    },
    /** Unit and PDU in hex; the answer's unit and PDU. */
    ask(body: string): string {
      const pdu = body.split(" ").map((byte) => Number.parseInt(byte, 16));
      onData(Uint8Array.of(0x12, 0x34, 0, 0, 0, pdu.length, ...pdu));
      const answer = hex();
      expect(answer.startsWith("12 34 00 00 00 ")).toBe(true);
      return answer.slice("12 34 00 00 00 00 ".length);
    },
  };
}

describe("the simulated input/output unit", () => {
  it("answers a request with its transaction number, unit and length", () => {
    const unit = createUnit();
    // Closed switches of both shutters and five interlocks: bits 1, 3, 4-8.
    expect(unit.raw(Uint8Array.of(0, 7, 0, 0, 0, 6, 1, 2, 0, 0, 0, 12))).toBe("00 07 00 00 00 05 01 02 02 fa 01");
  });

  it("answers requests joined in one chunk, and one that comes byte by byte", () => {
    const unit = createUnit();
    const request = Uint8Array.of(0, 7, 0, 0, 0, 6, 1, 1, 2, 0, 0, 8);
    expect(unit.raw(Uint8Array.of(...request, ...request))).toBe(
      "00 07 00 00 00 04 01 01 01 00 / 00 07 00 00 00 04 01 01 01 00",
    );
    let answer = "";
    for (const byte of request) answer += unit.raw(Uint8Array.of(byte));
    expect(answer).toBe("00 07 00 00 00 04 01 01 01 00");
  });

  it("hangs up on a stream that is not Modbus TCP", () => {
    const unit = createUnit();
    expect(unit.raw(Uint8Array.of(0, 7, 0, 1, 0, 6, 1, 2, 0, 0, 0, 12))).toBe("");
    expect(unit.hangUps()).toBe(1);
  });

  it("reads inputs at 0 and outputs at 0x0200, by bits and by words", () => {
    const unit = createUnit();
    expect(unit.ask("01 05 02 03 ff 00")).toBe("01 05 02 03 ff 00");
    expect(unit.ask("01 01 02 00 00 10")).toBe("01 01 02 08 00");
    expect(unit.ask("01 02 00 00 00 10")).toBe("01 02 02 fa 03");
    expect(unit.ask("01 03 02 00 00 01")).toBe("01 03 02 00 08");
    expect(unit.ask("01 04 00 00 00 01")).toBe("01 04 02 03 fa");
  });

  it("writes outputs at 0 as well as at 0x0200", () => {
    const unit = createUnit();
    expect(unit.ask("01 05 00 02 ff 00")).toBe("01 05 00 02 ff 00");
    expect(unit.ask("01 0f 02 03 00 03 01 05")).toBe("01 0f 02 03 00 03");
    expect(unit.ask("01 01 02 00 00 08")).toBe("01 01 01 2c");
    expect(unit.ask("01 06 02 00 00 03")).toBe("01 06 02 00 00 03");
    expect(unit.beam.drives.at(-1)?.isOpen).toBe(true);
    expect(unit.ask("01 10 00 00 00 01 02 00 20")).toBe("01 10 00 00 00 01");
    expect(unit.ask("01 17 02 00 00 01 02 00 00 01 02 00 04")).toBe("01 17 02 00 04");
  });

  it("tells its counts of points and its name plate", () => {
    const unit = createUnit();
    expect(unit.ask("01 03 10 22 00 04")).toBe("01 03 08 00 00 00 00 00 10 00 10");
    expect(unit.ask("01 03 20 10 00 03")).toBe("01 03 06 00 0a 02 ee 01 60");
  });

  it.each([
    ["01 07", "01 87 01"],
    ["01 2b 0e 01 00", "01 ab 01"],
    ["01 02 00 10 00 01", "01 82 02"],
    ["01 02 00 00 00 00", "01 82 03"],
    ["01 02 00 00 07 d1", "01 82 03"],
    ["01 03 30 00 00 01", "01 83 02"],
    ["01 03 00 00 00 7e", "01 83 03"],
    ["01 05 02 10 ff 00", "01 85 02"],
    ["01 05 02 00 ff ff", "01 85 03"],
    ["01 06 10 22 00 01", "01 86 02"],
    ["01 0f 02 00 00 03 02 05", "01 8f 03"],
    ["01 0f 02 0f 00 02 01 03", "01 8f 02"],
    ["01 10 02 00 00 01 03 00 01", "01 90 03"],
    ["01 06 10 07 00 02", "01 86 03"],
  ])("answers %s with the exception %s", (request, answer) => {
    expect(createUnit().ask(request)).toBe(answer);
  });

  it("drops all outputs when the watchdog expires, and answers writes with exception 4 until it is restarted", async () => {
    const unit = createUnit();
    unit.ask("01 06 10 00 00 05");
    expect(unit.ask("01 06 10 03 00 01")).toBe("01 06 10 03 00 01");
    unit.ask("01 06 02 00 00 07");
    await unit.clock.run(499);
    expect(unit.twin.outputs.slice(0, 3)).toEqual([true, true, true]);
    await unit.clock.run(500);
    expect(unit.twin.outputs).not.toContain(true);
    expect(unit.beam.drives.at(-1)).toEqual({ atMs: 500, isOpen: false });
    expect(unit.ask("01 03 10 06 00 01")).toBe("01 03 02 00 02");
    for (const write of ["05 02 00 ff 00", "0f 02 00 00 01 01 01", "06 02 00 00 01", "06 10 03 00 02"]) {
      expect(unit.ask(`01 ${write}`)).toMatch(/^01 8[56f] 04$/);
    }
    expect(unit.ask("01 02 00 00 00 08")).toMatch(/^01 02 01/);
    expect(unit.ask("01 06 10 07 00 01")).toBe("01 06 10 07 00 01");
    expect(unit.ask("01 03 10 06 00 01")).toBe("01 03 02 00 01");
    expect(unit.twin.outputs).not.toContain(true);
  });

  it("is renewed by a change of the trigger register only, not by its repetition, nor by any other request", async () => {
    const unit = createUnit();
    unit.ask("01 06 10 00 00 05");
    unit.ask("01 06 10 03 00 01");
    await unit.clock.run(400);
    unit.ask("01 06 10 03 00 02");
    await unit.clock.run(800);
    expect(unit.twin.isWatchdogExpired).toBe(false);
    unit.ask("01 06 10 03 00 02");
    unit.ask("01 02 00 00 00 08");
    unit.ask("01 06 02 00 00 07");
    await unit.clock.run(901);
    expect(unit.twin.isWatchdogExpired).toBe(true);
  });

  it("is renewed by the function codes in its mask, where the mask says so", async () => {
    const unit = createUnit();
    unit.ask("01 06 10 00 00 05");
    unit.ask("01 06 10 01 00 02");
    unit.ask("01 06 10 03 00 01");
    for (let atMs = 400; atMs <= 2000; atMs += 400) {
      await unit.clock.run(atMs);
      unit.ask("01 02 00 00 00 08");
    }
    expect(unit.twin.isWatchdogExpired).toBe(false);
    await unit.clock.run(2501);
    expect(unit.twin.isWatchdogExpired).toBe(true);
  });

  it("keeps its watchdog's set-up while it runs, and can be stopped in two words", async () => {
    const unit = createUnit();
    unit.ask("01 06 10 00 00 05");
    unit.ask("01 06 10 03 00 01");
    expect(unit.ask("01 06 10 01 ff ff")).toBe("01 86 04");
    unit.ask("01 06 10 05 aa aa");
    unit.ask("01 06 10 05 55 55");
    expect(unit.ask("01 03 10 06 00 01")).toBe("01 03 02 00 00");
    await unit.clock.run(5000);
    expect(unit.twin.isWatchdogExpired).toBe(false);
    expect(unit.ask("01 06 10 01 ff ff")).toBe("01 06 10 01 ff ff");
  });

  it("answers each of 10,000 random requests once, and never throws", () => {
    const unit = createUnit();
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43, 0, 0x85),
        fc.uint8Array({ maxLength: 24 }),
        (code, rest) => {
          const answer = unit.raw(Uint8Array.of(0, 9, 0, 0, 0, rest.length + 2, 1, code, ...rest));
          expect(answer.startsWith("00 09 00 00 00 ")).toBe(true);
          expect(answer).not.toContain("/");
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it("survives 10,000 random streams", () => {
    const unit = createUnit();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (chunk) => {
        unit.raw(chunk);
      }),
      { numRuns: 10_000 },
    );
  });
});
