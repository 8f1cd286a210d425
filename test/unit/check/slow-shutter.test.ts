import { expect, it } from "vitest";
import { judgeShutter } from "../../../protocols/campaign/judge-shutter.ts";
import type { Site } from "../../../protocols/site/site.ts";
import { contextOf, load, repositoryText } from "../../support/campaign-files.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";

const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml").replace("travel_s: 0.02", "travel_s: 0.5"),
};

function told(shutter: Partial<Site["shutter"]>, io: Partial<Site["io"]> = {}) {
  const site = { io, shutter: { travelS: 0.02, watchdogMs: 900, safetyShutterCloseS: 2, ...shutter } };
  return judgeShutter(site as Pick<Site, "io" | "shutter">);
}

it("a shutter that closes more slowly than the output watchdog waits for is told, with the time that would do", () => {
  const read = load(FILES, "small.yaml");
  if (read.kind !== "loaded") throw new Error(JSON.stringify(read.findings));
  const { findings } = checkCampaign(read.campaign, read.site, contextOf(FILES).attenuationTables());
  expect(findings.find(({ code }) => code === "plan.slow-shutter")).toMatchObject({
    severity: "warning",
    where: "shutter",
  });
  expect(told({ travelS: 0.49 })).toEqual([]);
  const [fast] = told({ travelS: 0.2, watchdogMs: 300 });
  expect(fast?.advice).toMatch(/watchdog_ms: 400,/);
  const [slow] = told({ travelS: 0.6 });
  expect(slow?.advice).toMatch(/^No watchdog/);
});

it("nothing is told of one that a relay or a gate closes, which drop nothing else", () => {
  expect(told({ travelS: 0.6 }, { adam: { model: "adam-6050" } as NonNullable<Site["io"]["adam"]> })).toEqual([]);
  expect(told({ travelS: 0.6, gate: { leadS: 0.5 } })).toEqual([]);
});
