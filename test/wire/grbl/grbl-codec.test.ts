import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRBL_ALARMS, GRBL_ERRORS, grblAlarmLosesPosition } from "../../../protocols/wire/grbl/grbl-codes.ts";
import {
  encodeRapidTo,
  GRBL_BUILD_INFO,
  GRBL_HOME,
  GRBL_PARSER_STATE,
  GRBL_REALTIME,
  GRBL_SETTINGS,
  GRBL_WAIT_FOR_REST,
} from "../../../protocols/wire/grbl/grbl-commands.ts";
import { createGrblLineSplitter, decodeGrblLine } from "../../../protocols/wire/grbl/grbl-replies.ts";

describe("what is said to a GRBL controller", () => {
  it("is one line ended by a single line feed", () => {
    expect(encodeRapidTo(-287.5, -0.0001)).toBe("G21 G53 G0 X-287.500 Y0.000\n");
    expect([GRBL_HOME, GRBL_SETTINGS, GRBL_BUILD_INFO, GRBL_PARSER_STATE, GRBL_WAIT_FOR_REST]).toEqual([
      "$H\n",
      "$$\n",
      "$I\n",
      "$G\n",
      "G4 P0\n",
    ]);
    expect(GRBL_REALTIME).toEqual({ reset: 0x18, status: 0x3f, feedHold: 0x21, resume: 0x7e, jogCancel: 0x85 });
  });

  it("never holds a coordinate that is not a number", () => {
    expect(() => encodeRapidTo(Number.NaN, 0)).toThrow(RangeError);
    expect(() => encodeRapidTo(0, Infinity)).toThrow(RangeError);
  });
});

describe("what a GRBL controller says", () => {
  it("is read from the texts of the reference", () => {
    expect(decodeGrblLine("ok")).toEqual({ kind: "ok" });
    expect(decodeGrblLine("error:22")).toEqual({ kind: "error", code: 22 });
    expect(decodeGrblLine("ALARM:2")).toEqual({ kind: "alarm", code: 2 });
    expect(decodeGrblLine("Grbl 1.1h ['$' for help]")).toEqual({ kind: "greeting", version: "1.1h" });
    expect(decodeGrblLine("$110=500.000")).toEqual({ kind: "setting", number: 110, value: 500 });
    expect(decodeGrblLine("$N0=G21")).toEqual({ kind: "startup-line", text: "$N0=G21" });
    expect(decodeGrblLine(">G21:ok")).toEqual({ kind: "startup-line", text: ">G21:ok" });
    expect(decodeGrblLine("[VER:1.1h.20190830:]")).toEqual({
      kind: "feedback",
      name: "VER",
      text: "1.1h.20190830:",
    });
    expect(decodeGrblLine("[MSG:'$H'|'$X' to unlock]")).toMatchObject({ kind: "feedback", name: "MSG" });
  });

  it.each([
    ["[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]", "HLP"],
    ["[OPT:V,15,128]", "OPT"],
    ["[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]", "GC"],
    ["[G54:0.000,0.000,0.000]", "G54"],
    ["[G28:0.000,0.000,0.000]", "G28"],
    ["[G92:0.000,0.000,0.000]", "G92"],
    ["[TLO:0.000]", "TLO"],
    ["[PRB:0.000,0.000,0.000:0]", "PRB"],
    ["[echo:G0X1]", "echo"],
    ["[MSG:Reset to continue]", "MSG"],
    ["[MSG:Caution: Unlocked]", "MSG"],
    ["[MSG:Check Door]", "MSG"],
    ["[MSG:Check Limits]", "MSG"],
    ["[MSG:Restoring defaults]", "MSG"],
    ["[MSG:Sleeping]", "MSG"],
  ])("is feedback with name and text: %s", (line, name) => {
    const text = line.slice(name.length + 2, -1);
    expect(decodeGrblLine(line)).toEqual({ kind: "feedback", name, text });
  });

  it.each([
    ["Idle", "Idle", null],
    ["Run", "Run", null],
    ["Hold:0", "Hold", 0],
    ["Hold:1", "Hold", 1],
    ["Jog", "Jog", null],
    ["Alarm", "Alarm", null],
    ["Door:0", "Door", 0],
    ["Door:3", "Door", 3],
    ["Check", "Check", null],
    ["Home", "Home", null],
    ["Sleep", "Sleep", null],
  ])("is the state %s", (word, state, subState) => {
    expect(decodeGrblLine(`<${word}|MPos:0.000,0.000,0.000|FS:0,0>`)).toMatchObject({
      kind: "status",
      state,
      subState,
    });
  });

  it("is a status report with machine or work position, offset, sub-state and pins", () => {
    expect(decodeGrblLine("<Hold:1|MPos:-1.500,2.000,0.000|FS:500,0|Pn:XY|WCO:1.000,2.000,3.000>")).toEqual({
      kind: "status",
      state: "Hold",
      subState: 1,
      machine: { xMm: -1.5, yMm: 2, zMm: 0 },
      work: null,
      workOffset: { xMm: 1, yMm: 2, zMm: 3 },
      pins: "XY",
    });
    expect(decodeGrblLine("<Idle|WPos:0.000,0.000,0.000|Bf:15,128|FS:0,0|Ov:100,100,100|A:S>")).toMatchObject({
      state: "Idle",
      machine: null,
      work: { xMm: 0, yMm: 0, zMm: 0 },
    });
  });

  it.each([
    "<Idle|MPos:1,2",
    "<Idle|MPos:1,2>",
    "<Idle|MPos:1,nan,3>",
    "<Busy|MPos:1,2,3>",
    "<Idle>",
    "<>",
    "error:",
    "error:x",
    "ALARM:-1",
    "okay",
    "$=3",
    "[MSG]",
    "Grbl",
    "",
  ])("is garbled when it reads %j, and never a success", (line) => {
    expect(decodeGrblLine(line)).toMatchObject({ kind: "garbled" });
  });

  it("comes out the same however the bytes are cut", () => {
    const text = "\r\nGrbl 1.1h ['$' for help]\r\nok\r\n<Idle|MPos:0.000,0.000,0.000|FS:0,0>\r\nerror:9\r\n";
    const bytes = new TextEncoder().encode(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const splitter = createGrblLineSplitter();
        const lines: string[] = [];
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        places.forEach((from, index) => {
          splitter.push(bytes.subarray(from, places[index + 1] ?? bytes.length), (line) => lines.push(line));
        });
        expect(lines).toEqual(["Grbl 1.1h ['$' for help]", "ok", "<Idle|MPos:0.000,0.000,0.000|FS:0,0>", "error:9"]);
      }),
    );
  });

  it("is thrown away and counted when a line does not end", () => {
    const splitter = createGrblLineSplitter();
    const lines: string[] = [];
    for (let count = 0; count < 100; count += 1) {
      splitter.push(new Uint8Array(100).fill(65), (line) => lines.push(line));
    }
    splitter.push(new TextEncoder().encode("A\nok\n"), (line) => lines.push(line));
    expect(lines).toEqual(["ok"]);
    expect(splitter.droppedByteCount).toBe(10_001);
  });

  it("never makes the reader throw, in 10,000 random streams", () => {
    const tokens = fc.constantFrom(
      "ok",
      "error:",
      "ALARM:",
      "<Idle|",
      "MPos:",
      "1.0,",
      "[",
      "]",
      ">",
      "$",
      "=",
      "\n",
      "Grbl ",
      "9",
      "|",
      ":",
    );
    const splitter = createGrblLineSplitter();
    fc.assert(
      fc.property(fc.array(fc.oneof(tokens, fc.string({ maxLength: 6 })), { maxLength: 20 }), (parts) => {
        splitter.push(new TextEncoder().encode(`${parts.join("")}\n`), (line) => {
          expect(typeof decodeGrblLine(line).kind).toBe("string");
        });
      }),
      { numRuns: 10_000 },
    );
  });
});

describe("the tables of codes", () => {
  it("hold every error and alarm of the firmware, each with advice", () => {
    expect(Object.keys(GRBL_ERRORS).map(Number)).toEqual(
      Array.from({ length: 38 }, (_, index) => index + 1).filter((code) => code !== 18 && code !== 19),
    );
    expect(Object.keys(GRBL_ALARMS)).toHaveLength(10);
    for (const entry of [...Object.values(GRBL_ERRORS), ...Object.values(GRBL_ALARMS)]) {
      expect(entry.meaning.length).toBeGreaterThan(5);
      expect(entry.advice.length).toBeGreaterThan(5);
    }
  });

  it("take the position for lost in an alarm nobody knows", () => {
    expect(grblAlarmLosesPosition(2)).toBe(false);
    expect(grblAlarmLosesPosition(3)).toBe(true);
    expect(grblAlarmLosesPosition(99)).toBe(true);
  });
});
