/**
 * Retention: samples older than a time, which an export holds, give way to what each thousand of them came to. Events,
 * ledger, gaps and everything younger stay. Some hundred blocks a transaction: broken off, what is done is done and the
 * rest stays as it was, and little room is needed on a disk that is full.
 */
import { parsePackedBlock, type PackedBlock } from "./record-rows.ts";
import { isRecord } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { ChannelSamples } from "./sample-frame.ts";
import { decodeFrame, payloadCrc32, unpackPayload } from "./sample-frame.ts";
import { hasBlocks, keepUpdatesOut, letUpdatesIn, markThinned } from "./schema.ts";
import type { Database } from "./sqlite.ts";
import { THINNED, thinnedPayload } from "./thinned-block.ts";

export interface ThinnedExport {
  /** Blocks up to this row are in it. */
  readonly blocks: number;
  readonly manifestSha256: string;
}

export interface ThinningPlan {
  readonly blocks: number;
  readonly samples: number;
  /** Of the blocks; what stands in their place takes some of it again. */
  readonly bytes: number;
}

const BLOCKS_AT_A_TIME = 256;
/** What takes the place of a block. */
export const THINNED_BYTES = 400;
/** A run goes on from the samples of steps that are under way, and some before. */
const BEFORE_STEP_MS = 3_600_000;

const OLD = `last_ms < ? AND row <= ? AND substr(block, 1, 1) <> x'0${THINNED}'`;

/** Samples from here on are not to be touched: a run that goes on reads them again. Infinity where none will. */
export function neededFromMs(database: Database): number {
  const over = database.prepare("SELECT 1 FROM event WHERE type = 'campaign-complete' LIMIT 1").get();
  if (over !== undefined) return Infinity;
  const begun = new Map<string, number>();
  const steps = database.prepare<[], { at_ms: number; data: string }>(
    "SELECT at_ms, data FROM event WHERE type IN ('campaign-started', 'step-started') ORDER BY seq",
  );
  for (const { at_ms: atMs, data } of steps.iterate()) {
    const fields = parseJson(data);
    const position = isRecord(fields) ? fields["position"] : undefined;
    begun.set(typeof position === "string" ? position : "", atMs);
  }
  // Of the campaign itself, only where no step has begun yet.
  if (begun.size > 1) begun.delete("");
  return Math.min(...begun.values()) - BEFORE_STEP_MS;
}

/** Time of the last event. */
export function endOfRecordMs(database: Database): number {
  const last = database.prepare<[], { at_ms: number }>("SELECT at_ms FROM event ORDER BY seq DESC LIMIT 1").get();
  return last?.at_ms ?? 0;
}

export function planThinning(database: Database, beforeMs: number, held: ThinnedExport): ThinningPlan {
  if (!hasBlocks(database)) return { blocks: 0, samples: 0, bytes: 0 };
  const sums = database
    .prepare<[number, number], { blocks: number; samples: number | null; bytes: number | null }>(
      `SELECT count(*) AS blocks, sum(sample_count) AS samples, sum(length(block)) AS bytes FROM block WHERE ${OLD}`,
    )
    .get(beforeMs, held.blocks);
  return { blocks: sums?.blocks ?? 0, samples: sums?.samples ?? 0, bytes: sums?.bytes ?? 0 };
}

/** Returns how many blocks were thinned; one that cannot be read is left for verify to tell. What SQLite throws passes. */
export function thinSamples(database: Database, beforeMs: number, held: ThinnedExport): number {
  if (planThinning(database, beforeMs, held).blocks === 0) return 0;
  markThinned(database);
  const next = database.prepare<[number, number, number, number], Record<string, unknown>>(
    `SELECT * FROM block WHERE ${OLD} AND row > ? ORDER BY row LIMIT ?`,
  );
  let after = 0;
  let count = 0;
  const some = database.transaction((): boolean => {
    const rows = next.all(beforeMs, held.blocks, after, BLOCKS_AT_A_TIME);
    letUpdatesIn(database);
    const update = database.prepare("UPDATE block SET payload_bytes = ?, crc32 = ?, block = ? WHERE row = ?");
    for (const raw of rows) {
      const row = parsePackedBlock(raw);
      after = Number(raw["row"]);
      const payload = row === undefined ? undefined : thinned(row, held);
      if (payload === undefined) continue;
      update.run(payload.length, payloadCrc32(payload), payload, after);
      count += 1;
    }
    keepUpdatesOut(database);
    return rows.length === BLOCKS_AT_A_TIME;
  });
  while (some.immediate()) database.pragma("wal_checkpoint(TRUNCATE)");
  database.pragma("wal_checkpoint(TRUNCATE)");
  return count;
}

function thinned(row: PackedBlock, { manifestSha256 }: ThinnedExport): Buffer | undefined {
  const payload = unpackPayload(row.block, row.crc32);
  const channels = typeof payload === "string" ? payload : decodeFrame(payload);
  const samples = typeof channels === "string" ? undefined : channels[0];
  if (samples === undefined || samples.atMs.length !== row.sampleCount) return undefined;
  const { channelIndex, sampleCount, firstMs, lastMs, voltageMinV, voltageMaxV, currentMinA, currentMaxA } = row;
  return thinnedPayload({
    ...{ channelIndex, sampleCount, firstMs, lastMs, voltageMinV, voltageMaxV, currentMinA, currentMaxA },
    ...{ voltageMeanV: meanOf(samples, "voltageV"), currentMeanA: meanOf(samples, "currentA") },
    ...{ was: row.crc32, exportSha256: manifestSha256 },
  });
}

/** Of the readings that are numbers; null where none is. */
function meanOf(samples: ChannelSamples, name: "voltageV" | "currentA"): number | null {
  let sum = 0;
  let count = 0;
  for (const value of samples[name]) {
    if (!Number.isFinite(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}
