import { expect, it } from "vitest";
import { runTimings } from "../../../controller/run/timings.ts";
import { AFTER_END_MS } from "../../../tui/virtual/virtual-campaign.ts";
import { loadShipped } from "../../support/campaign-files.ts";

function startDeadlinesS(campaignPath: string): readonly number[] {
  const loaded = loadShipped(campaignPath);
  if (loaded.kind !== "loaded") throw new Error(`${campaignPath} is refused`);
  return [false, true].map((isResumed) => runTimings(loaded.site, isResumed).startDeadlineMs / 1000);
}

it("an instrument that is gone is waited for two minutes as a campaign begins, and for two tries of its link as it goes on", () => {
  expect(startDeadlinesS("protocols/campaigns/robot-to-beam.yaml")).toEqual([120, 40]);
  // Whoever hears a channel once a minute only gives it that long.
  expect(startDeadlinesS("protocols/campaigns/fault-search-rack.yaml")).toEqual([120, 120]);
});

it("a controller that begins again at the very end, a channel of its gone, ends while the search still waits for it", () => {
  const [, resumedS = Infinity] = startDeadlinesS("protocols/campaigns/fault-search-rack.yaml");
  expect(resumedS + 30).toBeLessThanOrEqual(AFTER_END_MS / 1000);
});

it("the inputs of the hutch are looked at once a second while no permit lives, or as often as the site says", () => {
  const looksEveryMs = (campaignPath: string): number => {
    const loaded = loadShipped(campaignPath);
    if (loaded.kind !== "loaded") throw new Error(`${campaignPath} is refused`);
    return runTimings(loaded.site).idleCycleMs;
  };
  expect(looksEveryMs("protocols/campaigns/fault-search.yaml")).toBe(1000);
  expect(looksEveryMs("protocols/campaigns/fault-search-rack.yaml")).toBe(2000);
});
