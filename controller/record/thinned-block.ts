/**
 * A block whose samples were removed on purpose (thin-samples.ts): in its place stands what it came to, and which
 * export holds the samples. Layout of the payload: version byte, then JSON. Its CRC-32 stands in its row like any other.
 */
import { isRecord } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { BlockRow } from "./record-rows.ts";

/** Version byte of the payload, beside those of frames and blocks (sample-frame.ts). */
export const THINNED = 3;

export interface ThinnedBlock {
  readonly channelIndex: number;
  readonly sampleCount: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly voltageMinV: number | null;
  readonly voltageMaxV: number | null;
  readonly voltageMeanV: number | null;
  readonly currentMinA: number | null;
  readonly currentMaxA: number | null;
  readonly currentMeanA: number | null;
  /** CRC-32 of the payload that it stands in the place of. */
  readonly was: number;
  /** SHA-256 of the manifest of the export that holds the samples. */
  readonly exportSha256: string;
}

type Column = "first_ms" | "last_ms" | `${"voltage_" | "current_"}${"min" | "max" | "mean"}_${"V" | "A"}`;

export function thinnedPayload(block: ThinnedBlock): Buffer {
  const text = JSON.stringify({
    ...{ channel_index: block.channelIndex, sample_count: block.sampleCount },
    ...{ first_ms: block.firstMs, last_ms: block.lastMs },
    ...{ voltage_min_V: block.voltageMinV, voltage_max_V: block.voltageMaxV, voltage_mean_V: block.voltageMeanV },
    ...{ current_min_A: block.currentMinA, current_max_A: block.currentMaxA, current_mean_A: block.currentMeanA },
    ...{ was_crc32: block.was, export_sha256: block.exportSha256 },
  });
  return Buffer.concat([Buffer.from([THINNED]), Buffer.from(text)]);
}

export function isThinned(packed: Uint8Array): boolean {
  return packed[0] === THINNED;
}

/** undefined where it does not hold what a thinned block says. */
export function parseThinned(payload: Buffer): ThinnedBlock | undefined {
  const data = isThinned(payload) ? parseJson(payload.subarray(1).toString("utf8")) : undefined;
  if (!isRecord(data)) return undefined;
  const { channel_index: channelIndex, sample_count: sampleCount, was_crc32: was, export_sha256: exportSha256 } = data;
  const { first_ms: firstMs, last_ms: lastMs } = data;
  if (typeof channelIndex !== "number" || typeof sampleCount !== "number" || typeof was !== "number") return undefined;
  if (typeof firstMs !== "number" || typeof lastMs !== "number" || typeof exportSha256 !== "string") return undefined;
  const number = (name: Column): number | null => {
    const value = data[name];
    return typeof value === "number" ? value : null;
  };
  return {
    ...{ channelIndex, sampleCount, firstMs, lastMs, was, exportSha256 },
    voltageMinV: number("voltage_min_V"),
    voltageMaxV: number("voltage_max_V"),
    voltageMeanV: number("voltage_mean_V"),
    currentMinA: number("current_min_A"),
    currentMaxA: number("current_max_A"),
    currentMeanA: number("current_mean_A"),
  };
}

const STATED = [
  ...(["channelIndex", "sampleCount", "firstMs", "lastMs"] as const),
  ...(["voltageMinV", "voltageMaxV", "currentMinA", "currentMaxA"] as const),
] as const;

/** What the row states otherwise than its own block; empty where nothing. */
export function statedOtherwise(block: ThinnedBlock, row: BlockRow): readonly string[] {
  return STATED.filter((name) => block[name] !== row[name]);
}
