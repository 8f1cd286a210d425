import { describe, expect, it } from "vitest";
import { planSweep } from "../../../protocols/campaign/sweep-plan.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { Finding } from "../../../protocols/base/finding.ts";
import { parseOccupant, positionAt } from "../../../protocols/base/position.ts";
import { campaignPlaces } from "../../../protocols/campaign/campaign-places.ts";
import { judgeRobot } from "../../../protocols/campaign/judge-robot.ts";
import { slotOf, stageTarget } from "../../../protocols/site/site-lookup.ts";
import { loadShipped } from "../../support/campaign-files.ts";
import { findingsOf, shippedSite } from "../../support/shipped-sites.ts";

const site = shippedSite("robot-to-beam");
const [first, second] = [positionAt(0), positionAt(16)];

describe("a site whose cells a robot brings to the beam", () => {
  it("has the beam on the same place of its stage whichever cell lies there, and a slot for each", () => {
    expect(stageTarget(site, second, { xMm: 1, yMm: -1 })).toEqual(stageTarget(site, first, { xMm: 1, yMm: -1 }));
    expect(slotOf({ slotsPerTray: 16 }, first)).toEqual({ tray: 1, slot: 1 });
    expect(slotOf({ slotsPerTray: 16 }, second)).toEqual({ tray: 2, slot: 1 });
  });

  it("takes an exchange for each cell of a sweep, less what a double gripper does during the exposure", () => {
    const positions = [0, 1, 2, 3].map((index) => positionAt(index));
    const atOnceS = 4 * (site.stage.settleS + 2 * site.shutter.travelS + site.detector.readOutS);
    expect(planSweep(site, positions, 5, 600).boundS).toBeCloseTo(atOnceS + 4 * (5 + 14 - 3), 6);
    expect(planSweep(site, positions, 1, 600).boundS).toBeCloseTo(atOnceS + 4 * (1 + 14 - 1), 6);
    const { sampleChanger } = site;
    if (sampleChanger === undefined) throw new Error("no robot");
    const single = { ...site, sampleChanger: { ...sampleChanger, tool: 2 as const } };
    expect(planSweep(single, positions, 5, 600).boundS).toBeCloseTo(atOnceS + 4 * (5 + 14), 6);
    expect(planSweep(site, positions, 5, 60).fits).toBe(false);
  });

  it("has one cell for each slot: none follows another, or comes back elsewhere", () => {
    const loaded = loadShipped("protocols/campaigns/robot-to-beam.yaml");
    assert(loaded.kind === "loaded", JSON.stringify(loaded.findings));
    const [gone, ...others] = loaded.campaign.cells;
    assert(gone !== undefined, "no cells");
    const told = (back: string, barcode: string): readonly string[] => {
      const position = parseOccupant(back);
      assert(position !== undefined, back);
      const cells = [{ ...gone, isWithdrawn: true } as const, ...others, { ...gone, position, barcode }];
      const findings: Finding[] = [];
      judgeRobot({ ...loaded.campaign, cells }, site, campaignPlaces("robot-to-beam.yaml"), findings);
      return findings.flatMap(({ code, what }) => (code === "campaign.taken-position" ? [what.slice(0, 6)] : []));
    };
    expect(told("A1.2", "NEW-1")).toEqual(["A1.2: "]);
    expect(told("B1", gone.barcode)).toEqual(["B1: a "]);
    expect(told("B1", "NEW-1")).toEqual([]);
  });

  it.each([
    ["trays: 6", "trays: 5", "site.slots"],
    ["fetch_s: 3", "fetch_s: 14", "site.exchange"],
    ["handover_offset_x_mm: 0", "handover_offset_x_mm: 30", "site.travel"],
  ])("is refused with %s changed to %s", (from, to, code) => {
    expect(findingsOf("robot-to-beam", from, to).map((finding) => finding.code)).toEqual([code]);
  });
});
