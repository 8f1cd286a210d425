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
  return new Bench(model, cell, resolution);
}

/** A class with its state in itself: what a sample of a rack touches is to stay in the processor's cache. */
class Bench implements Potentiostat, PotentiostatState {
  mode = MODE_OFF;
  isCellOn = false;
  voltageV = 0;
  voltageStatus = 0;
  currentA = 0;
  currentStatus = 0;
  currentRange = 0;
  private readonly cell: CellPlant;
  private readonly model: InstrumentModel;
  private readonly errors: ChannelErrors | null;
  private readonly ranges: readonly InstrumentRange[];
  private lowest = 0;
  private highest: number;
  private inUse: number;
  private convertedMs = -Infinity;
  private setVoltageV = 0;
  private setCurrentA = 0;
  private readonly voltageStepV: number;
  private readonly currentSteps: number;
  /** Every other reading is taken in too small a range: `isJumped` for the one under way. */
  private areJumping = false;
  private isJumped = false;
  /** The galvanostat stands at the end of its output because the cell does not take the current. */
  private isAtCompliance = false;
  private feltJump: Felt | undefined;
  readonly state: PotentiostatState = this;
  readonly voltageRange: number;
  readonly sine: SineMeasurement;

  constructor(model: InstrumentModel, cell: CellPlant, resolution: MeasurementResolution) {
    this.cell = cell;
    this.model = model;
    this.errors = resolution.errors ?? null;
    this.ranges = model.currentRanges;
    this.highest = this.widest;
    this.inUse = this.widest;
    this.voltageStepV = resolution.voltageStepV ?? 0.00015;
    this.currentSteps = resolution.currentSteps ?? 2 ** 15;
    this.voltageRange = model.voltageRanges[model.voltageRanges.length - 1]?.index ?? 0;
    this.sine = createSineMeasurement(cell, this.errors);
  }

  private get widest(): number {
    return this.ranges.length - 1;
  }

  private covering(level: number): number {
    const size = Math.abs(level);
    for (let index = 0; index < this.ranges.length; index += 1)
      if (size <= this.rangeAt(index).nominal * (1 + 1e-9)) return index;
    return this.widest;
  }

  private rangeAt(index: number): InstrumentRange {
    return this.ranges[index] as InstrumentRange;
  }

  private apply(atMs: number): void {
    this.isAtCompliance = false;
    if (this.mode === MODE_GALVANOSTAT) {
      this.cell.applyCurrent(atMs, this.setCurrentA);
      this.limitOutput(atMs);
    } else this.cell.applyVoltageWithin(atMs, this.setVoltageV, -this.model.currentMaxA, this.model.currentMaxA);
  }

  /** A current goes only so far as the output voltage can drive it, and comes back when the cell takes it again. */
  private limitOutput(atMs: number): void {
    const { cell, model } = this;
    if (this.isAtCompliance && Math.abs(cell.currentA) >= Math.abs(this.setCurrentA)) {
      this.isAtCompliance = false;
      cell.applyCurrent(atMs, this.setCurrentA);
      cell.read(atMs);
    }
    if (!this.isAtCompliance && Math.abs(cell.voltageV) > model.complianceV) {
      this.isAtCompliance = true;
      cell.applyVoltage(atMs, Math.sign(cell.voltageV) * model.complianceV);
      cell.read(atMs);
    }
  }

  /** What stands at the terminals: without a path for the current, all that the output has. */
  private terminalV(): number {
    const { cell } = this;
    if (this.mode !== MODE_GALVANOSTAT || !this.isCellOn || this.setCurrentA === 0 || cell.currentA !== 0)
      return cell.voltageV;
    return Math.sign(this.setCurrentA) * this.model.complianceV;
  }

  private measureVoltage(trueV: number): void {
    const voltageV = Math.round(trueV / this.voltageStepV) * this.voltageStepV;
    const share = this.isJumped ? JUMPED_SHARE : 1;
    const leastV = share * this.model.voltageMinV;
    const mostV = share * this.model.voltageMaxV;
    const isOutside = voltageV > mostV || voltageV < leastV;
    this.voltageV = isOutside ? Math.max(leastV, Math.min(mostV, voltageV)) : voltageV;
    this.voltageStatus = isOutside ? STATUS_OVERLOAD : 0;
  }

  /** A range is kept until its flags would show: the two thresholds are apart, so that noise does not make it flicker. */
  private chooseRange(trueA: number): void {
    const { lowest, highest } = this;
    if (lowest === highest || !this.isCellOn) return;
    const size = Math.abs(trueA);
    while (this.inUse < highest && size > WARNING_ABOVE * this.rangeAt(this.inUse).nominal) this.inUse += 1;
    while (this.inUse > lowest && size < UNDERLOAD_BELOW * this.rangeAt(this.inUse).nominal) this.inUse -= 1;
  }

  private measureCurrent(seenA: number): void {
    this.currentA = 0;
    this.currentStatus = 0;
    if (!this.isCellOn) return;
    const size = Math.abs(seenA);
    const nominal = this.rangeAt(this.inUse).nominal;
    const step = nominal / this.currentSteps;
    const currentA = Math.round(seenA / step) * step;
    this.currentA = currentA;
    this.currentStatus = this.statusOf(size);
    if (this.currentStatus === STATUS_OVERLOAD) this.currentA = Math.sign(currentA) * OVERLOAD_ABOVE * nominal;
  }

  private statusOf(sizeA: number): number {
    const { nominal } = this.rangeAt(this.inUse);
    if (sizeA > OVERLOAD_ABOVE * nominal) return STATUS_OVERLOAD;
    if (sizeA > WARNING_ABOVE * nominal) return STATUS_WARNING;
    return sizeA < UNDERLOAD_BELOW * nominal ? STATUS_UNDERLOAD : 0;
  }

  /** `sineA` is the height of a sine of current that the range must take besides. */
  private readCell(atMs: number, sineA: number): void {
    const { cell, errors } = this;
    cell.read(atMs);
    if (this.mode === MODE_GALVANOSTAT && this.isCellOn) this.limitOutput(atMs);
    this.chooseRange(Math.abs(cell.currentA) + sineA);
    const rightRange = this.inUse;
    this.isJumped = this.areJumping && !this.isJumped;
    if (this.isJumped) this.feltJump?.();
    if (this.isJumped) this.inUse = Math.max(0, this.covering(cell.currentA / OVERLOAD_ABOVE) - 1);
    if (errors === null) {
      this.measureVoltage(this.terminalV());
      this.measureCurrent(cell.currentA);
    } else {
      // The last conversion still stands.
      if (atMs - this.convertedMs < errors.updateMs) return;
      this.convertedMs = atMs;
      errors.read(atMs, this.terminalV(), cell.currentA, this.inUse, this.rangeAt(this.inUse).nominal);
      this.measureVoltage(errors.voltageV);
      this.measureCurrent(errors.currentA);
    }
    const offset = this.mode === MODE_GALVANOSTAT ? this.model.galvanostatIndexOffset : 0;
    this.currentRange = this.rangeAt(this.inUse).index + offset;
    this.inUse = rightRange;
  }

  setMode(next: number): number {
    if (next !== 0 && next !== 2 && next !== 3 && next !== 4 && next !== 5 && next !== MODE_GALVANOSTAT)
      return ScriptTrouble.unknownMode;
    if (next === MODE_GALVANOSTAT && !this.model.hasGalvanostat) return ScriptTrouble.unknownMode;
    this.mode = next;
    this.convertedMs = -Infinity;
    // Ranges must be repeated after every change of mode.
    this.lowest = 0;
    this.highest = this.widest;
    this.inUse = this.widest;
    return 0;
  }

  setPotential(level: number): number {
    if (!Number.isFinite(level)) return ScriptTrouble.notANumber;
    if (level < this.model.voltageMinV || level > this.model.voltageMaxV) return ScriptTrouble.potentialNotValid;
    this.setVoltageV = level;
    return 0;
  }

  setCurrent(level: number): number {
    if (!Number.isFinite(level)) return ScriptTrouble.notANumber;
    if (Math.abs(level) > this.model.currentMaxA) return ScriptTrouble.notPossible;
    this.setCurrentA = level;
    return 0;
  }

  switchOn(atMs: number): number {
    if (this.mode === MODE_OFF) return ScriptTrouble.wrongMode;
    this.isCellOn = true;
    this.convertedMs = -Infinity;
    this.apply(atMs);
    return 0;
  }

  switchOff(atMs: number): void {
    this.isCellOn = false;
    this.isAtCompliance = false;
    this.convertedMs = -Infinity;
    this.cell.disconnect(atMs);
  }

  drive(atMs: number, level: number): number {
    const trouble = this.mode === MODE_GALVANOSTAT ? this.setCurrent(level) : this.setPotential(level);
    if (trouble === 0 && this.isCellOn) this.apply(atMs);
    return trouble;
  }

  setRange(quantity: string, low: number, high: number): void {
    if (quantity !== "ba" && quantity !== "db") return;
    this.lowest = this.covering(low);
    this.highest = Math.max(this.lowest, this.covering(high));
    this.inUse = this.highest;
  }

  setAveraging(averagingS: number): void {
    this.errors?.setAveraging(averagingS);
  }

  jumpRanges(isOn: boolean, felt?: Felt): void {
    this.feltJump = felt;
    this.areJumping = isOn;
  }

  measure(atMs: number): void {
    this.readCell(atMs, 0);
  }

  measureSine(atMs: number, frequencyHz: number, amplitude: number): boolean {
    if (!this.sine.end(atMs, frequencyHz, amplitude, this.mode === MODE_GALVANOSTAT)) return false;
    this.errors?.setAveraging(1 / frequencyHz);
    const peakA = Math.SQRT2 * this.sine.reading.currentAc;
    this.readCell(atMs, peakA);
    this.currentStatus = this.statusOf(Math.abs(this.cell.currentA) + peakA);
    return true;
  }
}
