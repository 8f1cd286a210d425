/**
 * Writes what a store hands over: rows, and buffers of samples as frames that are packed into blocks now and then. In
 * the store's own thread or in one of its own (writer-thread.ts); it remembers what could not be written yet.
 */
import { createDroppedSamples } from "./dropped-samples.ts";
import type { LiveHead } from "./live-head.ts";
import { createPendingRows, type PendingRows } from "./pending-rows.ts";
import { createFrameReader } from "./frame-columns.ts";
import { fetchRows, parsePackedFrame } from "./record-rows.ts";
import type { SampleBuffer } from "./sample-buffer.ts";
import { createBlockBuilder } from "./sample-block.ts";
import { createFrameEncoder, payloadCrc32, summarise, unpackPayload, type FrameEncoder } from "./sample-frame.ts";
import { journalFrom, type StoredHead } from "./schema.ts";
import type { Database } from "./sqlite.ts";

export interface WrittenSamples {
  readonly samplesFramed: number;
  readonly samplesDropped: number;
  /** Gaps that tell of samples given up. */
  readonly gaps: number;
}

export interface RecordWriter {
  readonly rows: PendingRows;
  readonly encoder: FrameEncoder;
  readonly counts: WrittenSamples;
  /** The buffer's samples beyond the `skip` first ones of each channel become a frame, or are given up and remembered. */
  addSamples(buffer: SampleBuffer, skip: Uint32Array): void;
  /** Throws what SQLite throws; then all waits for the next write. */
  write(): void;
  /** Packs what waits, if enough does or it is the end. A pack that fails is put off: the frames hold the samples. */
  pack(isEnd: boolean): void;
}

export interface WriterOptions {
  /** Told of each head that stands in the file. */
  readonly liveHead: LiveHead | undefined;
  /** As it begins; buffers may come to have more. */
  readonly channelCount: number;
  readonly capacity: number;
}

/**
 * Frames that a run before left unpacked are packed with those of this run; read only then, so that a run goes on at once.
 */
export function createRecordWriter(database: Database, stored: StoredHead, options: WriterOptions): RecordWriter {
  const { channelCount, capacity, liveHead } = options;
  const rows = createPendingRows(database, stored);
  const encoder = createFrameEncoder(channelCount, capacity);
  const builder = createBlockBuilder(channelCount);
  const dropped = createDroppedSamples();
  const packedTo = lastPackedFrame();
  /** In the file, and not in the builder; with those of this run until all of them are taken over. */
  let looseSamples = looseAfter(packedTo);
  let frames: "in-builder" | "left" | "unreadable" = stored.frames === packedTo ? "in-builder" : "left";
  let samplesFramed = 0;

  function lastPackedFrame(): number {
    const last = database
      .prepare<[], { row: number }>("SELECT to_frame AS row FROM block ORDER BY row DESC LIMIT 1")
      .get();
    return Math.max(journalFrom(database) - 1, last?.row ?? 0);
  }

  function looseAfter(row: number): number {
    const sum = database.prepare<[number], { n: number | null }>(
      "SELECT sum(sample_count) AS n FROM frame WHERE row > ?",
    );
    return sum.get(row)?.n ?? 0;
  }

  /** False where one cannot be read: then what stands unpacked stays so, for `verify` and `repair` to tell. */
  function takeLeftFrames(): boolean {
    const fetch = fetchRows(database, "packedFrame");
    const reader = createFrameReader();
    let after = packedTo;
    for (;;) {
      const [raw] = fetch(after, 1);
      if (raw === undefined) return after === rows.stored.frames;
      const frame = parsePackedFrame(raw);
      const payload = frame === undefined ? "" : unpackPayload(frame.block, frame.crc32);
      const columns = typeof payload === "string" ? payload : reader.read(payload);
      if (frame === undefined || typeof payload === "string" || typeof columns === "string") return false;
      if (frame.row !== after + 1) return false;
      builder.frame(frame.row);
      const { channelIndex, from, to, segmentFrom, segmentTo } = columns;
      for (let place = 0; place < columns.channels; place += 1) {
        const channel = channelIndex[place] ?? channelCount;
        if (channel >= channelCount) return false;
        const segment = payload.subarray(segmentFrom[place], segmentTo[place]);
        builder.segment(channel, segment, columns, from[place] ?? 0, to[place] ?? 0);
      }
      after = frame.row;
    }
  }

  function isTimeToPack(isEnd: boolean): boolean {
    const waiting = frames === "left" ? looseSamples : builder.sampleCount;
    return waiting > 0 && (isEnd || builder.isFullWith(waiting));
  }

  return {
    rows,
    encoder,
    get counts() {
      return { samplesFramed, samplesDropped: dropped.samples, gaps: dropped.gaps };
    },
    addSamples(buffer, skip) {
      const summary = summarise(buffer, skip);
      if (summary === undefined) return;
      if (rows.framesFull) {
        dropped.drop(buffer, skip, summary.sampleCount);
        return;
      }
      dropped.tell((gap) => {
        rows.addGap(gap);
      });
      const payload = Buffer.from(encoder.encode(buffer, skip));
      const row = rows.nextFrameRow;
      rows.addFrame({ row, ...summary, payloadBytes: payload.length, crc32: payloadCrc32(payload), block: payload });
      samplesFramed += summary.sampleCount;
      if (frames === "left") looseSamples += summary.sampleCount;
      if (frames !== "in-builder") return;
      builder.frame(row);
      for (let channel = 0; channel < buffer.channelCount; channel += 1) {
        const to = encoder.segmentTo[channel] ?? 0;
        if (to === 0) continue;
        const first = channel * capacity + (skip[channel] ?? 0);
        const end = channel * capacity + (buffer.counts[channel] ?? 0);
        builder.segment(channel, payload.subarray(encoder.segmentFrom[channel] ?? 0, to), buffer, first, end);
      }
    },
    write() {
      const before = rows.stored;
      rows.write();
      if (rows.stored !== before) liveHead?.write(rows.stored);
    },
    pack(isEnd) {
      if (frames === "unreadable" || !isTimeToPack(isEnd)) return;
      try {
        if (frames === "left") frames = takeLeftFrames() ? "in-builder" : "unreadable";
        if (frames === "unreadable") {
          builder.clear();
          return;
        }
        rows.pack(builder.blocks(rows.stored.blocks + 1));
        builder.clear();
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
        if (frames === "left") builder.clear();
        builder.putOff();
      }
    },
  };
}
