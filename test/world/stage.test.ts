import { afterAll, describe, expect, it } from "vitest";
import { expectSound, removeFolders, runWorld, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

describe("a stage that loses steps", () => {
  it("puts the beam on another cell than its counters say, and the world says so", async () => {
    const run = await runWorld({
      ...{ hours: 0.28, campaign: SIX },
      faults: [{ kind: "stage-lost-steps", fromMs: 600_000, xMm: 0, yMm: -25 }],
    });
    const violated = run.summary.violations.map((found) => found.invariant);
    expect(violated).toContain("right-cell");
    expect(violated).toContain("exposures-accounted");
    expect(run.summary.truth["exposures_unaccounted"]).toBeGreaterThan(0);
    expect(Math.min(...run.summary.violations.map((found) => found.at_s ?? 0))).toBeGreaterThan(600);
  });

  it("meets a limit switch on its way to the first column, is homed again and goes on with the right cells", async () => {
    const run = await runWorld({
      ...{ hours: 0.28, campaign: SIX },
      faults: [{ kind: "stage-lost-steps", fromMs: 600_000, xMm: 25, yMm: 0 }],
    });
    expectSound(run);
    expect(run.alarms).toEqual(["stage.alarm stage"]);
    expect(run.of("exposure-trouble")).toHaveLength(1);
    expect(run.summary.requests.missed).toBeLessThanOrEqual(1);
  });

  it("by less than the disc's radius still has the right cell in the beam", async () => {
    const run = await runWorld({
      ...{ hours: 0.28, campaign: SIX },
      faults: [{ kind: "stage-lost-steps", fromMs: 600_000, xMm: 0.5, yMm: -0.3 }],
    });
    expectSound(run);
    const spots = run.virtual.world.dose.spots(0);
    expect(spots.length).toBeGreaterThan(1);
  });
});
