/**
 * What hangs over the rack: one thermometer and one gas sensor in the air that the cells share. The air is warmed
 * and laden by them, and drawn off at a constant rate; the sensors follow it with a lag of their own.
 */

/** One cell as the air meets it. Cells in order give off nothing but warmth. */
export interface SensedCell {
  /** Brings the cell to `atMs`: one that nobody looks at any more goes on as well. */
  read?(atMs: number): void;
  readonly temperatureC: number;
  /** Vapour and gas let out so far, millilitre. */
  readonly gasMl: number;
}

export interface RackSensorOptions {
  readonly cells: readonly SensedCell[];
  readonly ambientC: number;
  /** Of the room, per cent; cells do not change it. */
  readonly humidityPercent?: number;
  /** Air around the rack, litres, and how often it is renewed. */
  readonly airL?: number;
  readonly airChangesPerH?: number;
  /** From one cell to the air, over from the air to the room. */
  readonly cellShare?: number;
  readonly gasLagS?: number;
  readonly temperatureLagS?: number;
}

export interface RackSensors {
  /** Brings the air to `atMs`; time only moves forward. */
  advance(atMs: number): void;
  /** As the sensors show it, before any error of theirs. */
  readonly temperatureC: number;
  readonly gasPpm: number;
  readonly humidityPercent: number;
}

/** The air is taken as constant no longer than this. */
const LONGEST_STEP_S = 10;
const STEPS_MOST = 1000;

export function createRackSensors(options: RackSensorOptions, startMs: number): RackSensors {
  const { cells, ambientC, airL = 100, airChangesPerH = 6, cellShare = 0.02, gasLagS = 10 } = options;
  const temperatureLagS = options.temperatureLagS ?? 30;
  const renewalS = 3600 / airChangesPerH;
  const air = { atMs: startMs, gasPpm: 0 };
  const released = cells.map((cell) => cell.gasMl);
  const shown = { temperatureC: ambientC, gasPpm: 0 };

  /** Mean over the cells would hide one hot cell among 96; the air carries the sum of what each adds. */
  function airC(): number {
    let warmth = 0;
    for (const cell of cells) warmth += Math.max(-50, cell.temperatureC - ambientC);
    return ambientC + cellShare * warmth;
  }

  function newGasMl(): number {
    let sum = 0;
    for (const [index, cell] of cells.entries()) {
      sum += Math.max(0, cell.gasMl - (released[index] ?? 0));
      released[index] = cell.gasMl;
    }
    return sum;
  }

  return {
    advance(atMs) {
      const totalS = (atMs - air.atMs) / 1000;
      if (!(totalS > 0)) return;
      air.atMs = atMs;
      for (const cell of cells) cell.read?.(atMs);
      const steps = Math.min(STEPS_MOST, Math.ceil(totalS / LONGEST_STEP_S));
      const stepS = totalS / steps;
      // Let out evenly since the last look, as far as anybody knows.
      const perSPpm = (newGasMl() / totalS / (airL * 1000)) * 1e6;
      const settledPpm = perSPpm * renewalS;
      const surroundC = airC();
      for (let step = 0; step < steps; step += 1) {
        air.gasPpm = settledPpm + (air.gasPpm - settledPpm) * Math.exp(-stepS / renewalS);
        shown.gasPpm = air.gasPpm + (shown.gasPpm - air.gasPpm) * Math.exp(-stepS / gasLagS);
        shown.temperatureC = surroundC + (shown.temperatureC - surroundC) * Math.exp(-stepS / temperatureLagS);
      }
    },
    get temperatureC() {
      return shown.temperatureC;
    },
    get gasPpm() {
      return shown.gasPpm;
    },
    humidityPercent: options.humidityPercent ?? 40,
  };
}
