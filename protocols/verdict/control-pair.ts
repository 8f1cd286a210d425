/**
 * A control visit: a spot that is exposed again and again, and right after it a fresh spot of the same cell, so that
 * both should hold the same lithium. What the first one lacks of the cell's reaction is its lag.
 */
import type { LithiumReading } from "../diffraction/read-lithium.ts";

export interface ControlPair {
  /** Sweep in which both were exposed. */
  readonly sweep: number;
  readonly atMs: number;
  /** Spots by their index in the cell's plan. */
  readonly spotIndex: number;
  readonly controlIndex: number;
  /**
   * Lithium by which the repeatedly exposed spot is behind the control in the way the cell was going: on charge it
   * holds more, on discharge less. Negative: ahead.
   */
  readonly lag: number;
  readonly lagError: number;
  /** Natural logarithm of the line's width, repeatedly exposed over control; null where no line stands alone. */
  readonly logWidth: number | null;
  readonly logWidthError: number | null;
}

export interface PairedSpots {
  readonly sweep: number;
  readonly atMs: number;
  readonly spotIndex: number;
  readonly controlIndex: number;
  /** Of the cell's current, or of the last one that was not nothing: 1 charge, -1 discharge. */
  readonly direction: 1 | -1;
  /** How much the cell's lithium changed from the first exposure to the second, by the charge counted; 0 at rest. */
  readonly changeOfLithium: number;
}

export type PairResult =
  | { readonly kind: "pair"; readonly pair: ControlPair }
  | { readonly kind: "unusable"; readonly reason: string };

/** Further apart than this the two readings lie on different sides of a table's turn, or one of them is no reading. */
const LAG_MAX = 0.7;
/** Where the lattice is blind a pair says nothing, and its error is no normal one. */
const ERROR_MAX = 0.02;

export function controlPair(repeated: LithiumReading, control: LithiumReading, spots: PairedSpots): PairResult {
  const { sweep, atMs, spotIndex, controlIndex, direction, changeOfLithium } = spots;
  const lag = direction * (repeated.lithium - (control.lithium - changeOfLithium));
  const lagError = Math.hypot(repeated.lithiumError, control.lithiumError);
  if (!(Math.abs(lag) <= LAG_MAX)) return { kind: "unusable", reason: "the two readings have nothing in common" };
  if (!(lagError <= ERROR_MAX)) {
    return { kind: "unusable", reason: `lithium is known to ${lagError.toFixed(3)} only at this state of charge` };
  }
  const [first, second] = [repeated.line, control.line];
  const isSameLine = first !== null && second !== null && first.name === second.name;
  const width = isSameLine ? widthRatio(first.peak, second.peak) : { logWidth: null, logWidthError: null };
  return { kind: "pair", pair: { sweep, atMs, spotIndex, controlIndex, lag, lagError, ...width } };
}

interface Width {
  readonly fwhmDeg: number;
  readonly fwhmErrorDeg: number;
}

function widthRatio(first: Width, second: Width) {
  const logWidth = Math.log(first.fwhmDeg / second.fwhmDeg);
  const logWidthError = Math.hypot(first.fwhmErrorDeg / first.fwhmDeg, second.fwhmErrorDeg / second.fwhmDeg);
  const isKnown = Number.isFinite(logWidth) && logWidthError > 0 && Number.isFinite(logWidthError);
  return isKnown ? { logWidth, logWidthError } : { logWidth: null, logWidthError: null };
}
