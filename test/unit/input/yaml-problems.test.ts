import { describe, expect, it } from "vitest";
import { parseDocument } from "../../../protocols/input/document.ts";

const TEXT = `campaign: day
cell_defaults:
  chemistry: lno-graphite
  protocol: day # what they run

  stack: coin
  role: exposed
cells:
  - positions: A1..D12
    electrolyte: LP57
presets:
  filters: [Mo 0.1 mm]
`;

/** What is said of the text with `from` written as `to`. */
function told(from: string, to: string): readonly string[] {
  expect(TEXT.split(from)).toHaveLength(2);
  return parseDocument(TEXT.replace(from, to), "f.yaml").findings.map(({ where, what }) => `${where}: ${what}`);
}

describe("one slip in a YAML file is told once, where it is", () => {
  it.each([
    ["a forgotten colon", "cell_defaults:", "cell_defaults", "f.yaml:2: this is no `key: value`; most likely a colon"],
    ["a line too far left", "  protocol:", " protocol:", "f.yaml:4: this line does not begin at the column"],
    ["a tab", "  protocol:", "\tprotocol:", "f.yaml:4: a tab stands before the text"],
    [
      "a line too far right",
      "  protocol:",
      "    protocol:",
      "f.yaml:3: a second colon in this line, or the line after",
    ],
    ["a text with a colon", "campaign: day", "campaign: day: one", "f.yaml:1: a second colon in this line"],
    ["a bracket left open", "[Mo 0.1 mm]", "[Mo 0.1 mm", "f.yaml:12: a [ or { is opened here and not closed"],
    [
      "a quote left open",
      "electrolyte: LP57",
      'electrolyte: "LP57',
      "f.yaml:10: a quote is opened here and not closed",
    ],
    ["a second document", "presets:", "---\npresets:", "f.yaml:11: a second document begins here"],
  ])("%s", (_, from, to, start) => {
    const found = told(from, to);
    expect(found).toHaveLength(1);
    expect(found[0]?.slice(0, start.length)).toBe(start);
  });

  it("and says how far its harm goes", () => {
    expect(told("  protocol:", " protocol:")[0]).toMatch(/; lines up to 7 cannot be read because of it$/);
  });

  it("but two slips are two", () => {
    const found = parseDocument(
      TEXT.replace("campaign: day", "campaign: day: one").replace("[Mo 0.1 mm]", "[Mo 0.1 mm"),
      "f.yaml",
    ).findings;
    expect(found.map((finding) => finding.where)).toEqual(["f.yaml:1", "f.yaml:12"]);
  });

  it.each([
    ["cut off in the middle", '{\n "record": { "time_s": 1 },\n "method": [', 3, "a [ is still open"],
    ["with a comma too many", '{ "a": [1,\n2,, 3] }', 2, "a value is missing before ,"],
  ])("and of a JSON file %s it is told as JSON", (_what, text, line, what) => {
    const [finding, ...others] = parseDocument(text, "p.json").findings;
    expect(others).toEqual([]);
    expect([finding?.where, finding?.what]).toEqual([`p.json:${line}`, expect.stringContaining(what)]);
    expect(finding?.advice).toContain("Correct the JSON");
    expect(finding?.advice).not.toContain("YAML");
  });
});
