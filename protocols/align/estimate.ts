/** What an estimate from measured points comes to: a value with its uncertainty, or why there is none. Pure. */

/** One reading of a scan: where the stage stood, and the signal behind it, normalised to the beam. */
export interface ScanPoint {
  readonly atMm: number;
  readonly signal: number;
  /** Standard uncertainty of the signal. */
  readonly sigma: number;
  /** The most that the detector can say, not what there was. */
  readonly isSaturated?: boolean;
}

export type NoEstimate =
  | "too-few-points"
  | "saturated"
  | "no-edge"
  | "wrong-side"
  | "poor-fit"
  | "other-size"
  | "misfit"
  | "too-close";

export type Estimate<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: NoEstimate; readonly what: string };

export function estimated<Value>(value: Value): Estimate<Value> {
  return { ok: true, value };
}

export function notEstimated(why: NoEstimate, what: string): Estimate<never> {
  return { ok: false, why, what };
}
