import { describe, expect, it } from "vitest";
import { sweepBoundS } from "../../../simulator/world/sweep-bound.ts";
import { comptonTransfer } from "../../../simulator/world/world-attenuation.ts";
import { beamShape, passes, stackDose, withPeakFactor } from "../../../simulator/world/world-dose.ts";
import { attenuation, COIN, SITE } from "./worlds.ts";

describe("the world's own dose arithmetic", () => {
  it("passes 38.0 % of 60 keV through a plain coin cell", () => {
    const tables = attenuation();
    const all = COIN.reduce((share, layer) => share * passes(tables, layer, 60), 1);
    expect(all).toBeCloseTo(0.38, 2);
  });

  it("sums Compton transfer to the values of the closed form", () => {
    const expected = [
      [10, 0.0188],
      [20, 0.0361],
      [60, 0.0936],
      [150, 0.1816],
    ] as const;
    for (const [energyKeV, fraction] of expected) expect(comptonTransfer(energyKeV)).toBeCloseTo(fraction, 4);
  });

  it("orders the conventions in an oxide electrode at 60 keV: en, then loc, then att", () => {
    const tables = attenuation();
    const of = (convention: "en" | "loc" | "att"): number => stackDose(tables, COIN, 60, convention)[2]?.mean ?? NaN;
    expect(of("loc") / of("en")).toBeGreaterThan(1.01);
    expect(of("att") / of("loc")).toBeGreaterThan(1.05);
  });

  it("normalises beam profiles by summing them", () => {
    const gaussian = beamShape({ profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.25 });
    expect(gaussian.peakPerCm2 / (0.88254 / (0.05 * 0.025))).toBeCloseTo(1, 4);
    const slit = beamShape({ profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.5, slitXMm: 0.5, slitYMm: 0.5 });
    // erf(sqrt(ln 2)) = 0.7610 of the beam passes a slit of one full width.
    expect(slit.peakPerCm2 / (0.88254 / 0.05 / 0.05 / 0.761 ** 2)).toBeCloseTo(1, 3);
    expect(beamShape({ profile: "tophat_rect", widthMm: 0.5, heightMm: 2 }).peakPerCm2).toBeCloseTo(100, 6);
    const ellipse = beamShape({ profile: "tophat_ellipse", widthMm: 1, heightMm: 0.5 });
    expect(ellipse.peakPerCm2 / (400 / (Math.PI * 1 * 0.5))).toBeCloseTo(1, 2);
  });

  it("changes the peak of a profile by the factor asked for", () => {
    const profile = { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.3 } as const;
    expect(beamShape(withPeakFactor(profile, 1.1)).peakPerCm2 / beamShape(profile).peakPerCm2).toBeCloseTo(1.1, 6);
  });
});

describe("the least time of a sweep", () => {
  const serpentine = Array.from({ length: 96 }, (_, index) => {
    const row = Math.floor(index / 12);
    const column = row % 2 === 0 ? index % 12 : 11 - (index % 12);
    return { xMm: 12.5 + 25 * column, yMm: 12.5 + 25 * row, exposureS: 6 };
  });

  it("is 95 hops of 0.45 s and 96 stops of 6.141 s for a full rack", () => {
    expect(sweepBoundS(SITE, serpentine)).toBeCloseTo(95 * 0.45 + 96 * (0.1 + 0.04 + 6 + 0.001), 9);
  });

  it("counts the way to the first stop when told where it starts", () => {
    const longer = sweepBoundS(SITE, serpentine, { xMm: 12.5, yMm: 187.5 }) - sweepBoundS(SITE, serpentine);
    expect(longer).toBeCloseTo(175 / 100 + 0.2, 9);
  });

  it("is nothing for no stops", () => {
    expect(sweepBoundS(SITE, [])).toBe(0);
  });
});
