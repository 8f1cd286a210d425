import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { type CellFault, CELL_FAULT_KINDS, drawCellFault } from "../../../simulator/cell/cell-fault.ts";
import { cellParameters } from "../../../simulator/cell/cell-parameters.ts";
import { type Cell, createCell } from "../../../simulator/cell/cell.ts";
import { createFaultyCellPlant, type FaultyCellPlant } from "../../../simulator/cell/faulty-cell-plant.ts";
import { clipHolder } from "../../../simulator/cell/thermal-balance.ts";
import { runCase, TABLES } from "../../support/cell-cases.ts";

const NMC = "nmc811-graphite-siox" as const;
const DESIGN = TABLES.designOf(NMC);
const NOMINAL_A = DESIGN.cell.nominalCapacity_mAh / 1000;

function cellAt(soc: number, temperatureC = 25, sideReactions = false): Cell {
  return createCell(DESIGN, cellParameters(DESIGN, TABLES.models, undefined, { temperatureC, sideReactions }), { soc });
}

function plantWith(soc: number, ...faults: readonly CellFault[]): FaultyCellPlant {
  return createFaultyCellPlant(cellAt(soc), 0, {
    faults,
    thermal: clipHolder(TABLES.models, 25),
    chance: createChance(1).stream("ailments"),
  });
}

describe("a cell with something wrong", () => {
  it("is an ordinary cell when nothing is", () => {
    const plant = plantWith(0.5);
    const twin = cellAt(0.5);
    plant.applyCurrent(0, NOMINAL_A);
    twin.setCurrent(NOMINAL_A);
    plant.read(600_000);
    twin.advance(600, NOMINAL_A);
    expect(Math.abs(plant.voltageV - twin.state.voltageV)).toBeLessThan(2e-4);
  });

  it("empties itself through a hard short within the hour and gets some kelvin warmer", () => {
    const plant = plantWith(0.8, { kind: "internal-short", ohm: 10 });
    let hottestC = 0;
    for (let minute = 1; minute <= 60; minute += 1) {
      plant.read(minute * 60_000);
      hottestC = Math.max(hottestC, plant.temperatureC);
    }
    expect(plant.currentA).toBe(0);
    expect(plant.voltageV).toBeLessThan(1.5);
    expect(plant.voltageV).toBeGreaterThan(-0.01);
    expect(hottestC - 25).toBeGreaterThan(2);
    expect(hottestC - 25).toBeLessThan(20);
  });

  it("never tapers below V/R through a soft short, so that a hold without a time would hang", () => {
    const ohm = 2000;
    const plant = plantWith(0.9, { kind: "internal-short", ohm });
    plant.applyVoltage(0, 4.2);
    for (let hour = 1; hour <= 12; hour += 1) {
      plant.read(hour * 3_600_000);
      expect(plant.currentA).toBeGreaterThan(0.9999 * (4.2 / ohm));
    }
    expect(plant.currentA).toBeLessThan(1.05 * (4.2 / ohm));
  });

  it("tells what a held voltage did not drive for a contact that went for a moment, and nothing of a current", () => {
    const contact = { kind: "intermittent-contact", ohm: 500, meanOnS: 5, meanOffS: 300 } as const;
    const held = plantWith(0.5, contact);
    const sound = plantWith(0.5);
    for (const plant of [held, sound]) {
      plant.applyVoltage(0, 4);
      plant.read(3_600_000);
    }
    const missingC = sound.chargeC - held.chargeC;
    expect(missingC).toBeGreaterThan(0);
    const missedC = (held.lostContacts ?? []).reduce(
      (sumC, one) => sumC + (one.beforeA * (one.toMs - one.fromMs)) / 1000,
      0,
    );
    expect(missedC).toBeGreaterThan(missingC);
    expect(sound.lostContacts).toEqual([]);
    const driven = plantWith(0.5, contact);
    driven.applyCurrent(0, NOMINAL_A / 3);
    driven.read(3_600_000);
    expect(driven.lostContacts).toEqual([]);
  });

  it("discharges itself at C/100 through 100 kilohm at rest", () => {
    const plant = plantWith(0.8, { kind: "internal-short", ohm: 100_000 });
    plant.read(36_000_000);
    expect(-plant.cell.state.chargeC).toBeCloseTo((4.0 / 100_000) * 36_000, 0);
    expect(plant.currentA).toBe(0);
  });

  it("charges and discharges through its short as the sum says", () => {
    const plant = plantWith(0.5, { kind: "internal-short", ohm: 1000 });
    plant.applyCurrent(0, NOMINAL_A);
    plant.read(10_000);
    expect(plant.currentA).toBe(NOMINAL_A);
    expect(plant.cell.state.currentA).toBeCloseTo(NOMINAL_A - plant.voltageV / 1000, 7);
  });

  it("jumps by I x R when its resistance is high", () => {
    const plant = plantWith(0.5, { kind: "high-resistance", ohm: 200 });
    const healthy = plantWith(0.5);
    for (const one of [plant, healthy]) one.applyCurrent(0, 0.001);
    expect(plant.voltageV - healthy.voltageV).toBeCloseTo(0.2, 6);
  });

  it("reads the other way round when reversed, in voltage and current", () => {
    const plant = plantWith(0.5, { kind: "reversed" });
    expect(plant.voltageV).toBeLessThan(-3.5);
    plant.applyCurrent(0, 0.001);
    plant.read(60_000);
    expect(plant.currentA).toBe(0.001);
    expect(plant.cell.state.chargeC).toBeLessThan(0);
  });

  it("takes no current when open, and lets the channel run to its compliance", () => {
    const plant = plantWith(0.5, { kind: "open-circuit" });
    plant.applyCurrent(0, -0.001);
    plant.read(60_000);
    expect(plant.currentA).toBe(0);
    expect(plant.voltageV).toBeLessThan(-5);
    expect(plant.cell.state.chargeC).toBe(0);
  });

  it("dips and recovers with a dendrite", () => {
    const plant = plantWith(0.5, { kind: "dendrite", ohm: 1000, meanOnS: 10, meanOffS: 120 });
    const volts: number[] = [];
    for (let second = 1; second <= 3600; second += 1) {
      plant.read(second * 1000);
      volts.push(plant.voltageV);
    }
    const sorted = [...volts].sort((a, b) => a - b);
    expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(0.1);
    expect((sorted.at(-1) ?? 0) - (sorted[1800] ?? 0)).toBeLessThan(0.1);
  });

  it("leaks vapour for the rack's sensor and dries out", () => {
    const plant = plantWith(0.5, { kind: "leaking", dryingS: 7200 });
    plant.applyCurrent(0, 0.001);
    const freshV = plant.voltageV;
    plant.disconnect(1);
    plant.read(5 * 3_600_000);
    plant.applyCurrent(5 * 3_600_000, 0.001);
    expect(plant.gasMl).toBeGreaterThan(1);
    expect(plant.voltageV - freshV).toBeGreaterThan(0.01);
  });

  it("overheats: warmth up, voltage down, gas", () => {
    const plant = plantWith(1, { kind: "overheating", ohm: 2, growthS: 300 });
    const startV = plant.voltageV;
    let hottestC = 0;
    for (let second = 10; second <= 900; second += 10) {
      plant.read(second * 1000);
      hottestC = Math.max(hottestC, plant.temperatureC);
    }
    expect(hottestC).toBeGreaterThan(30);
    expect(startV - plant.voltageV).toBeGreaterThan(0.5);
    expect(plant.gasMl).toBeGreaterThan(2);
  });

  it.each(CELL_FAULT_KINDS)("stays finite through anything a channel does: %s", (kind) => {
    const chance = createChance(7).stream(kind);
    const plant = plantWith(0.7, drawCellFault(kind, chance));
    let atMs = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      const act = chance.uniform();
      if (act < 0.4) plant.applyCurrent(atMs, (chance.uniform() - 0.5) * 4 * NOMINAL_A);
      else if (act < 0.7) plant.applyVoltage(atMs, 2.5 + 1.7 * chance.uniform());
      else plant.disconnect(atMs);
      atMs += 300_000 * chance.uniform();
      plant.read(atMs);
      for (const value of [plant.voltageV, plant.currentA, plant.temperatureC, plant.gasMl]) {
        expect(Number.isFinite(value)).toBe(true);
      }
      for (const value of Object.values(plant.cell.state)) expect(Number.isFinite(value)).toBe(true);
    }
  });
});

describe("plating", () => {
  function charged(temperatureC: number, rateC: number): Cell {
    const cell = cellAt(0.3, temperatureC, true);
    for (let second = 0; second < 1200; second += 1) cell.advance(1, rateC * NOMINAL_A);
    return cell;
  }

  it("comes with a high charge rate in the cold, and not at C/10 in the warm", () => {
    expect(charged(25, 0.1).state.platedC).toBe(0);
    expect(charged(0, 1.5).state.platedC).toBeGreaterThan(0.01 * DESIGN.cell.nominalCapacity_mAh);
  });

  it("dissolves again at rest and on discharge, except for what has lost contact", () => {
    const cell = charged(0, 1.5);
    const { platedC } = cell.state;
    const lithiumC = cell.lithiumC();
    cell.advance(3600, 0);
    cell.advance(600, -NOMINAL_A);
    expect(cell.state.platedC).toBeLessThan(0.2 * platedC);
    expect(cell.state.deadC).toBeGreaterThan(0);
    expect(Math.abs(cell.lithiumC() / lithiumC - 1)).toBeLessThan(1e-9);
  });

  it("holds the voltage up after the charge while there is metal", () => {
    const withMetal = charged(0, 1.5);
    const { negativeMean, positiveMean } = withMetal.state;
    withMetal.advance(60, 0);
    const clean = createCell(DESIGN, withMetal.parameters, { negative: negativeMean, positive: positiveMean });
    clean.advance(60, 0);
    expect(withMetal.state.voltageV).toBeGreaterThan(clean.state.voltageV);
  });
});

describe("the temperature of a cell", () => {
  const steps = [{ step: "constant_current", rate_C: -1, until_voltage_V: 2.5 }];

  it("stays where it is unless thermal is asked for", () => {
    const result = runCase({ cell: NMC, initial: { soc: 1 }, temperature_C: 40, sample_s: 60, steps });
    expect(new Set(result.temperature_C)).toEqual(new Set([40]));
  });

  it("rises by some hundredths of a kelvin at 1C in a clip, and settles at heat over conductance", () => {
    const result = runCase({ cell: NMC, initial: { soc: 1 }, thermal: true, sample_s: 60, steps });
    const rise = Math.max(...result.temperature_C) - 25;
    expect(rise).toBeGreaterThan(0.01);
    expect(rise).toBeLessThan(0.5);
  });

  it("makes entropy's heat change sign with the current", () => {
    const at = (rateC: number): number => {
      const result = runCase({
        cell: "lno-graphite",
        initial: { soc: 0.5 },
        thermal: true,
        sample_s: 60,
        steps: [{ step: "constant_current", rate_C: rateC, until_time_s: 600 }],
      });
      return result.temperature_C.at(-1) ?? NaN;
    };
    expect(Math.abs(at(0.05) - at(-0.05))).toBeGreaterThan(1e-4);
  });

  it("moves no potential at rest, but every rate", () => {
    const cell = cellAt(0.5);
    const restV = cell.state.voltageV;
    cell.setTemperature(5);
    expect(cell.state.voltageV).toBe(restV);
    cell.setCurrent(NOMINAL_A);
    const cold = cell.state.voltageV;
    cell.setTemperature(45);
    expect(cell.state.voltageV).toBeLessThan(cold);
    const born = cellAt(0.5, 45);
    born.setCurrent(NOMINAL_A);
    expect(cell.state.voltageV).toBeCloseTo(born.state.voltageV, 9);
    cell.advance(600, NOMINAL_A);
    born.advance(600, NOMINAL_A);
    expect(cell.state.voltageV).toBeCloseTo(born.state.voltageV, 9);
  });
});
