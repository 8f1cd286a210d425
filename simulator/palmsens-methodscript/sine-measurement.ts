/**
 * One frequency: a sine on the cell, and what the instrument makes of its answer. It correlates over whole periods,
 * so that of a cell that is not at rest the drift meanwhile is taken for a part of the answer in phase with the sine.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import type { ChannelErrors } from "../measurement/channel-errors.ts";
import type { CellPlant } from "../plant/plant.ts";

export interface SineReading {
  readonly realOhm: number;
  readonly imaginaryOhm: number;
  /** Effective values. */
  readonly voltageAc: number;
  readonly currentAc: number;
}

export interface SineMeasurement {
  readonly reading: SineReading;
  /** How long a point takes, seconds: a period to settle, two to measure, some time to set up. */
  pointS(frequencyHz: number): number;
  /** The sine begins. */
  begin(atMs: number): void;
  /** The sine is over. False where the cell answers to none. `amplitude` is an effective voltage, or a current. */
  end(atMs: number, frequencyHz: number, amplitude: number, isCurrent: boolean): boolean;
}

const PERIODS_SETTLING = 1;
const PERIODS_MEASURED = 2;
const SETUP_S = 0.15;

export function createSineMeasurement(cell: CellPlant, errors: ChannelErrors | null): SineMeasurement {
  const reading: Writable<SineReading> = { realOhm: 0, imaginaryOhm: 0, voltageAc: 0, currentAc: 0 };
  let beginV = 0;
  let beginA = 0;

  return {
    reading,
    pointS: (frequencyHz) => SETUP_S + (PERIODS_SETTLING + PERIODS_MEASURED) / frequencyHz,
    begin(atMs) {
      cell.read(atMs);
      beginV = cell.voltageV;
      beginA = cell.currentA;
    },
    end(atMs, frequencyHz, amplitude, isCurrent) {
      const truth = cell.impedanceOhm?.(frequencyHz);
      if (truth === undefined) return false;
      cell.read(atMs);
      // The sine coefficient of a ramp over N periods is its rise over pi N.
      const share = PERIODS_MEASURED / (PERIODS_SETTLING + PERIODS_MEASURED) / (Math.PI * PERIODS_MEASURED);
      const peak = amplitude * Math.SQRT2;
      let { re, im } = truth;
      if (isCurrent) re -= ((cell.voltageV - beginV) * share) / peak;
      else {
        const size = re * re + im * im;
        const real = re / size - ((cell.currentA - beginA) * share) / peak;
        const imaginary = -im / size;
        const inverse = real * real + imaginary * imaginary;
        re = real / inverse;
        im = -imaginary / inverse;
      }
      const seen = errors === null ? { re, im } : errors.ofImpedance(re, im);
      reading.realOhm = seen.re;
      reading.imaginaryOhm = seen.im;
      const ohm = Math.hypot(truth.re, truth.im);
      reading.voltageAc = isCurrent ? amplitude * ohm : amplitude;
      reading.currentAc = isCurrent ? amplitude : amplitude / ohm;
      return true;
    },
  };
}
