/** A few of what test/bench/amendments.ts does a thousand times. */
import { afterAll, expect, it } from "vitest";
import { runAmended } from "../support/random-amendments.ts";
import { removeFolders } from "../support/world-campaign.ts";

afterAll(removeFolders);

it("random changes of mind: what may be is on record and violates nothing, what may not is refused without effect", async () => {
  const run = await runAmended(3, 5, 0.3);
  expect(run.troubles).toEqual([]);
  expect([run.valid > 0, run.refused > 0]).toEqual([true, true]);
});

it("the same while the run goes on", async () => {
  const run = await runAmended(3, 8, 0.3, "going-on");
  expect(run.troubles).toEqual([]);
  expect([run.valid > 0, run.refused > 0]).toEqual([true, true]);
});
