import { describe, expect, it } from "vitest";
import { FINE_GRID } from "../../support/full-order/full-order-cell.ts";
import { type ReferenceStep, runReference } from "../../support/full-order/full-order-run.ts";
import { type DesignFile, designFile } from "../../support/full-order/published-design.ts";
import { DESIGN_IDS, runCase, startAt, voltageDifference } from "../../support/cell-cases.ts";

function constantCurrent(design: DesignFile, rateC: number): ReferenceStep {
  const untilV = rateC > 0 ? design.cell.upperCutoff_V : design.cell.lowerCutoff_V;
  return { kind: "current", currentA: (rateC * design.cell.nominalCapacity_mAh) / 1000, untilV };
}

function caseOf(design: DesignFile, rateC: number, temperatureC: number): Readonly<Record<string, unknown>> {
  return {
    cell: design.id,
    initial: { soc: rateC > 0 ? 0 : 1 },
    temperature_C: temperatureC,
    steps: [
      {
        step: "constant_current",
        current_mA: rateC * design.cell.nominalCapacity_mAh,
        until_voltage_V: rateC > 0 ? design.cell.upperCutoff_V : design.cell.lowerCutoff_V,
      },
    ],
  };
}

/** [rate, degC, rms mV, maximum mV] */
const COURSES = [
  [-0.2, 25, 1, 5],
  [-1, 25, 1, 5],
  [1, 25, 1, 5],
  [-2, 25, 3, 10],
  [2, 25, 3, 10],
  [-1, 10, 1.5, 10],
  [1, 10, 1.5, 10],
  [-1, 40, 1.5, 10],
] as const;

/** At 1C; the last test holds it to be short enough. */
const LONGEST_S = 30;

describe.each(DESIGN_IDS)("%s against the full-order model", (id) => {
  const design = designFile(id);

  it.each(COURSES)(
    "follows %dC at %d degC within %d mV rms and %d mV, and ends within 0.2 %",
    (rateC, temperatureC, rmsMv, maxMv) => {
      const longestS = LONGEST_S / Math.abs(rateC);
      const start = startAt(design, rateC > 0 ? 0 : 1);
      const reference = runReference(design, start, [constantCurrent(design, rateC)], { temperatureC, longestS });
      const fields = caseOf(design, rateC, temperatureC);
      const difference = voltageDifference(fields, reference);
      expect(difference.points).toBeGreaterThan(60);
      expect(difference.rmsMv).toBeLessThan(rmsMv);
      expect(difference.maxMv).toBeLessThan(maxMv);
      const [step] = runCase(fields).steps;
      expect(step?.ended_by).toBe("voltage");
      expect(Math.abs((step?.end_s ?? NaN) / (reference[0]?.endS ?? NaN) - 1)).toBeLessThan(0.002);
    },
  );

  it("takes the same charge at constant voltage, within half a per cent, and the same current", () => {
    const { upperCutoff_V: upperV, nominalCapacity_mAh: nominalMah } = design.cell;
    const untilA = nominalMah / 1000 / 20;
    const reference = runReference(
      design,
      startAt(design, 0.3),
      [constantCurrent(design, 1), { kind: "voltage", voltageV: upperV, untilA }],
      { longestS: 5 },
    );
    const [, taper] = reference;
    if (taper === undefined) throw new Error("the reference held nothing");
    const times = taper.timeS.slice(1).filter((timeS) => timeS < taper.startS + 0.97 * (taper.endS - taper.startS));
    const result = runCase({
      cell: id,
      initial: { soc: 0.3 },
      sample_times_s: times,
      steps: [
        { step: "constant_current", rate_C: 1, until_voltage_V: upperV },
        { step: "constant_voltage", voltage_V: upperV, until_current_mA: nominalMah / 20 },
      ],
    });
    const held = result.steps[1];
    expect(held?.ended_by).toBe("current");
    expect(Math.abs((held?.charge_Ah ?? NaN) / (taper.chargeC / 3600) - 1)).toBeLessThan(0.005);
    expect(Math.abs((held?.end_s ?? NaN) / taper.endS - 1)).toBeLessThan(0.005);
    const currentAt = new Map(result.time_s.map((timeS, row) => [timeS, result.current_A[row] ?? NaN]));
    for (const [index, timeS] of times.entries()) {
      // The switch comes at slightly different instants; after two seconds that is forgotten.
      if (timeS < taper.startS + 2) continue;
      const currentA = taper.currentA[index + 1] ?? NaN;
      expect(Math.abs((currentAt.get(timeS) ?? NaN) - currentA)).toBeLessThan(0.005 * (nominalMah / 1000));
    }
  });

  it("relaxes, and answers the pulses of a titration, within a millivolt", () => {
    const pulseA = design.cell.nominalCapacity_mAh / 1000 / 2;
    const reference = runReference(
      design,
      startAt(design, 0.6),
      [
        { kind: "current", currentA: -2 * pulseA, untilS: 600 },
        { kind: "current", currentA: 0, untilS: 3600 },
        { kind: "current", currentA: pulseA, untilS: 300 },
        { kind: "current", currentA: 0, untilS: 1800 },
        { kind: "current", currentA: pulseA, untilS: 300 },
        { kind: "current", currentA: 0, untilS: 1800 },
      ],
      { longestS: 10 },
    );
    const rest = (until: number): unknown => ({ step: "open_circuit_voltage", until_time_s: until });
    const pulse = { step: "constant_current", rate_C: 0.5, until_time_s: 300 };
    const difference = voltageDifference(
      {
        cell: id,
        initial: { soc: 0.6 },
        steps: [
          { step: "constant_current", rate_C: -1, until_time_s: 600 },
          rest(3600),
          pulse,
          rest(1800),
          pulse,
          rest(1800),
        ],
      },
      reference,
    );
    expect(difference.maxMv).toBeLessThan(1);
  });
});

describe("the full-order reference", () => {
  it("is converged: twice the volumes and a quarter of the step change it by less than a tenth of a millivolt", () => {
    const design = designFile("nmc811-graphite-siox");
    const run = (grid: typeof FINE_GRID, longestS: number): readonly number[] => {
      const times = [30, 600, 1800, 3000];
      let from = 0;
      const steps = times.map((timeS): ReferenceStep => {
        const untilS = timeS - from;
        from = timeS;
        return { kind: "current", currentA: -design.cell.nominalCapacity_mAh / 1000, untilS };
      });
      return runReference(design, startAt(design, 1), steps, { grid, longestS }).map(
        (step) => step.voltageV.at(-1) ?? NaN,
      );
    };
    const coarse = run(FINE_GRID, LONGEST_S);
    const fine = run({ shells: 200, slab: [80, 40, 80] }, 5);
    for (const [index, volts] of coarse.entries()) expect(Math.abs(volts - (fine[index] ?? NaN))).toBeLessThan(1e-4);
  });
});
