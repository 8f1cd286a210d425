/** Numbers in registers, whichever order and scale: examples computed by hand, and there and back for any. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  RegisterPoint,
  RegisterType,
  WordOrder,
  WritablePoint,
} from "../../../protocols/wire/modbus-cycler/register-map.ts";
import { REGISTER_COUNT } from "../../../protocols/wire/modbus-cycler/register-map.ts";
import {
  decodeBit,
  decodeNumber,
  decodeText,
  encodeNumber,
} from "../../../protocols/wire/modbus-cycler/register-values.ts";

const ORDERS: readonly WordOrder[] = ["ABCD", "CDAB", "BADC", "DCBA"];
const TYPES = ["u16", "s16", "u32", "s32", "f32", "f64"] as const;

function point(type: RegisterType, wordOrder: WordOrder, change: Partial<WritablePoint> = {}): WritablePoint {
  return {
    table: "holding",
    address: 0,
    type,
    count: type === "text" ? 4 : REGISTER_COUNT[type],
    wordOrder,
    scale: { kind: "linear", factor: 1, offset: 0 },
    bit: null,
    min: -Infinity,
    max: Infinity,
    writeFunction: 16,
    ...change,
  };
}

function words(text: string): number[] {
  return text.split(" ").map((word) => Number.parseInt(word, 16));
}

function value(of: RegisterPoint, text: string, nominal = {}): number {
  const decoded = decodeNumber(of, words(text), nominal);
  return decoded.ok ? decoded.value : Number.NaN;
}

describe("a number in registers", () => {
  it.each<[WordOrder, string, string]>([
    ["ABCD", "42a0 0000", "406c cccd"],
    ["CDAB", "0000 42a0", "cccd 406c"],
    ["BADC", "a042 0000", "6c40 cdcc"],
    ["DCBA", "0000 a042", "cdcc 6c40"],
  ])("in the order %s is 80.0 from %s and 3.7 from %s", (order, eighty, other) => {
    expect(value(point("f32", order), eighty)).toBe(80);
    expect(value(point("f32", order), other)).toBeCloseTo(3.7, 6);
  });

  it("in a wrong order looks plausible, and is not", () => {
    expect(value(point("f32", "ABCD"), "0000 42a0")).toBeCloseTo(2.39e-41, 43);
  });

  it.each<[RegisterType, string, number]>([
    ["u16", "ff38", 65_336],
    ["s16", "ff38", -200],
    ["u32", "8000 0001", 2_147_483_649],
    ["s32", "ffff ffff", -1],
    ["f64", "400d 9999 9999 999a", 3.7],
  ])("of type %s is read from %s as %d", (type, text, expected) => {
    expect(value(point(type, "ABCD"), text)).toBe(expected);
  });

  it("is scaled, or a share of what the unit told", () => {
    expect(value(point("s16", "ABCD", { scale: { kind: "linear", factor: 0.1, offset: 5 } }), "ff38")).toBeCloseTo(
      -15,
      9,
    );
    const share = point("u16", "ABCD", { scale: { kind: "share", fullScale: 52_428, of: "voltage_V" } });
    expect(value(share, "2454", { voltage_V: 80 })).toBeCloseTo(14.19, 2);
    expect(decodeNumber(share, words("2454"), {})).toMatchObject({ ok: false });
    const power = point("u16", "ABCD", {
      scale: { kind: "share", fullScale: 52_428, of: "current_A" },
      min: 0,
      max: "nominal",
    });
    // 3150 of 3500, rounded down.
    expect(encodeNumber(power, 3150, { current_A: 3500 })).toEqual({ ok: true, value: words("b851") });
  });

  it("that is none is said to be none", () => {
    expect(decodeNumber(point("f32", "ABCD"), words("7fc0 0000"), {})).toMatchObject({ ok: false });
    expect(decodeNumber(point("f32", "ABCD"), words("7f80 0000"), {})).toMatchObject({ ok: false });
    expect(decodeNumber(point("f32", "ABCD"), words("7f80"), {})).toMatchObject({ ok: false });
  });

  it("is the same there and back, in every type and order", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TYPES),
        fc.constantFrom(...ORDERS),
        fc.double({ min: -30_000, max: 30_000, noNaN: true }),
        (type, order, wanted) => {
          const of = point(type, order);
          const isUnsigned = type === "u16" || type === "u32";
          const given = (isUnsigned ? Math.abs(wanted) : wanted) + 0;
          const encoded = encodeNumber(of, given, {});
          if (!encoded.ok) throw new Error(encoded.reason);
          const back = decodeNumber(of, encoded.value, {});
          if (!back.ok) throw new Error(back.reason);
          if (type === "f64") expect(back.value).toBe(given);
          else if (type === "f32") expect(back.value).toBe(Math.fround(given) + 0);
          else {
            expect(back.value).toBeLessThanOrEqual(given + 1);
            expect(Math.abs(back.value - given)).toBeLessThan(1.0001);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("never grows a limit, rounded down or up", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 60, noNaN: true }),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        (share, full) => {
          const of = point("u16", "ABCD", {
            scale: { kind: "share", fullScale: 52_428, of: "voltage_V" },
            min: 0,
            max: "nominal",
          });
          const wanted = (share / 60) * full;
          for (const rounding of ["down", "up"] as const) {
            const encoded = encodeNumber(of, wanted, { voltage_V: full }, rounding);
            if (!encoded.ok) throw new Error(encoded.reason);
            const [raw = 0] = encoded.value;
            const set = (raw / 52_428) * full;
            if (rounding === "down") expect(set).toBeLessThanOrEqual(wanted * (1 + 1e-9) + 1e-9);
            else expect(set).toBeGreaterThanOrEqual(wanted * (1 - 1e-9) - full * 1e-9);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("is refused outside its limits, and beyond what its type holds", () => {
    const of = point("u16", "ABCD", { min: 0, max: 10 });
    for (const wanted of [-0.1, 10.1, Number.NaN, Infinity]) expect(encodeNumber(of, wanted, {}).ok).toBe(false);
    expect(encodeNumber(point("u16", "ABCD"), 65_536, {}).ok).toBe(false);
    expect(encodeNumber(point("s16", "ABCD"), -32_769, {}).ok).toBe(false);
    expect(encodeNumber(point("f32", "ABCD"), 1e39, {}).ok).toBe(false);
  });
});

describe("bits and texts", () => {
  it("are taken out of registers", () => {
    const of = (bit: number): RegisterPoint => ({ ...point("u32", "ABCD"), bit });
    expect(decodeBit(of(31), words("8000 0483"))).toEqual({ ok: true, value: true });
    expect(decodeBit(of(7), words("8000 0483"))).toEqual({ ok: true, value: true });
    expect(decodeBit(of(6), words("8000 0483"))).toEqual({ ok: true, value: false });
    expect(decodeBit(of(0), words("0001"))).toMatchObject({ ok: false });
    const text = point("text", "ABCD");
    expect(decodeText(text, words("5053 4220 3900 4141"))).toEqual({ ok: true, value: "PSB 9" });
    expect(decodeText(text, words("2050 01ff 4220 2020"))).toEqual({ ok: true, value: "P??B" });
    expect(decodeText({ ...text, wordOrder: "BADC" }, words("5350 2042 0039 0000"))).toEqual({
      ok: true,
      value: "PSB 9",
    });
  });

  it("never throw, whatever the registers", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TYPES, "text" as const),
        fc.constantFrom(...ORDERS),
        fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }),
        fc.integer({ min: 0, max: 31 }),
        (type, order, registers, bit) => {
          const of = { ...point(type, order), bit };
          const number = decodeNumber(of, registers, { voltage_V: 1 });
          if (number.ok) expect(Number.isFinite(number.value)).toBe(true);
          decodeBit(of, registers);
          decodeText(of, registers);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
