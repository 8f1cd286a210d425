/**
 * The dose of one cell, per spot and layer, as the ledger knows it: what was settled, what is booked and not yet
 * settled, and whether one more exposure would still keep every limit. Pure: state in, state out.
 *
 * Fluence is kept per spot at the spot's centre; the tails of neighbouring spots are summed exactly with the beam's
 * own profile. Dose = fluence x coefficient of the layer (reference: Hubbell and Seltzer coefficients through
 * protocols/dose). A limit is judged on the upper value, nominal x (1 + relative uncertainty).
 */
import type { DoseLimit, DoseScope } from "../../protocols/campaign/campaign.ts";

export interface LayerDosePerFluence {
  readonly name: string;
  readonly surfaceGyPerPhCm2: number;
  readonly meanGyPerPhCm2: number;
}

/** What changes about a cell's dose only by an amendment. */
export interface CellDosePlan {
  readonly position: string;
  readonly layers: readonly LayerDosePerFluence[];
  readonly limits: readonly DoseLimit[];
  /** Fraction by which true dose may exceed the nominal one: flux, profile, position and stack together. */
  readonly relativeUncertainty: number;
  readonly spots: readonly { readonly xMm: number; readonly yMm: number }[];
  /** Fluence at (dx, dy) from a spot's centre, relative to the centre. */
  readonly relativeFluence: (dxMm: number, dyMm: number) => number;
  /** The same cell under the names that it had in other places before; left out where it had none. */
  readonly earlier?: readonly string[];
}

/**
 * What a cell that has come back was given before it was taken out, at the point where it had most, ph/cm2. How it lies since
 * to how it lay then nobody knows: any of its spots may be there.
 */
export interface BroughtDose {
  readonly phCm2: number;
  /** Given in the cycle that was its last then; it counts in the first of the new ones. */
  readonly cyclePhCm2: number;
}

export interface OpenBooking {
  readonly exposureId: string;
  readonly spotIndex: number;
  readonly fluencePhCm2: number;
  /** Cycle of the cell, from 1; left out or null where it is not known: it counts in whatever cycle is looked at. */
  readonly cycle?: number | null;
}

export interface CellDose {
  /** Peak fluence settled on each spot of the plan, ph/cm2. */
  readonly settledPhCm2: readonly number[];
  /** The latest cycle in which anything was given; null before the first that was known. */
  readonly cycle: number | null;
  /** What of it was given in that cycle, or in one that is not known. */
  readonly cyclePhCm2: readonly number[];
  readonly open: readonly OpenBooking[];
  /** Left out for a cell that was in no place before. */
  readonly brought?: BroughtDose;
}

/** A cell in one of its places, by how its spots lay there. */
export interface FormerDose {
  readonly plan: CellDosePlan;
  readonly dose: CellDose;
}

/** Of a cell that has come back: its dose, with what it had by those of its former places. */
export function withBrought(dose: CellDose, former: readonly FormerDose[]): CellDose {
  const most = (phCm2Of: (dose: CellDose) => readonly number[]): number =>
    former.reduce((sum, { plan, dose: had }) => {
      const atSpots = plan.spots.map((_, index) => givenFluenceAtSpot(plan, index, phCm2Of(had), had.open));
      return sum + Math.max(0, ...atSpots);
    }, 0);
  return { ...dose, brought: { phCm2: most((had) => had.settledPhCm2), cyclePhCm2: most((had) => had.cyclePhCm2) } };
}

export function emptyCellDose(plan: CellDosePlan): CellDose {
  const nothing = plan.spots.map(() => 0);
  return { settledPhCm2: nothing, cycle: null, cyclePhCm2: nothing, open: [] };
}

/** The same dose by another plan of the cell: spots that the plan has more than before have had nothing. */
export function doseByPlan(dose: CellDose, plan: CellDosePlan): CellDose {
  const more = plan.spots.slice(dose.settledPhCm2.length).map(() => 0);
  return { ...dose, settledPhCm2: [...dose.settledPhCm2, ...more], cyclePhCm2: [...dose.cyclePhCm2, ...more] };
}

/** An exposure as it would be booked: both numbers are upper bounds. */
export interface DoseProposal {
  readonly spotIndex: number;
  readonly fluencePhCm2: number;
  readonly fluenceRatePhCm2S: number;
  /** Cycle of the cell, from 1; left out or null where it is not known. */
  readonly cycle?: number | null;
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
      const fluence = limitedFluence(plan, dose, proposal, limit.scope);
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
  const { spotIndex } = booking;
  const added = (phCm2: readonly number[]): readonly number[] =>
    phCm2.map((value, index) => (index === spotIndex ? value + fluencePhCm2 : value));
  const bookedCycle = booking.cycle ?? null;
  // What was given before the present cycle began, and is settled after, is no longer of it.
  const isBefore = bookedCycle !== null && dose.cycle !== null && bookedCycle < dose.cycle;
  const isNew = bookedCycle !== null && (dose.cycle === null || bookedCycle > dose.cycle);
  const before = isNew && dose.cycle !== null ? dose.cyclePhCm2.map(() => 0) : dose.cyclePhCm2;
  return {
    ...dose,
    settledPhCm2: added(dose.settledPhCm2),
    cycle: isNew ? bookedCycle : dose.cycle,
    cyclePhCm2: isBefore ? dose.cyclePhCm2 : added(before),
    open: dose.open.filter((item) => item !== booking),
  };
}

/**
 * Fluence at the plan's uncertainty that has the same upper value as this row's at its own: a flux by a less certain
 * source weighs more.
 */
export function weighedFluence(
  plan: CellDosePlan,
  row: { readonly fluencePhCm2: number; readonly relativeUncertainty: number },
): number {
  if (row.relativeUncertainty === plan.relativeUncertainty) return row.fluencePhCm2;
  return (row.fluencePhCm2 * (1 + row.relativeUncertainty)) / (1 + plan.relativeUncertainty);
}

/**
 * Of these spots the one whose centre would have had least once this exposure is given there, tails of all others
 * included; among equals, to `tolerance` of the exposure, the first. Undefined when none is given.
 */
export function coolestSpot(
  plan: CellDosePlan,
  dose: CellDose,
  spotIndices: readonly number[],
  tolerancePhCm2: number,
): number | undefined {
  let best: number | undefined;
  let bestPhCm2 = Infinity;
  for (const spotIndex of spotIndices) {
    const givenPhCm2 = givenFluenceAtSpot(plan, spotIndex, dose.settledPhCm2, dose.open);
    // Written so that what is not known is never the coolest.
    if (best !== undefined && !(givenPhCm2 < bestPhCm2 - tolerancePhCm2)) continue;
    best = spotIndex;
    bestPhCm2 = Number.isNaN(givenPhCm2) ? Infinity : givenPhCm2;
  }
  return best;
}

/**
 * What was given over its limit, the largest share over spots and limits of a spot's dose, in total and in the present
 * cycle, by the upper value as the gate judges; 0 where nothing was given. `withOpen`: bookings that are not settled
 * count in full.
 */
export function limitFraction(plan: CellDosePlan, dose: CellDose, withOpen = false): number {
  const upper = 1 + plan.relativeUncertainty;
  const open = withOpen ? dose.open : [];
  let fraction = 0;
  for (const limit of plan.limits) {
    if (limit.doseGy === null || limit.scope === "per-exposure") continue;
    const coefficient = limitCoefficient(plan, limit) * upper;
    const phCm2 = limit.scope === "spot-cycle" ? dose.cyclePhCm2 : dose.settledPhCm2;
    for (let index = 0; index < plan.spots.length; index += 1) {
      const fluence = givenFluenceAtSpot(plan, index, phCm2, open) + broughtPhCm2(dose, limit.scope);
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

/** What a limit of this scope counts if the proposal is given; NaN when any of it is unknown. */
function limitedFluence(plan: CellDosePlan, dose: CellDose, proposal: DoseProposal, scope: DoseScope): number {
  if (scope === "per-exposure") return proposal.fluencePhCm2;
  const brought = broughtPhCm2(dose, scope, proposal.cycle ?? null);
  if (scope === "spot-total") return brought + hottestFluenceWith(plan, proposal, dose.settledPhCm2, dose.open);
  const cycle = proposal.cycle ?? null;
  // A cycle that is not known is taken for the present one, and one gone by for a mistake.
  if (cycle !== null && dose.cycle !== null && cycle < dose.cycle) return NaN;
  const isNext = cycle !== null && dose.cycle !== null && cycle > dose.cycle;
  const open = dose.open.filter((item) => cycle === null || (item.cycle ?? cycle) === cycle);
  return brought + hottestFluenceWith(plan, proposal, isNext ? dose.cyclePhCm2.map(() => 0) : dose.cyclePhCm2, open);
}

/** What the cell came back with, as far as a limit of this scope counts it in this cycle; null: the present one. */
function broughtPhCm2(dose: CellDose, scope: DoseScope, cycle: number | null = null): number {
  if (dose.brought === undefined) return 0;
  if (scope !== "spot-cycle") return dose.brought.phCm2;
  return (cycle ?? dose.cycle ?? FIRST_CYCLE) > FIRST_CYCLE ? 0 : dose.brought.cyclePhCm2;
}

const FIRST_CYCLE = 1;

/** The hottest spot centre that this exposure touches, with what is given and booked; NaN when any is unknown. */
function hottestFluenceWith(
  plan: CellDosePlan,
  proposal: DoseProposal,
  givenPhCm2: readonly number[],
  open: readonly OpenBooking[],
): number {
  let hottest = 0;
  for (const { index, share } of neighboursOf(plan, proposal.spotIndex)) {
    const total = proposal.fluencePhCm2 * share + givenFluenceAtSpot(plan, index, givenPhCm2, open);
    hottest = Math.max(hottest, total);
  }
  return hottest;
}

function givenFluenceAtSpot(
  plan: CellDosePlan,
  spotIndex: number,
  givenPhCm2: readonly number[],
  open: readonly OpenBooking[],
): number {
  let sum = 0;
  for (const { index, share } of neighboursOf(plan, spotIndex)) {
    const given = givenPhCm2[index] ?? NaN;
    // Not `> 0`: what is not a number must show in the sum, or it would count as nothing given.
    if (given !== 0) sum += given * share;
  }
  for (const booking of open) {
    const spot = plan.spots[booking.spotIndex];
    const point = plan.spots[spotIndex];
    if (spot === undefined || point === undefined) return NaN;
    sum += booking.fluencePhCm2 * plan.relativeFluence(point.xMm - spot.xMm, point.yMm - spot.yMm);
  }
  return sum;
}

interface Neighbour {
  readonly index: number;
  /** Fluence at the one spot's centre of an exposure of the other's, relative to its own. */
  readonly share: number;
}

/** Less than this share of a peak is lost in the rounding of any sum that decides something. */
const SHARE_MIN = 1e-18;

/** Spots and beam of a campaign are the same for all its cells and never change, so their overlap is worked out once. */
const overlaps = new WeakMap<CellDosePlan["relativeFluence"], WeakMap<CellDosePlan["spots"], Overlap>>();
type Overlap = (readonly Neighbour[] | undefined)[];

function neighboursOf(plan: CellDosePlan, spotIndex: number): readonly Neighbour[] {
  const { relativeFluence, spots } = plan;
  let bySpots = overlaps.get(relativeFluence);
  if (bySpots === undefined) overlaps.set(relativeFluence, (bySpots = new WeakMap()));
  let overlap = bySpots.get(spots);
  if (overlap === undefined) bySpots.set(spots, (overlap = []));
  const known = overlap[spotIndex];
  if (known !== undefined) return known;
  const spot = spots[spotIndex];
  // What a spot was given that is not of the plan is not known.
  if (spot === undefined) return [{ index: spotIndex, share: NaN }];
  const found = spots.flatMap((point, index): readonly Neighbour[] => {
    const share = relativeFluence(point.xMm - spot.xMm, point.yMm - spot.yMm);
    // Written so that NaN stays.
    return share < SHARE_MIN && point !== spot ? [] : [{ index, share }];
  });
  overlap[spotIndex] = found;
  return found;
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
    text: `dose in ${placeOf(limit)}${SCOPE_TEXT[limit.scope]} would be up to ${wouldBe.toPrecision(4)} Gy, limit ${limitGy} Gy ${voucherOf(limit)}`,
  };
}

function rateRefusal(limit: DoseLimit, wouldBe: number, limitGyS: number): DoseRefusal {
  return {
    kind: "dose-rate",
    layer: limit.layerName,
    location: limit.location,
    wouldBe: finiteOrNull(wouldBe),
    limit: limitGyS,
    text: `dose rate in ${placeOf(limit)} would be up to ${wouldBe.toPrecision(4)} Gy/s, limit ${limitGyS} Gy/s ${voucherOf(limit)}`,
  };
}

function placeOf(limit: DoseLimit): string {
  return `${limit.layerName} (${limit.location}, ${limit.convention})`;
}

function voucherOf(limit: DoseLimit): string {
  return `(vouched for by ${limit.vouchedBy}; ${limit.source})`;
}

const SCOPE_TEXT: Readonly<Record<DoseScope, string>> = {
  "spot-total": "",
  "spot-cycle": " in this cycle",
  "per-exposure": " by this exposure",
};

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
