/**
 * Where the numbers of one cell stand in its table: 96 cells share the processor's cache, and each sample of each of them
 * comes by, so what it touches lies side by side.
 */
import type { CellState } from "./cell.ts";

export const CURRENT_A = 0;
export const VOLTAGE_V = 1;
export const TEMPERATURE_C = 2;
export const NEGATIVE_MEAN = 3;
export const POSITIVE_MEAN = 4;
export const CHARGE_C = 5;
export const FORMATION_C = 6;
export const AGEING_C = 7;
export const PLATED_C = 8;
export const DEAD_C = 9;
export const NEGATIVE_LEFT = 10;
export const POSITIVE_LEFT = 11;
/** Of the next step: what side reactions take, the part of it that plates, and the contact's resistance with its film. */
export const SIDE_A = 12;
export const PLATING_A = 13;
export const CONTACT_OHM = 14;
/** The first of the places that side reactions keep for themselves, and the first of those behind them. */
export const SIDE_AT = 15;
export const SIDE_PLACES = 11;
/** What temperature changes, from here on. */
export const WARMTH_AT = SIDE_AT + SIDE_PLACES;
export const THERMAL_V = WARMTH_AT;
export const CONCENTRATION_V = WARMTH_AT + 1;
export const NEGATIVE_EXCHANGE = WARMTH_AT + 2;
export const POSITIVE_EXCHANGE = WARMTH_AT + 3;
export const NEGATIVE_DIFFUSION = WARMTH_AT + 4;
export const POSITIVE_DIFFUSION = WARMTH_AT + 5;
export const CONDUCTIVITY = WARMTH_AT + 6;
export const ELECTROLYTE_DIFFUSION = WARMTH_AT + 7;
/** Parameters of the cell that every step asks for, and resistance in series that it was given. */
export const NEGATIVE_C = WARMTH_AT + 8;
export const POSITIVE_C = WARMTH_AT + 9;
export const NEGATIVE_M2 = WARMTH_AT + 10;
export const POSITIVE_M2 = WARMTH_AT + 11;
export const NEGATIVE_PER_M = WARMTH_AT + 12;
export const SEPARATOR_PER_M = WARMTH_AT + 13;
export const POSITIVE_PER_M = WARMTH_AT + 14;
export const SOLID_OHM = WARMTH_AT + 15;
export const ADDED_OHM = WARMTH_AT + 16;
/** Everything a voltage at the end of a prepared step needs, as base + slope x discharge current. */
export const NEGATIVE_BASE = WARMTH_AT + 17;
export const NEGATIVE_SLOPE = WARMTH_AT + 18;
export const POSITIVE_BASE = WARMTH_AT + 19;
export const POSITIVE_SLOPE = WARMTH_AT + 20;
/**
 * What a voltage depends on besides the current: stoichiometries at the surfaces, then salt over negative, separator and
 * positive. Once for the end of a prepared step, once for this instant, where the electrolyte keeps its salt.
 */
export const AHEAD_AT = WARMTH_AT + 21;
export const NOW_AT = WARMTH_AT + 26;
export const NEGATIVE_SURFACE = NOW_AT;
export const POSITIVE_SURFACE = NOW_AT + 1;
/** Where the modes of electrolyte and spheres begin. */
export const MODES_AT = NOW_AT + 2;

/** The state as everyone else reads it. */
export function stateIn(table: Float64Array): CellState {
  const at = (place: number): number => table[place] ?? NaN;
  return {
    get currentA() {
      return at(CURRENT_A);
    },
    get voltageV() {
      return at(VOLTAGE_V);
    },
    get temperatureC() {
      return at(TEMPERATURE_C);
    },
    get negativeMean() {
      return at(NEGATIVE_MEAN);
    },
    get negativeSurface() {
      return at(NEGATIVE_SURFACE);
    },
    get positiveMean() {
      return at(POSITIVE_MEAN);
    },
    get positiveSurface() {
      return at(POSITIVE_SURFACE);
    },
    get chargeC() {
      return at(CHARGE_C);
    },
    get formationC() {
      return at(FORMATION_C);
    },
    get ageingC() {
      return at(AGEING_C);
    },
    get platedC() {
      return at(PLATED_C);
    },
    get deadC() {
      return at(DEAD_C);
    },
    get negativeLeft() {
      return at(NEGATIVE_LEFT);
    },
    get positiveLeft() {
      return at(POSITIVE_LEFT);
    },
  };
}
