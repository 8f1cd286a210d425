import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import { cellParameters, drawVariation } from "../../../simulator/cell/cell-parameters.ts";
import { createCell } from "../../../simulator/cell/cell.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import type { CellCaseResult } from "../../../simulator/cell/cell-case.ts";
import { DESIGN_IDS, runCase, TABLES } from "../../support/cell-cases.ts";

/** More runs by the environment: BEAMRACK_CELL_CASES=10000. */
const RUNS = Number(process.env["BEAMRACK_CELL_CASES"] ?? "400");

const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const logarithmic = (low: number, high: number): fc.Arbitrary<number> =>
  number(Math.log(low), Math.log(high)).map((value) => Math.exp(value));

const current = fc.oneof(
  fc.record({ rate_C: fc.tuple(logarithmic(0.001, 90), fc.constantFrom(-1, 1)).map(([rate, sign]) => rate * sign) }),
  fc.record({ current_mA: fc.tuple(logarithmic(1e-3, 150), fc.constantFrom(-1, 1)).map(([mA, sign]) => mA * sign) }),
);
const step = fc.oneof(
  fc.record({ step: fc.constant("open_circuit_voltage"), until_time_s: logarithmic(1e-3, 1e5) }),
  fc
    .tuple(current, logarithmic(1e-3, 1e5), fc.option(number(-4, 5), { nil: undefined }))
    .map(([how, until_time_s, until_voltage_V]) => ({
      step: "constant_current",
      ...how,
      until_time_s,
      ...(until_voltage_V === undefined ? {} : { until_voltage_V }),
    })),
  fc
    .tuple(number(-5, 5), logarithmic(1e-3, 2e4), logarithmic(1e-3, 10))
    .map(([voltage_V, until_time_s, until_current_mA]) => ({
      step: "constant_voltage",
      voltage_V,
      until_time_s,
      until_current_mA,
    })),
);
const loop = fc.record({
  step: fc.constant("loop"),
  loop_to: fc.constant(1),
  cycle_count: fc.integer({ min: 1, max: 3 }),
});

const factor = logarithmic(0.3, 3);
const overrides = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(factor, factor, factor, factor, number(0, 500))
      .map(([negative, positive, separator, disc, contact]) => ({
        cell: { discDiameter_m: 0.014 * disc, contactResistance_ohm: contact },
        negative: { thickness_m: 4e-5 * negative },
        positive: { thickness_m: 4e-5 * positive },
        separator: { thickness_m: 2.5e-5 * separator },
      })),
  },
);

const anyCase = fc.record({
  cell: fc.constantFrom(...DESIGN_IDS),
  overrides,
  initial: fc.oneof(
    { weight: 4, arbitrary: fc.record({ soc: fc.oneof(number(0, 1), fc.constantFrom(0, 1)) }) },
    { weight: 1, arbitrary: fc.constant({ pristine: true }) },
    {
      weight: 1,
      arbitrary: fc.record({ negative_stoichiometry: number(0, 1), positive_stoichiometry: number(0, 1) }),
    },
  ),
  temperature_C: number(-20, 60),
  noise: fc.boolean(),
  thermal: fc.boolean(),
  side_reactions: fc.boolean(),
  sample_s: logarithmic(100, 1e5),
  steps: fc
    .tuple(fc.array(step, { minLength: 2, maxLength: 5 }), fc.option(loop, { nil: undefined }))
    .map(([steps, last]) => (last === undefined ? steps : [...steps, last])),
});

function numbersOf(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbersOf);
}

describe("whatever a cell case asks for that its schema admits", () => {
  it(
    "every number of the answer is finite, time goes forward, and each step has its end",
    { timeout: 3_600_000 },
    () => {
      let answered = 0;
      fc.assert(
        fc.property(anyCase, (fields) => {
          let result: CellCaseResult;
          try {
            result = runCase(fields);
          } catch (error) {
            // Overrides may ask for a cell that no lithium can fill, currents for more than 100C: refused with a reason.
            if (isFault(error) && error.code === "cell.input") return;
            throw error;
          }
          answered += 1;
          expect(numbersOf(result).every(Number.isFinite)).toBe(true);
          for (const [row, timeS] of result.time_s.entries()) {
            if (row > 0) expect(timeS).toBeGreaterThanOrEqual(result.time_s[row - 1] ?? NaN);
          }
          const charged = result.steps.reduce((sum, { charge_Ah }) => sum + charge_Ah, 0);
          expect(Math.abs((result.capacity_Ah.at(-1) ?? NaN) - charged)).toBeLessThan(1e-12);
          for (const { start_s, end_s } of result.steps) expect(end_s).toBeGreaterThanOrEqual(start_s);
        }),
        { numRuns: RUNS },
      );
      expect(answered).toBeGreaterThan(0.5 * RUNS);
    },
  );

  it("every spectrum is finite, with a resistance above nothing", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DESIGN_IDS),
        number(0, 1),
        number(-20, 60),
        fc.boolean(),
        fc.array(logarithmic(1e-6, 1e8), { minLength: 1, maxLength: 5 }),
        (cell, soc, temperature_C, side_reactions, frequency_Hz) => {
          const { impedance } = runCase({ cell, temperature_C, side_reactions, impedance: { soc, frequency_Hz } });
          expect(numbersOf(impedance).every(Number.isFinite)).toBe(true);
          for (const ohm of impedance?.z_real_ohm ?? []) expect(ohm).toBeGreaterThan(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("the lithium of an individual cell", () => {
  it("is conserved to a billionth through currents, voltages, temperatures and side reactions", () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant("current" as const), rate: number(-1.5, 1.5) }),
      fc.record({ kind: fc.constant("voltage" as const), part: number(0, 1) }),
      fc.record({ kind: fc.constant("temperature" as const), celsius: number(-20, 60) }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...DESIGN_IDS),
        fc.integer(),
        number(0, 1),
        fc.boolean(),
        fc.array(fc.tuple(act, number(0.001, 2000)), { minLength: 1, maxLength: 30 }),
        (id, seed, soc, isPristine, acts) => {
          const design = TABLES.designOf(id);
          const variation = drawVariation(createChance(seed), design, TABLES.models);
          const parameters = cellParameters(design, TABLES.models, variation, { sideReactions: true });
          const cell = createCell(design, parameters, isPristine ? { pristine: true } : { soc });
          const { lowerCutoff_V, upperCutoff_V, nominalCapacity_mAh } = design.cell;
          const beforeC = cell.lithiumC();
          let passedC = 0;
          let throughputC = 0;
          const startY = cell.state.positiveMean;
          for (const [what, seconds] of acts) {
            if (what.kind === "temperature") cell.setTemperature(what.celsius);
            else if (what.kind === "current") {
              const currentA = (what.rate * nominalCapacity_mAh) / 1000;
              cell.setCurrent(currentA);
              cell.advance(seconds, currentA);
              passedC += currentA * seconds;
              throughputC += Math.abs(currentA * seconds);
            } else {
              const before = cell.state.chargeC;
              const volts = lowerCutoff_V + what.part * (upperCutoff_V - lowerCutoff_V);
              cell.setVoltage(volts, 0.25);
              cell.advanceAtVoltage(seconds, volts, 0.25);
              passedC += cell.state.chargeC - before;
              throughputC += Math.abs(cell.state.chargeC - before);
            }
          }
          expect(Math.abs(cell.lithiumC() / beforeC - 1)).toBeLessThan(1e-9);
          expect(Math.abs(cell.state.chargeC - passedC)).toBeLessThan(1e-9 * (1 + Math.abs(passedC)));
          // Lost active material takes its lithium along, and what is left moves further for the same charge: the
          // positive's balance holds up to the lost part of all charge that went to and fro.
          const lost = 1 - cell.state.positiveLeft;
          const movedC = (startY - cell.state.positiveMean) * parameters.positive.capacityC;
          expect(Math.abs(movedC - cell.state.chargeC)).toBeLessThan(1e-9 + (2 * lost + 1e-9) * (1 + throughputC));
        },
      ),
      { numRuns: 150 },
    );
  });
});
