import { describe, expect, it } from "vitest";
import * as panda from "../../../protocols/wire/pandabox/panda-commands.ts";
import { createPandaDataReader, LINE_BYTES_MAX, type PandaData } from "../../../protocols/wire/pandabox/panda-data.ts";
import {
  decodeCaptureStatus,
  decodeNumber,
  decodePandaIdentity,
  decodePandaLine,
  decodeWhole,
} from "../../../protocols/wire/pandabox/panda-replies.ts";
import {
  decodeSequenceTable,
  encodeSequenceRow,
  OUTPUT_A,
  SEQUENCE_TRIGGER,
} from "../../../protocols/wire/pandabox/panda-sequence.ts";

describe("requests to a PandABox", () => {
  it("ask, set, and write tables", () => {
    expect(panda.IDENTIFY).toBe("*IDN?\n");
    expect(panda.BLOCKS).toBe("*BLOCKS?\n");
    expect([panda.CAPTURE_ARM, panda.CAPTURE_DISARM, panda.CAPTURE_CLEAR]).toEqual([
      "*PCAP.ARM=\n",
      "*PCAP.DISARM=\n",
      "*CAPTURE=\n",
    ]);
    expect([panda.CAPTURE_STATUS, panda.CAPTURED_COUNT, panda.CAPTURE_COMPLETION]).toEqual([
      "*PCAP.STATUS?\n",
      "*PCAP.CAPTURED?\n",
      "*PCAP.COMPLETION?\n",
    ]);
    expect(panda.query("PULSE1.WIDTH.RAW")).toBe("PULSE1.WIDTH.RAW?\n");
    expect(panda.assign("PULSE1.WIDTH.UNITS", "ms")).toBe("PULSE1.WIDTH.UNITS=ms\n");
    expect(panda.assign("TTLOUT1.VAL", "SEQ1.OUTA")).toBe("TTLOUT1.VAL=SEQ1.OUTA\n");
    expect(panda.assign("COUNTER1.OUT.CAPTURE", "Value")).toBe("COUNTER1.OUT.CAPTURE=Value\n");
    expect(panda.writeTable("SEQ1.TABLE", [[1, 0, 0, 5]])).toBe("SEQ1.TABLE<\n1 0 0 5\n\n");
    expect(panda.writeTable("SEQ1.TABLE", [[1, 2]], "more")).toBe("SEQ1.TABLE<<\n1 2\n\n");
    expect(panda.writeTable("SEQ1.TABLE", [], "last")).toBe("SEQ1.TABLE<<|\n\n");
    expect(panda.writeTableBase64("SEQ2.TABLE", ["123456789AB123456789AB=="])).toBe(
      "SEQ2.TABLE<B\n123456789AB123456789AB==\n\n",
    );
    expect(panda.dataOptions([])).toBe("\n");
    expect(panda.dataOptions(["FRAMED", "SCALED"])).toBe("FRAMED SCALED\n");
  });

  it("name blocks and fields only", () => {
    for (const good of ["TTLOUT1", "SEQ1.TABLE", "PULSE1.WIDTH.RAW"]) expect(panda.targetProblem(good)).toBeUndefined();
    for (const bad of ["", "*PCAP.ARM", "TTLOUT1=1", "a", "SEQ1\nBITS", "SEQ1 "]) {
      expect(panda.targetProblem(bad), bad).toBeTypeOf("string");
    }
  });

  it("pack a row of the sequencer's table into four words, and back", () => {
    const row = {
      repeats: 3,
      trigger: SEQUENCE_TRIGGER.positionAUp,
      position: -5,
      time1: 0,
      outputs1: 0x20,
      time2: 12_500_000,
      outputs2: OUTPUT_A | 0x20,
    };
    expect(encodeSequenceRow(row)).toEqual([0x86070003, 0xfffffffb, 0, 12_500_000]);
    expect(decodeSequenceTable(encodeSequenceRow(row))).toEqual([row]);
    expect(decodeSequenceTable([1, 2, 3])).toBeUndefined();
    expect(decodeSequenceTable([1, 2, 3, NaN])).toBeUndefined();
    expect(decodeSequenceTable([1, 2, 3, 2 ** 32])).toBeUndefined();
  });
});

describe("answers of a PandABox", () => {
  it("are done, a value, one of several, the end of them, or a refusal", () => {
    expect(decodePandaLine("OK")).toEqual({ kind: "done" });
    expect(decodePandaLine("OK =1250000")).toEqual({ kind: "value", value: "1250000" });
    expect(decodePandaLine("OK =")).toEqual({ kind: "value", value: "" });
    expect(decodePandaLine("!TTLIN 6")).toEqual({ kind: "item", value: "TTLIN 6" });
    expect(decodePandaLine(".")).toEqual({ kind: "end" });
    for (const text of [
      "No such block",
      "No such field",
      "Missing block number",
      "Invalid block number",
      "Field not writeable",
      "Unknown command",
      "Invalid enumeration value",
      "Nothing configured for capture",
    ]) {
      expect(decodePandaLine(`ERR ${text}`)).toEqual({ kind: "refused", text });
    }
    for (const wrong of ["", "OKAY", "ok", "ERR", "15 OK", "\u001b[2J"]) {
      expect(decodePandaLine(wrong).kind, wrong).toBe("unreadable");
    }
  });

  it("say who it is, whatever the tail", () => {
    expect(
      decodePandaIdentity("PandA SW: 3.0-11-g6422090 FPGA: 3.0.0C4 86e5f0a2 07d202f8 rootfs: PandA 3.1a1-1-g22fdd94"),
    ).toEqual({ software: "3.0-11-g6422090", firmware: "3.0.0C4 86e5f0a2 07d202f8" });
    expect(decodePandaIdentity("PandA SW: 4.1 FPGA: 0.0.0 00000000 00000000 rootfs: Test Server")).toEqual({
      software: "4.1",
      firmware: "0.0.0 00000000 00000000",
    });
    expect(decodePandaIdentity("PandA SW: 2.0 FPGA: x")).toEqual({ software: "2.0", firmware: "x" });
    expect(decodePandaIdentity("Zebra")).toBeUndefined();
  });

  it("give the state of a capture", () => {
    expect(decodeCaptureStatus("Idle 0 0")).toEqual({ isBusy: false, connectedCount: 0, readingCount: 0 });
    expect(decodeCaptureStatus("Busy 1 1")).toEqual({ isBusy: true, connectedCount: 1, readingCount: 1 });
    expect(decodeCaptureStatus("Sleepy 1 1")).toBeUndefined();
    expect(decodeWhole("-5")).toBe(-5);
    expect(decodeWhole("1.5")).toBeUndefined();
    expect(decodeNumber("2.5e-3")).toBe(0.0025);
    expect(decodeNumber("High-Z")).toBeUndefined();
  });
});

const HEADER =
  "arm_time: 2021-05-26T10:34:06.133Z\nmissed: 2\nprocess: Scaled\nformat: ASCII\nfields:\n" +
  " PCAP.CAPTURE_TS double Trigger\n COUNTER1.OUT double Triggered scale: 1 offset: 0 units:\n" +
  " INENC1.VAL double Min Max Mean scale: 0.1 offset: 100.3 units: mm\n\n";

function all(text: string | Uint8Array, cut = Infinity): readonly PandaData[] {
  const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
  const reader = createPandaDataReader();
  const found: PandaData[] = [];
  for (let at = 0; at < bytes.length; at += cut) {
    found.push(...reader.push(bytes.slice(at, Math.min(bytes.length, at + cut))));
    if (cut === Infinity) break;
  }
  return found;
}

/** Bytes of one run of frames are the same, however they were cut. */
function joinedBytes(found: readonly PandaData[]): string {
  return found.flatMap((each) => (each.kind === "bytes" ? [...each.bytes] : [])).join(" ");
}

describe("the data port of a PandABox", () => {
  it("gives a header, samples as text, and an end, for one round after the other", () => {
    const round = `${HEADER} 1e-06 0 262143\n 3e-06 1 262142.5\nEND 2 Ok\n`;
    const found = all(`OK\n${round}${HEADER}END 0 Disarmed\n`);
    expect(found.map(({ kind }) => kind)).toEqual([
      "accepted",
      "header",
      "sample",
      "sample",
      "ended",
      "header",
      "ended",
    ]);
    expect(found[1]).toMatchObject({
      header: {
        missedCount: 2,
        fields: [
          { name: "PCAP.CAPTURE_TS", type: "double", capture: "Trigger", scale: null, offset: null, units: null },
          { name: "COUNTER1.OUT", type: "double", capture: "Triggered", scale: 1, offset: 0, units: "" },
          { name: "INENC1.VAL", type: "double", capture: "Min Max Mean", scale: 0.1, offset: 100.3, units: "mm" },
        ],
      },
    });
    expect(found[2]).toEqual({ kind: "sample", values: [1e-6, 0, 262_143] });
    expect(found[4]).toEqual({ kind: "ended", sampleCount: 2, reason: "Ok" });
    expect(found[6]).toEqual({ kind: "ended", sampleCount: 0, reason: "Disarmed" });
    for (const cut of [1, 2, 7, 64]) expect(all(`OK\n${round}`, cut)).toEqual(all(`OK\n${round}`));
  });

  it("gives the bytes of frames, whose length counts their own head", () => {
    const frame = (bytes: readonly number[]): Buffer => {
      const head = Buffer.from("BIN \0\0\0\0", "latin1");
      head.writeUInt32LE(8 + bytes.length, 4);
      return Buffer.concat([head, Buffer.from(bytes)]);
    };
    const stream = Buffer.concat([
      Buffer.from(`OK\n${HEADER.replace("ASCII", "Framed\nsample_bytes: 4")}`),
      frame([1, 2, 3, 10]),
      frame([69, 78, 68, 32]),
      frame([]),
      Buffer.from("END 2 Data overrun\n"),
    ]);
    const whole = all(stream);
    expect(joinedBytes(whole)).toBe("1 2 3 10 69 78 68 32");
    expect(whole.at(-1)).toEqual({ kind: "ended", sampleCount: 2, reason: "Data overrun" });
    for (const cut of [1, 3, 16]) {
      expect(joinedBytes(all(stream, cut))).toBe(joinedBytes(whole));
      expect(all(stream, cut).at(-1)).toEqual(whole.at(-1));
    }
  });

  it("reads base64", () => {
    const found = all(`OK\n${HEADER.replace("ASCII", "Base64\nsample_bytes: 8")} AQIDBAUG\n BwgJ\n Cg==\nEND 1 Ok\n`);
    expect(joinedBytes(found)).toBe("1 2 3 4 5 6 7 8 9 10");
  });

  it("says what it cannot read, and goes on with the next round", () => {
    const found = all(`OK\n${HEADER}bad\n 1 2 3\nEND 1 Framing error\n${HEADER} 1 2 3\n 1 2\nEND 1 Ok\n`);
    expect(found.map(({ kind }) => kind)).toEqual([
      "accepted",
      "header",
      "unreadable",
      "ended",
      "header",
      "sample",
      "unreadable",
      "ended",
    ]);
    expect(all("ERR Invalid option\n")).toEqual([{ kind: "refused", text: "Invalid option" }]);
    expect(all("HTTP/1.1 400\n")).toMatchObject([{ kind: "unreadable" }]);
    expect(all("OK\nwhat\n")).toMatchObject([{ kind: "accepted" }, { kind: "unreadable" }]);
  });

  it("keeps no endless line and believes in no endless frame", () => {
    const reader = createPandaDataReader();
    const noise = new Uint8Array(4096).fill(0x61);
    for (let round = 0; round < 100; round += 1) {
      reader.push(noise);
      expect(reader.retainedByteCount).toBeLessThanOrEqual(LINE_BYTES_MAX + noise.length);
    }
    const framed = `OK\n${HEADER.replace("ASCII", "Framed")}BIN \xff\xff\xff\xff`;
    expect(all(framed).at(-1)).toMatchObject({ kind: "unreadable" });
    expect(all(`OK\n${HEADER.replace("ASCII", "Framed")}BIN \x07\0\0\0`).at(-1)).toMatchObject({ kind: "unreadable" });
  });
});
