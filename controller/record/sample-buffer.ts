/**
 * The samples of one frame while they come in: one column per quantity and channel, in plain typed arrays over one
 * piece of memory, so that taking a sample allocates nothing and a full buffer can be lent to another thread.
 */

export interface SampleBuffer {
  readonly channelCount: number;
  /** Samples that fit per channel. Sample n of channel c stands at index c * capacity + n of each column. */
  readonly capacity: number;
  readonly memory: ArrayBuffer | SharedArrayBuffer;
  readonly counts: Uint32Array;
  readonly atMs: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA: Float64Array;
  readonly flags: Uint32Array;
}

/** Over `memory` where there is some of the right size, with what stands in it; else over new memory, empty. */
export function createSampleBuffer(
  channelCount: number,
  capacity: number,
  memory?: ArrayBuffer | SharedArrayBuffer,
): SampleBuffer {
  const size = channelCount * capacity;
  const bytes = memory ?? new ArrayBuffer(bufferBytes(channelCount, capacity));
  return {
    channelCount,
    capacity,
    memory: bytes,
    atMs: new Float64Array(bytes, 0, size),
    voltageV: new Float64Array(bytes, 8 * size, size),
    currentA: new Float64Array(bytes, 16 * size, size),
    flags: new Uint32Array(bytes, 24 * size, size),
    counts: new Uint32Array(bytes, 28 * size, channelCount),
  };
}

/** Memory that two threads can see, every page of it touched: none is fetched while samples come in. */
export function sharedMemory(channelCount: number, capacity: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bufferBytes(channelCount, capacity));
  new Uint8Array(memory).fill(0);
  return memory;
}

function bufferBytes(channelCount: number, capacity: number): number {
  return (3 * 8 + 4) * channelCount * capacity + 4 * channelCount;
}

/** Samples held, beyond the `skip` first ones of each channel. */
export function bufferedCount(buffer: SampleBuffer, skip: Uint32Array): number {
  let total = 0;
  for (let channel = 0; channel < buffer.channelCount; channel += 1)
    total += (buffer.counts[channel] ?? 0) - (skip[channel] ?? 0);
  return total;
}
