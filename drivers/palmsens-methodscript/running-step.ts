/** The step that runs, as the instrument's lines tell it: samples on the fast path, end words, errors, silence. */
import type { Writable } from "../../protocols/base/writable.ts";
import {
  SAMPLE_TIMING_MISSED,
  type ChannelListener,
  type ChannelStep,
  type StepEnd,
} from "../../protocols/roles/channel.ts";
import type { InstrumentError } from "../../protocols/wire/methodscript/error-codes.ts";
import { classifyLine } from "../../protocols/wire/methodscript/reply-line.ts";
import { SCRIPT_WORDS } from "../../protocols/wire/methodscript/script-lines.ts";
import { frequencyAtHz, placeWithS, pointLongestS } from "../../protocols/echem/spectrum-plan.ts";
import type { SampleReader } from "./sample-reader.ts";
import { createSpectrumReader, type SpectrumReader } from "./spectrum-reader.ts";

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
  /**
   * Samples of the step by the instrument's timer, whose ticks each make one; null in steps without even intervals, and
   * where the instrument says that it missed one.
   */
  countByTimer(): number | null;
  /** Packages that could not be read as a sample. */
  readonly unreadableCount: number;
  /** Returns why the package was no sample, or null. */
  package(bytes: Uint8Array, start: number, end: number, nowMs: number): string | null;
  line(line: string): StepNews;
  /** When the silence since the last sample becomes too long, on the monotonic clock. */
  silentAtMs(): number;
}

/** Of the points of a spectrum each frequency has a time of its own; this much more of it is not yet silence. */
const POINT_PATIENCE = 1.5;

interface Spectrum {
  readonly plan: ImpedanceStep;
  readonly reader: SpectrumReader;
}

type ImpedanceStep = Extract<ChannelStep, { kind: "impedance" }>;

/** How long the point after this one is waited for; the first one after null. A new sweep follows the last. */
function pointPatienceMs(plan: ImpedanceStep, heardHz: number | null): number {
  const { startFrequencyHz, endFrequencyHz, pointCount } = plan;
  const ratio = pointCount === 1 ? 1 : (endFrequencyHz / startFrequencyHz) ** (1 / (pointCount - 1));
  const first = frequencyAtHz(plan, placeWithS(plan, plan.untilTimeS).point);
  const next = heardHz === null ? first : heardHz * ratio;
  const isPastEnd = ratio < 1 ? next < endFrequencyHz * 0.999 : next > endFrequencyHz * 1.001;
  return 1000 * POINT_PATIENCE * pointLongestS(isPastEnd ? startFrequencyHz : next);
}

/** `silenceMs` is the longest time between two samples that is not yet silence; in a spectrum, beyond a point's own. */
export function createRunningStep(
  step: ChannelStep,
  reader: SampleReader,
  listener: Pick<ChannelListener, "sample" | "spectrumPoint">,
  startMs: number,
  silenceMs: number,
): RunningStep {
  const spectrum = step.kind === "impedance" ? { plan: step, reader: createSpectrumReader() } : null;
  let patienceMs = spectrum === null ? silenceMs : silenceMs + pointPatienceMs(spectrum.plan, null);
  /** Fields, because a number in a variable of its own would be put anew into memory with each sample. */
  const heard = { lastMs: startMs, firstTimeS: Number.NaN, lastTimeS: Number.NaN };
  let endWord: StepEnd | null = null;
  let wasStopped = false;
  let isOff = false;
  let flagsSeen = 0;

  const running: Writable<RunningStep> = {
    step,
    sampleCount: 0,
    countByTimer() {
      const isEven = step.kind !== "impedance" && step.kind !== "voltage-scan";
      const { firstTimeS, lastTimeS } = heard;
      if (!isEven || Number.isNaN(firstTimeS) || (flagsSeen & SAMPLE_TIMING_MISSED) !== 0) return null;
      const { sampleIntervalS } = step;
      // The first tick may be at zero or after one interval.
      const unheard = Math.max(0, Math.round(firstTimeS / sampleIntervalS) - 1);
      return unheard + Math.round((lastTimeS - firstTimeS) / sampleIntervalS) + 1;
    },
    unreadableCount: 0,
    package(bytes, start, end, nowMs) {
      const trouble = spectrum === null ? reader.read(bytes, start, end) : point(spectrum, bytes, start, end);
      if (trouble !== null) {
        running.unreadableCount += 1;
        return trouble;
      }
      heard.lastMs = nowMs;
      running.sampleCount += 1;
      if (spectrum !== null) return null;
      const { timeS, flags } = reader;
      if (running.sampleCount === 1) heard.firstTimeS = timeS;
      heard.lastTimeS = timeS;
      flagsSeen |= flags;
      listener.sample(timeS, reader.voltageV, reader.currentA, flags);
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
    silentAtMs: () => heard.lastMs + patienceMs,
  };
  return running;

  /** Each frequency is waited for by itself: one takes milliseconds, another hours. */
  function point({ plan, reader: points }: Spectrum, bytes: Uint8Array, start: number, end: number): string | null {
    const read = points.read(bytes, start, end);
    if (typeof read === "string") return read;
    patienceMs = silenceMs + pointPatienceMs(plan, read.frequencyHz);
    listener.sample(read.stepTimeS, read.voltageV, read.currentA, read.flags);
    listener.spectrumPoint?.(read);
    return null;
  }
}
