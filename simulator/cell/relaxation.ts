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

/** Of a step of one length; the factors of each mode stand in the table from `at` on. */
interface Factors {
  readonly at: number;
  dtS: number;
  sum: number;
  /** Of the ramp's gains, which are made when they are first asked for. */
  rampSum: number;
}

const SAME_STEP_S = 1e-9;
/** Of a mode: how much of it is left after a step, what a unit drive adds, what a drive that rises to it adds. */
const DECAY = 0;
const GAIN = 1;
const RAMP = 2;
const PER_MODE = 3;

/** dq/dt = -rate q + gain x drive, for each mode; rates in 1/s. */
export function createRelaxation(rates: Float64Array, gains: Float64Array): Relaxation {
  const count = rates.length;
  /** Amplitudes, then the factors of two step lengths: one array, because 96 cells share the processor's cache. */
  const table = new Float64Array(count + 2 * count * PER_MODE);
  const makeFactors = (at: number): Factors => ({ at, dtS: NaN, sum: 0.5, rampSum: NaN });
  let current = makeFactors(count);
  let other = makeFactors(count + count * PER_MODE);

  /** Over the step h a drive s/h adds (gain - relaxed gain / h) / rate. */
  function makeRamp(): void {
    if (!Number.isNaN(current.rampSum)) return;
    let sum = 0;
    for (let mode = 0, at = current.at; mode < count; mode += 1, at += PER_MODE) {
      const part = ((gains[mode] ?? 0) - (table[at + GAIN] ?? 0) / current.dtS) / (rates[mode] ?? 1);
      table[at + RAMP] = part;
      sum += part;
    }
    current.rampSum = sum;
  }

  return {
    prepare(dtS) {
      if (Math.abs(current.dtS - dtS) <= SAME_STEP_S) return;
      const kept = current;
      current = other;
      other = kept;
      if (Math.abs(current.dtS - dtS) <= SAME_STEP_S) return;
      current.dtS = dtS;
      let sum = 0;
      for (let mode = 0, at = current.at; mode < count; mode += 1, at += PER_MODE) {
        const rate = rates[mode] ?? 1;
        const fallen = -Math.expm1(-rate * dtS);
        const gain = ((gains[mode] ?? 0) * fallen) / rate;
        table[at + DECAY] = 1 - fallen;
        table[at + GAIN] = gain;
        sum += gain;
      }
      current.sum = sum;
      current.rampSum = NaN;
    },
    undriven() {
      let sum = 0;
      for (let mode = 0, at = current.at; mode < count; mode += 1, at += PER_MODE) {
        sum += (table[mode] ?? 0) * (table[at + DECAY] ?? 0);
      }
      return sum;
    },
    driven: () => current.sum,
    ramped() {
      makeRamp();
      return current.rampSum;
    },
    stepRamp(driveBefore, driveAfter) {
      makeRamp();
      let sum = 0;
      for (let mode = 0, at = current.at; mode < count; mode += 1, at += PER_MODE) {
        const amplitude =
          (table[mode] ?? 0) * (table[at + DECAY] ?? 0) +
          driveBefore * (table[at + GAIN] ?? 0) +
          (driveAfter - driveBefore) * (table[at + RAMP] ?? 0);
        table[mode] = amplitude;
        sum += amplitude;
      }
      return sum;
    },
    step(drive) {
      let sum = 0;
      for (let mode = 0, at = current.at; mode < count; mode += 1, at += PER_MODE) {
        const amplitude = (table[mode] ?? 0) * (table[at + DECAY] ?? 0) + drive * (table[at + GAIN] ?? 0);
        table[mode] = amplitude;
        sum += amplitude;
      }
      return sum;
    },
  };
}
