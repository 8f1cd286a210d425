import { describe, expect, it } from "vitest";
import { cell, NO_CLAIMS, testWorld } from "../world/worlds.ts";
import type { CellFault } from "../../../simulator/cell/cell-fault.ts";

const HOUR_MS = 3_600_000;

/** The most that the rack's sensors showed, and the first of two cells, looked at every ten seconds for an hour at rest. */
function afterAnHour(faults: readonly CellFault[]) {
  const { world } = testWorld([cell(0, { faults }), cell(1)]);
  const plant = world.cellPlant(0);
  plant.disconnect(0);
  const startV = plant.voltageV;
  const peak = { temperatureC: -Infinity, gasPpm: 0 };
  for (let atMs = 10_000; atMs <= HOUR_MS; atMs += 10_000) {
    plant.read(atMs);
    world.cellPlant(1).read(atMs);
    world.rackSensors.advance(atMs);
    peak.temperatureC = Math.max(peak.temperatureC, world.rackSensors.temperatureC);
    peak.gasPpm = Math.max(peak.gasPpm, world.rackSensors.gasPpm);
  }
  return { world, sagV: startV - plant.voltageV, peak };
}

describe("cells that fail in the world", () => {
  it("and are in order leave the rack's air as the room's", () => {
    const { sagV, peak } = afterAnHour([]);
    expect(Math.abs(sagV)).toBeLessThan(1e-3);
    expect([peak.temperatureC, peak.gasPpm]).toEqual([25, 0]);
  });

  it("by leaking are smelt at the rack, and their voltage hardly tells", () => {
    const { sagV, peak } = afterAnHour([{ kind: "leaking", dryingS: 7200 }]);
    expect(peak.gasPpm).toBeGreaterThan(1);
    expect(Math.abs(sagV)).toBeLessThan(5e-3);
  });

  it("by overheating warm the air, sag and gas", () => {
    const { sagV, peak } = afterAnHour([{ kind: "overheating", ohm: 10, growthS: 300 }]);
    expect(sagV).toBeGreaterThan(0.1);
    expect(peak.gasPpm).toBeGreaterThan(1);
    expect(peak.temperatureC).toBeGreaterThan(25.05);
  });

  it("by an internal short empty themselves, and nobody is blamed for their own current", () => {
    const { world, sagV } = afterAnHour([{ kind: "internal-short", ohm: 300 }]);
    expect(sagV).toBeGreaterThan(0.1);
    const atMs = HOUR_MS + 1000;
    world.cellPlant(0).read(atMs);
    expect(world.cellPlant(0).currentA).toBe(0);
  });

  it("by a high resistance jump at every step of current", () => {
    const jumpOf = (faults: readonly CellFault[]): number => {
      const plant = testWorld([cell(0, { faults })]).world.cellPlant(0);
      plant.disconnect(0);
      const restV = plant.voltageV;
      plant.applyCurrent(1000, 4e-4);
      return plant.voltageV - restV;
    };
    expect(jumpOf([{ kind: "high-resistance", ohm: 500 }]) - jumpOf([])).toBeCloseTo(0.2, 3);
  });
});

describe("a cell that a bad contact takes out of its window", () => {
  /** Looked at this long after the current is set, and switched off so long after the look. */
  const excursionsAfter = (lookMs: number, offMs: number): number => {
    const limits = { voltageMaxV: 4.3, voltageMinV: 2.8, currentMaxA: 0.01, currentMinA: -0.01 };
    const { world } = testWorld([cell(0, { limits, faults: [{ kind: "high-resistance", ohm: 2000 }] })]);
    const plant = world.cellPlant(0);
    plant.disconnect(0);
    plant.applyCurrent(1000, -1e-3);
    expect(plant.voltageV).toBeLessThan(2.8);
    plant.read(1000 + lookMs);
    plant.read(1000 + lookMs + offMs);
    plant.disconnect(1000 + lookMs + offMs);
    return world.finish(NO_CLAIMS).truth.voltage_excursions;
  };

  it("is nobody's fault when its channel lets go at the next look, every second or every ten", () => {
    expect(excursionsAfter(1000, 200)).toBe(0);
    expect(excursionsAfter(10_000, 200)).toBe(0);
  });

  it("counts against a channel that saw it and went on, and against one that did not look", () => {
    expect(excursionsAfter(1000, 5000)).toBe(1);
    expect(excursionsAfter(10_000, 5000)).toBe(1);
    expect(excursionsAfter(60_000, 200)).toBe(1);
  });
});

describe("cells as they are delivered", () => {
  const delivered = (designId: string, voltageMinV: number) => {
    const limits = { voltageMaxV: 4.3, voltageMinV, currentMaxA: 0.01, currentMinA: -0.01 };
    return testWorld([cell(0, { designId, initial: { pristine: true }, limits })]).world.cellPlant(0).voltageV;
  };

  it("are fresh where their limits allow it: they rest far below the window that they are cycled in", () => {
    expect(delivered("nmc811-graphite-siox", 0)).toBeLessThan(1.5);
    expect(delivered("lno-graphite", 2.5)).toBeCloseTo(2.63, 1);
  });

  it.each([
    ["nmc811-graphite-siox", 2.5, 4.2],
    ["lfp-graphite", 2, 3.6],
    ["lco-graphite", 3, 4.1],
  ])("come formed and nearly empty where limits do not (%s)", (designId, low, high) => {
    const voltageV = delivered(designId, low);
    expect(voltageV).toBeGreaterThan(low);
    expect(voltageV).toBeLessThan(low + 0.6 * (high - low));
  });
});
