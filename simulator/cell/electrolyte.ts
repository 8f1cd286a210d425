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
/** Of a mode: its amplitude, how much of it is left after a step, what a unit drive adds, what one that rises to it adds. */
const AMPLITUDE = 0;
const DECAY = 1;
const DRIVE = 2;
const RAMP = 3;
const PER_MODE = 4;

export function createElectrolyte(parameters: CellParameters): Electrolyte {
  const { electrolyteRates: rates, electrolyteGains: gains, electrolyteRest: rest, areaM2 } = parameters;
  const c0 = parameters.electrolyteC0;
  const count = rates.length;
  /** All of a mode side by side: one array, because 96 cells share the processor's cache. */
  const table = new Float64Array(count * PER_MODE);
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
      for (let mode = 0, at = 0; mode < count; mode += 1, at += PER_MODE) {
        sum += (gain[mode] ?? 0) * (table[at + AMPLITUDE] ?? 0);
      }
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
      for (let mode = 0, at = 0; mode < count; mode += 1, at += PER_MODE) {
        const rate = (rates[mode] ?? 1) * state.speed;
        const fallen = -Math.expm1(-rate * dtS);
        table[at + DECAY] = 1 - fallen;
        table[at + DRIVE] = fallen / rate;
        table[at + RAMP] = (1 - fallen / (rate * dtS)) / rate;
      }
    },
    forecast() {
      for (let region = 0; region < REGIONS; region += 1) {
        const gain = gains[region];
        if (gain === undefined) continue;
        let still = c0;
        let perDensity = (rest[region] ?? 0) / state.speed;
        for (let mode = 0, at = 0; mode < count; mode += 1, at += PER_MODE) {
          still += (gain[mode] ?? 0) * (table[at + AMPLITUDE] ?? 0) * (table[at + DECAY] ?? 0);
          perDensity += (gain[mode] ?? 0) * (table[at + DRIVE] ?? 0);
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
        for (let mode = 0, at = 0; mode < count; mode += 1, at += PER_MODE) {
          const left = (table[at + DRIVE] ?? 0) - (table[at + RAMP] ?? 0);
          still += (gain[mode] ?? 0) * ((table[at + AMPLITUDE] ?? 0) * (table[at + DECAY] ?? 0) + density * left);
          perDensity += (gain[mode] ?? 0) * (table[at + RAMP] ?? 0);
        }
        base[region] = still;
        slope[region] = perDensity / areaM2;
      }
    },
    stepRamp(beforeA, afterA) {
      const before = beforeA / areaM2;
      const change = (afterA - beforeA) / areaM2;
      for (let mode = 0, at = 0; mode < count; mode += 1, at += PER_MODE) {
        table[at + AMPLITUDE] =
          (table[at + AMPLITUDE] ?? 0) * (table[at + DECAY] ?? 0) +
          before * (table[at + DRIVE] ?? 0) +
          change * (table[at + RAMP] ?? 0);
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
      for (let mode = 0, at = 0; mode < count; mode += 1, at += PER_MODE) {
        table[at + AMPLITUDE] =
          (table[at + AMPLITUDE] ?? 0) * (table[at + DECAY] ?? 0) + density * (table[at + DRIVE] ?? 0);
      }
      refresh(currentA);
    },
    refresh,
  };
}
