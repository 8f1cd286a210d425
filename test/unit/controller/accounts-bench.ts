/** The books of an exposure with a ledger in memory, and sources of the flux that a test sets. */
import type { TransmittedBeam } from "../../../controller/run/beam-readings.ts";
import { createExposureAccounts, type ExposureAccounts } from "../../../controller/beam/exposure-accounts.ts";
import { createDoseLedger } from "../../../controller/dose/dose-ledger.ts";
import { createFluxHistory, type FluxHistory } from "../../../controller/dose/flux.ts";
import { NO_MARKS, type ExposureOrder, type ShutterMarks } from "../../../controller/machines/exposure-order.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { createTestClock } from "../record/record-fixture.ts";
import { BEAM, ledgerCell } from "./dose-plans.ts";

const REFERENCE = {
  fluxPhS: 1e10,
  ringCurrentMa: 200,
  highestPhS: 1.1e10,
  uncertainty: { monitor: 0.05, ringCurrent: 0.1 },
};
export const MARKS: ShutterMarks = {
  ...NO_MARKS,
  openAskedAtMs: 1000,
  openSeenAtMs: 1040,
  closeAskedAtMs: 5000,
  closedSeenAtMs: 5040,
};

export function order(exposureId = "x1", exposureS = 4): ExposureOrder {
  return {
    exposureId,
    requestId: "r1",
    position: "A1",
    cellIndex: 0,
    spotIndex: 1,
    spotXMm: 0,
    spotYMm: 0,
    stageXMm: 10,
    stageYMm: 20,
    exposureS,
    frameName: "f1",
    filtersIn: [true],
  };
}

export interface Books {
  readonly accounts: ExposureAccounts;
  readonly rows: LedgerRow[];
  readonly events: { readonly type: string; readonly data: object }[];
  readonly monitor: FluxHistory;
  readonly accounted: (readonly [number, number])[];
  readonly clock: ReturnType<typeof createTestClock>;
  readonly ringCurrent: FluxHistory;
  readonly compared: (readonly [number, number])[];
  ringCurrentMa: number | null;
  doubt: string | null;
  commit: () => Promise<void>;
}

export function open(transmitted?: TransmittedBeam): Books {
  const clock = createTestClock();
  const rows: LedgerRow[] = [];
  const events: Books["events"] = [];
  const accounted: Books["accounted"] = [];
  const compared: Books["compared"] = [];
  const monitor = createFluxHistory(8);
  const ringCurrent = createFluxHistory(8);
  const ledger = createDoseLedger({
    cells: [ledgerCell(0)],
    convention: "en",
    nowMs: () => clock.monoMs(),
    write: (row) => rows.push(row),
  });
  const accounts = createExposureAccounts({
    clock,
    ledger,
    recorder: {
      record(type, data) {
        events.push({ type, data });
      },
    },
    commit: () => books.commit(),
    fluxReference: REFERENCE,
    monitor,
    ringCurrent,
    ...(transmitted === undefined ? {} : { transmitted }),
    cycleOf: () => 3,
    fluxDoubted(fault) {
      books.doubt = fault?.message ?? null;
    },
    fluxCompared(monitorPhS, ringCurrentMa) {
      compared.push([monitorPhS, ringCurrentMa]);
    },
    ringCurrentMa: () => books.ringCurrentMa,
    beam: (filtersIn) => (filtersIn[0] === true ? BEAM : { ...BEAM, filterTransmission: 1 }),
    cellState: () => ({ voltage_V: 3.7 }),
    accounted(_, startMs, endMs) {
      accounted.push([startMs, endMs]);
    },
    shutterTravelMs: 40,
    longestOpenS: (exposureS) => exposureS + 1,
  });
  const books: Books = {
    accounts,
    rows,
    events,
    monitor,
    ringCurrent,
    accounted,
    compared,
    clock,
    ringCurrentMa: 200,
    doubt: null,
    commit: () => Promise.resolve(),
  };
  return books;
}
