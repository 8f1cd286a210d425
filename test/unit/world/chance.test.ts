import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

describe("seeded chance", () => {
  it("repeats for the same seed and differs for another", () => {
    const a = createChance(7);
    const b = createChance(7);
    const c = createChance(8);
    const first = draws(100, () => a.uniform());
    expect(draws(100, () => b.uniform())).toEqual(first);
    expect(draws(100, () => c.uniform())).not.toEqual(first);
  });

  it("gives a stream by its name, whatever was drawn before", () => {
    const fresh = createChance(7);
    const used = createChance(7);
    draws(1000, () => used.normal());
    expect(used.stream("ring").uniform()).toBe(fresh.stream("ring").uniform());
    expect(fresh.stream("ring").uniform()).not.toBe(fresh.stream("cell A1").uniform());
    expect(fresh.stream("a").stream("b").uniform()).not.toBe(fresh.stream("ab").uniform());
  });

  it("is uniform in [0, 1) and standard normal within sampling error", () => {
    const chance = createChance(42);
    const count = 200_000;
    const uniforms = draws(count, () => chance.uniform());
    const bins = new Array<number>(10).fill(0);
    expect(uniforms.every((value) => value >= 0 && value < 1)).toBe(true);
    for (const value of uniforms) {
      const bin = Math.floor(value * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    for (const bin of bins) expect(Math.abs(bin - count / 10)).toBeLessThan(5 * Math.sqrt(count / 10));
    const normals = draws(count, () => chance.normal());
    const mean = normals.reduce((sum, value) => sum + value, 0) / count;
    const variance = normals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  });

  it("refuses a seed that is not a whole number", () => {
    expect(() => createChance(0.5)).toThrow("whole number");
    expect(() => createChance(NaN)).toThrow("whole number");
  });
});
