/**
 * The dose of one cell, per spot and layer, as the ledger knows it: what was settled, what is booked and not yet
 * settled, and whether one more exposure would still keep every limit. Pure: state in, state out.
 *
 * Fluence is kept per spot at the spot's centre; the tails of neighbouring spots are summed exactly with the beam's
 * own profile. Dose = fluence x coefficient of the layer (reference: Hubbell and Seltzer coefficients through
 * protocols/dose). A limit is judged on the upper value, nominal x (1 + relative uncertainty).
 */
import type { DoseLimit } from "../../protocols/campaign/campaign.ts";

export interface LayerDosePerFluence {
  readonly name: string;
  readonly surfaceGyPerPhCm2: number;
  readonly meanGyPerPhCm2: number;
}

/** What never changes about a cell's dose while the campaign runs. */
export interface CellDosePlan {
  readonly position: string;
  readonly layers: readonly LayerDosePerFluence[];
  readonly limits: readonly DoseLimit[];
  /** Fraction by which true dose may exceed the nominal one: flux, profile, position and stack together. */
  readonly relativeUncertainty: number;
  readonly spots: readonly { readonly xMm: number; readonly yMm: number }[];
  /** Fluence at (dx, dy) from a spot's centre, relative to the centre. */
  readonly relativeFluence: (dxMm: number, dyMm: number) => number;
}

export interface OpenBooking {
  readonly exposureId: string;
  readonly spotIndex: number;
  readonly fluencePhCm2: number;
}

export interface CellDose {
  /** Peak fluence settled on each spot of the plan, ph/cm2. */
  readonly settledPhCm2: readonly number[];
  readonly open: readonly OpenBooking[];
}

export function emptyCellDose(plan: CellDosePlan): CellDose {
  return { settledPhCm2: plan.spots.map(() => 0), open: [] };
}

/** An exposure as it would be booked: both numbers are upper bounds. */
export interface DoseProposal {
  readonly spotIndex: number;
  readonly fluencePhCm2: number;
  readonly fluenceRatePhCm2S: number;
}

export interface DoseRefusal {
  readonly kind: "dose" | "dose-rate" | "unknown";
  readonly layer: string;
  readonly location: string;
  /** What the limit's quantity would become, upper value. */
  readonly wouldBe: number | null;
  readonly limit: number | null;
  readonly text: string;
}

/** Every reason why the proposal may not be booked; empty when it may. */
export function doseRefusals(plan: CellDosePlan, dose: CellDose, proposal: DoseProposal): readonly DoseRefusal[] {
  const refusals: DoseRefusal[] = [];
  const spot = plan.spots[proposal.spotIndex];
  if (spot === undefined) return [unknownRefusal(`spot ${proposal.spotIndex} is not of the plan`)];
  if (plan.limits.length === 0) return [unknownRefusal("no dose limit is given for this cell")];
  if (!isAmount(proposal.fluencePhCm2) || !isAmount(proposal.fluenceRatePhCm2S)) {
    return [unknownRefusal("the fluence of the exposure is not known")];
  }
  if (!isAmount(plan.relativeUncertainty)) return [unknownRefusal("the uncertainty of the dose is not known")];
  const upper = 1 + plan.relativeUncertainty;
  for (const limit of plan.limits) {
    const coefficient = limitCoefficient(plan, limit);
    if (!isAmount(coefficient)) {
      refusals.push(unknownRefusal(`no dose coefficient for layer ${limit.layerName}`));
      continue;
    }
    if (!isStated(limit)) {
      refusals.push(unknownRefusal(`the dose limit of layer ${limit.layerName} states no number`));
      continue;
    }
    if (limit.doseGy !== null) {
      const fluence =
        limit.scope === "per-exposure" ? proposal.fluencePhCm2 : hottestFluenceWith(plan, dose, proposal, spot);
      const wouldBe = coefficient * fluence * upper;
      if (!(wouldBe <= limit.doseGy)) refusals.push(doseRefusal(limit, wouldBe, limit.doseGy));
    }
    if (limit.doseRateGyS !== null) {
      const wouldBe = coefficient * proposal.fluenceRatePhCm2S * upper;
      if (!(wouldBe <= limit.doseRateGyS)) refusals.push(rateRefusal(limit, wouldBe, limit.doseRateGyS));
    }
  }
  return refusals;
}

export function withBooking(dose: CellDose, booking: OpenBooking): CellDose {
  return { ...dose, open: [...dose.open, booking] };
}

/** The booking gives way to what was measured. A settlement without its booking is refused as undefined. */
export function withSettlement(dose: CellDose, exposureId: string, fluencePhCm2: number): CellDose | undefined {
  const booking = dose.open.find((item) => item.exposureId === exposureId);
  if (booking === undefined) return undefined;
  return {
    settledPhCm2: dose.settledPhCm2.map((value, index) => (index === booking.spotIndex ? value + fluencePhCm2 : value)),
    open: dose.open.filter((item) => item !== booking),
  };
}

/**
 * What was given over its limit, the largest share over total limits and spots, by the upper value as the gate judges;
 * 0 where nothing was given. `withOpen`: bookings that are not settled count in full.
 */
export function limitFraction(plan: CellDosePlan, dose: CellDose, withOpen = false): number {
  const upper = 1 + plan.relativeUncertainty;
  let fraction = 0;
  for (const limit of plan.limits) {
    if (limit.doseGy === null || limit.scope === "per-exposure") continue;
    const coefficient = limitCoefficient(plan, limit) * upper;
    for (const spot of plan.spots) {
      const settled = settledFluenceAt(plan, dose, spot.xMm, spot.yMm);
      const fluence = withOpen ? settled + openFluenceAt(plan, dose, spot.xMm, spot.yMm) : settled;
      fraction = Math.max(fraction, (coefficient * fluence) / limit.doseGy);
    }
  }
  return fraction;
}

/** Shares of the limits on single exposures and on dose rates that one exposure took, by the upper value. */
export function exposureLimitFraction(plan: CellDosePlan, fluencePhCm2: number, openTimeS: number): number {
  const upper = 1 + plan.relativeUncertainty;
  let fraction = 0;
  for (const limit of plan.limits) {
    const doseGy = limitCoefficient(plan, limit) * fluencePhCm2 * upper;
    if (limit.doseGy !== null && limit.scope === "per-exposure") fraction = Math.max(fraction, doseGy / limit.doseGy);
    if (limit.doseRateGyS !== null && openTimeS > 0) {
      fraction = Math.max(fraction, doseGy / openTimeS / limit.doseRateGyS);
    }
  }
  return fraction;
}

/** Settled fluence at a point of the cell, tails of all spots included. */
export function settledFluenceAt(plan: CellDosePlan, dose: CellDose, xMm: number, yMm: number): number {
  let sum = 0;
  for (const [index, spot] of plan.spots.entries()) {
    const given = dose.settledPhCm2[index] ?? NaN;
    // Not `> 0`: what is not a number must show in the sum, or it would count as nothing given.
    if (given !== 0) sum += given * plan.relativeFluence(xMm - spot.xMm, yMm - spot.yMm);
  }
  return sum;
}

function openFluenceAt(plan: CellDosePlan, dose: CellDose, xMm: number, yMm: number): number {
  let sum = 0;
  for (const booking of dose.open) {
    const spot = plan.spots[booking.spotIndex];
    if (spot === undefined) return NaN;
    sum += booking.fluencePhCm2 * plan.relativeFluence(xMm - spot.xMm, yMm - spot.yMm);
  }
  return sum;
}

/** The hottest spot centre that this exposure touches, with everything settled and booked; NaN when any is unknown. */
function hottestFluenceWith(
  plan: CellDosePlan,
  dose: CellDose,
  proposal: DoseProposal,
  spot: { readonly xMm: number; readonly yMm: number },
): number {
  let hottest = 0;
  for (const point of plan.spots) {
    const added = proposal.fluencePhCm2 * plan.relativeFluence(point.xMm - spot.xMm, point.yMm - spot.yMm);
    if (added === 0 && point !== spot) continue;
    const total =
      added + settledFluenceAt(plan, dose, point.xMm, point.yMm) + openFluenceAt(plan, dose, point.xMm, point.yMm);
    hottest = Math.max(hottest, total);
  }
  return hottest;
}

/** At least one of dose and rate, and each a number: a limit that says nothing allows nothing. */
function isStated(limit: DoseLimit): boolean {
  const { doseGy, doseRateGyS } = limit;
  if (doseGy === null && doseRateGyS === null) return false;
  return (doseGy === null || isAmount(doseGy)) && (doseRateGyS === null || isAmount(doseRateGyS));
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function limitCoefficient(plan: CellDosePlan, limit: DoseLimit): number {
  const layer = plan.layers[limit.layerIndex];
  if (layer === undefined) return NaN;
  return limit.location === "surface" ? layer.surfaceGyPerPhCm2 : layer.meanGyPerPhCm2;
}

function unknownRefusal(text: string): DoseRefusal {
  return { kind: "unknown", layer: "", location: "", wouldBe: null, limit: null, text };
}

function doseRefusal(limit: DoseLimit, wouldBe: number, limitGy: number): DoseRefusal {
  return {
    kind: "dose",
    layer: limit.layerName,
    location: limit.location,
    wouldBe: finiteOrNull(wouldBe),
    limit: limitGy,
    text: `dose in ${limit.layerName} (${limit.location}) would be up to ${wouldBe.toPrecision(4)} Gy, limit ${limitGy} Gy`,
  };
}

function rateRefusal(limit: DoseLimit, wouldBe: number, limitGyS: number): DoseRefusal {
  return {
    kind: "dose-rate",
    layer: limit.layerName,
    location: limit.location,
    wouldBe: finiteOrNull(wouldBe),
    limit: limitGyS,
    text: `dose rate in ${limit.layerName} (${limit.location}) would be up to ${wouldBe.toPrecision(4)} Gy/s, limit ${limitGyS} Gy/s`,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
