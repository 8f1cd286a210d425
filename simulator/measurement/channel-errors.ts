/**
 * What an instrument makes of a true voltage and current before its converter rounds them: gain, offset, white and
 * flicker noise, mains pick-up, bad values just after a change of range. `cell-physics.md` section 5 gives the form.
 * It touches what is recorded, never the cell.
 */
import type { Chance } from "../plant/plant.ts";
import { createCheapNormal, type CheapNormal } from "./cheap-normal.ts";

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
/** Of each range its gain and its offset, then the octaves and their sum, then what does not change from reading to reading. */
const OCTAVES = 2 * RANGES_MOST;
const FLICKER = OCTAVES + FLICKER_OCTAVES;
const VOLTAGE_GAIN = FLICKER + 1;
const VOLTAGE_OFFSET_V = FLICKER + 2;
const WHITE_V = FLICKER + 3;
const WHITE_SHARE = FLICKER + 4;
const MAINS_LEFT = FLICKER + 5;
const MAINS_V = FLICKER + 6;
const MAINS_SHARE = FLICKER + 7;
const MAINS_PHASE = FLICKER + 8;
const MAINS_PER_MS = FLICKER + 9;
const SETTLES_MS = FLICKER + 10;
const CHANGED_MS = FLICKER + 11;
const PLACES = FLICKER + 12;
/** One of the flicker's steps is as large as makes their sum a standard deviation. */
const PER_OCTAVE = 1 / Math.sqrt(FLICKER_OCTAVES);
/** Mains left after averaging over whole periods that the grid does not quite keep. */
const MAINS_WORTH_A_SINE = 0.01;

export function createChannelErrors(options: ChannelErrorOptions): ChannelErrors {
  return new Errors(options);
}

/** A class over one table, because 96 channels share the processor's cache. */
class Errors implements ChannelErrors {
  voltageV = 0;
  currentA = 0;
  private readonly table = new Float64Array(PLACES);
  private readonly normal: CheapNormal;
  private readonly sizes: ChannelErrorSizes;
  private readings = 0;
  private lastRange = -1;
  readonly updateMs: number;
  private readonly mainsHz: number;

  constructor({ chance, sizes = TYPICAL_CHANNEL, mainsHz = 50 }: ChannelErrorOptions) {
    const { table } = this;
    this.normal = createCheapNormal(chance.stream("noise"));
    this.sizes = sizes;
    this.updateMs = sizes.updateMs;
    this.mainsHz = mainsHz;
    const drawn = chance.stream("calibration");
    const inspected = (sd: number): number =>
      sd * Math.max(-INSPECTED_SIGMA, Math.min(INSPECTED_SIGMA, drawn.normal()));
    table[VOLTAGE_GAIN] = 1 + inspected(sizes.voltageGain);
    table[VOLTAGE_OFFSET_V] = inspected(sizes.voltageOffsetV);
    table[MAINS_V] = sizes.voltageMainsV * drawn.uniform();
    table[MAINS_SHARE] = sizes.currentMains * drawn.uniform();
    table[MAINS_PHASE] = 2 * Math.PI * drawn.uniform();
    table[MAINS_PER_MS] = (2 * Math.PI * mainsHz) / 1000;
    for (let range = 0; range < RANGES_MOST; range += 1) table[2 * range] = 1 + inspected(sizes.currentGain);
    for (let range = 0; range < RANGES_MOST; range += 1) table[2 * range + 1] = inspected(sizes.currentOffset);
    // Flicker as the sum of steps of one, two, four .. readings (Voss and McCartney), one of them new at each reading.
    for (let octave = 0; octave < FLICKER_OCTAVES; octave += 1) {
      table[OCTAVES + octave] = PER_OCTAVE * this.normal.draw();
    }
    table[FLICKER] = table.subarray(OCTAVES, FLICKER).reduce((sum, value) => sum + value, 0);
    table[CHANGED_MS] = -Infinity;
    this.setAveraging(NOISE_REFERENCE_S);
  }

  setAveraging(averagingS: number): void {
    const { table, sizes } = this;
    const longS = averagingS > 1e-6 ? averagingS : 1e-6;
    const white = Math.sqrt(NOISE_REFERENCE_S / longS);
    table[WHITE_V] = sizes.voltageWhiteV * white;
    table[WHITE_SHARE] = sizes.currentWhite * white;
    const half = Math.PI * this.mainsHz * longS;
    const left = Math.abs(Math.sin(half) / half);
    table[MAINS_LEFT] = left < MAINS_WORTH_A_SINE ? 0 : left;
    // A reading that takes longer than the range needs to settle waits for it.
    table[SETTLES_MS] = longS * 1000 > RANGE_CHANGE_MS ? 0 : RANGE_CHANGE_MS;
  }

  private stepFlicker(): void {
    this.readings = (this.readings + 1) | 0;
    const octave = 31 - Math.clz32(this.readings & -this.readings);
    if (octave >= FLICKER_OCTAVES) return;
    const { table } = this;
    const fresh = PER_OCTAVE * this.normal.draw();
    table[FLICKER] = (table[FLICKER] as number) + (fresh - (table[OCTAVES + octave] as number));
    table[OCTAVES + octave] = fresh;
  }

  ofImpedance(re: number, im: number): { readonly re: number; readonly im: number } {
    const { normal } = this;
    const size = 1 + IMPEDANCE_SIZE * normal.draw();
    const angle = IMPEDANCE_ANGLE * normal.draw();
    const [along, across] = [size * Math.cos(angle), size * Math.sin(angle)];
    return {
      re: re * along - im * across + IMPEDANCE_FLOOR_OHM * normal.draw(),
      im: re * across + im * along + IMPEDANCE_FLOOR_OHM * normal.draw(),
    };
  }

  read(atMs: number, trueV: number, trueA: number, range: number, nominalA: number): void {
    const { table, normal, sizes } = this;
    this.stepFlicker();
    const flicker = table[FLICKER] as number;
    let volts =
      (table[VOLTAGE_GAIN] as number) * trueV +
      (table[VOLTAGE_OFFSET_V] as number) +
      (table[WHITE_V] as number) * normal.draw() +
      sizes.voltageFlickerV * flicker;
    let share =
      (table[2 * range + 1] as number) +
      (table[WHITE_SHARE] as number) * normal.draw() +
      sizes.currentFlicker * flicker;
    const mainsLeft = table[MAINS_LEFT] as number;
    if (mainsLeft > 0) {
      const mains = mainsLeft * Math.sin((table[MAINS_PER_MS] as number) * atMs + (table[MAINS_PHASE] as number));
      volts += (table[MAINS_V] as number) * mains;
      share += (table[MAINS_SHARE] as number) * mains;
    }
    if (range !== this.lastRange) {
      table[CHANGED_MS] = this.lastRange < 0 ? -Infinity : atMs;
      this.lastRange = range;
    }
    const sinceMs = atMs - (table[CHANGED_MS] as number);
    if (sinceMs < (table[SETTLES_MS] as number))
      share += sizes.rangeChange * Math.exp(-sinceMs / RANGE_CHANGE_DECAY_MS);
    this.voltageV = volts;
    this.currentA = (table[2 * range] as number) * trueA + share * nominalA;
  }
}
