/**
 * One lithium-ion coin cell: a single particle model with electrolyte, solved in modes (Brosa Planella 2021 for the
 * model, `protocols/data/cells/README.md` for the numbers). Steps at constant current are exact for any length;
 * constant voltage is an implicit step solved for the current. Side reactions (formation, growth of the film, loss
 * of active material) couple slowly and are held over steps of at most a minute.
 *
 * Charge current is positive on this interface; inside, as in the published tables, discharge is positive.
 */
import type { CellDesign } from "./cell-design.ts";
import { type CellParameters, type ElectrodeParameters, FARADAY, GAS_CONSTANT } from "./cell-parameters.ts";
import { createElectrolyte } from "./electrolyte.ts";
import { tabulatedV } from "./potential-table.ts";
import { createRelaxation, type Relaxation } from "./relaxation.ts";
import { fallingRoot } from "./falling-root.ts";

/** Where the cell starts: a state of charge of the formed cell, as assembled, or given stoichiometries. */
export type CellInitial =
  { readonly soc: number } | { readonly pristine: true } | { readonly negative: number; readonly positive: number };

/** What the cell is at this instant. Stoichiometries are lithium per site, 0..1. */
export interface CellState {
  /** Charge current. */
  readonly currentA: number;
  readonly voltageV: number;
  readonly negativeMean: number;
  readonly negativeSurface: number;
  readonly positiveMean: number;
  readonly positiveSurface: number;
  /** Net charge passed since the start, charging positive. */
  readonly chargeC: number;
  /** Lithium bound by formation and by ageing since the start. */
  readonly formationC: number;
  readonly ageingC: number;
  /** Active material left, of 1. */
  readonly negativeLeft: number;
  readonly positiveLeft: number;
}

export interface Cell {
  readonly parameters: CellParameters;
  readonly state: CellState;
  /** Passes `currentA` for `dtS`. */
  advance(dtS: number, currentA: number): void;
  /** Holds `voltageV` for `dtS`, within `limitA` of current either way. */
  advanceAtVoltage(dtS: number, voltageV: number, limitA: number): void;
  /** Sets a current at this instant; the voltage follows at once. */
  setCurrent(currentA: number): void;
  /** Sets a voltage at this instant; the current follows at once. */
  setVoltage(voltageV: number, limitA: number): void;
  /**
   * When, within a step of `dtS` at `currentA`, the voltage reaches `limitV`: seconds from now, or undefined when
   * the end of the step is not past the limit. Changes nothing.
   */
  timeToVoltage(dtS: number, currentA: number, limitV: number): number | undefined;
  /** Potential difference of the mean stoichiometries: what the cell would relax to. */
  openCircuitV(): number;
  /** Charge that is in electrodes or bound, in coulomb of lithium: constant whatever the cell does. */
  lithiumC(): number;
}

const LONGEST_COUPLED_STEP_S = 60;
const AGEING_REFRESH_S = 30;
const FORMATION_BELOW_V = 0.8;
/** Resistance the fresh film adds over formation (placeholder, `models.json`). */
const FORMATION_FILM_OHM = 2;
const EDGE = 1e-9;

/** `design` gives the stoichiometry limits and the assembled state; `parameters` the individual cell. */
export function createCell(design: CellDesign, parameters: CellParameters, initial: CellInitial): Cell {
  const { negative, positive, sideReactions: side } = parameters;
  const start = startOf(design, initial);
  const negativeModes = sphereOf(parameters, negative);
  const positiveModes = sphereOf(parameters, positive);
  const electrolyte = createElectrolyte(parameters);
  const thermalV = (2 * GAS_CONSTANT * parameters.temperatureK) / FARADAY;
  const { resistivity, resistivityPerNode, regionPerM, concentrationV, solidOhm } = parameters;
  const lastNode = resistivity.length - 1;

  const state = {
    currentA: 0,
    voltageV: NaN,
    negativeMean: start.negative,
    negativeSurface: start.negative,
    positiveMean: start.positive,
    positiveSurface: start.positive,
    chargeC: 0,
    formationC: start.isFormed ? (side?.formationLossC ?? 0) : 0,
    ageingC: 0,
    negativeLeft: 1,
    positiveLeft: 1,
  };
  const bound = { formationC: state.formationC, lostC: 0 };
  const slow = { ageingA: 0, ageS: Infinity, contactOhm: parameters.contactOhm, sideA: 0 };
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

  /** Terminal voltage; discharge current positive. */
  function terminalV(dischargeA: number, x: number, y: number, cN: number, cS: number, cP: number): number {
    const open = tabulatedV(positive.potential, y) - tabulatedV(negative.potential, x);
    const saltN = cN > 1 ? cN : 1;
    const saltP = cP > 1 ? cP : 1;
    const concentration = saltN === saltP ? 0 : concentrationV * Math.log(saltP / saltN);
    if (dischargeA === 0) return open + concentration;
    const siteX = x < EDGE ? EDGE : x > 1 - EDGE ? 1 - EDGE : x;
    const siteY = y < EDGE ? EDGE : y > 1 - EDGE ? 1 - EDGE : y;
    const size = dischargeA < 0 ? -dischargeA : dischargeA;
    const perN = 2 * negative.surfaceM2 * state.negativeLeft * negative.exchangeAM2;
    const perP = 2 * positive.surfaceM2 * state.positiveLeft * positive.exchangeAM2;
    const loadN = size / (perN * Math.sqrt(saltN * siteX * (1 - siteX)));
    const loadP = size / (perP * Math.sqrt(saltP * siteY * (1 - siteY)));
    // asinh a + asinh b as one logarithm.
    const kinetic =
      thermalV * Math.log((loadN + Math.sqrt(loadN * loadN + 1)) * (loadP + Math.sqrt(loadP * loadP + 1)));
    const ohm =
      regionPerM[0] * resistivityAt(cN) +
      regionPerM[1] * resistivityAt(cS) +
      regionPerM[2] * resistivityAt(cP) +
      solidOhm +
      slow.contactOhm;
    return open + concentration - (dischargeA < 0 ? -kinetic : kinetic) - dischargeA * ohm;
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
    negativeModes.prepare(dtS);
    positiveModes.prepare(dtS);
    electrolyte.prepare(dtS);
  }

  function forecast(dtS: number): void {
    prepare(dtS);
    electrolyte.forecast();
    const negativeC = negative.capacityC * state.negativeLeft;
    const positiveC = positive.capacityC * state.positiveLeft;
    ahead.negativeSlope = -(dtS + negativeModes.driven()) / negativeC;
    ahead.negativeBase = state.negativeMean + negativeModes.undriven() + slow.sideA * ahead.negativeSlope;
    ahead.positiveSlope = (dtS + positiveModes.driven()) / positiveC;
    ahead.positiveBase = state.positiveMean + positiveModes.undriven();
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

  /** Side current on the negative for the next step, from what the cell is now. */
  function updateSide(dischargeA: number): void {
    if (side === undefined) return;
    if (slow.ageS >= AGEING_REFRESH_S) {
      slow.ageS = 0;
      const film = state.ageingC / parameters.nominalC;
      const negativeV = tabulatedV(negative.potential, state.negativeSurface);
      const reach = Math.min(
        3,
        Math.exp((-(negativeV - 0.1) * FARADAY) / (2 * GAS_CONSTANT * parameters.temperatureK)),
      );
      const calendar = (side.calendarPerS * side.arrhenius * reach) / (2 * (film + side.calendarOffset));
      slow.ageingA = parameters.nominalC * calendar;
      const formed = side.formationLossC > 0 ? state.formationC / side.formationLossC : 1;
      slow.contactOhm =
        parameters.contactOhm * (1 + (side.resistanceGrowth * film) / 0.1) + FORMATION_FILM_OHM * Math.min(1, formed);
    }
    const cycling = (side.growthPerCycle * Math.abs(dischargeA)) / 2;
    slow.sideA = slow.ageingA + cycling + formationA(dischargeA);
  }

  function formationA(dischargeA: number): number {
    if (side === undefined || dischargeA >= 0 || state.formationC >= side.formationLossC) return 0;
    if (tabulatedV(negative.potential, state.negativeSurface) >= FORMATION_BELOW_V) return 0;
    return -dischargeA * side.formationShare * (1 - state.formationC / side.formationLossC);
  }

  /** Takes the prepared step. */
  function commit(dtS: number, dischargeA: number): void {
    const negativeC = negative.capacityC * state.negativeLeft;
    const positiveC = positive.capacityC * state.positiveLeft;
    const negativeRate = -(dischargeA + slow.sideA) / negativeC;
    const positiveRate = dischargeA / positiveC;
    state.negativeMean += negativeRate * dtS;
    state.positiveMean += positiveRate * dtS;
    state.negativeSurface = state.negativeMean + negativeModes.step(negativeRate);
    state.positiveSurface = state.positiveMean + positiveModes.step(positiveRate);
    electrolyte.step(dischargeA);
    state.chargeC -= dischargeA * dtS;
    state.currentA = -dischargeA;
    if (side !== undefined) age(side, dtS, dischargeA);
  }

  function age(law: NonNullable<typeof side>, dtS: number, dischargeA: number): void {
    const formedC = formationA(dischargeA) > 0 ? Math.max(0, slow.sideA - slow.ageingA) * dtS : 0;
    const cyclingC = ((law.growthPerCycle * Math.abs(dischargeA)) / 2) * dtS;
    const formationC = Math.max(0, formedC - cyclingC);
    state.formationC += formationC;
    state.ageingC += slow.sideA * dtS - formationC;
    slow.ageS += dtS;
    const cycles = (Math.abs(dischargeA) * dtS) / (2 * parameters.nominalC);
    const negativeLoss = state.negativeLeft * law.negativeLossPerCycle * cycles;
    const positiveLoss = state.positiveLeft * law.positiveLossPerCycle * cycles;
    bound.lostC +=
      negativeLoss * negative.capacityC * state.negativeMean + positiveLoss * positive.capacityC * state.positiveMean;
    state.negativeLeft -= negativeLoss;
    state.positiveLeft -= positiveLoss;
  }

  function longestStep(remainingS: number): number {
    return side === undefined ? remainingS : Math.min(remainingS, LONGEST_COUPLED_STEP_S);
  }

  function currentFor(voltageV: number, limitA: number, voltageOf: (dischargeA: number) => number): number {
    const root = fallingRoot(voltageOf, voltageV, -state.currentA, guess, limitA);
    return root;
  }

  state.voltageV = voltageNow(0);

  return {
    parameters,
    state,
    advance(dtS, currentA) {
      let remainingS = dtS;
      while (remainingS > 0) {
        const stepS = longestStep(remainingS);
        updateSide(-currentA);
        prepare(stepS);
        commit(stepS, -currentA);
        remainingS -= stepS;
      }
      state.currentA = currentA;
      state.voltageV = voltageNow(-currentA);
    },
    advanceAtVoltage(dtS, voltageV, limitA) {
      let remainingS = dtS;
      while (remainingS > 0) {
        const stepS = longestStep(remainingS);
        updateSide(-state.currentA);
        forecast(stepS);
        const dischargeA = currentFor(voltageV, limitA, voltageAhead);
        commit(stepS, dischargeA);
        remainingS -= stepS;
      }
      state.voltageV = voltageNow(-state.currentA);
    },
    setCurrent(currentA) {
      electrolyte.refresh(-currentA);
      state.currentA = currentA;
      state.voltageV = voltageNow(-currentA);
    },
    setVoltage(voltageV, limitA) {
      // The quasi-static part of the electrolyte follows the current at once; two passes settle it far below a microvolt.
      for (let pass = 0; pass < 3; pass += 1) {
        state.currentA = -currentFor(voltageV, limitA, voltageNow);
        electrolyte.refresh(-state.currentA);
      }
      state.voltageV = voltageNow(-state.currentA);
    },
    timeToVoltage(dtS, currentA, limitV) {
      updateSide(-currentA);
      const past = (atS: number): number => {
        forecast(atS);
        return voltageAhead(-currentA) - limitV;
      };
      const direction = currentA >= 0 ? 1 : -1;
      electrolyte.refresh(-currentA);
      let earlyS = 0;
      let early = (voltageNow(-currentA) - limitV) * direction;
      if (early >= 0) return 0;
      let lateS = dtS;
      let late = past(dtS) * direction;
      if (!(late >= 0)) return undefined;
      // Illinois: the end that stays is halved, so the bracket closes from both sides.
      for (let turn = 0; turn < 60 && lateS - earlyS > 1e-7; turn += 1) {
        const betweenS = lateS - (late * (lateS - earlyS)) / (late - early);
        const between = past(betweenS) * direction;
        if (Math.abs(between) < 1e-10) return betweenS;
        if (between > 0) {
          lateS = betweenS;
          late = between;
          early /= 2;
        } else {
          earlyS = betweenS;
          early = between;
          late /= 2;
        }
      }
      return lateS;
    },
    openCircuitV: () =>
      tabulatedV(positive.potential, state.positiveMean) - tabulatedV(negative.potential, state.negativeMean),
    lithiumC: () =>
      negative.capacityC * state.negativeLeft * state.negativeMean +
      positive.capacityC * state.positiveLeft * state.positiveMean +
      (state.formationC - bound.formationC) +
      state.ageingC +
      bound.lostC,
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
