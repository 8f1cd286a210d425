import { describe, expect, it } from "vitest";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { goodFiles, load, loadShipped, tables } from "../../support/campaign-files.ts";

const SWEEP = "  - { name: sweep, kind: sweep, preset: pattern, cadence_min: 15 }\n";

/** The good campaign, three C/10 cycles in a day at the most, with these triggers; `limitGy` per spot. */
function checked(
  triggers: readonly string[],
  { sweep = true, limitGy = 30_000, scope = "spot_total", presets = "" } = {},
) {
  const text = (goodFiles["good.yaml"] ?? "")
    .replace(SWEEP, (sweep ? SWEEP : "") + triggers.map((one) => `  - ${one}\n`).join(""))
    .replace("dose_Gy: 30000", `dose_Gy: ${limitGy}`)
    .replace("triggers:", `${presets}triggers:`);
  const both =
    scope === "spot_total"
      ? text
      : `${text}  - { layer: positive electrode, location: surface, convention: en, dose_Gy: ${limitGy}, scope: ${scope}, source: a test, vouched_by: a tester }\n`;
  const loaded = load({ ...goodFiles, "good.yaml": both.replace("duration_h: 24", "duration_h: 45") });
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  const check = checkCampaign(loaded.campaign, loaded.site, tables, "good.yaml");
  const findings = check.findings.filter(({ severity, code }) => severity !== "note" && code !== "plan.too-long");
  return { forecast: check.forecast, said: findings.map(({ code, what }) => `${code}: ${what}`) };
}

const GRID = "{ name: soc, kind: state-of-charge-grid, preset: pattern, charge: { from: 0.1, to: 0.9, every: 0.1 } }";

describe("what triggers may ask for at the most", () => {
  it("is counted by half cycles, steps and the clock, for each cell and for all of them", () => {
    const { forecast } = checked([
      GRID,
      "{ name: edge, kind: step-edge, preset: pattern, steps: [charge], at: both, cells: { positions: [A1, A2] } }",
      "{ name: second, kind: cycle, preset: pattern, cycles: [2] }",
      "{ name: clock, kind: time-grid, preset: pattern, every_min: 60, first_after_min: 30 }",
      "{ name: rest, kind: rest-end, preset: pattern }",
      "{ name: by-hand, kind: operator, preset: pattern }",
    ]);
    const counts = (forecast.triggers ?? []).map(({ name, perCell, perCycle, exposures }) => [
      ...[name, perCell, perCycle, exposures],
    ]);
    expect(counts).toEqual([
      ["soc", 27, 9, 27 * 13],
      ["edge", 6, 2, 12],
      ["second", 1, 1, 13],
      ["clock", 45, expect.any(Number), 45 * 13],
      ["rest", 1, 1, 13],
      ["by-hand", null, null, null],
    ]);
    expect(counts[3]?.[2]).toBeGreaterThanOrEqual(20);
    expect(counts[3]?.[2]).toBeLessThan(30);
  });

  it("is a dose, which is told where it may pass a limit together with the sweep, and no sooner", () => {
    const alone = checked([], { limitGy: 60_000 });
    expect(alone.said).toEqual([]);
    const layers = alone.forecast.dose[0]?.limits[0];
    const { forecast, said } = checked([GRID], { limitGy: 60_000 });
    expect(said).toEqual([]);
    const own = forecast.triggers?.[0]?.dose[0]?.limits[0];
    // 27 on four spots: seven on one of them, and next to nothing from its neighbours.
    expect((own?.totalGy ?? 0) / (own?.perExposureGy ?? 1)).toBeCloseTo(7, 1);
    expect((own?.perCycleGy ?? 0) / (own?.perExposureGy ?? 1)).toBeCloseTo(3, 1);
    const sumGy = (layers?.totalGy ?? NaN) + (own?.totalGy ?? NaN);
    const tight = checked([GRID], { limitGy: Math.round(1.1 * sumGy) });
    expect(tight.said.join()).toMatch(
      /^plan.dose-limit: cells A1..B1: soc and the sweep may give .* what would pass it is refused$/,
    );
  });

  it("is held against a limit per cycle by the cycle with the most", () => {
    const { said } = checked([GRID], { sweep: false, limitGy: 2000, scope: "spot_cycle" });
    expect(said.join()).toMatch(/Gy per spot and cycle/);
  });

  it("is refused where presets have spots too near to each other", () => {
    const presets =
      "  near:\n    technique: diffraction\n    exposure_s: 1\n    spots: { list: [{ x_mm: 0.6, y_mm: 0.5 }] }\n";
    const { said } = checked([GRID, "{ name: t, kind: cycle, preset: near }"], { presets });
    expect(said.join()).toMatch(/plan.spots-overlap: two spots of different presets are 0.100 mm apart/);
  });

  it("is borne by the campaign of a grid that is shipped", () => {
    const loaded = loadShipped("protocols/campaigns/state-of-charge-grid.yaml");
    assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
    const check = checkCampaign(loaded.campaign, loaded.site, tables);
    expect(check.findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    expect(check.forecast.triggers?.map(({ exposures }) => exposures)).toEqual([3456, 576, null]);
  });
});
