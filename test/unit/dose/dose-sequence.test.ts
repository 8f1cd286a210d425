import { describe, expect, test } from "vitest";
import { evaluateDoseCase } from "../../../protocols/dose/case.ts";
import type { SequenceDoseResult } from "../../../protocols/dose/sequence.ts";
import { offBy, tables } from "./tables.ts";

function evaluate(json: unknown): SequenceDoseResult {
  const evaluated = evaluateDoseCase(tables, json);
  if (evaluated.kind !== "sequence") throw new Error("not a sequence case");
  return evaluated.result;
}

interface Given {
  readonly x_mm: number;
  readonly y_mm?: number;
  readonly duration_s?: number;
  readonly ring_current_start_mA?: number;
  readonly ring_current_end_mA?: number;
  readonly filter_transmission?: number;
  readonly cycle?: number;
}

function exposure(given: Given): Required<Given> {
  return {
    y_mm: 0,
    duration_s: 10,
    ring_current_start_mA: 200,
    ring_current_end_mA: 200,
    filter_transmission: 1,
    cycle: 1,
    ...given,
  };
}

const base = {
  energy_keV: 60,
  flux_ref_ph_s: 1e11,
  ring_current_ref_mA: 200,
  beam: { profile: "tophat_rect", width_mm: 0.5, height_mm: 0.5 },
  layers: [
    { name: "can", material: "ss304", thickness_mm: 0.25 },
    { name: "foil", material: "al", thickness_mm: 0.015 },
    { name: "cathode", material: "electrode_nmc811", thickness_mm: 0.07 },
  ],
  probes: [{ x_mm: 0, y_mm: 0 }],
  limit: null,
};

/** Worked example A: mean dose rate of the cathode in this beam at full current, and the same at its front face. */
const CATHODE_MEAN_GY_S = 183.769;
const CATHODE_SURFACE_GY_S = 185.668;

function cathode(result: SequenceDoseResult): SequenceDoseResult["layers"][number] {
  const layer = result.layers[2];
  if (layer === undefined) throw new Error("no cathode");
  return layer;
}

describe("a sequence of exposures", () => {
  test("follows the ring current: dose by its mean, rate by the larger end", () => {
    const result = cathode(
      evaluate({
        ...base,
        exposures: [exposure({ x_mm: 0, ring_current_start_mA: 100, ring_current_end_mA: 160, duration_s: 4 })],
      }),
    );
    expect(offBy(result.probes[0]?.dose_mean_Gy, CATHODE_MEAN_GY_S * 0.65 * 4)).toBeLessThan(1e-4);
    expect(offBy(result.probes[0]?.max_dose_rate_mean_Gy_s, CATHODE_MEAN_GY_S * 0.8)).toBeLessThan(1e-4);
    expect(result.hottest_point_dose_mean_Gy).toBe(result.probes[0]?.dose_mean_Gy);
  });

  test("takes the filters of the case and the exposure's own transmission both", () => {
    const filters = [{ name: "tin", material: "sn", thickness_mm: 0.1 }];
    const plain = evaluate({ ...base, exposures: [exposure({ x_mm: 0 })] });
    const filtered = evaluate({ ...base, filters, exposures: [exposure({ x_mm: 0, filter_transmission: 0.25 })] });
    expect(filtered.filter_transmission).toBeCloseTo(0.621, 3);
    const share = cathode(filtered).hottest_point_dose_mean_Gy / cathode(plain).hottest_point_dose_mean_Gy;
    expect(share).toBeCloseTo(0.25 * filtered.filter_transmission, 12);
  });

  test("adds where spots overlap and nowhere else, cycle by cycle", () => {
    const result = cathode(
      evaluate({
        ...base,
        exposures: [
          exposure({ x_mm: 0, cycle: 1 }),
          exposure({ x_mm: 0.3, cycle: 2, duration_s: 20 }),
          exposure({ x_mm: 2, cycle: 2, duration_s: 5 }),
          exposure({ x_mm: 0, cycle: 7, duration_s: 0 }),
        ],
        probes: [
          { x_mm: 0, y_mm: 0.2 },
          { x_mm: 0.2, y_mm: 0 },
          { x_mm: 2, y_mm: 0 },
          { x_mm: 1, y_mm: 0 },
        ],
      }),
    );
    const units = (value: number | undefined): number => Math.round(((value ?? 0) / CATHODE_MEAN_GY_S) * 1000) / 1000;
    expect(result.probes.map((probe) => units(probe.dose_mean_Gy))).toEqual([10, 30, 5, 0]);
    expect(result.probes.map((probe) => units(probe.max_dose_rate_mean_Gy_s))).toEqual([1, 1, 1, 0]);
    const cycles = result.dose_per_cycle_Gy_at_probes;
    expect(Object.keys(cycles)).toEqual(["1", "2", "7"]);
    expect(cycles["1"]?.map(units)).toEqual([10, 10, 0, 0]);
    expect(cycles["2"]?.map(units)).toEqual([0, 20, 5, 0]);
    expect(cycles["7"]).toEqual([0, 0, 0, 0]);
    expect(result.own_peak_dose_of_each_exposure_Gy.map(units)).toEqual([10, 20, 5, 0]);
    expect(units(result.hottest_point_dose_mean_Gy)).toBe(30);
  });

  test("of two Gaussian spots is hottest between them, higher than at either centre", () => {
    const result = cathode(
      evaluate({
        ...base,
        beam: { profile: "gaussian", fwhm_x_mm: 0.5, fwhm_y_mm: 0.5 },
        exposures: [exposure({ x_mm: 0 }), exposure({ x_mm: 0.25, y_mm: 0.25 })],
      }),
    );
    const peak = result.own_peak_dose_of_each_exposure_Gy[0] ?? 0;
    expect(offBy(peak, CATHODE_MEAN_GY_S * 10 * 0.88254)).toBeLessThan(1e-4);
    expect(offBy(result.hottest_point_dose_mean_Gy, 2 * peak * 2 ** (-4 * (0.125 / 0.5) ** 2 * 2))).toBeLessThan(1e-6);
    expect(result.hottest_point_dose_mean_Gy).toBeGreaterThan(result.probes[0]?.dose_mean_Gy ?? Infinity);
  });

  test("of nothing gives nothing", () => {
    const result = evaluate({ ...base, exposures: [], limit: { layer: 2, dose_Gy: 1 } });
    expect(result.hottest_point).toBeNull();
    expect(cathode(result).hottest_point_dose_mean_Gy).toBe(0);
    expect(cathode(result).dose_per_cycle_Gy_at_probes).toEqual({});
    expect(result.limit).toEqual({
      accepted_exposures: [],
      refusal_reasons: [],
      required_filter_transmission_for_rate_limit: [],
    });
  });
});

describe("a limit", () => {
  const perExposureGy = CATHODE_MEAN_GY_S * 10;

  test("refuses what would pass it on this spot, delivers none of that, and judges the later ones", () => {
    const result = evaluate({
      ...base,
      exposures: [
        exposure({ x_mm: 0, cycle: 1 }),
        exposure({ x_mm: 0.1, cycle: 1 }),
        exposure({ x_mm: 0.05, cycle: 2 }),
        exposure({ x_mm: 0.2, cycle: 2, duration_s: 4 }),
        exposure({ x_mm: 3, cycle: 3 }),
      ],
      probes: [{ x_mm: 0.15, y_mm: 0 }],
      limit: { layer: 2, dose_Gy: perExposureGy * 2.5 },
    });
    expect(result.limit?.accepted_exposures).toEqual([0, 1, 3, 4]);
    expect(result.limit?.refusal_reasons).toEqual([[], [], ["dose"], [], []]);
    expect(offBy(cathode(result).hottest_point_dose_mean_Gy, perExposureGy * 2.4)).toBeLessThan(1e-4);
    expect(cathode(result).own_peak_dose_of_each_exposure_Gy[2]).toBeGreaterThan(0);
    expect(offBy(cathode(result).dose_per_cycle_Gy_at_probes["2"]?.[0], perExposureGy * 0.4)).toBeLessThan(1e-4);
  });

  test("leaves a cycle of refused exposures with zeros, and their rates out of the probes", () => {
    const result = evaluate({
      ...base,
      exposures: [exposure({ x_mm: 0, filter_transmission: 0.5 }), exposure({ x_mm: 0, cycle: 2 })],
      limit: { layer: 2, dose_rate_Gy_s: 100 },
    });
    expect(result.limit?.refusal_reasons).toEqual([[], ["dose_rate"]]);
    expect(cathode(result).dose_per_cycle_Gy_at_probes["2"]).toEqual([0]);
    expect(offBy(cathode(result).probes[0]?.max_dose_rate_mean_Gy_s, CATHODE_MEAN_GY_S / 2)).toBeLessThan(1e-4);
  });

  test("is kept by exactly as many exposures as it is worth", () => {
    const [first] = cathode(
      evaluate({ ...base, exposures: [exposure({ x_mm: 0 })] }),
    ).own_peak_dose_of_each_exposure_Gy;
    const exposures = Array.from({ length: 5 }, () => exposure({ x_mm: 0 }));
    const judged = evaluate({ ...base, exposures, limit: { layer: 2, dose_Gy: (first ?? 0) * 3 } });
    expect(judged.limit?.accepted_exposures).toEqual([0, 1, 2]);
  });

  test("on the rate looks at the larger current, also of an exposure that begins below it", () => {
    const exposures = [
      exposure({ x_mm: 0, ring_current_start_mA: 100, ring_current_end_mA: 200 }),
      exposure({ x_mm: 1, ring_current_start_mA: 200, ring_current_end_mA: 100 }),
      exposure({ x_mm: 2, ring_current_start_mA: 150, ring_current_end_mA: 150 }),
      exposure({ x_mm: 3, ring_current_start_mA: 0, ring_current_end_mA: 0 }),
    ];
    const judged = evaluate({ ...base, exposures, limit: { layer: 2, dose_rate_Gy_s: 150 } });
    expect(judged.limit?.refusal_reasons).toEqual([["dose_rate"], ["dose_rate"], [], []]);
    const required = judged.limit?.required_filter_transmission_for_rate_limit ?? [];
    expect(offBy(required[0], 150 / CATHODE_MEAN_GY_S)).toBeLessThan(1e-4);
    expect(required.slice(1)).toEqual([required[0], 1, 1]);
    const obeyed = exposures.map((given, index) => ({ ...given, filter_transmission: required[index] }));
    const again = evaluate({ ...base, exposures: obeyed, limit: { layer: 2, dose_rate_Gy_s: 150 } });
    expect(again.limit?.accepted_exposures).toEqual([0, 1, 2, 3]);
  });

  test("gives both reasons when both are passed", () => {
    const judged = evaluate({
      ...base,
      exposures: [exposure({ x_mm: 0 })],
      limit: { layer: 2, dose_Gy: 1, dose_rate_Gy_s: 1 },
    });
    expect(judged.limit?.refusal_reasons).toEqual([["dose", "dose_rate"]]);
  });

  test("without a rate asks for no filter", () => {
    const judged = evaluate({
      ...base,
      exposures: [exposure({ x_mm: 0 })],
      limit: { layer: 2, dose_Gy: 1e9, dose_rate_Gy_s: null },
    });
    expect(judged.limit?.required_filter_transmission_for_rate_limit).toEqual([1]);
  });

  test("on the mean lets pass what one on the surface refuses", () => {
    const betweenGyS = (CATHODE_MEAN_GY_S + CATHODE_SURFACE_GY_S) / 2;
    const at = (location: object): readonly (readonly string[])[] | undefined =>
      evaluate({
        ...base,
        exposures: [exposure({ x_mm: 0 })],
        limit: { layer: 2, dose_Gy: betweenGyS * 10, dose_rate_Gy_s: betweenGyS, ...location },
      }).limit?.refusal_reasons;
    expect(at({})).toEqual([[]]);
    expect(at({ location: "mean" })).toEqual([[]]);
    expect(at({ location: "surface" })).toEqual([["dose", "dose_rate"]]);
  });

  test("of a layer that no light reaches is never passed", () => {
    const judged = evaluate({
      ...base,
      energy_keV: 8,
      layers: [{ name: "wall", material: "ss304", thickness_mm: 20 }, ...base.layers],
      exposures: [exposure({ x_mm: 0, duration_s: 1e6 })],
      limit: { layer: 3, dose_Gy: 0, dose_rate_Gy_s: 0 },
    });
    expect(judged.limit?.refusal_reasons).toEqual([[]]);
  });

  test("of nothing at all accepts only what gives nothing", () => {
    const judged = evaluate({
      ...base,
      exposures: [
        exposure({ x_mm: 0, duration_s: 0 }),
        exposure({ x_mm: 0 }),
        exposure({ x_mm: 0, filter_transmission: 0 }),
      ],
      limit: { layer: 2, dose_Gy: 0 },
    });
    expect(judged.limit?.refusal_reasons).toEqual([[], ["dose"], []]);
  });

  test("judges a Gaussian where two spots that each keep it meet", () => {
    const beam = { profile: "gaussian", fwhm_x_mm: 0.5, fwhm_y_mm: 0.5 };
    const exposures = [exposure({ x_mm: 0 }), exposure({ x_mm: 0.3 })];
    // midway: 2 x 2^(-4 x 0.3^2) = 1.558 of one peak; at either centre 1.3689
    const peak = perExposureGy * 0.88254;
    const judged = (share: number): readonly number[] | undefined =>
      evaluate({ ...base, beam, exposures, limit: { layer: 2, dose_Gy: peak * share } }).limit?.accepted_exposures;
    expect(judged(1.55)).toEqual([0]);
    expect(judged(1.56)).toEqual([0, 1]);
  });
});
