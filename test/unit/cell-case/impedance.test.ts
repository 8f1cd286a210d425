import { describe, expect, it } from "vitest";
import { cellParameters } from "../../../simulator/cell/cell-parameters.ts";
import { createCell } from "../../../simulator/cell/cell.ts";
import { fullOrderImpedance } from "../../support/full-order/full-order-impedance.ts";
import { designFile } from "../../support/full-order/published-design.ts";
import { DESIGN_IDS, runCase, startAt, TABLES } from "../../support/cell-cases.ts";

const FREQUENCIES = Array.from({ length: 43 }, (_, index) => 10 ** (4 - index / 6));

function spectrum(fields: Readonly<Record<string, unknown>>): readonly { readonly re: number; readonly im: number }[] {
  const { impedance } = runCase(fields);
  return (impedance?.frequency_Hz ?? []).map((_, point) => ({
    re: impedance?.z_real_ohm[point] ?? NaN,
    im: impedance?.z_imag_ohm[point] ?? NaN,
  }));
}

describe.each(DESIGN_IDS)("the impedance of %s", (id) => {
  it("is within one per cent of a small-signal solve of the full-order model, from 10 kHz to 1 mHz", () => {
    const design = designFile(id);
    for (const [soc, temperature_C] of [
      [0.1, 25],
      [0.5, 25],
      [0.9, 10],
    ] as const) {
      const points = spectrum({ cell: id, temperature_C, impedance: { soc, frequency_Hz: FREQUENCIES } });
      for (const [point, frequencyHz] of FREQUENCIES.entries()) {
        const [re, im] = fullOrderImpedance(design, startAt(design, soc), frequencyHz, temperature_C);
        const found = points[point] ?? { re: NaN, im: NaN };
        expect(Math.hypot(found.re - re, found.im - im) / Math.hypot(re, im)).toBeLessThan(0.01);
      }
    }
  });

  it("is what a slow sine in the time domain gives", () => {
    const design = TABLES.designOf(id);
    const frequencyHz = 0.005;
    const [expected] = spectrum({ cell: id, impedance: { soc: 0.5, frequency_Hz: [frequencyHz] } });
    const cell = createCell(design, cellParameters(design, TABLES.models), { soc: 0.5 });
    const amplitudeA = 1e-5;
    const perPeriod = 400;
    const dtS = 1 / frequencyHz / perPeriod;
    const openV = cell.state.voltageV;
    let re = 0;
    let im = 0;
    for (let step = 0; step < 6 * perPeriod; step += 1) {
      const phase = (2 * Math.PI * (step + 0.5)) / perPeriod;
      // Half a step at each current: the voltage is that of the middle of the step.
      const currentA = amplitudeA * Math.sin(phase);
      cell.advance(dtS / 2, currentA);
      if (step >= 5 * perPeriod) {
        re += ((cell.state.voltageV - openV) * Math.sin(phase) * 2) / perPeriod / amplitudeA;
        im += ((cell.state.voltageV - openV) * Math.cos(phase) * 2) / perPeriod / amplitudeA;
      }
      cell.advance(dtS / 2, currentA);
    }
    const size = Math.hypot(expected?.re ?? NaN, expected?.im ?? NaN);
    expect(Math.hypot(re - (expected?.re ?? NaN), im - (expected?.im ?? NaN)) / size).toBeLessThan(0.015);
  });
});

describe("an impedance", () => {
  const fields = { cell: "nmc811-graphite-siox", impedance: { soc: 0.5, frequency_Hz: FREQUENCIES } };

  it("has the published arcs at half charge: ohmic 5.2, charge transfer 33 ohm", () => {
    const points = spectrum(fields);
    expect(points[0]?.re).toBeCloseTo(5.2, 1);
    const atTenth = points[FREQUENCIES.findIndex((frequency) => frequency < 0.2)];
    expect(atTenth?.re).toBeGreaterThan(5.2 + 33);
    expect(atTenth?.re).toBeLessThan(5.2 + 33 + 5);
    expect(points.every((point) => point.im < 0)).toBe(true);
  });

  it("shows film, inductance and depressed arcs only with side reactions", () => {
    const clean = spectrum(fields);
    const real = spectrum({ ...fields, side_reactions: true });
    expect((real[0]?.re ?? NaN) - (clean[0]?.re ?? NaN)).toBeGreaterThan(1.5);
    const dip = Math.min(...clean.map((point) => point.im));
    const depressed = Math.min(...real.slice(0, 30).map((point) => point.im));
    expect(depressed).toBeGreaterThan(0.95 * dip);
    const [fast] = spectrum({ ...fields, impedance: { soc: 0.5, frequency_Hz: [1e7] }, side_reactions: true });
    expect(fast?.im).toBeGreaterThan(1);
  });

  it("is larger in the cold", () => {
    const at = (temperature_C: number): number => spectrum({ ...fields, temperature_C })[30]?.re ?? NaN;
    expect(at(0)).toBeGreaterThan(2 * at(25));
  });
});
