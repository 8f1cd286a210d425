import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { cellParameters } from "../../../simulator/cell/cell-parameters.ts";
import { createCell } from "../../../simulator/cell/cell.ts";
import { createFaultyCellPlant } from "../../../simulator/cell/faulty-cell-plant.ts";
import { clipHolder } from "../../../simulator/cell/thermal-balance.ts";
import { parseWorldFaults } from "../../../simulator/world/world-faults.ts";
import { TABLES } from "../../support/cell-cases.ts";

const RUNS = Number(process.env["FAULTY_CELL_RUNS"] ?? 100);

const at_s = fc.double({ min: 0, max: 7200, noNaN: true });
const ohm = fc.double({ min: -3, max: 9, noNaN: true }).map((exponent) => 10 ** exponent);
const span = fc.double({ min: -2, max: 9, noNaN: true }).map((exponent) => 10 ** exponent);
const position = fc.constant("A1");

/** Whatever a fault file may say of a cell. */
const entry = fc.oneof(
  fc.record({ kind: fc.constant("internal-short"), position, at_s, ohm }),
  fc.record({ kind: fc.constant("dendrite"), position, at_s, ohm, mean_on_s: span, mean_off_s: span }),
  fc.record({ kind: fc.constant("high-resistance"), position, at_s, ohm }),
  fc.record({ kind: fc.constant("intermittent-contact"), position, at_s, ohm, mean_on_s: span, mean_off_s: span }),
  fc.record({ kind: fc.constant("open-circuit"), position, at_s }),
  fc.record({ kind: fc.constant("reversed"), position }),
  fc.record({ kind: fc.constant("leaking"), position, at_s, drying_s: span }),
  fc.record({ kind: fc.constant("overheating"), position, at_s, ohm, growth_s: span }),
);

/** Whatever a channel may do to it meanwhile. */
const act = fc.oneof(
  fc.record({ kind: fc.constant("rest" as const) }),
  fc.record({ kind: fc.constant("current" as const), level: fc.double({ min: -0.2, max: 0.2, noNaN: true }) }),
  fc.record({ kind: fc.constant("voltage" as const), level: fc.double({ min: -6, max: 6, noNaN: true }) }),
);
const designId = fc.constantFrom("nmc811-graphite-siox", "lfp-graphite", "lno-graphite", "lco-graphite");
const scenario = fc.record({
  designId,
  soc: fc.double({ min: 0, max: 1, noNaN: true }),
  entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
  acts: fc.array(fc.tuple(act, fc.double({ min: 0.001, max: 900, noNaN: true })), { minLength: 1, maxLength: 6 }),
  seed: fc.nat(),
});

describe("a cell with anything wrong that a fault file admits", () => {
  it("shows finite terminals, a temperature a metal holder allows, gas that only grows, and keeps its lithium", () => {
    fc.assert(
      fc.property(scenario, ({ designId: id, soc, entries, acts, seed }) => {
        const design = TABLES.designOf(id);
        const parameters = cellParameters(design, TABLES.models, undefined, { sideReactions: true });
        const cell = createCell(design, parameters, { soc });
        const plant = createFaultyCellPlant(cell, 0, {
          thermal: clipHolder(TABLES.models, 25),
          chance: createChance(seed),
        });
        const faults = parseWorldFaults(entries, "faults.json").flatMap((fault) =>
          fault.kind === "cell" ? [fault] : [],
        );
        const toBegin = [...faults].sort((a, b) => a.fromMs - b.fromMs);
        const lithiumC = cell.lithiumC();
        let atMs = 0;
        let gasMl = 0;
        for (const [what, lastsS] of acts) {
          if (what.kind === "rest") plant.disconnect(atMs);
          else if (what.kind === "current") plant.applyCurrent(atMs, what.level);
          else plant.applyVoltage(atMs, what.level);
          const endMs = atMs + lastsS * 1000;
          while (toBegin[0] !== undefined && toBegin[0].fromMs <= endMs) {
            const next = toBegin.shift();
            if (next !== undefined) plant.begin(Math.max(atMs, next.fromMs), next.fault);
          }
          atMs = endMs;
          plant.read(atMs);
          const { voltageV, currentA, temperatureC } = plant;
          expect([voltageV, currentA, temperatureC, plant.gasMl].every(Number.isFinite)).toBe(true);
          expect(temperatureC).toBeGreaterThan(-50);
          expect(temperatureC).toBeLessThanOrEqual(150);
          expect(plant.gasMl).toBeGreaterThanOrEqual(gasMl);
          gasMl = plant.gasMl;
        }
        expect(Math.abs(cell.lithiumC() / lithiumC - 1)).toBeLessThan(1e-9);
      }),
      { numRuns: RUNS },
    );
  });
});
