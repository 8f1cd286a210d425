import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import {
  createChannelErrors,
  mainsOf,
  NOISE_REFERENCE_S,
  TYPICAL_CHANNEL,
  type ChannelErrors,
  type ChannelErrorSizes,
} from "../../../simulator/measurement/channel-errors.ts";

const NONE: ChannelErrorSizes = {
  voltageGain: 0,
  voltageOffsetV: 0,
  voltageWhiteV: 0,
  voltageFlickerV: 0,
  voltageMainsV: 0,
  currentGain: 0,
  currentOffset: 0,
  currentWhite: 0,
  currentFlicker: 0,
  currentMains: 0,
  rangeChange: 0,
  updateMs: 1,
};

function channel(sizes: Partial<ChannelErrorSizes>, seed = 1): ChannelErrors {
  return createChannelErrors({ chance: createChance(seed), sizes: { ...NONE, ...sizes } });
}

function voltages(errors: ChannelErrors, count: number, everyMs: number, trueV = 3.7): readonly number[] {
  return Array.from({ length: count }, (_, index) => {
    errors.read(index * everyMs, trueV, 1e-3, 4, 1e-3);
    return errors.voltageV;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

describe("what a channel's readings get wrong", () => {
  it("is nothing when every size is nothing", () => {
    const errors = channel({});
    errors.read(0, 3.7, 1e-3, 4, 1e-3);
    expect([errors.voltageV, errors.currentA]).toEqual([3.7, 1e-3]);
  });

  it("has a gain and an offset of each channel's own, drawn once and within what an inspection lets pass", () => {
    const sizes = { voltageGain: 2e-4, voltageOffsetV: 3e-4 };
    const drawn = Array.from({ length: 300 }, (_, seed) => {
      const errors = channel(sizes, seed);
      const [atZero = NaN, again = NaN] = voltages(errors, 2, 1000, 0);
      expect(again).toBe(atZero);
      const [atTen = NaN] = voltages(errors, 1, 1000, 10);
      return { offsetV: atZero, gain: (atTen - atZero) / 10 - 1 };
    });
    const offsets = drawn.map((one) => one.offsetV);
    const gains = drawn.map((one) => one.gain);
    expect(deviation(offsets) / 3e-4).toBeGreaterThan(0.85);
    expect(deviation(offsets) / 3e-4).toBeLessThan(1.15);
    expect(deviation(gains) / 2e-4).toBeGreaterThan(0.85);
    expect(deviation(gains) / 2e-4).toBeLessThan(1.15);
    expect(Math.max(...offsets.map(Math.abs))).toBeLessThanOrEqual(2.5 * 3e-4);
  });

  it("has white noise that falls with the root of the averaging time", () => {
    const errors = channel({ voltageWhiteV: 1e-4 });
    errors.setAveraging(NOISE_REFERENCE_S);
    expect(deviation(voltages(errors, 20_000, 1000))).toBeCloseTo(1e-4, 5);
    errors.setAveraging(100 * NOISE_REFERENCE_S);
    expect(deviation(voltages(errors, 20_000, 1000))).toBeCloseTo(1e-5, 6);
  });

  it("has flicker that averaging does not lower and that stays from one reading to the next", () => {
    const errors = channel({ voltageFlickerV: 1e-5 });
    errors.setAveraging(10);
    const values = voltages(errors, 40_000, 1000);
    expect(deviation(values) / 1e-5).toBeGreaterThan(0.5);
    expect(deviation(values) / 1e-5).toBeLessThan(1.5);
    const middle = mean(values);
    const neighbours = mean(values.slice(1).map((value, at) => (value - middle) * ((values[at] ?? 0) - middle)));
    expect(neighbours / deviation(values) ** 2).toBeGreaterThan(0.7);
  });

  it("shows the mains as a slow beat when it is sampled ten times a second, and not when whole periods are averaged", () => {
    const beating = createChannelErrors({
      chance: createChance(3),
      sizes: { ...NONE, voltageMainsV: 1e-3 },
      mainsHz: 50.01,
    });
    beating.setAveraging(0.001);
    // 50.01 Hz every 100 ms is 5 periods and a thousandth: the alias has a period of 100 s.
    const values = voltages(beating, 2000, 100).map((value) => value - 3.7);
    const swing = Math.max(...values) - Math.min(...values);
    expect(swing).toBeGreaterThan(1e-5);
    expect(Math.abs((values[0] ?? 0) - (values[1000] ?? 0)) / swing).toBeLessThan(0.01);
    expect(Math.abs((values[0] ?? 0) + (values[500] ?? 0)) / swing).toBeLessThan(0.01);
    beating.setAveraging(0.1);
    expect(new Set(voltages(beating, 100, 100))).toEqual(new Set([3.7]));
  });

  it("has a grid a little off 50 Hz, the same each time it is asked", () => {
    expect(mainsOf(createChance(1))).toBe(mainsOf(createChance(1)));
    for (let seed = 0; seed < 50; seed += 1) expect(Math.abs(mainsOf(createChance(seed)) - 50)).toBeLessThan(0.04);
  });

  it("has an offset of the current in parts of the range, another in each range", () => {
    const errors = channel({ currentOffset: 1e-4 });
    const offsetIn = (range: number, nominalA: number): number => {
      errors.read(0, 3.7, 0, range, nominalA);
      return errors.currentA / nominalA;
    };
    expect(Math.abs(offsetIn(4, 1e-3))).toBeLessThanOrEqual(2.5e-4);
    expect(offsetIn(4, 1e-3)).not.toBe(0);
    expect(offsetIn(5, 1e-2)).not.toBe(offsetIn(4, 1e-3));
    expect(offsetIn(4, 1e-3)).toBe(offsetIn(4, 1e-3));
  });

  it("has bad readings for 20 ms after a change of range, unless a reading takes longer itself", () => {
    const errors = channel({ rangeChange: 0.02 });
    const offIn = (atMs: number, range: number): number => {
      errors.read(atMs, 3.7, 1e-3, range, 1e-3);
      return errors.currentA / 1e-3 - 1;
    };
    errors.setAveraging(0.002);
    expect(offIn(0, 5)).toBe(0);
    expect(offIn(100, 4)).toBeCloseTo(0.02, 12);
    expect(offIn(106, 4)).toBeCloseTo(0.02 / Math.E, 12);
    expect(offIn(120, 4)).toBe(0);
    errors.setAveraging(0.1);
    expect(offIn(200, 5)).toBe(0);
  });

  it("stays within some millivolts at a cell's voltage, for every channel of a rack", () => {
    for (let seed = 0; seed < 96; seed += 1) {
      const errors = createChannelErrors({ chance: createChance(seed), sizes: TYPICAL_CHANNEL });
      errors.setAveraging(0.1);
      for (const value of voltages(errors, 50, 1000, 4.2)) expect(Math.abs(value - 4.2)).toBeLessThan(4e-3);
    }
  });

  it("is the same again for the same stream, and a table of plain numbers to the engine", () => {
    expect(voltages(channel(TYPICAL_CHANNEL, 5), 50, 1000)).toEqual(voltages(channel(TYPICAL_CHANNEL, 5), 50, 1000));
    const accessors = Object.values(Object.getOwnPropertyDescriptors(channel({}))).filter(
      (descriptor) => "get" in descriptor || "set" in descriptor,
    );
    expect(accessors).toEqual([]);
  });
});
