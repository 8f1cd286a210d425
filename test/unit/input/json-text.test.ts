import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonText } from "../../../protocols/input/json-text.ts";

describe("JSON text", () => {
  it.each([
    ['{\n  "a": 1\n  "b": 2\n}', 3, 'a comma or } is missing before "'],
    ['{\n  "a": [1,\n  2\n', 4, "the text ends and a [ is still open"],
    ['{ "a": 1,\n}', 2, "there is a comma too many before }"],
    ["[1,\n2,\n]", 3, "a value is missing before ]"],
    ["{\n'a': 1 }", 2, "a key in double quotes is expected, not 'a'"],
    ["{\"a\":\n'b'}", 2, "texts stand in double quotes"],
    ['{"a" 1}', 1, "a colon is missing before 1"],
    ['{"a": 01}', 1, "01 is no JSON value"],
    ['{"a": .5}', 1, ".5 is no JSON value"],
    ['{"a":\n\n True}', 3, "True is no JSON value"],
    ['{"a": 1}\n{"b": 2}', 2, "the document is over, but { follows"],
    ["", 1, "the text is empty"],
    ['{"a": "b\n"}', 1, "a text is not closed, or holds a character that JSON does not allow in one"],
    ["{\n// a note\n}", 2, "a key in double quotes is expected, not //"],
  ])("%j is refused in line %i: %s", (text, line, what) => {
    expect(parseJsonText(text)).toEqual({ kind: "refused", line, what });
  });

  it("may begin with a byte order mark", () => {
    expect(parseJsonText('\uFEFF{"a": 1}')).toEqual({ kind: "json", value: { a: 1 } });
  });

  it("is blamed at a place of its own whenever JSON.parse refuses it, and never when it does not", () => {
    const places = fc.tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.constantFrom("{", "}", "[", "]", ",", ":", '"', "'", "0", "x", ".", "e", "-", "\\", "\n"),
    );
    fc.assert(
      fc.property(places, ([json, at, char]) => {
        const index = at % (json.length + 1);
        const text = json.slice(0, index) + char + json.slice(index + (at % 2));
        const read = parseJsonText(text);
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(read.kind).toBe(isJson ? "json" : "refused");
        if (read.kind === "refused") {
          expect(read.line).toBeLessThanOrEqual(text.split("\n").length);
          expect(read.what).not.toMatch(/JSON at position|Unexpected|Expected/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
