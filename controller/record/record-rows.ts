/**
 * Rows of `campaign.db` to values and back. What comes out of the file is outside data: a row that does not hold
 * what its table says is undefined, and the caller says so with its place.
 */
import { crc32 } from "node:zlib";
import type { LayerDose, LedgerRow } from "./ledger-row.ts";
import { parseLedgerRow } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { Database } from "./sqlite.ts";

export interface StoredEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  /** Canonical JSON, as it was hashed. */
  readonly dataText: string;
  readonly hash: string;
  /** When it was written by the machine's clock; null in the virtual world. Not part of the hash. */
  readonly wallMs: number | null;
  /** The machine's clock is not what was written: its checksum says so. */
  readonly isWallDamaged?: true;
}

/** What an event tells, without what proves it. */
export type ToldEvent = Pick<StoredEvent, "atMs" | "type" | "dataText">;

/** A stretch of time in which a channel's samples are known to be missing. */
export interface GapRow {
  readonly channelIndex: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
}

export interface FrameRow {
  readonly row: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sampleCount: number;
  readonly payloadBytes: number;
  readonly crc32: number;
}

export interface PackedFrame extends FrameRow {
  readonly block: Buffer;
}

/** One channel's samples of many frames, which it stands in place of. */
export interface BlockRow extends FrameRow {
  readonly channelIndex: number;
  /** Rows of the frames that it was made of; those of one pack have the same two. */
  readonly fromFrame: number;
  readonly toFrame: number;
  /** Of the readings that are numbers; null where none is. */
  readonly voltageMinV: number | null;
  readonly voltageMaxV: number | null;
  readonly currentMinA: number | null;
  readonly currentMaxA: number | null;
}

export interface PackedBlock extends BlockRow {
  readonly block: Buffer;
}

export type RawRow = Readonly<Record<string, unknown>>;

/** Fetches up to `limit` rows after the key `after`, in order of the key, as the database gives them. */
export type FetchRows = (after: number, limit: number) => RawRow[];

const FRAME_COLUMNS = "row, first_ms, last_ms, sample_count, payload_bytes, crc32";

export const SELECT_ROWS = {
  event: "SELECT seq AS key, * FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
  toldEvent: "SELECT seq AS key, at_ms, type, data FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
  ledger: "SELECT row AS key, * FROM ledger WHERE row > ? ORDER BY row LIMIT ?",
  frame: `SELECT row AS key, ${FRAME_COLUMNS} FROM frame WHERE row > ? ORDER BY row LIMIT ?`,
  packedFrame: `SELECT row AS key, ${FRAME_COLUMNS}, block FROM frame WHERE row > ? ORDER BY row LIMIT ?`,
  block: "SELECT row AS key, * FROM block WHERE row > ? ORDER BY row LIMIT ?",
  blockRow: `SELECT row AS key, channel_index, from_frame, to_frame, voltage_min_V, voltage_max_V, current_min_A,
    current_max_A, ${FRAME_COLUMNS} FROM block WHERE row > ? ORDER BY row LIMIT ?`,
  gap: "SELECT row AS key, * FROM gap WHERE row > ? ORDER BY row LIMIT ?",
} as const;

export function fetchRows(database: Database, table: keyof typeof SELECT_ROWS): FetchRows {
  const statement = database.prepare<[number, number], RawRow>(SELECT_ROWS[table]);
  return (after, limit) => statement.all(after, limit);
}

/** Bookings without a closing row, oldest first. */
export function openBookingRows(database: Database): readonly RawRow[] {
  const open = database.prepare<[], RawRow>(`SELECT * FROM ledger AS booked WHERE kind = 'booking' AND NOT EXISTS
    (SELECT 1 FROM ledger WHERE exposure_id = booked.exposure_id AND kind <> 'booking') ORDER BY row`);
  return open.all();
}

export function parseEventRow(row: RawRow): StoredEvent | undefined {
  const { seq, at_ms: atMs, type, data, hash, wall_ms: wallMs } = row;
  if (typeof seq !== "number" || typeof atMs !== "number" || typeof type !== "string") return undefined;
  if (typeof data !== "string" || typeof hash !== "string") return undefined;
  if (wallMs !== null && typeof wallMs !== "number") return undefined;
  const event = { seq, atMs, type, dataText: data, hash, wallMs };
  const sum = row["wall_crc32"] ?? null;
  // An older beamrack wrote none.
  return sum === null || sum === wallCrc32(seq, wallMs) ? event : { ...event, isWallDamaged: true };
}

export function parseToldEvent({ at_ms: atMs, type, data }: RawRow): ToldEvent | undefined {
  if (typeof atMs !== "number" || typeof type !== "string" || typeof data !== "string") return undefined;
  return { atMs, type, dataText: data };
}

export function parseGapRow(row: RawRow): GapRow | undefined {
  const { channel_index: channelIndex, from_ms: fromMs, to_ms: toMs, reason } = row;
  if (typeof channelIndex !== "number" || typeof fromMs !== "number") return undefined;
  if (typeof toMs !== "number" || typeof reason !== "string") return undefined;
  const gap = { channelIndex, fromMs, toMs, reason };
  const sum = row["crc32"] ?? null;
  return sum === null || sum === gapCrc32(gap) ? gap : undefined;
}

export function parseFrameRow(raw: RawRow): FrameRow | undefined {
  const { row, first_ms: firstMs, last_ms: lastMs } = raw;
  const { sample_count: sampleCount, payload_bytes: payloadBytes, crc32 } = raw;
  if (typeof row !== "number" || typeof firstMs !== "number" || typeof lastMs !== "number") return undefined;
  if (typeof sampleCount !== "number" || typeof payloadBytes !== "number" || typeof crc32 !== "number")
    return undefined;
  return { row, firstMs, lastMs, sampleCount, payloadBytes, crc32 };
}

export function parsePackedFrame(raw: RawRow): PackedFrame | undefined {
  const frame = parseFrameRow(raw);
  const block = raw["block"];
  return frame === undefined || !Buffer.isBuffer(block) ? undefined : { ...frame, block };
}

export function parseBlockRow(raw: RawRow): BlockRow | undefined {
  const frame = parseFrameRow(raw);
  const { channel_index: channelIndex, from_frame: fromFrame, to_frame: toFrame } = raw;
  if (frame === undefined || typeof channelIndex !== "number") return undefined;
  if (typeof fromFrame !== "number" || typeof toFrame !== "number") return undefined;
  const extreme = (key: string): number | null => (typeof raw[key] === "number" ? raw[key] : null);
  return {
    ...frame,
    ...{ channelIndex, fromFrame, toFrame },
    voltageMinV: extreme("voltage_min_V"),
    voltageMaxV: extreme("voltage_max_V"),
    currentMinA: extreme("current_min_A"),
    currentMaxA: extreme("current_max_A"),
  };
}

export function parsePackedBlock(raw: RawRow): PackedBlock | undefined {
  const row = parseBlockRow(raw);
  const block = raw["block"];
  return row === undefined || !Buffer.isBuffer(block) ? undefined : { ...row, block };
}

export function parseStoredLedgerRow(row: RawRow): LedgerRow | undefined {
  const text = (key: string): string | null => (typeof row[key] === "string" ? row[key] : null);
  const number = (key: string): number | null => (typeof row[key] === "number" ? row[key] : null);
  const json = (key: string) => parseJson(text(key) ?? "") ?? null;
  return parseLedgerRow({
    kind: text("kind"),
    exposure_id: text("exposure_id"),
    position: text("position"),
    spot: number("spot_index"),
    spot_x_mm: number("spot_x_mm"),
    spot_y_mm: number("spot_y_mm"),
    cycle: number("cycle"),
    at_ms: number("at_ms"),
    fluence_ph_cm2: number("fluence_ph_cm2"),
    open_time_s: number("open_time_s"),
    flux_ph_s: number("flux_ph_s"),
    flux_source: text("flux_source"),
    filter_transmission: number("filter_transmission"),
    convention: text("convention"),
    layer_doses: json("layer_doses_Gy"),
    relative_uncertainty: number("relative_uncertainty"),
    reason: text("reason"),
    stack: text("stack_hash"),
    filters_in: json("filters_in"),
  });
}

function wallCrc32(seq: number, wallMs: number | null): number {
  return crc32(`${seq} ${String(wallMs)}`);
}

function gapCrc32({ channelIndex, fromMs, toMs, reason }: GapRow): number {
  return crc32(JSON.stringify([channelIndex, fromMs, toMs, reason]));
}

function layerDosesToFile(doses: readonly LayerDose[]): string {
  return JSON.stringify(
    doses.map(({ layer, surfaceGy, meanGy }) => ({ layer, surface_Gy: surfaceGy, mean_Gy: meanGy })),
  );
}

export interface RowWriter {
  event(event: StoredEvent): void;
  ledger(row: number, ledgerRow: LedgerRow): void;
  frame(frame: PackedFrame): void;
  block(block: PackedBlock): void;
  /** Only frames that blocks hold may go. */
  dropFrames(fromRow: number, toRow: number): void;
  gap(row: number, gap: GapRow): void;
  head(text: string): void;
}

export function createRowWriter(database: Database): RowWriter {
  const event = database.prepare(
    "INSERT INTO event (seq, at_ms, type, data, hash, wall_ms, wall_crc32) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const ledger = database.prepare(`INSERT INTO ledger VALUES (${Array<string>(20).fill("?").join(", ")})`);
  const frame = database.prepare(`INSERT INTO frame (${FRAME_COLUMNS}, block) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const block = database.prepare(`INSERT INTO block VALUES (${Array<string>(14).fill("?").join(", ")})`);
  const dropFrames = database.prepare("DELETE FROM frame WHERE row BETWEEN ? AND ?");
  const gap = database.prepare(
    "INSERT INTO gap (row, channel_index, from_ms, to_ms, reason, crc32) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const head = database.prepare("UPDATE meta SET value = ? WHERE key = 'head'");
  return {
    event({ seq, atMs, type, dataText, hash, wallMs }) {
      event.run(seq, atMs, type, dataText, hash, wallMs, wallMs === null ? null : wallCrc32(seq, wallMs));
    },
    ledger(row, item) {
      ledger.run(
        row,
        item.kind,
        item.exposureId,
        item.position,
        item.spotIndex,
        item.spotXMm,
        item.spotYMm,
        item.atMs,
        item.fluencePhCm2,
        item.openTimeS,
        item.fluxPhS,
        item.fluxSource,
        item.filterTransmission,
        item.convention,
        layerDosesToFile(item.layerDosesGy),
        item.relativeUncertainty,
        item.reason,
        item.kind === "booking" ? item.stackHash : null,
        item.kind === "booking" ? JSON.stringify(item.filtersIn) : null,
        item.cycle,
      );
    },
    frame({ row, firstMs, lastMs, sampleCount, payloadBytes, crc32, block }) {
      frame.run(row, firstMs, lastMs, sampleCount, payloadBytes, crc32, block);
    },
    block(item) {
      block.run(
        item.row,
        item.channelIndex,
        item.fromFrame,
        item.toFrame,
        item.firstMs,
        item.lastMs,
        item.sampleCount,
        item.voltageMinV,
        item.voltageMaxV,
        item.currentMinA,
        item.currentMaxA,
        item.payloadBytes,
        item.crc32,
        item.block,
      );
    },
    dropFrames(fromRow, toRow) {
      dropFrames.run(fromRow, toRow);
    },
    gap(row, { channelIndex, fromMs, toMs, reason }) {
      const sum = gapCrc32({ channelIndex, fromMs, toMs, reason });
      gap.run(row, channelIndex, fromMs, toMs, reason, sum);
    },
    head(text) {
      head.run(text);
    },
  };
}
