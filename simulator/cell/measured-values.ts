/** What an instrument makes of the truth: gain, offset, noise, clipping, steps of its converter (`models.json`). */
import type { Chance } from "../plant/plant.ts";
import type { CellModels } from "./cell-design.ts";

export interface MeasuredValues {
  voltageV(truth: number): number;
  currentA(truth: number): number;
  temperatureC(truth: number): number;
  /** Relative size and phase error of one point of a spectrum. */
  impedanceOhm(truth: { readonly re: number; readonly im: number }): { readonly re: number; readonly im: number };
}

/** One channel's errors: gain and offset are its own for good, noise is drawn anew for each value. */
export function createMeasuredValues(models: CellModels, chance: Chance): MeasuredValues {
  const { voltage, current, temperature, impedance } = models.measurement;
  const voltageGain = 1 + voltage.gainSd * chance.normal();
  const voltageOffset = voltage.offsetSd_V * chance.normal();
  const currentGain = 1 + current.gainSd * chance.normal();
  const currentOffset = current.offsetFractionOfRangeSd * chance.normal();
  const temperatureOffset = temperature.offsetSd_C * chance.normal();
  const [lowestV, highestV] = voltage.range_V;
  const stepV = (highestV - lowestV) / 2 ** voltage.bits;
  const rangeOf = (sizeA: number): number => {
    const fitting = current.ranges_A.find((range) => sizeA <= range);
    if (fitting !== undefined) return fitting;
    // Larger cells come with larger instruments: decades above the last range.
    return 10 ** Math.ceil(Math.log10(sizeA));
  };
  return {
    voltageV(truth) {
      const raw = voltageGain * truth + voltageOffset + voltage.whiteRms_V * chance.normal();
      return rounded(Math.min(highestV, Math.max(lowestV, raw)), stepV);
    },
    currentA(truth) {
      if (truth === 0) return 0;
      const range = rangeOf(Math.abs(truth));
      const noise = currentOffset + current.whiteFractionOfRangeRms * chance.normal();
      const raw = currentGain * truth + range * noise;
      return rounded(Math.min(range, Math.max(-range, raw)), range / 2 ** (current.bits - 1));
    },
    temperatureC: (truth) =>
      rounded(truth + temperatureOffset + temperature.whiteRms_C * chance.normal(), temperature.step_C),
    impedanceOhm({ re, im }) {
      const size = 1 + impedance.relativeRms * chance.normal();
      const angle = (impedance.phaseRms_deg * Math.PI * chance.normal()) / 180;
      const turned = {
        re: re * Math.cos(angle) - im * Math.sin(angle),
        im: re * Math.sin(angle) + im * Math.cos(angle),
      };
      return {
        re: turned.re * size + impedance.floor_ohm * chance.normal(),
        im: turned.im * size + impedance.floor_ohm * chance.normal(),
      };
    },
  };
}

/** Multiples of the step, without the binary tail of the product. */
function rounded(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toPrecision(12));
}
