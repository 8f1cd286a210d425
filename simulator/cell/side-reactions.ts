/**
 * What slowly spoils a cell: lithium bound in formation and by the growing film, active material that comes loose,
 * metal that plates on the negative. Rates are held over a step; the cell keeps its steps short enough. Discharge
 * current is positive in here; a side current takes lithium out of the negative without passing the terminals.
 */
import {
  type CellParameters,
  FARADAY,
  GAS_CONSTANT,
  REFERENCE_K,
  type SideReactionParameters,
} from "./cell-parameters.ts";
import {
  AGEING_C,
  CONTACT_OHM,
  DEAD_C,
  FORMATION_C,
  NEGATIVE_C,
  NEGATIVE_LEFT,
  NEGATIVE_MEAN,
  NEGATIVE_SURFACE,
  PLATED_C,
  PLATING_A,
  POSITIVE_C,
  POSITIVE_LEFT,
  POSITIVE_MEAN,
  SIDE_A,
  SIDE_AT,
  TEMPERATURE_C,
} from "./cell-numbers.ts";
import { negativeSurfaceV, platingCurrentA, type PlatingSite } from "./plating.ts";
import { tabulatedV } from "./potential-table.ts";

export interface SideReactions {
  /** Rates for the next step, from what the cell is now; what they take and plate goes to the cell's table. */
  update(dischargeA: number, saltMolM3: number): void;
  /** Books a step that passed `dischargeA` on average. */
  book(dtS: number, dischargeA: number): void;
  /** Lithium that is in neither electrode, coulomb since the start. */
  boundC(): number;
  longestStepS(): number;
}

const LONGEST_COUPLED_STEP_S = 60;
const LONGEST_PLATING_STEP_S = 5;
const AGEING_REFRESH_S = 30;
const FORMATION_BELOW_V = 0.8;
/** Resistance the fresh film adds over formation (placeholder, `models.json`). */
export const FORMATION_FILM_OHM = 2;
/** Metal can only come where the negative is about this near to lithium. */
const PLATING_BELOW_V = 0.02;
/** Metal below this part of the capacity is not followed any further. */
const LEAST_METAL = 1e-7;

/** In the cell's table: rates of the step, how old they are, the current plating was last looked at for, what was lost with its material. */
const AGEING_A = SIDE_AT;
const CYCLING_A = SIDE_AT + 1;
const AGE_S = SIDE_AT + 2;
const CHECKED_A = SIDE_AT + 3;
const LOST_C = SIDE_AT + 4;
const START_FORMATION_C = SIDE_AT + 5;
/** Of the law and the cell, what every step asks for. */
const NOMINAL_C = SIDE_AT + 6;
const FORMATION_LOSS_C = SIDE_AT + 7;
const GROWTH_PER_CYCLE = SIDE_AT + 8;
const NEGATIVE_LOSS_PER_CYCLE = SIDE_AT + 9;
const POSITIVE_LOSS_PER_CYCLE = SIDE_AT + 10;

/** `table` is the cell's: its state is in it, and what side reactions keep. */
export function createSideReactions(parameters: CellParameters, table: Float64Array): SideReactions {
  table[SIDE_A] = 0;
  table[PLATING_A] = 0;
  table[CONTACT_OHM] = parameters.contactOhm;
  const law = parameters.sideReactions;
  return law === undefined ? new NoReactions(table) : new Reactions(parameters, law, table);
}

/** Of a cell whose side reactions are left out: what it had bound from the start stays. */
class NoReactions implements SideReactions {
  private readonly table: Float64Array;
  private readonly startC: number;

  constructor(table: Float64Array) {
    this.table = table;
    this.startC = table[FORMATION_C] as number;
  }

  update(): void {
    // Nothing goes on beside the current.
  }

  book(): void {
    // Nothing is lost.
  }

  boundC(): number {
    return (this.table[FORMATION_C] as number) - this.startC;
  }

  longestStepS(): number {
    return Infinity;
  }
}

class Reactions implements SideReactions {
  private readonly table: Float64Array;
  private readonly law: SideReactionParameters;
  private readonly parameters: CellParameters;
  private mayPlate = false;

  constructor(parameters: CellParameters, law: SideReactionParameters, table: Float64Array) {
    this.parameters = parameters;
    this.law = law;
    this.table = table;
    table[AGEING_A] = 0;
    table[CYCLING_A] = 0;
    table[CHECKED_A] = 0;
    table[LOST_C] = 0;
    table[START_FORMATION_C] = table[FORMATION_C] as number;
    table[NOMINAL_C] = parameters.nominalC;
    table[FORMATION_LOSS_C] = law.formationLossC;
    table[GROWTH_PER_CYCLE] = law.growthPerCycle;
    table[NEGATIVE_LOSS_PER_CYCLE] = law.negativeLossPerCycle;
    table[POSITIVE_LOSS_PER_CYCLE] = law.positiveLossPerCycle;
    // The film of a formed cell is there from the start.
    this.refreshAgeing();
    table[AGE_S] = Infinity;
  }

  private refreshAgeing(): void {
    const { table, law, parameters } = this;
    table[AGE_S] = 0;
    const temperatureK = (table[TEMPERATURE_C] as number) + 273.15;
    const film = (table[AGEING_C] as number) / parameters.nominalC;
    const negativeV = tabulatedV(parameters.negative.potential, table[NEGATIVE_SURFACE] as number);
    const reach = Math.min(3, Math.exp((-(negativeV - 0.1) * FARADAY) / (2 * GAS_CONSTANT * temperatureK)));
    const faster =
      temperatureK === parameters.temperatureK
        ? law.arrhenius
        : Math.exp((law.activationJMol / GAS_CONSTANT) * (1 / REFERENCE_K - 1 / temperatureK));
    const calendar = (law.calendarPerS * faster * reach) / (2 * (film + law.calendarOffset));
    table[AGEING_A] = parameters.nominalC * calendar;
    const formed = law.formationLossC > 0 ? (table[FORMATION_C] as number) / law.formationLossC : 1;
    table[CONTACT_OHM] =
      parameters.contactOhm * (1 + (law.resistanceGrowth * film) / 0.1) + FORMATION_FILM_OHM * Math.min(1, formed);
  }

  private checkPlating(dischargeA: number, saltMolM3: number): void {
    const { table, parameters } = this;
    table[CHECKED_A] = dischargeA;
    this.mayPlate =
      (table[PLATED_C] as number) > 0 ||
      negativeSurfaceV(parameters, this.siteAt(dischargeA, saltMolM3)) < PLATING_BELOW_V;
  }

  private siteAt(dischargeA: number, saltMolM3: number): PlatingSite {
    const { table, parameters } = this;
    return {
      dischargeA,
      saltMolM3,
      stoichiometry: table[NEGATIVE_SURFACE] as number,
      surfaceM2: parameters.negative.surfaceM2 * (table[NEGATIVE_LEFT] as number),
      temperatureK: (table[TEMPERATURE_C] as number) + 273.15,
      platedC: table[PLATED_C] as number,
      longestStepS: LONGEST_PLATING_STEP_S,
    };
  }

  private formationA(dischargeA: number): number {
    const { table } = this;
    const formationC = table[FORMATION_C] as number;
    const lossC = table[FORMATION_LOSS_C] as number;
    if (dischargeA >= 0 || formationC >= lossC) return 0;
    if (tabulatedV(this.parameters.negative.potential, table[NEGATIVE_SURFACE] as number) >= FORMATION_BELOW_V)
      return 0;
    return -dischargeA * this.law.formationShare * (1 - formationC / lossC);
  }

  private platingA(dischargeA: number, saltMolM3: number): number {
    return platingCurrentA(this.parameters, this.law.plating, this.siteAt(dischargeA, saltMolM3));
  }

  update(dischargeA: number, saltMolM3: number): void {
    const { table } = this;
    const nominalC = table[NOMINAL_C] as number;
    if ((table[AGE_S] as number) >= AGEING_REFRESH_S) {
      this.refreshAgeing();
      this.checkPlating(dischargeA, saltMolM3);
    } else if (Math.abs(dischargeA - (table[CHECKED_A] as number)) > nominalC / 3600 / 20) {
      this.checkPlating(dischargeA, saltMolM3);
    }
    const cyclingA = ((table[GROWTH_PER_CYCLE] as number) * Math.abs(dischargeA)) / 2;
    const platingA = this.mayPlate ? this.platingA(dischargeA, saltMolM3) : 0;
    table[CYCLING_A] = cyclingA;
    table[PLATING_A] = platingA;
    table[SIDE_A] = (table[AGEING_A] as number) + cyclingA + this.formationA(dischargeA) + platingA;
  }

  book(dtS: number, dischargeA: number): void {
    const { table } = this;
    const platingA = table[PLATING_A] as number;
    const filmA = (table[AGEING_A] as number) + (table[CYCLING_A] as number);
    const formedC = ((table[SIDE_A] as number) - platingA - filmA) * dtS;
    table[FORMATION_C] = (table[FORMATION_C] as number) + formedC;
    table[AGEING_C] = (table[AGEING_C] as number) + filmA * dtS;
    const platedC = (table[PLATED_C] as number) + platingA * dtS;
    table[PLATED_C] = platedC;
    if (platedC !== 0) this.bookMetal(dtS, platedC);
    table[AGE_S] = (table[AGE_S] as number) + dtS;
    const cycles = (Math.abs(dischargeA) * dtS) / (2 * (table[NOMINAL_C] as number));
    const negativeLeft = table[NEGATIVE_LEFT] as number;
    const positiveLeft = table[POSITIVE_LEFT] as number;
    const negativeLoss = negativeLeft * (table[NEGATIVE_LOSS_PER_CYCLE] as number) * cycles;
    const positiveLoss = positiveLeft * (table[POSITIVE_LOSS_PER_CYCLE] as number) * cycles;
    table[LOST_C] =
      (table[LOST_C] as number) +
      (negativeLoss * (table[NEGATIVE_C] as number) * (table[NEGATIVE_MEAN] as number) +
        positiveLoss * (table[POSITIVE_C] as number) * (table[POSITIVE_MEAN] as number));
    table[NEGATIVE_LEFT] = negativeLeft - negativeLoss;
    table[POSITIVE_LEFT] = positiveLeft - positiveLoss;
  }

  private bookMetal(dtS: number, platedC: number): void {
    const { table } = this;
    const dead = -Math.expm1(-this.law.plating.deadLithiumDecayPerS * dtS) * Math.max(0, platedC);
    const leftC = platedC - dead;
    const deadC = (table[DEAD_C] as number) + dead;
    const isGone = leftC < LEAST_METAL * this.parameters.nominalC;
    table[PLATED_C] = isGone ? 0 : leftC;
    table[DEAD_C] = isGone ? deadC + leftC : deadC;
  }

  boundC(): number {
    const { table } = this;
    return (
      (table[FORMATION_C] as number) -
      (table[START_FORMATION_C] as number) +
      (table[AGEING_C] as number) +
      (table[PLATED_C] as number) +
      (table[DEAD_C] as number) +
      (table[LOST_C] as number)
    );
  }

  longestStepS(): number {
    return (this.table[PLATING_A] as number) === 0 ? LONGEST_COUPLED_STEP_S : LONGEST_PLATING_STEP_S;
  }
}
