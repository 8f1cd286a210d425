/** The campaign's dose ledger, with its rows in the store and each of them an event of the log. */
import { createDoseLedger, type DoseLedger, type DoseLedgerDeps } from "../dose/dose-ledger.ts";
import { CAMPAIGN_CONVENTION } from "../dose/ledger-cells.ts";
import { ledgerEventData } from "../record/ledger-row.ts";
import type { RecordStore } from "../record/store.ts";

/** `past`: rows from before a restart; `moved`: cells that were put back before, within what, mm. */
export function createStoredLedger(
  store: RecordStore,
  cells: DoseLedgerDeps["cells"],
  nowMs: () => number,
  past: DoseLedgerDeps["past"],
  moved: DoseLedgerDeps["moved"],
): DoseLedger {
  return createDoseLedger({
    ...{ cells, convention: CAMPAIGN_CONVENTION, nowMs },
    ...(past === undefined ? {} : { past }),
    ...(moved === undefined ? {} : { moved }),
    write(row) {
      store.appendLedger(row);
      const type = row.kind === "booking" ? "exposure-booked" : "exposure-settled";
      return store.appendEvent({ atMs: row.atMs, type, data: ledgerEventData(row) });
    },
  });
}
