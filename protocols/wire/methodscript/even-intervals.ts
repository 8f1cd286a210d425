/**
 * The loops of a hold and of a rest run whole intervals: as many as go into their time (reference: points = floor(run /
 * interval)), so that a rest of 90 s sampled each minute would be over after one. Here the time is divided into equal
 * intervals, none longer than asked, and the step lasts as long as it is to.
 */
import type { ChannelStep } from "../../roles/channel.ts";

/** Shortest interval this project asks of an instrument: a package of 40 bytes must leave the wire in time. */
export const SAMPLE_INTERVAL_MIN_S = 0.02;

/** Intervals are written in microseconds, up to where those do not fit the instrument's integers. */
const FINE_INTERVAL_MAX_S = 2000;
/** 2 s are twenty times 100 ms, whatever binary fractions make of it. */
const ROUNDING = 1e-9;

export function intervalDecimals(intervalS: number): 3 | 6 {
  return intervalS > FINE_INTERVAL_MAX_S ? 3 : 6;
}

/** The step with an interval that divides its time; as it is where it is no hold and no rest, or cannot be run. */
export function inEvenIntervals(step: ChannelStep): ChannelStep {
  if (step.kind === "impedance" || step.kind === "voltage-scan") return step;
  const { sampleIntervalS } = step;
  if (!(step.untilTimeS >= sampleIntervalS && sampleIntervalS >= SAMPLE_INTERVAL_MIN_S)) return step;
  // As it is written for the instrument.
  const untilTimeS = Math.round(step.untilTimeS * 1000) / 1000;
  const count = Math.max(1, Math.ceil(untilTimeS / sampleIntervalS - ROUNDING));
  const evenS = roundedDown(untilTimeS / count);
  const isTooShort = evenS < SAMPLE_INTERVAL_MIN_S && count > 1;
  return { ...step, untilTimeS, sampleIntervalS: isTooShort ? roundedDown(untilTimeS / (count - 1)) : evenS };
}

function roundedDown(intervalS: number): number {
  const parts = 10 ** intervalDecimals(intervalS);
  return Math.floor(intervalS * parts * (1 + 1e-14)) / parts;
}
