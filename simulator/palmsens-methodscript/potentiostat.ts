/**
 * The analogue half of the simulated instrument: mode, cell switch, set levels, ranges, and readings quantised by
 * range. It drives one cell of the plant and knows nothing of scripts.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import type { CellPlant } from "../plant/plant.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { InstrumentModel, InstrumentRange } from "./instrument-models.ts";

export const MODE_OFF = 0;
export const MODE_GALVANOSTAT = 6;

export interface PotentiostatState {
  readonly mode: number;
  readonly isCellOn: boolean;
  /** The last reading. */
  readonly voltageV: number;
  readonly voltageStatus: number;
  readonly currentA: number;
  readonly currentStatus: number;
  readonly currentRange: number;
}

export interface Potentiostat {
  readonly state: PotentiostatState;
  readonly voltageRange: number;
  /** Each returns 0 or the number of the error. */
  setMode(mode: number): number;
  setPotential(voltageV: number): number;
  setCurrent(currentA: number): number;
  switchOn(atMs: number): number;
  switchOff(atMs: number): void;
  /** Level of a running measurement loop: a potential, or in galvanostat mode a current. */
  drive(atMs: number, level: number): number;
  /** Ranges by the quantity's name: ba, db, ab, da. */
  setRange(quantity: string, low: number, high: number): void;
  /** Takes a reading into `state`. */
  measure(atMs: number): void;
}

/** Flags against a range's nominal end, as the vendor states them for the EmStat4. */
const UNDERLOAD_BELOW = 0.123;
const WARNING_ABOVE = 2.46;
const OVERLOAD_ABOVE = 2.92;
const STATUS_OVERLOAD = 2;
const STATUS_UNDERLOAD = 4;
const STATUS_WARNING = 8;

export interface MeasurementResolution {
  /** Default 0.15 mV. */
  readonly voltageStepV?: number;
  /** Steps of the converter over one current range. Default 2^15. */
  readonly currentSteps?: number;
}

export function createPotentiostat(
  model: InstrumentModel,
  cell: CellPlant,
  resolution: MeasurementResolution,
): Potentiostat {
  const voltageStepV = resolution.voltageStepV ?? 0.00015;
  const currentSteps = resolution.currentSteps ?? 2 ** 15;
  const ranges = model.currentRanges;
  const widest = ranges.length - 1;

  const state: Writable<PotentiostatState> = {
    mode: MODE_OFF,
    isCellOn: false,
    voltageV: 0,
    voltageStatus: 0,
    currentA: 0,
    currentStatus: 0,
    currentRange: 0,
  };
  let setVoltageV = 0;
  let setCurrentA = 0;
  let lowest = 0;
  let highest = widest;
  let inUse = widest;

  function covering(level: number): number {
    const size = Math.abs(level);
    for (let index = 0; index < ranges.length; index += 1)
      if (size <= rangeAt(index).nominal * (1 + 1e-9)) return index;
    return widest;
  }

  function rangeAt(index: number): InstrumentRange {
    return ranges[index] as InstrumentRange;
  }

  function apply(atMs: number): void {
    if (state.mode === MODE_GALVANOSTAT) cell.applyCurrent(atMs, setCurrentA);
    else cell.applyVoltage(atMs, setVoltageV);
  }

  function setPotential(level: number): number {
    if (!Number.isFinite(level)) return ScriptTrouble.notANumber;
    if (level < model.voltageMinV || level > model.voltageMaxV) return ScriptTrouble.potentialNotValid;
    setVoltageV = level;
    return 0;
  }

  function setCurrent(level: number): number {
    if (!Number.isFinite(level)) return ScriptTrouble.notANumber;
    if (Math.abs(level) > model.currentMaxA) return ScriptTrouble.notPossible;
    setCurrentA = level;
    return 0;
  }

  function measureVoltage(trueV: number): void {
    const voltageV = Math.round(trueV / voltageStepV) * voltageStepV;
    const isOutside = voltageV > model.voltageMaxV || voltageV < model.voltageMinV;
    state.voltageV = isOutside ? Math.max(model.voltageMinV, Math.min(model.voltageMaxV, voltageV)) : voltageV;
    state.voltageStatus = isOutside ? STATUS_OVERLOAD : 0;
  }

  function measureCurrent(trueA: number): void {
    state.currentA = 0;
    state.currentStatus = 0;
    if (!state.isCellOn) return;
    const size = Math.abs(trueA);
    if (lowest !== highest) {
      inUse = lowest;
      while (inUse < highest && size > rangeAt(inUse).nominal) inUse += 1;
    }
    const nominal = rangeAt(inUse).nominal;
    const step = nominal / currentSteps;
    const currentA = Math.round(trueA / step) * step;
    state.currentA = currentA;
    if (size > OVERLOAD_ABOVE * nominal) {
      state.currentStatus = STATUS_OVERLOAD;
      state.currentA = Math.sign(currentA) * OVERLOAD_ABOVE * nominal;
    } else if (size > WARNING_ABOVE * nominal) state.currentStatus = STATUS_WARNING;
    else if (size < UNDERLOAD_BELOW * nominal) state.currentStatus = STATUS_UNDERLOAD;
  }

  return {
    state,
    voltageRange: model.voltageRanges[model.voltageRanges.length - 1]?.index ?? 0,
    setMode(next) {
      if (next !== 0 && next !== 2 && next !== 3 && next !== 4 && next !== 5 && next !== MODE_GALVANOSTAT)
        return ScriptTrouble.unknownMode;
      if (next === MODE_GALVANOSTAT && !model.hasGalvanostat) return ScriptTrouble.unknownMode;
      state.mode = next;
      // Ranges must be repeated after every change of mode.
      lowest = 0;
      highest = widest;
      inUse = widest;
      return 0;
    },
    setPotential,
    setCurrent,
    switchOn(atMs) {
      if (state.mode === MODE_OFF) return ScriptTrouble.wrongMode;
      state.isCellOn = true;
      apply(atMs);
      return 0;
    },
    switchOff(atMs) {
      state.isCellOn = false;
      cell.disconnect(atMs);
    },
    drive(atMs, level) {
      const trouble = state.mode === MODE_GALVANOSTAT ? setCurrent(level) : setPotential(level);
      if (trouble === 0 && state.isCellOn) apply(atMs);
      return trouble;
    },
    setRange(quantity, low, high) {
      if (quantity !== "ba" && quantity !== "db") return;
      lowest = covering(low);
      highest = Math.max(lowest, covering(high));
      inUse = highest;
    },
    measure(atMs) {
      cell.read(atMs);
      measureVoltage(cell.voltageV);
      measureCurrent(cell.currentA);
      state.currentRange = rangeAt(inUse).index + (state.mode === MODE_GALVANOSTAT ? model.galvanostatIndexOffset : 0);
    },
  };
}
