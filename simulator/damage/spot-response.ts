/**
 * One exposed spot of one electrode. Dose silences material for good, dose rate blocks it for a while, and lithium
 * in the spot falls behind that of the cell:
 *
 *     g = 1 / (1 + (D/D50)^p)        db/dt = kOn Ddot (1 - b) - b/tauOff        r = g (1 - b)
 *     dx/dt = r (dxMean/dt + (xMean - x)/tauEq)
 *
 * (placeholder model, `models.json`, beam.response). Advanced lazily: only when asked, over the exposures told since
 * and along a straight line of the cell's mean. The cell itself does not notice: a spot is a thousandth of it.
 */
import type { ResponseParameters } from "./response-parameters.ts";

export interface SpotResponse {
  /**
   * Beam from `atMs` for `durationS`, giving `doseGy` to this material. In order of time; what is told of a time
   * already advanced over is counted from there on. A dose of no duration is given at once. Throws RangeError for
   * what cannot be.
   */
  expose(atMs: number, durationS: number, doseGy: number): void;
  /** Lithium in the spot, the cell's mean being `meanLithium` now. Never goes back in time. */
  localStoichiometry(atMs: number, meanLithium: number): number;
  /** As of the last advance: gray, share blocked for now, and speed of the reaction against a fresh spot, 0..1. */
  readonly doseGy: number;
  readonly blocked: number;
  readonly reactivity: number;
  /** Lithium of the cell less that of the spot. */
  readonly lag: number;
}

interface Beam {
  startMs: number;
  readonly endMs: number;
  readonly doseRateGyS: number;
}

/** Blocking, dose and lag move by at most about this much per step. */
const CHANGE_PER_STEP = 0.02;
const BLOCKING_GONE = 1e-9;
/** Shorter than any clock here can tell. */
const NO_TIME_MS = 1e-3;

/** What a spot starts with when its neighbourhood has seen beam before; all nothing for a fresh one. */
export interface SpotStart {
  readonly doseGy: number;
  readonly blocked: number;
  readonly lag: number;
}

const FRESH: SpotStart = { doseGy: 0, blocked: 0, lag: 0 };

export function createSpotResponse(
  params: ResponseParameters,
  startMs: number,
  meanLithium: number,
  start: SpotStart = FRESH,
): SpotResponse {
  const { halfDoseGy, power, blockingPerGy, recoveryS, equilibrationS } = params;
  const spot = { atMs: startMs, mean: meanLithium, ...start };
  const pending: Beam[] = [];

  function silenced(doseGy: number): number {
    return 1 / (1 + (doseGy / halfDoseGy) ** power);
  }

  /** A stretch of constant dose rate, the mean moving at `meanPerS`. */
  function stretch(durationS: number, doseRateGyS: number, meanPerS: number): void {
    const gain = blockingPerGy * doseRateGyS + 1 / recoveryS;
    const settled = (blockingPerGy * doseRateGyS) / gain;
    let remainingS = durationS;
    while (remainingS > 0) {
      const stepS = stepLength(remainingS, doseRateGyS, gain, settled);
      const decay = Math.exp(-gain * stepS);
      const before = spot.blocked;
      const after = settled + (before - settled) * decay;
      const between = settled + (before - settled) * Math.sqrt(decay);
      const mid = silenced(spot.doseGy + (doseRateGyS * stepS) / 2) * (1 - between);
      // Lag e = mean - local: de/dt = (1 - r) dMean/dt - r e/tauEq, exact for the step's middle r.
      const z = (mid * stepS) / equilibrationS;
      spot.lag = spot.lag * Math.exp(-z) + (1 - mid) * meanPerS * stepS * (z > 1e-9 ? -Math.expm1(-z) / z : 1);
      spot.blocked = after < BLOCKING_GONE ? 0 : after;
      spot.doseGy += doseRateGyS * stepS;
      remainingS -= stepS;
    }
  }

  function stepLength(remainingS: number, doseRateGyS: number, gain: number, settled: number): number {
    let stepS = remainingS;
    const unsettled = Math.abs(spot.blocked - settled);
    if (unsettled > 0) stepS = Math.min(stepS, CHANGE_PER_STEP / (gain * Math.max(unsettled, CHANGE_PER_STEP)));
    if (doseRateGyS > 0) stepS = Math.min(stepS, (CHANGE_PER_STEP * (halfDoseGy + spot.doseGy)) / doseRateGyS);
    // The rest at once when it is nearly nothing, so that rounding leaves no crumbs.
    return remainingS - stepS < 1e-9 * remainingS ? remainingS : stepS;
  }

  function giveAtOnce(doseGy: number): void {
    spot.blocked = 1 - (1 - spot.blocked) * Math.exp(-blockingPerGy * doseGy);
    spot.doseGy += doseGy;
  }

  function advance(atMs: number, mean: number): void {
    if (atMs - spot.atMs > NO_TIME_MS) {
      const meanPerS = (1000 * (mean - spot.mean)) / (atMs - spot.atMs);
      while (spot.atMs < atMs) {
        const beam = pending[0];
        const darkUntilMs = beam === undefined ? atMs : Math.min(atMs, Math.max(beam.startMs, spot.atMs));
        stretch((darkUntilMs - spot.atMs) / 1000, 0, meanPerS);
        spot.atMs = darkUntilMs;
        if (beam === undefined || darkUntilMs >= atMs) break;
        const litUntilMs = Math.min(atMs, beam.endMs);
        stretch((litUntilMs - spot.atMs) / 1000, beam.doseRateGyS, meanPerS);
        spot.atMs = litUntilMs;
        if (litUntilMs >= beam.endMs) pending.shift();
      }
    }
    // In no time the spot moves with the cell: a step of the mean there is a correction, not a reaction.
    spot.mean = mean;
  }

  return {
    expose(atMs, durationS, doseGy) {
      if (!Number.isFinite(atMs) || !(durationS >= 0 && durationS < Infinity) || !(doseGy >= 0 && doseGy < Infinity)) {
        throw new RangeError(`no exposure of ${doseGy} Gy in ${durationS} s at ${atMs} ms`);
      }
      if (doseGy === 0) return;
      const lastMs = pending[pending.length - 1]?.endMs ?? spot.atMs;
      const startMs = Math.max(atMs, lastMs);
      if (durationS * 1000 < NO_TIME_MS) {
        if (pending.length === 0 && startMs <= spot.atMs) giveAtOnce(doseGy);
        else pending.push({ startMs, endMs: startMs + 1, doseRateGyS: doseGy * 1000 });
        return;
      }
      pending.push({ startMs, endMs: startMs + durationS * 1000, doseRateGyS: doseGy / durationS });
    },
    localStoichiometry(atMs, mean) {
      if (!Number.isFinite(atMs) || !(mean >= -1 && mean <= 2)) {
        throw new RangeError(`no lithium content ${mean} at ${atMs} ms`);
      }
      advance(atMs, mean);
      return Math.min(1, Math.max(0, mean - spot.lag));
    },
    get doseGy() {
      return spot.doseGy;
    },
    get blocked() {
      return spot.blocked;
    },
    get reactivity() {
      return silenced(spot.doseGy) * (1 - spot.blocked);
    },
    get lag() {
      return spot.lag;
    },
  };
}
