import { describe, expect, it } from "vitest";
import { COLUMN_COUNT, ROW_COUNT } from "../../../protocols/base/position.ts";
import { KEPT_OFF_MM, shadowPath, shadowProblem, type StagePoint } from "../../../protocols/site/shadow-path.ts";

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
});
