import { describe, expect, it } from "vitest";
import { createChance } from "../../../../simulator/chance/chance.ts";
import { decidedWayS, fullSweepOfBound, shortestHopS, someCells, twoOptWayS } from "../../../support/schedule/tours.ts";

describe("the order of a sweep", () => {
  it("of a full rack takes the shortest hop there is each time, as a serpentine does", () => {
    const all = Array.from({ length: 96 }, (_, cell) => cell);
    expect(decidedWayS(all)).toBeCloseTo(95 * shortestHopS(), 6);
    expect(fullSweepOfBound()).toBeLessThanOrEqual(1.01);
  });

  it.each([10, 20, 40, 60])("of any %i cells is no longer than a two-opt tour by more than a twentieth", (count) => {
    const chance = createChance(count);
    let decidedS = 0;
    let twoOptS = 0;
    for (let round = 0; round < 4; round += 1) {
      const cells = someCells(chance, count);
      const ownS = decidedWayS(cells);
      const otherS = twoOptWayS(cells);
      decidedS += ownS;
      twoOptS += otherS;
      expect(ownS).toBeLessThanOrEqual(1.05 * otherS);
    }
    expect(decidedS).toBeLessThanOrEqual(1.02 * twoOptS);
  });
});
