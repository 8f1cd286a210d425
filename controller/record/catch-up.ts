/**
 * Resuming by doing it again. A virtual campaign that was stopped is run anew from its start; as long as the folder
 * already holds what the run produces, nothing is written and everything is compared. The first difference ends it.
 */
import type { Database } from "better-sqlite3";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { ledgerEventData, type LedgerRow } from "./ledger-row.ts";
import type { FetchRows, FrameRow, GapRow, RawRow } from "./record-rows.ts";
import { fetchRows, parseEventRow, parseFrameRow, parseGapRow, parseStoredLedgerRow } from "./record-rows.ts";
import type { SampleBuffer } from "./sample-buffer.ts";
import { bufferedCount } from "./sample-buffer.ts";
import type { ChannelSamples, FrameEncoder } from "./sample-frame.ts";
import { decodeFrame, payloadCrc32, unpackPayload } from "./sample-frame.ts";
import { databasePath } from "./schema.ts";

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

interface StoredFrame {
  readonly frame: FrameRow;
  /** How many samples of each channel have been met again. */
  readonly met: Uint32Array;
  channels: readonly ChannelSamples[] | undefined;
}

export function createCatchUp(database: Database, folder: string, encoder: FrameEncoder): CatchUp {
  const where = databasePath(folder);
  const nextEvent = createWalk(fetchRows(database, "event"), parseEventRow, where, "event");
  const nextLedgerRow = createWalk(fetchRows(database, "ledger"), parseStoredLedgerRow, where, "ledger row");
  const nextGap = createWalk(fetchRows(database, "gap"), parseGapRow, where, "gap row");
  const nextFrame = createWalk(fetchRows(database, "frame"), parseFrameRow, where, "sample frame");
  const selectBlock = database.prepare<[number], RawRow>("SELECT block FROM frame WHERE row = ?");
  let current: StoredFrame | undefined;

  function diverged(what: string, detail: Readonly<Record<string, string | number>>): Fault {
    return new Fault("store.diverged", where, what, detail);
  }

  /** A run that was stopped left a frame shorter than this run's: then the samples themselves are compared. */
  function meet(stored: StoredFrame, buffer: SampleBuffer, skip: Uint32Array): void {
    stored.channels ??= readChannels(stored.frame);
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
            frame: stored.frame.row,
          });
      }
      skip[channel] = (skip[channel] ?? 0) + count;
      stored.met[channel] = met + count;
    }
  }

  function readChannels({ row, crc32 }: FrameRow): readonly ChannelSamples[] {
    const block = selectBlock.get(row)?.["block"];
    const payload = Buffer.isBuffer(block) ? unpackPayload(block, crc32) : "the block is missing";
    const channels = typeof payload === "string" ? payload : decodeFrame(payload);
    if (typeof channels === "string")
      throw new Fault("store.damaged", where, `sample frame ${row}: ${channels}`, { frame: row });
    return channels;
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
          const frame = nextFrame();
          if (frame === undefined) return false;
          current = { frame, met: new Uint32Array(buffer.channelCount), channels: undefined };
          if (frame.sampleCount === remaining) {
            const payload = encoder.encode(buffer, skip);
            if (payload.length === frame.payloadBytes && payloadCrc32(payload) === frame.crc32) {
              skip.set(buffer.counts);
              current = undefined;
              return true;
            }
          }
        }
        meet(current, buffer, skip);
        const { frame, met } = current;
        if (met.reduce((sum, count) => sum + count, 0) === frame.sampleCount) current = undefined;
        else if (bufferedCount(buffer, skip) > 0)
          throw diverged(`the samples of frame ${frame.row} are not those of this run`, { frame: frame.row });
      }
    },
  };
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
