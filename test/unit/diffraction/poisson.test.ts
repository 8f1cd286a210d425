import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { poisson } from "../../../simulator/diffraction/poisson.ts";

const DRAWS = 100_000;

describe.each([0.01, 0.5, 3, 9.99, 10, 11.5, 40, 300, 2e5])("counts with a mean of %d", (mean) => {
  const chance = createChance(7).stream(`poisson ${mean}`);
  const draws = Float64Array.from({ length: DRAWS }, () => poisson(chance, mean));
  const average = draws.reduce((sum, count) => sum + count, 0) / DRAWS;
  const variance = draws.reduce((sum, count) => sum + (count - average) ** 2, 0) / DRAWS;

  it("have that mean, and it for their variance", () => {
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / DRAWS));
    // Var of the sample variance: (mu4 - sigma^4)/n with mu4 = mean (1 + 3 mean).
    expect(Math.abs(variance - mean)).toBeLessThan(5 * Math.sqrt((mean + 2 * mean * mean) / DRAWS));
  });

  it("are distributed as Poisson says, bin by bin", () => {
    const tally = new Map<number, number>();
    const width = Math.max(1, Math.floor(Math.sqrt(mean) / 4));
    for (const count of draws) {
      const bin = Math.floor(count / width);
      tally.set(bin, (tally.get(bin) ?? 0) + 1);
    }
    let chiSquare = 0;
    let bins = 0;
    const reach = 8 * Math.sqrt(mean) + 10;
    let logProbability = -mean;
    let expected = 0;
    for (let k = 0; k <= mean + reach; k += 1) {
      if (k > 0) logProbability += Math.log(mean / k);
      expected += DRAWS * Math.exp(logProbability);
      if ((k + 1) % width !== 0) continue;
      if (expected > 20) {
        chiSquare += ((tally.get(Math.floor(k / width)) ?? 0) - expected) ** 2 / expected;
        bins += 1;
      }
      expected = 0;
    }
    expect(bins).toBeGreaterThan(0);
    expect(chiSquare).toBeLessThan(bins + 5 * Math.sqrt(2 * bins));
  });
});

it("nothing comes of nothing, nor of less, nor of what is no number", () => {
  const chance = createChance(1);
  for (const mean of [0, -1, NaN]) expect(poisson(chance, mean)).toBe(0);
});

it("even a billion is counted to within its root", () => {
  const count = poisson(createChance(3), 1e9);
  expect(Math.abs(count - 1e9)).toBeLessThan(6 * Math.sqrt(1e9));
});
