import { afterAll, expect, it } from "vitest";
import { expectSound, removeFolders, runWorld, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** A longer search: `SOAK_COUNT=200 npx vitest run --project world test/world/light-faults.test.ts`. */
const SEEDS = Number(process.env["SOAK_COUNT"] ?? 5);
const HOURS = 1;

it("campaigns with the faults of ordinary days are sound, and meet what could be met", async () => {
  const seen = { met: 0, feasible: 0, dumps: 0, interrupted: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    // Folders are many; each goes when its run has been looked at.
    const run = await runWorld({ seed, campaign: SIX, hours: HOURS, faults: "light-days" });
    expectSound(run);
    const feasible = run.summary.truth["requests_feasible"] ?? 0;
    expect(feasible, `seed ${seed}: nothing is met that could not be`).toBeGreaterThanOrEqual(run.summary.requests.met);
    expect(run.summary.requests.met / feasible, `seed ${seed}`).toBeGreaterThanOrEqual(0.7);
    seen.met += run.summary.requests.met;
    seen.feasible += feasible;
    seen.dumps += run.summary.truth["beam_losses"] ?? 0;
    seen.interrupted += run.of("step-interrupted").length;
    removeFolders();
  }
  expect(seen.met / seen.feasible).toBeGreaterThan(0.95);
  // Days on which nothing happens would prove nothing.
  expect(seen.dumps).toBeGreaterThan(SEEDS / 4);
  expect(seen.interrupted).toBeGreaterThan(SEEDS / 10);
});
