/**
 * The cell a forecast reckons with: an open-circuit curve, one series resistance, one relaxation. What the terminals
 * see is not the mean state of charge but one that runs ahead of it by a lag, as lithium gathers at the surface of the
 * particles: V = U(share + lag) + I R, d lag/dt = d share/dt - lag/lagS. At constant current both run in closed form.
 *
 * Charge current is positive. Pure; a state is changed in place.
 */
import type { OpenCircuitCurve } from "./open-circuit-curve.ts";

export interface ModelParameters {
  /** Charge between state of charge 0 and 1, coulomb. */
  readonly capacityC: number;
  readonly resistanceOhm: number;
  readonly lagS: number;
}

export interface ModelState {
  /** Mean state of charge, 0 to 1. */
  share: number;
  /** By how much the surface runs ahead of it. */
  lag: number;
  /** Charge that the first charging still binds for good, coulomb. */
  unboundC: number;
}

export type ModelEnd = "voltage" | "current" | "time" | "limit";

export interface ModelStep {
  readonly durationS: number;
  readonly endedBy: ModelEnd;
  /** Net charge, coulomb. */
  readonly chargeC: number;
  readonly endVoltageV: number;
  readonly endCurrentA: number;
  /** Size of the largest current, ampere. */
  readonly currentPeakA: number;
}

/** A point of the drawn forecast, seconds from the step's start. */
export type OnPoint = (sinceS: number, currentA: number, voltageV: number, share: number) => void;

/** While charge is bound, this part of the current goes there (chosen; only the sum decides on times). */
export const BINDING_SHARE = 0.5;
/** A hold: first step, and the part of the time gone that the next one takes. */
const HOLD_FIRST_S = 2;
const HOLD_GROWTH = 0.15;
const HOLD_LONGEST_S = 600;
const NEWTON_TURNS = 4;
const ROOT_TURNS = 60;
const POINTS_PER_STEP = 40;

export function terminalV(
  curve: OpenCircuitCurve,
  parameters: ModelParameters,
  state: ModelState,
  currentA: number,
): number {
  return curve.voltageAt(state.share + state.lag) + currentA * parameters.resistanceOhm;
}

/** Constant current, or rest at 0 A, until a voltage is reached or the time is over. */
export function runCurrent(
  curve: OpenCircuitCurve,
  parameters: ModelParameters,
  state: ModelState,
  order: { readonly currentA: number; readonly untilV: number | null; readonly untilS: number },
  onPoint?: OnPoint,
): ModelStep {
  const { currentA, untilV } = order;
  let sinceS = 0;
  let endedBy: ModelEnd = "time";
  while (sinceS < order.untilS) {
    const isBinding = currentA > 0 && state.unboundC > 0;
    const insertedA = isBinding ? currentA * (1 - BINDING_SHARE) : currentA;
    const leftS = order.untilS - sinceS;
    const longestS = isBinding ? Math.min(leftS, state.unboundC / (currentA - insertedA)) : leftS;
    const rate = insertedA / parameters.capacityC;
    const targetShare =
      untilV === null || currentA === 0 ? undefined : curve.shareAt(untilV - currentA * parameters.resistanceOhm);
    const reachedS = targetShare === undefined ? undefined : timeToShare(state, rate, parameters.lagS, targetShare);
    const isReached = reachedS !== undefined && reachedS <= longestS;
    const stepS = isReached ? reachedS : longestS;
    if (onPoint !== undefined) drawCurrent(curve, parameters, state, { currentA, rate, stepS, sinceS }, onPoint);
    advance(state, rate, parameters.lagS, stepS);
    if (isBinding) state.unboundC = Math.max(0, state.unboundC - (currentA - insertedA) * stepS);
    sinceS += stepS;
    if (isReached) {
      endedBy = "voltage";
      break;
    }
    // A rest of no end, or what is left to bind smaller than a double can tell apart.
    if (!(stepS > 0)) state.unboundC = 0;
  }
  return {
    durationS: sinceS,
    endedBy,
    chargeC: currentA * sinceS,
    endVoltageV: terminalV(curve, parameters, state, currentA),
    endCurrentA: currentA,
    currentPeakA: Math.abs(currentA),
  };
}

/** Constant voltage until the current has fallen to a size or the time is over; above `limitA` it ends at once. */
export function runVoltage(
  curve: OpenCircuitCurve,
  parameters: ModelParameters,
  state: ModelState,
  order: {
    readonly voltageV: number;
    readonly untilA: number | null;
    readonly untilS: number;
    readonly limitA: number;
  },
  onPoint?: OnPoint,
): ModelStep {
  const { capacityC, resistanceOhm, lagS } = parameters;
  const { voltageV, untilS } = order;
  const untilA = order.untilA ?? 0;
  let sinceS = 0;
  let chargeC = 0;
  let currentA = (voltageV - curve.voltageAt(state.share + state.lag)) / resistanceOhm;
  const firstA = currentA;
  const done = (endedBy: ModelEnd): ModelStep => ({
    durationS: sinceS,
    endedBy,
    chargeC,
    endVoltageV: voltageV,
    endCurrentA: endedBy === "current" ? Math.sign(firstA) * untilA : currentA,
    currentPeakA: Math.abs(firstA),
  });
  if (Math.abs(firstA) > order.limitA) return done("limit");
  if (order.untilA !== null && Math.abs(firstA) <= untilA) return done("current");
  onPoint?.(0, currentA, voltageV, state.share);
  while (sinceS < untilS) {
    const stepS = Math.min(untilS - sinceS, HOLD_LONGEST_S, HOLD_FIRST_S + HOLD_GROWTH * sinceS);
    const decay = Math.exp(-stepS / lagS);
    const base = state.share + state.lag * decay;
    const perA = (stepS + lagS * (1 - decay)) / capacityC;
    let nextA = currentA;
    for (let turn = 0; turn < NEWTON_TURNS; turn += 1) {
      const share = base + perA * nextA;
      const missV = curve.voltageAt(share) + nextA * resistanceOhm - voltageV;
      nextA -= missV / (curve.slopeAt(share) * perA + resistanceOhm);
    }
    // A hold never turns its current around; at a kink of the curve Newton's method may.
    if (nextA * firstA < 0) nextA = 0;
    if (order.untilA !== null && Math.abs(nextA) <= untilA) {
      const part = partOfStep(Math.abs(currentA), Math.abs(nextA), untilA);
      const meanA = (currentA + Math.sign(firstA) * untilA) / 2;
      advance(state, meanA / capacityC, lagS, part * stepS);
      chargeC += meanA * part * stepS;
      sinceS += part * stepS;
      onPoint?.(sinceS, Math.sign(firstA) * untilA, voltageV, state.share);
      return done("current");
    }
    advance(state, nextA / capacityC, lagS, stepS);
    chargeC += nextA * stepS;
    sinceS += stepS;
    currentA = nextA;
    onPoint?.(sinceS, currentA, voltageV, state.share);
  }
  return done("time");
}

/** Where on its way from one current to the other, both positive, a falling current passes a third. */
function partOfStep(fromA: number, toA: number, atA: number): number {
  if (!(fromA > atA)) return 0;
  const part = toA > 0 && atA > 0 ? Math.log(fromA / atA) / Math.log(fromA / toA) : (fromA - atA) / (fromA - toA);
  return Math.min(1, Math.max(0, part));
}

/** Exact for any length; `rate` is the change of the state of charge per second. */
export function advance(state: ModelState, rate: number, lagS: number, forS: number): void {
  state.share += rate * forS;
  state.lag = rate * lagS + (state.lag - rate * lagS) * Math.exp(-forS / lagS);
}

/** When the surface reaches `target` in the direction of the current; undefined where it never does. */
function timeToShare(state: ModelState, rate: number, lagS: number, target: number): number | undefined {
  if (rate === 0) return undefined;
  const sign = rate > 0 ? 1 : -1;
  const { share, lag } = state;
  const missing = (atS: number): number =>
    sign * (target - share - rate * atS - rate * lagS - (lag - rate * lagS) * Math.exp(-atS / lagS));
  if (missing(0) <= 0) return 0;
  let low = 0;
  let high = Math.max(0, (target - share) / rate) + lagS;
  for (let turn = 0; missing(high) > 0; turn += 1) {
    if (turn > ROOT_TURNS) return undefined;
    low = high;
    high = 2 * high + lagS;
  }
  let atS = Math.max(low, Math.min(high, (target - share) / rate - lagS));
  for (let turn = 0; turn < ROOT_TURNS; turn += 1) {
    const miss = missing(atS);
    if (miss > 0) low = atS;
    else high = atS;
    const fall = Math.abs(rate) + sign * (rate - lag / lagS) * Math.exp(-atS / lagS);
    const next = fall > 0 ? atS + miss / fall : NaN;
    const inside = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(inside - atS) <= 1e-6 * (1 + atS)) return inside;
    atS = inside;
  }
  return atS;
}

function drawCurrent(
  curve: OpenCircuitCurve,
  parameters: ModelParameters,
  state: ModelState,
  step: { readonly currentA: number; readonly rate: number; readonly stepS: number; readonly sinceS: number },
  onPoint: OnPoint,
): void {
  for (let point = 0; point <= POINTS_PER_STEP; point += 1) {
    // Denser at the start, where the relaxation bends the line.
    const atS = step.stepS * (point / POINTS_PER_STEP) ** 1.5;
    const then = { ...state };
    advance(then, step.rate, parameters.lagS, atS);
    onPoint(step.sinceS + atS, step.currentA, terminalV(curve, parameters, then, step.currentA), then.share);
  }
}
