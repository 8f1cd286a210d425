import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import {
  byPlace,
  forerunnerOf,
  isNamed,
  parseOccupant,
  parsePosition,
  placeOf,
  positionIndex,
  type Occupant,
} from "../../../protocols/base/position.ts";
import { parseOccupants } from "../../../protocols/input/position-range.ts";
import { isPresent, presentAt } from "../../../protocols/campaign/present-cell.ts";
import { positionsText } from "../../../protocols/campaign/rack-text.ts";

const cell = (name: string): Occupant => {
  const found = parseOccupant(name);
  assert(found !== undefined, name);
  return found;
};

describe("cells that lie in one place in turn", () => {
  it("are named by the place, from the second on with their turn there; a place has no turn", () => {
    expect(["A7", "A7.2", "H12.10"].map((name) => placeOf(cell(name)))).toEqual(["A7", "A7", "H12"]);
    for (const name of ["A7.1", "A7.0", "A7.02", "A7.", "A13.2", "a7.2", "A7.2.2", "A7.100"]) {
      expect(parseOccupant(name)).toBeUndefined();
    }
    expect(parsePosition("A7.2")).toBeUndefined();
    expect([cell("A7"), cell("A7.2"), cell("A7.3")].map(forerunnerOf)).toEqual([undefined, "A7", "A7.2"]);
    expect(positionIndex(cell("B1.2"))).toBe(positionIndex(cell("B1")));
  });

  it("stand behind one another in lists, and in words by themselves", () => {
    const cells = ["A2", "A10.2", "A1.3", "A1", "A1.2", "A3"].map(cell);
    expect([...cells].sort(byPlace)).toEqual(["A1", "A1.2", "A1.3", "A2", "A3", "A10.2"]);
    expect(positionsText(cells)).toBe("A1..A3, A1.2, A1.3, A10.2");
    const racks = ["A1..B12", "A1.2..B12.2"].flatMap((text) => {
      const range = parseOccupants(text);
      return range.kind === "positions" ? range.positions : [];
    });
    expect([racks.length, positionsText(racks)]).toEqual([48, "A1..B12, A1.2..B12.2"]);
  });

  it("are named in ranges of one turn", () => {
    for (const [text, what] of [
      ["A1.2..B12", /two turns in their places/],
      ["A1..B12.2", /two turns/],
      ["B1.2..A1.2", /runs backwards/],
      ["A1.2..", /not on the rack|no range/],
      ["A1.2..A2.2..A3.2", /no range/],
    ] as const) {
      expect(parseOccupants(text)).toMatchObject({ kind: "refused", what: expect.stringMatching(what) as string });
    }
  });

  it("are all meant by their place, and each by its own name; who orders means the last", () => {
    expect(["A1", "A1.2"].map((name) => isNamed(cell(name), [cell("A1")]))).toEqual([true, true]);
    expect(["A1", "A1.2"].map((name) => isNamed(cell(name), [cell("A1.2")]))).toEqual([false, true]);
    const cells = ["A1", "A2", "A1.2"].map((name) => ({ position: cell(name) }));
    expect([presentAt(cells, "A1"), presentAt(cells, "A2"), presentAt(cells, "B1")]).toEqual(["A1.2", "A2", "B1"]);
    expect(cells.map((_, index) => isPresent(cells, index))).toEqual([false, true, true]);
  });
});
