/** What the controller's ledger charges for each exposure, held against the photons that truly fell. */
import { isOnDisc, type Opening } from "./shutter-truth.ts";
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
}

/** Instants of controller and world differ by the links' latency and the shutter's travel. */
const MATCH_MS = 500;
/** What the monitor's noise may take away from a mean. */
const NOISE_SHARE = 0.01;

/** Returns the photons charged over those given, as an instrument without error would count them; null without any. */
export function judgeCharges(charges: readonly ClaimedCharge[], facts: ChargeFacts): number | null {
  const { ledger, openings, fluxUncertainty, fluxTruthFactor } = facts;
  let charged = 0;
  let given = 0;
  const ofCharge = byCharge(charges, openings);
  for (const charge of charges) {
    const { exposureId, photons, startMs } = charge;
    let own = 0;
    let atMs = startMs;
    for (const { opening, photons: onCell } of ofCharge.get(charge) ?? []) {
      own += onCell;
      atMs = opening.startMs;
    }
    charged += photons;
    given += own / fluxTruthFactor;
    ledger.check(
      "dose-charged",
      own <= photons * (1 + fluxUncertainty) * (1 + NOISE_SHARE),
      atMs,
      () => `${exposureId} is charged with ${photons} photons, and was given ${own}`,
    );
  }
  if (facts.areExchanged === true) judgeEachCell(charges, facts);
  return given === 0 ? null : charged / given;
}

/**
 * What each opening gave to a cell belongs to one charge of it: of those within whose time the opening lies, the one whose
 * beginning is nearest to its own. A cell may be exposed again within half a second.
 */
function byCharge(
  charges: readonly ClaimedCharge[],
  openings: readonly Opening[],
): ReadonlyMap<ClaimedCharge, readonly { readonly opening: Opening; readonly photons: number }[]> {
  const found = new Map<ClaimedCharge, { readonly opening: Opening; readonly photons: number }[]>();
  for (const opening of openings) {
    const within = charges.filter(
      ({ startMs, endMs }) => opening.startMs >= startMs - MATCH_MS && opening.litEndMs <= endMs + MATCH_MS,
    );
    for (const { positionIndex, photons } of opening.deposits.filter(isOnDisc)) {
      const [nearest] = within
        .filter((charge) => charge.positionIndex === positionIndex)
        .sort((a, b) => Math.abs(a.startMs - opening.startMs) - Math.abs(b.startMs - opening.startMs));
      if (nearest !== undefined) found.set(nearest, [...(found.get(nearest) ?? []), { opening, photons }]);
    }
  }
  return found;
}

function judgeEachCell(charges: readonly ClaimedCharge[], { ledger, openings, fluxUncertainty }: ChargeFacts): void {
  const given = new Map<number, number>();
  for (const { positionIndex, photons } of openings.flatMap(({ deposits }) => deposits.filter(isOnDisc))) {
    given.set(positionIndex, photons + (given.get(positionIndex) ?? 0));
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
