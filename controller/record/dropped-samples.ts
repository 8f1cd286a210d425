/** Samples that were given up because the file could not be written, until the stretch can be told as a gap. */
import type { GapRow } from "./record-rows.ts";
import type { SampleBuffer } from "./sample-buffer.ts";

export interface DroppedSamples {
  /** Given up so far. */
  readonly samples: number;
  /** Told so far. */
  readonly gaps: number;
  drop(buffer: SampleBuffer, skip: Uint32Array, sampleCount: number): void;
  /** A gap for each channel that lost samples since the last time. */
  tell(addGap: (gap: GapRow) => void): void;
}

export function createDroppedSamples(): DroppedSamples {
  const fromMs: number[] = [];
  const toMs: number[] = [];
  let samples = 0;
  let gaps = 0;
  return {
    get samples() {
      return samples;
    },
    get gaps() {
      return gaps;
    },
    drop(buffer, skip, sampleCount) {
      samples += sampleCount;
      for (let channel = 0; channel < buffer.channelCount; channel += 1) {
        const from = skip[channel] ?? 0;
        const count = buffer.counts[channel] ?? 0;
        if (count === from) continue;
        const first = buffer.atMs[channel * buffer.capacity + from] ?? 0;
        fromMs[channel] ??= first;
        toMs[channel] = buffer.atMs[channel * buffer.capacity + count - 1] ?? first;
      }
    },
    tell(addGap) {
      fromMs.forEach((first, channelIndex) => {
        addGap({
          ...{ channelIndex, fromMs: first, toMs: toMs[channelIndex] ?? first },
          reason: "the record could not be written",
        });
        gaps += 1;
      });
      fromMs.length = 0;
    },
  };
}
