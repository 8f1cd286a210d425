/**
 * The dose ledger of a campaign that has been: opened from its record alone, to book and settle what is given to its
 * cells outside a run. Every row stands in the same log, under the same limits, and is audited the same way.
 */
import type { EventType } from "../record/event-types.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Occupant, Position } from "../../protocols/base/position.ts";
import { presentIndex } from "../../protocols/campaign/present-cell.ts";
import { ACCESS_CLOSED, createAccessFold } from "../access/access-fold.ts";
import { BEGUN_EVENT } from "../corrections/correction-events.ts";
import { DOSE_LIMITS_EVENT } from "../record/dose-limits-event.ts";
import { DOSE_PLAN_EVENT } from "../record/dose-plan-event.ts";
import type { FolderHolder } from "../record/folder-lock.ts";
import { isRecord, ledgerEventData, type LedgerRow } from "../record/ledger-row.ts";
import { parseJson, type RecordHeader } from "../record/record-header.ts";
import { openRecord } from "../record/record-reader.ts";
import { ledgerCellsOf, parseLimits, parsePlans, type RecordedPlan } from "../record/recorded-plans.ts";
import { openStore } from "../record/store.ts";
import type { CellDosePlan } from "./cell-dose.ts";
import { createDoseLedger, type DoseLedger, type LedgerCell } from "./dose-ledger.ts";
import { CAMPAIGN_CONVENTION } from "./ledger-cells.ts";

export interface RecordedLedger {
  readonly ledger: DoseLedger;
  readonly campaign: string;
  /** Campaign time, never before the last event of the record. */
  nowMs(): number;
  /** Index in the ledger of the cell that lies there; undefined for a position that the campaign does not use. */
  cellAt(position: Position): number | undefined;
  /** Its name; that of the place where there is none. */
  occupantAt(position: Position): Occupant;
  spotCountAt(cellIndex: number): number;
  /** How many frames of what is no cell were begun, those of this one included. */
  readonly correctionCount: number;
  /** Spots of a cell by their numbers, from its centre. */
  spotsAt(cellIndex: number): CellDosePlan["spots"];
  record(type: EventType, data: { readonly [key: string]: Json }): void;
  /** Rows and events so far become durable. Rejects with Fault `store.unwritable`. */
  commit(): Promise<void>;
  close(): void;
}

export interface RecordedLedgerInputs {
  readonly folder: string;
  /** The campaign's record must have been made with this site. */
  readonly siteHash: string;
  readonly clock: Clock;
  readonly holder: FolderHolder;
}

interface ReadBack {
  readonly header: RecordHeader;
  readonly cells: readonly LedgerCell[];
  readonly rows: readonly LedgerRow[];
  readonly startMs: number;
  readonly lastMs: number;
  readonly correctionCount: number;
  readonly moved: ReadonlyMap<string, number>;
}

/**
 * Throws Fault `file.missing` (no record there), `store.damaged`, `store.in-use`, `store.other-campaign` (of another
 * site, or of a simulated run, which only a repetition can go on with) and `dose.unknown` (no plan, no limits).
 */
export function openRecordedLedger(inputs: RecordedLedgerInputs): RecordedLedger {
  const { folder, clock } = inputs;
  const { header, cells, rows, startMs, lastMs, moved, ...back } = readBack(inputs);
  let { correctionCount } = back;
  const store = openStore({
    folder,
    clock,
    durability: "power-loss",
    commitLatencyMs: 0,
    header,
    channelCount: cells.length,
    holder: inputs.holder,
  });
  const nowMs = (): number => Math.max(lastMs, clock.wallMs() - startMs);
  try {
    const ledger = createDoseLedger({
      cells,
      convention: CAMPAIGN_CONVENTION,
      nowMs,
      past: rows,
      moved,
      write(row) {
        store.appendLedger(row);
        const type = row.kind === "booking" ? "exposure-booked" : "exposure-settled";
        return store.appendEvent({ atMs: row.atMs, type, data: ledgerEventData(row) });
      },
    });
    return {
      ledger,
      campaign: header.campaign,
      nowMs,
      occupantAt: (position) => cells[presentIndex(cells, position)]?.position ?? position,
      cellAt(position) {
        const index = presentIndex(cells, position);
        return index < 0 ? undefined : index;
      },
      spotCountAt: (cellIndex) => cells[cellIndex]?.plan.spots.length ?? 0,
      spotsAt: (cellIndex) => cells[cellIndex]?.plan.spots ?? [],
      get correctionCount() {
        return correctionCount;
      },
      record(type, data) {
        if (type === BEGUN_EVENT) correctionCount += 1;
        store.appendEvent({ atMs: nowMs(), type, data });
      },
      commit: () => store.commit(),
      close() {
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

function readBack({ folder, siteHash }: RecordedLedgerInputs): ReadBack {
  const reader = openRecord(folder);
  try {
    const { header } = reader;
    if (header === undefined) throw new Fault("store.damaged", folder, "the record does not say whose it is");
    if (header.world === "virtual") {
      throw new Fault(
        "store.other-campaign",
        folder,
        "the record is that of a simulated run; nothing real is booked there",
      );
    }
    if (header.isRehearsal === true) {
      throw new Fault(
        "store.other-campaign",
        folder,
        "the record is that of a rehearsal; nothing real is booked there",
      );
    }
    if (header.siteHash !== siteHash) {
      throw new Fault(
        "store.other-campaign",
        folder,
        `the record of ${header.campaign} was made with another site file`,
      );
    }
    let limits: ReturnType<typeof parseLimits> = new Map();
    let plans: readonly RecordedPlan[] = [];
    let startMs: number | undefined;
    let lastMs = 0;
    let correctionCount = 0;
    const access = createAccessFold();
    for (const scanned of reader.events()) {
      if (scanned.kind === "damaged") throw damaged(folder, `events ${scanned.from} to ${scanned.to}`);
      const { type, dataText, atMs } = scanned.row;
      lastMs = Math.max(lastMs, atMs);
      if (type === BEGUN_EVENT) correctionCount += 1;
      if (type === DOSE_LIMITS_EVENT) limits = parseLimits(parseJson(dataText));
      else if (type === DOSE_PLAN_EVENT) plans = parsePlans(parseJson(dataText), limits);
      else if (type === "campaign-started") startMs = startOf(parseJson(dataText));
      else if (type === ACCESS_CLOSED) {
        const data = parseJson(dataText);
        if (isRecord(data)) access.event(type, data);
      }
    }
    const cells = ledgerCellsOf(plans);
    if (cells.length === 0 || startMs === undefined) {
      throw new Fault("dose.unknown", folder, "the record states no dose plan, so no dose can be bounded");
    }
    const rows: LedgerRow[] = [];
    for (const scanned of reader.ledger()) {
      if (scanned.kind === "damaged") throw damaged(folder, `ledger rows ${scanned.from} to ${scanned.to}`);
      rows.push(scanned.row);
    }
    return { header, cells, rows, startMs, lastMs, correctionCount, moved: access.moved };
  } finally {
    reader.close();
  }
}

function damaged(folder: string, what: string): Fault {
  return new Fault("store.damaged", folder, `${what} cannot be read, so what was given is not known`);
}

function startOf(data: Json | undefined): number | undefined {
  const startMs = isRecord(data) ? data["start_ms"] : undefined;
  return typeof startMs === "number" ? startMs : undefined;
}
