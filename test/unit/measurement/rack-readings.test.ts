import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createWorldReading, type ReadQuantity } from "../../../simulator/measurement/rack-readings.ts";
import { cell, ready, testWorld } from "../world/worlds.ts";

/** Readings of a rack in order, ten seconds apart. */
function readings(quantity: ReadQuantity, seed: number | undefined, count = 1000) {
  const { world } = testWorld([cell(0)]);
  const chance = seed === undefined ? undefined : createChance(seed);
  const read = createWorldReading(quantity, world, chance);
  return Array.from({ length: count }, (_, index) => read(index * 10_000));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("sensors over the rack as they read", () => {
  it("are exact but for their steps when their flaws are left out", () => {
    expect(new Set(readings("temperature", undefined))).toEqual(new Set([25]));
    expect(new Set(readings("gas", undefined))).toEqual(new Set([0]));
    expect(new Set(readings("humidity", undefined))).toEqual(new Set([40]));
  });

  it("are each off by their own, and the same for the same seed", () => {
    const offsets = Array.from({ length: 40 }, (_, seed) => meanOf(readings("temperature", seed, 100)) - 25);
    const spread = Math.sqrt(meanOf(offsets.map((offset) => offset * offset)));
    expect(spread).toBeGreaterThan(0.2);
    expect(spread).toBeLessThan(0.4);
    expect(readings("temperature", 3)).toEqual(readings("temperature", 3));
  });

  it("show no gas that would alarm anybody where there is none", () => {
    expect(Math.max(...readings("gas", 1))).toBeLessThan(0.1);
    expect(Math.min(...readings("gas", 1))).toBe(0);
  });
});

describe("monitors in the beam", () => {
  it("see what comes to them: the chamber the whole beam, the diode what shutter and filters let through", async () => {
    const test = testWorld([cell(0)]);
    const chamber = createWorldReading("ion_chamber", test.world, undefined);
    const diode = createWorldReading("diode", test.world, undefined);
    const dark = chamber(test.clock.nowMs());
    expect(dark).toBeLessThan(1e-11);
    await ready(test, 12.5, 12.5);
    const { clock, world } = test;
    const lit = chamber(clock.nowMs());
    expect(lit).toBeGreaterThan(1e-9);
    expect(diode(clock.nowMs())).toBeLessThan(1e-11);
    world.beam.driveShutter(clock.nowMs(), true);
    await clock.run(clock.nowMs() + 100);
    const open = diode(clock.nowMs());
    expect(open).toBeGreaterThan(1e-7);
    world.beam.driveFilter(clock.nowMs(), 0, true);
    await clock.run(clock.nowMs() + 1000);
    // One millimetre of aluminium at 60 keV: exp(-0.278 x 2.7 x 0.1).
    expect(diode(clock.nowMs()) / open).toBeCloseTo(0.928, 2);
    expect(chamber(clock.nowMs()) / lit).toBeCloseTo(1, 2);
  });
});
