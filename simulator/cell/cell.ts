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
import {
  ADDED_OHM,
  AHEAD_AT,
  CHARGE_C,
  CURRENT_A,
  ELECTROLYTE_DIFFUSION,
  FORMATION_C,
  MODES_AT,
  NEGATIVE_BASE,
  NEGATIVE_C,
  NEGATIVE_DIFFUSION,
  NEGATIVE_LEFT,
  NEGATIVE_M2,
  NEGATIVE_MEAN,
  NEGATIVE_PER_M,
  NEGATIVE_SLOPE,
  NEGATIVE_SURFACE,
  NOW_AT,
  POSITIVE_BASE,
  POSITIVE_C,
  POSITIVE_DIFFUSION,
  POSITIVE_LEFT,
  POSITIVE_M2,
  POSITIVE_MEAN,
  POSITIVE_SLOPE,
  POSITIVE_SURFACE,
  SIDE_A,
  SOLID_OHM,
  stateIn,
  TEMPERATURE_C,
  VOLTAGE_V,
} from "./cell-numbers.ts";
import { fillWarmth, warmTo } from "./cell-warmth.ts";
import { createElectrolyte, type Electrolyte, electrolytePlaces } from "./electrolyte.ts";
import { firstCrossing } from "./first-crossing.ts";
import { createRelaxation, type Relaxation, relaxationPlaces } from "./relaxation.ts";
import { fallingRoot } from "./falling-root.ts";
import { createSideReactions, type SideReactions } from "./side-reactions.ts";
import { Terminals } from "./terminals.ts";

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
  /** As in `state`, for whoever asks with each sample. */
  voltageV(): number;
  currentA(): number;
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

const KELVIN = 273.15;

/** `design` gives the stoichiometry limits and the assembled state; `parameters` the individual cell. */
export function createCell(design: CellDesign, parameters: CellParameters, initial: CellInitial): Cell {
  return new ModelledCell(design, parameters, initial);
}

/**
 * A class over one table of numbers, so that 96 cells, each with a sample a second, leave room in the processor's cache:
 * no cell brings functions of its own.
 */
class ModelledCell implements Cell {
  private readonly table: Float64Array;
  private readonly electrolyte: Electrolyte;
  private readonly negativeModes: Relaxation;
  private readonly positiveModes: Relaxation;
  private readonly side: SideReactions;
  private readonly terminals: Terminals;
  private readonly saltAt: number;
  /** The step that is prepared. */
  private preparedS = NaN;
  readonly parameters: CellParameters;
  readonly state: CellState;
  private readonly guess = { ohm: 25 };

  constructor(design: CellDesign, parameters: CellParameters, initial: CellInitial) {
    const { negative, positive } = parameters;
    const spherePlaces = relaxationPlaces(parameters.sphereRates.length);
    const negativeAt = MODES_AT + electrolytePlaces(parameters.electrolyteRates.length);
    const table = new Float64Array(negativeAt + 2 * spherePlaces);
    this.table = table;
    this.electrolyte = createElectrolyte(parameters, table, MODES_AT);
    this.negativeModes = sphereOf(parameters, negative, table, negativeAt);
    this.positiveModes = sphereOf(parameters, positive, table, negativeAt + spherePlaces);
    this.terminals = new Terminals(parameters, table);
    this.saltAt = this.electrolyte.nowAt;
    this.parameters = parameters;
    this.state = stateIn(table);
    fillWarmth(table, parameters);
    table[NEGATIVE_C] = negative.capacityC;
    table[POSITIVE_C] = positive.capacityC;
    table[NEGATIVE_M2] = negative.surfaceM2;
    table[POSITIVE_M2] = positive.surfaceM2;
    table.set(parameters.regionPerM, NEGATIVE_PER_M);
    table[SOLID_OHM] = parameters.solidOhm;
    const start = startOf(design, initial);
    table[TEMPERATURE_C] = parameters.temperatureK - KELVIN;
    table[NEGATIVE_MEAN] = table[NEGATIVE_SURFACE] = start.negative;
    table[POSITIVE_MEAN] = table[POSITIVE_SURFACE] = start.positive;
    table[FORMATION_C] = start.isFormed ? (parameters.sideReactions?.formationLossC ?? 0) : 0;
    table[NEGATIVE_LEFT] = table[POSITIVE_LEFT] = 1;
    this.side = createSideReactions(parameters, table);
    this.settle(0);
  }

  private readonly voltageNow = (dischargeA: number): number => this.terminals.voltageV(dischargeA, NOW_AT);

  /** The voltage of this instant, of which nothing but the current is given. */
  private settle(currentA: number): void {
    this.table[CURRENT_A] = currentA;
    this.table[VOLTAGE_V] = this.terminals.voltageV(-currentA, NOW_AT);
  }

  /** A channel that samples in step asks for the same step again and again. */
  private prepare(dtS: number): void {
    if (dtS === this.preparedS) return;
    this.preparedS = dtS;
    this.negativeModes.prepare(dtS * (this.table[NEGATIVE_DIFFUSION] as number));
    this.positiveModes.prepare(dtS * (this.table[POSITIVE_DIFFUSION] as number));
    this.electrolyte.prepare(dtS);
  }

  private forecast(dtS: number): void {
    const { table, negativeModes, positiveModes } = this;
    this.prepare(dtS);
    this.electrolyte.forecast();
    const negativeC = (table[NEGATIVE_C] as number) * (table[NEGATIVE_LEFT] as number);
    const positiveC = (table[POSITIVE_C] as number) * (table[POSITIVE_LEFT] as number);
    const negativeSlope = -(dtS + negativeModes.driven() / (table[NEGATIVE_DIFFUSION] as number)) / negativeC;
    table[NEGATIVE_SLOPE] = negativeSlope;
    table[NEGATIVE_BASE] =
      (table[NEGATIVE_MEAN] as number) + negativeModes.undriven() + (table[SIDE_A] as number) * negativeSlope;
    table[POSITIVE_SLOPE] = (dtS + positiveModes.driven() / (table[POSITIVE_DIFFUSION] as number)) / positiveC;
    table[POSITIVE_BASE] = (table[POSITIVE_MEAN] as number) + positiveModes.undriven();
  }

  /** The same for a current that runs linearly from what it is to what is asked for. */
  private forecastRamp(dtS: number): void {
    const { table, negativeModes, positiveModes } = this;
    this.forecast(dtS);
    const beforeA = -(table[CURRENT_A] as number);
    this.electrolyte.forecastRamp(beforeA);
    const negativeC = (table[NEGATIVE_C] as number) * (table[NEGATIVE_LEFT] as number);
    const positiveC = (table[POSITIVE_C] as number) * (table[POSITIVE_LEFT] as number);
    const negativeEnd = -(dtS / 2 + negativeModes.ramped() / (table[NEGATIVE_DIFFUSION] as number)) / negativeC;
    const positiveEnd = (dtS / 2 + positiveModes.ramped() / (table[POSITIVE_DIFFUSION] as number)) / positiveC;
    table[NEGATIVE_BASE] =
      (table[NEGATIVE_BASE] as number) + beforeA * ((table[NEGATIVE_SLOPE] as number) - negativeEnd);
    table[POSITIVE_BASE] =
      (table[POSITIVE_BASE] as number) + beforeA * ((table[POSITIVE_SLOPE] as number) - positiveEnd);
    table[NEGATIVE_SLOPE] = negativeEnd;
    table[POSITIVE_SLOPE] = positiveEnd;
  }

  private readonly voltageAhead = (dischargeA: number): number => {
    const { table } = this;
    const { baseAt, slopeAt } = this.electrolyte;
    table[AHEAD_AT] = (table[NEGATIVE_BASE] as number) + (table[NEGATIVE_SLOPE] as number) * dischargeA;
    table[AHEAD_AT + 1] = (table[POSITIVE_BASE] as number) + (table[POSITIVE_SLOPE] as number) * dischargeA;
    table[AHEAD_AT + 2] = (table[baseAt] as number) + (table[slopeAt] as number) * dischargeA;
    table[AHEAD_AT + 3] = (table[baseAt + 1] as number) + (table[slopeAt + 1] as number) * dischargeA;
    table[AHEAD_AT + 4] = (table[baseAt + 2] as number) + (table[slopeAt + 2] as number) * dischargeA;
    return this.terminals.voltageV(dischargeA, AHEAD_AT);
  };

  private updateSide(dischargeA: number): void {
    this.side.update(dischargeA, this.table[this.saltAt] as number);
  }

  /** Takes the prepared step. */
  private commit(dischargeA: number): void {
    const { table, preparedS: dtS } = this;
    const negativeRate =
      -(dischargeA + (table[SIDE_A] as number)) / ((table[NEGATIVE_C] as number) * (table[NEGATIVE_LEFT] as number));
    const positiveRate = dischargeA / ((table[POSITIVE_C] as number) * (table[POSITIVE_LEFT] as number));
    const negativeMean = (table[NEGATIVE_MEAN] as number) + negativeRate * dtS;
    const positiveMean = (table[POSITIVE_MEAN] as number) + positiveRate * dtS;
    table[NEGATIVE_MEAN] = negativeMean;
    table[POSITIVE_MEAN] = positiveMean;
    table[NEGATIVE_SURFACE] =
      negativeMean + this.negativeModes.step(negativeRate / (table[NEGATIVE_DIFFUSION] as number));
    table[POSITIVE_SURFACE] =
      positiveMean + this.positiveModes.step(positiveRate / (table[POSITIVE_DIFFUSION] as number));
    this.electrolyte.step(dischargeA);
    table[CHARGE_C] = (table[CHARGE_C] as number) - dischargeA * dtS;
    table[CURRENT_A] = -dischargeA;
    this.side.book(dtS, dischargeA);
  }

  /** Takes the prepared step with a current that ends at `afterA`. */
  private commitRamp(afterA: number): void {
    const { table, preparedS: dtS } = this;
    const beforeA = -(table[CURRENT_A] as number);
    const meanA = (beforeA + afterA) / 2;
    const sideA = table[SIDE_A] as number;
    const negativeDiffusion = table[NEGATIVE_DIFFUSION] as number;
    const positiveDiffusion = table[POSITIVE_DIFFUSION] as number;
    const perNegative = -1 / ((table[NEGATIVE_C] as number) * (table[NEGATIVE_LEFT] as number) * negativeDiffusion);
    const perPositive = 1 / ((table[POSITIVE_C] as number) * (table[POSITIVE_LEFT] as number) * positiveDiffusion);
    const negativeMean = (table[NEGATIVE_MEAN] as number) + (meanA + sideA) * perNegative * negativeDiffusion * dtS;
    const positiveMean = (table[POSITIVE_MEAN] as number) + meanA * perPositive * positiveDiffusion * dtS;
    table[NEGATIVE_MEAN] = negativeMean;
    table[POSITIVE_MEAN] = positiveMean;
    table[NEGATIVE_SURFACE] =
      negativeMean + this.negativeModes.stepRamp((beforeA + sideA) * perNegative, (afterA + sideA) * perNegative);
    table[POSITIVE_SURFACE] = positiveMean + this.positiveModes.stepRamp(beforeA * perPositive, afterA * perPositive);
    this.electrolyte.stepRamp(beforeA, afterA);
    table[CHARGE_C] = (table[CHARGE_C] as number) - meanA * dtS;
    table[CURRENT_A] = -afterA;
    this.side.book(dtS, meanA);
  }

  private currentFor(
    voltageV: number,
    limitA: number,
    voltageOf: (dischargeA: number) => number,
    dischargeLimitA = limitA,
  ): number {
    return fallingRoot(voltageOf, voltageV, -this.currentA(), this.guess, dischargeLimitA, -limitA);
  }

  voltageV(): number {
    return this.table[VOLTAGE_V] as number;
  }

  currentA(): number {
    return this.table[CURRENT_A] as number;
  }

  advance(dtS: number, currentA: number): void {
    let remainingS = dtS;
    while (remainingS > 0) {
      this.updateSide(-currentA);
      const stepS = Math.min(remainingS, this.side.longestStepS());
      this.prepare(stepS);
      this.commit(-currentA);
      remainingS -= stepS;
    }
    this.settle(currentA);
  }

  advanceAtVoltage(dtS: number, voltageV: number, limitA: number, dischargeLimitA?: number): void {
    let remainingS = dtS;
    while (remainingS > 0) {
      this.updateSide(-this.currentA());
      const stepS = Math.min(remainingS, this.side.longestStepS());
      this.forecastRamp(stepS);
      this.commitRamp(this.currentFor(voltageV, limitA, this.voltageAhead, dischargeLimitA));
      remainingS -= stepS;
    }
    this.settle(this.currentA());
  }

  setCurrent(currentA: number): void {
    this.electrolyte.refresh(-currentA);
    this.settle(currentA);
  }

  setVoltage(voltageV: number, limitA: number, dischargeLimitA?: number): void {
    // The quasi-static part of the electrolyte follows the current at once; two passes settle it far below a microvolt.
    for (let pass = 0; pass < 3; pass += 1) {
      const currentA = -this.currentFor(voltageV, limitA, this.voltageNow, dischargeLimitA);
      this.table[CURRENT_A] = currentA;
      this.electrolyte.refresh(-currentA);
    }
    this.settle(this.currentA());
  }

  setTemperature(temperatureC: number): void {
    const { table } = this;
    if (temperatureC === table[TEMPERATURE_C]) return;
    table[TEMPERATURE_C] = temperatureC;
    warmTo(table, this.parameters, temperatureC);
    this.preparedS = NaN;
    this.electrolyte.setSpeed(table[ELECTROLYTE_DIFFUSION] as number);
    this.electrolyte.refresh(-this.currentA());
    this.settle(this.currentA());
  }

  setSeriesOhm(ohm: number): void {
    this.table[ADDED_OHM] = ohm;
    this.settle(this.currentA());
  }

  timeToVoltage(dtS: number, currentA: number, limitV: number): number | undefined {
    this.updateSide(-currentA);
    this.electrolyte.refresh(-currentA);
    const direction = currentA >= 0 ? 1 : -1;
    return firstCrossing(dtS, (this.voltageNow(-currentA) - limitV) * direction, (atS) => {
      this.forecast(atS);
      return (this.voltageAhead(-currentA) - limitV) * direction;
    });
  }

  timeToCurrent(dtS: number, voltageV: number, limitA: number, untilA: number): number | undefined {
    this.updateSide(-this.currentA());
    return firstCrossing(dtS, untilA - Math.abs(this.currentA()), (atS) => {
      this.forecastRamp(atS);
      return untilA - Math.abs(this.currentFor(voltageV, limitA, this.voltageAhead));
    });
  }

  timeToDepletion(dtS: number, currentA: number): number | undefined {
    const { table } = this;
    this.updateSide(-currentA);
    const over = (x: number, y: number): number => Math.max(-x, x - 1, -y, y - 1);
    return firstCrossing(dtS, over(table[NEGATIVE_SURFACE] as number, table[POSITIVE_SURFACE] as number), (atS) => {
      this.forecast(atS);
      return over(
        (table[NEGATIVE_BASE] as number) - (table[NEGATIVE_SLOPE] as number) * currentA,
        (table[POSITIVE_BASE] as number) - (table[POSITIVE_SLOPE] as number) * currentA,
      );
    });
  }

  openCircuitV(): number {
    return this.terminals.openV(this.table[NEGATIVE_MEAN] as number, this.table[POSITIVE_MEAN] as number);
  }

  seriesOhm(): number {
    const { table, saltAt } = this;
    return this.terminals.ohm(table[saltAt] as number, table[saltAt + 1] as number, table[saltAt + 2] as number);
  }

  lithiumC(): number {
    const { table } = this;
    return (
      (table[NEGATIVE_C] as number) * (table[NEGATIVE_LEFT] as number) * (table[NEGATIVE_MEAN] as number) +
      (table[POSITIVE_C] as number) * (table[POSITIVE_LEFT] as number) * (table[POSITIVE_MEAN] as number) +
      this.side.boundC()
    );
  }
}

function sphereOf(
  parameters: CellParameters,
  electrode: ElectrodeParameters,
  table: Float64Array,
  at: number,
): Relaxation {
  const rates = parameters.sphereRates.map((rate) => rate / electrode.diffusionTimeS);
  return createRelaxation(rates, parameters.sphereGains, table, at);
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
