import { describe, expect, it } from "vitest";
import { createCellResponse, neighbourShare } from "../../../simulator/damage/cell-response.ts";
import { parseResponseParameters } from "../../../simulator/damage/response-parameters.ts";
import { fitOxide } from "../../support/pattern-fit/layered-oxide.ts";
import { NMC811_LATTICE } from "../../support/pattern-fit/tables.ts";
import { tableJson } from "../cell/designs.ts";
import { exposureOf, frameOf, sourceAt } from "../diffraction/frames.ts";

const PARAMETERS = parseResponseParameters(tableJson("models"));
const MEAN = { positive: 0.854, negative: 0.026 };

function cellAt(mean = MEAN) {
  const { nmc811, graphite } = PARAMETERS;
  return createCellResponse({ positive: nmc811, negative: graphite, beamRadiusMm: 0.25, startMs: 0, mean });
}

/** Charges at C/10 under beam of this dose rate at the centre; lithium of the cell at hour `hour`. */
function meanAt(hour: number) {
  return { positive: 0.854 - 0.059 * hour, negative: 0.026 + 0.088 * hour };
}

function careless(cell: ReturnType<typeof cellAt>, hours: number): void {
  for (let hour = 0; hour < hours; hour += 0.5) {
    cell.expose({ atMs: hour * 3.6e6, durationS: 1800, xMm: 0, yMm: 0, positiveGy: 3.67e5, negativeGy: 1.6e4 });
    cell.local((hour + 0.5) * 3.6e6, meanAt(hour + 0.5), 0, 0);
  }
}

describe("a careless plan", () => {
  it("ruins the exposed spot, and a control spot beside it shows so", () => {
    const cell = cellAt();
    careless(cell, 6);
    const exposed = cell.local(6 * 3.6e6, meanAt(6), 0, 0);
    const control = cell.local(6 * 3.6e6, meanAt(6), 4, 0);
    expect(exposed.positive - meanAt(6).positive).toBeGreaterThan(0.05);
    expect(control.positive).toBeCloseTo(meanAt(6).positive, 12);
  });

  it("can be seen in the fitted patterns of the two spots", () => {
    const cell = cellAt();
    careless(cell, 6);
    const [exposed, control] = [0, 4].map((xMm, index) => {
      const local = cell.local(6 * 3.6e6, meanAt(6), xMm, 0);
      const state = { positiveMean: local.positive, positiveSurface: local.positive, negativeMean: local.negative };
      const frame = frameOf(sourceAt(60, index + 1), state, exposureOf("nmc811-graphite-siox", 1));
      return fitOxide(frame, NMC811_LATTICE).lithium;
    });
    expect(exposed ?? NaN).toBeGreaterThan((control ?? NaN) + 0.05);
    expect(control ?? NaN).toBeCloseTo(meanAt(6).positive, 2);
  });
});

describe("beside the beam", () => {
  it("the share falls from 0.3 at its edge to nothing beyond a millimetre", () => {
    expect(neighbourShare(0.1, 0.25)).toBe(1);
    expect(neighbourShare(0.2501, 0.25)).toBeCloseTo(0.3, 3);
    expect(neighbourShare(0.75, 0.25)).toBeCloseTo(0.3 / Math.E, 9);
    expect(neighbourShare(1.3, 0.25)).toBe(0);
  });

  it("a neighbour half a millimetre away lags, by less than the exposed spot", () => {
    const cell = cellAt();
    cell.local(0, MEAN, 0.5, 0);
    careless(cell, 6);
    const lag = (xMm: number): number => cell.local(6 * 3.6e6, meanAt(6), xMm, 0).positive - meanAt(6).positive;
    expect(lag(0.5)).toBeGreaterThan(0.002);
    expect(lag(0.5)).toBeLessThan(lag(0) / 2);
  });

  it("a spot looked at for the first time afterwards starts with its share", () => {
    const cell = cellAt();
    careless(cell, 6);
    cell.local(6 * 3.6e6, meanAt(6), 0.5, 0);
    const exposedGy = cell.spot(0, 0)?.positive.doseGy ?? NaN;
    const beside = cell.spot(0.5, 0)?.positive;
    expect((beside?.doseGy ?? NaN) / exposedGy).toBeCloseTo(neighbourShare(0.5, 0.25), 6);
    expect(beside?.blocked).toBeGreaterThan(0);
  });

  it("a spot made while an exposure is told but not yet given has its share of it", () => {
    const cell = cellAt();
    cell.expose({ atMs: 1000, durationS: 10, xMm: 0, yMm: 0, positiveGy: 1000, negativeGy: 50 });
    cell.local(20_000, MEAN, 0.5, 0);
    expect(cell.spot(0.5, 0)?.positive.doseGy).toBeCloseTo(1000 * neighbourShare(0.5, 0.25), 6);
    expect(cell.spot(0, 0)?.positive.doseGy).toBeCloseTo(1000, 6);
    expect(cell.spot(0, 0)?.negative.doseGy).toBeCloseTo(50, 6);
  });
});

it("places within a tenth of a millimetre are one spot", () => {
  const cell = cellAt();
  cell.expose({ atMs: 0, durationS: 1, xMm: 1, yMm: 1, positiveGy: 100, negativeGy: 5 });
  cell.expose({ atMs: 2000, durationS: 1, xMm: 1.03, yMm: 0.98, positiveGy: 100, negativeGy: 5 });
  cell.local(10_000, MEAN, 1, 1);
  expect(cell.spot(1, 1)?.positive.doseGy).toBeCloseTo(200, 6);
  expect(cell.spot(1.5, 1)).toBeUndefined();
});
