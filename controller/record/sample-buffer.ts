/**
 * The samples of one frame while they come in: one column per quantity and channel, in plain typed arrays, so that
 * taking a sample allocates nothing.
 */

export interface SampleBuffer {
  readonly channelCount: number;
  /** Samples that fit per channel. Sample n of channel c stands at index c * capacity + n of each column. */
  readonly capacity: number;
  readonly counts: Uint32Array;
  readonly atMs: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA: Float64Array;
  readonly flags: Uint32Array;
}

export function createSampleBuffer(channelCount: number, capacity: number): SampleBuffer {
  const size = channelCount * capacity;
  return {
    channelCount,
    capacity,
    counts: new Uint32Array(channelCount),
    atMs: new Float64Array(size),
    voltageV: new Float64Array(size),
    currentA: new Float64Array(size),
    flags: new Uint32Array(size),
  };
}

/** Samples held, beyond the `skip` first ones of each channel. */
export function bufferedCount(buffer: SampleBuffer, skip: Uint32Array): number {
  let total = 0;
  for (let channel = 0; channel < buffer.channelCount; channel += 1)
    total += (buffer.counts[channel] ?? 0) - (skip[channel] ?? 0);
  return total;
}
