import { describe, expect, it } from "vitest";
import type { CellDesign } from "../../../simulator/cell/cell-design.ts";
import { parseCellDesign } from "../../../simulator/cell/cell-design.ts";
import { potentialV, tabulatedV, tabulatePotential } from "../../../simulator/cell/potential-table.ts";
import { cellOf, design, DESIGN_IDS, secondsTo, tableJson } from "./designs.ts";

interface FullSize {
  readonly id: string;
  readonly areaM2: number;
  readonly thicknessesM: readonly [number, number, number];
  readonly currentA: number;
  readonly start: { readonly negative: number; readonly positive: number };
  readonly limitV: number;
  /** Seconds to the lower limit at C/20, 1C, 2C: single particle model, PyBaMM 23.9. */
  readonly seconds: readonly [number, number, number];
}

// Start concentrations over maximum concentrations of the published parameter sets.
const FULL_SIZE: readonly FullSize[] = [
  {
    id: "nmc811-graphite-siox",
    areaM2: 0.1027,
    thicknessesM: [85.2e-6, 12e-6, 75.6e-6],
    currentA: 5,
    start: { negative: 29866 / 33133, positive: 17038 / 63104 },
    limitV: 2.5,
    seconds: [73301, 3567.7, 1735.8],
  },
  {
    id: "lco-graphite",
    areaM2: 0.028359,
    thicknessesM: [100e-6, 25e-6, 100e-6],
    currentA: 0.680616,
    start: { negative: 0.8, positive: 0.6 },
    limitV: 3.105,
    seconds: [74225, 3622.8, 1771.4],
  },
];

function fullSize(published: FullSize): CellDesign {
  const coin = design(published.id);
  const [negativeM, separatorM, positiveM] = published.thicknessesM;
  return {
    ...coin,
    cell: { ...coin.cell, area_m2: published.areaM2, contactResistance_ohm: 0 },
    negative: { ...coin.negative, thickness_m: negativeM },
    positive: { ...coin.positive, thickness_m: positiveM },
    separator: { ...coin.separator, thickness_m: separatorM },
  };
}

describe("a simulated cell", () => {
  it.each(FULL_SIZE)("discharges the full-size $id as long as the published single particle model", (published) => {
    const rates = [1 / 20, 1, 2] as const;
    for (const [index, rate] of rates.entries()) {
      const cell = cellOf(fullSize(published), published.start, { electrolyte: false });
      const currentA = published.currentA * rate;
      const seconds = secondsTo(cell, -currentA, published.limitV, 20 / rate);
      expect(Math.abs(seconds / (published.seconds[index] ?? NaN) - 1)).toBeLessThan(0.001);
    }
  });

  it.each(DESIGN_IDS)("%s rests at the cut-offs when full and when empty", (id) => {
    const used = design(id);
    expect(cellOf(used, { soc: 1 }).state.voltageV).toBeCloseTo(used.cell.upperCutoff_V, 3);
    expect(cellOf(used, { soc: 0 }).state.voltageV).toBeCloseTo(used.cell.lowerCutoff_V, 2);
  });

  it.each(DESIGN_IDS)("%s gives its nominal capacity at C/50", (id) => {
    const used = design(id);
    const nominalA = used.cell.nominalCapacity_mAh / 1000;
    const seconds = secondsTo(cellOf(used, { soc: 1 }), -nominalA / 50, used.cell.lowerCutoff_V, 600);
    expect(seconds / 3600 / 50).toBeGreaterThan(0.98);
    expect(seconds / 3600 / 50).toBeLessThan(1.01);
  });

  it("answers a current step at once with the ohmic and kinetic drop", () => {
    const used = design("nmc811-graphite-siox");
    const cell = cellOf(used, { soc: 0.5 });
    const restV = cell.state.voltageV;
    cell.setCurrent(-0.0001);
    // Contact 3, electrolyte and solid 2.2, charge transfer 30 + 3.4 ohm at half charge.
    expect((restV - cell.state.voltageV) / 0.0001).toBeGreaterThan(35);
    expect((restV - cell.state.voltageV) / 0.0001).toBeLessThan(42);
  });

  it("gives the same voltage for one step of an hour as for 3600 steps of a second", () => {
    const used = design("lno-graphite");
    const once = cellOf(used, { soc: 0.3 });
    const often = cellOf(used, { soc: 0.3 });
    once.advance(3600, 0.0004);
    for (let second = 0; second < 3600; second += 1) often.advance(1, 0.0004);
    expect(often.state.voltageV).toBeCloseTo(once.state.voltageV, 8);
    expect(often.state.negativeSurface).toBeCloseTo(once.state.negativeSurface, 9);
  });

  it("holds a voltage while the current tapers", () => {
    const used = design("lno-graphite");
    const cell = cellOf(used, { soc: 0.5 });
    const nominalA = used.cell.nominalCapacity_mAh / 1000;
    secondsTo(cell, nominalA, 4.1, 30);
    cell.setVoltage(4.1, 0.25);
    let lastA = cell.state.currentA;
    expect(lastA).toBeCloseTo(nominalA, 4);
    for (let second = 0; second < 3600; second += 1) {
      cell.advanceAtVoltage(1, 4.1, 0.25);
      expect(Math.abs(cell.state.voltageV - 4.1)).toBeLessThan(1e-5);
      expect(cell.state.currentA).toBeLessThanOrEqual(lastA + 1e-9);
      lastA = cell.state.currentA;
    }
    expect(lastA).toBeLessThan(nominalA / 5);
  });

  it("keeps to the current limit when the voltage asked for is far away", () => {
    const cell = cellOf(design("lfp-graphite"), { soc: 0.5 });
    cell.setVoltage(5, 0.01);
    expect(cell.state.currentA).toBeCloseTo(0.01, 9);
    cell.advanceAtVoltage(1, 0, 0.01);
    expect(cell.state.currentA).toBeCloseTo(-0.01, 9);
  });

  it.each(DESIGN_IDS)("%s loses its share of lithium in formation and little afterwards", (id) => {
    const used = design(id);
    const cell = cellOf(used, { pristine: true }, { sideReactions: true });
    const currentA = used.cell.nominalCapacity_mAh / 1000 / 20;
    const hours = [0, 1].map(() => ({
      charge: secondsTo(cell, currentA, used.cell.upperCutoff_V, 60) / 3600,
      discharge: secondsTo(cell, -currentA, used.cell.lowerCutoff_V, 60) / 3600,
    }));
    const [first, second] = hours;
    expect((first?.discharge ?? NaN) / (first?.charge ?? NaN)).toBeGreaterThan(0.86);
    expect((first?.discharge ?? NaN) / (first?.charge ?? NaN)).toBeLessThan(0.95);
    expect((second?.discharge ?? NaN) / (second?.charge ?? NaN)).toBeGreaterThan(0.99);
    expect((second?.discharge ?? NaN) / (second?.charge ?? NaN)).toBeLessThan(1);
    expect(cell.state.formationC / 3.6).toBeGreaterThan(0.8 * used.formation.lithiumLoss_mAh);
  });

  it("tabulates potentials to some microvolts of their law", () => {
    for (const id of DESIGN_IDS) {
      for (const electrode of [design(id).negative, design(id).positive]) {
        const table = tabulatePotential(electrode.ocp);
        for (let point = 1; point < 1000; point += 1) {
          const stoichiometry = point / 1000.37;
          expect(Math.abs(tabulatedV(table, stoichiometry) - potentialV(electrode.ocp, stoichiometry))).toBeLessThan(
            1e-4,
          );
        }
      }
    }
  });

  it("refuses a table without a key and names it", () => {
    const broken = tableJson("lfp-graphite") as { negative: { thickness_m: unknown } };
    broken.negative.thickness_m = -1;
    expect(() => parseCellDesign(broken, "lfp-graphite.json")).toThrow("negative.thickness_m");
  });
});
