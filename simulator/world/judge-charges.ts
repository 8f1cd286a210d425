/** What the controller's ledger charges for each exposure, held against the photons that truly fell. */
import { isOnDisc, type Opening } from "./shutter-truth.ts";
import { knowableEndMs, knowableShare, type Unknowable } from "./unknowable.ts";
import type { Ledger } from "./world-truth.ts";

/** What one exposure was charged with, as it stands on record. */
export interface ClaimedCharge {
  readonly exposureId: string;
  /** Of the cell, by its number in the world: that of its place, but where another has followed there. */
  readonly positionIndex: number;
  /** Between these the shutter may have been open, on the world's clock. */
  readonly startMs: number;
  readonly endMs: number;
  /** Flux x filters x open time. */
  readonly photons: number;
  /** Of light that was found late: what it covers may have begun with an exposure, and is held against it with that. */
  readonly isFoundLate?: true;
}

export interface ChargeFacts {
  readonly ledger: Ledger;
  /** Each with the cells that lay in the beam then, wherever they belong. */
  readonly openings: readonly Opening[];
  /** How far the truth may lie above what was measured. */
  readonly fluxUncertainty: number;
  /** Cells were brought and exchanged: what fell on each is held against what it was charged with in all. */
  readonly areExchanged?: boolean;
  /** True flux over what an instrument without error reads. */
  readonly fluxTruthFactor: number;
  /** Left out: all can be known. */
  readonly unknowable?: Unknowable;
}

/** Instants of controller and world differ by the links' latency and the shutter's travel. */
const MATCH_MS = 500;
/** What the monitor's noise may take away from a mean. */
const NOISE_SHARE = 0.01;

/** Returns the photons charged over those given, as an instrument without error would count them; null without any. */
export function judgeCharges(charges: readonly ClaimedCharge[], facts: ChargeFacts): number | null {
  const { ledger, fluxUncertainty, fluxTruthFactor } = facts;
  let charged = 0;
  let given = 0;
  const exposures = charges.filter(({ isFoundLate }) => isFoundLate !== true);
  const ofCharge = byCharge(exposures, facts);
  for (const charge of exposures) {
    const { exposureId, startMs } = charge;
    const found = ofCharge.get(charge) ?? [];
    const photons = charge.photons + foundLate(charges, charge, found);
    let own = 0;
    let owed = 0;
    let atMs = startMs;
    for (const { opening, photons: onCell } of found) {
      own += onCell;
      owed += onCell * knowableShare(opening, facts.unknowable);
      atMs = opening.startMs;
    }
    charged += photons;
    given += own / fluxTruthFactor;
    ledger.check(
      "dose-charged",
      owed <= photons * (1 + fluxUncertainty) * (1 + NOISE_SHARE),
      atMs,
      () => `${exposureId} is charged with ${photons} photons, and was given ${owed}`,
    );
  }
  if (facts.areExchanged === true) judgeEachCell(charges, facts);
  return given === 0 ? null : charged / given;
}

/**
 * What each opening gave to a cell belongs to one charge of it: the one in whose time it began, or began nearest to. A cell may
 * be exposed again within half a second.
 */
function byCharge(
  charges: readonly ClaimedCharge[],
  { openings, unknowable }: Pick<ChargeFacts, "openings" | "unknowable">,
): ReadonlyMap<ClaimedCharge, readonly { readonly opening: Opening; readonly photons: number }[]> {
  const found = new Map<ClaimedCharge, { readonly opening: Opening; readonly photons: number }[]>();
  for (const opening of openings) {
    const knownMs = knowableEndMs(opening, unknowable);
    const within = charges.filter(
      ({ startMs, endMs }) => opening.startMs >= startMs - MATCH_MS && knownMs <= endMs + MATCH_MS,
    );
    for (const { positionIndex, photons } of opening.deposits.filter(isOnDisc)) {
      const [nearest] = within
        .filter((charge) => charge.positionIndex === positionIndex)
        .sort((a, b) => apartMs(a, opening) - apartMs(b, opening) || b.startMs - a.startMs);
      if (nearest !== undefined) found.set(nearest, [...(found.get(nearest) ?? []), { opening, photons }]);
    }
  }
  return found;
}

/** What was charged of its openings, apart from itself. */
function foundLate(
  charges: readonly ClaimedCharge[],
  { positionIndex }: ClaimedCharge,
  found: readonly { readonly opening: Opening }[],
): number {
  return charges
    .filter((late) => late.isFoundLate === true && late.positionIndex === positionIndex)
    .filter((late) => found.some(({ opening }) => late.startMs < opening.litEndMs && late.endMs > opening.startMs))
    .reduce((sum, { photons }) => sum + photons, 0);
}

function apartMs({ startMs, endMs }: ClaimedCharge, { startMs: atMs }: Opening): number {
  return Math.max(0, startMs - atMs, atMs - endMs);
}

function judgeEachCell(charges: readonly ClaimedCharge[], facts: ChargeFacts): void {
  const { ledger, openings, fluxUncertainty } = facts;
  const given = new Map<number, number>();
  for (const opening of openings) {
    const share = knowableShare(opening, facts.unknowable);
    for (const { positionIndex, photons } of opening.deposits.filter(isOnDisc)) {
      given.set(positionIndex, share * photons + (given.get(positionIndex) ?? 0));
    }
  }
  for (const [index, photons] of given) {
    const own = charges.filter(({ positionIndex }) => positionIndex === index);
    const charged = own.reduce((sum, one) => sum + one.photons, 0);
    ledger.check(
      "dose-charged",
      photons <= charged * (1 + fluxUncertainty) * (1 + NOISE_SHARE),
      openings.at(-1)?.endMs ?? 0,
      () => `cell ${index} was given ${photons} photons, and is charged with ${charged}`,
    );
  }
}
