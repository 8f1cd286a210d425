/**
 * Lithium metal on the negative (rate law and constants after O'Kane et al. 2020, `models.json`): it plates where the
 * surface falls below lithium's own potential, and dissolves again above it as long as there is metal. The law is
 * taken net of its exchange at zero, so that it starts at nothing. Solved together with the charge transfer, because
 * what plates relieves it.
 */
import { type CellParameters, FARADAY, GAS_CONSTANT } from "./cell-parameters.ts";
import { tabulatedV } from "./potential-table.ts";

export interface PlatingParameters {
  readonly rateConstantMS: number;
  /** Of the plating direction; the dissolving one has the rest of 1. */
  readonly transferCoefficient: number;
  readonly deadLithiumDecayPerS: number;
  /** Volume of the negative coating, m3: metal is counted per volume of it. */
  readonly coatingM3: number;
}

export interface PlatingSite {
  /** Through the terminals, discharge positive. */
  readonly dischargeA: number;
  readonly saltMolM3: number;
  /** At the surface of the negative. */
  readonly stoichiometry: number;
  readonly surfaceM2: number;
  readonly temperatureK: number;
  readonly platedC: number;
  /** Metal must last for a step of this length. */
  readonly longestStepS: number;
}

const TURNS = 50;
const EDGE = 1e-9;

/** Potential of the negative's surface against lithium while nothing plates, volts. */
export function negativeSurfaceV(parameters: CellParameters, site: PlatingSite): number {
  return insertionV(parameters, site, 0);
}

/** Ampere that plate (positive) or dissolve (negative) at this instant. */
export function platingCurrentA(parameters: CellParameters, law: PlatingParameters, site: PlatingSite): number {
  const atNone = wantedA(parameters, law, site, 0);
  if (atNone === 0) return 0;
  let lowA = atNone > 0 ? 0 : -Math.max(0, site.platedC) / site.longestStepS;
  let highA = atNone > 0 ? Math.max(0, -site.dischargeA) : 0;
  for (let turn = 0; turn < TURNS && highA - lowA > 1e-12; turn += 1) {
    const middleA = (lowA + highA) / 2;
    if (wantedA(parameters, law, site, middleA) > middleA) lowA = middleA;
    else highA = middleA;
  }
  return (lowA + highA) / 2;
}

/** What the metal would take or give were `platingA` going there now. */
function wantedA(parameters: CellParameters, law: PlatingParameters, site: PlatingSite, platingA: number): number {
  const perVolt = FARADAY / (GAS_CONSTANT * site.temperatureK);
  const volts = insertionV(parameters, site, platingA);
  const unitA = site.surfaceM2 * FARADAY * law.rateConstantMS;
  if (volts < 0) {
    const push = Math.min(50, -law.transferCoefficient * perVolt * volts);
    return unitA * Math.max(1, site.saltMolM3) * Math.expm1(push);
  }
  const metalMolM3 = Math.max(0, site.platedC) / FARADAY / law.coatingM3;
  return -unitA * metalMolM3 * Math.expm1(Math.min(50, (1 - law.transferCoefficient) * perVolt * volts));
}

function insertionV(parameters: CellParameters, site: PlatingSite, platingA: number): number {
  const { negative } = parameters;
  const x = Math.min(1 - EDGE, Math.max(EDGE, site.stoichiometry));
  const salt = Math.max(1, site.saltMolM3);
  const speed = Math.exp(
    (negative.exchangeJMol / GAS_CONSTANT) * (1 / parameters.temperatureK - 1 / site.temperatureK),
  );
  const exchangeA = 2 * site.surfaceM2 * negative.exchangeAM2 * speed * Math.sqrt(salt * x * (1 - x));
  const perVolt = FARADAY / (GAS_CONSTANT * site.temperatureK);
  const openV = tabulatedV(negative.potential, site.stoichiometry);
  return openV + (2 / perVolt) * Math.asinh((site.dischargeA + platingA) / exchangeA);
}
