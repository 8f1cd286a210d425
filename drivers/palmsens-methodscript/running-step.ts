/** The step that runs, as the instrument's lines tell it: samples on the fast path, end words, errors, silence. */
import {
  SAMPLE_TIMING_MISSED,
  type ChannelListener,
  type ChannelStep,
  type StepEnd,
} from "../../protocols/roles/channel.ts";
import type { InstrumentError } from "../../protocols/wire/methodscript/error-codes.ts";
import { inEvenIntervals } from "../../protocols/wire/methodscript/even-intervals.ts";
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
  return new Running(step, reader, listener, startMs, silenceMs);
}

/** A class, with what each sample touches first: 96 of them share the processor's cache. */
class Running implements RunningStep {
  sampleCount = 0;
  private readonly spectrum: Spectrum | null;
  private readonly reader: SampleReader;
  private readonly listener: Pick<ChannelListener, "sample" | "spectrumPoint">;
  private flagsSeen = 0;
  private lastMs: number;
  private firstTimeS = Number.NaN;
  private lastTimeS = Number.NaN;
  private patienceMs: number;
  readonly step: ChannelStep;
  /** Packages that could not be read as a sample. */
  unreadableCount = 0;
  private readonly silenceMs: number;
  private endWord: StepEnd | null = null;
  private wasStopped = false;
  private isOff = false;

  constructor(
    step: ChannelStep,
    reader: SampleReader,
    listener: Pick<ChannelListener, "sample" | "spectrumPoint">,
    startMs: number,
    silenceMs: number,
  ) {
    this.step = step;
    this.reader = reader;
    this.listener = listener;
    this.spectrum = step.kind === "impedance" ? { plan: step, reader: createSpectrumReader() } : null;
    this.lastMs = startMs;
    this.silenceMs = silenceMs;
    this.patienceMs = this.spectrum === null ? silenceMs : silenceMs + pointPatienceMs(this.spectrum.plan, null);
  }

  countByTimer(): number | null {
    const { step, firstTimeS, lastTimeS } = this;
    const isEven = step.kind !== "impedance" && step.kind !== "voltage-scan";
    if (!isEven || Number.isNaN(firstTimeS) || (this.flagsSeen & SAMPLE_TIMING_MISSED) !== 0) return null;
    const { sampleIntervalS } = inEvenIntervals(step);
    // The first tick may be at zero or after one interval.
    const unheard = Math.max(0, Math.round(firstTimeS / sampleIntervalS) - 1);
    return unheard + Math.round((lastTimeS - firstTimeS) / sampleIntervalS) + 1;
  }

  package(bytes: Uint8Array, start: number, end: number, nowMs: number): string | null {
    const { reader, spectrum } = this;
    const trouble = spectrum === null ? reader.read(bytes, start, end) : this.point(spectrum, bytes, start, end);
    if (trouble !== null) {
      this.unreadableCount += 1;
      return trouble;
    }
    this.lastMs = nowMs;
    this.sampleCount += 1;
    if (spectrum !== null) return null;
    const { timeS, flags } = reader;
    if (this.sampleCount === 1) this.firstTimeS = timeS;
    this.lastTimeS = timeS;
    this.flagsSeen |= flags;
    this.listener.sample(timeS, reader.voltageV, reader.currentA, flags);
    return null;
  }

  line(line: string): StepNews {
    const reply = classifyLine(line);
    switch (reply.kind) {
      case "text":
        if (reply.text === SCRIPT_WORDS.cellOff) this.isOff = true;
        else this.endWord ??= STEP_ENDS.get(reply.text) ?? null;
        return GOES_ON;
      case "echo":
        if (reply.command === "Z") this.wasStopped = true;
        return GOES_ON;
      case "end":
        return { kind: "over", end: this.endWord ?? (this.wasStopped ? "aborted" : null), isOff: this.isOff };
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
  }

  silentAtMs(): number {
    return this.lastMs + this.patienceMs;
  }

  /** Each frequency is waited for by itself: one takes milliseconds, another hours. */
  private point({ plan, reader }: Spectrum, bytes: Uint8Array, start: number, end: number): string | null {
    const read = reader.read(bytes, start, end);
    if (typeof read === "string") return read;
    this.patienceMs = this.silenceMs + pointPatienceMs(plan, read.frequencyHz);
    this.listener.sample(read.stepTimeS, read.voltageV, read.currentA, read.flags);
    this.listener.spectrumPoint?.(read);
    return null;
  }
}
