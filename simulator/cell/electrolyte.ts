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
  /** Diffusion runs this many times as fast as at the cell's reference temperature. */
  setSpeed(factor: number): void;
  /** mol/m3 in the cell's table, over negative, separator, positive, from here on. */
  readonly nowAt: number;
  readonly baseAt: number;
  readonly slopeAt: number;
}

const REGIONS = 3;
/** Of a mode: its amplitude, how much of it is left after a step, what a unit drive adds, what one that rises to it adds. */
const AMPLITUDE = 0;
const DECAY = 1;
const DRIVE = 2;
const RAMP = 3;
const PER_MODE = 4;
/** Behind the concentrations: the length of the step that is prepared, concentration at rest, area, speed. */
const PREPARED = REGIONS;
const C0 = REGIONS + 1;
const AREA = REGIONS + 2;
const SPEED = REGIONS + 3;
const HEAD = REGIONS + 4;

/** How many places of a table `count` modes take. */
export function electrolytePlaces(count: number): number {
  return HEAD + count * PER_MODE + 2 * REGIONS;
}

/** Its numbers stand in `table` from `at` on, beside those of the cell: 96 of them share the processor's cache. */
export function createElectrolyte(parameters: CellParameters, table: Float64Array, at: number): Electrolyte {
  return new Salt(parameters, table, at);
}

class Salt implements Electrolyte {
  private readonly table: Float64Array;
  private readonly count: number;
  readonly nowAt: number;
  private readonly modesAt: number;
  private readonly gains: readonly [Float64Array, Float64Array, Float64Array];
  private readonly rest: readonly [number, number, number];
  readonly baseAt: number;
  readonly slopeAt: number;
  private readonly rates: Float64Array;

  constructor(parameters: CellParameters, table: Float64Array, at: number) {
    this.table = table;
    this.rates = parameters.electrolyteRates;
    this.count = this.rates.length;
    this.nowAt = at;
    this.modesAt = at + HEAD;
    this.baseAt = this.modesAt + this.count * PER_MODE;
    this.slopeAt = this.baseAt + REGIONS;
    this.gains = parameters.electrolyteGains;
    this.rest = parameters.electrolyteRest;
    table.fill(parameters.electrolyteC0, at, at + REGIONS);
    table[at + PREPARED] = NaN;
    table[at + C0] = parameters.electrolyteC0;
    table[at + AREA] = parameters.areaM2;
    table[at + SPEED] = 1;
  }

  refresh(currentA: number): void {
    const { table, count, nowAt, modesAt, gains, rest } = this;
    const c0 = table[nowAt + C0] as number;
    const density = currentA / (table[nowAt + AREA] as number) / (table[nowAt + SPEED] as number);
    for (let region = 0; region < REGIONS; region += 1) {
      const gain = gains[region];
      if (gain === undefined) continue;
      let sum = c0 + (rest[region] as number) * density;
      for (let mode = 0, at = modesAt; mode < count; mode += 1, at += PER_MODE) {
        sum += (gain[mode] as number) * (table[at + AMPLITUDE] as number);
      }
      table[nowAt + region] = sum;
    }
  }

  prepare(dtS: number): void {
    const preparedS = this.table[this.nowAt + PREPARED] as number;
    if (!(Math.abs(preparedS - dtS) <= 1e-9)) this.makeFactors(dtS);
  }

  private makeFactors(dtS: number): void {
    const { table } = this;
    const speed = table[this.nowAt + SPEED] as number;
    table[this.nowAt + PREPARED] = dtS;
    for (let mode = 0, at = this.modesAt; mode < this.count; mode += 1, at += PER_MODE) {
      const rate = (this.rates[mode] ?? 1) * speed;
      const fallen = -Math.expm1(-rate * dtS);
      table[at + DECAY] = 1 - fallen;
      table[at + DRIVE] = fallen / rate;
      table[at + RAMP] = (1 - fallen / (rate * dtS)) / rate;
    }
  }

  forecast(): void {
    const { table, count, nowAt, modesAt, gains, rest } = this;
    const [speed, areaM2] = [table[nowAt + SPEED] as number, table[nowAt + AREA] as number];
    for (let region = 0; region < REGIONS; region += 1) {
      const gain = gains[region];
      if (gain === undefined) continue;
      let still = table[nowAt + C0] as number;
      let perDensity = (rest[region] as number) / speed;
      for (let mode = 0, at = modesAt; mode < count; mode += 1, at += PER_MODE) {
        still += (gain[mode] as number) * (table[at + AMPLITUDE] as number) * (table[at + DECAY] as number);
        perDensity += (gain[mode] as number) * (table[at + DRIVE] as number);
      }
      table[this.baseAt + region] = still;
      table[this.slopeAt + region] = perDensity / areaM2;
    }
  }

  forecastRamp(beforeA: number): void {
    const { table, count, nowAt, modesAt, gains, rest } = this;
    const [speed, areaM2] = [table[nowAt + SPEED] as number, table[nowAt + AREA] as number];
    const density = beforeA / areaM2;
    for (let region = 0; region < REGIONS; region += 1) {
      const gain = gains[region];
      if (gain === undefined) continue;
      let still = table[nowAt + C0] as number;
      let perDensity = (rest[region] as number) / speed;
      for (let mode = 0, at = modesAt; mode < count; mode += 1, at += PER_MODE) {
        const left = (table[at + DRIVE] as number) - (table[at + RAMP] as number);
        still +=
          (gain[mode] as number) * ((table[at + AMPLITUDE] as number) * (table[at + DECAY] as number) + density * left);
        perDensity += (gain[mode] as number) * (table[at + RAMP] as number);
      }
      table[this.baseAt + region] = still;
      table[this.slopeAt + region] = perDensity / areaM2;
    }
  }

  stepRamp(beforeA: number, afterA: number): void {
    const { table, count, modesAt } = this;
    const areaM2 = table[this.nowAt + AREA] as number;
    const before = beforeA / areaM2;
    const change = (afterA - beforeA) / areaM2;
    for (let mode = 0, at = modesAt; mode < count; mode += 1, at += PER_MODE) {
      table[at + AMPLITUDE] =
        (table[at + AMPLITUDE] as number) * (table[at + DECAY] as number) +
        before * (table[at + DRIVE] as number) +
        change * (table[at + RAMP] as number);
    }
    this.refresh(afterA);
  }

  setSpeed(factor: number): void {
    const { table, nowAt } = this;
    if (factor === table[nowAt + SPEED]) return;
    table[nowAt + SPEED] = factor;
    table[nowAt + PREPARED] = NaN;
  }

  step(currentA: number): void {
    const { table, count, modesAt } = this;
    const density = currentA / (table[this.nowAt + AREA] as number);
    for (let mode = 0, at = modesAt; mode < count; mode += 1, at += PER_MODE) {
      table[at + AMPLITUDE] =
        (table[at + AMPLITUDE] as number) * (table[at + DECAY] as number) + density * (table[at + DRIVE] as number);
    }
    this.refresh(currentA);
  }
}
