/**
 * What an instrument makes of a true voltage and current before its converter rounds them: gain, offset, white and
 * flicker noise, mains pick-up, bad values just after a change of range. `cell-physics.md` section 5 gives the form.
 * It touches what is recorded, never the cell.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import type { Chance } from "../plant/plant.ts";
import { createCheapNormal } from "./cheap-normal.ts";

/** Sizes of the errors of one kind of instrument; standard deviations between channels where not said otherwise. */
export interface ChannelErrorSizes {
  readonly voltageGain: number;
  readonly voltageOffsetV: number;
  /** White noise of a reading averaged for `NOISE_REFERENCE_S`; it falls with the root of the averaging time. */
  readonly voltageWhiteV: number;
  /** Noise that averaging does not lower. */
  readonly voltageFlickerV: number;
  /** Largest mains amplitude before averaging; each channel picks up a share of it. */
  readonly voltageMainsV: number;
  readonly currentGain: number;
  /** The rest in parts of the range in use. */
  readonly currentOffset: number;
  readonly currentWhite: number;
  readonly currentFlicker: number;
  readonly currentMains: number;
  /** Share of the range by which a reading is off right after a change of range. */
  readonly rangeChange: number;
  /** The converter gives a new value no more often than this. */
  readonly updateMs: number;
}

/** A well kept 16-bit channel. All chosen: a real site takes them from its instruments' data sheets. */
export const TYPICAL_CHANNEL: ChannelErrorSizes = {
  voltageGain: 2e-4,
  voltageOffsetV: 3e-4,
  voltageWhiteV: 1e-4,
  voltageFlickerV: 1e-5,
  voltageMainsV: 1e-3,
  currentGain: 5e-4,
  currentOffset: 1e-4,
  currentWhite: 5e-5,
  currentFlicker: 5e-6,
  currentMains: 2e-4,
  rangeChange: 0.02,
  updateMs: 1,
};

export interface ChannelErrors {
  readonly updateMs: number;
  /** What the converter is given; plain fields, since every sample of every channel comes by. */
  readonly voltageV: number;
  readonly currentA: number;
  /** How long each reading is averaged from now on, seconds. */
  setAveraging(averagingS: number): void;
  /** Refreshes `voltageV` and `currentA` for a reading in the range numbered `range` that ends at `nominalA`. */
  read(atMs: number, trueV: number, trueA: number, range: number, nominalA: number): void;
  /** What it makes of an impedance, ohm. */
  ofImpedance(re: number, im: number): { readonly re: number; readonly im: number };
}

export interface ChannelErrorOptions {
  /** The channel's own stream. */
  readonly chance: Chance;
  readonly sizes?: ChannelErrorSizes;
  /** The grid's true frequency, the same for all channels. Default 50 Hz. */
  readonly mainsHz?: number;
}

/** The grid as it is: never quite 50 Hz, so that what it induces beats slowly with the sampling. */
export function mainsOf(chance: Chance): number {
  return 50 * (1 + 2e-4 * Math.max(-3, Math.min(3, chance.normal())));
}

export const NOISE_REFERENCE_S = 0.02;
/** Calibrated and inspected: a channel further off than this is not in use. */
const INSPECTED_SIGMA = 2.5;
/** After a change of range readings are bad for this long, if they do not take longer themselves. */
const RANGE_CHANGE_MS = 20;
const RANGE_CHANGE_DECAY_MS = 6;
const FLICKER_OCTAVES = 8;
const RANGES_MOST = 16;
/** Of an impedance: relative size, angle in radians, and what no averaging takes away (`models.json`, measurement). */
const IMPEDANCE_SIZE = 2e-3;
const IMPEDANCE_ANGLE = (0.2 * Math.PI) / 180;
const IMPEDANCE_FLOOR_OHM = 1e-3;
/** Mains left after averaging over whole periods that the grid does not quite keep. */
const MAINS_WORTH_A_SINE = 0.01;

export function createChannelErrors(options: ChannelErrorOptions): ChannelErrors {
  const { chance, sizes = TYPICAL_CHANNEL, mainsHz = 50 } = options;
  const normal = createCheapNormal(chance.stream("noise"));
  const drawn = chance.stream("calibration");
  const inspected = (sd: number): number => sd * Math.max(-INSPECTED_SIGMA, Math.min(INSPECTED_SIGMA, drawn.normal()));
  const voltageGain = 1 + inspected(sizes.voltageGain);
  const voltageOffsetV = inspected(sizes.voltageOffsetV);
  const mainsV = sizes.voltageMainsV * drawn.uniform();
  const mainsShare = sizes.currentMains * drawn.uniform();
  const mainsPhase = 2 * Math.PI * drawn.uniform();
  const mainsPerMs = (2 * Math.PI * mainsHz) / 1000;
  /** Of each range its gain and its offset, then the octaves and their sum: one array, because 96 channels share the processor's cache. */
  const table = new Float64Array(2 * RANGES_MOST + FLICKER_OCTAVES + 1);
  for (let range = 0; range < RANGES_MOST; range += 1) table[2 * range] = 1 + inspected(sizes.currentGain);
  for (let range = 0; range < RANGES_MOST; range += 1) table[2 * range + 1] = inspected(sizes.currentOffset);

  // Flicker as the sum of steps of one, two, four .. readings (Voss and McCartney), one of them new at each reading.
  const perOctave = 1 / Math.sqrt(FLICKER_OCTAVES);
  const octaves = 2 * RANGES_MOST;
  for (let octave = 0; octave < FLICKER_OCTAVES; octave += 1) table[octaves + octave] = perOctave * normal.draw();
  const flicker = octaves + FLICKER_OCTAVES;
  table[flicker] = table.subarray(octaves, flicker).reduce((sum, value) => sum + value, 0);
  let readings = 0;

  let whiteV = 0;
  let whiteShare = 0;
  let mainsLeft = 0;
  let settlesMs = 0;
  let lastRange = -1;
  let changedMs = -Infinity;

  function setAveraging(averagingS: number): void {
    const longS = averagingS > 1e-6 ? averagingS : 1e-6;
    const white = Math.sqrt(NOISE_REFERENCE_S / longS);
    whiteV = sizes.voltageWhiteV * white;
    whiteShare = sizes.currentWhite * white;
    const half = Math.PI * mainsHz * longS;
    const left = Math.abs(Math.sin(half) / half);
    mainsLeft = left < MAINS_WORTH_A_SINE ? 0 : left;
    // A reading that takes longer than the range needs to settle waits for it.
    settlesMs = longS * 1000 > RANGE_CHANGE_MS ? 0 : RANGE_CHANGE_MS;
  }

  function stepFlicker(): void {
    readings = (readings + 1) | 0;
    const octave = 31 - Math.clz32(readings & -readings);
    if (octave >= FLICKER_OCTAVES) return;
    const fresh = perOctave * normal.draw();
    table[flicker] = (table[flicker] ?? 0) + (fresh - (table[octaves + octave] ?? 0));
    table[octaves + octave] = fresh;
  }

  setAveraging(NOISE_REFERENCE_S);

  const errors: Writable<ChannelErrors> = {
    updateMs: sizes.updateMs,
    voltageV: 0,
    currentA: 0,
    setAveraging,
    ofImpedance(re, im) {
      const size = 1 + IMPEDANCE_SIZE * normal.draw();
      const angle = IMPEDANCE_ANGLE * normal.draw();
      const [along, across] = [size * Math.cos(angle), size * Math.sin(angle)];
      return {
        re: re * along - im * across + IMPEDANCE_FLOOR_OHM * normal.draw(),
        im: re * across + im * along + IMPEDANCE_FLOOR_OHM * normal.draw(),
      };
    },
    read(atMs, trueV, trueA, range, nominalA) {
      stepFlicker();
      let volts =
        voltageGain * trueV + voltageOffsetV + whiteV * normal.draw() + sizes.voltageFlickerV * (table[flicker] ?? 0);
      let share =
        (table[2 * range + 1] ?? 0) + whiteShare * normal.draw() + sizes.currentFlicker * (table[flicker] ?? 0);
      if (mainsLeft > 0) {
        const mains = mainsLeft * Math.sin(mainsPerMs * atMs + mainsPhase);
        volts += mainsV * mains;
        share += mainsShare * mains;
      }
      if (range !== lastRange) {
        changedMs = lastRange < 0 ? -Infinity : atMs;
        lastRange = range;
      }
      const sinceMs = atMs - changedMs;
      if (sinceMs < settlesMs) share += sizes.rangeChange * Math.exp(-sinceMs / RANGE_CHANGE_DECAY_MS);
      errors.voltageV = volts;
      errors.currentA = (table[2 * range] ?? 1) * trueA + share * nominalA;
    },
  };
  return errors;
}
