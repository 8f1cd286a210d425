/** Modbus RTU frames: examples of the Modbus documents and of a maker's guide, and what the checksum must find. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answerLength,
  characterMs,
  crc16,
  isIntact,
  RTU_FRAME_LENGTH_MAX,
  silenceMs,
} from "../../../protocols/wire/modbus/rtu-frame.ts";

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" "), (byte) => Number.parseInt(byte, 16));
}

const FRAMES = [
  "01 03 00 00 00 02 c4 0b",
  "01 06 00 02 01 2c 28 47",
  "01 83 02 c0 f1",
  "01 10 00 00 00 02 04 00 01 00 02 23 ae",
  "01 05 01 92 ff 00 2c 2b",
  "01 85 07 03 52",
  "01 85 17 02 9e",
  "01 05 01 92 00 00 6d db",
  "01 05 01 95 ff 00 9d ea",
  "01 06 01 f5 66 66 33 8e",
  "01 03 01 fb 00 03 75 c6",
  "01 03 06 26 20 0c 9b 09 1b 93 50",
  "01 03 00 79 00 02 15 d2",
  "01 03 04 42 a0 00 00 ee 69",
  "01 03 01 f9 00 02 15 c6",
  "01 03 04 00 00 04 83 b9 52",
  "00 05 01 92 ff 00 2d fa",
];

describe("the checksum", () => {
  it.each(FRAMES)("is right in %s", (text) => {
    const frame = bytes(text);
    expect(isIntact(frame)).toBe(true);
    const crc = crc16(frame.subarray(0, -2));
    expect([crc & 0xff, crc >> 8]).toEqual([...frame.subarray(-2)]);
  });

  it("finds every burst of errors up to 16 bits long, wherever it lies", () => {
    for (const text of ["01 03 06 26 20 0c 9b 09 1b 93 50", "01 85 07 03 52"]) {
      const frame = bytes(text);
      const bitCount = frame.length * 8;
      let burstCount = 0;
      // Shorter bursts are those whose last bits are clear.
      for (let start = 0; start < bitCount; start += 1) {
        for (let rest = 0; rest < 1 << 15; rest += start % 7 === 0 ? 1 : 251) {
          const burst = (rest << 1) | 1;
          if (start + 32 - Math.clz32(burst) > bitCount) continue;
          const bent = flipped(frame, start, burst);
          burstCount += 1;
          if (isIntact(bent)) throw new Error(`burst ${burst.toString(2)} at bit ${start} of ${text} was not found`);
        }
      }
      expect(burstCount).toBeGreaterThan(100_000);
    }
  });

  it("finds any burst up to 16 bits in any frame", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 2, maxLength: 254 }),
        fc.nat(),
        fc.integer({ min: 1, max: 0xffff }),
        (body, place, burst) => {
          const crc = crc16(body);
          const frame = Uint8Array.of(...body, crc & 0xff, crc >> 8);
          expect(isIntact(frame)).toBe(true);
          const odd = burst >> (31 - Math.clz32(burst & -burst));
          const length = 32 - Math.clz32(odd);
          expect(isIntact(flipped(frame, place % (frame.length * 8 - length + 1), odd))).toBe(false);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

/** Bits in the order they go over the line: least significant first. */
function flipped(frame: Uint8Array, startBit: number, burst: number): Uint8Array {
  const bent = Uint8Array.from(frame);
  for (let bit = 0; bit < 16; bit += 1) {
    if (((burst >> bit) & 1) === 0) continue;
    const at = (startBit + bit) >> 3;
    bent[at] = (bent[at] ?? 0) ^ (1 << ((startBit + bit) & 7));
  }
  return bent;
}

describe("the length of an answer", () => {
  it.each([
    [1, "01 01 02 00 00", 7],
    [3, "01 03 06 26", 11],
    [4, "01 04", undefined],
    [3, "01 83", 5],
    [5, "01 05", 8],
    [6, "01 06 00", 8],
    [15, "01 0f", 8],
    [16, "01 10", 8],
    [22, "01 16", 10],
    [23, "01 17 04", 9],
    [3, "01", undefined],
  ])("to function %i that begins with %s is %s", (functionCode, text, length) => {
    expect(answerLength({ unit: 1, functionCode }, bytes(text))).toBe(length);
  });

  it.each([
    [3, "02", "unit 2 answers, not 1"],
    [3, "01 04", "function 4 is answered, not 3"],
    [3, "01 84", "function 132 is answered, not 3"],
    [3, "01 03 fc", "252 bytes of data are more than a frame holds"],
    [43, "01 2b 0e", "the length of an answer to function 43 is not known"],
  ])("to function %i cannot be told of %s: %s", (functionCode, text, why) => {
    expect(answerLength({ unit: 1, functionCode }, bytes(text))).toBe(why);
  });

  it("is never more than a frame may have", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.integer({ min: 0, max: 127 }), (head, functionCode) => {
        const length = answerLength({ unit: head[0] ?? 0, functionCode }, head);
        if (typeof length === "number") expect(length).toBeLessThanOrEqual(RTU_FRAME_LENGTH_MAX);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("the silence between frames", () => {
  it("is 3.5 characters of 11 bits, and fixed above 19200 baud", () => {
    expect(silenceMs(9600)).toBeCloseTo(4.01, 2);
    expect(silenceMs(19_200)).toBeCloseTo(2.005, 3);
    expect(silenceMs(115_200)).toBe(1.75);
    expect(characterMs(9600)).toBeCloseTo(1.146, 3);
  });
});
