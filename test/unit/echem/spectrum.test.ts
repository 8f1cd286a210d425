import { describe, expect, it } from "vitest";
import {
  frequencyAtHz,
  placeWithS,
  pointLongestS,
  spectrumExpectedS,
  spectrumLongestS,
} from "../../../protocols/echem/spectrum-plan.ts";
import { spectrumResistances, type SpectrumPointOhm } from "../../../protocols/echem/spectrum-resistances.ts";
import { cellParameters } from "../../../simulator/cell/cell-parameters.ts";
import { createCellPlant } from "../../../simulator/cell/cell-plant.ts";
import { createCell } from "../../../simulator/cell/cell.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { TABLES } from "../../support/cell-cases.ts";

const PLAN = { startFrequencyHz: 1e4, endFrequencyHz: 0.1, pointCount: 31, sweepCount: 2 };

describe("the plan of a spectrum", () => {
  it("takes as long as its points together", () => {
    const points = Array.from({ length: 31 }, (_, index) => frequencyAtHz(PLAN, index));
    expect(points[0]).toBe(1e4);
    expect(points[30]).toBe(0.1);
    expect((points[7] ?? NaN) / (points[6] ?? NaN)).toBeCloseTo(10 ** (-1 / 6), 9);
    const longestS = 2 * points.reduce((sum, hz) => sum + pointLongestS(hz), 0);
    expect(spectrumLongestS(PLAN)).toBeCloseTo(longestS, 6);
    expect(spectrumExpectedS(PLAN)).toBeLessThan(longestS);
    expect(spectrumExpectedS(PLAN)).toBeGreaterThan(longestS / 3);
  });

  it("is the same length either way, and one point where both ends are the same", () => {
    const up = { ...PLAN, startFrequencyHz: 0.1, endFrequencyHz: 1e4 };
    expect(spectrumLongestS(up)).toBeCloseTo(spectrumLongestS(PLAN), 6);
    const one = { startFrequencyHz: 10, endFrequencyHz: 10, pointCount: 1, sweepCount: 3 };
    expect(spectrumLongestS(one)).toBeCloseTo(3 * pointLongestS(10), 9);
    expect(placeWithS(one, 1)).toEqual({ sweep: 2, point: 0 });
  });

  it("goes on after a break at a point that was not yet over, never behind one", () => {
    const wholeS = spectrumLongestS(PLAN);
    expect(placeWithS(PLAN, wholeS)).toEqual({ sweep: 0, point: 0 });
    expect(placeWithS(PLAN, wholeS / 2)).toEqual({ sweep: 1, point: 0 });
    expect(placeWithS(PLAN, 0)).toEqual({ sweep: 1, point: 30 });
    expect(placeWithS(PLAN, -5)).toEqual({ sweep: 1, point: 30 });
    let gone = 0;
    for (let point = 0; point < 31; point += 1) {
      expect(placeWithS(PLAN, wholeS - gone - 1e-3)).toEqual({ sweep: 0, point });
      gone += pointLongestS(frequencyAtHz(PLAN, point));
    }
  });
});

/** A resistance, an arc, and the slope of diffusion, or without it. */
function points(transferOhm: number, diffusionOhm: number, inductanceH = 0): SpectrumPointOhm[] {
  return Array.from({ length: 43 }, (_, index) => {
    const frequencyHz = 2e4 * 10 ** (-index / 6);
    const omega = 2 * Math.PI * frequencyHz;
    const load = omega * transferOhm * 1e-3;
    const size = 1 + load * load;
    const slope = diffusionOhm / Math.sqrt(2 * omega);
    return {
      frequencyHz,
      zRealOhm: 5 + transferOhm / size + slope,
      zImagOhm: (-transferOhm * load) / size - slope + omega * inductanceH,
    };
  });
}

describe("the resistances of a spectrum", () => {
  it("are those of the circuit it comes from", () => {
    const found = spectrumResistances(points(20, 1));
    expect(found?.seriesOhm).toBeCloseTo(5, 1);
    expect(found?.chargeTransferOhm).toBeGreaterThan(20);
    expect(found?.chargeTransferOhm).toBeLessThan(21.5);
  });

  it("count the series resistance where inductance gives way", () => {
    const found = spectrumResistances(points(20, 1, 2e-6));
    expect(found?.seriesOhm).toBeCloseTo(5, 1);
    expect(found?.chargeTransferOhm).toBeLessThan(21.5);
  });

  it("say of an arc that has no foot, or of none at all, that there is none", () => {
    expect(spectrumResistances(points(20, 1).slice(0, 14))?.chargeTransferOhm).toBeNull();
    expect(spectrumResistances(points(1e-6, 3))?.chargeTransferOhm).toBeNull();
  });

  it("hold whatever the order, and average what was measured more than once", () => {
    const once = points(20, 1);
    const shifted = once.map((point) => ({ ...point, zRealOhm: point.zRealOhm + 0.2 }));
    const found = spectrumResistances([...once, ...shifted].reverse());
    const [low, high] = [spectrumResistances(once)?.seriesOhm ?? NaN, spectrumResistances(shifted)?.seriesOhm ?? NaN];
    expect(found?.seriesOhm).toBeCloseTo((low + high) / 2, 9);
  });

  it("are not made up from a point, or from what is no number", () => {
    expect(spectrumResistances([])).toBeNull();
    expect(spectrumResistances(points(20, 1).slice(0, 1))).toBeNull();
    expect(spectrumResistances([{ frequencyHz: 1, zRealOhm: NaN, zImagOhm: 1 }, ...points(20, 1)])).toBeNull();
  });

  it.each([
    ["nmc811-graphite-siox", 0.5],
    ["nmc811-graphite-siox", 0.05],
    ["lno-graphite", 0.5],
    ["lco-graphite", 0.8],
    ["lfp-graphite", 0.2],
  ] as const)("of a simulated %s cell at %s are its own within a tenth, noise included", (id, soc) => {
    const design = TABLES.designOf(id);
    const parameters = cellParameters(design, TABLES.models);
    const sine = { inductanceH: 2e-7, phaseExponent: 1 };
    const cell = createCell(design, parameters, { soc });
    const plant = createCellPlant(cell, 0, { sine });
    const chance = createChance(3);
    const noisy = points(1, 0).map(({ frequencyHz }) => {
      const truth = plant.impedanceOhm(frequencyHz);
      const size = 1 + 0.002 * chance.normal();
      return { frequencyHz, zRealOhm: truth.re * size, zImagOhm: truth.im * size };
    });
    const transferOhm = [
      [parameters.negative, cell.state.negativeMean] as const,
      [parameters.positive, cell.state.positiveMean] as const,
    ].reduce((sum, [electrode, site]) => {
      const exchangeA =
        electrode.exchangeAM2 * Math.sqrt(parameters.electrolyteC0 * site * (1 - site)) * electrode.surfaceM2;
      return sum + (8.314 * parameters.temperatureK) / 96485 / exchangeA;
    }, 0);
    const found = spectrumResistances(noisy);
    expect(Math.abs((found?.seriesOhm ?? NaN) / cell.seriesOhm() - 1)).toBeLessThan(0.1);
    // The electrolyte's own slow part stands in front of the foot too.
    expect((found?.chargeTransferOhm ?? NaN) / transferOhm).toBeGreaterThan(0.95);
    expect((found?.chargeTransferOhm ?? NaN) - transferOhm).toBeLessThan(0.1 * transferOhm + 1);
  });
});
