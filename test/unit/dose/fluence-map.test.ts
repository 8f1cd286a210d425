import { describe, expect, test } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import type { BeamProfile } from "../../../protocols/dose/beam-profile.ts";
import { createFluenceMap, type FluenceMap, type FluenceSpot } from "../../../protocols/dose/fluence-map.ts";
import { offBy } from "./tables.ts";

type Given = readonly [xMm: number, yMm: number, fluencePhCm2: number];

function spotsOf(list: readonly Given[]): readonly FluenceSpot[] {
  return list.map(([xMm, yMm, fluencePhCm2]) => ({ xMm, yMm, fluencePhCm2 }));
}

function mapOf(beam: BeamProfile, list: readonly Given[]): FluenceMap {
  const map = createFluenceMap(beam);
  for (const spot of spotsOf(list)) map.add(spot);
  return map;
}

/** Largest sum on a fine grid that avoids round numbers, by the definition of each beam written out again. */
function bruteForce(beam: BeamProfile, list: readonly Given[], points = 600): number {
  const reach = 0.3;
  const xs = list.map(([x]) => x);
  const ys = list.map(([, y]) => y);
  const [left, right] = [Math.min(...xs) - reach, Math.max(...xs) + reach];
  const [low, high] = [Math.min(...ys) - reach, Math.max(...ys) + reach];
  let highest = 0;
  for (let i = 0; i < points; i++) {
    const x = left + ((i + 0.4637) / points) * (right - left);
    for (let j = 0; j < points; j++) {
      const y = low + ((j + 0.5291) / points) * (high - low);
      let sum = 0;
      for (const [xMm, yMm, weight] of list) sum += weight * lightAt(beam, x - xMm, y - yMm);
      highest = Math.max(highest, sum);
    }
  }
  return highest;
}

function lightAt(beam: BeamProfile, dx: number, dy: number): number {
  if (beam.profile !== "gaussian") {
    const u = dx / (beam.widthMm / 2);
    const v = dy / (beam.heightMm / 2);
    const inside = beam.profile === "tophat_rect" ? Math.max(Math.abs(u), Math.abs(v)) < 1 : u * u + v * v < 1;
    return inside ? 1 : 0;
  }
  if (2 * Math.abs(dx) > (beam.slitXMm ?? 1e9) || 2 * Math.abs(dy) > (beam.slitYMm ?? 1e9)) return 0;
  return Math.exp(-4 * Math.LN2 * ((dx / beam.fwhmXMm) ** 2 + (dy / beam.fwhmYMm) ** 2));
}

const gaussian: BeamProfile = { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.3 };
const slit: BeamProfile = { ...gaussian, slitXMm: 0.4, slitYMm: 0.35 };
const rectangle: BeamProfile = { profile: "tophat_rect", widthMm: 0.5, heightMm: 0.3 };
const ellipse: BeamProfile = { profile: "tophat_ellipse", widthMm: 0.5, heightMm: 0.3 };
const beams: readonly (readonly [string, BeamProfile])[] = [
  ["Gaussian", gaussian],
  ["Gaussian behind slits", slit],
  ["Gaussian behind a slit one way", { ...gaussian, slitXMm: 0.3 }],
  ["rectangle", rectangle],
  ["ellipse", ellipse],
];

/** Spots from a fixed sequence of irrational steps. */
function scattered(count: number, spreadMm: number): readonly Given[] {
  return Array.from({ length: count }, (_, index) => [
    ((index * 0.754877) % 1) * spreadMm,
    ((index * 0.56984) % 1) * spreadMm,
    1 + ((index * 0.8191725) % 1),
  ]);
}

describe("the hottest place", () => {
  test.each(beams)("of one %s is its centre", (_, beam) => {
    expect(mapOf(beam, [[3, -2, 5]]).hottest()).toEqual({ xMm: 3, yMm: -2, fluencePhCm2: 5 });
  });

  test.each(beams)("of a %s repeated on one spot is the sum", (_, beam) => {
    const hottest = mapOf(beam, [
      [0.1, 0.2, 1],
      [0.1, 0.2, 2],
      [0.1, 0.2, 4],
    ]).hottest();
    expect(hottest?.fluencePhCm2).toBe(7);
  });

  test.each(beams)("of a few scattered spots of a %s is that of a fine grid", (_, beam) => {
    for (const count of [2, 3, 5, 9]) {
      for (const spreadMm of [0.2, 0.5, 1]) {
        const list = scattered(count, spreadMm);
        const hottest = mapOf(beam, list).hottest()?.fluencePhCm2 ?? 0;
        const grid = bruteForce(beam, list, 300);
        expect(hottest).toBeGreaterThanOrEqual(grid * (1 - 1e-9));
        // the grid misses up to half a step of slope at a slit's edge or corner
        expect(hottest).toBeLessThan(grid * 1.02);
      }
    }
  });

  test("between two equal Gaussians less than two sigma apart lies midway", () => {
    const hottest = mapOf(gaussian, [
      [0, 0, 1],
      [0.3, 0, 1],
    ]).hottest();
    expect(hottest?.xMm).toBeCloseTo(0.15, 6);
    expect(offBy(hottest?.fluencePhCm2, 2 * 2 ** (-4 * 0.3 ** 2))).toBeLessThan(1e-9);
  });

  test("of three Gaussians at the corners of a triangle is found in its middle, where no spot is", () => {
    const round: BeamProfile = { profile: "gaussian", fwhmXMm: 1, fwhmYMm: 1 };
    const corners = [0, 1, 2].map((corner): Given => {
      const angle = (corner * 2 * Math.PI) / 3;
      return [0.45 * Math.cos(angle), 0.45 * Math.sin(angle), 1];
    });
    const hottest = mapOf(round, corners).hottest();
    expect(offBy(hottest?.fluencePhCm2, 3 * 2 ** (-4 * 0.45 ** 2))).toBeLessThan(1e-6);
    expect(Math.hypot(hottest?.xMm ?? 1, hottest?.yMm ?? 1)).toBeLessThan(1e-3);
  });

  test("of a long row of Gaussians a third of a FWHM apart is 1.064 FWHM over the pitch", () => {
    const row = Array.from({ length: 60 }, (_, index): Given => [index * (0.5 / 3), 0, 1]);
    expect(offBy(mapOf(gaussian, row).hottest()?.fluencePhCm2, 1.0645 * 3)).toBeLessThan(1e-3);
  });

  test("of a raster of Gaussians, flat over hundreds of spots, is the square of that", () => {
    const raster: Given[] = [];
    for (let row = 0; row < 20; row++) {
      for (let column = 0; column < 20; column++) raster.push([column * 0.25, row * 0.15, 1]);
    }
    expect(offBy(mapOf(gaussian, raster).hottest()?.fluencePhCm2, (1.0645 * 2) ** 2)).toBeLessThan(1e-3);
  });

  test("behind slits lies on the edge of the overlap that is nearest to the stronger spots", () => {
    // the two slits share x from 0.1 to 0.2; both tails are highest together in the middle, a third of them at 0.1
    const two = mapOf(slit, [
      [0, 0, 3],
      [0.3, 0, 1],
    ]).hottest();
    const at = (x: number): number =>
      3 * Math.exp(-4 * Math.LN2 * (x / 0.5) ** 2) + Math.exp(-4 * Math.LN2 * ((0.3 - x) / 0.5) ** 2);
    expect(offBy(two?.fluencePhCm2, at(0.1))).toBeLessThan(1e-6);
    expect(two?.xMm).toBeCloseTo(0.1, 6);
  });

  test.each([
    ["rectangle", rectangle],
    ["ellipse", ellipse],
    ["Gaussian behind slits", { profile: "gaussian", fwhmXMm: 50, fwhmYMm: 50, slitXMm: 0.5, slitYMm: 0.3 } as const],
  ])("of spots of a %s that only touch is one of them, not their sum", (_, beam) => {
    const touching = mapOf(beam, [
      [0, 0, 1],
      [0.5, 0, 1],
      [1, 0, 1],
      [0, 0.3, 1],
    ]);
    expect(touching.hottest()?.fluencePhCm2).toBeLessThan(1.001);
    const shared = mapOf(beam, [
      [0, 0, 1],
      [0.25, 0, 1],
      [0.5, 0, 1],
    ]);
    expect(Math.round((shared.hottest()?.fluencePhCm2 ?? 0) * 1000) / 1000).toBe(2);
  });

  test("of three rectangles that overlap two by two, but never all, is a pair", () => {
    const list: readonly Given[] = [
      [0, 0, 1],
      [0.4, 0.1, 2],
      [0.05, 0.25, 4],
      [0.8, 0.2, 5],
    ];
    expect(mapOf(rectangle, list).hottest()?.fluencePhCm2).toBe(bruteForce(rectangle, list));
  });

  test("of ellipses is exact where the overlap is a sliver", () => {
    const list: readonly Given[] = [
      [0, 0, 1],
      [0.4999, 0, 1],
      [0.24995, 0.2, 1],
    ];
    expect(mapOf(ellipse, list.slice(0, 2)).hottest()?.fluencePhCm2).toBe(2);
    expect(mapOf(ellipse, list).hottest()?.fluencePhCm2).toBe(2);
  });

  test("is nowhere while nothing was given", () => {
    const map = mapOf(gaussian, [[0, 0, 0]]);
    expect(map.hottest()).toBeUndefined();
    expect(map.at(0, 0)).toBe(0);
  });
});

describe("a limit", () => {
  test.each(beams)("just above and just below the hottest place of a %s lets pass and refuses", (_, beam) => {
    for (const count of [2, 4, 8]) {
      const list = scattered(count, 0.4);
      const hottest = mapOf(beam, list).hottest()?.fluencePhCm2 ?? 0;
      const before = mapOf(beam, list.slice(0, -1));
      const [last] = spotsOf(list.slice(-1));
      if (last === undefined) throw new Error("no spot");
      expect(before.wouldPass(last, hottest * 1.0001)).toBe(false);
      if ((before.hottest()?.fluencePhCm2 ?? 0) < hottest * 0.9998) {
        expect(before.wouldPass(last, hottest * 0.9999)).toBe(true);
      }
    }
  });

  test("of exactly the sum is kept by spots on one place", () => {
    const map = mapOf(gaussian, [
      [0, 0, 1],
      [0, 0, 1],
    ]);
    expect(map.wouldPass({ xMm: 0, yMm: 0, fluencePhCm2: 1 }, 3)).toBe(false);
    expect(map.wouldPass({ xMm: 0, yMm: 0, fluencePhCm2: 1 }, 2.999999)).toBe(true);
  });

  test("already reached elsewhere refuses a neighbour that adds a little there, not one that adds nothing", () => {
    const map = mapOf(gaussian, [[0, 0, 1]]);
    expect(map.wouldPass({ xMm: 0.5, yMm: 0, fluencePhCm2: 0.5 }, 1)).toBe(true);
    expect(map.wouldPass({ xMm: 50, yMm: 0, fluencePhCm2: 1 }, 1)).toBe(false);
    expect(map.wouldPass({ xMm: 0, yMm: 0, fluencePhCm2: 0 }, 1)).toBe(false);
  });

  test("is never kept by a number that is not one", () => {
    const map = createFluenceMap(rectangle);
    expect(map.wouldPass({ xMm: 0, yMm: 0, fluencePhCm2: Number.NaN }, 1)).toBe(true);
    expect(map.wouldPass({ xMm: Number.NaN, yMm: 0, fluencePhCm2: 0 }, 1)).toBe(true);
    expect(map.wouldPass({ xMm: 0, yMm: 0, fluencePhCm2: 1 }, Number.NaN)).toBe(true);
    expect(() => {
      map.add({ xMm: 0, yMm: 0, fluencePhCm2: Number.NaN });
    }).toThrow(Fault);
    expect(() => {
      map.add({ xMm: 0, yMm: 0, fluencePhCm2: -1 });
    }).toThrow(Fault);
  });
});
