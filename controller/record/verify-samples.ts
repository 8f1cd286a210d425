/**
 * Unpacks every frame and block of samples: is it whole, does it hold what it states, are each channel's samples in
 * order of time, is none missing between them.
 */
import type { Scanned } from "./damage-scan.ts";
import type { FindingList } from "./finding-list.ts";
import type { CounterAudit } from "./verify-counters.ts";
import { channelsOf, type ScannedSamples } from "./sample-access.ts";
import { extremesOf } from "./sample-block.ts";
import type { GapRow, PackedBlock, PackedFrame } from "./record-rows.ts";
import { unpackPayload, type ChannelSamples } from "./sample-frame.ts";
import { isThinned, parseThinned, statedOtherwise } from "./thinned-block.ts";

export interface SamplesResult {
  /** Frames that can be read, and those that blocks stand in the place of. */
  readonly frames: number;
  readonly blocks: number;
  /** Samples that can be read. */
  readonly samples: number;
  /** Samples removed on purpose, of which the extremes are kept. */
  readonly thinned: number;
  readonly samplesByChannel: ReadonlyMap<number, number>;
}

const LOST = "These samples are lost; all others can be read. Restore the folder from a copy if there is one.";

/** `counters` is told of all samples, and of what cannot be counted. */
export function verifySamples(
  stretches: Iterable<ScannedSamples>,
  findings: FindingList,
  counters?: CounterAudit,
): SamplesResult {
  const lastMs = new Map<number, number>();
  const samplesByChannel = new Map<number, number>();
  const order = createOrder(findings);
  let frames = 0;
  let blocks = 0;
  let samples = 0;
  const thinned = createThinnedCount(findings);
  for (const scanned of stretches) {
    if (scanned.kind === "damaged") {
      const where = `sample ${scanned.of}s ${scanned.from} to ${scanned.to}`;
      findings.add("error", "store.damaged", where, `cannot be read: ${scanned.reason}`, LOST);
      order.damaged(scanned.of, scanned.to);
      counters?.unknown(null, -Infinity, Infinity);
      continue;
    }
    const frame = scanned.row;
    const where = `sample ${scanned.of} ${frame.row} (${frame.firstMs} to ${frame.lastMs} ms)`;
    if (scanned.of === "block") frames += order.block(scanned.row, where);
    else order.frame(frame.row, where);
    if (scanned.of === "block" && isThinned(scanned.row.block)) {
      if (thinned.block(scanned.row, where)) blocks += 1;
      counters?.unknown(scanned.row.channelIndex, frame.firstMs, frame.lastMs);
      continue;
    }
    const channels = channelsOf(frame);
    if (typeof channels === "string") {
      findings.add("error", "store.damaged", where, channels, LOST);
      counters?.unknown(scanned.of === "block" ? scanned.row.channelIndex : null, frame.firstMs, frame.lastMs);
      continue;
    }
    if (scanned.of === "block") blocks += 1;
    else frames += 1;
    const found = channels.reduce((sum, channel) => sum + channel.atMs.length, 0);
    samples += found;
    if (found !== frame.sampleCount)
      findings.add("error", "samples.count", where, `holds ${found} samples and states ${frame.sampleCount}`, LOST);
    checkStatedTimes(channels, frame, where, findings);
    for (const channel of channels) {
      const before = samplesByChannel.get(channel.channelIndex) ?? 0;
      samplesByChannel.set(channel.channelIndex, before + channel.atMs.length);
      checkTimes(channel, lastMs, where, findings);
      counters?.samples(channel.channelIndex, channel.atMs);
      if (scanned.of === "block") checkExtremes(channel, scanned.row, where, findings);
    }
  }
  thinned.finish();
  return { frames, blocks, samples, thinned: thinned.samples, samplesByChannel };
}

interface ThinnedCount {
  readonly samples: number;
  /** True where it holds what it states. */
  block(block: PackedBlock, where: string): boolean;
  /** Tells of all of them in a line an export. */
  finish(): void;
}

function createThinnedCount(findings: FindingList): ThinnedCount {
  const byExport = new Map<string, { samples: number; lastMs: number }>();
  let samples = 0;
  return {
    get samples() {
      return samples;
    },
    block(row, where) {
      const payload = unpackPayload(row.block, row.crc32);
      const block = typeof payload === "string" ? undefined : parseThinned(payload);
      if (block === undefined) {
        const reason = typeof payload === "string" ? payload : "does not hold what a thinned block says";
        findings.add("error", "store.damaged", where, reason, LOST);
        return false;
      }
      const otherwise = statedOtherwise(block, row);
      if (otherwise.length > 0) {
        const what = `its row states otherwise than it does itself: ${otherwise.join(", ")}`;
        findings.add("error", "samples.times", where, what, LOST);
      }
      const known = byExport.get(block.exportSha256) ?? { samples: 0, lastMs: 0 };
      known.samples += block.sampleCount;
      known.lastMs = Math.max(known.lastMs, block.lastMs);
      byExport.set(block.exportSha256, known);
      samples += block.sampleCount;
      return true;
    },
    finish() {
      for (const [sha256, found] of byExport)
        findings.add(
          "note",
          "samples.thinned",
          "campaign.db",
          `${found.samples} samples up to ${found.lastMs} ms were thinned on purpose`,
          `They stand in the export whose manifest has the SHA-256 ${sha256}.`,
        );
    },
  };
}

interface Order {
  frame(row: number, where: string): void;
  /** How many frames more it stands in the place of than the blocks before it. */
  block(block: PackedBlock, where: string): number;
  damaged(of: "frame" | "block", toRow: number): void;
}

/** Rows count on without a hole, and blocks stand in the place of frames that follow the last one. */
function createOrder(findings: FindingList): Order {
  let lastFrame = 0;
  let lastBlock = 0;
  let packFrom = 0;
  /** After damage it is not known with which frame the next block begins. */
  let isKnown = true;

  function missing(of: "frame" | "block", from: number, to: number, where: string): void {
    findings.add("error", "samples.frames-missing", where, `${of}s ${from} to ${to} are missing`, LOST);
  }

  return {
    frame(row, where) {
      if (isKnown && row !== lastFrame + 1) missing("frame", lastFrame + 1, row - 1, where);
      lastFrame = row;
      isKnown = true;
    },
    block({ row, fromFrame, toFrame }, where) {
      if (row !== lastBlock + 1) missing("block", lastBlock + 1, row - 1, where);
      lastBlock = row;
      if (fromFrame === packFrom) {
        if (toFrame !== lastFrame) missing("frame", lastFrame + 1, toFrame, where);
        return 0;
      }
      const before = isKnown ? lastFrame : fromFrame - 1;
      if (fromFrame !== before + 1) missing("frame", before + 1, fromFrame - 1, where);
      isKnown = true;
      packFrom = fromFrame;
      lastFrame = toFrame;
      return toFrame - before;
    },
    damaged(of, toRow) {
      if (of === "frame") lastFrame = toRow;
      else {
        lastBlock = toRow;
        isKnown = false;
      }
    },
  };
}

function checkStatedTimes(
  channels: readonly ChannelSamples[],
  { firstMs, lastMs }: PackedFrame,
  where: string,
  findings: FindingList,
): void {
  const extremes = channels.map(extremesOf);
  const first = Math.min(...extremes.map((one) => one.firstMs));
  const last = Math.max(...extremes.map((one) => one.lastMs));
  if (first === firstMs && last === lastMs) return;
  findings.add(
    "error",
    "samples.times",
    where,
    `has samples of ${first} to ${last} ms, outside the stated times`,
    LOST,
  );
}

function checkExtremes(channel: ChannelSamples, block: PackedBlock, where: string, findings: FindingList): void {
  const found = extremesOf(channel);
  const differing = EXTREMES.filter((key) => found[key] !== block[key]);
  if (channel.channelIndex === block.channelIndex && differing.length === 0) return;
  const what = `its row states channel ${block.channelIndex} and other extremes (${differing.join(", ")}) than it holds`;
  findings.add("error", "samples.times", where, what, LOST);
}

const EXTREMES = ["voltageMinV", "voltageMaxV", "currentMinA", "currentMaxA"] as const;

function checkTimes(
  { channelIndex, atMs }: ChannelSamples,
  lastMs: Map<number, number>,
  where: string,
  findings: FindingList,
): void {
  let last = lastMs.get(channelIndex) ?? Number.NEGATIVE_INFINITY;
  for (const time of atMs) {
    // Written so that a time that is not a number is found too.
    if (!(time >= last)) {
      const what = `channel ${channelIndex} has a sample at ${time} ms after one at ${last} ms`;
      findings.add("error", "samples.out-of-order", where, what, LOST);
      break;
    }
    last = time;
  }
  lastMs.set(channelIndex, last);
}

/** Counts the gaps; a gap that ends before it begins is no gap. */
export function verifyGaps(gaps: Iterable<Scanned<GapRow>>, findings: FindingList, counters?: CounterAudit): number {
  let count = 0;
  for (const scanned of gaps) {
    if (scanned.kind === "damaged") {
      const where = `gap rows ${scanned.from} to ${scanned.to}`;
      findings.add("error", "store.damaged", where, `cannot be read: ${scanned.reason}`, LOST);
      continue;
    }
    count += 1;
    const { channelIndex, fromMs, toMs } = scanned.row;
    counters?.unknown(channelIndex, fromMs, toMs);
    if (!(fromMs <= toMs))
      findings.add(
        "error",
        "samples.gap",
        `gap row ${scanned.key}`,
        `channel ${channelIndex}: ${fromMs} to ${toMs} ms`,
        LOST,
      );
  }
  return count;
}
