/** What temperature changes in a cell: everything speeds up or slows down by Arrhenius' law; potentials stay. */
import { type CellParameters, FARADAY, GAS_CONSTANT } from "./cell-parameters.ts";

/** Plain fields, since every voltage asks for them. */
export interface CellWarmth {
  /** 2RT/F. */
  thermalV: number;
  concentrationV: number;
  negativeExchangeAM2: number;
  positiveExchangeAM2: number;
  /** Factors on the values at the cell's reference temperature. */
  negativeDiffusion: number;
  positiveDiffusion: number;
  conductivity: number;
  electrolyteDiffusion: number;
}

const KELVIN = 273.15;

/** At the reference temperature of the parameters. */
export function createWarmth(parameters: CellParameters): CellWarmth {
  return {
    thermalV: (2 * GAS_CONSTANT * parameters.temperatureK) / FARADAY,
    concentrationV: parameters.concentrationV,
    negativeExchangeAM2: parameters.negative.exchangeAM2,
    positiveExchangeAM2: parameters.positive.exchangeAM2,
    negativeDiffusion: 1,
    positiveDiffusion: 1,
    conductivity: 1,
    electrolyteDiffusion: 1,
  };
}

export function warmTo(warm: CellWarmth, parameters: CellParameters, temperatureC: number): void {
  const { negative, positive } = parameters;
  const temperatureK = temperatureC + KELVIN;
  const colder = (1 / parameters.temperatureK - 1 / temperatureK) / GAS_CONSTANT;
  warm.thermalV = (2 * GAS_CONSTANT * temperatureK) / FARADAY;
  warm.concentrationV = (parameters.concentrationV * temperatureK) / parameters.temperatureK;
  warm.negativeExchangeAM2 = negative.exchangeAM2 * Math.exp(negative.exchangeJMol * colder);
  warm.positiveExchangeAM2 = positive.exchangeAM2 * Math.exp(positive.exchangeJMol * colder);
  warm.negativeDiffusion = Math.exp(negative.diffusionJMol * colder);
  warm.positiveDiffusion = Math.exp(positive.diffusionJMol * colder);
  warm.conductivity = Math.exp(parameters.conductivityJMol * colder);
  warm.electrolyteDiffusion = Math.exp(parameters.electrolyteDiffusionJMol * colder);
}
