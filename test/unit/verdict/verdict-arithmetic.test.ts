import { describe, expect, it } from "vitest";
import { normalTail, studentQuantile, studentTwoSided } from "../../../protocols/verdict/distributions.ts";
import { holmAdjusted, levelOfLook } from "../../../protocols/verdict/error-budget.ts";
import { pairedEffect, pooledScatter, scatterOf } from "../../../protocols/verdict/paired-effect.ts";

describe("tails of distributions", () => {
  it.each([
    [0, 0.5],
    [1.959963984540054, 0.025],
    [2.9, 0.0018658133003840378],
    [3.1, 0.000967603213218358],
    [6, 9.865876450376946e-10],
  ])("of the normal one at %d", (z, tail) => {
    expect(normalTail(z) / tail).toBeCloseTo(1, 7);
    expect(normalTail(-z)).toBeCloseTo(1 - tail, 9);
  });

  // Tables of Student's distribution.
  it.each([
    [12.706204736, 1, 0.05],
    [2.228138852, 10, 0.05],
    [3.169272673, 10, 0.01],
    [1.983971519, 100, 0.05],
  ])("of Student's at %d with %d degrees of freedom", (t, freedom, twoSided) => {
    expect(studentTwoSided(t, freedom)).toBeCloseTo(twoSided, 8);
    expect(studentQuantile(twoSided, freedom)).toBeCloseTo(t, 5);
  });

  it("of Student's run into the normal's, far out", () => {
    expect(studentTwoSided(5.5, 1e7) / (2 * normalTail(5.5))).toBeCloseTo(1, 3);
  });

  it("say nothing of what is no number", () => {
    expect(studentTwoSided(NaN, 5)).toBe(1);
    expect(studentTwoSided(9, 0)).toBe(1);
  });
});

describe("chances of a false alarm", () => {
  it("of all looks sum to the campaign's, whether their number is known or not", () => {
    const sum = (planned: number | null, looks: number): number =>
      Array.from({ length: looks }, (_, look) => levelOfLook(0.05, look + 1, planned)).reduce((a, b) => a + b, 0);
    expect(sum(8, 20)).toBeCloseTo(0.05, 12);
    expect(sum(null, 100_000)).toBeLessThan(0.05);
    expect(sum(null, 100_000)).toBeGreaterThan(0.0499);
  });

  it("are adjusted by Holm's rule: the smallest times all, the next times the rest, never falling", () => {
    const adjusted = holmAdjusted([0.03, 0.001, 0.02, NaN]);
    [0.06, 0.004, 0.06, 1].forEach((chance, index) => {
      expect(adjusted[index]).toBeCloseTo(chance, 12);
    });
  });
});

describe("the mean over a cell's pairs", () => {
  const pair = (value: number, spotIndex: number) => ({ value, error: 0.003, spotIndex, controlIndex: spotIndex });

  it("is no better known by visiting the same two spots again and again than the spots differ", () => {
    const often = Array.from({ length: 100 }, () => pair(0.01, 0));
    const spread = Array.from({ length: 100 }, (_, index) => pair(0.01, index));
    const scatter = scatterOf(1, 60);
    expect(pairedEffect(often, scatter, 0.002)?.error).toBeGreaterThan(0.0028);
    expect(pairedEffect(spread, scatter, 0.002)?.error).toBeLessThan(0.0006);
  });

  it("takes no slow growth of a lag for scatter, and takes scatter for what it is", () => {
    const growing = Array.from({ length: 20 }, (_, index) => pair(0.002 * index, index));
    const jumping = Array.from({ length: 20 }, (_, index) => pair(index % 2 === 0 ? 0.02 : -0.02, index));
    expect(pooledScatter([growing]).factor).toBe(1);
    expect(pooledScatter([jumping]).factor).toBeGreaterThan(9);
  });
});
