/**
 * By which flux an exposure is charged, from what flux monitor and ring current said over it and just before. Pure. Where the
 * two contradict each other, fell silent or jumped, the larger word about the beam stands.
 */
import {
  amountOrNull,
  isCurrentPossible,
  mostCurrentMa,
  settledFlux,
  withUnread,
  type FluxEstimate,
  type FluxHistory,
  type FluxReference,
  type SettledFlux,
} from "../dose/flux.ts";

/** A top-up makes no more of the ring current from one reading to the next, or within one exposure; a feed that jumps further is not believed. */
const RING_CURRENT_RISE_MAX = 1.05;
/** Beyond its mean, what noise and a top-up make of a monitor's largest reading. */
const MONITOR_EVEN = 1.03;
/** A monitor's reading is good for so long where there is no newer one, and between two no further apart it was heard. */
const LATELY_MS = 5000;
/** Where nothing but the ring current is heard, a fall of it is believed after this. */
export const FALL_BELIEVED_MS = 120_000;

export interface FluxHeard {
  readonly monitor: FluxHistory;
  readonly ringCurrent: FluxHistory;
  readonly reference: FluxReference;
  /** The shutter may have let beam through between these; null where it was never seen closed. */
  readonly fromMs: number;
  readonly endMs: number | null;
  readonly nowMs: number;
  /** Seconds at full opening; null where it cannot be known. */
  readonly openS: number | null;
  /** False for one that was cut short. */
  readonly isMade: boolean;
  /** The larger of booking and opening; null when either is not known. */
  readonly currentWithBeamMa: number | null;
  readonly currentNowMa: number | null;
}

export interface ExposureFlux {
  readonly flux: SettledFlux;
  /** Why a source was not believed; null when there is nothing to say. */
  readonly doubt: string | null;
  /** What the monitor read over the exposure, its largest where it was not even; null where it gave no number. */
  readonly monitorPhS: number | null;
  /** Null where the feed was silent, or jumped. */
  readonly ringCurrentMa: number | null;
  /** What the monitor was held against: the largest of two minutes that can be. */
  readonly comparedMa: number | null;
  /** Of the open time, what the monitor did not see. */
  readonly unreadShare: number;
  /** The beam as it was over the open time, on no side: what frames are normalised by. */
  readonly i0: FluxEstimate;
}

export function exposureFlux(heard: FluxHeard): ExposureFlux {
  const { monitor, ringCurrent, reference, fromMs, nowMs, isMade } = heard;
  const monitorPhS = amountOrNull(meanOrLargest(monitor, fromMs, nowMs));
  // A beam lost on the way leaves no current behind; what was given before was given at the larger one.
  const isSteady = ringCurrent.riseBetween(fromMs, nowMs) <= RING_CURRENT_RISE_MAX;
  const ringCurrentMa = isSteady ? larger(heard.currentWithBeamMa, heard.currentNowMa) : null;
  const { measured, comparedMa } = measuredFlux(heard, monitorPhS, isSteady, ringCurrentMa);
  // An exposure cut short may have its only reading from after the beam was lost.
  const byCurrent = settledFlux(null, ringCurrentMa, reference);
  // Shorter than the monitor's period: what it said just before stands in for it.
  const lately = monitorPhS === null ? monitor.meanBetween(fromMs - LATELY_MS, nowMs) : null;
  const flux = [
    ...(isMade ? [] : [byCurrent]),
    ...(lately === null ? [] : [settledFlux(lately, comparedMa, reference)]),
  ].reduce((most, other) => (other.fluxPhS > most.fluxPhS ? other : most), measured);
  // With the beam lost on the way, the monitor's mean is no mean over the beam: that it reads less is no doubt.
  const doubtOfSteady = (isMade ? flux.doubt : byCurrent.doubt) ?? doubtOfCurrent(ringCurrentMa, reference);
  const doubt = isSteady ? doubtOfSteady : "the ring current jumped while the shutter was open";
  const presentMa = currentThatCanBe(heard, isSteady, ringCurrentMa);
  const i0 = settledFlux(monitor.meanBetween(fromMs, heard.endMs ?? nowMs) ?? lately, presentMa, reference);
  return { flux, doubt, monitorPhS, ringCurrentMa, comparedMa, unreadShare: unread(heard), i0 };
}

/** By the monitor, held against the ring current; or by that alone. */
function measuredFlux(
  heard: FluxHeard,
  monitorPhS: number | null,
  isSteady: boolean,
  ringCurrentMa: number | null,
): { readonly measured: SettledFlux; readonly comparedMa: number | null } {
  const { ringCurrent, reference, fromMs } = heard;
  if (monitorPhS === null && !isCurrentPossible(ringCurrentMa, reference)) {
    return { measured: settledFlux(null, ringCurrentMa, reference), comparedMa: null };
  }
  const presentMa = currentThatCanBe(heard, isSteady, ringCurrentMa);
  // One that has fallen lately may be the feed's own failure, and the monitor may fail alike: what it was bounds, and is no doubt.
  const largestMa = ringCurrent.largestBorneOut(
    fromMs - FALL_BELIEVED_MS,
    mostCurrentMa(reference),
    RING_CURRENT_RISE_MAX,
  );
  const comparedMa =
    presentMa === null || largestMa === null ? (presentMa ?? largestMa) : Math.max(presentMa, largestMa);
  const bound = withUnread(
    settledFlux(monitorPhS, comparedMa, reference),
    settledFlux(null, comparedMa, reference),
    unread(heard),
    reference,
  );
  const { doubt } = settledFlux(monitorPhS, presentMa ?? largestMa, reference);
  return { measured: { ...bound, doubt }, comparedMa };
}

/** A feed that fell silent on the way, or makes more than can be, still says what it said with beam. */
function currentThatCanBe(heard: FluxHeard, isSteady: boolean, ringCurrentMa: number | null): number | null {
  const said = [ringCurrentMa, isSteady ? heard.currentWithBeamMa : null];
  return said.find((currentMa) => isCurrentPossible(currentMa, heard.reference)) ?? null;
}

/** Of what lies not between two readings that are near each other, and differ, nobody knows what the optics did. */
function unread({ monitor, fromMs, endMs, nowMs, openS }: FluxHeard): number {
  const toMs = endMs ?? nowMs;
  const unreadMs = toMs - fromMs - monitor.seenBetween(fromMs, toMs, LATELY_MS);
  return openS === null ? 1 : Math.min(1, unreadMs / Math.max(1, 1000 * openS));
}

function doubtOfCurrent(ringCurrentMa: number | null, reference: FluxReference): string | null {
  if (ringCurrentMa === null || isCurrentPossible(ringCurrentMa, reference)) return null;
  return `the ring current reads ${Number(ringCurrentMa.toPrecision(3))} mA, more than the beam can have`;
}

/**
 * Readings that differ by more than noise, because beam or feed changed on the way, are no mean: the largest stands. So does
 * one from just before: what is less since may be a wrong digit in the only reading of a short exposure.
 */
export function meanOrLargest(monitor: FluxHistory, fromMs: number, toMs: number): number | null {
  const mean = monitor.meanBetween(fromMs, toMs);
  const largest = monitor.largestSince(fromMs - LATELY_MS);
  return mean !== null && largest !== null && largest > mean * MONITOR_EVEN ? largest : mean;
}

/** Null when either is not known. */
export function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}
