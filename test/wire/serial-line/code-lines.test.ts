import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCodeLine } from "../../../protocols/wire/serial-line/code-lines.ts";
import { createTextLines } from "../../../protocols/wire/text-lines.ts";

describe("a line from a barcode reader", () => {
  it("is the code it holds", () => {
    expect(decodeCodeLine("R-0001")).toEqual({ kind: "code", code: "R-0001" });
    expect(decodeCodeLine("\u0002R-0001\u0003", { prefix: "\u0002", suffix: "\u0003" })).toEqual({
      kind: "code",
      code: "R-0001",
    });
    expect(decodeCodeLine("NOREAD", { noRead: "NOREAD" })).toEqual({ kind: "no-read" });
    expect(decodeCodeLine("NOREAD")).toEqual({ kind: "code", code: "NOREAD" });
  });

  it.each([
    ["", {}],
    ["ab", {}],
    ["a".repeat(65), {}],
    ["R 0001", {}],
    ["R-0001\u0000", {}],
    ["R-\u00fe001", {}],
    ["R-0001", { prefix: "\u0002" }],
    ["R-00010", { pattern: /R-\d{4}/ }],
    ["R-001", { lengthMin: 6 }],
    ["\u0002", { prefix: "\u0002", suffix: "\u0002" }],
  ])("cannot be a code when it reads %j under %j", (line, rules) => {
    expect(decodeCodeLine(line, rules).kind).toBe("implausible");
  });

  it("is judged alike every time, even by a pattern that remembers where it was", () => {
    const rules = { pattern: /R-\d{4}/g };
    for (let count = 0; count < 3; count += 1) expect(decodeCodeLine("R-0001", rules).kind).toBe("code");
  });

  it("comes out the same however the bytes are cut, ended by either end or both", () => {
    const bytes = Buffer.from("R-0001\r\nR-0002\rR-0003\n\r\nR-0004\r\n", "latin1");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 10 }), (cuts) => {
        const lines = createTextLines(128);
        const codes: string[] = [];
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        places.forEach((from, index) => {
          lines.push(bytes.subarray(from, places[index + 1] ?? bytes.length), (line) => codes.push(line));
        });
        expect(codes).toEqual(["R-0001", "R-0002", "R-0003", "R-0004"]);
      }),
    );
  });

  it("that never ends is thrown away whole", () => {
    const lines = createTextLines(128);
    const codes: string[] = [];
    for (let count = 0; count < 50; count += 1) lines.push(Buffer.alloc(100, 65), (line) => codes.push(line));
    expect(lines.retainedByteCount).toBeLessThanOrEqual(128);
    lines.push(Buffer.from("\r\nR-0001\r\n"), (line) => codes.push(line));
    expect(codes).toEqual(["R-0001"]);
    expect(lines.droppedByteCount).toBe(5000);
  });
});
