/** Samples of a record that may be damaged, of an older beamrack, or written to meanwhile: by frame, by block, by channel. */
import { scanRows, type Scanned } from "./damage-scan.ts";
import { fetchRows, parseBlockRow, parseFrameRow, parsePackedBlock, parsePackedFrame } from "./record-rows.ts";
import type { BlockRow, FrameRow, PackedBlock, PackedFrame, RawRow } from "./record-rows.ts";
import { envelopeOf, type BlockSummary, type Envelope } from "./sample-envelope.ts";
import { decodeFrame, unpackPayload, type ChannelSamples } from "./sample-frame.ts";
import { isThinned } from "./thinned-block.ts";
import { hasBlocks, type StoredHead } from "./schema.ts";
import { isSqliteError, type Database } from "./sqlite.ts";

/** A frame, or a block in the place of many, which holds one channel. */
export type ScannedSamples =
  | (Scanned<PackedFrame> & { readonly of: "frame" })
  | (Scanned<PackedBlock> & { readonly of: "block" });

export interface SampleAccess {
  frames(): Iterable<ScannedSamples>;
  blocks(): Iterable<Scanned<PackedBlock>>;
  /** What the index tells of blocks that cannot be read themselves. */
  blockPlaces(fromRow: number, toRow: number): readonly BlockPlace[];
  /** Stretches of one channel's samples, in order; each holds some with fromMs <= time < toMs, and maybe others. */
  channel(channelIndex: number, fromMs: number, toMs: number): Iterable<ChannelSamples>;
  envelope(channelIndex: number, fromMs: number, toMs: number, columns: number): Envelope;
}

/** Whose samples a block holds, and of when. */
export interface BlockPlace {
  readonly channelIndex: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Packed rows are large: few at a time. */
const PER_PAGE = 8;

export function openSamples(
  database: Database,
  head: StoredHead | undefined,
  lastKey: (table: "frame" | "block", stated: number | undefined) => number,
): SampleAccess {
  const isPacked = hasBlocks(database);
  const frameAt = database.prepare<[number], RawRow>("SELECT * FROM frame WHERE row = ?");
  const blockAt = isPacked ? database.prepare<[number], RawRow>("SELECT * FROM block WHERE row = ?") : undefined;
  const summariesOf = isPacked
    ? database
        .prepare<[number, number, number], readonly [number, number, number, number, ...(number | null)[]]>(
          `SELECT row, first_ms, last_ms, sample_count, voltage_min_V, voltage_max_V, current_min_A, current_max_A FROM block WHERE channel_index = ? AND last_ms >= ? AND first_ms < ? ORDER BY row`,
        )
        .raw()
    : undefined;

  function looseFrames(fromKey = 1): Iterable<Scanned<PackedFrame>> {
    const last = lastKey("frame", head?.frames);
    return scanRows(fetchRows(database, "packedFrame"), parsePackedFrame, last, PER_PAGE, fromKey);
  }

  function* blocks(): Generator<Scanned<PackedBlock>> {
    if (!isPacked) return;
    yield* scanRows(fetchRows(database, "block"), parsePackedBlock, lastKey("block", head?.blocks), PER_PAGE);
  }

  function* blockRows(rowsPerPage?: number): Generator<BlockRow> {
    if (!isPacked) return;
    const last = lastKey("block", head?.blocks);
    for (const scanned of scanRows(fetchRows(database, "blockRow"), parseBlockRow, last, rowsPerPage))
      if (scanned.kind === "row") yield scanned.row;
  }

  /** Row of the first frame that blocks stand in the place of; Infinity where none does. */
  function firstPackedFrame(): number {
    for (const { fromFrame } of blockRows(1)) return fromFrame;
    return Infinity;
  }

  /** From the index; where that cannot be read, from the table itself. */
  function summaries(channelIndex: number, fromMs: number, toMs: number): readonly BlockSummary[] {
    try {
      return (summariesOf?.all(channelIndex, fromMs, toMs) ?? []).map(
        ([row, firstMs, lastMs, sampleCount, lowV = null, highV = null, lowA = null, highA = null]) => ({
          row,
          firstMs,
          lastMs,
          sampleCount,
          voltageMinV: lowV,
          voltageMaxV: highV,
          currentMinA: lowA,
          currentMaxA: highA,
        }),
      );
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      return [...blockRows()].filter(
        (one) => one.channelIndex === channelIndex && one.lastMs >= fromMs && one.firstMs < toMs,
      );
    }
  }

  function packedAt(row: number): PackedBlock | string {
    return readRow(() => parsePackedBlock(blockAt?.get(row) ?? {}));
  }

  function readBlock(row: number): ChannelSamples | undefined {
    const channels = channelsOf(packedAt(row));
    return typeof channels === "string" ? undefined : channels[0];
  }

  /** Of a thinned block its extremes, at its two ends. */
  function readForPlot(row: number): ChannelSamples | undefined {
    const block = packedAt(row);
    if (typeof block === "string" || !isThinned(block.block)) return readBlock(row);
    return {
      channelIndex: block.channelIndex,
      atMs: Float64Array.of(block.firstMs, block.lastMs),
      voltageV: Float64Array.of(block.voltageMinV ?? NaN, block.voltageMaxV ?? NaN),
      currentA: Float64Array.of(block.currentMinA ?? NaN, block.currentMaxA ?? NaN),
      flags: new Uint32Array(2),
    };
  }

  function* looseSamples(
    channelIndex: number,
    fromMs: number,
    toMs: number,
    fromRow: number,
    toRow: number,
  ): Generator<ChannelSamples> {
    const last = lastKey("frame", head?.frames);
    for (const scanned of scanRows<FrameRow>(fetchRows(database, "frame"), parseFrameRow, last, undefined, fromRow)) {
      if (scanned.kind === "row" && scanned.key >= toRow) return;
      if (scanned.kind === "damaged" || scanned.row.lastMs < fromMs || scanned.row.firstMs >= toMs) continue;
      const channels = channelsOf(readRow(() => parsePackedFrame(frameAt.get(scanned.key) ?? {})));
      if (typeof channels === "string") continue;
      for (const samples of channels) if (samples.channelIndex === channelIndex) yield samples;
    }
  }

  return {
    *frames() {
      const packedFrom = firstPackedFrame();
      let next = 1;
      for (const scanned of looseFrames()) {
        const last = scanned.kind === "row" ? scanned.key : scanned.to;
        if (last >= packedFrom) break;
        next = last + 1;
        yield { ...scanned, of: "frame" };
      }
      for (const scanned of blocks()) yield { ...scanned, of: "block" };
      for (const scanned of looseFrames(next)) yield { ...scanned, of: "frame" };
    },
    blocks,
    blockPlaces(fromRow, toRow) {
      const sql =
        "SELECT channel_index, first_ms, last_ms FROM block INDEXED BY block_by_channel WHERE row BETWEEN ? AND ?";
      try {
        if (!isPacked) return [];
        const rows = database.prepare<[number, number], readonly [number, number, number]>(sql).raw();
        return rows.all(fromRow, toRow).map(([channelIndex, firstMs, lastMs]) => ({ channelIndex, firstMs, lastMs }));
      } catch (error) {
        if (isSqliteError(error)) return [];
        throw error;
      }
    },
    *channel(channelIndex, fromMs, toMs) {
      const packedFrom = firstPackedFrame();
      yield* looseSamples(channelIndex, fromMs, toMs, 1, packedFrom);
      for (const { row } of summaries(channelIndex, fromMs, toMs)) {
        const samples = readBlock(row);
        if (samples !== undefined) yield samples;
      }
      if (packedFrom < Infinity) yield* looseSamples(channelIndex, fromMs, toMs, packedFrom, Infinity);
    },
    envelope(channelIndex, fromMs, toMs, columns) {
      const source = {
        summaries: summaries(channelIndex, fromMs, toMs),
        read: readForPlot,
        loose: looseSamples(channelIndex, fromMs, toMs, 1, Infinity),
      };
      return envelopeOf(source, { fromMs, toMs, columns });
    },
  };
}

/** Samples of a frame or block by channel, or why they cannot be read. */
export function channelsOf(frame: PackedFrame | string): readonly ChannelSamples[] | string {
  if (typeof frame === "string") return frame;
  const payload = unpackPayload(frame.block, frame.crc32);
  return typeof payload === "string" ? payload : decodeFrame(payload);
}

function readRow<Row extends PackedFrame>(read: () => Row | undefined): Row | string {
  try {
    return read() ?? "the row does not hold what its table says";
  } catch (error) {
    if (isSqliteError(error)) return error.message;
    throw error;
  }
}
