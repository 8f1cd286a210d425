/**
 * Which channel is wired to which cell, told by time: every cell gets its small current in time slots of its own
 * pattern, so that a voltage that answers shows whose current it saw. Pure.
 *
 * Time runs in pairs of slots, numbered on the clock that all cells share; pair n stands for bit n of a cell's number.
 * In each pair every cell has its current once, in the first slot or in the second. Bit 0 is the same for all, and
 * tells a reversed answer from another cell's. Numbers of two cells differ in one bit at least.
 */
import type { ChannelCapabilities } from "../../protocols/roles/channel.ts";

export interface StepCode {
  readonly cellCount: number;
  readonly bitCount: number;
  readonly slotMs: number;
  /** Part of a slot in which the current flows, or is seen not to flow. */
  readonly pulseS: number;
}

/** Long enough for contact and ohmic drop to show, and for samples to be averaged. */
const PULSE_MIN_S = 1;
const SAMPLES_MIN = 4;
/** For an instrument to be told the next step. */
const GUARD_MIN_S = 0.5;
const GUARD_INTERVALS = 1.5;
/** One that keeps samples for itself is asked for them every few seconds, many channels in a round. */
const GUARD_BUFFERED_S = 12;

/** One grid for the whole rack, as slow as its slowest channel needs it. */
export function createStepCode(
  cellCount: number,
  channels: readonly Pick<ChannelCapabilities, "sampleIntervalMinS" | "buffersSamples">[],
): StepCode {
  const intervalS = channels.reduce((longest, channel) => Math.max(longest, channel.sampleIntervalMinS), 0);
  const pulseS = Math.max(PULSE_MIN_S, SAMPLES_MIN * intervalS);
  const guardS = channels.some((channel) => channel.buffersSamples)
    ? GUARD_BUFFERED_S
    : Math.max(GUARD_MIN_S, GUARD_INTERVALS * intervalS);
  return {
    cellCount,
    bitCount: 1 + Math.ceil(Math.log2(Math.max(2, cellCount))),
    slotMs: Math.round(1000 * (pulseS + guardS)),
    pulseS,
  };
}

/** True when the cell has its current in the first slot of this pair. */
export function isFirst(cellIndex: number, bit: number): boolean {
  return bit === 0 || ((cellIndex >> (bit - 1)) & 1) === 1;
}

export type Wiring =
  | { readonly kind: "right"; readonly responseV: number }
  /** Nothing answers. */
  | { readonly kind: "none"; readonly responseV: number }
  | { readonly kind: "reversed"; readonly responseV: number }
  /** It answers to another cell's current, or to its own and another's; `cellIndex` where that can be told. */
  | { readonly kind: "other" | "shared"; readonly responseV: number; readonly cellIndex: number | null };

/** An answer smaller than this is none: noise of a channel, averaged, stays well below (chosen). */
export const RESPONSE_MIN_V = 4e-4;
/** Answers of one cell to one current differ by less than this from pair to pair. */
const ALIKE_SHARE = 0.5;

/**
 * `responsesV` has for each bit the mean voltage in the pair's first slot less that in its second; `sign` is that of
 * the cell's own current.
 */
export function judgeWiring(code: StepCode, cellIndex: number, responsesV: readonly number[], sign: 1 | -1): Wiring {
  const answers = responsesV.map((value) => value * sign);
  const own = answers.map((value, bit) => (isFirst(cellIndex, bit) ? value : -value));
  const responseV = median(answers.map(Math.abs));
  const mostV = Math.max(...answers.map(Math.abs));
  if (!(mostV >= RESPONSE_MIN_V)) return { kind: "none", responseV };
  const isEven = answers.every((value) => Math.abs(value) >= ALIKE_SHARE * mostV);
  if (isEven && own.every((value) => value > 0)) return { kind: "right", responseV };
  if (isEven && own.every((value) => value < 0)) return { kind: "reversed", responseV };
  const firsts = answers.map((value) => value > 0);
  if (isEven) return { kind: "other", responseV, cellIndex: cellOf(code, firsts) };
  // Where two cells' currents fall into different slots their answers cancel.
  const others = answers.map((value, bit) => isFirst(cellIndex, bit) === Math.abs(value) >= ALIKE_SHARE * mostV);
  return { kind: "shared", responseV, cellIndex: cellOf(code, others) };
}

/** Null for a pattern that no cell has. */
function cellOf(code: StepCode, firsts: readonly boolean[]): number | null {
  if (firsts[0] !== true) return null;
  const cellIndex = firsts.slice(1).reduce((sum, first, bit) => sum + (first ? 2 ** bit : 0), 0);
  return cellIndex < code.cellCount ? cellIndex : null;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
