/** What the instruments of the captured conversations would say with a firmware that nobody tried. */
import { describe, expect, it } from "vitest";
import type { CaptureRecord } from "../../../drivers/link/capture-link.ts";
import { refuseOtherFirmware } from "../../../drivers/link/known-firmware.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { CONVERSATIONS, held } from "../../support/captured-conversations.ts";
import { readCapture, replayLink } from "../../support/replay-link.ts";

const FOLDER = new URL("../../fixtures/captures/", import.meta.url).pathname;

const CASES: readonly (readonly [string, string, string, string])[] = [
  ["palmsens-methodscript", "mes4hr1100#", "mes4hr2100#", "2.1.00"],
  ["keithley-smu", ",1.6.3d", ",2.6.3d", "2.6.3d"],
  ["neware-bts", '<serverip count="1">', '<client version="BTS Client 7.6.0.1"/><serverip count="1">', "7.6.0.1"],
  ["grbl", "[VER:1.1h.", "[VER:0.9j.", "0.9j"],
  ["srs-dg645", "ver1.00.10B", "ver2.00.10B", "2.00.10B"],
  ["pandabox", "SW: 3.0-", "SW: 7.0-", "7.0"],
  ["zaber-ascii", " 7.35\r", " 5.24\r", "5.24"],
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
    const time = createVirtualTime();
    const records = readCapture(`${FOLDER}${family}.jsonl`);
    const other = altered(records, from, to);
    expect(other).not.toEqual(records);
    const replay = replayLink(other, time.clock, conversation.cable);
    await expect(held(conversation, time, () => replay.openLink)).rejects.toMatchObject({
      code: "device.firmware",
      message: expect.stringContaining(shown) as string,
    });
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
