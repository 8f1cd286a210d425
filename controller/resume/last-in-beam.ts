/**
 * What may stand in the beam after a restart, until the first cell is brought there: the spot that was booked last for an
 * exposure; the one before it, where nobody knows whether the stage had left that; and what light through a closed shutter
 * was charged to since, as on the way from one to the next it is charged to both.
 */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { LitSpot } from "../beam/closed-charge.ts";
import { SHUTTER_FAILURE_REASON, type LedgerRow } from "../record/ledger-row.ts";

/** @param rows of the ledger, oldest first */
export function lastInBeam(rows: readonly LedgerRow[], campaign: Pick<Campaign, "cells">): readonly LitSpot[] {
  const isLastSettled = rows.at(-1)?.kind !== "booking";
  const bookings = rows.filter(({ kind }) => kind === "booking");
  const spots = new Map<string, LedgerRow>();
  let exposures = 0;
  for (const row of bookings.toReversed()) {
    const { position, spotIndex, reason } = row;
    const key = `${position} ${spotIndex}`;
    if (!spots.has(key)) spots.set(key, row);
    if (reason !== SHUTTER_FAILURE_REASON) exposures += 1;
    if (exposures === (isLastSettled ? 1 : 2)) break;
  }
  return [...spots.values()].toReversed().flatMap(({ position, spotIndex }) => {
    const cellIndex = campaign.cells.findIndex((cell) => cell.position === position);
    return cellIndex < 0 ? [] : [{ cellIndex, position, spotIndex }];
  });
}
