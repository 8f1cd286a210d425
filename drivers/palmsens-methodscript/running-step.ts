/** The step that runs, as the instrument's lines tell it: samples on the fast path, end words, errors, silence. */
import type { Writable } from "../../protocols/base/writable.ts";
import type { ChannelListener, ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import type { InstrumentError } from "../../protocols/wire/methodscript/error-codes.ts";
import { classifyLine } from "../../protocols/wire/methodscript/reply-line.ts";
import { SCRIPT_WORDS } from "../../protocols/wire/methodscript/script-lines.ts";
import type { SampleReader } from "./sample-reader.ts";

const STEP_ENDS: ReadonlyMap<string, StepEnd> = new Map([
  [SCRIPT_WORDS.endVoltage, "voltage"],
  [SCRIPT_WORDS.endCurrent, "current"],
  [SCRIPT_WORDS.endTime, "time"],
  [SCRIPT_WORDS.endLimit, "limit"],
]);

/** How a line changed the step. */
export type StepNews =
  | { readonly kind: "goes-on" }
  /** The script's output is over. `end` is null when the instrument did not say why, `isOff` whether it said the cell is off. */
  | { readonly kind: "over"; readonly end: StepEnd | null; readonly isOff: boolean }
  | { readonly kind: "failed"; readonly error: InstrumentError };

const GOES_ON: StepNews = { kind: "goes-on" };

export interface RunningStep {
  readonly step: ChannelStep;
  readonly sampleCount: number;
  /** Packages that could not be read as a sample. */
  readonly unreadableCount: number;
  /** Returns why the package was no sample, or null. */
  package(bytes: Uint8Array, start: number, end: number, nowMs: number): string | null;
  line(line: string): StepNews;
  /** When the silence since the last sample becomes too long, on the monotonic clock. */
  silentAtMs(): number;
}

/** `silenceMs` is the longest time between two samples that is not yet silence. */
export function createRunningStep(
  step: ChannelStep,
  reader: SampleReader,
  onSample: ChannelListener["sample"],
  startMs: number,
  silenceMs: number,
): RunningStep {
  let lastHeardMs = startMs;
  let endWord: StepEnd | null = null;
  let wasStopped = false;
  let isOff = false;

  const running: Writable<RunningStep> = {
    step,
    sampleCount: 0,
    unreadableCount: 0,
    package(bytes, start, end, nowMs) {
      const trouble = reader.read(bytes, start, end);
      if (trouble !== null) {
        running.unreadableCount += 1;
        return trouble;
      }
      lastHeardMs = nowMs;
      running.sampleCount += 1;
      onSample(reader.timeS, reader.voltageV, reader.currentA, reader.flags);
      return null;
    },
    line(line) {
      const reply = classifyLine(line);
      switch (reply.kind) {
        case "text":
          if (reply.text === SCRIPT_WORDS.cellOff) isOff = true;
          else endWord ??= STEP_ENDS.get(reply.text) ?? null;
          return GOES_ON;
        case "echo":
          if (reply.command === "Z") wasStopped = true;
          return GOES_ON;
        case "end":
          return { kind: "over", end: endWord ?? (wasStopped ? "aborted" : null), isOff };
        case "error":
          // `Z!0006` and its like answer a command; only an error without one is the script's own.
          return reply.command === "" ? { kind: "failed", error: reply.error } : GOES_ON;
        case "measurement-start":
        case "measurement-end":
        case "scan-start":
        case "scan-end":
        case "loop-start":
        case "loop-end":
        case "package":
        case "other":
          return GOES_ON;
      }
    },
    silentAtMs: () => lastHeardMs + silenceMs,
  };
  return running;
}
