/**
 * Reads frames and blocks (their layout: sample-frame.ts) into the same columns again and again: a run that goes on reads
 * hundreds of frames of a hundred channels with a sample or two each, and an array for each of those costs more than what is in it.
 */
import { createCursor, hasFailed, readColumn, readVarint, type Cursor } from "./column-codec.ts";
import { THINNED } from "./thinned-block.ts";

export const FRAME = 1;
export const BLOCK = 2;
// 3 is that of thinned-block.ts.

/** One byte each of time, voltage and current. */
const SAMPLE_BYTES_MIN = 3;

/** The samples of the frame read last: those of the channel in place p stand from `from[p]` up to `to[p]` in each column. */
export interface FrameColumns {
  readonly channels: number;
  readonly channelIndex: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Where in the payload each channel's segment begins and ends; of a block, all its segments. */
  readonly segmentFrom: readonly number[];
  readonly segmentTo: readonly number[];
  readonly atMs: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA: Float64Array;
  readonly flags: Uint32Array;
}

export interface FrameReader {
  /** Channels in the order of the payload, or why they cannot be read. Valid until the next call. */
  read(payload: Buffer): FrameColumns | string;
}

export function createFrameReader(): FrameReader {
  const [channelIndex, from, to]: [number[], number[], number[]] = [[], [], []];
  const [segmentFrom, segmentTo]: [number[], number[]] = [[], []];
  let capacity = 0;
  let atMs = new Float64Array(0);
  let voltageV = new Float64Array(0);
  let currentA = new Float64Array(0);
  let flags = new Uint32Array(0);

  function makeRoom(payload: Buffer): void {
    const most = Math.ceil(payload.length / SAMPLE_BYTES_MIN);
    if (most <= capacity) return;
    capacity = most;
    atMs = new Float64Array(capacity);
    voltageV = new Float64Array(capacity);
    currentA = new Float64Array(capacity);
    flags = new Uint32Array(capacity);
  }

  /** Reads `count` samples to `place` of the columns; why it cannot, or null. */
  function readSegment(cursor: Cursor, place: number, count: number): string | null {
    if (!readColumn(cursor, atMs, place, count, 2)) return "a time column is cut short";
    if (!readColumn(cursor, voltageV, place, count, 1)) return "a voltage column is cut short";
    if (!readColumn(cursor, currentA, place, count, 1)) return "a current column is cut short";
    return readFlags(cursor, flags, place, count) ? null : "a flags column is cut short";
  }

  /** A count beyond what the payload can hold is damage. */
  function canBe(cursor: Cursor, place: number, count: number): boolean {
    return !hasFailed(cursor) && place + count <= capacity;
  }

  function columns(channels: number): FrameColumns {
    return { channels, channelIndex, from, to, segmentFrom, segmentTo, atMs, voltageV, currentA, flags };
  }

  function readFrame(cursor: Cursor): FrameColumns | string {
    const filled = readVarint(cursor);
    let channels = 0;
    let done = 0;
    while (channels < filled && !hasFailed(cursor)) {
      channelIndex[channels] = readVarint(cursor);
      segmentFrom[channels] = cursor.at;
      const count = readVarint(cursor);
      if (!canBe(cursor, done, count)) return "a channel's sample count cannot be";
      const failure = readSegment(cursor, done, count);
      if (failure !== null) return failure;
      segmentTo[channels] = cursor.at;
      from[channels] = done;
      done += count;
      to[channels] = done;
      channels += 1;
    }
    if (hasFailed(cursor)) return "the block is cut short";
    return cursor.at === cursor.bytes.length ? columns(channels) : "the block has bytes beyond its samples";
  }

  function readBlock(cursor: Cursor): FrameColumns | string {
    channelIndex[0] = readVarint(cursor);
    const total = readVarint(cursor);
    if (!canBe(cursor, 0, total)) return "a channel's sample count cannot be";
    segmentFrom[0] = cursor.at;
    let done = 0;
    while (done < total) {
      const count = readVarint(cursor);
      if (hasFailed(cursor) || count === 0 || count > total - done) return "a segment's sample count cannot be";
      const failure = readSegment(cursor, done, count);
      if (failure !== null) return failure;
      done += count;
    }
    segmentTo[0] = cursor.at;
    from[0] = 0;
    to[0] = total;
    return cursor.at === cursor.bytes.length ? columns(1) : "the block has bytes beyond its samples";
  }

  return {
    read(payload) {
      const cursor = createCursor(payload);
      const version = payload[0];
      if (version === THINNED) return "its samples were thinned on purpose";
      if (version !== FRAME && version !== BLOCK) {
        return `frame version ${version ?? "missing"}, this beamrack reads ${FRAME} and ${BLOCK}`;
      }
      makeRoom(payload);
      cursor.at = 1;
      return version === BLOCK ? readBlock(cursor) : readFrame(cursor);
    },
  };
}

function readFlags(cursor: Cursor, flags: Uint32Array, place: number, count: number): boolean {
  let done = 0;
  while (done < count) {
    const value = readVarint(cursor);
    const length = readVarint(cursor);
    if (hasFailed(cursor) || length === 0 || length > count - done) return false;
    flags.fill(value, place + done, place + done + length);
    done += length;
  }
  return true;
}
