/**
 * A frame: the samples of all channels over one stretch of campaign time, as bytes. Layout of the payload, numbers
 * as variable-length integers unless said: version byte, number of channels that have samples, then for each its
 * index, its count, and the columns time (second differences), voltage and current (differences), and the flags as
 * runs (value, length). What stands after a channel's index is its segment. A block (sample-block.ts) holds one
 * channel's segments of many frames: version byte, the channel's index, the count of all its samples, the segments.
 * The payload's CRC-32 is taken before it is deflated, so that a repeated run can compare frames without deflating,
 * and so that another zlib does not look like another measurement. A frame that waits to be made into blocks is not
 * deflated at all.
 */
import { constants, crc32, deflateSync, inflateSync } from "node:zlib";
import {
  createCursor,
  hasFailed,
  readColumn,
  readVarint,
  VARINT_BYTES_MAX,
  writeColumn,
  writeVarint,
} from "./column-codec.ts";
import type { Cursor } from "./column-codec.ts";
import type { SampleBuffer } from "./sample-buffer.ts";
import { THINNED } from "./thinned-block.ts";

const FRAME = 1;
const BLOCK = 2;
// 3 is that of thinned-block.ts.
/** What a deflated payload begins with; no version ever has this number. */
const DEFLATED = 0x78;
/** Three columns of up to 8 bytes a value and two integers a run of flags. */
const SAMPLE_BYTES_MAX = 3 * 8 + 2 * VARINT_BYTES_MAX;
const CHANNEL_BYTES_MAX = 2 * VARINT_BYTES_MAX + 3;

/** What a decoder will unpack at most: more is damage, not data. */
const PAYLOAD_BYTES_MAX = 64 * 1024 * 1024;

export interface FrameSummary {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sampleCount: number;
}

export interface ChannelSamples {
  readonly channelIndex: number;
  readonly atMs: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA: Float64Array;
  readonly flags: Uint32Array;
}

export interface FrameEncoder {
  /** Payload of what the buffer holds beyond the `skip` first samples of each channel. Valid until the next call. */
  encode(buffer: SampleBuffer, skip: Uint32Array): Buffer;
  /** Where in the last payload each channel's segment begins and ends; 0 and 0 where it has none. */
  readonly segmentFrom: Uint32Array;
  readonly segmentTo: Uint32Array;
}

export function createFrameEncoder(channelCount: number, capacity: number): FrameEncoder {
  const scratch = Buffer.alloc(1 + VARINT_BYTES_MAX + channelCount * (CHANNEL_BYTES_MAX + capacity * SAMPLE_BYTES_MAX));
  const segmentFrom = new Uint32Array(channelCount);
  const segmentTo = new Uint32Array(channelCount);
  return {
    segmentFrom,
    segmentTo,
    encode(buffer, skip) {
      const cursor = createCursor(scratch);
      cursor.bytes[0] = FRAME;
      cursor.at = 1;
      segmentFrom.fill(0);
      segmentTo.fill(0);
      let filled = 0;
      for (let channel = 0; channel < buffer.channelCount; channel += 1)
        if ((buffer.counts[channel] ?? 0) > (skip[channel] ?? 0)) filled += 1;
      writeVarint(cursor, filled);
      for (let channel = 0; channel < buffer.channelCount; channel += 1) {
        const from = channel * buffer.capacity + (skip[channel] ?? 0);
        const to = channel * buffer.capacity + (buffer.counts[channel] ?? 0);
        if (to <= from) continue;
        writeVarint(cursor, channel);
        segmentFrom[channel] = cursor.at;
        writeVarint(cursor, to - from);
        writeColumn(cursor, buffer.atMs, from, to, 2);
        writeColumn(cursor, buffer.voltageV, from, to, 1);
        writeColumn(cursor, buffer.currentA, from, to, 1);
        writeFlags(cursor, buffer.flags, from, to);
        segmentTo[channel] = cursor.at;
      }
      return scratch.subarray(0, cursor.at);
    },
  };
}

/** Payload of a block: one channel's segments in order, `sampleCount` samples in all of them. */
export function blockPayload(channelIndex: number, sampleCount: number, segments: readonly Buffer[]): Buffer {
  const head = createCursor(Buffer.alloc(1 + 2 * VARINT_BYTES_MAX));
  head.bytes[0] = BLOCK;
  head.at = 1;
  writeVarint(head, channelIndex);
  writeVarint(head, sampleCount);
  return Buffer.concat([head.bytes.subarray(0, head.at), ...segments]);
}

export function packPayload(payload: Buffer): Buffer {
  return deflateSync(payload, { level: constants.Z_BEST_SPEED });
}

export function payloadCrc32(payload: Buffer): number {
  return crc32(payload);
}

/** The payload, or a reason: whether it unpacks and whether its CRC-32 is the stated one. */
export function unpackPayload(packed: Buffer, statedCrc32: number): Buffer | string {
  let payload = packed;
  if (packed[0] === DEFLATED)
    try {
      payload = inflateSync(packed, { maxOutputLength: PAYLOAD_BYTES_MAX });
    } catch {
      return "the block does not unpack";
    }
  return crc32(payload) === statedCrc32 ? payload : "the block's CRC-32 is not the stated one";
}

/**
 * Samples per channel in order, or a reason. `segments`, where given, is filled with the bytes of each channel's
 * segment, in the order of the channels given back.
 */
export function decodeFrame(payload: Buffer, segments?: Buffer[]): readonly ChannelSamples[] | string {
  const cursor = createCursor(payload);
  cursor.at = 1;
  if (payload[0] === BLOCK) return decodeBlock(cursor);
  if (payload[0] === THINNED) return "its samples were thinned on purpose";
  if (payload[0] !== FRAME)
    return `frame version ${payload[0] ?? "missing"}, this beamrack reads ${FRAME} and ${BLOCK}`;
  const filled = readVarint(cursor);
  const channels: ChannelSamples[] = [];
  for (let index = 0; index < filled && !hasFailed(cursor); index += 1) {
    const channelIndex = readVarint(cursor);
    const from = cursor.at;
    const count = readVarint(cursor);
    const samples = emptySamples(channelIndex, count, cursor);
    if (typeof samples === "string") return samples;
    const failure = readSegment(cursor, samples, count);
    if (failure !== null) return failure;
    segments?.push(payload.subarray(from, cursor.at));
    channels.push(samples);
  }
  if (hasFailed(cursor)) return "the block is cut short";
  return cursor.at === payload.length ? channels : "the block has bytes beyond its samples";
}

function decodeBlock(cursor: Cursor): readonly ChannelSamples[] | string {
  const channelIndex = readVarint(cursor);
  const total = readVarint(cursor);
  const samples = emptySamples(channelIndex, total, cursor);
  if (typeof samples === "string") return samples;
  let done = 0;
  while (done < total) {
    const count = readVarint(cursor);
    if (hasFailed(cursor) || count === 0 || count > total - done) return "a segment's sample count cannot be";
    const failure = readSegment(cursor, samplesFrom(samples, done), count);
    if (failure !== null) return failure;
    done += count;
  }
  return cursor.at === cursor.bytes.length ? [samples] : "the block has bytes beyond its samples";
}

function emptySamples(channelIndex: number, count: number, cursor: Cursor): ChannelSamples | string {
  // Each sample takes at least three bytes: a count beyond that is damage, and must not be allocated.
  if (hasFailed(cursor) || count > cursor.bytes.length) return "a channel's sample count cannot be";
  return {
    channelIndex,
    atMs: new Float64Array(count),
    voltageV: new Float64Array(count),
    currentA: new Float64Array(count),
    flags: new Uint32Array(count),
  };
}

function samplesFrom(samples: ChannelSamples, from: number): ChannelSamples {
  return {
    channelIndex: samples.channelIndex,
    atMs: samples.atMs.subarray(from),
    voltageV: samples.voltageV.subarray(from),
    currentA: samples.currentA.subarray(from),
    flags: samples.flags.subarray(from),
  };
}

/** Reads `count` samples to the begin of `samples`; why it cannot, or null. */
function readSegment(cursor: Cursor, samples: ChannelSamples, count: number): string | null {
  if (!readColumn(cursor, samples.atMs, count, 2)) return "a time column is cut short";
  if (!readColumn(cursor, samples.voltageV, count, 1)) return "a voltage column is cut short";
  if (!readColumn(cursor, samples.currentA, count, 1)) return "a current column is cut short";
  return readFlags(cursor, samples.flags, count) ? null : "a flags column is cut short";
}

/** First and last time and the number of samples beyond `skip`; undefined when there are none. */
export function summarise(buffer: SampleBuffer, skip: Uint32Array): FrameSummary | undefined {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let sampleCount = 0;
  for (let channel = 0; channel < buffer.channelCount; channel += 1) {
    const from = channel * buffer.capacity + (skip[channel] ?? 0);
    const to = channel * buffer.capacity + (buffer.counts[channel] ?? 0);
    for (let index = from; index < to; index += 1) {
      const atMs = buffer.atMs[index] ?? 0;
      if (atMs < firstMs) firstMs = atMs;
      if (atMs > lastMs) lastMs = atMs;
    }
    sampleCount += to - from;
  }
  return sampleCount === 0 ? undefined : { firstMs, lastMs, sampleCount };
}

function writeFlags(cursor: Cursor, flags: Uint32Array, from: number, to: number): void {
  let index = from;
  while (index < to) {
    const value = flags[index] ?? 0;
    let end = index + 1;
    while (end < to && flags[end] === value) end += 1;
    writeVarint(cursor, value);
    writeVarint(cursor, end - index);
    index = end;
  }
}

function readFlags(cursor: Cursor, flags: Uint32Array, count: number): boolean {
  let index = 0;
  while (index < count) {
    const value = readVarint(cursor);
    const length = readVarint(cursor);
    if (hasFailed(cursor) || length === 0 || length > count - index) return false;
    flags.fill(value, index, index + length);
    index += length;
  }
  return true;
}
