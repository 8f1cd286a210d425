import { beforeAll, describe, expect, it } from "vitest";
import { judgeBeamEffect, VERDICT_DEFAULTS } from "../../../protocols/verdict/beam-verdict.ts";
import { effectBetweenGroups } from "../../../protocols/verdict/paired-effect.ts";
import { plannedAgainstRare, plannedPower } from "../../../protocols/verdict/planned-power.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import {
  lookAgainAndAgain,
  shareInterval,
  simulateCell,
  type SimulatedCell,
  type VisitPlan,
} from "../../support/verdict-simulation.ts";

const PLAN: VisitPlan = {
  chemistry: "lno-graphite",
  cellCount: 24,
  visitCount: 6,
  exposureS: 4,
  spotCount: 25,
  controlCount: 3,
  spotScatter: 0.002,
  lithium: [0.92, 0.45],
};
const HARMED = 6;

describe("the verdict over a rack of LiNiO2 cells, from frames", () => {
  let unharmed: readonly SimulatedCell[] = [];
  let harmed: readonly SimulatedCell[] = [];

  beforeAll(() => {
    const cells = (count: number, lag: number, firstSeed: number): readonly SimulatedCell[] =>
      Array.from({ length: count }, (_, index) => simulateCell(PLAN, firstSeed + index, lag));
    unharmed = cells(PLAN.cellCount, 0, 1);
    harmed = cells(HARMED, 0.02, 501);
  });

  it("raises no alarm at any look where the beam does nothing, and says none seen at the end", () => {
    const looks = lookAgainAndAgain(unharmed, PLAN.visitCount);
    expect(looks.map((look) => look.verdict)).not.toContain("suspected");
    expect(looks.map((look) => look.verdict)).not.toContain("found");
    expect(looks.at(-1)?.cells.filter(({ verdict }) => verdict === "none-seen").length).toBeGreaterThan(22);
  });

  it("finds a lag of 0.02 at the exposed spots of every harmed cell, its size in the interval, and no other cell", () => {
    const last = lookAgainAndAgain([...harmed, ...unharmed.slice(HARMED)], PLAN.visitCount).at(-1);
    const [first, rest] = [last?.cells.slice(0, HARMED) ?? [], last?.cells.slice(HARMED) ?? []];
    expect(first.map(({ verdict }) => verdict)).toEqual(Array<string>(HARMED).fill("found"));
    expect(rest.filter(({ verdict }) => verdict === "suspected" || verdict === "found")).toEqual([]);
    for (const { lag } of first) {
      expect(lag?.mean).toBeGreaterThan(0.012);
      expect(lag?.mean).toBeLessThan(0.028);
    }
    expect(last?.verdict).toBe("found");
  });

  it("never says none before it could have seen what matters", () => {
    const looks = lookAgainAndAgain(unharmed, PLAN.visitCount);
    for (const { cells } of looks) {
      for (const cell of cells) {
        if (cell.verdict === "none-seen") expect(cell.power).toBeGreaterThanOrEqual(VERDICT_DEFAULTS.power);
        if ((cell.lag?.pairCount ?? 0) < VERDICT_DEFAULTS.pairsMin) expect(cell.verdict).toBe("cannot-tell");
      }
    }
    expect(looks[0]?.verdict).toBe("cannot-tell");
    // Two cells alone do not tell how much pairs scatter.
    expect(lookAgainAndAgain(unharmed.slice(0, 2), 3).at(-1)?.verdict).toBe("cannot-tell");
  });

  it("spends nothing on looks that were not planned", () => {
    const rules = { ...VERDICT_DEFAULTS, looksPlanned: 4 };
    const verdict = judgeBeamEffect(harmed, rules, 5);
    expect(verdict.level).toBe(0);
    expect(verdict.cells.map((cell) => cell.verdict)).not.toContain("found");
  });

  it("lets a difference between whole cells raise a suspicion, never a finding", () => {
    const exposed = [0.9, 0.901, 0.899, 0.9, 0.902, 0.898, 0.9, 0.901];
    const controls = exposed.map((value) => value + 0.08);
    const rules = { ...VERDICT_DEFAULTS, looksPlanned: 1 };
    const comparison = { material: PLAN.chemistry, quantity: "capacity", exposed, controls } as const;
    const verdict = judgeBeamEffect(unharmed, rules, 1, [comparison]);
    expect(verdict.materials[0]?.verdict).toBe("suspected");
    expect(verdict.materials[0]?.comparisons[0]?.effect?.mean).toBeCloseTo(-0.08, 6);
    expect(verdict.verdict).toBe("suspected");
  });
});

describe("cells that are exposed rarely", () => {
  const pairOf = (sweep: number, lag: number) => ({
    ...{ sweep, atMs: sweep, spotIndex: sweep, controlIndex: sweep % 2, lag, lagError: 0.003 },
    ...{ logWidth: null, logWidthError: null },
  });
  const chance = createChance(11).stream("rare");
  const cellsWith = (count: number, lag: number, visits: number) =>
    Array.from({ length: count }, (_, index) => ({
      position: `cell ${String(index)}`,
      material: PLAN.chemistry,
      pairs: Array.from({ length: visits }, (_unused, visit) => pairOf(visit, lag + 0.002 * chance.normal())),
    }));
  const rules = { ...VERDICT_DEFAULTS, looksPlanned: 4 };
  const lagOf = (lag: number, rareLag: number) => {
    const verdict = judgeBeamEffect(cellsWith(12, lag, 8), rules, 4, [], cellsWith(8, rareLag, 2));
    return verdict.materials[0]?.comparisons.find(({ quantity }) => quantity === "lag");
  };

  it("raise a suspicion where their lag differs from that of the others, and none where it does not", () => {
    expect(lagOf(0.02, 0)).toMatchObject({ exposedCount: 12, controlCount: 8, isSuspect: true });
    expect(lagOf(0.02, 0)?.effect?.mean).toBeCloseTo(0.02, 2);
    expect(lagOf(0.02, 0.02)?.isSuspect).toBe(false);
  });

  it("must be three at least, and the comparison is in the family before there are any pairs", () => {
    const few = judgeBeamEffect(cellsWith(12, 0.02, 8), rules, 4, [], cellsWith(2, 0, 2)).materials[0];
    expect(few?.comparisons.map(({ effect }) => effect)).toEqual([null, null]);
    expect(judgeBeamEffect(cellsWith(12, 0, 8), rules, 4).materials[0]?.comparisons).toEqual([]);
  });

  it("are planned: more of them, and more visits, tell smaller differences", () => {
    const plan = { exposedCount: 40, rareCount: 6, exposedVisits: 8, rareVisits: 2, looks: 8 };
    const more = { ...plan, comparisonCount: 4, readingError: 0.003 };
    const [usual, longer, wider] = [more, { ...more, rareVisits: 6 }, { ...more, rareCount: 12 }].map((one) =>
      plannedAgainstRare({ ...VERDICT_DEFAULTS, looksPlanned: 8 }, one),
    );
    expect(longer).toBeLessThan(usual ?? 0);
    expect(wider).toBeLessThan(usual ?? 0);
    expect(plannedAgainstRare({ ...VERDICT_DEFAULTS, looksPlanned: 8 }, { ...more, rareCount: 2 })).toBeNull();
  });
});

/** Far out is where it decides: levels of one in thousands. */
it("equal cells are not called different too often, however few of them are controls", () => {
  const chance = createChance(3).stream("equal");
  const draw = (count: number): readonly number[] => Array.from({ length: count }, () => chance.normal());
  let alarms = 0;
  for (let turn = 0; turn < 2000; turn += 1) {
    if ((effectBetweenGroups(draw(40), draw(3))?.chance ?? 1) <= 1e-3) alarms += 1;
  }
  // Two are to be expected at the most; the usual rule gives about thirty.
  expect(alarms).toBeLessThanOrEqual(6);
});

describe("planned visits", () => {
  const plan = {
    cellCount: 96,
    materialCount: 2,
    visitCount: 8,
    spotCount: 25,
    controlCount: 4,
    readingError: 0.003,
    spotOf: (visit: number) => (visit * 7) % 25,
  };

  it("buy the more power the more there are of them", () => {
    const rules = { ...VERDICT_DEFAULTS, looksPlanned: 8 };
    const [few, many] = [plannedPower(rules, { ...plan, visitCount: 3 }), plannedPower(rules, plan)];
    expect(many.power).toBeGreaterThan(few.power);
    expect(many.power).toBeGreaterThan(0.8);
    expect(many.visitsNeeded).toBeLessThanOrEqual(8);
    expect(plannedPower(rules, { ...plan, visitCount: 2 })).toMatchObject({ power: 0, visitsNeeded: null });
  });
});

it("shares come with exact intervals", () => {
  const [low, high] = shareInterval(0, 60);
  expect(low).toBe(0);
  expect(high).toBeCloseTo(1 - 0.025 ** (1 / 60), 6);
  expect(shareInterval(8, 10)[0]).toBeCloseTo(0.4439, 3);
});
