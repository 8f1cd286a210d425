import { describe, expect, test } from "vitest";
import { decodeVersion, deviceModel, unfitReason } from "../../../protocols/wire/methodscript/device-models.ts";
import { decodeErrorLine, errorText } from "../../../protocols/wire/methodscript/error-codes.ts";
import { classifyLine } from "../../../protocols/wire/methodscript/reply-line.ts";

describe("a reply line", () => {
  test.each([
    ["", { kind: "end" }],
    ["M000A", { kind: "measurement-start", technique: 0x000a }],
    ["M0007", { kind: "measurement-start", technique: 7 }],
    ["*", { kind: "measurement-end" }],
    ["C0001", { kind: "scan-start", scan: 1 }],
    ["-", { kind: "scan-end" }],
    ["L", { kind: "loop-start" }],
    ["+", { kind: "loop-end" }],
    ["Pab8387520u", { kind: "package" }],
    ["Tend voltage", { kind: "text", text: "end voltage" }],
    ["Z", { kind: "echo", command: "Z" }],
    ["Y", { kind: "echo", command: "Y" }],
    ["h", { kind: "echo", command: "h" }],
    ["H", { kind: "echo", command: "H" }],
    ["R", { kind: "echo", command: "R" }],
    ["Mxyz", { kind: "other", text: "Mxyz" }],
    ["l", { kind: "other", text: "l" }],
  ])("%j is known by its first character", (line, expected) => {
    expect(classifyLine(line)).toEqual(expected);
  });

  test("errors come in three forms", () => {
    expect(decodeErrorLine("Z!0006")).toMatchObject({ command: "Z", error: { code: 6, line: null, column: null } });
    expect(decodeErrorLine("l!4001: Line 1, Col 27")).toMatchObject({
      command: "l",
      error: { code: 0x4001, line: 1, column: 27, meaning: "unknown script command" },
    });
    expect(classifyLine("!0028: Line 4")).toMatchObject({ kind: "error", command: "", error: { code: 0x28, line: 4 } });
    expect(decodeErrorLine("Z!06")).toBeUndefined();
    expect(decodeErrorLine("all well")).toBeUndefined();
  });

  test("an error reads as a sentence, also when its number is in no list", () => {
    const known = decodeErrorLine("l!4001: Line 1, Col 27");
    const unknown = decodeErrorLine("x!4ABC");
    expect(known && errorText(known.error)).toBe("4001 unknown script command, line 1, column 27");
    expect(unknown && errorText(unknown.error)).toBe("4ABC error not in the manual's list");
  });

  test("a device says what it is in two lines", () => {
    expect(decodeVersion("tes4_hr1100#Jan 28 2022 11:04:43R*")).toEqual({
      typeCode: "es4_hr",
      firmware: "1.1.00 R (Jan 28 2022 11:04:43)",
    });
    expect(decodeVersion("tespico14#May  5 2021 10:00:00B*")).toMatchObject({
      typeCode: "espico",
      firmware: "1.4 B (May  5 2021 10:00:00)",
    });
    expect(decodeVersion("Grbl 1.1f ['$' for help]")).toBeUndefined();
  });

  test("low-range devices and those without a galvanostat do not fit a 4 V cell", () => {
    const fits = (code: string): string | null | undefined => {
      const model = deviceModel(code);
      return model && unfitReason(model, 5, 0.01);
    };
    expect(fits("es4_hr")).toBeNull();
    expect(fits("mes4hr")).toBeNull();
    expect(fits("nexus1")).toBeNull();
    expect(fits("es4_lr")).toBe("EmStat4 LR ends at 3 V, the channel needs 5 V");
    expect(fits("espico")).toBe("EmStat Pico has no galvanostat");
    expect(fits("grblxx")).toBeUndefined();
  });
});
