import { describe, expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import { designFile } from "../../support/full-order/published-design.ts";
import { runCase } from "../../support/cell-cases.ts";

const NMC = "nmc811-graphite-siox";
const REST = { step: "open_circuit_voltage", until_time_s: 60 };
const DISCHARGE = { step: "constant_current", current_mA: -3.86, until_voltage_V: 2.5 };
const CYCLE = [
  { step: "constant_current", current_mA: 1.93, until_voltage_V: 4.2 },
  { step: "constant_voltage", voltage_V: 4.2, until_current_mA: 0.19 },
  { step: "open_circuit_voltage", until_time_s: 600 },
  { step: "constant_current", current_mA: -1.93, until_voltage_V: 2.5 },
];

function refusalOf(fields: Readonly<Record<string, unknown>>): { readonly where: string; readonly what: string } {
  try {
    runCase(fields);
  } catch (error) {
    if (error instanceof Fault && error.code === "cell.input") return { where: error.where, what: error.message };
    throw error;
  }
  throw new Error("the case was not refused");
}

describe("a cell case", () => {
  it("reports at the interval asked for and at the end of each step, in columns of one length", () => {
    const result = runCase({ cell: NMC, initial: { soc: 0 }, sample_s: 100, steps: CYCLE });
    const rows = result.time_s.length;
    for (const column of [
      result.current_A,
      result.voltage_V,
      result.capacity_Ah,
      result.temperature_C,
      result.step,
      result.negative.mean_stoichiometry,
      result.negative.surface_stoichiometry,
      result.positive.mean_stoichiometry,
      result.positive.surface_stoichiometry,
    ]) {
      expect(column).toHaveLength(rows);
      expect(column.every(Number.isFinite)).toBe(true);
    }
    expect(result.time_s.slice(0, 3)).toEqual([0, 100, 200]);
    expect([...result.time_s].sort((a, b) => a - b)).toEqual(result.time_s);
    for (const step of result.steps) expect(result.time_s).toContain(step.end_s);
    expect(result.impedance).toBeNull();
  });

  it("ends each step exactly where its condition is met, and says which", () => {
    const result = runCase({ cell: NMC, initial: { soc: 0 }, sample_s: 1000, steps: CYCLE });
    expect(result.steps.map((step) => step.ended_by)).toEqual(["voltage", "current", "time", "voltage"]);
    expect(result.steps.map((step) => step.index)).toEqual([1, 2, 3, 4]);
    const rowAtEnd = (index: number): number => result.time_s.indexOf(result.steps[index]?.end_s ?? NaN);
    expect(result.voltage_V[rowAtEnd(0)]).toBeCloseTo(4.2, 8);
    expect(result.current_A[rowAtEnd(1)]).toBeCloseTo(0.00019, 9);
    expect(result.voltage_V[rowAtEnd(1)]).toBeCloseTo(4.2, 6);
    expect(result.voltage_V[rowAtEnd(3)]).toBeCloseTo(2.5, 8);
    const rest = result.steps[2];
    expect((rest?.end_s ?? NaN) - (rest?.start_s ?? NaN)).toBeCloseTo(600, 9);
    expect(rest?.charge_Ah).toBe(0);
  });

  it("ends the steps at the same instants whatever the interval of reporting", () => {
    const ends = (sampling: Readonly<Record<string, unknown>>): readonly number[] =>
      runCase({ cell: NMC, initial: { soc: 0 }, steps: CYCLE, ...sampling }).steps.map((step) => step.end_s);
    const coarse = ends({ sample_s: 5000 });
    for (const sampling of [{ sample_s: 7 }, { sample_times_s: [1, 2.5, 3000, 1e6] }]) {
      const fine = ends(sampling);
      for (const [index, end] of coarse.entries()) expect(Math.abs((fine[index] ?? NaN) - end)).toBeLessThan(0.02);
    }
  });

  it("reports at the times that are listed, to the digit, besides the ends of steps", () => {
    const times = [0, 0.1, 33.3, 59.999, 100.7];
    const result = runCase({ cell: NMC, initial: { soc: 0.5 }, sample_times_s: times, steps: [REST, REST] });
    expect(result.time_s).toEqual([0, 0.1, 33.3, 59.999, 60, 100.7, 120]);
    expect(result.step).toEqual([1, 1, 1, 1, 1, 2, 2]);
  });

  it("counts charge positive, from the start and for each step", () => {
    const result = runCase({ cell: NMC, initial: { soc: 0.2 }, sample_s: 600, steps: CYCLE });
    const total = result.steps.reduce((sum, step) => sum + step.charge_Ah, 0);
    expect(result.capacity_Ah.at(-1)).toBeCloseTo(total, 12);
    expect(result.steps[0]?.charge_Ah).toBeGreaterThan(0);
    expect(result.steps[3]?.charge_Ah).toBeLessThan(0);
    const [first] = result.steps;
    expect(first?.charge_Ah).toBeCloseTo((0.00193 * ((first?.end_s ?? NaN) - (first?.start_s ?? NaN))) / 3600, 12);
  });

  it("performs a loop's steps once for each pass, and gives the loop no entry of its own", () => {
    const steps = [...CYCLE, { step: "loop", loop_to: 2, cycle_count: 3 }, REST];
    const result = runCase({ cell: NMC, initial: { soc: 0.9 }, sample_s: 3600, steps });
    expect(result.steps.map((step) => step.index)).toEqual([1, 2, 3, 4, 2, 3, 4, 2, 3, 4, 6]);
    for (const [index, step] of result.steps.entries()) {
      if (index > 0) expect(step.start_s).toBe(result.steps[index - 1]?.end_s);
    }
  });

  it("takes a rate by the nominal capacity", () => {
    const by = (current: Readonly<Record<string, unknown>>): number =>
      runCase({
        cell: NMC,
        initial: { soc: 1 },
        sample_s: 600,
        steps: [{ step: "constant_current", until_voltage_V: 2.5, ...current }],
      }).steps[0]?.end_s ?? NaN;
    expect(by({ rate_C: "D/2" })).toBe(by({ current_mA: -1.93 }));
  });

  it("starts at the open-circuit voltage of both limits for a state of charge of 1 and 0", () => {
    for (const [soc, volts] of [
      [1, 4.2],
      [0, 2.5],
    ] as const) {
      const result = runCase({ cell: NMC, initial: { soc }, temperature_C: 10, steps: [REST] });
      expect(Math.abs((result.voltage_V[0] ?? NaN) - volts)).toBeLessThan(1e-4);
    }
  });

  it("ends a step at once when its condition holds already", () => {
    const result = runCase({
      cell: NMC,
      initial: { soc: 1 },
      steps: [{ step: "constant_current", rate_C: 1, until_voltage_V: 4.2 }, REST],
    });
    expect(result.steps[0]).toMatchObject({ start_s: 0, end_s: 0, ended_by: "voltage", charge_Ah: 0 });
  });

  it("ends a step without a voltage by the limit that stops it: the channel's range, or a particle that is empty", () => {
    const result = runCase({
      cell: NMC,
      initial: { soc: 0.5 },
      steps: [{ step: "constant_current", rate_C: -2, until_time_s: 1e6 }],
    });
    expect(result.steps[0]?.ended_by).toBe("limit");
    expect(Math.min(...result.negative.surface_stoichiometry)).toBeGreaterThan(-1e-9);
  });

  it("keeps the safety rule of a protocol", () => {
    const result = runCase({
      cell: NMC,
      initial: { soc: 0.5 },
      safety: { max_voltage_V: 4.0 },
      steps: [{ step: "constant_current", rate_C: 0.5, until_voltage_V: 4.2 }],
    });
    expect(result.steps[0]?.ended_by).toBe("limit");
    expect(result.voltage_V.at(-1)).toBeCloseTo(4, 8);
  });

  it("shows what an instrument would, repeating for its seed, and leaves the cell as it is", () => {
    const fields = { cell: NMC, initial: { soc: 1 }, sample_s: 60, steps: [DISCHARGE] };
    const clean = runCase(fields);
    const noisy = runCase({ ...fields, noise: true, seed: 3 });
    expect(noisy.steps).toEqual(clean.steps);
    expect(noisy.voltage_V).not.toEqual(clean.voltage_V);
    expect(noisy).toEqual(runCase({ ...fields, noise: true, seed: 3 }));
    expect(noisy).not.toEqual(runCase({ ...fields, noise: true, seed: 4 }));
    for (const [row, volts] of noisy.voltage_V.entries()) {
      expect(Math.abs(volts - (clean.voltage_V[row] ?? NaN))).toBeLessThan(0.006);
    }
  });

  it("goes on from the stoichiometries of both electrodes", () => {
    const file = designFile(NMC);
    const { x100, y100 } = file.stoichiometry;
    const by = (initial: unknown): unknown => runCase({ cell: NMC, initial, sample_s: 600, steps: [DISCHARGE] }).steps;
    expect(by({ negative_stoichiometry: x100, positive_stoichiometry: y100 })).toEqual(by({ soc: 1 }));
  });
});

describe("a cell case that is not one", () => {
  const good = { cell: NMC, initial: { soc: 0.5 }, steps: [REST] };
  it.each([
    ["cell", { ...good, cell: "nmc" }],
    ["cell", { initial: { soc: 0.5 }, steps: [REST] }],
    ["initial.soc", { ...good, initial: { soc: 1.01 } }],
    ["initial.soc", { ...good, initial: { soc: "half" } }],
    ["initial", { cell: NMC, steps: [REST] }],
    [
      "initial.negative_stoichiometry",
      { ...good, initial: { negative_stoichiometry: 1.2, positive_stoichiometry: 0.3 } },
    ],
    ["temperature_C", { ...good, temperature_C: 80 }],
    ["temperature_C", { ...good, temperature_C: -300 }],
    ["sample_s", { ...good, sample_s: 0 }],
    ["sample_times_s[1]", { ...good, sample_times_s: [1, -2] }],
    ["noise", { ...good, noise: "no" }],
    ["colour", { ...good, colour: 1 }],
    ["steps", { cell: NMC, initial: { soc: 0.5 } }],
    ["steps", { ...good, steps: [] }],
    ["steps[0].step", { ...good, steps: [{ step: "charge" }] }],
    ["steps[0]", { ...good, steps: [{ step: "constant_current", rate_C: 1 }] }],
    ["steps[0].current_mA", { ...good, steps: [{ step: "constant_current", current_mA: 3860, until_time_s: 1 }] }],
    ["steps[0].rate_C", { ...good, steps: [{ step: "constant_current", rate_C: 1000, until_voltage_V: 4.2 }] }],
    ["steps[0].voltage_V", { ...good, steps: [{ step: "constant_voltage", voltage_V: 9, until_time_s: 5 }] }],
    ["steps[0].until_time_s", { ...good, steps: [{ step: "open_circuit_voltage", until_time_s: -5 }] }],
    ["steps[2].loop_to", { ...good, steps: [REST, REST, { step: "loop", loop_to: 7, cycle_count: 2 }] }],
    ["steps", { ...good, steps: [REST, REST, { step: "loop", loop_to: 1, cycle_count: 1e8 }] }],
    ["overrides", { ...good, overrides: [] }],
    ["overrides.anode", { ...good, overrides: { anode: {} } }],
    ["overrides.negative.thicknes_m", { ...good, overrides: { negative: { thicknes_m: 1e-5 } } }],
    ["overrides.negative.thickness_m", { ...good, overrides: { negative: { thickness_m: -1 } } }],
    ["overrides.cell.upperCutoff_V", { ...good, overrides: { cell: { upperCutoff_V: 9 } } }],
    ["overrides.stoichiometry.x100", { ...good, overrides: { stoichiometry: { x100: 1.2 } } }],
    ["impedance.soc", { cell: NMC, impedance: { soc: -0.1, frequency_Hz: [1] } }],
    ["impedance.frequency_Hz[0]", { cell: NMC, impedance: { soc: 0.5, frequency_Hz: [0] } }],
  ])("is refused by the name of the field: %s", (where, fields) => {
    const refusal = refusalOf(fields);
    expect(refusal.where).toBe(where);
    expect(refusal.what.length).toBeGreaterThan(5);
    expect(refusal.what).not.toMatch(/expected|received|method is/);
  });
});
