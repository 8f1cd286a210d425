import { describe, expect, test } from "vitest";
import { evaluateDoseCase } from "../../../protocols/dose/case.ts";
import type { StaticDoseResult } from "../../../protocols/dose/static-case.ts";
import { offBy, readTable, tables } from "./tables.ts";

interface Stacks {
  readonly example_stacks: Readonly<
    Record<string, { readonly layers: readonly (readonly [string, number, string])[] } | undefined>
  >;
}

function stackOf(id: string): readonly unknown[] {
  const { example_stacks: stacks } = readTable("materials.json") as Stacks;
  return (stacks[id]?.layers ?? []).map(([material, thicknessMm, name]) => ({
    name,
    material,
    thickness_mm: thicknessMm,
  }));
}

function evaluate(json: unknown): StaticDoseResult {
  const evaluated = evaluateDoseCase(tables, json);
  if (evaluated.kind !== "static") throw new Error("not a static case");
  return evaluated.result;
}

const within = 0.005;
const FIRST = { name: "can", material: "ss304", thickness_mm: 0.25 };

describe("a coin cell at 60 keV, 1e11 ph/s in half a millimetre square", () => {
  const json = {
    energy_keV: 60,
    flux_ph_s: 1e11,
    exposure_s: 10,
    beam: { profile: "tophat_rect", width_mm: 0.5, height_mm: 0.5 },
    layers: stackOf("coin2032_plain"),
  };
  const result = evaluate(json);

  test("lets 0.380 of the beam through", () => {
    expect(result.peak_fluence_rate_ph_cm2_s).toBeCloseTo(4e13, -2);
    expect(result.filter_transmission).toBe(1);
    expect(offBy(result.stack_transmission, 0.38)).toBeLessThan(within);
  });

  test.each([
    [0, 1.0, 358.7, 319.8],
    [1, 0.7914, 33.4, 33.4],
    [2, 0.7905, 185.7, 183.8],
    [3, 0.7744, 11.4, 11.4],
  ])("gives layer %d the published rates", (index, front, surface, mean) => {
    const layer = result.layers[index];
    expect(offBy(layer?.front_transmission, front)).toBeLessThan(within);
    expect(offBy(layer?.peak_dose_rate_surface_Gy_s, surface)).toBeLessThan(within);
    expect(offBy(layer?.peak_dose_rate_mean_Gy_s, mean)).toBeLessThan(within);
  });

  test("gives the lithium 4.0 Gy/s and the electrode 1.86 kGy in 10 s", () => {
    expect(Math.abs((result.layers[4]?.peak_dose_rate_surface_Gy_s ?? 0) - 4)).toBeLessThan(0.05);
    expect(offBy(result.layers[2]?.peak_dose_surface_Gy, 1857)).toBeLessThan(within);
    expect(result.layers[2]?.beam_averaged_dose_mean_Gy).toBe(result.layers[2]?.peak_dose_mean_Gy);
  });

  test("gives the electrode's phases the published rates, each with the layer's fluence", () => {
    const phases = [
      ["nmc811", 213.6],
      ["lp30", 9.6],
      ["pvdf", 9.6],
      ["carbon_black", 6.3],
    ] as const;
    const layers = json.layers.map((layer, index) =>
      index === 2 ? Object.assign({}, layer, { phases: phases.map(([id]) => ({ name: id, material: id })) }) : layer,
    );
    const [, , electrode] = evaluate({ ...json, layers }).layers;
    for (const [index, [id, rate]] of phases.entries()) {
      expect(electrode?.phases[index]?.name).toBe(id);
      expect(Math.abs((electrode?.phases[index]?.peak_dose_rate_mean_Gy_s ?? NaN) - rate)).toBeLessThan(0.01 * rate);
      expect(electrode?.phases[index]?.peak_dose_mean_Gy).toBeCloseTo(
        10 * (electrode?.phases[index]?.peak_dose_rate_mean_Gy_s ?? NaN),
        9,
      );
    }
    expect(electrode?.peak_dose_rate_surface_Gy_s).toBe(result.layers[2]?.peak_dose_rate_surface_Gy_s);
    expect(() => evaluate({ ...json, layers: [{ ...FIRST, phases: [{ name: "x", material: "nmc" }] }] })).toThrow(
      /is "nmc", which the table of materials does not have/,
    );
    expect(() => evaluate({ ...json, layers: [{ ...FIRST, phases: [{ name: "x" }] }] })).toThrow(
      /give material or mass_fractions/,
    );
  });

  test("gives 0.8825 of that in a Gaussian of the same width, and half of it on average over the beam", () => {
    const gaussian = evaluate({ ...json, beam: { profile: "gaussian", fwhm_x_mm: 0.5, fwhm_y_mm: 0.5 } });
    expect(
      offBy(gaussian.layers[2]?.peak_dose_mean_Gy, 0.88254 * (result.layers[2]?.peak_dose_mean_Gy ?? 0)),
    ).toBeLessThan(1e-4);
    expect(
      offBy(gaussian.layers[2]?.beam_averaged_dose_mean_Gy, (gaussian.layers[2]?.peak_dose_mean_Gy ?? 0) / 2),
    ).toBeLessThan(1e-12);
  });

  test.each([{ flux_ph_s: 0 }, { exposure_s: 0 }])("gives no dose with %o", (change) => {
    for (const layer of evaluate({ ...json, ...change }).layers) expect(layer.peak_dose_surface_Gy).toBe(0);
  });
});

test("the Kapton window cell at 8.4 keV: entrance dose twice the mean of its electrode", () => {
  const result = evaluate({
    energy_keV: 8.4,
    flux_ph_s: 1e10,
    exposure_s: 1,
    beam: { profile: "tophat_rect", width_mm: 1, height_mm: 0.3 },
    layers: stackOf("xas_kapton"),
  });
  expect(offBy(result.layers[1]?.peak_dose_rate_surface_Gy_s, 184)).toBeLessThan(within);
  expect(offBy(result.layers[1]?.peak_dose_rate_mean_Gy_s, 169)).toBeLessThan(within);
  expect(offBy(result.layers[2]?.peak_dose_rate_surface_Gy_s, 378)).toBeLessThan(within);
  expect(offBy(result.layers[2]?.peak_dose_rate_mean_Gy_s, 172)).toBeLessThan(within);
  expect(Math.abs((result.layers[3]?.peak_dose_rate_mean_Gy_s ?? 0) - 3.3)).toBeLessThan(0.06);
  expect(Math.abs((result.layers[4]?.peak_dose_rate_mean_Gy_s ?? 0) - 0.14)).toBeLessThan(0.006);
  expect(Math.abs(result.stack_transmission - 0.079)).toBeLessThan(0.0006);
});

describe("the published pouch cell at 27 keV", () => {
  const json = {
    energy_keV: 27,
    flux_ph_s: 2.44e10,
    exposure_s: 10631,
    beam: { profile: "tophat_rect", width_mm: 0.63, height_mm: 0.11 },
    layers: stackOf("pouch_nmc811_gr"),
  };

  // the figures are for the pure phase: its own composition behind the layers upstream. The electrolyte's composition
  // is not stated; its figures are those of the solvent without the salt (LP30 would come to 547 and 318 kGy).
  const asPhase = (index: number, material: string): unknown => ({
    ...json,
    layers: json.layers.map((layer, at) => (at === index ? { name: material, material, thickness_mm: 1e-9 } : layer)),
  });

  test.each([
    ["att", 3, "nmc811", 10744],
    ["att", 1, "graphite", 349],
    ["att", 1, "dmc", 471],
    ["en", 3, "nmc811", 9495],
    ["en", 1, "graphite", 126],
    ["en", 1, "dmc", 233],
  ])("as %s: layer %d, %s, comes to %d kGy", (convention, index, material, kiloGray) => {
    const whole = evaluate({ ...json, convention });
    const phase = evaluate({ ...(asPhase(index, material) as object), convention });
    // mean over the layer of the mixture, times the phase's share of its absorption
    const layer = whole.layers[index];
    const share = (layer?.peak_dose_mean_Gy ?? 0) / (layer?.peak_dose_surface_Gy ?? 0);
    expect(offBy((phase.layers[index]?.peak_dose_surface_Gy ?? 0) * share, kiloGray * 1e3)).toBeLessThan(0.01);
  });

  test.each([
    ["att", 21703],
    ["en", 18960],
  ])("as %s: its copper comes to %d kGy", (convention, kiloGray) => {
    const [copper] = evaluate({ ...json, convention }).layers;
    expect(offBy(copper?.peak_dose_mean_Gy, kiloGray * 1e3)).toBeLessThan(0.01);
  });
});
