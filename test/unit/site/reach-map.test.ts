import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReachMap, type KeepOut } from "../../../protocols/site/reach-map.ts";
import type { StagePoint } from "../../../protocols/site/shadow-path.ts";
import { repositoryText } from "../../support/campaign-files.ts";
import { findingsOf, sitePathOf } from "../../support/shipped-sites.ts";

const STAGE = { travelXMm: 300, travelYMm: 200, speedMmS: 100, accelerationMmS2: 500 };
const POST: KeepOut = { name: "post", fromXMm: 100, toXMm: 120, fromYMm: 80, toYMm: 120 };

function legs(from: StagePoint, points: readonly StagePoint[]): readonly (readonly [StagePoint, StagePoint])[] {
  return points.map((to, at) => [points[at - 1] ?? from, to]);
}

/** Whether some place between the two, by whichever axis is first, lies in the box. */
function meets([a, b]: readonly [StagePoint, StagePoint], box: KeepOut): boolean {
  for (let i = 0; i <= 30; i += 1) {
    for (let j = 0; j <= 30; j += 1) {
      const xMm = a.xMm + ((b.xMm - a.xMm) * i) / 30;
      const yMm = a.yMm + ((b.yMm - a.yMm) * j) / 30;
      if (xMm >= box.fromXMm && xMm <= box.toXMm && yMm >= box.fromYMm && yMm <= box.toYMm) return true;
    }
  }
  return false;
}

describe("the way of a stage", () => {
  it("is straight where nothing is in it", () => {
    const way = createReachMap({ ...STAGE, keepOut: [POST] }).wayTo({ xMm: 0, yMm: 0 }, { xMm: 300, yMm: 50 });
    expect(way).toMatchObject({ kind: "way", points: [{ xMm: 300, yMm: 50 }], moveS: 3.2 });
    expect(createReachMap(STAGE).wayTo({ xMm: 0, yMm: 0 }, { xMm: 300, yMm: 200 })).toMatchObject({ moveS: 3.2 });
  });

  it("goes around what is in it, and says how long that takes", () => {
    const from = { xMm: 50, yMm: 100 };
    const to = { xMm: 200, yMm: 100 };
    const way = createReachMap({ ...STAGE, keepOut: [POST] }).wayTo(from, to);
    expect(way.kind).toBe("way");
    if (way.kind !== "way") return;
    expect(way.points.length).toBeGreaterThan(1);
    expect(way.points.at(-1)).toEqual(to);
    expect(legs(from, way.points).some((leg) => meets(leg, POST))).toBe(false);
    expect(way.moveS).toBeGreaterThan(1.7);
  });

  it("is none into a box, out of one, or through a wall", () => {
    const map = createReachMap({
      ...STAGE,
      keepOut: [POST, { name: "wall", fromXMm: 200, toXMm: 210, fromYMm: -1, toYMm: 201 }],
    });
    expect(map.wayTo({ xMm: 0, yMm: 0 }, { xMm: 110, yMm: 100 })).toMatchObject({
      what: "the target lies in post (x 100 to 120, y 80 to 120 mm)",
    });
    expect(map.wayTo({ xMm: 110, yMm: 100 }, { xMm: 0, yMm: 0 })).toMatchObject({ what: /the stage stands in post/ });
    expect(map.wayTo({ xMm: 0, yMm: 0 }, { xMm: 299, yMm: 0 })).toEqual({
      kind: "blocked",
      what: "no way leads around post, wall",
    });
  });

  it("keeps off every box by every leg, whatever boxes there are", () => {
    const box = fc.tuple(
      fc.integer({ min: 0, max: 26 }),
      fc.integer({ min: 0, max: 16 }),
      fc.integer({ min: 1, max: 5 }),
    );
    const place = fc.record({ xMm: fc.integer({ min: 0, max: 300 }), yMm: fc.integer({ min: 0, max: 200 }) });
    fc.assert(
      fc.property(fc.array(box, { minLength: 1, maxLength: 4 }), place, place, (corners, from, to) => {
        const keepOut = corners.map(([x, y, size], at) => ({
          name: `box ${at}`,
          ...{ fromXMm: 10 * x + 1, toXMm: 10 * (x + size), fromYMm: 10 * y + 1, toYMm: 10 * (y + size) },
        }));
        const map = createReachMap({ ...STAGE, keepOut });
        const way = map.wayTo(from, to);
        const isIn = map.boxAt(from) !== undefined || map.boxAt(to) !== undefined;
        if (way.kind === "blocked") return isIn || /no way/.test(way.what);
        return !isIn && legs(from, way.points).every((leg) => keepOut.every((one) => !meets(leg, one)));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a site whose stage keeps off something", () => {
  const text = repositoryText(sitePathOf("reference"));
  const section = text.slice(text.indexOf("  shadow:"), text.indexOf("shutter:"));
  const slip = (change: (written: string) => string) => findingsOf("reference", section, change(section));
  const keepingOff = (keepOut: string) => (written: string) =>
    written.replace(
      "position_tolerance_mm: 0.02\n",
      `position_tolerance_mm: 0.02\n  keep_out:\n    - { name: post, ${keepOut} }\n`,
    );
  const shadowAt = (shadow: string) => (written: string) => written.replace(/shadow:.*\n/, `shadow: ${shadow}\n`);

  it.each([
    ["x_mm: [20, 60], y_mm: [30, 45]", "site.keep-out", /B2 is at x 37.5, y 37.5 mm, within post/],
    ["x_mm: [290, 310], y_mm: [190, 210]", "site.keep-out", /finds its reference at x 300, y 200 mm/],
    ["x_mm: [148, 152], y_mm: [-1, 201]", "site.keep-out", /A1 cannot be reached: no way leads around post/],
    ["x_mm: [295, 299], y_mm: [20, 30]", "site.homing", /nothing keeps it off post/],
    ["x_mm: [2, 4], y_mm: [20, 30]", "site.shadow", /into the shadow passes what the stage keeps off/],
    ["x_mm: [60, 20], y_mm: [30, 45]", "file.", /the lower end first/],
  ])("is told of a box %s", (keepOut, code, what) => {
    const found = slip(keepingOff(keepOut)).filter((finding) => what.test(`${finding.what} ${finding.advice}`));
    expect(found.map((finding) => finding.code.slice(0, code.length))).toContain(code);
  });

  it("is taken where the boxes lie off its ways", () => {
    const found = slip((written) =>
      keepingOff("x_mm: [-1, 8], y_mm: [-1, 8]")(shadowAt("{ x_mm: 0, y_mm: 200 }")(written)),
    );
    expect(found.filter(({ severity }) => severity !== "note")).toEqual([]);
  });

  it.each([
    ["park: { x_mm: 0, y_mm: 100 }", undefined],
    ["park: { x_mm: 40, y_mm: 40 }", /park place has the beam 3.5 mm from the middle of a cell/],
    ["park: { x_mm: 0, y_mm: 500 }", /beyond the stage's travel/],
  ])("parks off the cells: %s", (park, what) => {
    const found = slip(shadowAt(`{ x_mm: 0, y_mm: 0 }\n  ${park}`)).filter(({ code }) => code === "site.park");
    if (what === undefined) expect(found).toEqual([]);
    else expect(found[0]?.what).toMatch(what);
  });
});
