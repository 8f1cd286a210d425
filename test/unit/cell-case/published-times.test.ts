import { describe, expect, it } from "vitest";
import { electrolyteModes } from "../../../simulator/cell/electrolyte-modes.ts";
import { overriddenDesign } from "../../../simulator/cell/design-overrides.ts";
import { DESIGN_IDS, runCase, TABLES } from "../../support/cell-cases.ts";

/**
 * Seconds to the lower limit of the published full-size cells at C/20, 1C and 2C: single particle model with
 * electrolyte, PyBaMM 23.9. At 2C the thick coatings of the LG M50 drive the salt almost out of the positive, where
 * averages over an electrode say little: the published models differ by half a per cent among themselves there.
 */
const FULL_SIZE = [
  {
    cell: "nmc811-graphite-siox",
    overrides: {
      cell: { area_m2: 0.1027, contactResistance_ohm: 0, nominalCapacity_mAh: 5000 },
      negative: { thickness_m: 85.2e-6 },
      separator: { thickness_m: 12e-6 },
      positive: { thickness_m: 75.6e-6 },
    },
    initial: { negative_stoichiometry: 29866 / 33133, positive_stoichiometry: 17038 / 63104 },
    currentMa: 5000,
    limitV: 2.5,
    seconds: [73293, 3555.7, 1712.3],
    within: [0.0002, 0.0005, 0.003],
  },
  {
    cell: "lco-graphite",
    overrides: {
      cell: { area_m2: 0.028359, contactResistance_ohm: 0, nominalCapacity_mAh: 680.616 },
      negative: { thickness_m: 100e-6 },
      separator: { thickness_m: 25e-6 },
      positive: { thickness_m: 100e-6 },
    },
    initial: { negative_stoichiometry: 0.8, positive_stoichiometry: 0.6 },
    currentMa: 680.616,
    limitV: 3.105,
    seconds: [74221, 3618, 1765.9],
    within: [0.0002, 0.0002, 0.0002],
  },
  {
    cell: "lfp-graphite",
    overrides: { cell: { area_m2: 0.18, contactResistance_ohm: 0, nominalCapacity_mAh: 2300 } },
    initial: { soc: 1 },
    currentMa: 2300,
    limitV: 2,
    seconds: [71512, 3033.8, 1249.7],
    within: [0.0002, 0.0002, 0.0002],
  },
] as const;

describe("published full-size cells", () => {
  it.each(FULL_SIZE)("$cell discharges as long as the published model", (published) => {
    for (const [index, rateC] of [0.05, 1, 2].entries()) {
      const result = runCase({
        cell: published.cell,
        overrides: published.overrides,
        initial: published.initial,
        sample_s: 3600,
        steps: [
          { step: "constant_current", current_mA: -published.currentMa * rateC, until_voltage_V: published.limitV },
        ],
      });
      const error = Math.abs((result.steps[0]?.end_s ?? NaN) / (published.seconds[index] ?? NaN) - 1);
      expect(error).toBeLessThan(published.within[index] ?? 0);
    }
  });
});

describe("overrides", () => {
  it.each(DESIGN_IDS)("find the tabulated modes of %s again from its transport", (id) => {
    const design = TABLES.designOf(id);
    const found = electrolyteModes(design, 6);
    const { modes } = design.electrolyteModes;
    for (const tabulated of modes) {
      const nearest = found.modes.find((mode) => Math.abs(mode.rate_per_s / tabulated.rate_per_s - 1) < 1e-4);
      for (const [region, gain] of tabulated.gain_mol_m3_per_A_m2_s.entries()) {
        expect(Math.abs((nearest?.gain_mol_m3_per_A_m2_s[region] ?? NaN) - gain)).toBeLessThan(2e-5);
      }
    }
    for (const region of [0, 1, 2] as const) {
      const steady = (of: typeof found): number =>
        of.modes.reduce(
          (sum, mode) => sum + mode.gain_mol_m3_per_A_m2_s[region] / mode.rate_per_s,
          of.quasiStatic_mol_m3_per_A_m2[region],
        );
      expect(steady(found)).toBeCloseTo(steady(design.electrolyteModes), 3);
    }
  });

  it.each(DESIGN_IDS)("find the tabulated limits of %s again when its disc is another", (id) => {
    const base = TABLES.designOf(id);
    const disc = overriddenDesign(base, { cell: { discDiameter_m: 0.012 } });
    expect(disc.cell.area_m2).toBeCloseTo(1.131e-4, 7);
    for (const name of ["x100", "y100", "x0", "y0"] as const) {
      expect(disc.stoichiometry[name]).toBeCloseTo(base.stoichiometry[name], 7);
    }
    expect(disc.cell.nominalCapacity_mAh / base.cell.nominalCapacity_mAh).toBeCloseTo((12 / 14) ** 2, 6);
  });

  it("say the same with dotted names", () => {
    const base = TABLES.designOf("lno-graphite");
    expect(overriddenDesign(base, { "negative.thickness_m": 6e-5, "cell.contactResistance_ohm": 0 })).toEqual(
      overriddenDesign(base, { negative: { thickness_m: 6e-5 }, cell: { contactResistance_ohm: 0 } }),
    );
  });

  it("leave a design alone that they only give its own numbers", () => {
    const base = TABLES.designOf("lno-graphite");
    expect(overriddenDesign(base, {})).toBe(base);
    expect(overriddenDesign(base, { cell: { contactResistance_ohm: 3 } })).toEqual(base);
  });

  it("move the limits with the cut-offs and with the balance of the electrodes", () => {
    const base = TABLES.designOf("nmc811-graphite-siox");
    const lower = overriddenDesign(base, { cell: { upperCutoff_V: 4.1 } });
    expect(lower.stoichiometry.y100).toBeGreaterThan(base.stoichiometry.y100);
    expect(lower.cell.nominalCapacity_mAh).toBeLessThan(base.cell.nominalCapacity_mAh);
    const thick = overriddenDesign(base, { negative: { thickness_m: 2 * base.negative.thickness_m } });
    expect(thick.stoichiometry.x100).toBeLessThan(0.6 * base.stoichiometry.x100);
    expect(thick.electrolyteModes).not.toEqual(base.electrolyteModes);
  });
});
