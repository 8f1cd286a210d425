/**
 * Samples against what their steps say of them. A `step-ended` event tells how many samples of use came since the step
 * began, or since its last break, and how many the instrument itself counted; here those that stand in the record are
 * counted between the same times. What is missing is told with cell, step and the longest time without a sample.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { FindingList } from "./finding-list.ts";
import { isRecord } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { StoredEvent } from "./record-rows.ts";

export interface CounterAudit {
  /** Events come first, all of them. */
  event(event: Pick<StoredEvent, "type" | "dataText">): void;
  /** One channel's samples in order of time. */
  samples(channelIndex: number, atMs: Float64Array): void;
  /** Samples between these times are not to be had one by one: removed on purpose, given up, damaged, or never heard. */
  unknown(channelIndex: number | null, fromMs: number, toMs: number): void;
  /** Tells of each step that lacks some, or has too many; gives how many steps were compared. */
  finish(): CompareCounts;
}

export interface CompareCounts {
  /** Steps of which all samples that came stand in the record. */
  readonly steps: number;
  /** Of these, those whose instrument counted as many. */
  readonly counted: number;
}

interface StepWindow {
  readonly where: string;
  readonly received: number;
  readonly instrument: number | null;
  readonly fromMs: number;
  readonly toMs: number;
  stored: number;
  lastMs: number;
  holeFromMs: number;
  holeToMs: number;
  isExplained: boolean;
}

interface ChannelWindows {
  readonly windows: StepWindow[];
  /** Index of the one that the next sample may be in. */
  next: number;
  /** Of the last sample on record. */
  lastMs: number;
}

/** Half of what lies between two samples at least; a time that was computed anew may differ in its last digit. */
const SAME_MS = 1;

export function createCounterAudit(findings: FindingList): CounterAudit {
  const byChannel = new Map<number, ChannelWindows>();

  function windowsOf(channelIndex: number): ChannelWindows {
    const known = byChannel.get(channelIndex) ?? { windows: [], next: 0, lastMs: -Infinity };
    byChannel.set(channelIndex, known);
    return known;
  }

  return {
    event({ type, dataText }) {
      if (type !== "step-ended" || !dataText.includes('"samples"')) return;
      const data = parseJson(dataText);
      const samples = isRecord(data) ? data["samples"] : undefined;
      if (!isRecord(data) || !isRecord(samples)) return;
      const [channel, received] = [samples["channel"], samples["received"]];
      const [fromMs, toMs, instrument] = [samples["from_ms"], samples["to_ms"], samples["instrument"]];
      if (typeof channel !== "number" || typeof received !== "number") return;
      if (typeof fromMs !== "number" || typeof toMs !== "number") return;
      const windows = windowsOf(channel);
      windows.windows.push({
        ...{ where: `${nameOf(data["position"])} step ${nameOf(data["step"])}`, received, fromMs, toMs },
        ...{ instrument: typeof instrument === "number" ? instrument : null, stored: 0, lastMs: fromMs },
        ...{ holeFromMs: fromMs, holeToMs: fromMs, isExplained: false },
      });
    },
    samples(channelIndex, atMs) {
      const known = byChannel.get(channelIndex);
      if (known === undefined) return;
      known.lastMs = Math.max(known.lastMs, atMs.at(-1) ?? -Infinity);
      let window = known.windows[known.next];
      for (const at of atMs) {
        while (window !== undefined && at > window.toMs + SAME_MS) {
          known.next += 1;
          window = known.windows[known.next];
        }
        if (window === undefined) return;
        if (at < window.fromMs - SAME_MS) continue;
        window.stored += 1;
        noteHole(window, at);
      }
    },
    unknown(channelIndex, fromMs, toMs) {
      const channels = channelIndex === null ? [...byChannel.values()] : [byChannel.get(channelIndex)];
      for (const channel of channels)
        for (const window of channel?.windows ?? [])
          if (window.fromMs - SAME_MS <= toMs && window.toMs + SAME_MS >= fromMs) window.isExplained = true;
    },
    finish() {
      let steps = 0;
      let counted = 0;
      for (const { windows, lastMs } of byChannel.values())
        for (const window of windows) {
          noteHole(window, window.toMs);
          const { where, received, instrument, stored, isExplained } = window;
          // A run that goes on has the last ones in memory, and one that was killed lost them.
          const isUnwritten = stored < received && lastMs < window.toMs - SAME_MS;
          if (stored > received)
            findings.add(
              "error",
              "samples.counted",
              where,
              `${between(window)} holds ${stored} samples, ${received} came`,
              TWICE,
            );
          else if (isUnwritten && !isExplained)
            findings.add(
              "note",
              "samples.counted",
              where,
              `${received - stored} of ${received} samples are not written, the last ones of the channel`,
              UNWRITTEN,
            );
          else if (stored < received && !isExplained)
            findings.add(
              "error",
              "samples.counted",
              where,
              `${between(window)} holds ${stored} of the ${received} samples that came; ${hole(window)}`,
              LOST,
            );
          else if (instrument !== null && instrument > received && !isExplained)
            findings.add(
              "warning",
              "samples.counted",
              where,
              `${between(window)}: the instrument counts ${instrument} samples, ${received} of use came; ${hole(window)}`,
              UNHEARD,
            );
          if (stored !== received) continue;
          steps += 1;
          if (instrument === received) counted += 1;
        }
      return { steps, counted };
    },
  };
}

const LOST = "These samples are lost; all others can be read. Restore the folder from a copy if there is one.";
const UNWRITTEN = "A run that goes on writes them soon; a killed one lost them, and its resumed run tells so.";
const TWICE = "Some of them stand there twice, or are another step's.";
const UNHEARD =
  "They were lost on the line, could not be read, or came before the record began; see the log around that time.";

function noteHole(window: StepWindow, atMs: number): void {
  if (atMs - window.lastMs > window.holeToMs - window.holeFromMs) {
    window.holeFromMs = window.lastMs;
    window.holeToMs = atMs;
  }
  window.lastMs = atMs;
}

function between({ fromMs, toMs }: StepWindow): string {
  return `${fromMs} to ${toMs} ms`;
}

function hole({ holeFromMs, holeToMs }: StepWindow): string {
  return `the longest time without one is ${holeFromMs} to ${holeToMs} ms`;
}

function nameOf(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "?";
}
