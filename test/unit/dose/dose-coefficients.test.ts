import { describe, expect, test } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import { parseAttenuationTables } from "../../../protocols/dose/attenuation.ts";
import { filterTransmission } from "../../../protocols/dose/filters.ts";
import { comptonEnergyFraction } from "../../../protocols/dose/klein-nishina.ts";
import { stackCoefficients, type DoseConvention } from "../../../protocols/dose/layer-stack.ts";
import { layerOf, offBy, readTable, tables } from "./tables.ts";

function transmission(id: string, thicknessMm: number, energyKeV: number): number {
  return stackCoefficients(tables, { energyKeV, tiltDeg: 0, convention: "en", layers: [layerOf(id, thicknessMm)] })
    .stackTransmission;
}

function surfaceGy(id: string, energyKeV: number, convention: DoseConvention = "en"): number {
  const [layer] = stackCoefficients(tables, { energyKeV, tiltDeg: 0, convention, layers: [layerOf(id, 0.01)] }).layers;
  return layer?.surfaceGyPerPhCm2 ?? Number.NaN;
}

describe("coefficients of materials", () => {
  const published: readonly [id: string, energyKeV: number, mu: number, muEn: number][] = [
    ["graphite", 12, 1.43, 1.16],
    ["lp30", 12, 3.17, 2.84],
    ["lfp", 12, 43.1, 36.6],
    ["nmc111", 12, 68.2, 54.9],
    ["nmc811", 12, 75.8, 59.3],
    ["ss304", 12, 103, 85.5],
    ["graphite", 20, 0.442, 0.224],
    ["lp30", 20, 0.817, 0.57],
    ["ss304", 20, 25.1, 22.1],
    ["graphite", 60, 0.175, 0.021],
    ["lp30", 60, 0.195, 0.0319],
    ["lfp", 60, 0.579, 0.386],
    ["nmc811", 60, 0.942, 0.71],
    ["ss304", 60, 1.18, 0.933],
    ["nmc111", 100, 0.295, 0.15],
    ["ss304", 100, 0.367, 0.213],
  ];
  test.each(published)("%s at %d keV attenuates and absorbs as published", (id, energyKeV, mu, muEn) => {
    const found = tables.coefficients(tables.material(id)?.massFractions ?? {}, energyKeV);
    expect(offBy(found.muCm2G, mu)).toBeLessThan(0.006);
    expect(offBy(found.muEnCm2G, muEn)).toBeLessThan(0.006);
  });

  test("between two points of the table the logarithms are interpolated", () => {
    const made = parseAttenuationTables(
      {
        format: "xray-mass-attenuation/1",
        elements: {
          C: { energy: [10, 40, 50], mu: [16, 4, 1], mu_photo: [8, 2, 1], mu_inc: [1, 4, 4], mu_en: [1, 1, 1] },
        },
      },
      { format: "xray-materials/1", materials: {} },
    );
    const at20 = made.coefficients({ C: 0.5 }, 20);
    expect(at20.muCm2G).toBeCloseTo(4, 12);
    expect(at20.muPhotoCm2G).toBeCloseTo(2, 12);
    expect(at20.muIncCm2G).toBeCloseTo(1, 12);
    expect(at20.muEnCm2G).toBeCloseTo(0.5, 12);
    expect(made.coefficients({ C: 1 }, 50).muCm2G).toBeCloseTo(1, 12);
  });

  test.each([3.999, 150.001, 0, -60, Number.NaN, Infinity])(
    "an energy of %d keV is refused, not extrapolated",
    (keV) => {
      expect(() => tables.coefficients({ Fe: 1 }, keV)).toThrow(Fault);
    },
  );

  test("an element without coefficients is refused, also one that objects know by themselves", () => {
    expect(() => tables.coefficients({ Xx: 1 }, 60)).toThrow(/Xx/);
    expect(() => tables.coefficients({ constructor: 1 }, 60)).toThrow(/constructor/);
    expect(tables.material("constructor")).toBeUndefined();
  });

  test("a damaged table is refused with the place in it", () => {
    const materials = readTable("materials.json");
    const falling = { energy: [10, 9], mu: [1, 1], mu_photo: [1, 1], mu_inc: [1, 1], mu_en: [1, 1] };
    const parse = (elements: unknown): unknown =>
      parseAttenuationTables({ format: "xray-mass-attenuation/1", elements }, materials);
    expect(() => parse({ C: falling })).toThrow(Fault);
    expect(() => parse({ C: { ...falling, energy: [9, 10, 11] } })).toThrow(/3 values/);
    expect(() => parse({ C: { ...falling, energy: [9, 10], mu: [1, 0] } })).toThrow(Fault);
    expect(() => parseAttenuationTables(null, materials)).toThrow(Fault);
  });
});

describe("the Compton electron's share", () => {
  test.each([
    [10, 0.0188],
    [20, 0.0361],
    [30, 0.052],
    [50, 0.0807],
    [60, 0.0936],
    [80, 0.1171],
    [100, 0.138],
    [150, 0.1816],
  ])("at %d keV is %d", (energyKeV, share) => {
    expect(Math.abs(comptonEnergyFraction(energyKeV) - share)).toBeLessThan(0.00006);
  });

  test.each([4, 8.4, 27, 60, 150])(
    "at %d keV is what the angles of the Klein-Nishina formula add up to",
    (energyKeV) => {
      const k = energyKeV / 510.999;
      let total = 0;
      let given = 0;
      const steps = 20_000;
      for (let step = 0; step < steps; step++) {
        const cosine = -1 + (2 * (step + 0.5)) / steps;
        const ratio = 1 / (1 + k * (1 - cosine));
        const perAngle = ratio ** 2 * (ratio + 1 / ratio - 1 + cosine ** 2);
        total += perAngle;
        given += perAngle * (1 - ratio);
      }
      expect(offBy(comptonEnergyFraction(energyKeV), given / total)).toBeLessThan(1e-6);
    },
  );
});

describe("transmission", () => {
  const energiesKeV = [7.2, 8.4, 12, 15, 20, 30, 50, 60, 80, 100] as const;
  const layers: readonly [id: string, thicknessMm: number, ...values: (number | null)[]][] = [
    ["ss304", 0.25, null, null, 1.4e-9, 1.6e-5, 0.0069, 0.205, 0.684, 0.791, 0.89, 0.93],
    ["ss316l", 0.25, null, null, 1.3e-9, 1.5e-5, 0.0048, 0.18, 0.662, 0.776, 0.883, 0.926],
    ["al", 0.015, 0.758, 0.838, 0.94, 0.968, 0.986, 0.995, 0.999, 0.999, 0.999, 0.999],
    ["cu", 0.01, 0.534, 0.662, 0.297, 0.515, 0.739, 0.907, 0.977, 0.986, 0.993, 0.996],
    ["kapton", 0.05, 0.942, 0.963, 0.987, 0.993, 0.996, 0.998, 0.999, 0.999, 0.999, 0.999],
    ["glassy_carbon", 1, 0.409, 0.57, 0.817, 0.892, 0.939, 0.964, 0.974, 0.975, 0.977, 0.979],
    ["electrode_nmc811", 0.07, 0.264, 0.017, 0.199, 0.415, 0.67, 0.878, 0.968, 0.98, 0.989, 0.993],
    ["electrode_lfp", 0.07, 0.091, 0.199, 0.54, 0.716, 0.86, 0.952, 0.987, 0.991, 0.995, 0.996],
    ["air", 1000, 0.195, 0.356, 0.695, 0.823, 0.91, 0.958, 0.975, 0.978, 0.98, 0.982],
  ];
  test.each(layers)("of %s, %d mm, is as published", (id, thicknessMm, ...values) => {
    for (const [index, energyKeV] of energiesKeV.entries()) {
      const value = values[index] ?? null;
      if (value === null) continue;
      const rounding = value < 1e-3 ? 0.05 * value : value < 0.1 ? 0.0006 : 0.0011;
      expect(Math.abs(transmission(id, thicknessMm, energyKeV) - value)).toBeLessThan(rounding);
    }
  });

  test("of thick steel at 8 keV is zero, and no dose behind it is not a number", () => {
    const { layers: found, stackTransmission } = stackCoefficients(tables, {
      energyKeV: 8,
      tiltDeg: 0,
      convention: "loc",
      layers: [layerOf("ss304", 5), layerOf("li", 0.4)],
    });
    expect(stackTransmission).toBe(0);
    expect(found[1]).toEqual({ name: "li", frontTransmission: 0, surfaceGyPerPhCm2: 0, meanGyPerPhCm2: 0 });
    expect(found[0]?.meanGyPerPhCm2).toBeGreaterThan(0);
  });

  test.each([
    ["al", 1, 0.928, 0.947, 0.955],
    ["cu", 0.1, 0.867, 0.934, 0.96],
    ["cu", 0.5, 0.49, 0.711, 0.814],
    ["mo", 0.1, 0.645, 0.817, 0.894],
    ["sn", 0.1, 0.621, 0.803, 0.885],
  ])("of a filter of %s, %d mm, is as published", (id, thicknessMm, ...values) => {
    for (const [index, energyKeV] of [60, 80, 100].entries()) {
      const found = filterTransmission(tables, [layerOf(id, thicknessMm)], energyKeV);
      expect(Math.abs(found - (values[index] ?? Number.NaN))).toBeLessThan(0.001);
    }
  });

  test("of several filters is the product, and of none is 1", () => {
    const [al, cu] = [layerOf("al", 1), layerOf("cu", 0.1)];
    const each = [al, cu].map((filter) => filterTransmission(tables, [filter], 60));
    expect(filterTransmission(tables, [al, cu], 60)).toBeCloseTo((each[0] ?? 0) * (each[1] ?? 0), 14);
    expect(filterTransmission(tables, [], 60)).toBe(1);
  });
});

describe("dose per fluence", () => {
  const energiesKeV = [8.4, 12, 20, 30, 60, 80, 100] as const;
  test.each([
    ["graphite", 489, 222, 71.7, 31.8, 20.2, 26.1, 34.4],
    ["lp30", 1160, 546, 183, 78.1, 30.7, 32.3, 38.9],
    ["lfp", 12100, 7030, 2950, 1400, 371, 220, 156],
    ["nmc811", 17800, 11400, 5110, 2510, 683, 398, 270],
    ["lno", 18100, 11700, 5310, 2620, 715, 417, 282],
    ["al", 5730, 2830, 992, 422, 106, 70.7, 60.9],
    ["ss304", 27300, 16400, 7080, 3410, 897, 514, 341],
  ])("of %s is as published from 8.4 to 100 keV", (id, ...values) => {
    for (const [index, energyKeV] of energiesKeV.entries()) {
      expect(offBy(surfaceGy(id, energyKeV) * 1e14, values[index] ?? Number.NaN)).toBeLessThan(0.005);
    }
  });

  test.each([
    ["graphite", 12, 1.12, 1.0],
    ["graphite", 60, 7.9, 0.98],
    ["lp30", 27, 1.72, 1.0],
    ["lp30", 100, 6.4, 0.99],
    ["lfp", 12, 1.17, 1.16],
    ["lfp", 60, 1.38, 1.03],
    ["nmc811", 27, 1.13, 1.11],
    ["nmc811", 100, 1.72, 1.03],
  ])("of %s at %d keV differs between the conventions as published", (id, energyKeV, attOverEn, locOverEn) => {
    const en = surfaceGy(id, energyKeV);
    expect(offBy(surfaceGy(id, energyKeV, "att") / en, attOverEn)).toBeLessThan(0.01);
    expect(offBy(surfaceGy(id, energyKeV, "loc") / en, locOverEn)).toBeLessThan(0.01);
  });

  test("is the surface dose for a layer too thin to attenuate, without cancellation", () => {
    for (const thicknessMm of [1e-3, 1e-9, 1e-15, 1e-25, 1e-320]) {
      const [layer] = stackCoefficients(tables, {
        energyKeV: 60,
        tiltDeg: 0,
        convention: "en",
        layers: [layerOf("electrode_lfp", thicknessMm)],
      }).layers;
      expect(offBy(layer?.meanGyPerPhCm2, layer?.surfaceGyPerPhCm2 ?? 0)).toBeLessThan(1e-3);
    }
  });

  test("of a tilted stack is that of a thicker one: 60 degrees double every path and nothing else", () => {
    const layers = (factor: number) => [layerOf("ss304", 0.25 * factor), layerOf("electrode_lno", 0.07 * factor)];
    const tilted = stackCoefficients(tables, { energyKeV: 40, tiltDeg: 60, convention: "en", layers: layers(1) });
    const thicker = stackCoefficients(tables, { energyKeV: 40, tiltDeg: 0, convention: "en", layers: layers(2) });
    expect(offBy(tilted.stackTransmission, thicker.stackTransmission)).toBeLessThan(1e-12);
    expect(offBy(tilted.layers[1]?.meanGyPerPhCm2, thicker.layers[1]?.meanGyPerPhCm2 ?? 0)).toBeLessThan(1e-12);
  });

  test("averaged over a layer is what an integral through its thickness gives", () => {
    const steel = layerOf("ss304", 0.25);
    const stack = stackCoefficients(tables, { energyKeV: 30, tiltDeg: 0, convention: "en", layers: [steel] });
    const mu = tables.coefficients(steel.massFractions, 30).muCm2G * steel.densityGCm3 * 0.025;
    let integral = 0;
    for (let slice = 0; slice < 10_000; slice++) integral += Math.exp((-mu * (slice + 0.5)) / 10_000) / 10_000;
    const [layer] = stack.layers;
    expect(offBy(layer?.meanGyPerPhCm2, (layer?.surfaceGyPerPhCm2 ?? 0) * integral)).toBeLessThan(1e-6);
  });
});
