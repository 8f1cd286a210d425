/**
 * Reads a campaign's record without changing it: for audit, export and report, also while a run writes it. Damaged
 * stretches are told and passed over; everything else stays readable.
 */
import { scanRows, type Scanned } from "./damage-scan.ts";
import { parseHead } from "./head-file.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { parseHeader, type RecordHeader } from "./record-header.ts";
import type { GapRow, PackedBlock, StoredEvent, ToldEvent } from "./record-rows.ts";
import { fetchRows, parseEventRow, parseGapRow, parseStoredLedgerRow, parseToldEvent } from "./record-rows.ts";
import { openSamples, type BlockPlace, type ScannedSamples } from "./sample-access.ts";
import type { Envelope } from "./sample-envelope.ts";
import type { ChannelSamples } from "./sample-frame.ts";
import { hasEveryColumn, metaProblems, openForReading, readMeta, type StoredHead } from "./schema.ts";
import { isSqliteError } from "./sqlite.ts";

export { channelsOf } from "./sample-access.ts";

export interface Sample {
  readonly atMs: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly flags: number;
}

export interface RecordReader {
  /** undefined where the record does not hold it legibly. */
  readonly header: RecordHeader | undefined;
  readonly head: StoredHead | undefined;
  events(): Iterable<Scanned<StoredEvent>>;
  /** The same, faster, for whoever does not ask whether they are as they were written. */
  toldEvents(): Iterable<Scanned<ToldEvent>>;
  ledger(): Iterable<Scanned<LedgerRow>>;
  gaps(): Iterable<Scanned<GapRow>>;
  /** Every frame and block; each channel's samples come in the order they came. */
  frames(): Iterable<ScannedSamples>;
  blocks(): Iterable<Scanned<PackedBlock>>;
  /** What the index tells of blocks fromRow..toRow, also where they cannot be read themselves. */
  blockPlaces(fromRow: number, toRow: number): readonly BlockPlace[];
  /** Samples of one channel with fromMs <= time < toMs, in the order they came. What cannot be read is passed over. */
  samples(channelIndex: number, fromMs?: number, toMs?: number): Iterable<Sample>;
  /**
   * The lowest and the highest reading in each of `columns` equal parts of fromMs <= time < toMs, at whose edges a reading
   * may stand a quarter of a part aside. Blocks that lie within one part are not unpacked, nor those of half a part or
   * less: a record of ten million samples takes tens of milliseconds.
   */
  envelope(channelIndex: number, fromMs: number, toMs: number, columns: number): Envelope;
  eventHash(seq: number): string | undefined;
  /** False where the description of the tables has lost the name of one of them, or of a column. */
  hasEveryColumn(): boolean;
  /** What SQLite itself finds wrong with the file; empty when nothing. */
  integrityProblems(): readonly string[];
  /** What the record says of itself in two ways that do not agree. */
  metaProblems(): readonly string[];
  close(): void;
}

/** Throws Fault file.missing, store.damaged, store.newer. */
export function openRecord(folder: string): RecordReader {
  const database = openForReading(folder);

  function meta<T>(key: string, parse: (text: string) => T | undefined): T | undefined {
    try {
      return parse(readMeta(database, key) ?? "");
    } catch (error) {
      if (isSqliteError(error)) return undefined;
      throw error;
    }
  }

  const header = meta("header", parseHeader);
  const head = meta("head", parseHead);

  /** The highest key by any account, so that a damaged stretch at the end is still searched through. */
  function lastKey(table: "event" | "ledger" | "frame" | "block" | "gap", stated: number | undefined): number {
    try {
      const key = table === "event" ? "seq" : "row";
      const row = database.prepare<[], { last: number | null }>(`SELECT max(${key}) AS last FROM ${table}`).get();
      return Math.max(row?.last ?? 0, stated ?? 0);
    } catch (error) {
      if (isSqliteError(error)) return stated ?? 0;
      throw error;
    }
  }

  const samples = openSamples(database, head, lastKey);

  return {
    header,
    head,
    events: () => scanRows(fetchRows(database, "event"), parseEventRow, lastKey("event", head?.events)),
    toldEvents: () => scanRows(fetchRows(database, "toldEvent"), parseToldEvent, lastKey("event", head?.events)),
    ledger: () => scanRows(fetchRows(database, "ledger"), parseStoredLedgerRow, lastKey("ledger", head?.ledgerRows)),
    gaps: () => scanRows(fetchRows(database, "gap"), parseGapRow, lastKey("gap", head?.gaps)),
    frames: () => samples.frames(),
    blocks: () => samples.blocks(),
    blockPlaces: (fromRow, toRow) => samples.blockPlaces(fromRow, toRow),
    *samples(channelIndex, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY) {
      for (const one of samples.channel(channelIndex, fromMs, toMs)) yield* samplesBetween(one, fromMs, toMs);
    },
    envelope: (channelIndex, fromMs, toMs, columns) => samples.envelope(channelIndex, fromMs, toMs, columns),
    eventHash(seq) {
      try {
        const row = database.prepare<[number], { hash: unknown }>("SELECT hash FROM event WHERE seq = ?").get(seq);
        return typeof row?.hash === "string" ? row.hash : undefined;
      } catch (error) {
        if (isSqliteError(error)) return undefined;
        throw error;
      }
    },
    hasEveryColumn() {
      try {
        return hasEveryColumn(database);
      } catch (error) {
        if (isSqliteError(error)) return false;
        throw error;
      }
    },
    integrityProblems() {
      try {
        const rows = database.pragma("integrity_check(20)") as readonly { readonly integrity_check: string }[];
        return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
      } catch (error) {
        if (isSqliteError(error)) return [error.message];
        throw error;
      }
    },
    metaProblems() {
      try {
        return metaProblems(database);
      } catch (error) {
        // Told by the other looks at the file.
        if (isSqliteError(error)) return [];
        throw error;
      }
    },
    close() {
      database.close();
    },
  };
}

function* samplesBetween(samples: ChannelSamples, fromMs: number, toMs: number): Generator<Sample> {
  for (const [index, atMs] of samples.atMs.entries()) {
    if (atMs < fromMs || atMs >= toMs) continue;
    yield {
      atMs,
      voltageV: samples.voltageV[index] ?? Number.NaN,
      currentA: samples.currentA[index] ?? Number.NaN,
      flags: samples.flags[index] ?? 0,
    };
  }
}
