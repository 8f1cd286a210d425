/**
 * Where every sample of every channel arrives: checked again against the cell's limits, integrated, stored. Plain
 * typed arrays and numbers; nothing is allocated per sample, and no sample reaches a state machine.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import { SAMPLE_OVERLOAD } from "../../protocols/roles/channel.ts";
import { createLimitWatch } from "./limit-watch.ts";
import type { SampleIntake, SampleIntakeDeps, SampleSink } from "./sample-intake-role.ts";

export type { SampleIntake, SampleIntakeDeps, SampleSink } from "./sample-intake-role.ts";

/** Samples this many intervals apart have others missing between them. */
const GAP_INTERVALS = 3;

/** Two voltages no further apart than this are the same one, held (chosen). */
const STEADY_V = 0.001;
/** A jump by so much leaves open all that flowed behind it, a smaller one its share (chosen: twenty times what a coin cell takes). */
const JUMP_V = 0.005;
/** Of two currents in a row; what differs by less is counted well enough by their mean (chosen). */
const JUMP_SHARE = 0.25;
/** The same where the step fixes the current (chosen). */
const FALL_SHARE = 0.05;
/** Of the most that a step allows: a current that grows by less is noise at the end of a taper (chosen). */
const GROWN_SHARE = 0.05;

const ON_RECORD: SampleSink = { sample: () => undefined };

export function createSampleIntake(cellCount: number, deps: SampleIntakeDeps): SampleIntake {
  const firstVoltageV = new Float64Array(cellCount).fill(NaN);
  const firstCurrentA = new Float64Array(cellCount).fill(NaN);
  const firstTimeS = new Float64Array(cellCount).fill(NaN);
  const lastVoltageV = new Float64Array(cellCount).fill(NaN);
  const lastCurrentA = new Float64Array(cellCount).fill(NaN);
  const lastAtMs = new Float64Array(cellCount).fill(-Infinity);
  const releasedV = new Float64Array(cellCount).fill(NaN);
  const chargeAh = new Float64Array(cellCount);
  const stepChargeAh = new Float64Array(cellCount);
  const stepDoubtAh = new Float64Array(cellCount);
  const stepSamples = new Float64Array(cellCount);
  const stepFirstMs = new Float64Array(cellCount).fill(NaN);
  const stepStartMs = new Float64Array(cellCount);
  /**
   * Time and current of the last sample of the same step by which its charge is counted, NaN at its start: none is integrated
   * across a break.
   */
  const lastReadMs = new Float64Array(cellCount).fill(NaN);
  const lastReadA = new Float64Array(cellCount).fill(NaN);
  const readAtMs = new Float64Array(cellCount).fill(-Infinity);
  const readStepStartMs = new Float64Array(cellCount).fill(NaN);
  /** Of a step that does not fix its current: by its last reading far more flows than by the one before, or the other way. */
  const isGrowing = new Uint8Array(cellCount);
  const chargedAh = new Float64Array(cellCount);
  const dischargedAh = new Float64Array(cellCount);
  const doubtAh = new Float64Array(cellCount);
  const gapMs = new Float64Array(cellCount).fill(Infinity);
  const stepUntilMs = new Float64Array(cellCount).fill(Infinity);
  const stepCurrentA = new Float64Array(cellCount).fill(NaN);
  const stepMostA = new Float64Array(cellCount).fill(NaN);
  const isRunning = new Uint8Array(cellCount);
  /** Counted as its cell was confirmed off, in place of samples that had not come. */
  const guessedAh = new Float64Array(cellCount);
  /** Since its last sample. */
  const wasOff = new Uint8Array(cellCount);
  const isFollowed = new Uint8Array(cellCount);
  const startTookMs = new Float64Array(cellCount).fill(NaN);
  const overloadsInRow = new Uint16Array(cellCount);
  const limits = createLimitWatch(cellCount, deps);
  deps.limits.forEach((of, cellIndex) => {
    limits.limit(cellIndex, of);
  });
  let { sink } = deps;

  function count(cellIndex: number, ampereHours: number): void {
    // One sum that is no number would be none for good, and the record refuses it.
    if (!Number.isFinite(ampereHours)) return;
    chargeAh[cellIndex] = (chargeAh[cellIndex] ?? 0) + ampereHours;
    stepChargeAh[cellIndex] = (stepChargeAh[cellIndex] ?? 0) + ampereHours;
    if (ampereHours > 0) chargedAh[cellIndex] = (chargedAh[cellIndex] ?? 0) + ampereHours;
    else dischargedAh[cellIndex] = (dischargedAh[cellIndex] ?? 0) - ampereHours;
  }

  function doubt(cellIndex: number, ampereHours: number): void {
    if (!Number.isFinite(ampereHours)) return;
    doubtAh[cellIndex] = (doubtAh[cellIndex] ?? 0) + Math.abs(ampereHours);
    stepDoubtAh[cellIndex] = (stepDoubtAh[cellIndex] ?? 0) + Math.abs(ampereHours);
  }

  /** Beyond its range an instrument reads less than flows: what was ordered, or as much again, may have. */
  function doubtUnread(cellIndex: number, ampereHours: number, ms: number): void {
    const orderedAh = ((stepCurrentA[cellIndex] ?? NaN) * ms) / 3_600_000;
    doubt(cellIndex, orderedAh === orderedAh ? orderedAh - ampereHours : ampereHours);
  }

  /**
   * Of the time before a step's first sample. What flowed as it began, of the same sign and more, has fallen to what flows now.
   * Where the step does not fix its current and the voltage jumped, more may have flowed at once: by diffusion alone (Cottrell)
   * twice what is left of it by then; or, where the jump was a contact's, as good as nothing.
   */
  function countFirst(cellIndex: number, stepTimeS: number, voltageV: number, currentA: number): number {
    const beforeA = currentBefore(cellIndex, currentA);
    const hasFallen = beforeA * currentA > 0 && Math.abs(beforeA) > Math.abs(currentA);
    const countedA = hasFallen ? 0.5 * (beforeA + currentA) : currentA;
    const ampereHours = (countedA * stepTimeS) / 3600;
    count(cellIndex, ampereHours);
    if (beforeA === currentA) return ampereHours;
    // When one became the other nobody knows.
    const betweenA = (hasFallen ? 0.5 : 1) * Math.abs(beforeA - currentA);
    const jump = hasFallen ? jumpShare(cellIndex, voltageV) : 1;
    const unsureA = Math.max(betweenA, jump * Math.abs(countedA));
    doubt(cellIndex, (unsureA * stepTimeS) / 3600);
    return ampereHours;
  }

  /** From 0, of a current that its step fixes or a voltage that is still the same one, to 1. */
  function jumpShare(cellIndex: number, voltageV: number): number {
    if (!isUnknownA(cellIndex)) return 0;
    const byV = Math.abs(voltageV - (lastVoltageV[cellIndex] ?? NaN));
    if (byV <= STEADY_V) return 0;
    return byV < JUMP_V ? byV / JUMP_V : 1;
  }

  /**
   * A channel that keeps its samples may hand on the last ones after it is off. What was counted for them stands on record by
   * then: by as much is in doubt what takes its place.
   */
  function takeBackGuess(cellIndex: number): void {
    const ampereHours = guessedAh[cellIndex] ?? 0;
    if (ampereHours === 0) return;
    guessedAh[cellIndex] = 0;
    const sums = ampereHours > 0 ? chargedAh : dischargedAh;
    sums[cellIndex] = (sums[cellIndex] ?? 0) - Math.abs(ampereHours);
    chargeAh[cellIndex] = (chargeAh[cellIndex] ?? 0) - ampereHours;
    stepChargeAh[cellIndex] = (stepChargeAh[cellIndex] ?? 0) - ampereHours;
    doubt(cellIndex, ampereHours);
  }

  /** Of the time since the sample before, or since the step's start. */
  function countUpTo(
    cellIndex: number,
    stepTimeS: number,
    voltageV: number,
    currentA: number,
    isOverload: boolean,
  ): number {
    const atMs = (stepStartMs[cellIndex] ?? NaN) + stepTimeS * 1000;
    const isBehindOverload = (overloadsInRow[cellIndex] ?? 0) > 0;
    const lastMs = lastReadMs[cellIndex] ?? NaN;
    if (lastMs === lastMs) {
      const ampereHours = ((currentA + (lastReadA[cellIndex] ?? 0)) * 0.5 * (atMs - lastMs)) / 3_600_000;
      count(cellIndex, ampereHours);
      // What flowed between two samples that lie apart is a guess; it can hardly be off by more than half of it.
      if (atMs - lastMs > (gapMs[cellIndex] ?? Infinity)) doubt(cellIndex, 0.5 * ampereHours);
      if (isUnknownA(cellIndex) || !(isOverload || isBehindOverload)) doubtJump(cellIndex, currentA, atMs - lastMs);
      if (isOverload || isBehindOverload) doubtUnread(cellIndex, ampereHours, atMs - lastMs);
      return ampereHours;
    }
    const ampereHours = countFirst(cellIndex, stepTimeS, voltageV, currentA);
    if (isBehindOverload && isUnknownA(cellIndex)) doubt(cellIndex, ampereHours);
    firstVoltageV[cellIndex] = voltageV;
    firstCurrentA[cellIndex] = currentA;
    firstTimeS[cellIndex] = stepTimeS;
    return ampereHours;
  }

  /**
   * The current of a voltage that is held falls smoothly; of one that jumps, as by a short, nobody knows when it did. One that is
   * fixed does not fall, but at the end of a step whose instrument bounds its voltage.
   */
  function doubtJump(cellIndex: number, currentA: number, ms: number): void {
    const lastA = lastReadA[cellIndex] ?? NaN;
    const byA = Math.abs(currentA - lastA);
    isGrowing[cellIndex] = 0;
    if (!isUnknownA(cellIndex) && !isShortOf(cellIndex, currentA) && !isShortOf(cellIndex, lastA)) return;
    const share = isUnknownA(cellIndex) ? JUMP_SHARE : FALL_SHARE;
    if (byA <= share * Math.max(Math.abs(currentA), Math.abs(lastA))) return;
    doubt(cellIndex, (0.5 * byA * ms) / 3_600_000);
    const isMore = Math.abs(currentA) > Math.abs(lastA) || currentA * lastA < 0;
    const hasGrown = isMore && byA > GROWN_SHARE * (stepMostA[cellIndex] ?? NaN);
    if (isUnknownA(cellIndex) && hasGrown) isGrowing[cellIndex] = 1;
  }

  /** What flowed as its step began; what flows now where that is what the step fixes, or nothing is known of it. */
  function currentBefore(cellIndex: number, currentA: number): number {
    const orderedA = stepCurrentA[cellIndex] ?? NaN;
    const withinMs = gapMs[cellIndex] ?? Infinity;
    if (isShortOf(cellIndex, currentA)) return orderedA;
    if (orderedA === orderedA || withinMs === Infinity) return currentA;
    if (wasOff[cellIndex] === 1) return 0;
    const agoMs = (stepStartMs[cellIndex] ?? NaN) - (readAtMs[cellIndex] ?? -Infinity);
    return agoMs <= withinMs ? (lastCurrentA[cellIndex] ?? 0) : 0;
  }

  /** Less than the step fixes. */
  function isShortOf(cellIndex: number, currentA: number): boolean {
    const orderedA = stepCurrentA[cellIndex] ?? NaN;
    return orderedA !== 0 && currentA / orderedA < 1 - FALL_SHARE;
  }

  /** Its step does not fix the current. */
  function isUnknownA(cellIndex: number): boolean {
    return Number.isNaN(stepCurrentA[cellIndex]) && (gapMs[cellIndex] ?? Infinity) < Infinity;
  }

  /** Half of what can have flowed since the last sample until it was off, and half is the doubt. */
  function countUnheard(cellIndex: number, atMs: number): void {
    const lastMs = lastReadMs[cellIndex] ?? NaN;
    const fromMs = lastMs === lastMs ? lastMs : (stepStartMs[cellIndex] ?? atMs);
    const unheardMs = Math.max(0, Math.min(atMs, stepUntilMs[cellIndex] ?? atMs) - fromMs);
    const halfAh = (0.5 * unheardA(cellIndex) * unheardMs) / 3_600_000;
    const mostAh = (unheardMostA(cellIndex) * unheardMs) / 3_600_000;
    count(cellIndex, halfAh);
    guessedAh[cellIndex] = halfAh;
    // Of more than the current that is counted by nobody knows the direction either.
    doubt(cellIndex, mostAh > 2 * Math.abs(halfAh) ? mostAh + Math.abs(halfAh) : halfAh);
  }

  /** More flows than by the last reading that is believed, and perhaps more than is read. */
  function isSurge(cellIndex: number, currentA: number): boolean {
    const readA = lastReadA[cellIndex] ?? NaN;
    return Math.abs(currentA) > Math.abs(readA === readA ? readA : (lastCurrentA[cellIndex] ?? NaN));
  }

  /** A step is over whose last samples were beyond the range. */
  function countUnread(cellIndex: number): void {
    if (!isUnknownA(cellIndex) || (overloadsInRow[cellIndex] ?? 0) === 0) return;
    const lastMs = lastReadMs[cellIndex] ?? NaN;
    const fromMs = lastMs === lastMs ? lastMs : (stepStartMs[cellIndex] ?? NaN);
    const ms = Math.max(0, (lastAtMs[cellIndex] ?? NaN) - fromMs) || 0;
    count(cellIndex, (unheardA(cellIndex) * ms) / 3_600_000);
    doubt(cellIndex, (unheardMostA(cellIndex) * ms) / 3_600_000);
  }

  /** What flows unheard: the last current of the step, or the one it was ordered to drive. */
  function unheardA(cellIndex: number): number {
    const readA = lastReadA[cellIndex] ?? NaN;
    const lastA = readA === readA ? readA : (lastCurrentA[cellIndex] ?? NaN);
    const orderedA = stepCurrentA[cellIndex] ?? NaN;
    if (lastReadMs[cellIndex] !== lastReadMs[cellIndex] && orderedA === orderedA) return orderedA;
    return lastA === lastA ? lastA : 0;
  }

  /**
   * The same, where it may be more: of a step that does not fix its current nobody knows it before its first sample, nor behind
   * one by which it has begun to grow.
   */
  function unheardMostA(cellIndex: number): number {
    const isUntold = Number.isNaN(lastReadMs[cellIndex]) || isGrowing[cellIndex] === 1;
    const isUnknown = isUntold && Number.isNaN(stepCurrentA[cellIndex]);
    return Math.max(Math.abs(unheardA(cellIndex)), isUnknown ? (stepMostA[cellIndex] ?? NaN) || 0 : 0);
  }

  const intake: Writable<SampleIntake> = {
    firstVoltageV,
    firstCurrentA,
    firstTimeS,
    lastVoltageV,
    lastCurrentA,
    lastAtMs,
    readAtMs,
    readStepStartMs,
    releasedV,
    chargeAh,
    stepChargeAh,
    stepDoubtAh,
    stepSamples,
    stepFirstMs,
    stepStartMs,
    startTookMs,
    gapMs,
    sampleCount: 0,
    rejectedCount: 0,
    stepAsked(cellIndex, stepUnsureAh) {
      stepChargeAh[cellIndex] = 0;
      stepDoubtAh[cellIndex] = stepUnsureAh;
    },
    stepStarted(cellIndex, atMs, step) {
      stepStartMs[cellIndex] = atMs;
      if (step?.continues !== true) {
        stepChargeAh[cellIndex] = 0;
        stepDoubtAh[cellIndex] = 0;
      }
      gapMs[cellIndex] = step === undefined ? Infinity : GAP_INTERVALS * step.sampleIntervalS * 1000;
      stepUntilMs[cellIndex] = step === undefined ? Infinity : atMs + step.untilTimeS * 1000;
      stepCurrentA[cellIndex] = step?.currentA ?? NaN;
      stepMostA[cellIndex] = step?.mostA ?? NaN;
      startTookMs[cellIndex] = step?.startTookMs ?? NaN;
      limits.stepStarted(cellIndex, step?.chargeMaxAh ?? Infinity);
      isRunning[cellIndex] = 1;
      guessedAh[cellIndex] = 0;
      lastReadMs[cellIndex] = NaN;
      lastReadA[cellIndex] = NaN;
      isGrowing[cellIndex] = 0;
      stepSamples[cellIndex] = 0;
      stepFirstMs[cellIndex] = NaN;
      firstVoltageV[cellIndex] = NaN;
      firstCurrentA[cellIndex] = NaN;
      firstTimeS[cellIndex] = NaN;
      overloadsInRow[cellIndex] = 0;
    },
    stepEnded(cellIndex, offAtMs) {
      if (isRunning[cellIndex] !== 1) return;
      if (offAtMs === undefined) countUnread(cellIndex);
      else countUnheard(cellIndex, offAtMs);
      isRunning[cellIndex] = 0;
    },
    switchedOff(cellIndex, atMs) {
      wasOff[cellIndex] = 1;
      if (isRunning[cellIndex] !== 1) return;
      isRunning[cellIndex] = 0;
      countUnheard(cellIndex, atMs);
    },
    givenUp(cellIndex) {
      if (isRunning[cellIndex] !== 1) return null;
      const untilMs = stepUntilMs[cellIndex] ?? Infinity;
      if (untilMs === Infinity) return untilMs;
      isRunning[cellIndex] = 0;
      const lastMs = lastReadMs[cellIndex] ?? NaN;
      const fromMs = lastMs === lastMs ? lastMs : (stepStartMs[cellIndex] ?? untilMs);
      doubt(cellIndex, (unheardMostA(cellIndex) * Math.max(0, untilMs - fromMs)) / 3_600_000);
      return untilMs;
    },
    endIsGone(cellIndex) {
      stepUntilMs[cellIndex] = Infinity;
    },
    mayHaveFlowed: doubt,
    totals: (cellIndex) => ({
      chargedAh: chargedAh[cellIndex] ?? 0,
      dischargedAh: dischargedAh[cellIndex] ?? 0,
      doubtAh: doubtAh[cellIndex] ?? 0,
    }),
    restore(cellIndex, totals, stepAh, stepUnsureAh = 0) {
      chargedAh[cellIndex] = totals.chargedAh;
      dischargedAh[cellIndex] = totals.dischargedAh;
      doubtAh[cellIndex] = totals.doubtAh;
      chargeAh[cellIndex] = totals.chargedAh - totals.dischargedAh;
      stepChargeAh[cellIndex] = stepAh;
      stepDoubtAh[cellIndex] = stepUnsureAh;
    },
    lastSeen(cellIndex, atMs, voltageV, currentA) {
      lastAtMs[cellIndex] = atMs;
      readAtMs[cellIndex] = Number.isFinite(voltageV) && Number.isFinite(currentA) ? atMs : -Infinity;
      readStepStartMs[cellIndex] = NaN;
      lastVoltageV[cellIndex] = voltageV;
      lastCurrentA[cellIndex] = currentA;
    },
    releasedAt(cellIndex, openCircuitV) {
      releasedV[cellIndex] = openCircuitV;
    },
    replay(work) {
      const { sampleCount, rejectedCount } = intake;
      sink = ON_RECORD;
      try {
        work();
      } finally {
        sink = deps.sink;
        intake.sampleCount = sampleCount;
        intake.rejectedCount = rejectedCount;
      }
    },
    limit(cellIndex, of) {
      limits.limit(cellIndex, of);
    },
    follow(cellIndex, isOn) {
      isFollowed[cellIndex] = isOn ? 1 : 0;
    },
    watch(cellIndex, lowV, highV) {
      limits.watch(cellIndex, lowV, highV);
    },
    sample(cellIndex, stepTimeS, voltageV, currentA, flags) {
      const atMs = (stepStartMs[cellIndex] ?? NaN) + stepTimeS * 1000;
      // Written so that NaN counts as out of order. An endless time or charge would spoil every sample after it.
      if (
        !(atMs > (lastAtMs[cellIndex] ?? Infinity) && stepTimeS >= 0 && atMs < Infinity) ||
        !Number.isFinite(voltageV) ||
        !Number.isFinite(currentA)
      ) {
        intake.rejectedCount += 1;
        return;
      }
      intake.sampleCount += 1;
      takeBackGuess(cellIndex);
      const isOverload = (flags & SAMPLE_OVERLOAD) !== 0;
      // Where nothing else says what flows, the next that reads it tells what flowed since the one before; but a surge is one.
      const isRead = !isOverload || !isUnknownA(cellIndex) || isSurge(cellIndex, currentA);
      if (stepSamples[cellIndex] === 0) stepFirstMs[cellIndex] = atMs;
      const ampereHours = isRead ? countUpTo(cellIndex, stepTimeS, voltageV, currentA, isOverload) : 0;
      // One without contact may have taken nothing since its last sample, whatever current its channel tells.
      if (!limits.isVoltageInside(cellIndex, voltageV)) doubt(cellIndex, ampereHours);
      wasOff[cellIndex] = 0;
      stepSamples[cellIndex] = (stepSamples[cellIndex] ?? 0) + 1;
      lastAtMs[cellIndex] = atMs;
      if (isRead) {
        lastReadMs[cellIndex] = atMs;
        readAtMs[cellIndex] = atMs;
        readStepStartMs[cellIndex] = stepStartMs[cellIndex] ?? NaN;
        lastReadA[cellIndex] = currentA;
        lastVoltageV[cellIndex] = voltageV;
        lastCurrentA[cellIndex] = currentA;
      }
      sink.sample(cellIndex, atMs, voltageV, currentA, flags);
      if (isFollowed[cellIndex] === 1) deps.followed?.(cellIndex, atMs, flags);
      if (isOverload) {
        overloadsInRow[cellIndex] = (overloadsInRow[cellIndex] ?? 0) + 1;
        const isTold = sink !== ON_RECORD && (overloadsInRow[cellIndex] ?? 0) >= deps.overloadsInRowMax;
        if (isTold)
          limits.alarm(cellIndex, `the instrument flagged an overload ${deps.overloadsInRowMax} times in a row`);
        return;
      }
      overloadsInRow[cellIndex] = 0;
      limits.judgeBand(cellIndex, voltageV, sink !== ON_RECORD);
      if (sink !== ON_RECORD) limits.judge(cellIndex, voltageV, currentA, stepChargeAh[cellIndex] ?? 0);
    },
  };
  return intake;
}
