import { describe, expect, it } from "vitest";
import { errorsOf, expectRefused, goodFiles, load, loadShipped } from "../../support/campaign-files.ts";
import type { SpoiltCase } from "../../support/campaign-files.ts";

const CASES: readonly SpoiltCase[] = [
  [
    "no dose limit",
    "good.yaml",
    "scope: spot_total",
    "scope: per_exposure",
    "campaign.limit-missing",
    "good.yaml:36 dose_limits",
    /no limit of the total dose per spot for A1\.\.B1$/,
    /spot_total/,
  ],
  [
    "a limit nobody vouches for",
    "good.yaml",
    "    vouched_by: a tester\n",
    "",
    "campaign.limit-voucher",
    "good.yaml:37 dose_limits[0]",
    /nobody vouches/,
    /vouched_by/,
  ],
  [
    "a limit without a source",
    "good.yaml",
    "    source: a test\n",
    "",
    "campaign.limit-source",
    "good.yaml:37 dose_limits[0]",
    /no source/,
    /source/,
  ],
  [
    "a limit that is not a number",
    "good.yaml",
    "dose_Gy: 30000",
    "dose_Gy: .nan",
    "file.not-a-number",
    "good.yaml:40 dose_limits[0].dose_Gy",
    /nan is not a number/,
    /finite/,
  ],
  [
    "an infinite limit",
    "good.yaml",
    "dose_Gy: 30000",
    "dose_Gy: .inf",
    "file.not-a-number",
    "good.yaml:40 dose_limits[0].dose_Gy",
    /inf is not a number/,
    /finite/,
  ],
  [
    "a limit of zero",
    "good.yaml",
    "dose_Gy: 30000",
    "dose_Gy: 0",
    "file.schema",
    "good.yaml:40 dose_limits[0].dose_Gy",
    /0 will not do/,
    /above 0/,
  ],
  [
    "a limit in another convention",
    "good.yaml",
    "convention: en",
    "convention: att",
    "campaign.limit-convention",
    "good.yaml:39 dose_limits[0].convention",
    /att/,
    /Convert/,
  ],
  [
    "a limit for a layer that is not there",
    "good.yaml",
    "- layer: positive electrode",
    "- layer: positive elektrode",
    "campaign.limit-layer",
    "good.yaml:37 dose_limits[0].layer",
    /positive elektrode/,
    /Did you mean positive electrode\?/,
  ],
  [
    "an unknown key at the top",
    "good.yaml",
    "duration_h: 24",
    "duraton_h: 24",
    "file.unknown-key",
    "good.yaml:4 duraton_h",
    /unknown key duraton_h/,
    /Did you mean duration_h\?/,
  ],
  [
    "an unknown key deep inside",
    "good.yaml",
    "exposure_s: 6",
    "exposure_s: 6\n    exposures: 2",
    "file.unknown-key",
    "good.yaml:32 presets.pattern.exposures",
    /unknown key exposures/,
    /Did you mean exposure_s\?/,
  ],
  [
    "an unknown key in an override",
    "good.yaml",
    "role: dark-control",
    "roll: dark-control",
    "file.unknown-key",
    "good.yaml:27 cells[1].overrides.B2.roll",
    /unknown key roll/,
    /Did you mean role\?/,
  ],
  [
    "an unknown key in a protocol",
    "cycle.yaml",
    "until_time_s: 54000",
    "untill_time_s: 54000",
    "file.unknown-key",
    "cycle.yaml:4 method[1].untill_time_s",
    /untill_time_s/,
    /Did you mean until_time_s\?/,
  ],
  [
    "an unknown key in the site",
    "site.yaml",
    "  travel_s: 0.02",
    "  traffel_s: 1\n  travel_s: 0.02",
    "file.unknown-key",
    "site.yaml:25 shutter.traffel_s",
    /traffel_s/,
    /Did you mean travel_s\?/,
  ],
  [
    "a key twice",
    "good.yaml",
    "duration_h: 24",
    "duration_h: 24\nduration_h: 12",
    "file.duplicate-key",
    "good.yaml:5 duration_h",
    /duration_h is given twice/,
    /once/,
  ],
  [
    "broken YAML",
    "good.yaml",
    "positions: A1..A12",
    "positions: [A1..A12",
    "file.syntax",
    "good.yaml:22",
    /opened here and not closed/,
    /YAML at this line/,
  ],
  [
    "a text where a number belongs",
    "good.yaml",
    "nominal_capacity_mAh: 4",
    "nominal_capacity_mAh: four",
    "file.schema",
    "good.yaml:17 cell_defaults.nominal_capacity_mAh",
    /"four"/,
    /a number/,
  ],
  [
    "a protocol file that is not there",
    "good.yaml",
    "cycle.yaml",
    "cycel.yaml",
    "file.missing",
    "good.yaml:9 protocols.cycle.file",
    /cycel\.yaml: no such file/,
    /path/,
  ],
  [
    "a site file that is not there",
    "good.yaml",
    "site: site.yaml",
    "site: sight.yaml",
    "file.missing",
    "good.yaml:5 site",
    /sight\.yaml: no such file/,
    /path/,
  ],
  [
    "an unknown material",
    "good.yaml",
    "material: ss304",
    "material: ss305",
    "layer.unknown-material",
    "good.yaml:12 stacks.plain[0].material",
    /ss305/,
    /Did you mean ss304\?/,
  ],
  [
    "an unknown filter",
    "good.yaml",
    "[Mo 0.1 mm]",
    "[Mo 0.2 mm]",
    "campaign.unknown-filter",
    "good.yaml:32 presets.pattern.filters",
    /Mo 0\.2 mm/,
    /Did you mean Mo 0\.1 mm\?/,
  ],
  [
    "an unknown preset",
    "good.yaml",
    "preset: pattern",
    "preset: patern",
    "campaign.unknown-preset",
    "good.yaml:35 triggers[0].preset",
    /patern/,
    /pattern/,
  ],
  [
    "another beam than the site's",
    "good.yaml",
    "energy_keV: 60",
    "energy_keV: 80",
    "campaign.other-beam",
    "good.yaml:6 beam.energy_keV",
    /80 keV.*60 keV/,
    /site/,
  ],
  [
    "a start that is no time",
    "good.yaml",
    "start: 2026-03-02T08:00:00Z",
    "start: tomorrow",
    "file.schema",
    "good.yaml:3 start",
    /"tomorrow"/,
    /UTC/,
  ],
  [
    "spots off the cell",
    "good.yaml",
    "columns: 2, rows: 2, pitch_mm: 1 ",
    "columns: 4, rows: 2, pitch_mm: 8 ",
    "campaign.spot",
    "good.yaml:33 presets.pattern.spots",
    /outside the cell/,
    /10 mm/,
  ],
];

describe("a campaign with one thing wrong in its files, limits or plan", () => {
  it.each(CASES)("is refused for %s, with file, line, path, value and what would be right", (...spoilt) => {
    expectRefused(spoilt);
  });
});

describe("a campaign with everything wrong", () => {
  it("is refused whole, and every error is listed at once", () => {
    const loaded = loadShipped("test/fixtures/bad-campaigns/everything-wrong.yaml");
    expect(loaded.kind).toBe("refused");
    const file = "test/fixtures/bad-campaigns/everything-wrong.yaml";
    const found = errorsOf(loaded).map((error) => `${error.where.replace(file, "")} ${error.code}`);
    expect(found).toEqual([
      ":10 protocols.hot.method[0].until_voltage_V campaign.cell-window",
      ":10 protocols.hot.method[0].until_voltage_V campaign.beyond-safety",
      ":11 protocols.hot.method[1].current_mA campaign.channel-range",
      ":11 protocols.hot.method[1].current_mA campaign.beyond-safety",
      ":16 cells campaign.limit-missing",
      ":20 cells[1].positions campaign.position",
      ":20 cells[1].positions campaign.duplicate-position",
      ":22 cells[1].chemistry campaign.unknown-chemistry",
      ":23 cells[1].colour file.unknown-key",
    ]);
  });

  it("never throws on text that is no campaign at all", () => {
    for (const text of [
      "",
      "[]",
      "7",
      "null",
      "a: [",
      "\u0000",
      "%YAML 9.9\n---\n- ",
      "[".repeat(50_000),
      "cells: {}",
      "? [a]\n: b",
      "cells: [1, null, [], {}]",
      "site: {}\nprotocols: 3",
    ]) {
      const loaded = load({ ...goodFiles, "good.yaml": text });
      expect(loaded.kind, text.slice(0, 20)).toBe("refused");
      expect(errorsOf(loaded).length).toBeGreaterThan(0);
    }
  });

  it.each(["good.yaml", "cycle.yaml"])("says once of a number in %s that it is none", (file) => {
    const [from, to] =
      file === "good.yaml" ? ["exposure_s: 6", "exposure_s: .nan"] : ["until_time_s: 600", "until_time_s: .nan"];
    const text = goodFiles[file] ?? "";
    expect(text).toContain(from);
    const errors = errorsOf(load({ ...goodFiles, [file]: text.replace(from, to) }));
    expect(errors.map(({ code }) => code)).toEqual(["file.not-a-number"]);
  });

  it("refuses a file in which aliases would multiply without end", () => {
    const lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"];
    for (let level = 1; level < 10; level += 1) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ")}]`);
    }
    const errors = errorsOf(load({ ...goodFiles, "good.yaml": lines.join("\n") }));
    expect(errors.map((error) => error.code)).toContain("file.syntax");
  });
});
