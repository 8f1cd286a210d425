import { describe, expect, it } from "vitest";
import { errorsOf, goodFiles, load, spoilt, type Spoilt } from "../../support/campaign-files.ts";

const RANGE = "voltage_max_V: 6";
/** 4.2 V and a current of 0.4 mA come to 6 V over as much. */
const BOUND_OHM = 4500;

function withLeads(ohm: number, method: (text: string) => string = (text) => text): readonly Spoilt[] {
  const files = spoilt("site.yaml", RANGE, `${RANGE}\n    lead_resistance_ohm: ${ohm}`);
  return errorsOf(load({ ...files, "cycle.yaml": method(goodFiles["cycle.yaml"] ?? "") }));
}

const DISCHARGE = "  - { step: constant_current, id: discharge";
const HOLD = "  - { step: constant_voltage, voltage_V: 4.2, until_rate_C: C/50, until_time_s: 7200 }\n";

function codesOf(errors: readonly Spoilt[]): readonly string[] {
  return errors.map(({ code, where }) => `${code} ${where}`);
}

describe("what a channel drives over cell and leads", () => {
  it("is not asked for where the site says nothing of leads, or that they have none", () => {
    expect(errorsOf(load(goodFiles))).toEqual([]);
    expect(withLeads(0)).toEqual([]);
  });

  it("may come to its range, and no further", () => {
    expect(withLeads(BOUND_OHM)).toEqual([]);
    const errors = withLeads(BOUND_OHM + 1);
    expect(codesOf(errors)).toEqual(["campaign.compliance cycle.yaml:4 method[1].rate_C"]);
    expect(errors[0]?.what).toBe(
      "4.2 V of the cell and 0.4 mA over 4501 Ohm of leads take 6.0004 V, above the 6 V that the channel drives (cells A1..B2)",
    );
    expect(errors[0]?.advice).toBe(
      "At this voltage it drives 0.3999 mA: lower the current; or shorten the leads, and correct lead_resistance_ohm of the site.",
    );
  });

  it.each([
    [2000, []],
    [2001, ["campaign.compliance cycle.yaml:5 method[2].rate_C"]],
  ] as const)(
    "falls below the cell's voltage in a discharge: %i Ohm on a channel that ends at 2 V",
    (ohm, expected) => {
      const files = spoilt("site.yaml", "voltage_min_V: -6", `voltage_min_V: 2\n    lead_resistance_ohm: ${ohm}`);
      expect(codesOf(errorsOf(load(files)))).toEqual(expected);
    },
  );

  it("is by the cell's limit where no cut-off ends a current: 4.25 V", () => {
    const open = (text: string): string => text.replace("rate_C: C/10, until_voltage_V: 4.2,", "rate_C: C/10,");
    const isAsked = (ohm: number): boolean =>
      withLeads(ohm, open).some(({ code, where }) => code === "campaign.compliance" && where.includes("method[1]"));
    expect(isAsked(4375)).toBe(false);
    expect(isAsked(4376)).toBe(true);
  });

  it("counts the current that led to a hold, and the cell's limits where none did", () => {
    const held = (text: string): string => text.replace(DISCHARGE, HOLD + DISCHARGE);
    expect(withLeads(BOUND_OHM, held)).toEqual([]);
    expect(codesOf(withLeads(BOUND_OHM + 1, held))).toEqual([
      "campaign.compliance cycle.yaml:4 method[1].rate_C",
      "campaign.compliance cycle.yaml:5 method[2].voltage_V",
    ]);
    const rested = (text: string): string =>
      text.replace(DISCHARGE, `  - { step: open_circuit_voltage, until_time_s: 60 }\n${HOLD}${DISCHARGE}`);
    // 5 mA are the cell's limit: 360 Ohm.
    expect(codesOf(withLeads(360, rested))).toEqual(codesOf(withLeads(0, rested)));
    expect(codesOf(withLeads(361, rested))).toContain("campaign.compliance cycle.yaml:6 method[3].voltage_V");
  });

  it("counts the cell's limits in a scan", () => {
    const scanned = (text: string): string =>
      text.replace(
        DISCHARGE,
        `  - { step: voltage_scan, start_voltage_V: 4, end_voltage_V: 4.1, scan_rate_mV_per_s: 1 }\n${DISCHARGE}`,
      );
    const place = "campaign.compliance cycle.yaml:5 method[2].end_voltage_V";
    expect(codesOf(withLeads(380, scanned))).not.toContain(place);
    expect(codesOf(withLeads(381, scanned))).toContain(place);
  });

  it("is no negative resistance", () => {
    expect(codesOf(withLeads(-1))).toEqual([expect.stringMatching(/lead_resistance_ohm/)]);
  });
});
