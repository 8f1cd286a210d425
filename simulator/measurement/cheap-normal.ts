/**
 * Normal numbers cheap enough for every sample of every channel: one turn of a xorshift generator and one look into
 * a table of equally likely values. The tails end at 3.9 standard deviations.
 */
import type { Chance } from "../plant/plant.ts";

export interface CheapNormal {
  /** Mean 0, standard deviation 1. */
  draw(): number;
}

const BITS = 13;
const SIZE = 2 ** BITS;

/** The middle of each of `SIZE` equally likely parts, scaled to unit variance; one table for all. */
const values = quantiles();

export function createCheapNormal(chance: Chance): CheapNormal {
  // Zero is the one state that a xorshift generator does not leave.
  return new Xorshift(1 + Math.floor(chance.uniform() * 0x7fff_fffe));
}

class Xorshift implements CheapNormal {
  private state: number;

  constructor(state: number) {
    this.state = state;
  }

  draw(): number {
    let { state } = this;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state;
    return values[state >>> (32 - BITS)] ?? 0;
  }
}

function quantiles(): Float64Array {
  const table = new Float64Array(SIZE);
  const half = SIZE / 2;
  let squares = 0;
  let z = 0;
  for (let index = 0; index < half; index += 1) {
    z = upperQuantile((index + 0.5) / SIZE, z);
    table[half + index] = z;
    table[half - 1 - index] = -z;
    squares += 2 * z * z;
  }
  const scale = Math.sqrt(SIZE / squares);
  return table.map((value) => value * scale);
}

/** Where the normal distribution holds `share` between 0 and z: Newton's method from the value before. */
function upperQuantile(share: number, from: number): number {
  let z = from;
  for (let turn = 0; turn < 50; turn += 1) {
    const excess = shareUpTo(z) - share;
    const step = excess / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
    z -= step;
    if (Math.abs(step) < 1e-12) break;
  }
  return z;
}

/** The normal distribution's share between 0 and z, by its series in odd powers. */
function shareUpTo(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && odd < 400; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
