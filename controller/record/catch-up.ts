/**
 * Resuming by doing it again. A virtual campaign that was stopped is run anew from its start; as long as the folder
 * already holds what the run produces, nothing is written and everything is compared. The first difference ends it.
 */
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { ledgerEventData, type LedgerRow } from "./ledger-row.ts";
import type { FetchRows, FrameRow, GapRow, PackedBlock, PackedFrame, RawRow } from "./record-rows.ts";
import { fetchRows, parseEventRow, parseGapRow, parseStoredLedgerRow } from "./record-rows.ts";
import { channelsOf, openSamples } from "./sample-access.ts";
import { isThinned } from "./thinned-block.ts";
import type { SampleBuffer } from "./sample-buffer.ts";
import { bufferedCount } from "./sample-buffer.ts";
import type { ChannelSamples, FrameEncoder } from "./sample-frame.ts";
import { payloadCrc32 } from "./sample-frame.ts";
import { databasePath } from "./schema.ts";
import type { Database } from "./sqlite.ts";

const ROWS_PER_PAGE = 512;
const GAP_FIELDS = ["channelIndex", "fromMs", "toMs", "reason"] as const;

export interface CatchUp {
  /** True when the folder holds this row already; throws Fault `store.diverged` when it holds another in its place. */
  event(seq: number, type: string, hash: string): boolean;
  ledger(row: LedgerRow): boolean;
  gap(gap: GapRow): boolean;
  /** Compares the buffered samples and raises `skip` over those that the folder holds. True when it holds them all. */
  samples(buffer: SampleBuffer, skip: Uint32Array): boolean;
}

/** Samples that were written for one stretch of time: a frame, or the blocks that stand in the place of some. */
interface StoredStretch {
  readonly name: string;
  readonly sampleCount: number;
  /** Of a frame. */
  readonly frame: FrameRow | undefined;
  readonly channels: () => readonly ChannelSamples[];
}

interface MetStretch {
  readonly stretch: StoredStretch;
  /** How many samples of each channel have been met again. */
  readonly met: number[];
  channels: readonly ChannelSamples[] | undefined;
}

export function createCatchUp(database: Database, folder: string, encoder: FrameEncoder): CatchUp {
  const where = databasePath(folder);
  const nextEvent = createWalk(fetchRows(database, "event"), parseEventRow, where, "event");
  const nextLedgerRow = createWalk(fetchRows(database, "ledger"), parseStoredLedgerRow, where, "ledger row");
  const nextGap = createWalk(fetchRows(database, "gap"), parseGapRow, where, "gap row");
  const stretches = storedStretches(database, where);
  let current: MetStretch | undefined;

  function diverged(what: string, detail: Readonly<Record<string, string | number>>): Fault {
    return new Fault("store.diverged", where, what, detail);
  }

  /** A run that was stopped left a frame shorter than this run's: then the samples themselves are compared. */
  function meet(stored: MetStretch, buffer: SampleBuffer, skip: Uint32Array): void {
    stored.channels ??= stored.stretch.channels();
    for (const samples of stored.channels) {
      const channel = samples.channelIndex;
      const held = (buffer.counts[channel] ?? 0) - (skip[channel] ?? 0);
      const met = stored.met[channel] ?? 0;
      const count = Math.min(held, samples.atMs.length - met);
      for (let index = 0; index < count; index += 1) {
        const place = channel * buffer.capacity + (skip[channel] ?? 0) + index;
        if (!isSame(buffer, place, samples, met + index))
          throw diverged(`a sample of channel ${channel} differs from the stored one`, {
            channel_index: channel,
            at_ms: samples.atMs[met + index] ?? 0,
            stretch: stored.stretch.name,
          });
      }
      skip[channel] = (skip[channel] ?? 0) + count;
      stored.met[channel] = met + count;
    }
  }

  return {
    event(seq, type, hash) {
      const stored = nextEvent();
      if (stored === undefined) return false;
      if (stored.seq !== seq || stored.hash !== hash)
        throw diverged(`event ${seq} (${type}) is not the stored one (${stored.type})`, {
          seq,
          type,
          stored_type: stored.type,
        });
      return true;
    },
    ledger(row) {
      const stored = nextLedgerRow();
      if (stored === undefined) return false;
      if (canonicalJson(ledgerEventData(stored)) !== canonicalJson(ledgerEventData(row)))
        throw diverged(`the ${row.kind} of exposure ${row.exposureId} is not the stored ledger row`, {
          exposure_id: row.exposureId,
          stored_exposure_id: stored.exposureId,
        });
      return true;
    },
    gap(gap) {
      const stored = nextGap();
      if (stored === undefined) return false;
      if (GAP_FIELDS.some((field) => stored[field] !== gap[field]))
        throw diverged(`the gap of channel ${gap.channelIndex} is not the stored one`, {
          channel_index: gap.channelIndex,
          from_ms: gap.fromMs,
        });
      return true;
    },
    samples(buffer, skip) {
      for (;;) {
        const remaining = bufferedCount(buffer, skip);
        if (remaining === 0) return true;
        if (current === undefined) {
          const next = stretches.next();
          if (next.done === true) return false;
          const { frame } = next.value;
          current = { stretch: next.value, met: [], channels: undefined };
          if (frame?.sampleCount === remaining) {
            const payload = encoder.encode(buffer, skip);
            if (payload.length === frame.payloadBytes && payloadCrc32(payload) === frame.crc32) {
              skip.set(buffer.counts);
              current = undefined;
              return true;
            }
          }
        }
        meet(current, buffer, skip);
        const { stretch, met } = current;
        if (met.reduce((sum, count) => sum + count, 0) === stretch.sampleCount) current = undefined;
        else if (bufferedCount(buffer, skip) > 0)
          throw diverged(`the samples of ${stretch.name} are not those of this run`, { stretch: stretch.name });
      }
    },
  };
}

/** Frames one by one, and all blocks of one pack together. */
function* storedStretches(database: Database, where: string): Generator<StoredStretch, undefined> {
  const read = openSamples(database, undefined, (_table, stated) => stated ?? 0);
  let pack: PackedBlock[] = [];
  for (const scanned of read.frames()) {
    if (scanned.kind === "damaged")
      throw new Fault("store.damaged", where, `sample ${scanned.of} ${scanned.from} cannot be read`);
    const isOfPack = scanned.of === "block" && scanned.row.fromFrame === pack[0]?.fromFrame;
    if (pack.length > 0 && !isOfPack) {
      yield packStretch(pack, where);
      pack = [];
    }
    if (scanned.of === "block") pack.push(scanned.row);
    else {
      const { row: frame } = scanned;
      const name = `sample frame ${frame.row}`;
      yield { name, sampleCount: frame.sampleCount, frame, channels: () => readChannels(frame, name, where) };
    }
  }
  if (pack.length > 0) yield packStretch(pack, where);
  return undefined;
}

function packStretch(pack: readonly PackedBlock[], where: string): StoredStretch {
  const [first] = pack;
  const name = `the blocks of frames ${first?.fromFrame ?? 0} to ${first?.toFrame ?? 0}`;
  return {
    name,
    sampleCount: pack.reduce((sum, block) => sum + block.sampleCount, 0),
    frame: undefined,
    channels() {
      const byChannel = new Map<number, ChannelSamples[]>();
      for (const block of pack)
        for (const samples of readChannels(block, name, where)) {
          const parts = byChannel.get(samples.channelIndex) ?? [];
          parts.push(samples);
          byChannel.set(samples.channelIndex, parts);
        }
      return [...byChannel.values()].flatMap(joined);
    },
  };
}

function joined(parts: readonly ChannelSamples[]): readonly ChannelSamples[] {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return parts;
  const count = parts.reduce((sum, part) => sum + part.atMs.length, 0);
  const whole = {
    channelIndex: first.channelIndex,
    atMs: new Float64Array(count),
    voltageV: new Float64Array(count),
    currentA: new Float64Array(count),
    flags: new Uint32Array(count),
  };
  let at = 0;
  for (const part of parts) {
    whole.atMs.set(part.atMs, at);
    whole.voltageV.set(part.voltageV, at);
    whole.currentA.set(part.currentA, at);
    whole.flags.set(part.flags, at);
    at += part.atMs.length;
  }
  return [whole];
}

function readChannels(frame: PackedFrame, name: string, where: string): readonly ChannelSamples[] {
  if (isThinned(frame.block)) throw new Fault("store.thinned", where, `${name}: its samples were thinned on purpose`);
  const channels = channelsOf(frame);
  if (typeof channels === "string") throw new Fault("store.damaged", where, `${name}: ${channels}`);
  return channels;
}

/** Steps through a table page by page; undefined at its end, once and for all. */
function createWalk<Row>(
  fetch: FetchRows,
  parse: (row: RawRow) => Row | undefined,
  where: string,
  name: string,
): () => Row | undefined {
  let page: RawRow[] = [];
  let index = 0;
  let key = 0;
  let ended = false;
  return () => {
    if (ended) return undefined;
    if (index === page.length) {
      page = fetch(key, ROWS_PER_PAGE);
      index = 0;
    }
    const raw = page[index];
    if (raw === undefined) {
      ended = true;
      page = [];
      return undefined;
    }
    index += 1;
    key = Number(raw["key"]);
    const row = parse(raw);
    if (row === undefined) throw new Fault("store.damaged", where, `${name} ${key} cannot be read`, { row: key });
    return row;
  };
}

function isSame(buffer: SampleBuffer, place: number, samples: ChannelSamples, index: number): boolean {
  return (
    isSameNumber(buffer.atMs[place], samples.atMs[index]) &&
    isSameNumber(buffer.voltageV[place], samples.voltageV[index]) &&
    isSameNumber(buffer.currentA[place], samples.currentA[index]) &&
    buffer.flags[place] === samples.flags[index]
  );
}

/** NaN is the same as NaN here, and zero as minus zero. */
function isSameNumber(one: number | undefined, other: number | undefined): boolean {
  return one === other || (Number.isNaN(one) && Number.isNaN(other));
}
