/** Lithium in the positive from the voltage of a rested cell, by the tabulated potentials of its design. */
import type { LithiumEstimate } from "./layered-oxide.ts";

export interface PotentialAgainstLithium {
  readonly stoich: readonly number[];
  readonly potential_V: readonly number[];
}

export interface RestedCell {
  readonly positive: PotentialAgainstLithium;
  readonly negative: PotentialAgainstLithium;
  readonly x0: number;
  readonly x100: number;
  readonly y0: number;
  readonly y100: number;
}

export function restVoltageV(cell: RestedCell, positiveLithium: number): number {
  const charge = (cell.y0 - positiveLithium) / (cell.y0 - cell.y100);
  return (
    potentialV(cell.positive, positiveLithium) - potentialV(cell.negative, cell.x0 + charge * (cell.x100 - cell.x0))
  );
}

/** `errorV` is the standard error of the voltage: instrument and what rest is still missing. */
export function lithiumFromVoltage(cell: RestedCell, voltageV: number, errorV: number): LithiumEstimate {
  let low = Math.min(cell.y0, cell.y100);
  let high = Math.max(cell.y0, cell.y100);
  for (let turn = 0; turn < 50; turn += 1) {
    const middle = (low + high) / 2;
    if (restVoltageV(cell, middle) > voltageV) low = middle;
    else high = middle;
  }
  const lithium = (low + high) / 2;
  const slope = (restVoltageV(cell, lithium + 0.01) - restVoltageV(cell, lithium - 0.01)) / 0.02;
  return { lithium, error: Math.max(0.002, errorV / Math.abs(slope)) };
}

function potentialV({ stoich: x, potential_V: volts }: PotentialAgainstLithium, lithium: number): number {
  for (let row = 1; row < x.length; row += 1) {
    const left = x[row - 1] ?? 0;
    const right = x[row] ?? 0;
    if (lithium > right) continue;
    return (volts[row - 1] ?? 0) + ((lithium - left) / (right - left)) * ((volts[row] ?? 0) - (volts[row - 1] ?? 0));
  }
  return volts[volts.length - 1] ?? NaN;
}
