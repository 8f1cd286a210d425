import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { parseWorldFaults } from "../../simulator/world/world-faults.ts";
import { expectSound, field, missesOf, removeFolders, runWorld, SIX, THREE } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** What is wrong, as in a fault file. */
function wrong(...entries: readonly object[]) {
  return parseWorldFaults(entries, "faults.json");
}

describe("a cell that is not in order when it is loaded", () => {
  it.each([
    ["reversed", "seems reversed"],
    ["open-circuit", "outside"],
  ] as const)("(%s) is isolated at its proof and never driven or exposed", async (defect, text) => {
    const run = await runWorld({ hours: 0.5, campaign: SIX, faults: wrong({ kind: defect, position: "A3" }) });
    expectSound(run);
    const [isolated] = run.of("cell-isolated");
    expect(field(isolated, "position")).toBe("A3");
    expect(field(isolated, "what")).toContain(text);
    expect(run.of("step-started").filter((event) => field(event, "position") === "A3")).toEqual([]);
    expect(run.of("exposure-booked").filter((event) => field(event, "position") === "A3")).toEqual([]);
    expect(run.alarms).toEqual(["cell.unproven A3"]);
    expect(run.summary.cells.by_state).toMatchObject({ isolated: 1 });
    const misses = missesOf(run);
    expect(misses.length).toBe(5);
    expect(misses.every(([position, reason]) => position === "A3" && reason === "cell")).toBe(true);
  });

  it("would be told by the world if it were driven all the same", async () => {
    const index = 2;
    const run = await runWorld({
      hours: 0.2,
      campaign: SIX,
      faults: wrong({ kind: "reversed", position: "A3" }),
      at: [
        [
          300,
          (virtual) => {
            virtual.world.cellPlant(index).applyCurrent(300_000, 0.001);
          },
        ],
      ],
    });
    expect(run.summary.violations.map((found) => found.what)).toContain(`cell ${index}: was driven: reversed`);
  });
});

describe("a cell near its dose limit", () => {
  it("is refused from then on, with the reason, while the others are exposed", async () => {
    const run = await runWorld({ hours: 3, campaign: THREE });
    expectSound(run);
    const refused = run.of("exposure-refused");
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map((event) => field(event, "position")))).toEqual(new Set(["B5"]));
    expect(run.summary.requests.missed_by_reason).toEqual({ dose: refused.length });
    expect(run.summary.truth["dose_limit_fraction_max"]).toBeLessThan(1.2);
    expect(run.alarms).toEqual(["dose.limit B5"]);
    // One meaning in the run and in the audit: by the upper value, which the next exposure would have brought past it.
    const fraction = run.summary.dose.limit_fraction_max ?? 0;
    expect(verifyRecord(run.folder).limitFractionMax).toBeCloseTo(fraction, 9);
    expect(fraction).toBeLessThanOrEqual(1);
    expect(fraction).toBeGreaterThan(0.6);
    // The world, which knows the true dose, finds no more than a few of them feasible after all.
    const { asked, missed } = run.summary.requests;
    expect(run.summary.truth["requests_feasible"]).toBeGreaterThanOrEqual(asked - missed);
    expect(run.summary.truth["requests_feasible"]).toBeLessThan(asked);
  });
});

describe("what the world watches", () => {
  it("is watched at every exposure, for every cell", async () => {
    const run = await runWorld({ hours: 0.5, campaign: SIX });
    const { checks } = run.summary;
    const exposures = run.summary.exposures.made;
    expect(exposures).toBe(30);
    expect(checks["two-clocks-apart"]).toBe(exposures * SIX.cells.length);
    expect(checks["motion-permit"]).toBeGreaterThanOrEqual(exposures);
    expect(checks["exposures-accounted"]).toBe(exposures);
    expectSound(run);
  });

  it("need not have been seen in a run that ends before its first exposure", async () => {
    const run = await runWorld({ hours: 0.05, campaign: SIX });
    expect(run.summary.exposures.made).toBe(0);
    expect(run.summary.violations).toEqual([]);
    expectSound(run);
  });

  it("includes cells ordered off with the shutter open by whoever it was", async () => {
    const run = await runWorld({
      hours: 0.18,
      campaign: SIX,
      at: [
        [
          603,
          (virtual) => {
            void virtual.rig.roles.channels[0]?.abort();
          },
        ],
      ],
    });
    expect(run.summary.violations).toMatchObject([
      { invariant: "two-clocks-apart", what: "cell 0 was stopped when the shutter was open" },
    ]);
  });
});
