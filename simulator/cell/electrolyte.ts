/**
 * Salt in the electrolyte, averaged over negative, separator and positive: a few relaxing modes driven by the
 * current density, and a quasi-static rest for what relaxes faster. Discharge current is positive in here.
 */
import type { CellParameters } from "./cell-parameters.ts";

export interface Electrolyte {
  prepare(dtS: number): void;
  /** Concentrations after the prepared step at zero current go to `base`, per ampere to `slope`. */
  forecast(): void;
  /** The same for a current that changes linearly from `beforeA`; `slope` is per ampere at the end. */
  forecastRamp(beforeA: number): void;
  /** Takes the prepared step; concentrations go to `now`. */
  step(currentA: number): void;
  stepRamp(beforeA: number, afterA: number): void;
  /** Concentrations at this instant for a current that has just been set go to `now`. */
  refresh(currentA: number): void;
  /** mol/m3 over negative, separator, positive. */
  readonly now: Float64Array;
  /** Diffusion runs this many times as fast as at the cell's reference temperature. */
  setSpeed(factor: number): void;
  readonly base: Float64Array;
  readonly slope: Float64Array;
}

const REGIONS = 3;

export function createElectrolyte(parameters: CellParameters): Electrolyte {
  const { electrolyteRates: rates, electrolyteGains: gains, electrolyteRest: rest, areaM2 } = parameters;
  const c0 = parameters.electrolyteC0;
  const count = rates.length;
  const modes = new Float64Array(count);
  const decay = new Float64Array(count);
  const drive = new Float64Array(count);
  const ramp = new Float64Array(count);
  const now = new Float64Array(REGIONS).fill(c0);
  const base = new Float64Array(REGIONS);
  const slope = new Float64Array(REGIONS);
  const state = { preparedS: NaN, speed: 1 };

  function refresh(currentA: number): void {
    const density = currentA / areaM2 / state.speed;
    for (let region = 0; region < REGIONS; region += 1) {
      const gain = gains[region];
      if (gain === undefined) continue;
      let sum = c0 + (rest[region] ?? 0) * density;
      for (let mode = 0; mode < count; mode += 1) sum += (gain[mode] ?? 0) * (modes[mode] ?? 0);
      now[region] = sum;
    }
  }

  return {
    now,
    base,
    slope,
    prepare(dtS) {
      if (Math.abs(state.preparedS - dtS) <= 1e-9) return;
      state.preparedS = dtS;
      for (let mode = 0; mode < count; mode += 1) {
        const rate = (rates[mode] ?? 1) * state.speed;
        const fallen = -Math.expm1(-rate * dtS);
        decay[mode] = 1 - fallen;
        drive[mode] = fallen / rate;
        ramp[mode] = (1 - fallen / (rate * dtS)) / rate;
      }
    },
    forecast() {
      for (let region = 0; region < REGIONS; region += 1) {
        const gain = gains[region];
        if (gain === undefined) continue;
        let still = c0;
        let perDensity = (rest[region] ?? 0) / state.speed;
        for (let mode = 0; mode < count; mode += 1) {
          still += (gain[mode] ?? 0) * (modes[mode] ?? 0) * (decay[mode] ?? 0);
          perDensity += (gain[mode] ?? 0) * (drive[mode] ?? 0);
        }
        base[region] = still;
        slope[region] = perDensity / areaM2;
      }
    },
    forecastRamp(beforeA) {
      const density = beforeA / areaM2;
      for (let region = 0; region < REGIONS; region += 1) {
        const gain = gains[region];
        if (gain === undefined) continue;
        let still = c0;
        let perDensity = (rest[region] ?? 0) / state.speed;
        for (let mode = 0; mode < count; mode += 1) {
          const left = (drive[mode] ?? 0) - (ramp[mode] ?? 0);
          still += (gain[mode] ?? 0) * ((modes[mode] ?? 0) * (decay[mode] ?? 0) + density * left);
          perDensity += (gain[mode] ?? 0) * (ramp[mode] ?? 0);
        }
        base[region] = still;
        slope[region] = perDensity / areaM2;
      }
    },
    stepRamp(beforeA, afterA) {
      const before = beforeA / areaM2;
      const change = (afterA - beforeA) / areaM2;
      for (let mode = 0; mode < count; mode += 1) {
        modes[mode] =
          (modes[mode] ?? 0) * (decay[mode] ?? 0) + before * (drive[mode] ?? 0) + change * (ramp[mode] ?? 0);
      }
      refresh(afterA);
    },
    setSpeed(factor) {
      if (factor === state.speed) return;
      state.speed = factor;
      state.preparedS = NaN;
    },
    step(currentA) {
      const density = currentA / areaM2;
      for (let mode = 0; mode < count; mode += 1) {
        modes[mode] = (modes[mode] ?? 0) * (decay[mode] ?? 0) + density * (drive[mode] ?? 0);
      }
      refresh(currentA);
    },
    refresh,
  };
}
