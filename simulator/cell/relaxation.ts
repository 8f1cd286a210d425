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
  /** Takes the prepared step under `drive`; returns the sum of amplitudes. */
  step(drive: number): number;
}

interface Factors {
  dtS: number;
  sum: number;
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
    decay: new Float64Array(count),
    gain: new Float64Array(count),
  });
  let current = makeFactors();
  let other = makeFactors();

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
    },
    undriven() {
      const decay = current.decay;
      let sum = 0;
      for (let mode = 0; mode < count; mode += 1) sum += (amplitudes[mode] ?? 0) * (decay[mode] ?? 0);
      return sum;
    },
    driven: () => current.sum,
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
