import { describe, expect, it } from "vitest";
import type { Opening } from "../../../simulator/world/shutter-truth.ts";
import { unaccounted } from "../../../simulator/world/world-truth.ts";

const opening: Opening = {
  ...{
    startMs: 10_000,
    endMs: 40_000,
    litEndMs: 30_000,
    orderedShutMs: 30_000,
    photons: 1e12,
    peakPhS: 1e11,
    excessPhotons: 0,
  },
  ...{ stageMoved: false, deposits: [{ positionIndex: 3, xMm: 0, yMm: 0, photons: 1e12 }] },
};

/** Whether the claims, each from and to, cover the opening. */
function isCovered(...claims: readonly (readonly [number, number])[]): boolean {
  const claimed = claims.map(([startMs, endMs]) => ({ positionIndex: 3, startMs, endMs }));
  return unaccounted([opening], claimed).length === 0;
}

describe("an opening is accounted for", () => {
  it("by an exposure around it, or by one and the light after it that was found late", () => {
    expect(isCovered([9_900, 30_100])).toBe(true);
    expect(isCovered([9_900, 12_000], [12_010, 30_100])).toBe(true);
    expect(isCovered([12_010, 30_100], [9_900, 12_000])).toBe(true);
    // The one before ended just now.
    expect(isCovered([7_000, 9_800], [9_900, 30_100])).toBe(true);
  });

  it("but not by parts of it, by others with a gap, or by another cell's", () => {
    expect(isCovered()).toBe(false);
    expect(isCovered([9_900, 12_000])).toBe(false);
    expect(isCovered([12_010, 30_100])).toBe(false);
    expect(isCovered([9_900, 12_000], [12_200, 30_100])).toBe(false);
    expect(unaccounted([opening], [{ positionIndex: 4, startMs: 0, endMs: 50_000 }])).toHaveLength(1);
  });
});
