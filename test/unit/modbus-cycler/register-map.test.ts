/** Register maps from YAML: the shipped one, and what is wrong with others, by line and key. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCyclerMap } from "../../../protocols/wire/modbus-cycler/read-register-map.ts";
import { EA_PSB_TEXT } from "../../support/cycler-bench.ts";

function problems(text: string): readonly string[] {
  return readCyclerMap(text, "map.yaml").findings.map(({ where, what }) => `${where}: ${what}`);
}

function changed(from: string, to: string): string {
  if (!EA_PSB_TEXT.includes(from)) throw new Error(`the map does not say ${from}`);
  return EA_PSB_TEXT.replace(from, to);
}

describe("the shipped map", () => {
  it("is whole", () => {
    const { map, findings } = readCyclerMap(EA_PSB_TEXT, "ea-psb.yaml");
    expect(findings).toEqual([]);
    expect(map?.read.currentA).toMatchObject({ address: 508, count: 1, scale: { kind: "share", fullScale: 52_428 } });
    expect(map?.write.output).toEqual({ address: 405 });
    expect(map?.write.voltageV).toMatchObject({ writeFunction: 6, min: 0, max: "nominal", rawStep: 2 });
    expect(map?.identity.model).toMatchObject({ address: 1, count: 20, type: "text" });
  });

  it("says the same counted from 1", () => {
    const text = EA_PSB_TEXT.replaceAll(/address: (\d+)/g, (_, number: string) => `address: ${Number(number) + 1}`);
    const { map } = readCyclerMap(text.replace("unit: 0", "address_base: 1\nunit: 0"), "map.yaml");
    expect(map).toEqual(readCyclerMap(EA_PSB_TEXT, "map.yaml").map);
  });
});

describe("a map is refused", () => {
  it.each([
    ["with a key it does not know", changed("gap_ms: 15", "gap_mS: 15"), /map.yaml:5 gap_mS: unknown key gap_mS/],
    [
      "when a point that is written has no limits",
      changed("of: voltage_V, min: 0, max: nominal", "of: voltage_V"),
      /write\.voltage_V\.min: write\.voltage_V\.min is missing/,
    ],
    ["with two points that overlap in different forms", changed("address: 507", "address: 506"), /overlaps/],
    [
      "with half of a share",
      changed("508, type: u16, full_scale: 52428, of: current_A", "508, type: u16, full_scale: 52428"),
      /read\.current_A: a share needs full_scale and of together/,
    ],
    [
      "with a share of what it does not read",
      changed("  current_A: { address: 123, type: f32 }\n", ""),
      /no nominal current_A is given/,
    ],
    [
      "with nominal as the most of what is no share",
      changed("full_scale: 52428, of: voltage_V, min: 0, max: nominal", "min: 0, max: nominal"),
      /nominal is the most of a share only/,
    ],
    [
      "with steps of what is no whole number",
      changed("type: u16, full_scale: 52428, of: voltage_V, min", "type: f32, full_scale: 52428, of: voltage_V, min"),
      /write\.voltage_V\.raw_step: a raw_step of f32/,
    ],
    [
      "with a bit that the register does not have",
      changed("type: u32, bit: 31", "type: u16, bit: 31"),
      /bit 31 of u16/,
    ],
    ["with a word order that is none", changed("ABCD", "ACBD"), /word_order/],
    ["with a range turned round", changed("voltage_max_V: 60", "voltage_max_V: 0"), /not above voltage_min_V/],
    ["with a scale of nothing", changed("505, type: u32, bit: 7", "505, type: u32, bit: 77"), /bit/],
    [
      "with a known firmware that no register tells",
      changed("firmware: { address: 191, type: text, registers: 20 }", 'firmware_begins_with: ["V3."]'),
      /no register tells the firmware/,
    ],
    ["that is not YAML", "a: [", /map.yaml:1/],
  ])("%s", (_, text, what) => {
    expect(problems(text).join("\n")).toMatch(what);
    expect(readCyclerMap(text, "map.yaml").map).toBeUndefined();
  });

  it("whatever is written, and reading it never throws", () => {
    const lines = EA_PSB_TEXT.split("\n");
    fc.assert(
      fc.property(
        fc.nat({ max: lines.length - 1 }),
        fc.nat({ max: lines.length - 1 }),
        fc.string(),
        (at, from, noise) => {
          const bent = [...lines];
          bent[at] = `${lines[from] ?? ""}${noise}`;
          readCyclerMap(bent.join("\n"), "map.yaml");
        },
      ),
      { numRuns: 500 },
    );
  });
});
