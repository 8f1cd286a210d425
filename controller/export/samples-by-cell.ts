/** Hands every sample of the exported cells on, channel by channel, in one walk over the blocks of the record. */
import { channelsOf, type RecordReader } from "../record/record-reader.ts";
import type { ChannelSamples } from "../record/sample-frame.ts";
import type { ExportProgress } from "./export-target.ts";

export type TakeSamples = (samples: ChannelSamples) => void;

export type SampleRecord = Pick<RecordReader, "frames" | "head">;

/** Of a block that cannot be read, the times are told and the walk goes on. Yields after each block. */
export function* walkSamples(
  record: SampleRecord,
  takers: ReadonlyMap<number, TakeSamples>,
  unreadable: string[],
): Generator<ExportProgress, void> {
  const of = record.head?.frames ?? 0;
  let done = 0;
  for (const scanned of record.frames()) {
    if (scanned.kind === "damaged") {
      unreadable.push(`sample frames ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      continue;
    }
    const { row, firstMs, lastMs } = scanned.row;
    const channels = channelsOf(scanned.row);
    if (typeof channels === "string") unreadable.push(`sample frame ${row}, ${firstMs} to ${lastMs} ms: ${channels}`);
    else for (const samples of channels) takers.get(samples.channelIndex)?.(samples);
    done += 1;
    yield { done, of: Math.max(of, done) };
  }
}
