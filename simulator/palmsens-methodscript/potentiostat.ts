/**
 * The analogue half of the simulated instrument: mode, cell switch, set levels, ranges, and readings quantised by
 * range. It drives one cell of the plant and knows nothing of scripts.
 */
import type { Felt } from "../plant/felt.ts";
import type { ChannelErrors } from "../measurement/channel-errors.ts";
import type { CellPlant } from "../plant/plant.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { InstrumentModel, InstrumentRange } from "./instrument-models.ts";
import { createSineMeasurement, type SineMeasurement } from "./sine-measurement.ts";

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
  /** Readings are averaged for this long from now on. */
  setAveraging(averagingS: number): void;
  /** Takes a reading into `state`. */
  measure(atMs: number): void;
  /** Every other reading is taken in too small a range, or none any more. */
  jumpRanges(isOn: boolean, felt?: Felt): void;
  readonly sine: SineMeasurement;
  /** A sine ends: its answer into `sine.reading`, what lay under it into `state`. False where the cell answers to none. */
  measureSine(atMs: number, frequencyHz: number, amplitude: number): boolean;
}

/** Flags against a range's nominal end, as the vendor states them for the EmStat4. */
const UNDERLOAD_BELOW = 0.123;
const WARNING_ABOVE = 2.46;
const OVERLOAD_ABOVE = 2.92;
const STATUS_OVERLOAD = 2;
const STATUS_UNDERLOAD = 4;
const STATUS_WARNING = 8;
/** Of the whole window of potential, what a range that has jumped still takes. */
const JUMPED_SHARE = 0.5;

export interface MeasurementResolution {
  /** Default 0.15 mV. */
  readonly voltageStepV?: number;
  /** Steps of the converter over one current range. Default 2^15. */
  readonly currentSteps?: number;
  /** What the readings get wrong before they are rounded. Default nothing. */
  readonly errors?: ChannelErrors;
}

export function createPotentiostat(
  model: InstrumentModel,
  cell: CellPlant,
  resolution: MeasurementResolution,
): Potentiostat {
  const voltageStepV = resolution.voltageStepV ?? 0.00015;
  const currentSteps = resolution.currentSteps ?? 2 ** 15;
  const errors = resolution.errors ?? null;
  const ranges = model.currentRanges;
  const widest = ranges.length - 1;

  /** All of it side by side: what a sample of a rack touches is to stay in the processor's cache. */
  const state = {
    mode: MODE_OFF,
    isCellOn: false,
    voltageV: 0,
    voltageStatus: 0,
    currentA: 0,
    currentStatus: 0,
    currentRange: 0,
    setVoltageV: 0,
    setCurrentA: 0,
    convertedMs: -Infinity,
  };
  let lowest = 0;
  let highest = widest;
  let inUse = widest;
  /** Every other reading is taken in too small a range: `isJumped` for the one under way. */
  let areJumping = false;
  let feltJump: Felt | undefined;
  let isJumped = false;
  /** The galvanostat stands at the end of its output because the cell does not take the current. */
  let isAtCompliance = false;
  const sine = createSineMeasurement(cell, errors);

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
    isAtCompliance = false;
    if (state.mode === MODE_GALVANOSTAT) {
      cell.applyCurrent(atMs, state.setCurrentA);
      limitOutput(atMs);
    } else cell.applyVoltage(atMs, state.setVoltageV);
  }

  /** A current goes only so far as the output voltage can drive it, and comes back when the cell takes it again. */
  function limitOutput(atMs: number): void {
    if (isAtCompliance && Math.abs(cell.currentA) >= Math.abs(state.setCurrentA)) {
      isAtCompliance = false;
      cell.applyCurrent(atMs, state.setCurrentA);
      cell.read(atMs);
    }
    if (!isAtCompliance && Math.abs(cell.voltageV) > model.complianceV) {
      isAtCompliance = true;
      cell.applyVoltage(atMs, Math.sign(cell.voltageV) * model.complianceV);
      cell.read(atMs);
    }
  }

  /** What stands at the terminals: without a path for the current, all that the output has. */
  function terminalV(): number {
    if (state.mode !== MODE_GALVANOSTAT || !state.isCellOn || state.setCurrentA === 0 || cell.currentA !== 0)
      return cell.voltageV;
    return Math.sign(state.setCurrentA) * model.complianceV;
  }

  function setPotential(level: number): number {
    if (!Number.isFinite(level)) return ScriptTrouble.notANumber;
    if (level < model.voltageMinV || level > model.voltageMaxV) return ScriptTrouble.potentialNotValid;
    state.setVoltageV = level;
    return 0;
  }

  function setCurrent(level: number): number {
    if (!Number.isFinite(level)) return ScriptTrouble.notANumber;
    if (Math.abs(level) > model.currentMaxA) return ScriptTrouble.notPossible;
    state.setCurrentA = level;
    return 0;
  }

  function measureVoltage(trueV: number): void {
    const voltageV = Math.round(trueV / voltageStepV) * voltageStepV;
    const share = isJumped ? JUMPED_SHARE : 1;
    const leastV = share * model.voltageMinV;
    const mostV = share * model.voltageMaxV;
    const isOutside = voltageV > mostV || voltageV < leastV;
    state.voltageV = isOutside ? Math.max(leastV, Math.min(mostV, voltageV)) : voltageV;
    state.voltageStatus = isOutside ? STATUS_OVERLOAD : 0;
  }

  /** A range is kept until its flags would show: the two thresholds are apart, so that noise does not make it flicker. */
  function chooseRange(trueA: number): void {
    if (lowest === highest || !state.isCellOn) return;
    const size = Math.abs(trueA);
    while (inUse < highest && size > WARNING_ABOVE * rangeAt(inUse).nominal) inUse += 1;
    while (inUse > lowest && size < UNDERLOAD_BELOW * rangeAt(inUse).nominal) inUse -= 1;
  }

  function measureCurrent(seenA: number): void {
    state.currentA = 0;
    state.currentStatus = 0;
    if (!state.isCellOn) return;
    const size = Math.abs(seenA);
    const nominal = rangeAt(inUse).nominal;
    const step = nominal / currentSteps;
    const currentA = Math.round(seenA / step) * step;
    state.currentA = currentA;
    state.currentStatus = statusOf(size);
    if (state.currentStatus === STATUS_OVERLOAD) state.currentA = Math.sign(currentA) * OVERLOAD_ABOVE * nominal;
  }

  function statusOf(sizeA: number): number {
    const { nominal } = rangeAt(inUse);
    if (sizeA > OVERLOAD_ABOVE * nominal) return STATUS_OVERLOAD;
    if (sizeA > WARNING_ABOVE * nominal) return STATUS_WARNING;
    return sizeA < UNDERLOAD_BELOW * nominal ? STATUS_UNDERLOAD : 0;
  }

  function measure(atMs: number): void {
    readCell(atMs, 0);
  }

  /** `sineA` is the height of a sine of current that the range must take besides. */
  function readCell(atMs: number, sineA: number): void {
    cell.read(atMs);
    if (state.mode === MODE_GALVANOSTAT && state.isCellOn) limitOutput(atMs);
    chooseRange(Math.abs(cell.currentA) + sineA);
    const rightRange = inUse;
    isJumped = areJumping && !isJumped;
    if (isJumped) feltJump?.();
    if (isJumped) inUse = Math.max(0, covering(cell.currentA / OVERLOAD_ABOVE) - 1);
    if (errors === null) {
      measureVoltage(terminalV());
      measureCurrent(cell.currentA);
    } else {
      // The last conversion still stands.
      if (atMs - state.convertedMs < errors.updateMs) return;
      state.convertedMs = atMs;
      errors.read(atMs, terminalV(), cell.currentA, inUse, rangeAt(inUse).nominal);
      measureVoltage(errors.voltageV);
      measureCurrent(errors.currentA);
    }
    state.currentRange = rangeAt(inUse).index + (state.mode === MODE_GALVANOSTAT ? model.galvanostatIndexOffset : 0);
    inUse = rightRange;
  }

  return {
    state,
    sine,
    voltageRange: model.voltageRanges[model.voltageRanges.length - 1]?.index ?? 0,
    setMode(next) {
      if (next !== 0 && next !== 2 && next !== 3 && next !== 4 && next !== 5 && next !== MODE_GALVANOSTAT)
        return ScriptTrouble.unknownMode;
      if (next === MODE_GALVANOSTAT && !model.hasGalvanostat) return ScriptTrouble.unknownMode;
      state.mode = next;
      state.convertedMs = -Infinity;
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
      state.convertedMs = -Infinity;
      apply(atMs);
      return 0;
    },
    switchOff(atMs) {
      state.isCellOn = false;
      isAtCompliance = false;
      state.convertedMs = -Infinity;
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
    setAveraging(averagingS) {
      errors?.setAveraging(averagingS);
    },
    jumpRanges(isOn, felt) {
      feltJump = felt;
      areJumping = isOn;
    },
    measure,
    measureSine(atMs, frequencyHz, amplitude) {
      if (!sine.end(atMs, frequencyHz, amplitude, state.mode === MODE_GALVANOSTAT)) return false;
      errors?.setAveraging(1 / frequencyHz);
      const peakA = Math.SQRT2 * sine.reading.currentAc;
      readCell(atMs, peakA);
      state.currentStatus = statusOf(Math.abs(cell.currentA) + peakA);
      return true;
    },
  };
}
