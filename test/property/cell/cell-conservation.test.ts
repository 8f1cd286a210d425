import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCellPlant } from "../../../simulator/cell/cell-plant.ts";
import { cellOf, design, DESIGN_IDS } from "../../unit/cell/designs.ts";

const DESIGNS = new Map(DESIGN_IDS.map((id) => [id, design(id)]));

const act = fc.oneof(
  fc.record({ kind: fc.constant("current" as const), rate: fc.double({ min: -2, max: 2, noNaN: true }) }),
  fc.record({ kind: fc.constant("voltage" as const), part: fc.double({ min: -0.1, max: 1.1, noNaN: true }) }),
  fc.record({ kind: fc.constant("open" as const) }),
);
const acts = fc.array(fc.tuple(act, fc.double({ min: 0.001, max: 2000, noNaN: true })), {
  minLength: 1,
  maxLength: 25,
});

describe("whatever is done to a cell", () => {
  it.each([false, true])("its lithium is conserved and every number is finite (side reactions %s)", (sideReactions) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DESIGN_IDS),
        fc.double({ min: 0, max: 1, noNaN: true }),
        acts,
        (id, soc, steps) => {
          const used = DESIGNS.get(id) ?? design(id);
          const cell = cellOf(used, sideReactions && soc < 0.1 ? { pristine: true } : { soc }, { sideReactions });
          const plant = createCellPlant(cell, 0);
          const startC = cell.lithiumC();
          const spanV = used.cell.upperCutoff_V - used.cell.lowerCutoff_V;
          let atMs = 0;
          for (const [step, seconds] of steps) {
            if (step.kind === "open") plant.disconnect(atMs);
            else if (step.kind === "current")
              plant.applyCurrent(atMs, (step.rate * used.cell.nominalCapacity_mAh) / 1000);
            else plant.applyVoltage(atMs, used.cell.lowerCutoff_V + step.part * spanV);
            atMs += seconds * 1000;
            plant.read(atMs);
            for (const value of Object.values(cell.state)) expect(Number.isFinite(value)).toBe(true);
          }
          expect(Math.abs(cell.lithiumC() - startC)).toBeLessThan(1e-9 * startC);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("the positive electrode counts exactly the charge that was passed", () => {
    fc.assert(
      fc.property(acts, (steps) => {
        const used = DESIGNS.get("lno-graphite") ?? design("lno-graphite");
        const cell = cellOf(used, { soc: 0.5 });
        const plant = createCellPlant(cell, 0);
        const start = cell.state.positiveMean;
        let atMs = 0;
        for (const [step, seconds] of steps) {
          if (step.kind === "current") plant.applyCurrent(atMs, step.rate * 0.001);
          else plant.disconnect(atMs);
          atMs += seconds * 1000;
          plant.read(atMs);
        }
        const movedC = (start - cell.state.positiveMean) * cell.parameters.positive.capacityC;
        expect(Math.abs(movedC - cell.state.chargeC)).toBeLessThan(1e-9 + 1e-9 * Math.abs(movedC));
      }),
      { numRuns: 60 },
    );
  });

  it.each(DESIGN_IDS)("%s keeps its books through formation and sixty cycles with ageing, in cold and warmth", (id) => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.double({ min: 5, max: 45, noNaN: true }),
        (rate, temperatureC) => {
          const used = DESIGNS.get(id) ?? design(id);
          const cell = cellOf(used, { pristine: true }, { sideReactions: true, temperatureC });
          const { lowerCutoff_V: lowV, upperCutoff_V: highV, nominalCapacity_mAh: nominalMah } = used.cell;
          const startC = cell.lithiumC();
          const [stepS, perStep] = [60, (rate * nominalMah) / 1000];
          let [passedC, turns, currentA] = [0, 0, perStep];
          for (let step = 0; turns < 120 && step < 60_000; step += 1) {
            const limitV = currentA > 0 ? highV : lowV;
            const reachedS = cell.timeToVoltage(stepS, currentA, limitV);
            cell.advance(reachedS ?? stepS, currentA);
            passedC += currentA * (reachedS ?? stepS);
            if (reachedS === undefined) continue;
            turns += 1;
            currentA = -currentA;
          }
          expect(turns).toBe(120);
          expect(cell.state.formationC + cell.state.ageingC).toBeGreaterThan(0.01 * startC);
          expect(Math.abs(cell.lithiumC() / startC - 1)).toBeLessThan(1e-9);
          expect(Math.abs(cell.state.chargeC - passedC)).toBeLessThan(1e-9 * startC);
        },
      ),
      { numRuns: 3 },
    );
  });
});
