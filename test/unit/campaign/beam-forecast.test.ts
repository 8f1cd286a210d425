import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { load, repositoryText } from "../../support/campaign-files.ts";

const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};

function loaded(more: string) {
  return load({ ...FILES, "small.yaml": `${FILES["small.yaml"]}\n${more}\n` }, "small.yaml");
}

function said(more: string): readonly string[] {
  return loaded(more).findings.map(({ where, what }) => `${where}: ${what}`);
}

describe("what a campaign knows of its beam", () => {
  it("is nothing where the file says nothing", () => {
    const plain = loaded("");
    assert(plain.kind === "loaded", "refused");
    expect(plain.campaign).not.toHaveProperty("beamForecast");
    expect(plain.campaign).not.toHaveProperty("shares");
  });

  it("is its announced stops with the top-ups among them, in order, and how often beam is lost", () => {
    const known = loaded(`beam_forecast:
  stops: [{ from: 2026-03-02T09:05:00Z, to: 2026-03-02T09:30:00Z, what: machine studies }]
  top_up: { first: 2026-03-02T09:00:00Z, every_min: 10, lasts_s: 12 }
  losses: { per_day: 2.4, last_min: 40 }`);
    assert(known.kind === "loaded", JSON.stringify(known.findings));
    const { stops = [], losses } = known.campaign.beamForecast ?? {};
    const at = Date.parse("2026-03-02T09:00:00Z");
    expect(stops.slice(0, 3)).toEqual([
      { fromUtcMs: at, toUtcMs: at + 12_000, what: "top-up" },
      { fromUtcMs: at + 300_000, toUtcMs: at + 1_800_000, what: "machine studies" },
      { fromUtcMs: at + 600_000, toUtcMs: at + 612_000, what: "top-up" },
    ]);
    expect(losses?.perHour).toBeCloseTo(0.1);
    expect(losses?.lastMs).toBe(2_400_000);
  });

  it("is refused where a stop ends before it begins, or top-ups leave no beam", () => {
    const stop = "{ from: 2026-03-02T09:00:00Z, to: 2026-03-02T08:00:00Z, what: studies }";
    expect(said(`beam_forecast: { stops: [${stop}] }`).join()).toMatch(
      /beam_forecast\.stops\[0\]: the stop for studies ends before it begins/,
    );
    const topUp = "{ first: 2026-03-02T09:00:00Z, every_min: 1, lasts_s: 60 }";
    expect(said(`beam_forecast: { top_up: ${topUp} }`).join()).toMatch(/top-ups last longer than the time/);
  });
});

describe("shares", () => {
  it("of groups that no cell has, or of more than there is, are refused", () => {
    const { campaign } = ((one) => {
      assert(one.kind === "loaded", "refused");
      return one;
    })(loaded(""));
    const group = campaign.cells[0]?.group ?? "";
    expect(said("shares: { nobody: { beam_time: 0.5 } }").join()).toMatch(/shares\.nobody: no cell is of group nobody/);
    expect(said(`shares: { ${group}: { beam_time: 1.5 } }`)).not.toEqual([]);
    const fine = loaded(`shares: { ${group}: { beam_time: 0.5, dose: 0.25 } }`);
    expect(fine.kind === "loaded" && fine.campaign.shares).toEqual([{ group, beamTime: 0.5, dose: 0.25 }]);
  });
});
