/** Registers and bits that came whole, with any content: what controllers, cyclers and input/output units keep there. */
import {
  decodeDecimals,
  decodeFloat,
  decodeScaled,
  statusWords,
  whyUnbelievable,
} from "../../../protocols/wire/eurotherm/eurotherm-registers.ts";
import type { RegisterPoint, RegisterScale, WordOrder } from "../../../protocols/wire/modbus-cycler/register-map.ts";
import { decodeBit, decodeNumber, decodeText } from "../../../protocols/wire/modbus-cycler/register-values.ts";
import { crc16, isIntact, answerLength } from "../../../protocols/wire/modbus/rtu-frame.ts";
import { watchdogStatusText } from "../../../protocols/wire/modbus-io/modbus-io-map.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** Content that means something: 80.0, 3.7, -1, a name, a sensor break, bits. */
const CONTENTS = [
  "42 a0 00 00",
  "40 6c cc cd",
  "ff ff ff ff",
  "50 53 42 20 39 30 30 30 00 00",
  "00 20 00 01",
  "7f c0 00 00 7f 80 00 00",
].map(hex);

const ORDERS: readonly WordOrder[] = ["ABCD", "CDAB", "BADC", "DCBA"];
const SCALES: readonly RegisterScale[] = [
  { kind: "linear", factor: 0.1, offset: -5 },
  { kind: "share", fullScale: 52_428, of: "voltage_V" },
  { kind: "share", fullScale: 52_428, of: "current_A" },
];
const POINTS: readonly RegisterPoint[] = (["u16", "s16", "u32", "s32", "f32", "f64", "text"] as const).flatMap(
  (type, index) =>
    ORDERS.map((wordOrder, order) => ({
      table: "holding",
      address: 0,
      type,
      count: type === "text" ? 5 : type === "f64" ? 4 : type.endsWith("16") ? 1 : 2,
      wordOrder,
      scale: SCALES[(index + order) % SCALES.length] ?? { kind: "linear", factor: 1, offset: 0 },
      bit: order === 0 ? null : order * 5,
    })),
);

/** Every chunk is one whole answer, of as many registers as came. */
function entry(name: string, take: (words: readonly number[]) => void): FuzzEntry {
  return {
    name,
    samples: CONTENTS,
    open: (onMessage) => ({
      push(chunk) {
        take(
          Array.from({ length: chunk.length >> 1 }, (_, at) => ((chunk[2 * at] ?? 0) << 8) | (chunk[2 * at + 1] ?? 0)),
        );
        onMessage();
      },
    }),
  };
}

function isNumber(value: number, what: string): void {
  if (!Number.isFinite(value)) throw new RangeError(`${what} is ${value}`);
}

export const REGISTERS_FUZZ: readonly FuzzEntry[] = [
  entry("eurotherm registers", (words) => {
    const decimals = decodeDecimals(words[0]) ?? 1;
    const scaled = decodeScaled(words[1], decimals);
    if (scaled.ok) isNumber(scaled.value, "a scaled value");
    const float = decodeFloat(words);
    if (float.ok) isNumber(float.value, "a float");
    whyUnbelievable(words[0] ?? 0);
    statusWords(words[0] ?? 0);
  }),
  entry("modbus-cycler registers", (words) => {
    for (const point of POINTS) {
      const own = words.slice(0, point.count);
      const value = decodeNumber(point, own, { voltage_V: 80 });
      if (value.ok) isNumber(value.value, `${point.type} ${point.wordOrder}`);
      decodeBit(point, own);
      const text = decodeText(point, own);
      if (text.ok && /[^ -~]/.test(text.value)) throw new Error("a text that is not fit for a terminal");
    }
  }),
  entry("modbus-io registers", (words) => {
    for (const word of words) watchdogStatusText(word);
  }),
  {
    name: "modbus frames",
    samples: ["01 03 04 42 a0 00 00 ee 69", "01 83 02 c0 f1", "01 06 00 02 01 2c 28 47"].map(hex),
    open: (onMessage) => ({
      push(chunk) {
        answerLength({ unit: 1, functionCode: 3 }, chunk);
        if (isIntact(chunk) && crc16(chunk) !== 0) throw new Error("an intact frame leaves a rest");
        onMessage();
      },
    }),
  },
];
