/** The ledger's dose arithmetic against the simulated world's, which sums slabs and profiles in small steps. */
import { describe, expect, test } from "vitest";
import {
  coolestSpot,
  doseRefusals,
  emptyCellDose,
  settledFluenceAt,
  withBooking,
  withSettlement,
} from "../../../controller/dose/cell-dose.ts";
import type { CellDosePlan } from "../../../controller/dose/cell-dose.ts";
import { peakPerFluxPerCm2, relativeFluence, type BeamProfile } from "../../../protocols/dose/beam-profile.ts";
import { filterTransmission } from "../../../protocols/dose/filters.ts";
import { createFluenceMap } from "../../../protocols/dose/fluence-map.ts";
import { DOSE_CONVENTIONS, stackCoefficients } from "../../../protocols/dose/layer-stack.ts";
import { beamShape, passes, stackDose } from "../../../simulator/world/world-dose.ts";
import { tables } from "../../support/campaign-files.ts";
import { limit } from "../controller/dose-plans.ts";
import { attenuation, COIN } from "../world/worlds.ts";

const PROFILES: readonly BeamProfile[] = [
  { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.25 },
  { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.5, slitXMm: 0.4, slitYMm: 0.6 },
  { profile: "tophat_rect", widthMm: 0.63, heightMm: 0.11 },
  { profile: "tophat_ellipse", widthMm: 0.4, heightMm: 0.8 },
];
const world = attenuation();

function offBy(value: number, expected: number): number {
  return Math.abs(value / expected - 1);
}

describe("doses of one exposure", () => {
  test("agree within 0.5 % in every layer, convention, location and energy at which the cell is not opaque", () => {
    for (const convention of DOSE_CONVENTIONS)
      for (const energyKeV of [25, 30, 40, 60, 80, 100, 140]) {
        const ours = stackCoefficients(tables, { energyKeV, tiltDeg: 0, convention, layers: COIN.map(named) }).layers;
        for (const [index, theirs] of stackDose(world, COIN, energyKeV, convention).entries()) {
          expect(offBy(ours[index]?.surfaceGyPerPhCm2 ?? NaN, theirs.surface)).toBeLessThan(0.005);
          expect(offBy(ours[index]?.meanGyPerPhCm2 ?? NaN, theirs.mean)).toBeLessThan(0.005);
        }
        const first = COIN.slice(0, 2).map(named);
        const passed = first.reduce((share, layer) => share * passes(world, layer, energyKeV), 1);
        expect(offBy(filterTransmission(tables, first, energyKeV), passed)).toBeLessThan(0.005);
      }
  });

  test.each(PROFILES)("agree within 0.5 % at the peak of $profile", (profile) => {
    expect(offBy(peakPerFluxPerCm2(profile), beamShape(profile).peakPerCm2)).toBeLessThan(0.005);
  });
});

describe("doses of a moving spot", () => {
  test.each(PROFILES)("agree within 1 %% with the sum over 200 exposures of $profile", (profile) => {
    const shape = beamShape(profile);
    // A walk over the cell, overlapping itself; the golden ratio leaves no two steps alike.
    const walk = Array.from({ length: 200 }, (_, index) => ({
      xMm: ((index * 0.618_033_988_75) % 1) * 2 - 1,
      yMm: ((index * 0.754_877_666_25) % 1) * 2 - 1,
      photons: 1e11 * (1 + (index % 7)),
    }));
    const map = createFluenceMap(profile);
    const peak = peakPerFluxPerCm2(profile);
    for (const { xMm, yMm, photons } of walk) map.add({ xMm, yMm, fluencePhCm2: photons * peak });
    const truthAt = (xMm: number, yMm: number): number =>
      shape.peakPerCm2 *
      walk.reduce((sum, spot) => sum + spot.photons * shape.relative(xMm - spot.xMm, yMm - spot.yMm), 0);
    for (let index = 0; index < 50; index += 1) {
      const [xMm, yMm] = [((index * 0.414_213_562) % 1) * 1.6 - 0.8, ((index * 0.732_050_808) % 1) * 1.6 - 0.8];
      const truth = truthAt(xMm, yMm);
      if (truth === 0) expect(map.at(xMm, yMm)).toBe(0);
      else expect(offBy(map.at(xMm, yMm), truth)).toBeLessThan(0.01);
    }
    // Nowhere on a fine grid hotter than the place that the map names as the hottest.
    const hottest = map.hottest();
    let hottestOnGrid = 0;
    for (let column = -60; column <= 60; column += 1)
      for (let row = -60; row <= 60; row += 1) hottestOnGrid = Math.max(hottestOnGrid, truthAt(column / 60, row / 60));
    expect(hottestOnGrid).toBeLessThanOrEqual((hottest?.fluencePhCm2 ?? NaN) * 1.01);
    expect(offBy(truthAt(hottest?.xMm ?? NaN, hottest?.yMm ?? NaN), hottest?.fluencePhCm2 ?? NaN)).toBeLessThan(0.01);
  });

  test("of the ledger agree within 1 % at every spot of a grid, in total and with what is booked", () => {
    const [profile] = PROFILES;
    if (profile === undefined) throw new Error("no profile");
    const shape = beamShape(profile);
    const spots = Array.from({ length: 25 }, (_, index) => ({
      xMm: (index % 5) * 0.6,
      yMm: Math.floor(index / 5) * 0.3,
    }));
    const plan: CellDosePlan = {
      position: "A1",
      layers: [{ name: "positive electrode", surfaceGyPerPhCm2: 1e-12, meanGyPerPhCm2: 1e-12 }],
      limits: [limit({ layerIndex: 0, doseGy: 1e6 })],
      relativeUncertainty: 0,
      spots,
      relativeFluence: (dxMm, dyMm) => relativeFluence(profile, dxMm, dyMm),
    };
    const peak = peakPerFluxPerCm2(profile);
    const given = spots.map(() => 0);
    let dose = emptyCellDose(plan);
    for (let index = 0; index < 200; index += 1) {
      const spotIndex =
        coolestSpot(
          plan,
          dose,
          spots.map((_, spot) => (spot + index) % 25),
          0,
        ) ?? NaN;
      const photons = 1e12 * (1 + (index % 3));
      given[spotIndex] = (given[spotIndex] ?? NaN) + photons;
      dose = withBooking(dose, { exposureId: "x", spotIndex, fluencePhCm2: photons * peak });
      dose = withSettlement(dose, "x", photons * peak) ?? dose;
    }
    const truths = spots.map(
      (point) =>
        spots.reduce(
          (sum, spot, index) =>
            sum + (given[index] ?? NaN) * shape.relative(point.xMm - spot.xMm, point.yMm - spot.yMm),
          0,
        ) * shape.peakPerCm2,
    );
    for (const [index, { xMm, yMm }] of spots.entries())
      expect(offBy(settledFluenceAt(plan, dose, xMm, yMm), truths[index] ?? NaN)).toBeLessThan(0.01);
    // The choice of spots spreads the dose: no spot has a tenth more than another.
    expect(Math.max(...given) / Math.min(...given)).toBeLessThan(1.6);
    expect(Math.max(...truths) / Math.min(...truths)).toBeLessThan(1.5);
    const refused = doseRefusals({ ...plan, limits: [limit({ layerIndex: 0, doseGy: 1 })] }, dose, {
      spotIndex: 12,
      fluencePhCm2: 1e12 * peak,
      fluenceRatePhCm2S: 0,
    });
    const hottest = Math.max(
      ...spots.map(
        ({ xMm, yMm }, index) =>
          (truths[index] ?? NaN) + 1e12 * shape.peakPerCm2 * shape.relative(xMm - 1.2, yMm - 0.6),
      ),
    );
    expect(offBy(refused[0]?.wouldBe ?? NaN, 1e-12 * hottest)).toBeLessThan(0.01);
  });
});

function named(layer: (typeof COIN)[number]) {
  const { name, thicknessMm, densityGCm3, massFractions } = layer;
  return { name, thicknessMm, densityGCm3, massFractions };
}
