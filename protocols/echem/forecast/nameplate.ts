/**
 * What a forecast takes a cell for before anything was measured, and how far off it may be. Chosen by this project from
 * what coin cells are usually like; none of it comes from the cell at hand but its nominal capacity and its chemistry.
 */
import type { ChemistryId } from "../../campaign/chemistry.ts";

export interface CellNameplate {
  readonly chemistry: ChemistryId;
  readonly nominalCapacityMah: number;
  /** Open-circuit voltage at the proof of the channel; null before anything was measured. */
  readonly startVoltageV: number | null;
  /** What ends every step early; null where none is known. */
  readonly limits: {
    readonly voltageMinV: number;
    readonly voltageMaxV: number;
    readonly currentMaxA: number;
    readonly currentMinA: number;
  } | null;
}

/** A value and its standard deviation. */
export interface Guess {
  readonly mean: number;
  readonly sd: number;
}

export function scaled(guess: Guess, by: number): Guess {
  return { mean: guess.mean * by, sd: guess.sd * Math.abs(by) };
}

/** Of the nominal capacity: weighing and punching of electrodes. */
export const CAPACITY_OF_NOMINAL: Guess = { mean: 1, sd: 0.03 };
/** Voltage that the cell's resistance takes at the current of 1C: 20 to 40 ohm in a cell of 4 mAh. */
export const DROP_AT_1C_V: Guess = { mean: 0.1, sd: 0.04 };
/** Diffusion in particles of some micrometres. */
export const LAG_S: Guess = { mean: 250, sd: 120 };
/** Capacity lost per cycle: a fifth in some four hundred. */
export const FADE_PER_CYCLE: Guess = { mean: 5e-4, sd: 4e-4 };
/** State of charge on arrival, where nobody knows: cells come as assembled or nearly empty. */
export const START_SHARE: Guess = { mean: 0.025, sd: 0.025 };
/** Part of the capacity that the first charge binds for good: a tenth in a fresh cell, none in a formed one. */
export const FIRST_LOSS: Guess = { mean: 0.045, sd: 0.045 };
/** Where the first open-circuit voltage says that the cell is fresh, and where it says that it is formed. */
export const FIRST_LOSS_FRESH: Guess = { mean: 0.085, sd: 0.03 };
/** Silicon in the negative electrode binds half as much again. */
export const SILICON_LOSS = 1.4;
export const FIRST_LOSS_FORMED: Guess = { mean: 0, sd: 0.01 };
export const START_SHARE_MEASURED_SD = 0.02;
/** A formed cell never rests this far below its empty end. */
export const FRESH_BELOW_V = 0.1;

/** Heat leaves a cell in a spring clip at this rate, W/K. */
export const CONDUCTANCE_W_K = 0.03;
export const AMBIENT_C = 25;

/** Half the stated width is this many standard deviations: the end of a step lies within in 95 of 100 cells. */
export const SPREAD_SIGMAS = 2;
