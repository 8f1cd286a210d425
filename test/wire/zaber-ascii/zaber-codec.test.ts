import { describe, expect, it } from "vitest";
import { createTextLines } from "../../../protocols/wire/text-lines.ts";
import { ZABER_FLAGS, ZABER_REASONS, zaberFlag } from "../../../protocols/wire/zaber-ascii/zaber-codes.ts";
import {
  encodeZaberCommand,
  moveAbsoluteWords,
  zaberChecksum,
} from "../../../protocols/wire/zaber-ascii/zaber-commands.ts";
import { decodeZaberLine } from "../../../protocols/wire/zaber-ascii/zaber-replies.ts";
import {
  accelerationData,
  accelerationMmS2,
  microstepsOf,
  mmOf,
  speedData,
  speedMmS,
} from "../../../protocols/wire/zaber-ascii/zaber-units.ts";

const axis = (device: number, number: number) => ({ device, axis: number });

describe("what is said to a Zaber device", () => {
  it("carries the checksums of the reference", () => {
    expect(zaberChecksum("1 1 move abs 10000")).toBe("40");
    expect(zaberChecksum("1 0 01 get pos")).toBe("2C");
    expect(zaberChecksum("01 0 OK IDLE -- 0")).toBe("8D");
    expect(zaberChecksum("01 1 OK BUSY WR 0")).toBe("18");
  });

  it("is one line with address, number, words and checksum", () => {
    expect(encodeZaberCommand(axis(1, 0), 1, "get pos")).toBe("/1 0 01 get pos:2C\n");
    expect(encodeZaberCommand(axis(2, 1), 42, moveAbsoluteWords(-12))).toBe(
      `/2 1 42 move abs -12:${zaberChecksum("2 1 42 move abs -12")}\n`,
    );
    expect(encodeZaberCommand(axis(1, 2), 7, "")).toBe(`/1 2 07:${zaberChecksum("1 2 07")}\n`);
    expect(moveAbsoluteWords(-0)).toBe("move abs 0");
  });

  it.each([
    [1, 1, 2, "home", "/1 1 02 home:33\n"],
    [1, 1, 3, "stop", "/1 1 03 stop:15\n"],
    [1, 1, 4, "", "/1 1 04:FA\n"],
    [1, 1, 5, "warnings", "/1 1 05 warnings:70\n"],
    [1, 1, 6, "get pos", "/1 1 06 get pos:26\n"],
    [1, 0, 7, "get deviceid", "/1 0 07 get deviceid:3B\n"],
    [1, 0, 8, "get version", "/1 0 08 get version:71\n"],
    [1, 0, 9, "get system.serial", "/1 0 09 get system.serial:23\n"],
    [1, 0, 10, "get system.axiscount", "/1 0 10 get system.axiscount:CD\n"],
    [1, 1, 11, "get maxspeed", "/1 1 11 get maxspeed:25\n"],
    [1, 1, 12, "get accel", "/1 1 12 get accel:83\n"],
    [1, 1, 13, "get limit.min", "/1 1 13 get limit.min:E9\n"],
    [1, 1, 14, "get limit.max", "/1 1 14 get limit.max:E6\n"],
    [1, 0, 15, "set comm.checksum 1", "/1 0 15 set comm.checksum 1:EF\n"],
    [1, 0, 16, "set comm.alert 1", "/1 0 16 set comm.alert 1:29\n"],
    [2, 1, 99, "move abs 1840000", "/2 1 99 move abs 1840000:41\n"],
  ] as const)(
    "device %d, axis %d, number %d, %j is %j, checksums worked out apart",
    (device, number, id, words, line) => {
      expect(encodeZaberCommand(axis(device, number), id, words)).toBe(line);
    },
  );

  it("is never half a command, two commands, or a position that is no number", () => {
    for (const words of ["get pos\nmove abs 1", "get /1 0 home", "GET", "x:y"]) {
      expect(() => encodeZaberCommand(axis(1, 0), 1, words)).toThrow(RangeError);
    }
    expect(() => encodeZaberCommand(axis(1, 10), 1, "")).toThrow(RangeError);
    expect(() => encodeZaberCommand(axis(1, 1), 100, "")).toThrow(RangeError);
    for (const steps of [Number.NaN, Infinity, 1.5]) expect(() => moveAbsoluteWords(steps)).toThrow(RangeError);
  });
});

describe("what a Zaber device says", () => {
  it("is a reply with or without number and checksum", () => {
    expect(decodeZaberLine("@01 0 OK IDLE -- 0:8D", "required")).toEqual({
      kind: "reply",
      device: 1,
      axis: 0,
      id: null,
      isAccepted: true,
      isBusy: false,
      flag: "--",
      data: "0",
      continues: false,
    });
    expect(decodeZaberLine("@01 1 OK BUSY WR 0:18", "required")).toMatchObject({ isBusy: true, flag: "WR" });
    expect(decodeZaberLine("@02 1 07 RJ IDLE FS BADDATA", "optional")).toMatchObject({
      device: 2,
      id: 7,
      isAccepted: false,
      flag: "FS",
      data: "BADDATA",
    });
    expect(decodeZaberLine("@01 0 12 OK IDLE -- 01 WR", "optional")).toMatchObject({ id: 12, data: "01 WR" });
  });

  it("is an alert, an info, or the rest of a long reply", () => {
    expect(decodeZaberLine("!01 2 IDLE FS", "optional")).toEqual({
      kind: "alert",
      device: 1,
      axis: 2,
      isBusy: false,
      flag: "FS",
    });
    expect(decodeZaberLine("#01 0 setup done", "optional")).toMatchObject({
      kind: "info",
      text: "setup done",
      isContinuation: false,
    });
    expect(decodeZaberLine("@01 0 05 OK IDLE -- one two\\", "optional")).toMatchObject({
      data: "one two",
      continues: true,
    });
    expect(decodeZaberLine("#01 0 05 cont 1 three\\", "optional")).toMatchObject({
      id: 5,
      text: "three",
      isContinuation: true,
      continues: true,
    });
  });

  it.each([
    "",
    "ok",
    "@",
    "@01 0 OK IDLE --",
    "@1 0 OK IDLE -- 0",
    "@01 0 OK SLEEPY -- 0",
    "@01 0 07 OK IDLE - 0",
    "!01 1 IDLE -- 0",
    "@01 0 OK IDLE -- \u00b5",
    "/1 0 01 get pos:2C",
  ])("is garbled when it reads %j", (line) => {
    expect(decodeZaberLine(line, "optional").kind).toBe("garbled");
  });

  it("is refused without a checksum once checksums are asked for", () => {
    expect(decodeZaberLine("@01 0 OK IDLE -- 0", "optional").kind).toBe("reply");
    expect(decodeZaberLine("@01 0 OK IDLE -- 0", "required").kind).toBe("garbled");
  });

  it.each([
    "@01 0 OK IDLE -- 0:8D",
    "@01 1 OK BUSY WR 0:18",
    "@02 1 07 OK IDLE -- -640000",
    "!01 1 IDLE FS",
    "#01 0 05 cont 1 FO WR",
  ])("is never taken for something else through one wrong byte: %s", (line) => {
    const whole = line.includes(":") ? line : `${line}:${zaberChecksum(line.slice(1))}`;
    const truth = JSON.stringify(decodeZaberLine(whole, "required"));
    expect(truth).not.toContain("garbled");
    const bytes = new TextEncoder().encode(`${whole}\r\n`);
    let wrongCount = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        if (byte === bytes[at]) continue;
        const bent = Uint8Array.from(bytes);
        bent[at] = byte;
        const lines = createTextLines(512);
        lines.push(bent, (received) => {
          const message = decodeZaberLine(received, "required");
          // A line end that is hit leaves the message before it whole.
          if (message.kind !== "garbled" && JSON.stringify(message) !== truth) wrongCount += 1;
          if (message.kind !== "garbled" && at < whole.length) wrongCount += 1;
        });
      }
    }
    expect(wrongCount).toBe(0);
  });
});

describe("microsteps and the device's units", () => {
  it("are those of the reference: mm/s x 1638.4 / s and m/s2 x 163.84 / s", () => {
    expect(speedData(1, 0.15625)).toBeCloseTo(1638.4 / 0.15625, 6);
    expect(accelerationData(1000, 0.15625)).toBeCloseTo(163.84 / 0.15625, 6);
    expect(speedMmS(speedData(37, 0.5), 0.5)).toBeCloseTo(37, 9);
    expect(accelerationMmS2(accelerationData(510, 0.5), 0.5)).toBeCloseTo(510, 9);
    expect(microstepsOf(25, 0.15625)).toBe(160_000);
    expect(mmOf(160_000, 0.15625)).toBe(25);
  });
});

describe("the tables of flags and reasons", () => {
  it("hold every flag and reason of the reference, each with advice", () => {
    expect(Object.keys(ZABER_FLAGS).sort()).toEqual(
      "FA FB FC FD FE FF FH FI FM FN FO FP FQ FR FS FT FV FZ NB NC ND NI NJ NR NT NU WH WL WM WP WR WS WT WV".split(
        " ",
      ),
    );
    expect(Object.keys(ZABER_REASONS)).toHaveLength(27);
    for (const { meaning, advice } of [...Object.values(ZABER_FLAGS), ...Object.values(ZABER_REASONS)]) {
      expect(meaning.length).toBeGreaterThan(3);
      expect(advice.length).toBeGreaterThan(5);
    }
  });

  it("take a fault that nobody knows for an alarm with the position lost", () => {
    expect(zaberFlag("FX")).toMatchObject({ weight: "alarm", positionLost: true });
    expect(zaberFlag("NX")).toMatchObject({ weight: "note", positionLost: false });
    expect(zaberFlag("--")).toBeUndefined();
  });
});
