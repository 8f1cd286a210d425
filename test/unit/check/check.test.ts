import { describe, expect, it } from "vitest";
import { ALL_POSITIONS } from "../../../protocols/base/position.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { axisMoveS, planSweep, serpentine } from "../../../protocols/campaign/sweep-plan.ts";
import { worstCaseFactor } from "../../../protocols/campaign/campaign.ts";
import { peakPerFluxPerCm2 } from "../../../protocols/dose/beam-profile.ts";
import { filterTransmission } from "../../../protocols/dose/filters.ts";
import { stackCoefficients } from "../../../protocols/dose/layer-stack.ts";
import type { LoadedCampaign } from "../../../tui/load-campaign.ts";
import { errorsOf, loadShipped, tables } from "../../support/campaign-files.ts";

function shipped(name: string): Extract<LoadedCampaign, { kind: "loaded" }> {
  const loaded = loadShipped(`protocols/campaigns/${name}.yaml`);
  if (loaded.kind === "refused") throw new Error(JSON.stringify(errorsOf(loaded)));
  return loaded;
}

const { campaign, site, document } = shipped("formation-day");

describe("how long a sweep takes", () => {
  it("moves 25 mm in 0.45 s: 100 mm/s is reached, and left again, at 500 mm/s2", () => {
    expect(axisMoveS(25, site.stage)).toBeCloseTo(0.45, 12);
    expect(axisMoveS(-25, site.stage)).toBeCloseTo(0.45, 12);
  });

  it("moves 5 mm in 0.2 s, never reaching full speed, and 0 mm in no time", () => {
    expect(axisMoveS(5, site.stage)).toBeCloseTo(0.2, 12);
    expect(axisMoveS(0, site.stage)).toBe(0);
    expect(axisMoveS(20, site.stage)).toBeCloseTo(0.4, 12);
  });

  it("goes to the next cell only, never back across the rack", () => {
    const tour = serpentine(ALL_POSITIONS);
    expect(tour.slice(10, 14)).toEqual(["A11", "A12", "B12", "B11"]);
    expect(tour).toHaveLength(96);
  });

  it("takes 95 hops and 96 stops for the whole rack", () => {
    const plan = planSweep(site, ALL_POSITIONS, 6, 900);
    expect(plan.boundS).toBeCloseTo(95 * 0.45 + 96 * (0.1 + 0.04 + 6 + 0.001), 9);
    expect(plan.fits).toBe(true);
  });

  it("hops further over positions that are left out", () => {
    const plan = planSweep(
      site,
      ALL_POSITIONS.slice(0, 3).filter((_, index) => index !== 1),
      1,
      900,
    );
    expect(plan.boundS).toBeCloseTo(50 / 100 + 0.2 + 2 * 1.141, 9);
  });

  it("says what would fit where a plan does not, and that does fit", () => {
    const plan = planSweep(site, ALL_POSITIONS, 10, 900);
    expect(plan.fits).toBe(false);
    // (900 / 1.02 - 42.75) / 96 - 0.141 = 8.605
    expect(plan.exposureMaxS).toBeCloseTo(8.6, 9);
    expect(planSweep(site, ALL_POSITIONS, plan.exposureMaxS, 900).fits).toBe(true);
    expect(planSweep(site, ALL_POSITIONS, plan.exposureMaxS + 0.01, 900).fits).toBe(false);
    expect(planSweep(site, serpentine(ALL_POSITIONS).slice(0, plan.cellCountMax), 10, 900).fits).toBe(true);
    expect(planSweep(site, serpentine(ALL_POSITIONS).slice(0, plan.cellCountMax + 1), 10, 900).fits).toBe(false);
    expect(planSweep(site, ALL_POSITIONS, 10, plan.cadenceMinS).fits).toBe(true);
    expect(planSweep(site, ALL_POSITIONS, 10, plan.cadenceMinS - 1).fits).toBe(false);
  });
});

describe("the day's campaign", () => {
  const check = checkCampaign(campaign, site, tables, document);

  it("exposes all 96 cells in at least 90 sweeps of 10 to 15 minutes, 10 s or less per cell", () => {
    const [sweep] = check.forecast.sweeps;
    expect(sweep?.cellCount).toBe(96);
    expect(sweep?.count).toBeGreaterThanOrEqual(90);
    expect(sweep?.boundS).toBeGreaterThanOrEqual(600);
    expect(sweep?.expectedS).toBeLessThanOrEqual(900);
    expect(sweep?.exposureS).toBeLessThanOrEqual(10);
    expect(check.ok).toBe(true);
  });

  it("has two electrolytes with 48 cells each", () => {
    const electrolytes = campaign.cells.map((cell) => cell.electrolyte);
    expect(electrolytes.filter((name) => name.includes("LiTDI"))).toHaveLength(48);
    expect(electrolytes).toHaveLength(96);
  });

  it("outlasts the day: no protocol can end before the last sweep", () => {
    // Even a cell that holds only 80 % of its capacity is at rest when the day ends.
    const hours = (campaign.cells[0]?.protocol.steps ?? []).reduce((sum, step) => {
      if (step.kind === "open-circuit-voltage") return sum + step.untilTimeS / 3600;
      return step.kind === "constant-current" ? sum + 0.8 / Math.abs(step.rateC ?? NaN) : sum;
    }, 0);
    expect(hours).toBeGreaterThan(24);
    expect(check.forecast.protocols[0]?.longestS).toBeGreaterThan(24 * 3600);
  });

  it("lets two cells reach their limit late in the day and no other", () => {
    const warnings = check.findings.filter((finding) => finding.code === "plan.dose-limit");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.severity).toBe("warning");
    expect(warnings[0]?.where).toMatch(/^protocols\/campaigns\/formation-day\.yaml:\d+ dose_limits\[1\]$/);
    expect(warnings[0]?.what).toMatch(/^cells D6, E7: the limit of 8000 Gy per spot/);
    const bound = check.forecast.dose.filter((dose) => dose.binding !== null);
    expect(bound.map((dose) => dose.positions)).toEqual([["D6", "E7"]]);
    expect(bound[0]?.binding?.refusedFromSweep).toBeGreaterThan(70);
    expect(bound[0]?.binding?.refusedFromSweep).toBeLessThanOrEqual(90);
  });

  it("forecasts the dose that the dose code gives by hand", () => {
    const cell = campaign.cells[0];
    if (cell === undefined) throw new Error("no cell");
    const filter = site.filters.filter((one) => one.name === "Mo 0.1 mm");
    const stack = stackCoefficients(tables, { energyKeV: 60, tiltDeg: 0, convention: "en", layers: cell.layers });
    const rate = 1e11 * filterTransmission(tables, filter, 60) * peakPerFluxPerCm2(site.beam.profile);
    const perExposureGy = rate * 6.02 * (stack.layers[2]?.surfaceGyPerPhCm2 ?? NaN);
    const limit = check.forecast.dose[0]?.limits[0];
    expect(limit?.perExposureGy).toBeCloseTo(perExposureGy, 9);
    // 95 sweeps over 9 spots: the hottest is visited 11 times, and its neighbours 1 mm away add next to nothing.
    expect((limit?.totalGy ?? 0) / perExposureGy).toBeCloseTo(11, 2);
  });

  it("forecasts the refusal by the ledger's rule: given and booked, at the worst of the uncertainty", () => {
    const bound = check.forecast.dose.find((dose) => dose.binding !== null)?.binding;
    const upper = worstCaseFactor(campaign.doseUncertainty);
    const d = bound?.perExposureGy ?? NaN;
    const booked = (d / 6.02) * (6 + 0.04 + 0.25 + 0.9 + 2) * 1.1;
    const visit = Math.ceil((bound?.refusedFromSweep ?? 0) / 9);
    expect(((visit - 1) * d + booked) * upper).toBeGreaterThan(8000);
    expect(((visit - 2) * d + booked) * upper).toBeLessThan(8000);
  });
});

describe("the ageing campaign", () => {
  const ageing = shipped("lno-litdi-ageing");

  it("has six dark controls per electrolyte, none of them to be exposed", () => {
    const dark = ageing.campaign.cells.filter((cell) => cell.role === "dark-control");
    expect(dark.filter((cell) => cell.electrolyte.includes("LiTDI"))).toHaveLength(6);
    expect(dark).toHaveLength(12);
    const check = checkCampaign(ageing.campaign, ageing.site, tables);
    expect(check.ok).toBe(true);
    expect(check.forecast.sweeps[0]?.cellCount).toBe(84);
  });

  it("ends each cell at 80 % of its first check-up, by a rule outside the protocol", () => {
    for (const cell of ageing.campaign.cells) {
      expect(cell.endConditions).toEqual([
        { stepId: "check-up-discharge", kind: "state-of-health-below", fraction: 0.8, relativeTo: "first" },
      ]);
    }
  });

  it("forms at C/20 and ages at 1C with C/20 check-ups", () => {
    const rateOf = (id: string): unknown => {
      const step = ageing.campaign.cells[0]?.protocol.steps.find((candidate) => candidate.id === id);
      return step?.kind === "constant-current" ? step.rateC : undefined;
    };
    expect(["formation-charge", "check-up-discharge", "charge", "discharge"].map(rateOf)).toEqual([0.05, -0.05, 1, -1]);
  });
});

describe("plans that would not work out", () => {
  it("are told with file, line and key of what would have to change", () => {
    const first = campaign.sweeps[0];
    if (first === undefined) throw new Error("no sweep");
    const said = (changes: Partial<typeof first>, exposed = campaign.cells): readonly string[] => {
      const plan = { ...campaign, cells: exposed, sweeps: [{ ...first, ...changes }] };
      return checkCampaign(plan, site, tables, document).findings.map(
        ({ code, where }) => `${where.replace(/^.*\/formation-day.yaml:\d+ /, "line ")} ${code}`,
      );
    };
    expect(said({ cadenceS: 60 })).toContain("line triggers[0].cadence_min plan.does-not-fit");
    const spots = [0, 0.1].map((xMm) => ({ xMm, yMm: 0 }));
    expect(said({ preset: { ...first.preset, spots } })).toContain("line presets.pattern.spots plan.spots-overlap");
    const dark = campaign.cells.map((cell) => ({ ...cell, role: "dark-control" as const }));
    expect(said({}, dark)).toContain("line triggers[0].name plan.nothing-exposed");
  });

  it.each([
    [0.5, true],
    [0.7, true],
    [0.71, false],
    [1, false],
  ])("spots %d mm apart in a beam of 0.5 mm FWHM overlap: %s", (pitchMm, overlaps) => {
    const spots = [0, 1, 2, 3].map((index) => ({ xMm: (index % 2) * pitchMm, yMm: Math.floor(index / 2) * pitchMm }));
    const sweeps = campaign.sweeps.map((sweep) => ({ ...sweep, preset: { ...sweep.preset, spots } }));
    const check = checkCampaign({ ...campaign, sweeps }, site, tables);
    expect(check.findings.some((finding) => finding.code === "plan.spots-overlap")).toBe(overlaps);
  });

  it("are refused when no exposure keeps the limit at all", () => {
    const strict = {
      ...campaign,
      cells: campaign.cells.map((cell) => ({
        ...cell,
        doseLimits: cell.doseLimits.map((limit) => ({ ...limit, doseRateGyS: 1 })),
      })),
    };
    const check = checkCampaign(strict, site, tables);
    expect(check.ok).toBe(false);
    expect(check.findings.map((finding) => finding.code)).toContain("plan.never-exposed");
  });

  it("are refused when the dose is not a number", () => {
    const unknown = { ...site, beam: { ...site.beam, fluxReferencePhS: NaN } };
    expect(checkCampaign(campaign, unknown, tables).ok).toBe(false);
  });

  it("get a note when a sweep is shorter than those of the source study", () => {
    const few = { ...campaign, cells: campaign.cells.slice(0, 10) };
    const check = checkCampaign(few, site, tables);
    expect(check.ok).toBe(true);
    expect(check.findings.map((finding) => finding.code)).toContain("plan.sweep-duration");
  });
});
