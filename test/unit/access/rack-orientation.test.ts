import { describe, expect, it } from "vitest";
import {
  oppositeOf,
  orientationOf,
  whyNotByCodes,
  whyNotByVoltages,
} from "../../../controller/access/rack-orientation.ts";
import { ALL_POSITIONS, positionIndex } from "../../../protocols/base/position.ts";
import { createChance } from "../../../simulator/chance/chance.ts";

const RACK = new Map(ALL_POSITIONS.map((place) => [place as string, `R-${place}`]));

/** Voltages of a rack, drawn by `seed`; turned by half a turn, and drifted, when it is looked at again. */
function looked(seed: number, { spreadV, isTurned }: { spreadV: number; isTurned: boolean }) {
  const chance = createChance(seed);
  const before = new Map(ALL_POSITIONS.map((place) => [place as string, 3.2 + spreadV * chance.uniform()]));
  const now = new Map(
    [...before.keys()].map((place) => {
      const lying = before.get(isTurned ? oppositeOf(place) : place) ?? NaN;
      return [place, lying + 0.02 * (chance.uniform() - 0.5)];
    }),
  );
  return { before, now };
}

describe("a rack that was taken out whole", () => {
  it("has an opposite place for each, half a turn away", () => {
    expect(["A1", "A2", "B1", "D6", "H12"].map(oppositeOf)).toEqual(["H12", "H11", "G12", "E7", "A1"]);
    for (const place of ALL_POSITIONS) {
      expect(oppositeOf(oppositeOf(place))).toBe(place);
      expect(positionIndex(place)).not.toBe(positionIndex(oppositeOf(place) as typeof place));
    }
  });

  it("is known to lie the wrong way round by one code as by all", () => {
    expect(whyNotByCodes(new Map([["A1", "R-H12"]]), RACK)).toMatch(/wrong way round.*the code of H12 was read at A1/);
    const all = new Map([...RACK.keys()].map((place) => [place, RACK.get(oppositeOf(place)) ?? ""]));
    expect(whyNotByCodes(all, RACK)).toMatch(/turn it by half a turn/);
    expect(whyNotByCodes(RACK, RACK)).toBe(null);
    expect(whyNotByCodes(new Map([["A1", "R-A1"]]), RACK)).toBe(null);
  });

  it("has cells in other places, or foreign ones: each is named with where it belongs", () => {
    const exchanged = new Map(RACK).set("A1", "R-A2").set("A2", "R-A1");
    expect(whyNotByCodes(exchanged, RACK)).toMatch(/at A1 is R-A2, whose place is A2, and so on at 2 places/);
    expect(whyNotByCodes(new Map([["B3", "X"]]), RACK)).toMatch(
      /X, which has no place in the rack now: R-B3 belongs there/,
    );
  });

  it("is told by its voltages which way round it lies, in every one of sixty racks", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      for (const isTurned of [false, true]) {
        expect(orientationOf(looked(seed, { spreadV: 0.8, isTurned }))).toBe(isTurned ? "turned" : "as-it-was");
      }
    }
  });

  it("of cells that rest alike is never taken to be turned or not: a code is asked for", () => {
    for (const isTurned of [false, true]) {
      const alike = looked(7, { spreadV: 0.05, isTurned });
      expect(orientationOf(alike)).toBe("untold");
      expect(whyNotByVoltages(alike, false)).toMatch(/say by --cells/);
      expect(whyNotByVoltages(alike, true)).toBe(null);
    }
  });

  it("half full and turned, has nothing under its channels, as one that is not put in", () => {
    const before = new Map([1, 2, 3, 4, 5].map((column) => [`A${column}`, 3.6]));
    const now = new Map([...before.keys()].map((place) => [place, 0.002]));
    expect(whyNotByVoltages({ before, now }, true)).toMatch(/not in its contacts, or lies the wrong way round/);
    expect(orientationOf({ before, now: before })).toBe("as-it-was");
    expect(orientationOf({ before, now: new Map() })).toBe("untold");
  });
});
