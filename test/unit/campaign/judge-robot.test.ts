import { describe, expect, it } from "vitest";
import { planSweep } from "../../../protocols/campaign/sweep-plan.ts";
import { positionAt } from "../../../protocols/base/position.ts";
import { slotOf, stageTarget } from "../../../protocols/site/site-lookup.ts";
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

  it.each([
    ["trays: 6", "trays: 5", "site.slots"],
    ["fetch_s: 3", "fetch_s: 14", "site.exchange"],
    ["handover_offset_x_mm: 0", "handover_offset_x_mm: 30", "site.travel"],
  ])("is refused with %s changed to %s", (from, to, code) => {
    expect(findingsOf("robot-to-beam", from, to).map((finding) => finding.code)).toEqual([code]);
  });
});
