/**
 * Reads a campaign's record without changing it: for audit, export and report, also while a run writes it. Damaged
 * stretches are told and passed over; everything else stays readable.
 */
import { scanRows, type Scanned } from "./damage-scan.ts";
import { parseHead } from "./head-file.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { parseHeader, type RecordHeader } from "./record-header.ts";
import type { FrameRow, GapRow, PackedFrame, StoredEvent } from "./record-rows.ts";
import { fetchRows, parseEventRow, parseFrameRow, parseGapRow, parsePackedFrame } from "./record-rows.ts";
import { parseStoredLedgerRow, type RawRow } from "./record-rows.ts";
import { decodeFrame, unpackPayload, type ChannelSamples } from "./sample-frame.ts";
import { openForReading, readMeta, type StoredHead } from "./schema.ts";

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
  ledger(): Iterable<Scanned<LedgerRow>>;
  gaps(): Iterable<Scanned<GapRow>>;
  frames(): Iterable<Scanned<PackedFrame>>;
  /** Samples of one channel with fromMs <= time < toMs, in the order they came. Frames that cannot be read are passed over. */
  samples(channelIndex: number, fromMs?: number, toMs?: number): Iterable<Sample>;
  eventHash(seq: number): string | undefined;
  /** What SQLite itself finds wrong with the file; empty when nothing. */
  integrityProblems(): readonly string[];
  close(): void;
}

/** Blocks of samples are large: few at a time. */
const BLOCKS_PER_PAGE = 8;

/** Throws Fault file.missing, store.damaged, store.newer. */
export function openRecord(folder: string): RecordReader {
  const database = openForReading(folder);
  const frameAt = database.prepare<[number], RawRow>("SELECT * FROM frame WHERE row = ?");

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
  function lastKey(table: "event" | "ledger" | "frame" | "gap", stated: number | undefined): number {
    try {
      const key = table === "event" ? "seq" : "row";
      const row = database.prepare<[], { last: number | null }>(`SELECT max(${key}) AS last FROM ${table}`).get();
      return Math.max(row?.last ?? 0, stated ?? 0);
    } catch (error) {
      if (isSqliteError(error)) return stated ?? 0;
      throw error;
    }
  }

  return {
    header,
    head,
    events: () => scanRows(fetchRows(database, "event"), parseEventRow, lastKey("event", head?.events)),
    ledger: () => scanRows(fetchRows(database, "ledger"), parseStoredLedgerRow, lastKey("ledger", head?.ledgerRows)),
    gaps: () => scanRows(fetchRows(database, "gap"), parseGapRow, lastKey("gap", head?.gaps)),
    frames: () =>
      scanRows(fetchRows(database, "block"), parsePackedFrame, lastKey("frame", head?.frames), BLOCKS_PER_PAGE),
    *samples(channelIndex, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY) {
      const frames = scanRows<FrameRow>(fetchRows(database, "frame"), parseFrameRow, lastKey("frame", head?.frames));
      for (const scanned of frames) {
        if (scanned.kind === "damaged" || scanned.row.lastMs < fromMs || scanned.row.firstMs >= toMs) continue;
        const channels = channelsOf(readFrame(scanned.key));
        if (typeof channels === "string") continue;
        for (const samples of channels)
          if (samples.channelIndex === channelIndex) yield* samplesBetween(samples, fromMs, toMs);
      }
    },
    eventHash(seq) {
      try {
        const row = database.prepare<[number], { hash: unknown }>("SELECT hash FROM event WHERE seq = ?").get(seq);
        return typeof row?.hash === "string" ? row.hash : undefined;
      } catch (error) {
        if (isSqliteError(error)) return undefined;
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
    close() {
      database.close();
    },
  };

  function readFrame(row: number): PackedFrame | string {
    try {
      return parsePackedFrame(frameAt.get(row) ?? {}) ?? "the frame does not hold what its table says";
    } catch (error) {
      if (isSqliteError(error)) return error.message;
      throw error;
    }
  }
}

/** Samples of a frame by channel, or why they cannot be read. */
export function channelsOf(frame: PackedFrame | string): readonly ChannelSamples[] | string {
  if (typeof frame === "string") return frame;
  const payload = unpackPayload(frame.block, frame.crc32);
  return typeof payload === "string" ? payload : decodeFrame(payload);
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

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_");
}
