import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { assert } from "../../protocols/base/assert.ts";
import { field, numeric, removeFolders, runWorld, site, THREE, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Sweep 2 opens the shutter on B4 at 600.2 s; its blades stay open from 600.5 s until then. */
const FROM_MS = 600_500;
const stuckUntil = (toMs: number) => ({ kind: "shutter-stuck", at: "open", fromMs: FROM_MS, toMs }) as const;
/** A site that has no shadow to flee to. */
const { shadow, ...rack } = site.rack;
assert(shadow !== undefined, "the reference site has no shadow any more");
const bothStuckUntil = (toMs: number) => ({ kind: "shutters-stuck", fromMs: FROM_MS, toMs }) as const;

function lit(run: WorldRun) {
  const [opening] = run.virtual.world.openings.filter(({ excessPhotons }) => excessPhotons > 0);
  return { opening, rows: run.of("lit-while-closed").filter((event) => field(event, "position") === "B4") };
}

describe("a controller that is killed in an exposure and comes back to", () => {
  it("two shutters that both stand open says so, and charges the cell until one reads closed", async () => {
    const run = await runWorld({
      ...{ hours: 0.182, campaign: THREE, faults: [bothStuckUntil(640_000)] },
      kills: [{ atS: 601, downS: 19 }],
    });
    const { opening, rows } = lit(run);
    expect(opening?.litEndMs).toBeGreaterThan(640_000);
    expect(run.summary.truth["exposures_unaccounted"]).toBe(0);
    // Its booking was the last on record: the stage may still have stood at the spot before, in the same cell here.
    expect(rows).toHaveLength(2);
    // From the end of what the booking covers to the first look that shows one closed.
    for (const row of rows) {
      expect(numeric(row, "lit_from_ms")).toBeLessThan(609_000);
      expect(numeric(row, "lit_until_ms")).toBeGreaterThan(640_000);
      expect(numeric(row, "lit_until_ms")).toBeLessThan(646_000);
    }
    expect(run.alarms).toContain("shutter.beam-not-off io");
    expect(verifyRecord(run.folder).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("two shutters that were known to stand open, and read closed by then, has the cell charged up to its first look", async () => {
    const run = await runWorld({
      ...{
        hours: 0.196,
        campaign: THREE,
        judgesCharges: true,
        site: { ...site, rack },
        faults: [bothStuckUntil(675_000)],
      },
      kills: [{ atS: 625, downS: 55 }],
    });
    expect(run.of("beam-not-off").length).toBeGreaterThan(0);
    const { opening, rows } = lit(run);
    expect(opening?.litEndMs).toBeGreaterThan(675_000);
    expect(run.summary.violations.filter(({ invariant }) => invariant === "dose-charged")).toEqual([]);
    expect(run.summary.truth["exposures_unaccounted"]).toBe(0);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(numeric(row, "lit_from_ms")).toBeLessThan(609_000);
      expect(numeric(row, "lit_until_ms")).toBeGreaterThan(680_000);
      expect(numeric(row, "lit_until_ms")).toBeLessThan(686_000);
    }
    expect(run.virtual.run.alarms.open.map(({ code }) => code)).not.toContain("shutter.beam-not-off");
  });

  it("two shutters that are free again, after a kill as one was had closed, has the cell charged for what may have come till then", async () => {
    const run = await runWorld({
      ...{
        hours: 0.182,
        campaign: THREE,
        judgesCharges: true,
        site: { ...site, rack },
        faults: [bothStuckUntil(613_000)],
      },
      kills: [{ atS: 607.5, downS: 15 }],
    });
    expect(run.of("shutter-late")).toHaveLength(1);
    expect(run.of("beam-not-off")).toEqual([]);
    const { opening, rows } = lit(run);
    expect(opening?.litEndMs).toBeGreaterThan(613_000);
    expect(run.summary.violations).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(numeric(row, "lit_until_ms")).toBeLessThan(623_000);
  });

  it("a shutter that stands open before the permit's watchdog has run out has the one upstream closed", async () => {
    const run = await runWorld({
      ...{ hours: 0.175, campaign: THREE, faults: [stuckUntil(625_000)] },
      kills: [{ atS: 601, downS: 0.6 }],
    });
    const { opening } = lit(run);
    expect(opening?.endMs).toBeGreaterThan(625_000);
    expect(opening?.litEndMs).toBeLessThan(606_500);
    expect(run.summary.violations).toEqual([]);
  });
});

describe("a unit that does not answer when the shutter is to close, and then shows", () => {
  it("two shutters that stand open has the cell charged until one reads closed, not only what was booked", async () => {
    const run = await runWorld({
      ...{ hours: 0.182, campaign: THREE },
      faults: [bothStuckUntil(640_000), { kind: "link-hang", link: "io", fromMs: 604_000, toMs: 621_000 }],
    });
    const { opening, rows } = lit(run);
    expect(opening?.litEndMs).toBeGreaterThan(640_000);
    expect(run.summary.truth["exposures_unaccounted"]).toBe(0);
    expect(rows).toHaveLength(1);
    expect(numeric(rows[0], "lit_from_ms")).toBeLessThan(609_000);
    expect(numeric(rows[0], "lit_until_ms")).toBeGreaterThan(640_000);
    expect(run.alarms).toContain("shutter.beam-not-off io");
  });

  it("two that are free again leaves the booking charged: of what came meanwhile nobody can know", async () => {
    const run = await runWorld({
      ...{ hours: 0.182, campaign: THREE, judgesCharges: true },
      faults: [bothStuckUntil(612_000), { kind: "link-hang", link: "io", fromMs: 602_000, toMs: 621_000 }],
    });
    const { opening, rows } = lit(run);
    expect(opening?.litEndMs).toBeGreaterThan(612_000);
    expect(rows).toEqual([]);
    expect(run.summary.violations).toEqual([]);
  });
});
