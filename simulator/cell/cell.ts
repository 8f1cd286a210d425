/**
 * One lithium-ion coin cell: a single particle model with electrolyte, solved in modes (Brosa Planella 2021 for the
 * model, `protocols/data/cells/README.md` for the numbers). Steps at constant current are exact for any length;
 * constant voltage is an implicit step in which the current runs linearly to the value that gives the voltage at its
 * end. Side reactions couple slowly and are held over steps of at most a minute.
 *
 * Charge current is positive on this interface; inside, as in the published tables, discharge is positive.
 */
import type { CellDesign } from "./cell-design.ts";
import type { CellParameters, ElectrodeParameters } from "./cell-parameters.ts";
import { createWarmth, warmTo } from "./cell-warmth.ts";
import { createElectrolyte } from "./electrolyte.ts";
import { firstCrossing } from "./first-crossing.ts";
import { tabulatedV } from "./potential-table.ts";
import { createRelaxation, type Relaxation } from "./relaxation.ts";
import { fallingRoot } from "./falling-root.ts";
import { createSideReactions } from "./side-reactions.ts";

/** Where the cell starts: a state of charge of the formed cell, as assembled, or given stoichiometries. */
export type CellInitial =
  | { readonly soc: number }
  | { readonly pristine: true }
  | { readonly negative: number; readonly positive: number };

/** What the cell is at this instant. Stoichiometries are lithium per site, 0..1. */
export interface CellState {
  /** Charge current. */
  readonly currentA: number;
  readonly voltageV: number;
  readonly temperatureC: number;
  readonly negativeMean: number;
  readonly negativeSurface: number;
  readonly positiveMean: number;
  readonly positiveSurface: number;
  /** Net charge passed since the start, charging positive. */
  readonly chargeC: number;
  /** Lithium bound by formation and by ageing since the start. */
  readonly formationC: number;
  readonly ageingC: number;
  /** Lithium plated as metal, and metal that has lost contact. */
  readonly platedC: number;
  readonly deadC: number;
  /** Active material left, of 1. */
  readonly negativeLeft: number;
  readonly positiveLeft: number;
}

export interface Cell {
  readonly parameters: CellParameters;
  readonly state: CellState;
  /** Passes `currentA` for `dtS`. */
  advance(dtS: number, currentA: number): void;
  /** Holds `voltageV` for `dtS`, within `limitA` of charge and `dischargeLimitA` of discharge; one for both without it. */
  advanceAtVoltage(dtS: number, voltageV: number, limitA: number, dischargeLimitA?: number): void;
  /** Sets a current at this instant; the voltage follows at once. */
  setCurrent(currentA: number): void;
  /** Sets a voltage at this instant; the current follows at once. */
  setVoltage(voltageV: number, limitA: number, dischargeLimitA?: number): void;
  /** Everything speeds up or slows down with temperature from here on; open-circuit potentials stay. */
  setTemperature(temperatureC: number): void;
  /** Ohms in series beyond the cell's own contact. */
  setSeriesOhm(ohm: number): void;
  /**
   * When, within a step of `dtS` at `currentA`, the voltage reaches `limitV`: seconds from now, or undefined when
   * the end of the step is not past the limit. Changes nothing.
   */
  timeToVoltage(dtS: number, currentA: number, limitV: number): number | undefined;
  /** When, within a step of `dtS` that holds `voltageV`, the current falls to `untilA`, as for `timeToVoltage`. */
  timeToCurrent(dtS: number, voltageV: number, limitA: number, untilA: number): number | undefined;
  /** When a particle's surface runs full or empty within such a step at constant current, as for `timeToVoltage`. */
  timeToDepletion(dtS: number, currentA: number): number | undefined;
  /** Potential difference of the mean stoichiometries: what the cell would relax to. */
  openCircuitV(): number;
  /** The ohmic share of the cell at this instant: contact, film, electrolyte and solid. */
  seriesOhm(): number;
  /** Charge that is in electrodes or bound, in coulomb of lithium: constant whatever the cell does. */
  lithiumC(): number;
}

const EDGE = 1e-9;
const KELVIN = 273.15;

/** `design` gives the stoichiometry limits and the assembled state; `parameters` the individual cell. */
export function createCell(design: CellDesign, parameters: CellParameters, initial: CellInitial): Cell {
  const { negative, positive } = parameters;
  const start = startOf(design, initial);
  const negativeModes = sphereOf(parameters, negative);
  const positiveModes = sphereOf(parameters, positive);
  const electrolyte = createElectrolyte(parameters);
  const { resistivity, resistivityPerNode, regionPerM, solidOhm } = parameters;
  const lastNode = resistivity.length - 1;
  const bend = parameters.saltBend;
  const lastBend = bend === undefined ? 0 : 2 * bend.middle;
  const warm = createWarmth(parameters);
  let addedOhm = 0;

  const state = {
    currentA: 0,
    voltageV: NaN,
    temperatureC: parameters.temperatureK - KELVIN,
    negativeMean: start.negative,
    negativeSurface: start.negative,
    positiveMean: start.positive,
    positiveSurface: start.positive,
    chargeC: 0,
    formationC: start.isFormed ? (parameters.sideReactions?.formationLossC ?? 0) : 0,
    ageingC: 0,
    platedC: 0,
    deadC: 0,
    negativeLeft: 1,
    positiveLeft: 1,
  };
  const hasSide = parameters.sideReactions !== undefined;
  const side = createSideReactions(parameters, state);
  /** Everything a voltage at the end of a prepared step needs, as base + slope x discharge current. */
  const ahead = { negativeBase: 0, negativeSlope: 0, positiveBase: 0, positiveSlope: 0 };
  const guess = { ohm: 25 };

  function resistivityAt(concentration: number): number {
    const place = concentration * resistivityPerNode;
    if (!(place > 0)) return resistivity[0] ?? 0;
    if (place >= lastNode) return resistivity[lastNode] ?? 0;
    const node = place | 0;
    const lower = resistivity[node] ?? 0;
    return lower + (place - node) * ((resistivity[node + 1] ?? 0) - lower);
  }

  function ohmOf(cN: number, cS: number, cP: number): number {
    return (
      (regionPerM[0] * resistivityAt(cN) + regionPerM[1] * resistivityAt(cS) + regionPerM[2] * resistivityAt(cP)) /
        warm.conductivity +
      solidOhm +
      side.contactOhm +
      addedOhm
    );
  }

  /** Terminal voltage; discharge current positive, concentrations as the linear modes give them. */
  function terminalV(dischargeA: number, x: number, y: number, c1N: number, c1S: number, c1P: number): number {
    let cN = c1N;
    let cS = c1S;
    let cP = c1P;
    if (bend !== undefined) {
      const place = (c1N - c1P) * bend.perNode + bend.middle;
      const held = place > 0 ? (place < lastBend ? place : lastBend) : 0;
      const node = held < lastBend ? held | 0 : lastBend - 1;
      const part = held - node;
      const left = 1 - part;
      cN += left * (bend.negative[node] ?? 0) + part * (bend.negative[node + 1] ?? 0);
      cS += left * (bend.separator[node] ?? 0) + part * (bend.separator[node + 1] ?? 0);
      cP += left * (bend.positive[node] ?? 0) + part * (bend.positive[node + 1] ?? 0);
    }
    const open = tabulatedV(positive.potential, y) - tabulatedV(negative.potential, x);
    const saltN = cN > 1 ? cN : 1;
    const saltP = cP > 1 ? cP : 1;
    const concentration = saltN === saltP ? 0 : warm.concentrationV * Math.log(saltP / saltN);
    const platingA = side.platingA;
    if (dischargeA === 0 && platingA === 0) return open + concentration;
    const siteX = x < EDGE ? EDGE : x > 1 - EDGE ? 1 - EDGE : x;
    const siteY = y < EDGE ? EDGE : y > 1 - EDGE ? 1 - EDGE : y;
    const size = dischargeA < 0 ? -dischargeA : dischargeA;
    const perN = 2 * negative.surfaceM2 * state.negativeLeft * warm.negativeExchangeAM2;
    const perP = 2 * positive.surfaceM2 * state.positiveLeft * warm.positiveExchangeAM2;
    const loadN = size / (perN * Math.sqrt(saltN * siteX * (1 - siteX)));
    const loadP = size / (perP * Math.sqrt(saltP * siteY * (1 - siteY)));
    let kinetic: number;
    if (platingA === 0) {
      // asinh a + asinh b as one logarithm.
      const sum =
        warm.thermalV * Math.log((loadN + Math.sqrt(loadN * loadN + 1)) * (loadP + Math.sqrt(loadP * loadP + 1)));
      kinetic = dischargeA < 0 ? -sum : sum;
    } else {
      // What plates or dissolves does not pass through the particles.
      const insertedA = dischargeA + platingA;
      kinetic =
        warm.thermalV *
        (Math.asinh(insertedA / (perN * Math.sqrt(saltN * siteX * (1 - siteX)))) +
          Math.asinh(dischargeA < 0 ? -loadP : loadP));
    }
    return open + concentration - kinetic - dischargeA * ohmOf(cN, cS, cP);
  }

  function voltageNow(dischargeA: number): number {
    const salt = electrolyte.now;
    return terminalV(
      dischargeA,
      state.negativeSurface,
      state.positiveSurface,
      salt[0] ?? 0,
      salt[1] ?? 0,
      salt[2] ?? 0,
    );
  }

  function prepare(dtS: number): void {
    negativeModes.prepare(dtS * warm.negativeDiffusion);
    positiveModes.prepare(dtS * warm.positiveDiffusion);
    electrolyte.prepare(dtS);
  }

  function forecast(dtS: number): void {
    prepare(dtS);
    electrolyte.forecast();
    const negativeC = negative.capacityC * state.negativeLeft;
    const positiveC = positive.capacityC * state.positiveLeft;
    ahead.negativeSlope = -(dtS + negativeModes.driven() / warm.negativeDiffusion) / negativeC;
    ahead.negativeBase = state.negativeMean + negativeModes.undriven() + side.sideA * ahead.negativeSlope;
    ahead.positiveSlope = (dtS + positiveModes.driven() / warm.positiveDiffusion) / positiveC;
    ahead.positiveBase = state.positiveMean + positiveModes.undriven();
  }

  /** The same for a current that runs linearly from what it is to what is asked for. */
  function forecastRamp(dtS: number): void {
    forecast(dtS);
    const beforeA = -state.currentA;
    electrolyte.forecastRamp(beforeA);
    const negativeC = negative.capacityC * state.negativeLeft;
    const positiveC = positive.capacityC * state.positiveLeft;
    const negativeEnd = -(dtS / 2 + negativeModes.ramped() / warm.negativeDiffusion) / negativeC;
    const positiveEnd = (dtS / 2 + positiveModes.ramped() / warm.positiveDiffusion) / positiveC;
    ahead.negativeBase += beforeA * (ahead.negativeSlope - negativeEnd);
    ahead.positiveBase += beforeA * (ahead.positiveSlope - positiveEnd);
    ahead.negativeSlope = negativeEnd;
    ahead.positiveSlope = positiveEnd;
  }

  function voltageAhead(dischargeA: number): number {
    const { base, slope } = electrolyte;
    return terminalV(
      dischargeA,
      ahead.negativeBase + ahead.negativeSlope * dischargeA,
      ahead.positiveBase + ahead.positiveSlope * dischargeA,
      (base[0] ?? 0) + (slope[0] ?? 0) * dischargeA,
      (base[1] ?? 0) + (slope[1] ?? 0) * dischargeA,
      (base[2] ?? 0) + (slope[2] ?? 0) * dischargeA,
    );
  }

  function updateSide(dischargeA: number): void {
    if (hasSide) side.update(dischargeA, electrolyte.now[0] ?? 0);
  }

  /** Takes the prepared step. */
  function commit(dtS: number, dischargeA: number): void {
    const negativeRate = -(dischargeA + side.sideA) / (negative.capacityC * state.negativeLeft);
    const positiveRate = dischargeA / (positive.capacityC * state.positiveLeft);
    state.negativeMean += negativeRate * dtS;
    state.positiveMean += positiveRate * dtS;
    state.negativeSurface = state.negativeMean + negativeModes.step(negativeRate / warm.negativeDiffusion);
    state.positiveSurface = state.positiveMean + positiveModes.step(positiveRate / warm.positiveDiffusion);
    electrolyte.step(dischargeA);
    state.chargeC -= dischargeA * dtS;
    state.currentA = -dischargeA;
    if (hasSide) side.book(dtS, dischargeA);
  }

  /** Takes the prepared step with a current that ends at `afterA`. */
  function commitRamp(dtS: number, afterA: number): void {
    const beforeA = -state.currentA;
    const meanA = (beforeA + afterA) / 2;
    const perNegative = -1 / (negative.capacityC * state.negativeLeft * warm.negativeDiffusion);
    const perPositive = 1 / (positive.capacityC * state.positiveLeft * warm.positiveDiffusion);
    state.negativeMean += (meanA + side.sideA) * perNegative * warm.negativeDiffusion * dtS;
    state.positiveMean += meanA * perPositive * warm.positiveDiffusion * dtS;
    state.negativeSurface =
      state.negativeMean +
      negativeModes.stepRamp((beforeA + side.sideA) * perNegative, (afterA + side.sideA) * perNegative);
    state.positiveSurface = state.positiveMean + positiveModes.stepRamp(beforeA * perPositive, afterA * perPositive);
    electrolyte.stepRamp(beforeA, afterA);
    state.chargeC -= meanA * dtS;
    state.currentA = -afterA;
    if (hasSide) side.book(dtS, meanA);
  }

  function currentFor(
    voltageV: number,
    limitA: number,
    voltageOf: (dischargeA: number) => number,
    dischargeLimitA = limitA,
  ): number {
    return fallingRoot(voltageOf, voltageV, -state.currentA, guess, dischargeLimitA, -limitA);
  }

  state.voltageV = voltageNow(0);

  return {
    parameters,
    state,
    advance(dtS, currentA) {
      let remainingS = dtS;
      while (remainingS > 0) {
        updateSide(-currentA);
        const stepS = Math.min(remainingS, side.longestStepS());
        prepare(stepS);
        commit(stepS, -currentA);
        remainingS -= stepS;
      }
      state.currentA = currentA;
      state.voltageV = voltageNow(-currentA);
    },
    advanceAtVoltage(dtS, voltageV, limitA, dischargeLimitA) {
      let remainingS = dtS;
      while (remainingS > 0) {
        updateSide(-state.currentA);
        const stepS = Math.min(remainingS, side.longestStepS());
        forecastRamp(stepS);
        commitRamp(stepS, currentFor(voltageV, limitA, voltageAhead, dischargeLimitA));
        remainingS -= stepS;
      }
      state.voltageV = voltageNow(-state.currentA);
    },
    setCurrent(currentA) {
      electrolyte.refresh(-currentA);
      state.currentA = currentA;
      state.voltageV = voltageNow(-currentA);
    },
    setVoltage(voltageV, limitA, dischargeLimitA) {
      // The quasi-static part of the electrolyte follows the current at once; two passes settle it far below a microvolt.
      for (let pass = 0; pass < 3; pass += 1) {
        state.currentA = -currentFor(voltageV, limitA, voltageNow, dischargeLimitA);
        electrolyte.refresh(-state.currentA);
      }
      state.voltageV = voltageNow(-state.currentA);
    },
    setTemperature(temperatureC) {
      if (temperatureC === state.temperatureC) return;
      state.temperatureC = temperatureC;
      warmTo(warm, parameters, temperatureC);
      electrolyte.setSpeed(warm.electrolyteDiffusion);
      electrolyte.refresh(-state.currentA);
      state.voltageV = voltageNow(-state.currentA);
    },
    setSeriesOhm(ohm) {
      addedOhm = ohm;
      state.voltageV = voltageNow(-state.currentA);
    },
    timeToVoltage(dtS, currentA, limitV) {
      updateSide(-currentA);
      electrolyte.refresh(-currentA);
      const direction = currentA >= 0 ? 1 : -1;
      return firstCrossing(dtS, (voltageNow(-currentA) - limitV) * direction, (atS) => {
        forecast(atS);
        return (voltageAhead(-currentA) - limitV) * direction;
      });
    },
    timeToCurrent(dtS, voltageV, limitA, untilA) {
      updateSide(-state.currentA);
      return firstCrossing(dtS, untilA - Math.abs(state.currentA), (atS) => {
        forecastRamp(atS);
        return untilA - Math.abs(currentFor(voltageV, limitA, voltageAhead));
      });
    },
    timeToDepletion(dtS, currentA) {
      updateSide(-currentA);
      const over = (x: number, y: number): number => Math.max(-x, x - 1, -y, y - 1);
      return firstCrossing(dtS, over(state.negativeSurface, state.positiveSurface), (atS) => {
        forecast(atS);
        return over(
          ahead.negativeBase - ahead.negativeSlope * currentA,
          ahead.positiveBase - ahead.positiveSlope * currentA,
        );
      });
    },
    openCircuitV: () =>
      tabulatedV(positive.potential, state.positiveMean) - tabulatedV(negative.potential, state.negativeMean),
    seriesOhm: () => ohmOf(electrolyte.now[0] ?? 0, electrolyte.now[1] ?? 0, electrolyte.now[2] ?? 0),
    lithiumC: () =>
      negative.capacityC * state.negativeLeft * state.negativeMean +
      positive.capacityC * state.positiveLeft * state.positiveMean +
      side.boundC(),
  };
}

function sphereOf(parameters: CellParameters, electrode: ElectrodeParameters): Relaxation {
  const rates = parameters.sphereRates.map((rate) => rate / electrode.diffusionTimeS);
  return createRelaxation(rates, parameters.sphereGains);
}

function startOf(
  design: CellDesign,
  initial: CellInitial,
): { readonly negative: number; readonly positive: number; readonly isFormed: boolean } {
  if ("pristine" in initial) {
    return { negative: design.formation.negPristine, positive: design.formation.posPristine, isFormed: false };
  }
  if ("soc" in initial) {
    const { x0, x100, y0, y100 } = design.stoichiometry;
    return { negative: x0 + (x100 - x0) * initial.soc, positive: y0 + (y100 - y0) * initial.soc, isFormed: true };
  }
  return { negative: initial.negative, positive: initial.positive, isFormed: true };
}
