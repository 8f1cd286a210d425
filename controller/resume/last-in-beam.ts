/**
 * What may stand in the beam after a restart, until the first cell is brought there: the spot that was booked last; and the
 * one before it, where nobody knows whether the stage had left that.
 */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { LitSpot } from "../beam/closed-charge.ts";
import type { LedgerRow } from "../record/ledger-row.ts";

/** @param rows of the ledger, oldest first */
export function lastInBeam(rows: readonly LedgerRow[], campaign: Pick<Campaign, "cells">): readonly LitSpot[] {
  const bookings = rows.filter(({ kind }) => kind === "booking");
  const isLastSettled = rows.at(-1)?.kind !== "booking";
  return bookings.slice(isLastSettled ? -1 : -2).flatMap(({ position, spotIndex }) => {
    const cellIndex = campaign.cells.findIndex((cell) => cell.position === position);
    return cellIndex < 0 ? [] : [{ cellIndex, position, spotIndex }];
  });
}
