/** What temperature changes in a cell: everything speeds up or slows down by Arrhenius' law; potentials stay. */
import { type CellParameters, FARADAY, GAS_CONSTANT } from "./cell-parameters.ts";
import {
  CONCENTRATION_V,
  CONDUCTIVITY,
  ELECTROLYTE_DIFFUSION,
  NEGATIVE_DIFFUSION,
  NEGATIVE_EXCHANGE,
  POSITIVE_DIFFUSION,
  POSITIVE_EXCHANGE,
  THERMAL_V,
} from "./cell-numbers.ts";

const KELVIN = 273.15;

/** At the reference temperature of the parameters: 2RT/F, what it makes of the rest, and factors of 1. */
export function fillWarmth(table: Float64Array, parameters: CellParameters): void {
  table[THERMAL_V] = (2 * GAS_CONSTANT * parameters.temperatureK) / FARADAY;
  table[CONCENTRATION_V] = parameters.concentrationV;
  table[NEGATIVE_EXCHANGE] = parameters.negative.exchangeAM2;
  table[POSITIVE_EXCHANGE] = parameters.positive.exchangeAM2;
  table[NEGATIVE_DIFFUSION] = 1;
  table[POSITIVE_DIFFUSION] = 1;
  table[CONDUCTIVITY] = 1;
  table[ELECTROLYTE_DIFFUSION] = 1;
}

export function warmTo(table: Float64Array, parameters: CellParameters, temperatureC: number): void {
  const { negative, positive } = parameters;
  const temperatureK = temperatureC + KELVIN;
  const colder = (1 / parameters.temperatureK - 1 / temperatureK) / GAS_CONSTANT;
  table[THERMAL_V] = (2 * GAS_CONSTANT * temperatureK) / FARADAY;
  table[CONCENTRATION_V] = (parameters.concentrationV * temperatureK) / parameters.temperatureK;
  table[NEGATIVE_EXCHANGE] = negative.exchangeAM2 * Math.exp(negative.exchangeJMol * colder);
  table[POSITIVE_EXCHANGE] = positive.exchangeAM2 * Math.exp(positive.exchangeJMol * colder);
  table[NEGATIVE_DIFFUSION] = Math.exp(negative.diffusionJMol * colder);
  table[POSITIVE_DIFFUSION] = Math.exp(positive.diffusionJMol * colder);
  table[CONDUCTIVITY] = Math.exp(parameters.conductivityJMol * colder);
  table[ELECTROLYTE_DIFFUSION] = Math.exp(parameters.electrolyteDiffusionJMol * colder);
}
