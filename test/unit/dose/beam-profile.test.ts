import { describe, expect, test } from "vitest";
import {
  beamAveragedFraction,
  peakPerFluxPerCm2,
  relativeFluence,
  type BeamProfile,
} from "../../../protocols/dose/beam-profile.ts";
import { errorFunction } from "../../../protocols/dose/error-function.ts";
import { offBy } from "./tables.ts";

const shapes: readonly [name: string, beam: BeamProfile][] = [
  ["a Gaussian", { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.2 }],
  ["a Gaussian behind a slit", { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.2, slitXMm: 0.4, slitYMm: 0.3 }],
  ["a Gaussian cut on one side only", { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.2, slitYMm: 0.1 }],
  ["a rectangle", { profile: "tophat_rect", widthMm: 0.5, heightMm: 0.2 }],
  ["an ellipse", { profile: "tophat_ellipse", widthMm: 0.5, heightMm: 0.2 }],
];

describe("beam profile", () => {
  test.each(shapes)("%s holds the whole flux, and its own mean, by a sum over the plane", (_, beam) => {
    const peak = peakPerFluxPerCm2(beam);
    const stepMm = 0.0025;
    let flux = 0;
    let weighted = 0;
    for (let xMm = -1.5 + stepMm / 2; xMm < 1.5; xMm += stepMm) {
      for (let yMm = -0.75 + stepMm / 2; yMm < 0.75; yMm += stepMm) {
        const relative = relativeFluence(beam, xMm, yMm);
        flux += relative * stepMm * stepMm * 0.01;
        weighted += relative * relative * stepMm * stepMm * 0.01;
      }
    }
    expect(offBy(flux * peak, 1)).toBeLessThan(2e-3);
    expect(offBy(weighted / flux, beamAveragedFraction(beam))).toBeLessThan(2e-3);
  });

  test("a Gaussian peaks at 0.8825 of a top hat of its widths, and sees half its peak on average", () => {
    const beam: BeamProfile = { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.5 };
    expect(offBy(peakPerFluxPerCm2(beam), 0.88254 / 0.0025)).toBeLessThan(1e-5);
    expect(beamAveragedFraction(beam)).toBeCloseTo(0.5, 15);
  });

  test("a neighbour at half, one and one and a half FWHM gets 50, 6.3 and 0.2 per cent", () => {
    const beam: BeamProfile = { profile: "gaussian", fwhmXMm: 0.4, fwhmYMm: 0.1 };
    expect(relativeFluence(beam, 0.2, 0)).toBeCloseTo(0.5, 12);
    expect(relativeFluence(beam, 0, 0.1)).toBeCloseTo(0.0625, 12);
    expect(relativeFluence(beam, -0.6, 0)).toBeCloseTo(2 ** -9, 12);
  });

  test("a slit far narrower than the beam makes a top hat of the slit, one far wider changes nothing", () => {
    const narrow: BeamProfile = { profile: "gaussian", fwhmXMm: 1, fwhmYMm: 1, slitXMm: 1e-9, slitYMm: 1e-12 };
    expect(offBy(peakPerFluxPerCm2(narrow), (1e-2 / 1e-9 / 1e-12) * 1e4)).toBeLessThan(1e-9);
    expect(beamAveragedFraction(narrow)).toBeCloseTo(1, 12);
    const plain: BeamProfile = { profile: "gaussian", fwhmXMm: 1, fwhmYMm: 1 };
    const wide: BeamProfile = { ...plain, slitXMm: 50, slitYMm: 50 };
    expect(peakPerFluxPerCm2(wide)).toBe(peakPerFluxPerCm2(plain));
    expect(beamAveragedFraction(wide)).toBe(beamAveragedFraction(plain));
  });

  test("nothing falls outside slits and edges, and the edge itself counts as lit", () => {
    const slit: BeamProfile = { profile: "gaussian", fwhmXMm: 1, fwhmYMm: 1, slitXMm: 0.5 };
    expect(relativeFluence(slit, 0.2501, 0)).toBe(0);
    expect(relativeFluence(slit, 0.25, 0)).toBeCloseTo(2 ** -0.25, 12);
    expect(relativeFluence(slit, 0, 3)).toBeGreaterThan(0);
    const ellipse: BeamProfile = { profile: "tophat_ellipse", widthMm: 1, heightMm: 0.5 };
    expect(relativeFluence(ellipse, 0.36, 0.18)).toBe(0);
    expect(relativeFluence(ellipse, 0.35, 0.17)).toBe(1);
    expect(relativeFluence(ellipse, 0.5, 0)).toBe(1);
  });

  test.each(shapes)("%s gives NaN, not darkness, at an unknown place", (_, beam) => {
    expect(relativeFluence(beam, Number.NaN, 0)).toBeNaN();
    expect(relativeFluence(beam, 99, Number.NaN)).toBeNaN();
  });
});

describe("error function", () => {
  test.each([
    [0, 0],
    [1e-12, 1.1283791670955126e-12],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [-1, -0.8427007929497149],
    [7, 1],
  ])("of %d is %d", (x, value) => {
    expect(Math.abs(errorFunction(x) - value)).toBeLessThanOrEqual(1e-14 * Math.abs(value));
  });
});
