import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createFaultyCellPlant } from "../../../simulator/cell/faulty-cell-plant.ts";
import { clipHolder } from "../../../simulator/cell/thermal-balance.ts";
import { INSTRUMENT_MODELS } from "../../../simulator/palmsens-methodscript/instrument-models.ts";
import { createPotentiostat } from "../../../simulator/palmsens-methodscript/potentiostat.ts";
import { TABLES } from "../../support/cell-cases.ts";
import { cellOf, design } from "../cell/designs.ts";

const POTENTIOSTAT = 2;
const HELD_V = 4;
const SHORT_OHM = 1.33;

/** One that holds a voltage over a cell that has a dead short in it. */
function holding(modelName: keyof typeof INSTRUMENT_MODELS) {
  const plant = createFaultyCellPlant(cellOf(design("lno-graphite"), { soc: 0.8 }), 0, {
    faults: [{ kind: "internal-short", ohm: SHORT_OHM }],
    thermal: clipHolder(TABLES.models, 25),
    chance: createChance(1).stream("ailments"),
  });
  const model = INSTRUMENT_MODELS[modelName];
  const potentiostat = createPotentiostat(model, plant, {});
  potentiostat.setMode(POTENTIOSTAT);
  potentiostat.setPotential(HELD_V);
  potentiostat.switchOn(0);
  return { plant, model, potentiostat };
}

describe("a potentiostat that holds a voltage over a cell that shorts", () => {
  // Seed 740 of the search of faults on the rack: 3 A through a channel of 0.2 A, which read 0.292 A.
  it.each(["mes4hr", "nexus1"] as const)("gives no more than the output of %s has: the voltage falls", (modelName) => {
    const { plant, model, potentiostat } = holding(modelName);
    potentiostat.measure(1000);
    const givenC = plant.chargeC;
    potentiostat.measure(37_000);
    expect(plant.currentA).toBeCloseTo(model.currentMaxA, 9);
    expect(plant.chargeC - givenC).toBeCloseTo(36 * model.currentMaxA, 6);
    expect(plant.voltageV).toBeLessThan(HELD_V);
    expect(potentiostat.state.currentA).toBeCloseTo(model.currentMaxA, 4);
    expect(potentiostat.state.voltageV).toBeCloseTo(plant.voltageV, 3);
  });
});
