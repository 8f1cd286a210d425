/** Rows of a test found on a channel: those after a sample that is on record belong to the step that was left. Pure but for its own state. */
import type { LeftRunning } from "../../protocols/roles/channel.ts";

export interface LeftRows {
  /** True for rows after the one on record. */
  isToBeTold(stepTimeS: number, voltageV: number, currentA: number): boolean;
  /** The row on record was among them. */
  readonly isProven: boolean;
}

/** Of a test that was started here. */
export const ALL_ROWS: Pick<LeftRows, "isToBeTold"> = { isToBeTold: () => true };

/** A moment's difference in when the start was written down, and the rounding of the record. */
const SAME_S = 0.2;
const SAME_V = 1e-3;
const SAME_A = 1e-5;

export function createLeftRows(known: NonNullable<LeftRunning["lastSample"]>): LeftRows {
  let isProven = false;
  return {
    isToBeTold(stepTimeS, voltageV, currentA) {
      if (isProven) return true;
      isProven =
        Math.abs(stepTimeS - known.stepTimeS) <= SAME_S &&
        Math.abs(voltageV - known.voltageV) <= SAME_V &&
        Math.abs(currentA - known.currentA) <= SAME_A;
      return false;
    },
    get isProven() {
      return isProven;
    },
  };
}
