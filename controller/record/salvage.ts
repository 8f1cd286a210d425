/**
 * What can be read of a damaged record, written to a folder of its own: for audit, export and report. What is lost is
 * told and stands in the new log; lost samples are gaps. A run never goes on in it: what was lost may have been dose.
 */
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { chainStart, linkHash } from "./hash-chain.ts";
import { writeHeadFile } from "./head-file.ts";
import { isLedgerRow, parseLedgerRow, type LedgerRow } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import { restoredCopy } from "./restored-copy.ts";
import { channelsOf, openRecord, type RecordReader } from "./record-reader.ts";
import { createRowWriter, type GapRow, type PackedFrame, type RowWriter, type StoredEvent } from "./record-rows.ts";
import { isThinned } from "./thinned-block.ts";
import { BUSY_TIMEOUT_MS, databasePath, emptyHead, headText, openForWriting } from "./schema.ts";

export const SALVAGED_EVENT = "record-salvaged";

/** Differs from that of every run, which is therefore refused the folder. */
const CONDITIONS = "as a salvaged copy, in which no run goes on";

export interface SalvageReport {
  readonly events: number;
  readonly ledgerRows: number;
  readonly frames: number;
  readonly samples: number;
  readonly gaps: number;
  /** What could not be read, stretch by stretch; empty where all could. */
  readonly lost: readonly string[];
}

/** `to` is new. The source is only read. Throws Fault store.damaged where it does not say whose record it is. */
export function salvageRecord(from: string, to: string): SalvageReport {
  const copy = restoredCopy(from, to);
  try {
    return salvageFrom(copy.folder, from, to, copy.mended);
  } catch (error) {
    // The copy is gone when this is read.
    if (isFault(error) && error.where === databasePath(copy.folder))
      throw new Fault("store.damaged", databasePath(from), `nothing of it can be read: ${error.message}`, {}, error);
    throw error;
  } finally {
    copy.remove();
  }
}

function salvageFrom(source: string, from: string, to: string, mended: readonly string[]): SalvageReport {
  const record = openRecord(source);
  try {
    const { header } = record;
    if (header === undefined)
      throw new Fault("store.damaged", databasePath(from), "the record does not say whose it is: nothing to go by");
    const salvaged = { ...header, conditions: CONDITIONS };
    const start = chainStart(salvaged);
    const writing = openForWriting({
      ...{ folder: to, durability: "power-loss", busyTimeoutMs: BUSY_TIMEOUT_MS, header: salvaged, holder: undefined },
      start: emptyHead(start.hash),
    });
    try {
      const copy = writing.database.transaction(() =>
        copyRows(record, createRowWriter(writing.database), start.hash, mended),
      );
      const { hash, ...report } = copy.immediate();
      const { events, ledgerRows, frames, samples, gaps } = report;
      writeHeadFile(to, { events, hash, ledgerRows, frames, blocks: 0, samples, gaps });
      return report;
    } finally {
      writing.close();
    }
  } finally {
    record.close();
  }
}

function copyRows(
  record: RecordReader,
  writer: RowWriter,
  startHash: string,
  mended: readonly string[],
): SalvageReport & { readonly hash: string } {
  const lost: string[] = [...mended];
  const told: LedgerRow[] = [];
  let events = 0;
  let hash = startHash;
  let lastMs = 0;

  function add(event: Pick<StoredEvent, "atMs" | "type" | "dataText" | "wallMs">): void {
    events += 1;
    hash = linkHash(hash, events, event.atMs, event.type, event.dataText);
    writer.event({ ...event, seq: events, hash });
  }

  let previous: StoredEvent | undefined;
  for (const scanned of record.events()) {
    if (scanned.kind === "damaged") {
      lost.push(`events ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      previous = undefined;
      continue;
    }
    const event = scanned.row;
    const expected = event.seq === 1 ? startHashOf(record) : previous?.hash;
    const isNext = event.seq === 1 || previous?.seq === event.seq - 1;
    if (event.seq > 1 && previous !== undefined && !isNext)
      lost.push(`events ${previous.seq + 1} to ${event.seq - 1}: not there`);
    previous = event;
    if (isNext && expected !== undefined && !isOwnHash(expected, event)) {
      lost.push(`event ${event.seq} (${event.type}): it does not hold what its hash says`);
      continue;
    }
    add(event);
    lastMs = Math.max(lastMs, event.atMs);
    const row = event.type.startsWith("exposure-") ? parseLedgerRow(parseJson(event.dataText)) : undefined;
    if (row !== undefined) told.push(row);
  }

  const ledgerRows = copyLedger(record, writer, told, lost);
  const { frames, samples, gaps } = copySamples(record, writer, lost);
  if (lost.length > 0) {
    const data = canonicalJson({ lost, head: record.head?.hash ?? null });
    add({ atMs: lastMs, type: SALVAGED_EVENT, dataText: data, wallMs: null });
  }
  writer.head(headText({ events, hash, ledgerRows, frames, blocks: 0, samples, gaps }));
  return { events, ledgerRows, frames, samples, gaps, lost, hash };
}

function startHashOf(record: RecordReader): string | undefined {
  return record.header === undefined ? undefined : chainStart(record.header).hash;
}

function isOwnHash(previousHash: string, { seq, atMs, type, dataText, hash }: StoredEvent): boolean {
  return Number.isFinite(atMs) && linkHash(previousHash, seq, atMs, type, dataText) === hash;
}

/** Rows that the table lost and the log still tells of are taken from there. */
function copyLedger(record: RecordReader, writer: RowWriter, told: readonly LedgerRow[], lost: string[]): number {
  const keyOf = (row: LedgerRow): string => `${row.exposureId} ${row.kind === "booking" ? "booking" : "closing"}`;
  const rows = new Map<string, LedgerRow>();
  for (const scanned of record.ledger()) {
    if (scanned.kind === "row" && isLedgerRow(scanned.row)) rows.set(keyOf(scanned.row), scanned.row);
    else if (scanned.kind === "row")
      lost.push(`ledger row ${scanned.key}: it states what no row can; what the log tells of it is kept`);
    else
      lost.push(`ledger rows ${scanned.from} to ${scanned.to}: ${scanned.reason}; what the log tells of them is kept`);
  }
  let count = 0;
  const write = (row: LedgerRow): void => {
    count += 1;
    writer.ledger(count, row);
    rows.delete(keyOf(row));
  };
  for (const row of told.filter(isLedgerRow)) write(rows.get(keyOf(row)) ?? row);
  for (const row of [...rows.values()]) write(row);
  return count;
}

function copySamples(
  record: RecordReader,
  writer: RowWriter,
  lost: string[],
): { readonly frames: number; readonly samples: number; readonly gaps: number } {
  const channels = new Set<number>();
  const holes: { readonly fromMs: number; toMs: number | null }[] = [];
  let frames = 0;
  let samples = 0;
  let gaps = 0;
  let lastMs = 0;
  const addGap = (gap: GapRow): void => {
    gaps += 1;
    writer.gap(gaps, gap);
  };
  for (const scanned of record.frames()) {
    if (scanned.kind === "row" && scanned.of === "block" && isThinned(scanned.row.block)) {
      const { channelIndex, firstMs: fromMs, lastMs: toMs } = scanned.row;
      addGap({ channelIndex, fromMs, toMs, reason: "thinned on purpose" });
      continue;
    }
    const read = scanned.kind === "row" ? channelsOf(scanned.row) : scanned.reason;
    if (scanned.kind === "damaged" || typeof read === "string") {
      const [from, to] = scanned.kind === "damaged" ? [scanned.from, scanned.to] : [scanned.key, scanned.key];
      const what = scanned.of === "block" ? "sample blocks" : "sample frames";
      lost.push(`${what} ${from} to ${to}: ${typeof read === "string" ? read : ""}`);
      if (scanned.of === "frame") holes.push({ fromMs: lastMs, toMs: null });
      else
        for (const { channelIndex, firstMs: fromMs, lastMs: toMs } of record.blockPlaces(from, to))
          addGap({ channelIndex, fromMs, toMs, reason: "lost with a damaged block" });
      continue;
    }
    const frame: PackedFrame = scanned.row;
    const sampleCount = read.reduce((sum, one) => sum + one.atMs.length, 0);
    for (const hole of holes) hole.toMs ??= frame.firstMs;
    for (const { channelIndex } of read) channels.add(channelIndex);
    frames += 1;
    samples += sampleCount;
    lastMs = Math.max(lastMs, frame.lastMs);
    writer.frame({ ...frame, row: frames, sampleCount });
  }
  for (const scanned of record.gaps()) {
    if (scanned.kind === "row") addGap(scanned.row);
    else lost.push(`gap rows ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
  }
  for (const { fromMs, toMs } of holes)
    for (const channelIndex of channels)
      addGap({ channelIndex, fromMs, toMs: Math.max(fromMs, toMs ?? fromMs), reason: "lost with a damaged block" });
  return { frames, samples, gaps };
}
