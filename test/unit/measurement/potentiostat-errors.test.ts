import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createChannelErrors, TYPICAL_CHANNEL } from "../../../simulator/measurement/channel-errors.ts";
import { INSTRUMENT_MODELS } from "../../../simulator/palmsens-methodscript/instrument-models.ts";
import { createPotentiostat, MODE_GALVANOSTAT } from "../../../simulator/palmsens-methodscript/potentiostat.ts";
import type { CellPlant } from "../../../simulator/plant/plant.ts";
import { testCell } from "../../support/methodscript-bench.ts";

const MODEL = INSTRUMENT_MODELS.es4_hr;
const POTENTIOSTAT = 2;
const OVERLOAD = 2;

function errorsOf(seed: number) {
  return createChannelErrors({ chance: createChance(seed), sizes: TYPICAL_CHANNEL });
}

/** Terminals that nothing connects: no current, whatever is asked. */
const OPEN: CellPlant = {
  disconnect: () => undefined,
  applyCurrent: () => undefined,
  applyVoltage: () => undefined,
  applyVoltageWithin: () => undefined,
  read: () => undefined,
  voltageV: 0,
  currentA: 0,
};

describe("a potentiostat whose readings are not exact", () => {
  it("drives the cell as if they were: the same truth, other records", () => {
    const exactCell = testCell();
    const flawedCell = testCell();
    const exact = createPotentiostat(MODEL, exactCell, {});
    const flawed = createPotentiostat(MODEL, flawedCell, { errors: errorsOf(1) });
    for (const device of [exact, flawed]) {
      device.setMode(POTENTIOSTAT);
      device.setPotential(3.75);
      device.setRange("ba", 1e-6, 1e-2);
      device.switchOn(0);
    }
    let differing = 0;
    for (let atMs = 100; atMs < 5000; atMs += 100) {
      exact.measure(atMs);
      flawed.measure(atMs);
      expect(flawedCell.currentA).toBe(exactCell.currentA);
      expect(flawedCell.voltageV).toBe(exactCell.voltageV);
      expect(flawed.state.currentRange).toBe(exact.state.currentRange);
      expect(Math.abs(flawed.state.voltageV - exact.state.voltageV)).toBeLessThan(4e-3);
      if (flawed.state.voltageV !== exact.state.voltageV) differing += 1;
    }
    expect(differing).toBeGreaterThan(40);
  });

  it("still reads in steps of its converter", () => {
    const device = createPotentiostat(MODEL, testCell(), { errors: errorsOf(2) });
    for (let atMs = 0; atMs < 1000; atMs += 10) {
      device.measure(atMs);
      const steps = device.state.voltageV / 0.00015;
      expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6);
    }
  });

  it("gives the last conversion again when it is asked too soon", () => {
    const device = createPotentiostat(MODEL, testCell(), { errors: errorsOf(3) });
    device.measure(10);
    const first = device.state.voltageV;
    const again = Array.from({ length: 9 }, (_, index) => {
      device.measure(10 + 0.1 * (index + 1));
      return device.state.voltageV;
    });
    expect(new Set(again)).toEqual(new Set([first]));
    const later = Array.from({ length: 20 }, (_, index) => {
      device.measure(20 + index);
      return device.state.voltageV;
    });
    expect(new Set(later).size).toBeGreaterThan(1);
  });

  it("reads what is beyond a fixed range as its end, with the flag for it", () => {
    const cell = testCell(3.7);
    const device = createPotentiostat(MODEL, cell, { errors: errorsOf(4) });
    device.setMode(POTENTIOSTAT);
    device.setPotential(4);
    device.setRange("ba", 1e-3, 1e-3);
    device.switchOn(0);
    device.measure(1);
    expect(cell.currentA).toBeGreaterThan(0.02);
    expect(device.state.currentStatus).toBe(OVERLOAD);
    expect(device.state.currentA).toBeCloseTo(2.92e-3, 9);
  });
});

describe("a range that is chosen by itself", () => {
  /** Ranges in use, in order, while a cell's current is what `currentOf` says, read every 100 ms. */
  function rangesFor(currentOf: (index: number) => number, count: number): readonly number[] {
    const cell = { ...OPEN, voltageV: 3.7, currentA: 0 };
    const device = createPotentiostat(MODEL, cell, { errors: errorsOf(5) });
    device.setMode(POTENTIOSTAT);
    device.setPotential(3.7);
    device.setRange("ba", 1e-7, 1e-1);
    device.switchOn(0);
    const seen: number[] = [];
    for (let index = 0; index < count; index += 1) {
      cell.currentA = currentOf(index);
      device.measure(100 * (index + 1));
      const range = device.state.currentRange;
      if (seen.at(-1) !== range) seen.push(range);
    }
    return seen;
  }

  it.each([1, 1.23, 2.46, 0.123])("does not flicker about %d of a range's end", (part) => {
    const nominalA = 1e-3;
    const ranges = rangesFor((index) => part * nominalA * (1 + 0.02 * Math.sin(index)), 500);
    expect(ranges.length).toBeLessThanOrEqual(3);
    expect(new Set(ranges).size).toBe(ranges.length);
  });

  it("goes down once through each range as a hold tapers, and up again as it is ended", () => {
    const taper = rangesFor((index) => 5e-3 * 10 ** (-index / 200), 1000);
    expect(taper).toEqual([24, 21, 18, 15, 12, 9]);
    const back = rangesFor((index) => (index < 500 ? 1e-7 : 5e-3), 600);
    expect(back).toEqual([9, 24]);
  });

  it("never reads a current beyond its end without its flag", () => {
    const cell = { ...OPEN, voltageV: 3.7, currentA: 0 };
    const device = createPotentiostat(MODEL, cell, {});
    device.setMode(POTENTIOSTAT);
    device.setPotential(3.7);
    device.setRange("ba", 1e-6, 1e-2);
    device.switchOn(0);
    for (let index = 0; index < 400; index += 1) {
      cell.currentA = 2e-7 * 10 ** (index / 80);
      device.measure(index);
      const { currentA, currentStatus } = device.state;
      if (currentStatus !== OVERLOAD) expect(Math.abs(currentA / cell.currentA - 1)).toBeLessThan(1e-3);
    }
  });
});

describe("the end of a galvanostat's output", () => {
  it("stops the current that a cell does not take, and gives it back when the cell does", () => {
    const cell = testCell(3.7, 0.06, 10_000);
    const device = createPotentiostat(MODEL, cell, {});
    device.setMode(MODE_GALVANOSTAT);
    device.setCurrent(1e-3);
    device.switchOn(0);
    device.measure(100);
    // 13.7 V would be needed; the output has 8.
    expect(cell.voltageV).toBeCloseTo(MODEL.complianceV, 9);
    expect(cell.currentA).toBeGreaterThan(0);
    expect(cell.currentA).toBeLessThan(0.5e-3);
    expect([device.state.voltageV, device.state.voltageStatus]).toEqual([MODEL.voltageMaxV, OVERLOAD]);
    cell.innerV = -5;
    device.measure(200);
    device.measure(300);
    expect(cell.currentA).toBeCloseTo(1e-3, 9);
    expect(device.state.voltageStatus).toBe(0);
  });

  it("is where open terminals stand under current, and not under none", () => {
    const device = createPotentiostat(MODEL, OPEN, {});
    device.measure(0);
    expect([device.state.voltageV, device.state.voltageStatus]).toEqual([0, 0]);
    device.setMode(MODE_GALVANOSTAT);
    device.setCurrent(-1e-3);
    device.switchOn(1);
    device.measure(2);
    expect([device.state.voltageV, device.state.voltageStatus]).toEqual([MODEL.voltageMinV, OVERLOAD]);
  });
});
