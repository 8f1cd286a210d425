import { describe, expect, it } from "vitest";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import type { Campaign } from "../../../protocols/campaign/campaign.ts";
import { longestOpenS } from "../../../protocols/site/longest-open.ts";
import { contextOf, load, repositoryText } from "../../support/campaign-files.ts";

const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
};
const TRIGGER = '\ntrigger: { name: gates, driver: pandabox, link: { tcp: "box:8888" }';
const SITE = repositoryText("protocols/sites/reference.yaml");
const tables = contextOf(FILES).attenuationTables();

function loaded(trigger: string) {
  const read = load({ ...FILES, "site.yaml": SITE + trigger }, "small.yaml");
  if (read.kind !== "loaded") throw new Error(JSON.stringify(read.findings));
  return read;
}

describe("a site with a trigger", () => {
  it("is said to have its exposures timed by it only where its gates drive the shutter", () => {
    const bare = loaded(`${TRIGGER} }\n`);
    expect(checkCampaign(bare.campaign, bare.site, tables).forecast.timedBy).toEqual({ by: "software" });
    const gated = loaded(`${TRIGGER}, gates: shutter, lead_s: 0.4 }\n`);
    expect(gated.site.shutter.gate).toEqual({ leadS: 0.4 });
    expect(checkCampaign(gated.campaign, gated.site, tables).forecast.timedBy).toEqual({
      by: "trigger",
      name: "gates",
    });
  });

  it("books no less for it, since a gate may be held, and takes longer for a sweep", () => {
    const bare = loaded(`${TRIGGER} }\n`);
    const gated = loaded(`${TRIGGER}, gates: shutter, lead_s: 0.4 }\n`);
    expect(longestOpenS(gated.site.shutter, 5) - longestOpenS(bare.site.shutter, 5)).toBeCloseTo(0.65, 9);
    const bound = ({ campaign, site }: typeof bare): number =>
      checkCampaign(campaign, site, tables).forecast.sweeps[0]?.boundS ?? NaN;
    expect(bound(gated) - bound(bare)).toBeCloseTo(0.4 * 10, 6);
  });

  it("is refused exposures in which the shutter's open switch could not be seen", () => {
    const { campaign, site } = loaded(`${TRIGGER}, gates: shutter }\n`);
    const short: Campaign = {
      ...campaign,
      sweeps: campaign.sweeps.map((one) => ({ ...one, preset: { ...one.preset, exposureS: 0.1 } })),
    };
    const codes = (of: Campaign): readonly string[] => checkCampaign(of, site, tables).findings.map(({ code }) => code);
    expect(codes(short)).toContain("plan.gate-too-short");
    expect(codes(campaign)).not.toContain("plan.gate-too-short");
  });
});
