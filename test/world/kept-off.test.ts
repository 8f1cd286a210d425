import { afterAll, expect, it } from "vitest";
import { removeFolders, runWorld, site } from "../support/world-campaign.ts";
import { cell, NO_CLAIMS, ready, SITE, testWorld } from "../unit/world/worlds.ts";

afterAll(removeFolders);

const ARM = { name: "arm", fromXMm: 100, toXMm: 130, fromYMm: 22, toYMm: 28 };

it("a rack is driven around what stands between two of its rows, cell after cell, and its truth has nothing to say against it", async () => {
  const run = await runWorld({ hours: 0.15, site: { ...site, stage: { ...site.stage, keepOut: [ARM] } } });
  expect(run.alarms).toEqual([]);
  expect(run.summary.violations).toEqual([]);
  expect(run.summary.checks["stage-clear"]).toBeGreaterThan(10);
  expect(run.summary.exposures).toEqual({ made: 10, partial: 0, aborted: 0 });
});

it("a stage that is driven straight through it is seen", async () => {
  const test = testWorld([cell(0)], { site: { ...SITE, stage: { ...SITE.stage, keepOut: [ARM] } } });
  await ready(test, 200, 10);
  const { clock, world } = test;
  const restMs = world.stage.moveTo(clock.nowMs(), 115, 24);
  await clock.run(restMs + 1000);
  expect(world.finish(NO_CLAIMS).violations.filter(({ invariant }) => invariant === "stage-clear")).toHaveLength(1);
});
