/**
 * Sums of exponentially relaxing modes under a constant drive. A step is exact for any length; the factors of the
 * last two step lengths are kept, since a channel samples at one interval and is interrupted now and then.
 */

export interface Relaxation {
  /** Makes the factors of a step of `dtS` current. */
  prepare(dtS: number): void;
  /** Sum of amplitudes after the prepared step with no drive. */
  undriven(): number;
  /** Sum of amplitudes that a unit drive adds over the prepared step. */
  driven(): number;
  /** Sum of amplitudes that a drive rising from 0 to 1 over the prepared step adds. */
  ramped(): number;
  /** Takes the prepared step under `drive`; returns the sum of amplitudes. */
  step(drive: number): number;
  /** Takes the prepared step under a drive that changes linearly; returns the sum of amplitudes. */
  stepRamp(driveBefore: number, driveAfter: number): number;
}

const SAME_STEP_S = 1e-9;
/** Before the factors of a step: its length, the sum of its gains, that of its ramp's gains, which are made when they are first asked for. */
const LENGTH = 0;
const SUM = 1;
const RAMP_SUM = 2;
const HEAD = 3;
/** Of a mode: how much of it is left after a step, what a unit drive adds. What a drive that rises to it adds stands behind all of these. */
const DECAY = 0;
const GAIN = 1;
const PER_MODE = 2;

/** How many places of a table `count` modes take. */
export function relaxationPlaces(count: number): number {
  return count + 2 * stepPlaces(count);
}

function stepPlaces(count: number): number {
  return HEAD + (PER_MODE + 1) * count;
}

/**
 * dq/dt = -rate q + gain x drive, for each mode; rates in 1/s. Amplitudes, then the factors of two step lengths, stand in
 * `table` from `at` on: 96 cells share the processor's cache, so a cell's numbers lie side by side, and what is done with
 * them is a class's, of which each cell brings nothing of its own.
 */
export function createRelaxation(
  rates: Float64Array,
  gains: Float64Array,
  table: Float64Array,
  at: number,
): Relaxation {
  return new Modes(rates, gains, table, at);
}

class Modes implements Relaxation {
  private readonly table: Float64Array;
  private readonly count: number;
  private readonly amplitudesAt: number;
  private currentAt: number;
  private otherAt: number;
  private readonly rates: Float64Array;
  private readonly gains: Float64Array;

  constructor(rates: Float64Array, gains: Float64Array, table: Float64Array, at: number) {
    this.table = table;
    this.count = rates.length;
    this.amplitudesAt = at;
    this.currentAt = at + this.count;
    this.otherAt = this.currentAt + stepPlaces(this.count);
    this.rates = rates;
    this.gains = gains;
    for (const stepAt of [this.currentAt, this.otherAt]) {
      table[stepAt + LENGTH] = NaN;
      table[stepAt + SUM] = 0.5;
      table[stepAt + RAMP_SUM] = NaN;
    }
  }

  private isFor(stepAt: number, dtS: number): boolean {
    return Math.abs((this.table[stepAt + LENGTH] as number) - dtS) <= SAME_STEP_S;
  }

  prepare(dtS: number): void {
    if (this.isFor(this.currentAt, dtS)) return;
    const kept = this.currentAt;
    this.currentAt = this.otherAt;
    this.otherAt = kept;
    if (!this.isFor(this.currentAt, dtS)) this.makeFactors(dtS);
  }

  private makeFactors(dtS: number): void {
    const { table, rates, gains, count, currentAt } = this;
    let sum = 0;
    for (let mode = 0, at = currentAt + HEAD; mode < count; mode += 1, at += PER_MODE) {
      const rate = rates[mode] ?? 1;
      const fallen = -Math.expm1(-rate * dtS);
      const gain = ((gains[mode] ?? 0) * fallen) / rate;
      table[at + DECAY] = 1 - fallen;
      table[at + GAIN] = gain;
      sum += gain;
    }
    table[currentAt + LENGTH] = dtS;
    table[currentAt + SUM] = sum;
    table[currentAt + RAMP_SUM] = NaN;
  }

  /** Over the step h a drive s/h adds (gain - relaxed gain / h) / rate. */
  private makeRamp(): void {
    const { table, rates, gains, count, currentAt } = this;
    if (!Number.isNaN(table[currentAt + RAMP_SUM])) return;
    const dtS = table[currentAt + LENGTH] as number;
    const rampAt = currentAt + HEAD + PER_MODE * count;
    let sum = 0;
    for (let mode = 0, at = currentAt + HEAD; mode < count; mode += 1, at += PER_MODE) {
      const part = ((gains[mode] ?? 0) - (table[at + GAIN] as number) / dtS) / (rates[mode] ?? 1);
      table[rampAt + mode] = part;
      sum += part;
    }
    table[currentAt + RAMP_SUM] = sum;
  }

  undriven(): number {
    const { table, count, amplitudesAt, currentAt } = this;
    let sum = 0;
    for (let mode = 0, at = currentAt + HEAD; mode < count; mode += 1, at += PER_MODE) {
      sum += (table[amplitudesAt + mode] as number) * (table[at + DECAY] as number);
    }
    return sum;
  }

  driven(): number {
    return this.table[this.currentAt + SUM] as number;
  }

  ramped(): number {
    this.makeRamp();
    return this.table[this.currentAt + RAMP_SUM] as number;
  }

  stepRamp(driveBefore: number, driveAfter: number): number {
    this.makeRamp();
    const { table, count, amplitudesAt, currentAt } = this;
    const rampAt = currentAt + HEAD + PER_MODE * count;
    let sum = 0;
    for (let mode = 0, at = currentAt + HEAD; mode < count; mode += 1, at += PER_MODE) {
      const amplitude =
        (table[amplitudesAt + mode] as number) * (table[at + DECAY] as number) +
        driveBefore * (table[at + GAIN] as number) +
        (driveAfter - driveBefore) * (table[rampAt + mode] as number);
      table[amplitudesAt + mode] = amplitude;
      sum += amplitude;
    }
    return sum;
  }

  step(drive: number): number {
    const { table, count, amplitudesAt, currentAt } = this;
    let sum = 0;
    for (let mode = 0, at = currentAt + HEAD; mode < count; mode += 1, at += PER_MODE) {
      const amplitude =
        (table[amplitudesAt + mode] as number) * (table[at + DECAY] as number) + drive * (table[at + GAIN] as number);
      table[amplitudesAt + mode] = amplitude;
      sum += amplitude;
    }
    return sum;
  }
}
