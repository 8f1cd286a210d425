/** Lowest and highest voltage and current of every cell over equal parts of time, in one walk over the record. */
import type { ExportedCampaign } from "../export/exported-campaign.ts";
import type { BlockRow } from "../record/record-rows.ts";
import { channelsOf, type RecordReader } from "../record/record-reader.ts";
import type { ChannelSamples } from "../record/sample-frame.ts";
import { isThinned } from "../record/thinned-block.ts";
import { createEnvelopeFold, type Envelope, type EnvelopeFold } from "../record/sample-envelope.ts";

export interface RackEnvelopes {
  readonly fromMs: number;
  readonly toMs: number;
  readonly columns: number;
  /** By position; of a cell without samples the counts are 0. */
  readonly byPosition: ReadonlyMap<string, Envelope>;
  readonly samples: number;
  /** Stretches that could not be read. */
  readonly unreadable: readonly string[];
}

/** Yields after each block how far it has come, 0 to 1. */
export function* readEnvelopes(
  record: Pick<RecordReader, "frames">,
  { cells, lastMs }: Pick<ExportedCampaign, "cells" | "lastMs">,
  columns: number,
): Generator<number, RackEnvelopes> {
  const endMs = Math.max(1, lastMs);
  // The last part holds its end too.
  const range = { fromMs: 0, toMs: endMs * (1 + Number.EPSILON), columns };
  const folds = new Map<number, EnvelopeFold>(cells.map((cell) => [cell.channelIndex, createEnvelopeFold(range)]));
  const unreadable: string[] = [];
  let samples = 0;
  for (const scanned of record.frames()) {
    if (scanned.kind === "damaged") {
      unreadable.push(`sample ${scanned.of}s ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      continue;
    }
    const { row, firstMs, lastMs: untilMs } = scanned.row;
    if (scanned.of === "block" && isThinned(scanned.row.block)) {
      folds.get(scanned.row.channelIndex)?.take(endsOf(scanned.row));
      if (folds.has(scanned.row.channelIndex)) samples += scanned.row.sampleCount;
    } else if (scanned.of === "frame" || folds.has(scanned.row.channelIndex)) {
      const channels = channelsOf(scanned.row);
      const what = `sample ${scanned.of} ${row}, ${firstMs} to ${untilMs} ms`;
      if (typeof channels === "string") unreadable.push(`${what}: ${channels}`);
      else
        for (const one of channels) {
          const fold = folds.get(one.channelIndex);
          if (fold === undefined) continue;
          fold.take(one);
          samples += one.atMs.length;
        }
    }
    yield Math.min(1, Math.max(0, untilMs / endMs));
  }
  const byPosition = new Map<string, Envelope>();
  for (const cell of cells) {
    const fold = folds.get(cell.channelIndex);
    if (fold !== undefined) byPosition.set(cell.position, fold.envelope);
  }
  return { ...range, byPosition, samples, unreadable };
}

/** A block whose samples were removed on purpose has its extremes still: at its two ends. */
function endsOf(row: BlockRow): ChannelSamples {
  const { channelIndex, firstMs, lastMs, voltageMinV, voltageMaxV, currentMinA, currentMaxA } = row;
  return {
    channelIndex,
    atMs: Float64Array.of(firstMs, lastMs),
    voltageV: Float64Array.of(voltageMinV ?? NaN, voltageMaxV ?? NaN),
    currentA: Float64Array.of(currentMinA ?? NaN, currentMaxA ?? NaN),
    flags: Uint32Array.of(0, 0),
  };
}
