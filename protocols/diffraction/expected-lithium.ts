/** Lithium that a positive should hold by its cell's state of charge, from the balance of the shipped designs. */
import type { ChemistryId } from "../campaign/chemistry.ts";

/** Per formula unit at the lower and the upper voltage limit (`protocols/data/cells`, stoichiometry y0 and y100). */
const POSITIVE_WINDOW: Readonly<Record<ChemistryId, { readonly empty: number; readonly full: number }>> = {
  "nmc811-graphite-siox": { empty: 0.854, full: 0.264 },
  "lfp-graphite": { empty: 0.7035, full: 0.0038 },
  "lno-graphite": { empty: 0.9187, full: 0.0761 },
  "lco-graphite": { empty: 0.9527, full: 0.4516 },
};
/** Ageing, one cell's balance against its design, and the gradient that a current makes in its grains. */
const BALANCE_ERROR = 0.1;

export interface ExpectedLithium {
  readonly lithium: number;
  /** Standard deviation. */
  readonly error: number;
}

/** `error` of the state of charge is a standard deviation; null where the state of charge is not known. */
export function expectedLithium(
  chemistry: ChemistryId,
  stateOfCharge: number | null,
  stateOfChargeError: number | null,
): ExpectedLithium | null {
  if (stateOfCharge === null || !Number.isFinite(stateOfCharge)) return null;
  const { empty, full } = POSITIVE_WINDOW[chemistry];
  const error = Math.hypot(BALANCE_ERROR, (empty - full) * (stateOfChargeError ?? 0));
  return Number.isFinite(error) ? { lithium: empty + stateOfCharge * (full - empty), error } : null;
}
