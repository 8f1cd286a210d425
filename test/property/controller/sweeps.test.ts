import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BEFORE_FIRST_SWEEP,
  planBeam,
  sweepDueMs,
  type BeamPlan,
  type SweepTiming,
} from "../../../controller/beam/sweeps.ts";

const outage = fc.record({ fromMs: fc.nat({ max: 20_000 }), lengthMs: fc.integer({ min: 1, max: 6000 }) });

const campaign = fc.record({
  timing: fc.record({
    firstAtMs: fc.nat({ max: 3000 }),
    cadenceMs: fc.integer({ min: 200, max: 4000 }),
    endAtMs: fc.nat({ max: 20_000 }),
    perExposureMs: fc.integer({ min: 1, max: 300 }),
  }),
  cellCount: fc.integer({ min: 0, max: 12 }),
  outages: fc.array(outage, { maxLength: 4 }),
  /** Length of each exposure, in turn. */
  exposuresMs: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 }),
  ineligibleEvery: fc.integer({ min: 2, max: 9 }),
});

describe("over any outages of the beam", () => {
  it("every cell that a sweep asks for is met or missed exactly once, within time, and every wait ends", () => {
    fc.assert(
      fc.property(campaign, ({ timing, cellCount, outages, exposuresMs, ineligibleEvery }) => {
        const asked: string[] = [];
        const answered: string[] = [];
        const begun: number[] = [];
        let nowMs = 0;
        let state = BEFORE_FIRST_SWEEP;
        for (let turn = 0; ; turn += 1) {
          expect(turn).toBeLessThan(10_000);
          const outageNow = outages.find((item) => nowMs >= item.fromMs && nowMs < item.fromMs + item.lengthMs);
          const plan: BeamPlan = planBeam(timing, state, {
            nowMs,
            obstacle: outageNow === undefined ? null : { reason: "machine beam", who: "machine" },
            eligibility: (cellIndex, sweep) =>
              (cellIndex + sweep) % ineligibleEvery === 0
                ? { eligible: false, reason: "dose", text: "limit", detail: {} }
                : { eligible: true },
            tour: () => Array.from({ length: cellCount }, (_, index) => index),
          });
          state = plan.state;
          for (const item of plan.begun) {
            begun.push(item.sweep);
            expect(nowMs).toBeGreaterThanOrEqual(sweepDueMs(timing, item.sweep));
            for (const cell of item.asked) asked.push(`${item.sweep}/${cell}`);
          }
          for (const miss of plan.misses) answered.push(`${miss.sweep}/${miss.cellIndex}`);
          if (plan.act.kind === "end") break;
          if (plan.act.kind === "expose") {
            expect(outageNow).toBeUndefined();
            expect(nowMs).toBeLessThan(timing.endAtMs);
            answered.push(`${plan.act.sweep}/${plan.act.cellIndex}`);
            nowMs += exposuresMs[turn % exposuresMs.length] ?? 1;
          } else {
            expect(plan.act.untilMs).toBeGreaterThan(nowMs);
            const endOfOutageMs = outageNow === undefined ? Infinity : outageNow.fromMs + outageNow.lengthMs;
            nowMs = Math.min(plan.act.untilMs, endOfOutageMs);
          }
        }
        expect([...answered].sort()).toEqual([...asked].sort());
        expect(new Set(asked).size).toBe(asked.length);
        expect(begun).toEqual(expectedSweeps(timing));
      }),
      { numRuns: 300 },
    );
  });
});

/** All sweeps that can begin an exposure before the end, whatever kept the beam from them. */
function expectedSweeps(timing: SweepTiming): readonly number[] {
  const sweeps: number[] = [];
  for (let sweep = 1; sweepDueMs(timing, sweep) + timing.perExposureMs <= timing.endAtMs; sweep += 1)
    sweeps.push(sweep);
  return sweeps;
}
