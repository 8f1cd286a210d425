/** The frequencies of a spectrum, how long each takes, and where a spectrum that was broken off goes on. Pure. */
import type { ImpedanceSpectroscopyStep } from "./protocol.ts";

/** Frequencies spaced evenly on a logarithmic scale, both ends included, gone through once or several times. */
export interface SpectrumPlan {
  readonly startFrequencyHz: number;
  readonly endFrequencyHz: number;
  /** Of one sweep; 1 where both ends are the same. */
  readonly pointCount: number;
  readonly sweepCount: number;
}

/** More than this in one step is a slip of the pen: it would take days, or say nothing that fewer do not. */
export const SPECTRUM_POINTS_MAX = 2000;

/** Common instruments settle for a period and measure one or two; below a second the set-up of a point counts. */
const PERIODS_EXPECTED = 3;
const SETUP_EXPECTED_S = 0.2;
/** What a point takes at the longest (chosen). */
const PERIODS_MOST = 5;
const SETUP_MOST_S = 1;

/** Measures per point are sweeps: the whole spectrum so many times, each told by itself. */
export function spectrumPlan(step: ImpedanceSpectroscopyStep): SpectrumPlan {
  const { startFrequencyHz, endFrequencyHz } = step;
  const decades = Math.abs(Math.log10(startFrequencyHz / endFrequencyHz));
  const intervals = decades === 0 ? 0 : Math.max(1, Math.round(decades * step.pointsPerDecade));
  return {
    startFrequencyHz,
    endFrequencyHz,
    pointCount: intervals + 1,
    sweepCount: Math.max(1, Math.round(step.measuresPerPoint)),
  };
}

/** `index` counts the points of one sweep from 0. */
export function frequencyAtHz({ startFrequencyHz, endFrequencyHz, pointCount }: SpectrumPlan, index: number): number {
  if (index <= 0 || pointCount === 1) return startFrequencyHz;
  if (index >= pointCount - 1) return endFrequencyHz;
  return startFrequencyHz * (endFrequencyHz / startFrequencyHz) ** (index / (pointCount - 1));
}

/** Beyond this nothing more is to be expected of a point. */
export function pointLongestS(frequencyHz: number): number {
  return PERIODS_MOST / frequencyHz + SETUP_MOST_S;
}

export function spectrumExpectedS(plan: SpectrumPlan): number {
  return plan.sweepCount * sweepS(plan, plan.pointCount, PERIODS_EXPECTED, SETUP_EXPECTED_S);
}

export function spectrumLongestS(plan: SpectrumPlan): number {
  return plan.sweepCount * sweepS(plan, plan.pointCount, PERIODS_MOST, SETUP_MOST_S);
}

/** A place in a plan: sweep and point, both from 0. */
export interface SpectrumPlace {
  readonly sweep: number;
  readonly point: number;
}

/**
 * Where a spectrum goes on of which only `leftS` of its longest time is left: the points before that place were
 * measured, since none took longer than its longest. The last point at the latest.
 */
export function placeWithS(plan: SpectrumPlan, leftS: number): SpectrumPlace {
  let goneS = spectrumLongestS(plan) - leftS;
  const wholeS = sweepS(plan, plan.pointCount, PERIODS_MOST, SETUP_MOST_S);
  const sweep = Math.min(plan.sweepCount - 1, Math.max(0, Math.floor(goneS / wholeS + 1e-9)));
  goneS -= sweep * wholeS;
  let point = 0;
  while (point < plan.pointCount - 1) {
    goneS -= pointLongestS(frequencyAtHz(plan, point));
    if (goneS < -1e-6) break;
    point += 1;
  }
  return { sweep, point };
}

/** Periods over the first points of a sweep are a geometric series. */
function sweepS(plan: SpectrumPlan, count: number, periods: number, setupS: number): number {
  const { startFrequencyHz, endFrequencyHz, pointCount } = plan;
  const ratio = pointCount === 1 ? 1 : (startFrequencyHz / endFrequencyHz) ** (1 / (pointCount - 1));
  const sum = ratio === 1 ? count : (ratio ** count - 1) / (ratio - 1);
  return (periods * sum) / startFrequencyHz + setupS * count;
}
