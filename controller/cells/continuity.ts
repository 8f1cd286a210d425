/**
 * Whether a cell found at rest after a restart can be the one that was left: its voltage is held against the last one
 * on record, with what the step that ran may have moved it meanwhile. It tells a cell from none, from a reversed one
 * and from one in quite another state; not from its twin. Pure.
 */
import type { CellLimits, ChannelStep } from "../../protocols/roles/channel.ts";
import type { LeftStep } from "../machines/programme.ts";
import { RESISTANCE_AT_ONCE_OHM } from "./next-step.ts";

export interface LastSeen {
  /** NaN where no sample is on record. */
  readonly voltageV: number;
  readonly currentA: number;
}

/** Offsets of a channel, and what a cell drifts at rest (chosen). */
const REST_V = 0.1;
/** What a cell gives back of its overvoltage, and what it takes back after a charge (chosen). */
const AFTER_DISCHARGE_V = 0.8;
const AFTER_CHARGE_V = 0.5;

/**
 * Volts between which the open-circuit voltage is expected; everything within the limits where nothing is known. So it is
 * when the step's time is over by now, or it was about to begin: the next one, or it, may have begun in the last second
 * before the controller was lost, of which nothing is on record.
 */
export function expectedVoltage(
  { step, runningSinceMs, elapsedS, mayHaveBegun = false, wasHeld = false }: LeftStep,
  last: LastSeen,
  limits: CellLimits,
  nowMs: number,
): { readonly lowV: number; readonly highV: number } {
  const { voltageMinV, voltageMaxV } = limits;
  const mayBeOverS = step === null ? Infinity : leastLeftS(step.channelStep, elapsedS);
  const isOver = runningSinceMs !== null && (nowMs - runningSinceMs) / 1000 >= mayBeOverS;
  if (isOver || mayHaveBegun || !Number.isFinite(last.voltageV)) return { lowV: voltageMinV, highV: voltageMaxV };
  let lowV = last.voltageV - REST_V;
  let highV = last.voltageV + REST_V;
  // How far one that was held had relaxed by its last sample, a rest's perhaps, nobody knows.
  if (wasHeld || !(last.currentA <= 0)) lowV -= AFTER_CHARGE_V;
  if (wasHeld || !(last.currentA >= 0)) highV += AFTER_DISCHARGE_V;
  const channelStep = runningSinceMs === null ? undefined : step?.channelStep;
  if (channelStep !== undefined && channelStep.kind !== "rest") {
    // It may have run on as far as its own end, and relaxed from there.
    const ends =
      channelStep.kind === "constant-current"
        ? [channelStep.untilVoltageV ?? (channelStep.currentA > 0 ? voltageMaxV : voltageMinV)]
        : channelStep.kind === "constant-voltage"
          ? [channelStep.voltageV]
          : [voltageMinV, voltageMaxV];
    lowV = Math.min(lowV, ...ends.map((value) => value - AFTER_CHARGE_V));
    highV = Math.max(highV, ...ends.map((value) => value + AFTER_DISCHARGE_V));
  }
  return { lowV: Math.max(lowV, voltageMinV - REST_V), highV: Math.min(highV, voltageMaxV + REST_V) };
}

/**
 * Seconds after which a step that had run for `elapsedS` as it began may be over by its time: of what is left when it is begun
 * again, an instrument that samples by itself may run whole intervals alone, one at least.
 */
function leastLeftS({ kind, sampleIntervalS, untilTimeS }: ChannelStep, elapsedS: number): number {
  const leftS = untilTimeS - elapsedS;
  if (kind === "impedance" || kind === "voltage-scan") return leftS;
  const intervals = Math.max(1, Math.floor(leftS / sampleIntervalS + 1e-9));
  return Math.min(leftS, intervals * sampleIntervalS);
}

/** NaN where the step holds or sweeps a voltage. */
export function orderedCurrentA(step: ChannelStep): number {
  if (step.kind === "rest") return 0;
  return step.kind === "constant-current" ? step.currentA : NaN;
}

/** Of a step that holds or sweeps a voltage nobody knows the current; that of a spectrum is no more than its sine asks for. */
export function mostDrivenA(step: ChannelStep): number {
  const { currentMaxA, currentMinA } = step.limits;
  const allowedA = Math.max(currentMaxA, -currentMinA);
  if (step.kind !== "impedance") return allowedA;
  const { excitation } = step;
  return Math.min(
    allowedA,
    excitation.kind === "current" ? excitation.peakA : excitation.peakV / RESISTANCE_AT_ONCE_OHM,
  );
}

/** Most charge that a step can have moved which may have begun unheard, and is found to run no more; A h, 0 where none can. */
export function unheardAh(
  { step, mayHaveBegun = false, elapsedS, isEndless = false }: LeftStep,
  currentA: number,
  { awayMs, runsAlone }: { readonly awayMs: number; readonly runsAlone: boolean },
): number {
  if (step === null || !mayHaveBegun) return 0;
  const mostA = Number.isFinite(currentA) ? Math.abs(currentA) : mostDrivenA(step.channelStep);
  // Only an instrument that runs it alone ends it too.
  const mostMs = runsAlone && !isEndless ? Math.max(0, step.channelStep.untilTimeS - elapsedS) * 1000 : Infinity;
  const ranMs = Math.min(mostMs, Math.max(0, awayMs));
  return (mostA * ranMs) / 3_600_000;
}

/**
 * The same of one that nobody will ask: it may run up to its own end, at the latest at `untilMs` of campaign time, which is
 * Infinity where nothing ends it; null where none can have begun.
 */
export function unheardToEnd(
  left: LeftStep,
  currentA: number,
  { lastAtMs, nowMs, runsAlone }: { readonly lastAtMs: number; readonly nowMs: number; readonly runsAlone: boolean },
): { readonly untilMs: number; readonly ampereHours: number } | null {
  const { step, mayHaveBegun = false, elapsedS, isEndless = false, lostAtMs } = left;
  if (step === null || !mayHaveBegun) return null;
  if (!runsAlone || isEndless) return { untilMs: Infinity, ampereHours: 0 };
  const untilMs = (lostAtMs ?? nowMs) + Math.max(0, step.channelStep.untilTimeS - elapsedS) * 1000;
  const ampereHours = unheardAh(sinceLastHeard(left, lastAtMs), currentA, { awayMs: Infinity, runsAlone });
  return { untilMs, ampereHours };
}

/** With the time that it had run by its last sample: the loss of a link, or silence, is noticed some time after that. */
export function sinceLastHeard({ elapsedS, ...left }: LeftStep, lastAtMs: number): LeftStep {
  const unheardS = left.lostAtMs === undefined ? 0 : Math.max(0, left.lostAtMs - lastAtMs) / 1000;
  return { ...left, elapsedS: Math.max(0, elapsedS - unheardS) };
}

/** So close to the voltage that ends its step a cell may have come to it between two samples (chosen). */
const NEAR_END_V = 0.1;
/** A hold that drives no more than so many times what ends it may have. */
const NEAR_END_CURRENT = 2;

/**
 * For how long, at most, what follows the step that was left may have run, which is found to run no more: it begins with the
 * step's end, and of the last seconds of a controller nothing may be on record. `wasOther`: something ran until now, and was not
 * known as the step; however far from its end that was last heard, it may have come to it.
 */
export function mayHaveFollowedMs(
  { step, runningSinceMs, elapsedS, isLeft = false }: LeftStep,
  last: LastSeen,
  {
    lastAtMs,
    nowMs,
    wasOther = false,
  }: { readonly lastAtMs: number; readonly nowMs: number; readonly wasOther?: boolean },
): number {
  if (step === null || runningSinceMs === null) return 0;
  const timeOverMs = runningSinceMs + 1000 * leastLeftS(step.channelStep, elapsedS);
  const heardMs = Math.max(runningSinceMs, lastAtMs);
  const mayBeOver = wasOther ? mayEndEarly(step.channelStep) : isNearEnd(step.channelStep, last);
  const sinceMs = isLeft || mayBeOver ? Math.min(timeOverMs, heardMs) : timeOverMs;
  return Math.max(0, nowMs - sinceMs);
}

/**
 * What leads a cell back ends by the voltage that its step holds, and the hold begins behind it, of which nothing may be on
 * record; also where a person ordered it off since.
 */
export function mayHoldBehindLead(
  { step, runningSinceMs, isLead = false }: LeftStep,
  last: LastSeen,
  lastAtMs: number,
): boolean {
  if (!isLead || runningSinceMs === null || step?.channelStep.kind !== "constant-voltage") return false;
  const awayV = Math.abs(step.channelStep.voltageV - last.voltageV);
  // Of a lead that was not heard nobody knows how near it had come.
  return lastAtMs < runningSinceMs || !(awayV > NEAR_END_V);
}

/** By what the cell comes to, and not by its time alone. */
function mayEndEarly(step: ChannelStep): boolean {
  if (step.chargeMaxAh !== undefined) return true;
  if (step.kind === "constant-current") return step.untilVoltageV !== null;
  return step.kind === "constant-voltage" && step.untilCurrentA !== null;
}

function isNearEnd(step: ChannelStep, { voltageV, currentA }: LastSeen): boolean {
  if (step.kind === "constant-current") {
    return step.untilVoltageV !== null && Math.sign(step.currentA) * (step.untilVoltageV - voltageV) <= NEAR_END_V;
  }
  if (step.kind === "constant-voltage") return Math.abs(currentA) <= NEAR_END_CURRENT * (step.untilCurrentA ?? 0);
  return false;
}

/** Seconds that a step has run which is found to run no more. `foundAtMs`: something ran there until then; NaN where nothing did. */
export function elapsedWhenOff(
  { step, runningSinceMs, elapsedS, unheardSinceMs, isLead = false }: LeftStep,
  seen: {
    readonly lastAtMs: number;
    readonly nowMs: number;
    readonly runsAlone: boolean;
    readonly foundAtMs?: number;
  },
): number {
  const sinceMs = runningSinceMs ?? unheardSinceMs ?? null;
  if (step === null || sinceMs === null) return elapsedS;
  const { kind, untilTimeS } = step.channelStep;
  // What was measured of a spectrum went with the controller: it is begun anew.
  if (kind === "impedance") return runningSinceMs === null ? elapsedS : 0;
  // What ran was it, or what follows it once it is over; a rest that a channel does nothing in is not seen.
  const foundAtMs = seen.foundAtMs ?? NaN;
  if (foundAtMs >= sinceMs && !isLead && kind !== "rest") {
    return Math.min(untilTimeS, elapsedS + (foundAtMs - sinceMs) / 1000);
  }
  // An instrument that runs it alone has come to its end by itself.
  if (seen.runsAlone && !isLead && elapsedS + (seen.nowMs - sinceMs) / 1000 >= untilTimeS) return untilTimeS;
  if (runningSinceMs === null) return elapsedS;
  // What ended it, and when, nobody knows: proven is what was heard.
  return elapsedS + Math.max(0, seen.lastAtMs - runningSinceMs) / 1000;
}
