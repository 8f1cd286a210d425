/** The lowest and the highest reading of each column of a plot, from the extremes of blocks wherever those suffice. */
import type { ChannelSamples } from "./sample-frame.ts";

/** One entry a column; where `count` is 0 the others are not numbers. */
export interface Envelope {
  readonly count: Uint32Array;
  readonly voltageMinV: Float64Array;
  readonly voltageMaxV: Float64Array;
  readonly currentMinA: Float64Array;
  readonly currentMaxA: Float64Array;
}

/** A block of one channel as its row tells of it. */
export interface BlockSummary {
  readonly row: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sampleCount: number;
  readonly voltageMinV: number | null;
  readonly voltageMaxV: number | null;
  readonly currentMinA: number | null;
  readonly currentMaxA: number | null;
}

export interface EnvelopeSource {
  /** Blocks that have to do with the range of time. */
  readonly summaries: Iterable<BlockSummary>;
  /** A block's samples; undefined where they cannot be read. */
  readonly read: (row: number) => ChannelSamples | undefined;
  /** Samples that stand in no block. */
  readonly loose: Iterable<ChannelSamples>;
}

export interface EnvelopeRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly columns: number;
}

/**
 * A block that lies across two columns and is no longer than this part of one counts to that of its middle: no reading
 * is off by more than a quarter of a column, and none is missed. Longer ones are read sample by sample.
 */
const WHOLE_PART = 1 / 2;

/** An envelope as it is filled, in whatever order samples come. */
export interface EnvelopeFold {
  readonly envelope: Envelope;
  columnOf(atMs: number): number;
  take(samples: ChannelSamples): void;
}

export function createEnvelopeFold({ fromMs, toMs, columns }: EnvelopeRange): EnvelopeFold {
  const columnMs = (toMs - fromMs) / columns;
  const envelope: Envelope = {
    count: new Uint32Array(columns),
    voltageMinV: new Float64Array(columns).fill(Number.NaN),
    voltageMaxV: new Float64Array(columns).fill(Number.NaN),
    currentMinA: new Float64Array(columns).fill(Number.NaN),
    currentMaxA: new Float64Array(columns).fill(Number.NaN),
  };

  function columnOf(atMs: number): number {
    return Math.min(columns - 1, Math.floor((atMs - fromMs) / columnMs));
  }

  /** Column by column: of a million samples, few begin one. */
  function takeSamples({ atMs, voltageV, currentA }: ChannelSamples): void {
    let index = 0;
    while (index < atMs.length) {
      const at = atMs[index] ?? Number.NaN;
      if (!(at >= fromMs && at < toMs)) {
        index += 1;
        continue;
      }
      const column = columnOf(at);
      const begin = index;
      let [lowV, highV, lowA, highA] = [Infinity, -Infinity, Infinity, -Infinity];
      do {
        const volts = voltageV[index] ?? Number.NaN;
        const amperes = currentA[index] ?? Number.NaN;
        if (volts < lowV) lowV = volts;
        if (volts > highV) highV = volts;
        if (amperes < lowA) lowA = amperes;
        if (amperes > highA) highA = amperes;
        index += 1;
      } while (index < atMs.length && isOf(column, atMs[index] ?? Number.NaN));
      envelope.count[column] = (envelope.count[column] ?? 0) + index - begin;
      lower(envelope.voltageMinV, column, lowV === Infinity ? Number.NaN : lowV);
      raise(envelope.voltageMaxV, column, highV === -Infinity ? Number.NaN : highV);
      lower(envelope.currentMinA, column, lowA === Infinity ? Number.NaN : lowA);
      raise(envelope.currentMaxA, column, highA === -Infinity ? Number.NaN : highA);
    }
  }

  function isOf(column: number, atMs: number): boolean {
    return atMs >= fromMs && atMs < toMs && columnOf(atMs) === column;
  }

  return { envelope, columnOf, take: takeSamples };
}

export function envelopeOf(source: EnvelopeSource, range: EnvelopeRange): Envelope {
  const { fromMs, toMs, columns } = range;
  const fold = createEnvelopeFold(range);
  const { envelope } = fold;
  for (const summary of source.summaries) {
    const { firstMs, lastMs, voltageMinV, voltageMaxV, currentMinA, currentMaxA } = summary;
    const isWhole =
      fold.columnOf(firstMs) === fold.columnOf(lastMs) || lastMs - firstMs <= (WHOLE_PART * (toMs - fromMs)) / columns;
    const isWithin = firstMs >= fromMs && lastMs < toMs && isWhole;
    const isTold = voltageMinV !== null && voltageMaxV !== null && currentMinA !== null && currentMaxA !== null;
    if (!isWithin || !isTold) {
      const samples = source.read(summary.row);
      if (samples !== undefined) fold.take(samples);
      continue;
    }
    const column = fold.columnOf((firstMs + lastMs) / 2);
    envelope.count[column] = (envelope.count[column] ?? 0) + summary.sampleCount;
    lower(envelope.voltageMinV, column, voltageMinV);
    raise(envelope.voltageMaxV, column, voltageMaxV);
    lower(envelope.currentMinA, column, currentMinA);
    raise(envelope.currentMaxA, column, currentMaxA);
  }
  for (const samples of source.loose) fold.take(samples);
  return envelope;
}

function lower(low: Float64Array, column: number, value: number): void {
  // Written so that the first number takes the place of none, and none never that of a number.
  if (!((low[column] ?? 0) <= value) && value === value) low[column] = value;
}

function raise(high: Float64Array, column: number, value: number): void {
  if (!((high[column] ?? 0) >= value) && value === value) high[column] = value;
}
