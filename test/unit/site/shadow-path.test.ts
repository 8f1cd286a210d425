import { describe, expect, it } from "vitest";
import { judgeReach } from "../../../protocols/campaign/judge-reach.ts";
import { placedSpot } from "../../../protocols/align/placement.ts";
import { ALL_POSITIONS, COLUMN_COUNT, positionAt, ROW_COUNT } from "../../../protocols/base/position.ts";
import { stageTarget } from "../../../protocols/site/site-lookup.ts";
import { KEPT_OFF_MM, shadowPath, shadowProblem, type StagePoint } from "../../../protocols/site/shadow-path.ts";
import { load, repositoryText } from "../../support/campaign-files.ts";

const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};
const RACK = { pitchMm: 25, originXMm: 12.5, originYMm: 12.5, shadow: { xMm: 0, yMm: 0 } };

/** Distance from the middle of every cell but its own, along the way. */
function nearestOther(start: StagePoint, rack: typeof RACK): number {
  let nearest = Infinity;
  let from = start;
  for (const to of shadowPath(rack, 200, start) ?? []) {
    for (let step = 0; step <= 200; step += 1) {
      const xMm = from.xMm + ((to.xMm - from.xMm) * step) / 200;
      const yMm = from.yMm + ((to.yMm - from.yMm) * step) / 200;
      for (let index = 0; index < ROW_COUNT * COLUMN_COUNT; index += 1) {
        const cellXMm = rack.originXMm + (index % COLUMN_COUNT) * rack.pitchMm;
        const cellYMm = rack.originYMm + Math.floor(index / COLUMN_COUNT) * rack.pitchMm;
        if (Math.hypot(cellXMm - start.xMm, cellYMm - start.yMm) < rack.pitchMm / 2) continue;
        nearest = Math.min(nearest, Math.hypot(xMm - cellXMm, yMm - cellYMm));
      }
    }
    from = to;
  }
  return nearest;
}

describe("the way into the shadow", () => {
  it.each([
    { xMm: 0, yMm: 0 },
    { xMm: 300, yMm: 200 },
    { xMm: 0, yMm: 112.5 },
  ])("passes no other cell, from any spot of the rack to $xMm, $yMm", (shadow) => {
    const rack = { ...RACK, shadow };
    for (const column of [0, 5, 11])
      for (const row of [0, 3, 7])
        for (const off of [-3, 0, 3]) {
          const start = { xMm: 12.5 + column * 25 + off, yMm: 12.5 + row * 25 - off };
          expect(nearestOther(start, rack)).toBeGreaterThanOrEqual(KEPT_OFF_MM);
          expect(shadowPath(rack, 200, start)?.at(-1)).toEqual(shadow);
        }
  });

  it("follows the lanes of a rack that lies turned, and hardly ever across them at once", () => {
    const placement = { shiftXMm: 2, shiftYMm: -1, rotationDeg: 1, cells: new Map() };
    const rack = { ...RACK, placement };
    for (const position of [0, 11, 41, 84, 95].map(positionAt)) {
      const start = placedSpot(RACK, placement, position, { xMm: 3, yMm: -3 });
      let from: StagePoint = start;
      for (const [leg, to] of (shadowPath(rack, 200, start) ?? []).entries()) {
        expect(to.xMm === from.xMm || Math.abs(to.yMm - from.yMm) <= 0.5).toBe(true);
        for (const other of leg === 0 ? [] : ALL_POSITIONS) {
          const centre = placedSpot(RACK, placement, other, { xMm: 0, yMm: 0 });
          expect(Math.hypot(to.xMm - centre.xMm, to.yMm - centre.yMm)).toBeGreaterThanOrEqual(KEPT_OFF_MM);
        }
        from = to;
      }
      expect(from).toEqual(RACK.shadow);
    }
  });

  it("moves one axis at a time, so that it does not matter which is the faster", () => {
    let from: StagePoint = { xMm: 140, yMm: 90 };
    for (const to of shadowPath(RACK, 200, from) ?? []) {
      expect(to.xMm === from.xMm || to.yMm === from.yMm).toBe(true);
      from = to;
    }
  });

  it("stays within the stage's travel: from the last row to the lane before it", () => {
    const short = shadowPath({ ...RACK, shadow: { xMm: 0, yMm: 190 } }, 190, { xMm: 50, yMm: 187.5 });
    expect(short?.[0]).toEqual({ xMm: 50, yMm: 175 });
  });

  it("is none where the site has no shadow", () => {
    const { pitchMm, originXMm, originYMm } = RACK;
    const rack = { pitchMm, originXMm, originYMm };
    expect(shadowPath(rack, 200, { xMm: 0, yMm: 0 })).toBeUndefined();
    expect(shadowProblem(rack, 300, 200)).toBeNull();
  });

  it.each([
    ["in the column of cells", { ...RACK, shadow: { xMm: 12.5, yMm: 0 } }, "from the middle of a column"],
    ["between two columns, too near to both", { ...RACK, pitchMm: 20, shadow: { xMm: 22.5, yMm: 0 } }, "no lane"],
    ["beyond the travel", { ...RACK, shadow: { xMm: 301, yMm: 0 } }, "beyond the stage's travel"],
  ])("is refused to a place %s", (_, rack, text) => {
    expect(shadowProblem(rack, 300, 200)).toContain(text);
  });

  it("is looked at from every spot of the cells, as their rack stands", () => {
    const loaded = load(FILES, "small.yaml");
    if (loaded.kind === "refused") throw new Error("the campaign is refused");
    const { campaign, site } = loaded;
    expect(judgeReach(campaign, site)).toEqual([]);
    const arm = { name: "arm", fromXMm: 20, toXMm: 22, fromYMm: 24, toYMm: 26 };
    const barred = judgeReach(campaign, { ...site, stage: { ...site.stage, keepOut: [arm] } });
    expect(barred).toMatchObject([{ severity: "error", code: "plan.shadow-way" }]);
    const placement = { shiftXMm: -3, shiftYMm: 0, rotationDeg: 0, cells: new Map() };
    const seated = judgeReach(campaign, { ...site, rack: { ...site.rack, placement } });
    expect(seated).toMatchObject([{ severity: "warning", code: "plan.shadow-way" }]);
    expect(seated[0]?.what).toMatch(/9\.5 mm past the middle of a cell/);
    // A box beside the way, and one about a spot, take nothing from that.
    const asSeated = { ...site, rack: { ...site.rack, placement } };
    const { xMm, yMm } = stageTarget(asSeated, positionAt(0), { xMm: 0, yMm: 0 });
    const boxed = (fromXMm: number, toXMm: number, fromYMm: number, toYMm: number) =>
      judgeReach(campaign, {
        ...asSeated,
        stage: { ...site.stage, keepOut: [{ name: "camera", fromXMm, toXMm, fromYMm, toYMm }] },
      });
    expect(boxed(290, 295, 190, 195)).toEqual(seated);
    expect(boxed(xMm - 0.1, xMm + 0.1, yMm - 0.1, yMm + 0.1).map(({ code }) => code)).toEqual(
      expect.arrayContaining(["plan.spot-out-of-reach", "plan.shadow-way"]),
    );
  });
});
