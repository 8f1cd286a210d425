/**
 * What slowly spoils a cell: lithium bound in formation and by the growing film, active material that comes loose,
 * metal that plates on the negative. Rates are held over a step; the cell keeps its steps short enough. Discharge
 * current is positive in here; a side current takes lithium out of the negative without passing the terminals.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import { type CellParameters, FARADAY, GAS_CONSTANT, REFERENCE_K } from "./cell-parameters.ts";
import { negativeSurfaceV, platingCurrentA } from "./plating.ts";
import { tabulatedV } from "./potential-table.ts";

/** The part of a cell's state that side reactions change. */
export interface SideState {
  negativeMean: number;
  positiveMean: number;
  negativeSurface: number;
  /** Lithium bound by formation, by ageing, plated as metal, and lost from the metal for good: coulomb. */
  formationC: number;
  ageingC: number;
  platedC: number;
  deadC: number;
  /** Active material left, of 1. */
  negativeLeft: number;
  positiveLeft: number;
  temperatureC: number;
}

export interface SideReactions {
  /** Taken out of the negative during the next step, ampere, plating included. */
  readonly sideA: number;
  /** The part that plates; negative while metal dissolves. */
  readonly platingA: number;
  readonly contactOhm: number;
  /** Rates for the next step, from what the cell is now. */
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

export function createSideReactions(parameters: CellParameters, state: SideState): SideReactions {
  const { negative, positive, sideReactions: law } = parameters;
  const start = { formationC: state.formationC };
  const book = { lostC: 0 };
  const leastMetalC = LEAST_METAL * parameters.nominalC;
  /** A twentieth of 1C. */
  const noticedChangeA = parameters.nominalC / 3600 / 20;
  const now = {
    ageingA: 0,
    cyclingA: 0,
    ageS: Infinity,
    mayPlate: false,
    checkedA: 0,
  };
  const site = {
    dischargeA: 0,
    saltMolM3: parameters.electrolyteC0,
    stoichiometry: state.negativeSurface,
    surfaceM2: negative.surfaceM2,
    temperatureK: parameters.temperatureK,
    platedC: 0,
    longestStepS: LONGEST_PLATING_STEP_S,
  };

  function refreshAgeing(side: NonNullable<typeof law>): void {
    now.ageS = 0;
    const temperatureK = state.temperatureC + 273.15;
    const film = state.ageingC / parameters.nominalC;
    const negativeV = tabulatedV(negative.potential, state.negativeSurface);
    const reach = Math.min(3, Math.exp((-(negativeV - 0.1) * FARADAY) / (2 * GAS_CONSTANT * temperatureK)));
    const faster =
      temperatureK === parameters.temperatureK
        ? side.arrhenius
        : Math.exp((side.activationJMol / GAS_CONSTANT) * (1 / REFERENCE_K - 1 / temperatureK));
    const calendar = (side.calendarPerS * faster * reach) / (2 * (film + side.calendarOffset));
    now.ageingA = parameters.nominalC * calendar;
    const formed = side.formationLossC > 0 ? state.formationC / side.formationLossC : 1;
    reactions.contactOhm =
      parameters.contactOhm * (1 + (side.resistanceGrowth * film) / 0.1) + FORMATION_FILM_OHM * Math.min(1, formed);
  }

  function checkPlating(dischargeA: number): void {
    now.checkedA = dischargeA;
    describeSite(dischargeA);
    now.mayPlate = state.platedC > 0 || negativeSurfaceV(parameters, site) < PLATING_BELOW_V;
  }

  function describeSite(dischargeA: number): void {
    site.dischargeA = dischargeA;
    site.stoichiometry = state.negativeSurface;
    site.surfaceM2 = negative.surfaceM2 * state.negativeLeft;
    site.temperatureK = state.temperatureC + 273.15;
    site.platedC = state.platedC;
  }

  function platingA(side: NonNullable<typeof law>, dischargeA: number): number {
    if (!now.mayPlate) return 0;
    describeSite(dischargeA);
    return platingCurrentA(parameters, side.plating, site);
  }

  function formationA(side: NonNullable<typeof law>, dischargeA: number): number {
    if (dischargeA >= 0 || state.formationC >= side.formationLossC) return 0;
    if (tabulatedV(negative.potential, state.negativeSurface) >= FORMATION_BELOW_V) return 0;
    return -dischargeA * side.formationShare * (1 - state.formationC / side.formationLossC);
  }

  const reactions: Writable<SideReactions> = {
    sideA: 0,
    platingA: 0,
    contactOhm: parameters.contactOhm,
    update(dischargeA, saltMolM3) {
      if (law === undefined) return;
      site.saltMolM3 = saltMolM3;
      if (now.ageS >= AGEING_REFRESH_S) {
        refreshAgeing(law);
        checkPlating(dischargeA);
      } else if (Math.abs(dischargeA - now.checkedA) > noticedChangeA) checkPlating(dischargeA);
      now.cyclingA = (law.growthPerCycle * Math.abs(dischargeA)) / 2;
      reactions.platingA = platingA(law, dischargeA);
      reactions.sideA = now.ageingA + now.cyclingA + formationA(law, dischargeA) + reactions.platingA;
    },
    book(dtS, dischargeA) {
      if (law === undefined) return;
      const filmA = now.ageingA + now.cyclingA;
      const formedC = (reactions.sideA - reactions.platingA - filmA) * dtS;
      state.formationC += formedC;
      state.ageingC += filmA * dtS;
      state.platedC += reactions.platingA * dtS;
      if (state.platedC !== 0) {
        const dead = -Math.expm1(-law.plating.deadLithiumDecayPerS * dtS) * Math.max(0, state.platedC);
        state.platedC -= dead;
        state.deadC += dead;
        if (state.platedC < leastMetalC) {
          state.deadC += state.platedC;
          state.platedC = 0;
        }
      }
      now.ageS += dtS;
      const cycles = (Math.abs(dischargeA) * dtS) / (2 * parameters.nominalC);
      const negativeLoss = state.negativeLeft * law.negativeLossPerCycle * cycles;
      const positiveLoss = state.positiveLeft * law.positiveLossPerCycle * cycles;
      book.lostC +=
        negativeLoss * negative.capacityC * state.negativeMean + positiveLoss * positive.capacityC * state.positiveMean;
      state.negativeLeft -= negativeLoss;
      state.positiveLeft -= positiveLoss;
    },
    boundC: () => state.formationC - start.formationC + state.ageingC + state.platedC + state.deadC + book.lostC,
    longestStepS() {
      if (law === undefined) return Infinity;
      return reactions.platingA === 0 ? LONGEST_COUPLED_STEP_S : LONGEST_PLATING_STEP_S;
    },
  };
  // The film of a formed cell is there from the start.
  if (law !== undefined) refreshAgeing(law);
  now.ageS = Infinity;
  return reactions;
}
