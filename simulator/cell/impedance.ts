/**
 * Small-signal impedance of a cell at rest, from the same parameters as its course in time: series resistance,
 * electrolyte, and for each electrode charge transfer and solid diffusion beside a double layer. Diffusion in the
 * sphere is taken in closed form, which the modes of the time domain reproduce within a per cent.
 */
import { type CellParameters, type ElectrodeParameters, FARADAY, GAS_CONSTANT } from "./cell-parameters.ts";
import { type Complex, inverse, plus, scaled, sphereFlux, times } from "./complex.ts";
import { potentialV } from "./potential-table.ts";

export interface ImpedanceOptions {
  /** Contact, film, electrolyte and solid at this instant. */
  readonly seriesOhm: number;
  readonly inductanceH: number;
  /** 1 for an ideal double layer; less depresses the arcs. */
  readonly phaseExponent: number;
}

export interface RestState {
  readonly negative: number;
  readonly positive: number;
}

const SLOPE_STEP = 1e-5;
const EDGE = 1e-9;

/** Ohm at a frequency in Hz above 0; the imaginary part is negative for a capacitor. */
export function impedanceOhm(
  parameters: CellParameters,
  rest: RestState,
  options: ImpedanceOptions,
  frequencyHz: number,
): Complex {
  const omega = 2 * Math.PI * frequencyHz;
  const negative = electrodeOhm(parameters, parameters.negative, rest.negative, options.phaseExponent, omega);
  const positive = electrodeOhm(parameters, parameters.positive, rest.positive, options.phaseExponent, omega);
  const wires: Complex = { re: options.seriesOhm, im: omega * options.inductanceH };
  return plus(plus(wires, electrolyteOhm(parameters, omega)), plus(negative, positive));
}

function electrodeOhm(
  parameters: CellParameters,
  electrode: ElectrodeParameters,
  stoichiometry: number,
  phaseExponent: number,
  omega: number,
): Complex {
  const site = Math.min(1 - EDGE, Math.max(EDGE, stoichiometry));
  const exchangeA =
    electrode.exchangeAM2 * Math.sqrt(parameters.electrolyteC0 * site * (1 - site)) * electrode.surfaceM2;
  const transferOhm = (GAS_CONSTANT * parameters.temperatureK) / FARADAY / exchangeA;
  const perCharge = -slopeV(electrode, site) / electrode.capacityC;
  const tau = electrode.diffusionTimeS;
  const diffusion = scaled(inverse(sphereFlux({ re: 0, im: omega * tau })), (perCharge * tau) / 3);
  const faradaic = plus({ re: transferOhm, im: 0 }, diffusion);
  const layer = doubleLayer(omega * transferOhm * electrode.doubleLayerF, phaseExponent, transferOhm);
  return inverse(plus(layer, inverse(faradaic)));
}

/** Admittance (j w R C)^alpha / R; for alpha 1 that of the capacitor C. */
function doubleLayer(omegaRc: number, phaseExponent: number, ohm: number): Complex {
  const size = omegaRc ** phaseExponent / ohm;
  const angle = (phaseExponent * Math.PI) / 2;
  return phaseExponent === 1 ? { re: 0, im: size } : { re: size * Math.cos(angle), im: size * Math.sin(angle) };
}

function electrolyteOhm(parameters: CellParameters, omega: number): Complex {
  const [negativeGain, , positiveGain] = parameters.electrolyteGains;
  let sum: Complex = { re: parameters.electrolyteRest[2] - parameters.electrolyteRest[0], im: 0 };
  for (const [mode, rate] of parameters.electrolyteRates.entries()) {
    const gain = (positiveGain[mode] ?? 0) - (negativeGain[mode] ?? 0);
    sum = plus(sum, times({ re: gain, im: 0 }, inverse({ re: rate, im: omega })));
  }
  return scaled(sum, -parameters.concentrationV / parameters.electrolyteC0 / parameters.areaM2);
}

function slopeV(electrode: ElectrodeParameters, stoichiometry: number): number {
  const low = Math.max(0, stoichiometry - SLOPE_STEP);
  const high = Math.min(1, stoichiometry + SLOPE_STEP);
  return (potentialV(electrode.law, high) - potentialV(electrode.law, low)) / (high - low);
}
