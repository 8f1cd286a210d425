/**
 * Exposures that were booked and not settled when the controller was lost. Whether the shutter opened nobody knows:
 * each is charged in full and counts as not met; it is not made again.
 */
import { positionIndex } from "../../protocols/base/position.ts";
import type { DoseLedger } from "../dose/dose-ledger.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { LedgerRow } from "../record/ledger-row.ts";
import type { Tally } from "../run/tally.ts";
import { requestOf } from "./recorded-run.ts";

export const LOST_REASON = "the controller was lost during it: charged in full";

/** Bookings without a closing row, oldest first. */
export function unfinishedBookings(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  const open = new Map<string, LedgerRow>();
  for (const row of rows) {
    if (row.kind === "booking") open.set(row.exposureId, row);
    else open.delete(row.exposureId);
  }
  return [...open.values()];
}

export interface UnfinishedDeps {
  readonly ledger: DoseLedger;
  readonly recorder: Recorder;
  readonly tally: Tally;
  readonly nowMs: () => number;
}

export function settleUnfinished(bookings: readonly LedgerRow[], deps: UnfinishedDeps): void {
  const { ledger, recorder, tally } = deps;
  for (const booking of bookings) {
    const { exposureId, position, spotIndex, atMs } = booking;
    const row = ledger.settle(exposureId, null, LOST_REASON);
    const request = requestOf(exposureId);
    // Whatever had opened it, the watchdog or a person closed it while nobody was there.
    const litUntilMs = deps.nowMs();
    recorder.record("exposure-ended", {
      exposure_id: exposureId,
      request_id: exposureId.replace(/^X-/, ""),
      position,
      outcome: "unknown",
      spot: spotIndex,
      lit_from_ms: atMs,
      lit_until_ms: litUntilMs,
      open_s: null,
      charged: row.kind,
      frame: null,
    });
    tally.accounted({ positionIndex: positionIndex(position), startMs: atMs, endMs: litUntilMs });
    if (request === undefined) continue;
    const { sweep, wanted } = request;
    const name = wanted === null ? { sweep } : { request: wanted };
    recorder.record("request-missed", { ...name, position, reason: "beam", text: LOST_REASON });
    tally.exposed(request.sweep, litUntilMs, "partial", false, "beam");
  }
}
