/**
 * A cell's electrochemical state between two of its samples, with what it may be off by: the interpolation, the clocks,
 * the meter. All uncertainties are half-widths and are added up. Pure.
 */
import { METER_SHARE } from "../../protocols/echem/counting.ts";

export interface SampleSeen {
  /** By the instrument's time, campaign milliseconds. */
  readonly atMs: number;
  readonly voltageV: number;
  /** Charge current is positive. */
  readonly currentA: number;
  /** Net charge counted up to it, A h. */
  readonly chargeAh: number;
}

export interface Known {
  readonly value: number;
  readonly uncertainty: number;
}

export interface StateBetween {
  readonly voltageV: Known;
  readonly currentA: Known;
  readonly chargeAh: Known;
}

/** A calibrated channel of 16 bits: gain and offset with noise and mains (chosen; a data sheet says it better). */
const VOLTAGE_SHARE = 1e-3;
const VOLTAGE_FLOOR_V = 1e-3;
const CURRENT_FLOOR_A = 5e-6;

/**
 * @param atMs the moment by the instrument's time, between the two or at one of them
 * @param clockMs half-width of that moment
 * @param doubtAh of the charge counted so far
 */
export function stateBetween(
  before: SampleSeen,
  after: SampleSeen,
  atMs: number,
  clockMs: number,
  doubtAh: number,
): StateBetween {
  const lengthMs = after.atMs - before.atMs;
  const share = lengthMs > 0 ? Math.min(1, Math.max(0, (atMs - before.atMs) / lengthMs)) : 1;
  const voltageV = linear(before.voltageV, after.voltageV, share, clockMs, lengthMs);
  const currentA = linear(before.currentA, after.currentA, share, clockMs, lengthMs);
  const passedAh = ((before.currentA + currentA.value) * 0.5 * share * Math.max(0, lengthMs)) / 3_600_000;
  const clockAh = ((Math.abs(currentA.value) + currentA.uncertainty) * clockMs) / 3_600_000;
  // What flowed between them is known in all; how much of it before the moment follows from the currents.
  const betweenAh = (currentA.uncertainty * Math.min(share, 1 - share) * Math.max(0, lengthMs)) / 3_600_000;
  return {
    voltageV: plus(voltageV, VOLTAGE_SHARE * Math.abs(voltageV.value) + VOLTAGE_FLOOR_V),
    currentA: plus(currentA, METER_SHARE * Math.abs(currentA.value) + CURRENT_FLOOR_A),
    chargeAh: { value: before.chargeAh + passedAh, uncertainty: doubtAh + clockAh + betweenAh },
  };
}

/** Anything that does not turn round between the two is at the most this far from the straight line. */
function linear(before: number, after: number, share: number, clockMs: number, lengthMs: number): Known {
  const change = Math.abs(after - before);
  const clock = lengthMs > 0 ? (change * Math.min(clockMs, lengthMs)) / lengthMs : 0;
  return { value: before + share * (after - before), uncertainty: Math.max(share, 1 - share) * change + clock };
}

function plus({ value, uncertainty }: Known, more: number): Known {
  return { value, uncertainty: uncertainty + more };
}
