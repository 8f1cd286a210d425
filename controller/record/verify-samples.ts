/** Unpacks every sample frame: is it whole, does it hold what it states, are each channel's samples in order of time. */
import type { Scanned } from "./damage-scan.ts";
import type { FindingList } from "./finding-list.ts";
import { channelsOf } from "./record-reader.ts";
import type { GapRow, PackedFrame } from "./record-rows.ts";
import type { ChannelSamples } from "./sample-frame.ts";

export interface SamplesResult {
  readonly frames: number;
  /** Samples that can be read. */
  readonly samples: number;
  readonly samplesByChannel: ReadonlyMap<number, number>;
}

const LOST = "These samples are lost; all others can be read. Restore the folder from a copy if there is one.";

export function verifySamples(frames: Iterable<Scanned<PackedFrame>>, findings: FindingList): SamplesResult {
  const lastMs = new Map<number, number>();
  const samplesByChannel = new Map<number, number>();
  let lastRow = 0;
  let frameCount = 0;
  let samples = 0;
  for (const scanned of frames) {
    if (scanned.kind === "damaged") {
      const where = `sample frames ${scanned.from} to ${scanned.to}`;
      findings.add("error", "store.damaged", where, `cannot be read: ${scanned.reason}`, LOST);
      lastRow = scanned.to;
      continue;
    }
    const frame = scanned.row;
    const where = `sample frame ${frame.row} (${frame.firstMs} to ${frame.lastMs} ms)`;
    if (frame.row !== lastRow + 1)
      findings.add(
        "error",
        "samples.frames-missing",
        where,
        `frames ${lastRow + 1} to ${frame.row - 1} are missing`,
        LOST,
      );
    lastRow = frame.row;
    const channels = channelsOf(frame);
    if (typeof channels === "string") {
      findings.add("error", "store.damaged", where, channels, LOST);
      continue;
    }
    frameCount += 1;
    const found = channels.reduce((sum, channel) => sum + channel.atMs.length, 0);
    samples += found;
    if (found !== frame.sampleCount)
      findings.add("error", "samples.count", where, `holds ${found} samples and states ${frame.sampleCount}`, LOST);
    for (const channel of channels) {
      samplesByChannel.set(
        channel.channelIndex,
        (samplesByChannel.get(channel.channelIndex) ?? 0) + channel.atMs.length,
      );
      checkTimes(channel, frame, lastMs, where, findings);
    }
  }
  return { frames: frameCount, samples, samplesByChannel };
}

function checkTimes(
  { channelIndex, atMs }: ChannelSamples,
  frame: PackedFrame,
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
  if (!((atMs[0] ?? frame.firstMs) >= frame.firstMs && (atMs.at(-1) ?? frame.lastMs) <= frame.lastMs))
    findings.add(
      "error",
      "samples.times",
      where,
      `channel ${channelIndex} has samples outside the frame's times`,
      LOST,
    );
}

/** Counts the gaps; a gap that ends before it begins is no gap. */
export function verifyGaps(gaps: Iterable<Scanned<GapRow>>, findings: FindingList): number {
  let count = 0;
  for (const scanned of gaps) {
    if (scanned.kind === "damaged") {
      const where = `gap rows ${scanned.from} to ${scanned.to}`;
      findings.add("error", "store.damaged", where, `cannot be read: ${scanned.reason}`, LOST);
      continue;
    }
    count += 1;
    const { channelIndex, fromMs, toMs } = scanned.row;
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
