/**
 * Frames hold a short time of all channels: quick to write, slow to read one channel from. Once enough of them stand
 * they are packed: each channel's segments go, as they are, into blocks of a few thousand samples with their extremes,
 * which take the frames' place. Here the segments wait for that, encoded once and never decoded again, end to end: where
 * cells are sampled once a minute a segment is one sample, and whatever stood around each would be most of it.
 */
import type { PackedBlock } from "./record-rows.ts";
import { blockPayload, packPayload, payloadCrc32, type ChannelSamples } from "./sample-frame.ts";

/**
 * A channel's block is full with this many samples: few enough that reading one for the edge of a plot's column takes
 * a fraction of a millisecond, many enough that all blocks of a ten-million-sample record are looked through in some.
 */
export const BLOCK_SAMPLES = 1024;

/** A block of a channel that says the same all the time is not much larger. */
const FIRST_BYTES = 4096;
const NOTHING: Buffer = Buffer.alloc(0);
/** A pack has a full block and a part of one; where a disk was full for long there were more. */
const SPARE_PER_CHANNEL = 2;

type Columns = Pick<ChannelSamples, "atMs" | "voltageV" | "currentA">;

export interface BlockBuilder {
  /** Samples that wait. */
  readonly sampleCount: number;
  /** A pack of so many samples is worth its while. */
  isFullWith(samples: number): boolean;
  /** Frames come in the order of their rows; the segments of one follow its `frame`. */
  frame(row: number): void;
  /** `bytes` is copied; of the columns the readings from..to are those in it. */
  segment(channelIndex: number, bytes: Buffer, columns: Columns, from: number, to: number): void;
  /** Everything that waits, as blocks numbered from `firstRow`; it goes on waiting until `clear`. */
  blocks(firstRow: number): readonly PackedBlock[];
  clear(): void;
  /** The pack could not be written: another is tried once twice as much waits. */
  putOff(): void;
}

interface OpenBlock {
  /** Segments one after the other in the first `length` bytes. */
  bytes: Buffer;
  length: number;
  sampleCount: number;
  firstMs: number;
  lastMs: number;
  voltageMinV: number;
  voltageMaxV: number;
  currentMinA: number;
  currentMaxA: number;
}

/** `channelCount`: those that are there as it begins; by them goes how many samples wait. */
export function createBlockBuilder(channelCount: number): BlockBuilder {
  const packAt = BLOCK_SAMPLES * channelCount;
  let tryAt = packAt;
  let byChannel = emptyChannels();
  /** Memory of each channel's blocks that are packed: the next ones need as much. */
  let spare: Buffer[][] = [];
  let fromFrame = 0;
  let toFrame = 0;
  let sampleCount = 0;

  function emptyChannels(): OpenBlock[][] {
    return Array.from({ length: channelCount }, () => []);
  }

  function openBlock(channelIndex: number): OpenBlock {
    while (byChannel.length <= channelIndex) byChannel.push([]);
    const blocks = byChannel[channelIndex];
    if (blocks === undefined) throw new RangeError(`channel index ${channelIndex}`);
    const last = blocks.at(-1);
    if (last !== undefined && last.sampleCount < BLOCK_SAMPLES) return last;
    const block = emptyBlock(spare[channelIndex]?.[blocks.length]);
    blocks.push(block);
    return block;
  }

  return {
    get sampleCount() {
      return sampleCount;
    },
    isFullWith: (samples) => samples >= tryAt,
    frame(row) {
      if (fromFrame === 0) fromFrame = row;
      toFrame = row;
    },
    segment(channelIndex, bytes, columns, from, to) {
      const block = openBlock(channelIndex);
      append(block, bytes);
      block.sampleCount += to - from;
      sampleCount += to - from;
      lookAt(block, columns, from, to);
    },
    blocks(firstRow) {
      const packed: PackedBlock[] = [];
      for (const [channelIndex, blocks] of byChannel.entries())
        for (const block of blocks) {
          const payload = blockPayload(channelIndex, block.sampleCount, block.bytes.subarray(0, block.length));
          packed.push({
            ...{ row: firstRow + packed.length, channelIndex, fromFrame, toFrame },
            ...{ firstMs: block.firstMs, lastMs: block.lastMs, sampleCount: block.sampleCount },
            voltageMinV: finiteOrNull(block.voltageMinV),
            voltageMaxV: finiteOrNull(block.voltageMaxV),
            currentMinA: finiteOrNull(block.currentMinA),
            currentMaxA: finiteOrNull(block.currentMaxA),
            payloadBytes: payload.length,
            crc32: payloadCrc32(payload),
            block: packPayload(payload),
          });
        }
      return packed;
    },
    clear() {
      spare = byChannel.map((blocks) => blocks.slice(0, SPARE_PER_CHANNEL).map(({ bytes }) => bytes));
      byChannel = emptyChannels();
      fromFrame = 0;
      toFrame = 0;
      sampleCount = 0;
      tryAt = packAt;
    },
    putOff() {
      tryAt = 2 * Math.max(sampleCount, packAt);
    },
  };
}

/** Extremes of one channel's samples, as a block states them. */
export function extremesOf(
  samples: Columns,
): Pick<PackedBlock, "firstMs" | "lastMs" | "voltageMinV" | "voltageMaxV" | "currentMinA" | "currentMaxA"> {
  const block = emptyBlock();
  lookAt(block, samples, 0, samples.atMs.length);
  return {
    firstMs: block.firstMs,
    lastMs: block.lastMs,
    voltageMinV: finiteOrNull(block.voltageMinV),
    voltageMaxV: finiteOrNull(block.voltageMaxV),
    currentMinA: finiteOrNull(block.currentMinA),
    currentMaxA: finiteOrNull(block.currentMaxA),
  };
}

function append(block: OpenBlock, segment: Buffer): void {
  const length = block.length + segment.length;
  if (length > block.bytes.length) {
    const larger = Buffer.alloc(Math.max(FIRST_BYTES, length, 2 * block.bytes.length));
    larger.set(block.bytes.subarray(0, block.length));
    block.bytes = larger;
  }
  block.bytes.set(segment, block.length);
  block.length = length;
}

function emptyBlock(bytes = NOTHING): OpenBlock {
  return {
    bytes,
    length: 0,
    sampleCount: 0,
    firstMs: Infinity,
    lastMs: -Infinity,
    voltageMinV: Infinity,
    voltageMaxV: -Infinity,
    currentMinA: Infinity,
    currentMaxA: -Infinity,
  };
}

/** What is not a number is smaller than nothing and greater than nothing: it does not count. */
function lookAt(block: OpenBlock, { atMs, voltageV, currentA }: Columns, from: number, to: number): void {
  let { firstMs, lastMs, voltageMinV, voltageMaxV, currentMinA, currentMaxA } = block;
  for (let index = from; index < to; index += 1) {
    const at = atMs[index] ?? 0;
    const volts = voltageV[index] ?? 0;
    const amperes = currentA[index] ?? 0;
    if (at < firstMs) firstMs = at;
    if (at > lastMs) lastMs = at;
    if (volts < voltageMinV) voltageMinV = volts;
    if (volts > voltageMaxV) voltageMaxV = volts;
    if (amperes < currentMinA) currentMinA = amperes;
    if (amperes > currentMaxA) currentMaxA = amperes;
  }
  block.firstMs = firstMs;
  block.lastMs = lastMs;
  block.voltageMinV = voltageMinV;
  block.voltageMaxV = voltageMaxV;
  block.currentMinA = currentMinA;
  block.currentMaxA = currentMaxA;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
