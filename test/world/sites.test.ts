import { afterAll, describe, expect, it } from "vitest";
import { load, repositoryText } from "../support/campaign-files.ts";
import { SHIPPED_SITES, sitePathOf } from "../support/shipped-sites.ts";
import { expectSound, FILES, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

describe("the same campaign on other hardware", () => {
  it.each(SHIPPED_SITES.filter((name) => name !== "reference"))(
    "at %s meets what was asked, with every instrument in place and nothing violated",
    async (name) => {
      const loaded = load({ ...FILES, "site.yaml": repositoryText(sitePathOf(name)) }, "small.yaml");
      if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
      const run = await runWorld({ hours: 0.25, site: loaded.site, campaign: loaded.campaign });
      expectSound(run);
      expect(run.alarms).toEqual([]);
      expect(run.summary.requests.met).toBeGreaterThan(15);
      expect(run.summary.exposures.aborted).toBe(0);
    },
  );
});
