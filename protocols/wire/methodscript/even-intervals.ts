/**
 * The loops of a hold and of a rest run whole intervals: as many as go into their time (reference: points = floor(run /
 * interval)), so that a rest of 90 s sampled each minute would be over after one. Here the time is divided into equal
 * intervals, no longer than asked but where they would be too short for their packages, and the step lasts as long as it is to.
 */
import type { ChannelStep } from "../../roles/channel.ts";

/** Shortest interval this project asks of an instrument: a package of 40 bytes must leave the wire in time. */
export const SAMPLE_INTERVAL_MIN_S = 0.02;

/** Intervals are written in microseconds, up to where those do not fit the instrument's integers. */
const FINE_INTERVAL_MAX_S = 2000;
/** 2 s are twenty times 100 ms, whatever binary fractions make of it. */
const ROUNDING = 1e-9;
/**
 * An instrument may divide in single precision, where the last of the intervals would be lost to rounding: by more than this
 * neither number nor their quotient is off there together. Whole seconds, and what was asked, it can do as ever.
 */
const SINGLE_PRECISION = 3e-7;

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
  const evenS = dividing(untilTimeS, count, sampleIntervalS);
  const isTooShort = evenS < SAMPLE_INTERVAL_MIN_S && count > 1;
  return {
    ...step,
    untilTimeS,
    sampleIntervalS: isTooShort ? dividing(untilTimeS, count - 1, sampleIntervalS) : evenS,
  };
}

function dividing(untilTimeS: number, count: number, askedS: number): number {
  const evenS = untilTimeS / count;
  const isExact = Number.isInteger(evenS) || Math.abs(evenS - askedS) < ROUNDING * askedS;
  return roundedDown(isExact ? evenS : evenS * (1 - SINGLE_PRECISION));
}

function roundedDown(intervalS: number): number {
  const parts = 10 ** intervalDecimals(intervalS);
  return Math.floor(intervalS * parts * (1 + 1e-14)) / parts;
}
