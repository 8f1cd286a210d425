import { describe, expect, it } from "vitest";
import { errorsOf, expectRefused, goodFiles, load, spoilt } from "../../support/campaign-files.ts";
import type { SpoiltCase } from "../../support/campaign-files.ts";

const CASES: readonly SpoiltCase[] = [
  [
    "a position twice",
    "good.yaml",
    "[B1, B2]",
    "[B1, B2, A7]",
    "campaign.duplicate-position",
    "good.yaml:24 cells[1].positions",
    /position A7 is given twice, first in line 22/,
    /one cell/,
  ],
  [
    "a cell that follows one which is not withdrawn",
    "good.yaml",
    "[B1, B2]",
    "[B1, B2, A7.2]",
    "campaign.taken-position",
    "good.yaml:24 cells[1].positions",
    /A7\.2 is the cell that follows A7 in its place, and A7 is not withdrawn/,
    /withdrawn: true for A7/,
  ],
  [
    "a cell that follows none",
    "good.yaml",
    "[B1, B2]",
    "[B1, B2, B3.2]",
    "campaign.taken-position",
    "good.yaml:24 cells[1].positions",
    /B3\.2 is the cell that follows B3 in its place, and there is no B3/,
    /another place/,
  ],
  [
    "a position beyond H12",
    "good.yaml",
    "[B1, B2]",
    "[B1, B2, H13]",
    "campaign.position",
    "good.yaml:24 cells[1].positions",
    /H13 is not on the rack/,
    /A1 to H12/,
  ],
  [
    "a range beyond H12",
    "good.yaml",
    "[B1, B2]",
    '[B1, B2, "H1..I3"]',
    "campaign.position",
    "good.yaml:24 cells[1].positions",
    /I3 is not on the rack/,
    /A1 to H12/,
  ],
  [
    "a range that runs backwards",
    "good.yaml",
    "[B1, B2]",
    '[B1, B2, "C4..C2"]',
    "campaign.position",
    "good.yaml:24 cells[1].positions",
    /C4\.\.C2 runs backwards/,
    /C2\.\.C4/,
  ],
  [
    "an unknown chemistry",
    "good.yaml",
    "chemistry: lno-graphite",
    "chemistry: lno-grafite",
    "campaign.unknown-chemistry",
    "good.yaml:15 cell_defaults.chemistry",
    /lno-grafite/,
    /Did you mean lno-graphite\?.*lfp-graphite/,
  ],
  [
    "no chemistry",
    "good.yaml",
    "  chemistry: lno-graphite\n",
    "",
    "campaign.missing",
    "good.yaml:21 cells[0].chemistry",
    /chemistry is missing for 12 cells/,
    /lno-graphite/,
  ],
  [
    "a voltage outside the cell's window",
    "cycle.yaml",
    "until_voltage_V: 4.2",
    "until_voltage_V: 4.22",
    "campaign.cell-window",
    "cycle.yaml:4 method[1].until_voltage_V",
    /4\.22 V is outside the window of lno-graphite \(cells A1\.\.B2\)/,
    /2\.8 to 4\.2 V/,
  ],
  [
    "a current beyond the channel's range",
    "site.yaml",
    "current_max_mA: 200",
    "current_max_mA: 0.3",
    "campaign.channel-range",
    "cycle.yaml:4 method[1].rate_C",
    /0\.4 mA is beyond the channel's range/,
    /0\.3 mA/,
  ],
  [
    "samples faster than the channel takes them",
    "site.yaml",
    "sample_interval_min_s: 0.1",
    "sample_interval_min_s: 20",
    "campaign.channel-range",
    "cycle.yaml:1 record.time_s",
    /faster than the channel measures/,
    /at least 20 s/,
  ],
  [
    "a current beyond the cell's own limit",
    "good.yaml",
    "max_current_mA: 5",
    "max_current_mA: 0.3",
    "campaign.beyond-safety",
    "cycle.yaml:4 method[1].rate_C",
    /0\.4 mA/,
    /-5 to 0\.3 mA/,
  ],
  [
    "no safety limit",
    "good.yaml",
    "min_voltage_V: 2.7, ",
    "",
    "campaign.safety-missing",
    "good.yaml:22 cells[0].safety.min_voltage_V",
    /no min_voltage_V/,
    /safety/,
  ],
  [
    "a protocol whose current limits are not on both sides of zero, between which a channel holds its cell",
    "cycle.yaml",
    "method:",
    "safety: { min_current_mA: 0 }\nmethod:",
    "campaign.safety-range",
    "cycle.yaml:2 safety.min_current_mA",
    /min_current_mA 0 is not below 0/,
    /below 0/,
  ],
  [
    "a safety limit far outside the window",
    "good.yaml",
    "max_voltage_V: 4.25",
    "max_voltage_V: 5",
    "campaign.safety-window",
    "good.yaml:20 cell_defaults.safety.max_voltage_V",
    /max_voltage_V 5/,
    /at most 4\.3 V/,
  ],
  [
    "an unwired position",
    "site.yaml",
    "positions: A1..H12",
    "positions: A1..B1",
    "campaign.unwired",
    "good.yaml:24 cells[1].positions",
    /no channel at B2/,
    /A1\.\.B1/,
  ],
  [
    "a frequency the channel does not measure",
    "cycle.yaml",
    "{ step: open_circuit_voltage, until_time_s: 600 }",
    "{ step: impedance_spectroscopy, amplitude_V: 0.01, start_frequency_Hz: 300000, end_frequency_Hz: 1 }",
    "campaign.channel-range",
    "cycle.yaml:3 method[0].start_frequency_Hz",
    /300000 Hz/,
    /200000 Hz/,
  ],
  [
    "a discharge that stops where the charge did",
    "cycle.yaml",
    "until_voltage_V: 2.8",
    "until_voltage_V: 4.2",
    "protocol.cut-off",
    "cycle.yaml:5 method[2].until_voltage_V",
    /would end at once: it stops at 4\.2 V, and step 2 ends at 4\.2 V/,
    /below 4\.2 V/,
  ],
  [
    "a charge that stops where the window begins",
    "cycle.yaml",
    "rate_C: C/10, until_voltage_V: 4.2",
    "rate_C: C/10, until_voltage_V: 2.8",
    "protocol.cut-off",
    "cycle.yaml:4 method[1].until_voltage_V",
    /until 2\.8 V ends at once: the window begins at 2\.8 V/,
    /negative current/,
  ],
  [
    "the same barcode twice",
    "good.yaml",
    "barcode: S-{position}",
    "barcode: S-1",
    "campaign.duplicate-barcode",
    "good.yaml:25 cells[1].barcode",
    /^2 cells have the same barcode S-1: B1\.\.B2$/,
    /\{position\}/,
  ],
  [
    "an override of a cell of another group",
    "good.yaml",
    "      B2:",
    "      A2:",
    "campaign.override",
    "good.yaml:27 cells[1].overrides.A2",
    /A2 is not a position of this group/,
    /B1, B2/,
  ],
];

describe("a campaign with one thing wrong about its cells or protocols", () => {
  it("is accepted when nothing is wrong", () => {
    const loaded = load(goodFiles);
    expect(errorsOf(loaded)).toEqual([]);
    expect(loaded.kind).toBe("loaded");
  });

  it("blames nothing but the one default that is wrong", () => {
    const loaded = load(spoilt("good.yaml", "nominal_capacity_mAh: 4", "nominal_capacity_mAh: 0 #"));
    expect(loaded.findings.map(({ code, where }) => `${where} ${code}`)).toEqual([
      "good.yaml:17 cell_defaults.nominal_capacity_mAh file.schema",
    ]);
  });

  it("is told once of a barcode that many cells share, and of each such barcode", () => {
    const said = (files: Readonly<Record<string, string>>): readonly string[] =>
      errorsOf(load(files)).map(({ where, what }) => `${where}: ${what}`);
    expect(said(spoilt("good.yaml", "barcode: R-{position}", "barcode: R-1"))).toEqual([
      "good.yaml:23 cells[0].barcode: 12 cells have the same barcode R-1: A1..A12",
    ]);
    const one = spoilt("good.yaml", "B2: { role: dark-control }", "B2: { barcode: R-A3 }");
    expect(said(one)).toEqual([
      "good.yaml:27 cells[1].overrides.B2.barcode: 2 cells have the same barcode R-A3: A3, B2",
    ]);
  });

  it.each([
    ["rate_C: C/10, until", "rate_C: C/10, current_mA: 3, until", "cycle.yaml:4 method[1].current_mA", /rate_C counts/],
    ["until_voltage_V: 2.8", "until_voltage_V: 4.1", "cycle.yaml:5 method[2].until_voltage_V", /almost any cell/],
  ])("is accepted with a warning where %s is written as %s", (from, to, where, what) => {
    const loaded = load(spoilt("cycle.yaml", from, to));
    expect(loaded.kind).toBe("loaded");
    const warnings = loaded.findings.filter((finding) => finding.severity === "warning");
    expect(warnings).toEqual([expect.objectContaining({ where, what: expect.stringMatching(what) as string })]);
  });

  it("is told that limits are looked at as seldom as its channels take samples", () => {
    const files = spoilt("site.yaml", "sample_interval_min_s: 0.1", "sample_interval_min_s: 30");
    const slow = spoilt("cycle.yaml", "time_s: 10 }", "time_s: 60 }");
    const { findings } = load({ ...slow, "site.yaml": files["site.yaml"] ?? "" });
    expect(findings.filter(({ where }) => where.includes("record.")).slice(0, 1)).toEqual([
      expect.objectContaining({
        ...{ severity: "warning", where: "cycle.yaml:1 record.time_s", code: "campaign.channel-range" },
        what: expect.stringMatching(/one every 30 s: a cell that fails in between/) as string,
      }),
    ]);
  });

  it("is told that its records at changes are taken by time, and which are lost in noise", () => {
    const files = spoilt("cycle.yaml", "time_s: 10 }", "time_s: 10, voltage_V: 0.001, current_mA: 0.0001 }");
    const said = load(files).findings.filter(({ where }) => where.includes("record."));
    expect(said.map(({ severity, where, code }) => [severity, where, code])).toEqual([
      ["warning", "cycle.yaml:1 record.current_mA", "protocol.resolution"],
      ["note", "cycle.yaml:1 record.voltage_V", "protocol.record-by-time"],
    ]);
  });

  it("is told where the protocol file is named that is not there", () => {
    expect(errorsOf(load({ ...goodFiles, "cycle.yaml": "" }))[0]?.where).toBe("cycle.yaml:1");
    const without = Object.entries(goodFiles).filter(([name]) => name !== "cycle.yaml");
    expect(errorsOf(load(Object.fromEntries(without)))).toMatchObject([
      { where: "good.yaml:9 protocols.cycle.file", code: "file.missing", what: "cycle.yaml: no such file" },
    ]);
  });

  it("is refused for a technique the channel lacks, with those it has", () => {
    const spectrum =
      "{ step: impedance_spectroscopy, amplitude_V: 0.01, start_frequency_Hz: 1000, end_frequency_Hz: 1 }";
    const files = spoilt("cycle.yaml", "{ step: open_circuit_voltage, until_time_s: 600 }", spectrum);
    expect(errorsOf(load(files))).toEqual([]);
    const site = (files["site.yaml"] ?? "").replace("impedance_spectroscopy, ", "");
    expect(errorsOf(load({ ...files, "site.yaml": site }))).toMatchObject([
      {
        code: "campaign.technique",
        where: "cycle.yaml:3 method[0].step",
        what: expect.stringContaining("no impedance_spectroscopy") as string,
        advice: "It has open_circuit_voltage, constant_current, constant_voltage, voltage_scan.",
      },
    ]);
  });

  it.each(CASES)("is refused for %s, with file, line, path, value and what would be right", (...spoilt) => {
    expectRefused(spoilt);
  });
});
