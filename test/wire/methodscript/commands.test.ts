/** What is sent to a MethodSCRIPT instrument, byte for byte, and the numbers and letters of the reference's tables. */
import { describe, expect, test } from "vitest";
import { decodeVersion, deviceModel } from "../../../protocols/wire/methodscript/device-models.ts";
import { decodeErrorLine, errorMeaning, errorText } from "../../../protocols/wire/methodscript/error-codes.ts";
import { formatLiteral } from "../../../protocols/wire/methodscript/literal.ts";
import {
  cellOffLines,
  encodeCommand,
  encodeScript,
  openCircuitLines,
} from "../../../protocols/wire/methodscript/script-lines.ts";
import * as types from "../../../protocols/wire/methodscript/variable-types.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("what is sent to an instrument", () => {
  test.each(["t", "i", "Z", "r", "\nZ"])("a command is one line: %j", (command) => {
    expect(text(encodeCommand(command))).toBe(`${command}\n`);
  });

  test("a script is its command, its lines, and the empty line that ends it", () => {
    expect(text(encodeScript("e", ["cell_off"]))).toBe("e\ncell_off\n\n");
    expect(text(encodeScript("l", cellOffLines()))).toBe('l\ncell_off\nsend_string "cell off"\n\n');
  });

  test("the open-circuit voltage is measured with the cell off, before and after", () => {
    expect(text(encodeScript("e", openCircuitLines()))).toBe(
      "e\nvar p\nset_pgstat_chan 0\nset_pgstat_mode 3\nset_range ab 5\nset_autoranging ab 5 5\ncell_off\n" +
        "meas 100m p ab\npck_start\npck_add p\npck_end\non_finished:\ncell_off\n" +
        'send_string "cell off"\n\n',
    );
  });

  test.each([
    [4.2, "4200m"],
    [0, "0"],
    [300e-6, "300u"],
    [-300e-6, "-300u"],
    [1.5, "1500m"],
    [7200, "7200"],
  ])("the number %d is written %s: whole, with a prefix", (value, written) => {
    expect(formatLiteral(value, 9)).toBe(written);
  });
});

describe("the tables", () => {
  test.each(["es4_hr", "es4_lr", "mes4hr", "mes4lr", "nexus1", "espico", "senswb"])("know the device %s", (code) => {
    expect(decodeVersion(`t${code}1201#Jan 28 2022 11:04:43R*`)).toEqual({
      typeCode: code,
      firmware: "1.2.01 R (Jan 28 2022 11:04:43)",
    });
    expect(deviceModel(code)).toBeDefined();
  });

  const CODES = (
    "0001 0002 0003 0004 0005 0006 0007 0008 0009 000B 000C 000D 000E 000F 0010 0011 0012 0014 0016 0017 0018 001B " +
    "001F 0020 0021 0023 0028 0032 0058 005A 0080 4001 4002 4003 4004 4005 4006 4007 4008 400B 400C 4018 401B 4026 " +
    "4027 4028 402B 402C 4032 4039 4200 4202 4204 4205 4206 420A 420B 7FFF"
  ).split(" ");

  test.each(CODES)("have a meaning for the error %s, in each of its three forms", (code) => {
    const meaning = errorMeaning(Number.parseInt(code, 16));
    expect(meaning).not.toContain("not in the manual");
    for (const [line, tail] of [
      [`t!${code}`, ""],
      [`!${code}: Line 4`, ", line 4"],
      [`l!${code}: Line 1, Col 27`, ", line 1, column 27"],
    ] as const) {
      const found = decodeErrorLine(line);
      expect(found && errorText(found.error)).toBe(`${code} ${meaning}${tail}`);
    }
  });

  test.each([
    ["ab", types.TYPE_POTENTIAL],
    ["ba", types.TYPE_CURRENT],
    ["da", types.TYPE_SET_POTENTIAL],
    ["db", types.TYPE_SET_CURRENT],
    ["eb", types.TYPE_TIME],
  ])("give the letters %s to the type %d", (letters, type) => {
    expect(types.variableType(letters)).toBe(type);
    expect(types.variableTypeLetters(type)).toBe(letters);
  });
});
