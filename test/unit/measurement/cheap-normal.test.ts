import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createCheapNormal } from "../../../simulator/measurement/cheap-normal.ts";

function draws(seed: number, count: number): readonly number[] {
  const normal = createCheapNormal(createChance(seed));
  return Array.from({ length: count }, () => normal.draw());
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("cheap normal numbers", () => {
  const values = draws(1, 200_000);

  it("have mean 0, variance 1, no skew and the kurtosis of a normal distribution", () => {
    const moment = (power: number): number => mean(values.map((value) => value ** power));
    expect(moment(1)).toBeCloseTo(0, 2);
    expect(moment(2)).toBeCloseTo(1, 2);
    expect(Math.abs(moment(3))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.08);
  });

  it("fall within one, two and three sigma as often as they should", () => {
    const within = (sigma: number): number => mean(values.map((value) => (Math.abs(value) < sigma ? 1 : 0)));
    expect(within(1)).toBeCloseTo(0.6827, 2);
    expect(within(2)).toBeCloseTo(0.9545, 2);
    expect(within(3)).toBeCloseTo(0.9973, 3);
    expect(values.every((value) => Math.abs(value) < 3.95)).toBe(true);
  });

  it("do not remember the one before", () => {
    const products = values.slice(1).map((value, index) => value * (values[index] ?? 0));
    expect(Math.abs(mean(products))).toBeLessThan(0.01);
  });

  it("are the same again for the same stream and others for another", () => {
    expect(draws(7, 20)).toEqual(draws(7, 20));
    expect(draws(7, 20)).not.toEqual(draws(8, 20));
  });
});
