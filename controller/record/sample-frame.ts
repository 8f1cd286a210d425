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
import { createCursor, VARINT_BYTES_MAX, writeColumn, writeVarint } from "./column-codec.ts";
import type { Cursor } from "./column-codec.ts";
import { BLOCK, createFrameReader, FRAME } from "./frame-columns.ts";
import type { SampleBuffer } from "./sample-buffer.ts";

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

/** For so many channels; for more once a buffer comes that has them. */
export function createFrameEncoder(channelCount: number, capacity: number): FrameEncoder {
  const bytesMax = (channels: number): number =>
    1 + VARINT_BYTES_MAX + channels * (CHANNEL_BYTES_MAX + capacity * SAMPLE_BYTES_MAX);
  let scratch = Buffer.alloc(bytesMax(channelCount));
  let segmentFrom = new Uint32Array(channelCount);
  let segmentTo = new Uint32Array(channelCount);
  return {
    get segmentFrom() {
      return segmentFrom;
    },
    get segmentTo() {
      return segmentTo;
    },
    encode(buffer, skip) {
      if (buffer.channelCount > segmentFrom.length) {
        scratch = Buffer.alloc(bytesMax(buffer.channelCount));
        segmentFrom = new Uint32Array(buffer.channelCount);
        segmentTo = new Uint32Array(buffer.channelCount);
      }
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

/** Payload of a block: one channel's segments in order, end to end, `sampleCount` samples in all of them. */
export function blockPayload(channelIndex: number, sampleCount: number, segments: Buffer): Buffer {
  const head = createCursor(Buffer.alloc(1 + 2 * VARINT_BYTES_MAX));
  head.bytes[0] = BLOCK;
  head.at = 1;
  writeVarint(head, channelIndex);
  writeVarint(head, sampleCount);
  return Buffer.concat([head.bytes.subarray(0, head.at), segments]);
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

/** Samples per channel in order, or a reason. */
export function decodeFrame(payload: Buffer): readonly ChannelSamples[] | string {
  const columns = createFrameReader().read(payload);
  if (typeof columns === "string") return columns;
  const { atMs, voltageV, currentA, flags } = columns;
  const channels: ChannelSamples[] = [];
  for (let place = 0; place < columns.channels; place += 1) {
    const from = columns.from[place] ?? 0;
    const to = columns.to[place] ?? 0;
    channels.push({
      channelIndex: columns.channelIndex[place] ?? 0,
      atMs: atMs.slice(from, to),
      voltageV: voltageV.slice(from, to),
      currentA: currentA.slice(from, to),
      flags: flags.slice(from, to),
    });
  }
  return channels;
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
