import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAskedMoments } from "../../../controller/triggers/asked-moments.ts";
import type { CellFacts, RunningStep } from "../../../controller/triggers/cell-facts.ts";
import { momentsOf } from "../../../controller/triggers/moments.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { StateOfChargeTrigger } from "../../../protocols/campaign/trigger.ts";
import { goodFiles, load } from "../../support/campaign-files.ts";

const SWEEP = "  - { name: sweep, kind: sweep, preset: pattern, cadence_min: 15 }\n";

function grid(from: number, to: number, every: number): StateOfChargeTrigger {
  const text = `  - { name: soc, kind: state-of-charge-grid, preset: pattern, window: { late_state_of_charge: 0.0005 }, charge: { from: ${from}, to: ${to}, every: ${every} } }\n`;
  const loaded = load({ ...goodFiles, "good.yaml": (goodFiles["good.yaml"] ?? "").replace(SWEEP, SWEEP + text) });
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings));
  const [trigger] = loaded.campaign.triggers ?? [];
  assert(trigger?.kind === "state-of-charge-grid", "no grid");
  return trigger;
}

const CAPACITY_AH = 0.004;

/** A charge from one state to another at so many C, looked at again and again after these times. */
function facts(atMs: number, from: number, rateC: number): CellFacts {
  const step: RunningStep = {
    ...{ stepIndex: 1, ordinal: 2, cycle: 1, direction: "charge", orderedA: rateC * CAPACITY_AH },
    step: { kind: "constant-current", id: null, rateC, currentMa: null, untilTimeS: null, untilVoltageV: 4.2 },
    ...{ beganAtMs: 0, startedAtMs: 0, runsSinceMs: 0, isPaused: false },
  };
  const value = from + (rateC * atMs) / 3_600_000;
  return {
    ...{ position: "A1", nowMs: atMs, step, passed: [], isOver: false, stepRules: [], forecast: null },
    ...{ voltageV: 3.7, currentA: step.orderedA, slopeVS: NaN, stepOf: () => null, curveS: () => NaN },
    ...{ isMeasured: true, nominalAh: CAPACITY_AH, half: null },
    charge: { value, uncertainty: 0.01, capacityAh: CAPACITY_AH, atMs },
  };
}

describe("a grid of states of charge", () => {
  it("has exactly the marks from its beginning to its end", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 40 }),
        (a, step, n) => {
          const marks = Array.from({ length: n + 1 }, (_, index) => a + index * step).filter((mark) => mark <= 100);
          const last = marks.at(-1) ?? a;
          const { charge } = grid(a / 100, last / 100, step / 100);
          expect(charge).toEqual(marks.map((mark) => mark / 100));
        },
      ),
      { numRuns: 10 },
    );
  });

  it("asks for each mark that a charge passes once, whenever it is looked at, and for no other", () => {
    const trigger = grid(0.05, 0.95, 0.05);
    const rates = fc.double({ min: 0.05, max: 2, noNaN: true });
    const starts = fc.double({ min: 0, max: 0.5, noNaN: true });
    const looks = fc.array(fc.integer({ min: 1000, max: 60_000 }), { minLength: 5, maxLength: 50 });
    fc.assert(
      fc.property(rates, starts, looks, (rateC, from, everyMs) => {
        const asked = createAskedMoments();
        const wanted = new Map<string, number>();
        const endMs = ((1 - from) / rateC) * 3_600_000;
        let atMs = 0;
        for (let look = 0; atMs < endMs; look += 1) {
          const now = facts(atMs, from, rateC);
          const followed = { step: now.step, passed: [], half: null, isOver: false, heard: () => true };
          const moments = momentsOf(trigger, { cellIndex: 0, stepIndexes: null }, now);
          const said = asked.say(moments, { trigger: "soc", facts: now, followed }, (moment) => ({
            ...{ key: moment.mark, trigger: "soc", cellIndex: 0, presetName: "pattern", weight: 1, owner: null },
            ...{ earliestMs: moment.earliestMs, wantedMs: moment.wantedMs, latestMs: moment.latestMs },
            reason: moment.what,
          }));
          expect(said.withdrawn).toEqual([]);
          for (const { key, wantedMs } of said.asked) {
            wanted.set(key, wantedMs ?? NaN);
          }
          atMs += everyMs[look % everyMs.length] ?? 1000;
        }
        const passed = trigger.charge.filter((mark) => mark > from + 0.003);
        for (const mark of passed) {
          const dueMs = ((mark - from) / rateC) * 3_600_000 - 3000;
          expect(Math.abs((wanted.get(`c1 charge ${mark}`) ?? NaN) - dueMs)).toBeLessThan(1);
        }
        for (const key of wanted.keys()) expect(Number(key.split(" ").at(-1))).toBeGreaterThan(from - 0.0021);
      }),
      { numRuns: 40 },
    );
  });
});
