/** What the instruments of the captured conversations would say with a firmware that nobody tried. */
import { describe, expect, it } from "vitest";
import type { CaptureRecord } from "../../../drivers/link/capture-link.ts";
import { refuseOtherFirmware } from "../../../drivers/link/known-firmware.ts";
import { CONVERSATIONS, replayed } from "../../support/captured-conversations.ts";
import { readCapture } from "../../support/replay-link.ts";

const bytes = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");

/** With the sum that ends a frame on a serial line. */
function framed(hex: string): string {
  const frame = Buffer.from(hex, "hex");
  let sum = 0xffff;
  for (const byte of frame) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 0 ? sum >> 1 : (sum >> 1) ^ 0xa001;
  }
  return bytes(`${hex}${Buffer.from([sum & 0xff, sum >> 8]).toString("hex")}`);
}

const FOLDER = new URL("../../fixtures/captures/", import.meta.url).pathname;

const CASES: readonly (readonly [string, string, string, string])[] = [
  ["palmsens-methodscript", "mes4hr1100#", "mes4hr2100#", "2.1.00"],
  ["keithley-smu", ",1.6.3d", ",2.6.3d", "2.6.3d"],
  ["neware-bts", '<serverip count="1">', '<client version="BTS Client 7.6.0.1"/><serverip count="1">', "7.6.0.1"],
  ["grbl", "[VER:1.1h.", "[VER:0.9j.", "0.9j"],
  ["srs-dg645", "ver1.00.10B", "ver2.00.10B", "2.00.10B"],
  ["pandabox", "SW: 3.0-", "SW: 7.0-", "7.0"],
  ["zaber-ascii", " 7.35\r", " 5.24\r", "5.24"],
  ["dectris-simplon", '"value":"1.8.0"', '"value":"2.1.0"', "2.1.0"],
  ["dectris-camserver", "tvx-7.3.13", "tvx-9.3.13", "tvx-9.3.13-121212"],
  ["keithley-6485", ",B03 ", ",E01 ", "E01 Sep 29 2010"],
  ["lakeshore-336", ",2.9", ",4.1", "4.1"],
  // Registers: version 4.61 on a serial line, with the sum of both frames; A1.01; index 10 of series 750.
  ["eurotherm-modbus", framed("0103020461"), framed("0103020861"), "0x0861"],
  ["adam-6050", bytes("60500000a101"), bytes("605000005101"), "5101.0000"],
  ["modbus-io", bytes("000a02ee"), bytes("006302ee"), "99; known is index 1 to 40"],
];

function altered(records: readonly CaptureRecord[], from: string, to: string): readonly CaptureRecord[] {
  return records.map((record) => {
    if (record.dir !== "in" || record.hex === null) return record;
    const said = Buffer.from(record.hex, "hex").toString("latin1");
    return { ...record, hex: Buffer.from(said.replace(from, to), "latin1").toString("hex") };
  });
}

describe("a firmware outside what is known", () => {
  it.each(CASES)("is refused and named: %s", async (family, from, to, shown) => {
    const conversation = CONVERSATIONS.find((each) => each.family === family);
    if (conversation === undefined) throw new Error(family);
    const records = readCapture(`${FOLDER}${family}.jsonl`);
    const other = altered(records, from, to);
    expect(other).not.toEqual(records);
    const { result } = await replayed(conversation, other);
    expect(result).toMatchObject({ code: "device.firmware", message: expect.stringContaining(shown) as string });
  });

  it("is refused for another series of input/output units: that is another device", async () => {
    const conversation = CONVERSATIONS.find(({ family }) => family === "modbus-io");
    if (conversation === undefined) throw new Error("modbus-io");
    const other = altered(readCapture(`${FOLDER}modbus-io.jsonl`), bytes("000a02ee"), bytes("000a02ef"));
    const { result } = await replayed(conversation, other);
    expect(result).toMatchObject({ code: "device.wrong", message: expect.stringContaining("series 751") as string });
  });

  it("is told by the first number of the version, and what has none is refused", () => {
    for (const known of ["1.6.3d", "1.1.00 R (Jan 28 2022 11:04:43)", "ver1.00.10B"]) {
      expect(() => {
        refuseOtherFirmware("unit", known, [1]);
      }).not.toThrow();
    }
    for (const other of ["", "B03", "11.6", "0.9j", "2.0"]) {
      expect(() => {
        refuseOtherFirmware("unit", other, [1]);
      }, other).toThrow("known is 1.x");
    }
  });
});
