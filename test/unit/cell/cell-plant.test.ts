import { describe, expect, it } from "vitest";
import { drawVariation, cellParameters } from "../../../simulator/cell/cell-parameters.ts";
import { createCellPlant } from "../../../simulator/cell/cell-plant.ts";
import { createFaultyCellPlant } from "../../../simulator/cell/faulty-cell-plant.ts";
import { clipHolder } from "../../../simulator/cell/thermal-balance.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { cellOf, design, MODELS } from "./designs.ts";

describe("a cell on its channel", () => {
  it("charges on a positive current and stops when disconnected", () => {
    const plant = createCellPlant(cellOf(design("lno-graphite"), { soc: 0.2 }), 0);
    const restV = plant.voltageV;
    plant.applyCurrent(1000, 0.0004);
    const pressedV = plant.voltageV;
    plant.read(3_600_000);
    expect(pressedV).toBeGreaterThan(restV);
    expect(plant.voltageV).toBeGreaterThan(pressedV);
    expect(plant.currentA).toBe(0.0004);
    plant.disconnect(3_600_000);
    const releasedV = plant.voltageV;
    plant.read(7_200_000);
    expect(plant.currentA).toBe(0);
    expect(plant.voltageV).toBeLessThan(releasedV);
    expect(plant.cell.state.chargeC).toBeCloseTo(0.0004 * 3599, 6);
  });

  it("never goes back in time", () => {
    const plant = createCellPlant(cellOf(design("lno-graphite"), { soc: 0.2 }), 5000);
    plant.applyCurrent(6000, 0.001);
    plant.read(10_000);
    const chargeC = plant.cell.state.chargeC;
    plant.read(8000);
    expect(plant.cell.state.chargeC).toBe(chargeC);
  });

  it("holds a voltage from the switch on", () => {
    const plant = createCellPlant(cellOf(design("lno-graphite"), { soc: 0.5 }), 0);
    plant.applyVoltage(0, plant.voltageV + 0.05);
    const heldV = plant.voltageV;
    const firstA = plant.currentA;
    for (let second = 1; second <= 600; second += 1) {
      plant.read(second * 1000);
      expect(Math.abs(plant.voltageV - heldV)).toBeLessThan(1e-5);
    }
    expect(plant.currentA).toBeGreaterThan(0);
    expect(plant.currentA).toBeLessThan(firstA);
  });

  it.each([
    ["gives no more than its source may, from the first instant on, and tapers from there", 0.15, 0.002],
    ["takes no more than its source may, from the first instant on, and tapers from there", -0.15, -0.001],
  ])("%s", (_, beyondV, boundA) => {
    const { cell: healthy } = createCellPlant(cellOf(design("lno-graphite"), { soc: 0.5 }), 0);
    const ill = createFaultyCellPlant(cellOf(design("lno-graphite"), { soc: 0.5 }), 0, {
      thermal: clipHolder(MODELS, 25),
      chance: createChance(1),
    });
    for (const plant of [createCellPlant(healthy, 0), ill]) {
      const wantedV = plant.voltageV + beyondV;
      plant.applyVoltageWithin(0, wantedV, -0.001, 0.002);
      expect(plant.currentA).toBe(boundA);
      let lastA = boundA;
      for (let minute = 1; minute <= 150; minute += 1) {
        plant.read(minute * 60_000);
        expect(Math.abs(plant.currentA)).toBeLessThanOrEqual(Math.abs(lastA) + 1e-6);
        lastA = plant.currentA;
      }
      expect(Math.abs(lastA)).toBeLessThan(0.9 * Math.abs(boundA));
      expect(plant.voltageV).toBeCloseTo(wantedV, 4);
    }
  });

  it("passes the same charge at one-second and ten-second samples of a taper within half a per cent", () => {
    const charge = (sampleMs: number): number => {
      const plant = createCellPlant(cellOf(design("nmc811-graphite-siox"), { soc: 0.5 }), 0);
      plant.applyVoltage(0, plant.voltageV + 0.1);
      for (let ms = sampleMs; ms <= 1_800_000; ms += sampleMs) plant.read(ms);
      return plant.cell.state.chargeC;
    };
    expect(charge(10_000) / charge(1000)).toBeCloseTo(1, 2);
  });

  it("differs from its neighbour by some per cent and repeats for its seed", () => {
    const used = design("lno-graphite");
    const variation = (seed: number, name: string) => drawVariation(createChance(seed).stream(name), used, MODELS);
    const a = cellParameters(used, MODELS, variation(1, "A1"));
    const b = cellParameters(used, MODELS, variation(1, "A2"));
    expect(a.negative.capacityC).not.toBe(b.negative.capacityC);
    expect(Math.abs(a.negative.capacityC / b.negative.capacityC - 1)).toBeLessThan(0.15);
    expect(variation(1, "A1")).toEqual(variation(1, "A1"));
  });
});
