import { describe, expect, it } from "vitest";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import type { Campaign, DoseLimit } from "../../../protocols/campaign/campaign.ts";
import type { DoseProposal } from "../../../protocols/campaign/dose-proposals.ts";
import { loadShipped, tables } from "../../support/campaign-files.ts";

const loaded = loadShipped("protocols/campaigns/formation-day.yaml");
if (loaded.kind === "refused") throw new Error("formation-day is refused");
const { campaign, site } = loaded;

/** All cells with one limit of the positive electrode's surface. */
function limited(changes: Partial<DoseLimit>, from: Campaign = campaign): Campaign {
  const cells = from.cells.map((cell) => ({
    ...cell,
    doseLimits: cell.doseLimits.slice(0, 1).map((limit) => ({ ...limit, doseRateGyS: null, ...changes })),
  }));
  return { ...from, cells };
}

function adopting(from: Campaign, proposal: DoseProposal): Campaign {
  return { ...from, sweeps: from.sweeps.map((sweep) => (sweep.name === proposal.sweep.name ? proposal.sweep : sweep)) };
}

describe("what check proposes where a dose limit would refuse exposures", () => {
  const tight = limited({ doseGy: 8000 });

  it("is other filters, shorter exposures, more spots and fewer sweeps, and each of them passes check", () => {
    const { proposals } = checkCampaign(tight, site, tables).forecast;
    expect(proposals.map((proposal) => proposal.kind)).toEqual(["filters", "exposure", "spots", "cadence"]);
    for (const proposal of proposals) {
      const check = checkCampaign(adopting(tight, proposal), site, tables);
      expect(check.ok).toBe(true);
      expect(check.findings.map((finding) => finding.code)).not.toContain("plan.dose-limit");
      expect(check.forecast.dose.every((dose) => dose.binding === null)).toBe(true);
      expect(check.forecast.proposals).toEqual([]);
    }
  });

  it("takes no more than is needed: a little longer, a little more often or one row of spots less would be refused", () => {
    const { proposals } = checkCampaign(tight, site, tables).forecast;
    const of = (kind: DoseProposal["kind"]): DoseProposal => {
      const found = proposals.find((proposal) => proposal.kind === kind);
      if (found === undefined) throw new Error(`no proposal of ${kind}`);
      return found;
    };
    const exposure = of("exposure");
    const longer = { ...exposure.sweep.preset, exposureS: exposure.sweep.preset.exposureS + 0.1 };
    const cadence = of("cadence");
    const spots = of("spots");
    const side = Math.sqrt(spots.sweep.preset.spots.length);
    const fewer = spots.sweep.preset.spots.filter((_, index) => index % side < side - 1 && index < side * (side - 1));
    for (const sweep of [
      { ...exposure.sweep, preset: longer },
      { ...cadence.sweep, cadenceS: cadence.sweep.cadenceS - 60 },
      { ...spots.sweep, preset: { ...spots.sweep.preset, spots: fewer } },
    ])
      expect(
        checkCampaign(adopting(tight, { ...exposure, sweep }), site, tables).forecast.dose[0]?.binding,
      ).not.toBeNull();
  });

  it("stands in the finding, with the limit that binds and where", () => {
    const finding = checkCampaign(tight, site, tables, loaded.document).findings.find(
      (one) => one.code === "plan.dose-limit",
    );
    expect(finding?.what).toContain("8000 Gy per spot in positive electrode (surface)");
    expect(finding?.advice).toMatch(
      /All limits would be kept by filters: \[.+\].*; or by exposure_s: .*; or by spots: .*; or by cadence_min: \d+\./,
    );
  });

  it("is a filter alone where the dose rate is what binds, as time and place do not change it", () => {
    const { proposals } = checkCampaign(limited({ doseGy: 1e6, doseRateGyS: 100 }), site, tables).forecast;
    expect(proposals.map((proposal) => proposal.kind)).toEqual(["filters"]);
  });

  it("is nothing where nothing would help, and where nothing is refused", () => {
    expect(checkCampaign(limited({ doseGy: 1e-3 }), site, tables).forecast.proposals).toEqual([]);
    expect(checkCampaign(limited({ doseGy: 1e6 }), site, tables).forecast.proposals).toEqual([]);
  });

  it("keeps the spots as far apart as they are now where that fits", () => {
    const { proposals } = checkCampaign(tight, site, tables).forecast;
    expect(proposals.find((one) => one.kind === "spots")?.change).toEqual({ columns: 4, rows: 4, pitch_mm: 1 });
  });

  it("is nothing for a campaign without an end, as nobody knows how many exposures would have to fit", () => {
    expect(checkCampaign({ ...tight, durationS: null }, site, tables).forecast.proposals).toEqual([]);
  });

  it("spaces spots by the beam's size and the stage's error", () => {
    const wide = {
      ...site,
      beam: { ...site.beam, profile: { profile: "gaussian", fwhmXMm: 0.8, fwhmYMm: 0.4 } as const },
    };
    const rough = { ...wide, stage: { ...wide.stage, positionToleranceMm: 0.1 } };
    const pitchOf = (at: typeof site): number => {
      const one = limited({ doseGy: 2000 });
      const sweeps = one.sweeps.map((sweep) => ({
        ...sweep,
        preset: { ...sweep.preset, spots: [{ xMm: 0, yMm: 0 }] },
      }));
      const found = checkCampaign({ ...one, sweeps }, at, tables).forecast.proposals.find(
        (one) => one.kind === "spots",
      );
      return Number(found?.change["pitch_mm"] ?? NaN);
    };
    // A quarter of the peak half-way: the square root of two full widths apart.
    expect(pitchOf(wide)).toBeCloseTo(Math.ceil((0.8 * Math.SQRT2 + 0.04) * 20) / 20, 9);
    expect(pitchOf(rough)).toBeCloseTo(Math.ceil((0.8 * Math.SQRT2 + 0.2) * 20) / 20, 9);
  });
});

describe("the forecast of dose", () => {
  it("is told for each layer that keeps a dose, by exposure, cycle and campaign", () => {
    const { dose } = checkCampaign(campaign, site, tables).forecast;
    expect(dose[0]?.layers.map((layer) => layer.layer)).toEqual([
      "positive electrode",
      "separator",
      "negative electrode",
    ]);
    for (const { surface, mean } of dose[0]?.layers ?? []) {
      expect(mean.perExposureGy).toBeLessThan(surface.perExposureGy);
      expect((surface.totalGy ?? 0) / surface.perExposureGy).toBeCloseTo(11, 2);
      expect(surface.perCycleGy).toBeGreaterThan(0);
      expect(surface.perCycleGy).toBeLessThanOrEqual(surface.totalGy ?? 0);
    }
  });

  it("counts a limit per cycle anew with each cycle of the cell's protocol", () => {
    const [total, perCycle] = (["spot-total", "spot-cycle"] as const).map((scope) => {
      const check = checkCampaign(limited({ doseGy: 8000, scope }), site, tables);
      return check.forecast.dose[0]?.limits[0];
    });
    expect(total?.refusedFromSweep).not.toBeNull();
    // The day's protocol is one formation cycle and what follows it: less than the whole falls into one.
    if ((perCycle?.perCycleGy ?? 0) < (total?.totalGy ?? 0))
      expect(perCycle?.refusedFromSweep ?? Infinity).toBeGreaterThan(total?.refusedFromSweep ?? Infinity);
    else expect(perCycle?.refusedFromSweep).toBe(total?.refusedFromSweep);
  });
});
