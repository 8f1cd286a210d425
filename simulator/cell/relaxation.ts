/**
 * Sums of exponentially relaxing modes under a constant drive. A step is exact for any length; the factors of the
 * last two step lengths are kept, since a channel samples at one interval and is interrupted now and then.
 */

export interface Relaxation {
  /** Amplitudes, one per mode. */
  readonly amplitudes: Float64Array;
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

interface Factors {
  dtS: number;
  sum: number;
  /** Of the ramp's gains, which are made when they are first asked for. */
  rampSum: number;
  readonly ramp: Float64Array;
  readonly decay: Float64Array;
  readonly gain: Float64Array;
}

const SAME_STEP_S = 1e-9;

/** dq/dt = -rate q + gain x drive, for each mode; rates in 1/s. */
export function createRelaxation(rates: Float64Array, gains: Float64Array): Relaxation {
  const count = rates.length;
  const amplitudes = new Float64Array(count);
  const makeFactors = (): Factors => ({
    dtS: NaN,
    sum: 0.5,
    rampSum: NaN,
    ramp: new Float64Array(count),
    decay: new Float64Array(count),
    gain: new Float64Array(count),
  });
  let current = makeFactors();
  let other = makeFactors();

  /** Over the step h a drive s/h adds (gain - relaxed gain / h) / rate. */
  function makeRamp(): void {
    if (!Number.isNaN(current.rampSum)) return;
    let sum = 0;
    for (let mode = 0; mode < count; mode += 1) {
      const part = ((gains[mode] ?? 0) - (current.gain[mode] ?? 0) / current.dtS) / (rates[mode] ?? 1);
      current.ramp[mode] = part;
      sum += part;
    }
    current.rampSum = sum;
  }

  return {
    amplitudes,
    prepare(dtS) {
      if (Math.abs(current.dtS - dtS) <= SAME_STEP_S) return;
      const kept = current;
      current = other;
      other = kept;
      if (Math.abs(current.dtS - dtS) <= SAME_STEP_S) return;
      current.dtS = dtS;
      let sum = 0;
      for (let mode = 0; mode < count; mode += 1) {
        const rate = rates[mode] ?? 1;
        const fallen = -Math.expm1(-rate * dtS);
        const gain = ((gains[mode] ?? 0) * fallen) / rate;
        current.decay[mode] = 1 - fallen;
        current.gain[mode] = gain;
        sum += gain;
      }
      current.sum = sum;
      current.rampSum = NaN;
    },
    undriven() {
      const decay = current.decay;
      let sum = 0;
      for (let mode = 0; mode < count; mode += 1) sum += (amplitudes[mode] ?? 0) * (decay[mode] ?? 0);
      return sum;
    },
    driven: () => current.sum,
    ramped() {
      makeRamp();
      return current.rampSum;
    },
    stepRamp(driveBefore, driveAfter) {
      makeRamp();
      const { decay, gain, ramp } = current;
      let sum = 0;
      for (let mode = 0; mode < count; mode += 1) {
        const amplitude =
          (amplitudes[mode] ?? 0) * (decay[mode] ?? 0) +
          driveBefore * (gain[mode] ?? 0) +
          (driveAfter - driveBefore) * (ramp[mode] ?? 0);
        amplitudes[mode] = amplitude;
        sum += amplitude;
      }
      return sum;
    },
    step(drive) {
      const { decay, gain } = current;
      let sum = 0;
      for (let mode = 0; mode < count; mode += 1) {
        const amplitude = (amplitudes[mode] ?? 0) * (decay[mode] ?? 0) + drive * (gain[mode] ?? 0);
        amplitudes[mode] = amplitude;
        sum += amplitude;
      }
      return sum;
    },
  };
}
