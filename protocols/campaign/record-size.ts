/** How much a campaign is going to write, and whether a disk has room for it. */
import type { Finding } from "../base/finding.ts";
import type { Campaign } from "./campaign.ts";

/** Of a cycling record, in the file with its log beside it; measured in test/bench/ingest.ts, the upper end. */
const SAMPLE_BYTES = 6.5;
/** Booking, settlement, state and decision with their indices. */
const EXPOSURE_BYTES = 12_000;
const BASE_BYTES = 50e6;
/** A forecast is not held to the last byte. */
const SPARE = 1.3;

/** Bytes; null where nothing says how long the campaign goes on. Frames are the detector's and not in it. */
export function recordBytes(campaign: Campaign, forS = campaign.durationS ?? Infinity): number | null {
  if (!Number.isFinite(forS)) return null;
  const samples = campaign.cells.reduce((sum, { protocol }) => sum + forS / protocol.record.timeS, 0);
  const sweeps = campaign.sweeps.reduce((sum, { cadenceS }) => sum + forS / cadenceS, 0);
  return BASE_BYTES + SAMPLE_BYTES * samples + EXPOSURE_BYTES * sweeps * campaign.cells.length;
}

/** An error where it surely does not fit, a warning where it may not; null otherwise. */
export function judgeRoom(bytes: number | null, freeBytes: number | null, where: string): Finding | null {
  if (bytes === null || freeBytes === null || freeBytes >= SPARE * bytes) return null;
  const what = `the record comes to about ${gigabytes(bytes)} and ${gigabytes(freeBytes)} are free`;
  const severity = freeBytes < bytes ? "error" : "warning";
  const advice = "Make room, name a folder on a larger disk with --data, or record more seldom.";
  return { severity, code: "disk.small", where, what, advice };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(2)} GB`;
}
