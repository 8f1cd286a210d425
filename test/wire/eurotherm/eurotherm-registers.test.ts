/** Registers of the controllers, and what the simulated one answers, byte for byte. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeDecimals,
  decodeFloat,
  decodeScaled,
  floatAddress,
  statusWords,
  whyUnbelievable,
} from "../../../protocols/wire/eurotherm/eurotherm-registers.ts";
import { createEurothermTwin } from "../../../simulator/eurotherm-modbus/eurotherm-twin.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";

describe("a number of the controller", () => {
  it.each([
    [250, 1, 25],
    [250, 0, 250],
    [0xffff, 1, -0.1],
    [0x8000, 2, -327.68],
    [0x7fff, 0, 32_767],
  ])("%d with %d decimals is %d", (word, decimals, value) => {
    expect(decodeScaled(word, decimals)).toEqual({ ok: true, value });
  });

  it("as a float lies at twice its address from 0x8000, high word first", () => {
    expect(floatAddress(1)).toBe(0x8002);
    expect(floatAddress(289)).toBe(0x8242);
    expect(decodeFloat([0x41c8, 0x0000])).toEqual({ ok: true, value: 25 });
    expect(decodeFloat([0x7fc0, 0])).toMatchObject({ ok: false });
    expect(decodeFloat([0x41c8])).toMatchObject({ ok: false });
  });

  it("has at most four decimals", () => {
    expect([0, 1, 4, 5, 0xffff, undefined].map(decodeDecimals)).toEqual([0, 1, 4, undefined, undefined, undefined]);
  });

  it("is not believed with a broken sensor or outside its range", () => {
    expect(whyUnbelievable(0x0000)).toBeUndefined();
    expect(whyUnbelievable(0x020f)).toBeUndefined();
    expect(whyUnbelievable(0x0020)).toContain("sensor break");
    expect(whyUnbelievable(0x0400)).toContain("out of range");
    expect(statusWords(0x2021)).toEqual(["alarm 1", "sensor break", "remote input break"]);
  });

  it("is a number or a reason, whatever the registers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 0x1_0005 }), { maxLength: 3 }),
        fc.nat({ max: 6 }),
        (words, decimals) => {
          for (const measured of [decodeScaled(words[0], decimals), decodeFloat(words)])
            if (measured.ok) expect(Number.isFinite(measured.value)).toBe(true);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe("the simulated controller", () => {
  const unit = () => {
    const { clock } = createVirtualTime();
    const twin = createEurothermTwin({ clock, startC: 25 });
    return {
      twin,
      ask: (text: string): string => {
        const answer = twin.device.perform(Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex")));
        if (answer === undefined) return "silence";
        return typeof answer === "number" ? `exception ${answer}` : Buffer.from(answer).toString("hex");
      },
    };
  };

  it.each([
    ["its process value", "03 00 01 00 01", "030200fa"],
    ["process value and setpoint together", "03 00 01 00 02", "030400fa00fa"],
    ["its status", "03 00 4b 00 01", "03020000"],
    ["its decimals", "03 02 0d 00 01", "03020001"],
    ["its version", "03 00 6b 00 01", "03020461"],
    ["its identity", "03 00 7a 00 01", "0302e480"],
    ["its process value as a float", "03 80 02 00 02", "030441c80000"],
    ["a setpoint written", "06 00 02 01 f4", "06000201f4"],
    ["setpoints written together", "10 00 02 00 01 02 01 f4", "1000020001"],
    ["a register it does not have", "03 0f a0 00 01", "exception 2"],
    ["a write to what can only be read", "06 00 7a 00 01", "exception 3"],
    ["input registers, which it has none of", "04 00 01 00 01", "exception 1"],
  ])("answers %s", (_, request, answer) => {
    expect(unit().ask(request)).toBe(answer);
  });

  it("takes a setpoint below zero", () => {
    const { twin, ask } = unit();
    ask("06 00 02 ff 9c");
    expect(twin.setpointC).toBe(-10);
    expect(ask("03 00 02 00 01")).toBe("0302ff9c");
  });
});
