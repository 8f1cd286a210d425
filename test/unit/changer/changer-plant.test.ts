import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createChangerPlant, type ChangerPlantOptions } from "../../../simulator/changer/changer-plant.ts";
import type { Place } from "../../../simulator/changer/place.ts";

const slot = (index: number): Place => ({ kind: "tray", tray: 1, slot: index });
const position = (positionIndex: number): Place => ({ kind: "rack", positionIndex });

function changer(more: Partial<ChangerPlantOptions> = {}) {
  return createChangerPlant({
    cells: [
      { id: "one", code: "R-1", place: slot(1) },
      { id: "two", code: "R-2", place: slot(2) },
      { id: "three", code: "R-3", place: slot(5) },
    ],
    chance: createChance(1),
    ...more,
  });
}

describe("a sample changer that works", () => {
  it("carries a cell from its slot to its position, each movement in its time", () => {
    const plant = changer();
    const pickedMs = plant.pick(0, slot(1));
    expect(pickedMs).toBe(3500);
    expect([plant.isBusy(3499), plant.gripperHolds(3499), plant.isPresent(3499, slot(1))]).toEqual([true, false, true]);
    expect([plant.isBusy(3500), plant.gripperHolds(3500), plant.isPresent(3500, slot(1))]).toEqual([
      false,
      true,
      false,
    ]);
    const readMs = plant.readCode(pickedMs);
    expect(plant.reading(readMs)).toEqual({ kind: "code", code: "R-1" });
    const placedMs = plant.place(readMs, position(0));
    expect(plant.placeOf(placedMs, "one")).toEqual(position(0));
    expect([plant.isPresent(placedMs, position(0)), plant.gripperIsClosed(placedMs)]).toEqual([true, false]);
  });

  it("does one thing after another when it is asked for several at once", () => {
    const plant = changer();
    plant.pick(0, slot(2));
    const doneMs = plant.place(0, position(7));
    expect(doneMs).toBe(7000);
    expect(plant.placeOf(6999, "two")).toEqual({ kind: "gripper" });
    expect(plant.placeOf(7000, "two")).toEqual(position(7));
  });

  it("closes on nothing in an empty slot, and says that it holds nothing", () => {
    const plant = changer();
    const doneMs = plant.pick(0, slot(9));
    expect([plant.gripperIsClosed(doneMs), plant.gripperHolds(doneMs)]).toEqual([true, false]);
    expect(plant.reading(plant.readCode(doneMs))).toEqual({ kind: "nothing" });
  });

  it("refuses two cells in one place, or of one name, from the start", () => {
    const twice = { id: "one", code: "R-1", place: slot(1) };
    expect(() => changer({ cells: [twice, { ...twice, id: "other" }] })).toThrow(RangeError);
    expect(() => changer({ cells: [twice, { ...twice, place: slot(3) }] })).toThrow(RangeError);
  });
});

describe("a sample changer on a bad day", () => {
  it("drops a cell on the way: it is neither in the slot nor at the position nor in the jaws", () => {
    const plant = changer();
    plant.dropNext();
    plant.pick(0, slot(1));
    const doneMs = plant.place(0, position(0));
    expect(plant.placeOf(doneMs, "one")).toEqual({ kind: "floor" });
    expect([plant.isPresent(doneMs, slot(1)), plant.isPresent(doneMs, position(0))]).toEqual([false, false]);
    plant.pick(doneMs, slot(2));
    expect(plant.placeOf(plant.place(doneMs, position(1)), "two")).toEqual(position(1));
  });

  it("picks two cells at once: the reader makes nothing of them, and only one finds its place", () => {
    const plant = changer();
    plant.doublePickNext();
    const pickedMs = plant.pick(0, slot(1));
    expect(plant.cellsAt(pickedMs, { kind: "gripper" })).toEqual(["one", "two"]);
    expect(plant.isPresent(pickedMs, slot(2))).toBe(false);
    const readMs = plant.readCode(pickedMs);
    expect(plant.reading(readMs)).toEqual({ kind: "unreadable" });
    const placedMs = plant.place(readMs, position(3));
    expect(plant.placeOf(placedMs, "one")).toEqual(position(3));
    expect(plant.placeOf(placedMs, "two")).toEqual({ kind: "floor" });
  });

  it("lets a cell slide off one that lies there already", () => {
    const plant = changer();
    plant.pick(0, slot(1));
    const doneMs = plant.place(0, slot(2));
    expect(plant.placeOf(doneMs, "one")).toEqual({ kind: "floor" });
    expect(plant.placeOf(doneMs, "two")).toEqual(slot(2));
  });

  it("finds the wrong cell in a slot by its code alone", () => {
    const plant = changer();
    plant.swap(0, "one", "three");
    const pickedMs = plant.pick(0, slot(1));
    expect(plant.gripperHolds(pickedMs)).toBe(true);
    expect(plant.reading(plant.readCode(pickedMs))).toEqual({ kind: "code", code: "R-3" });
  });

  it("cannot read a smudged code, however often it looks, and a dirty glass only now and then", () => {
    const plant = changer();
    plant.smudge("one", true);
    let atMs = plant.pick(0, slot(1));
    for (let look = 0; look < 5; look += 1) {
      atMs = plant.readCode(atMs);
      expect(plant.reading(atMs)).toEqual({ kind: "unreadable" });
    }
    plant.smudge("one", false);
    expect(plant.reading(plant.readCode(atMs))).toEqual({ kind: "code", code: "R-1" });

    const dirty = changer({ misreadShare: 0.3 });
    let lookMs = dirty.pick(0, slot(1));
    let misses = 0;
    for (let look = 0; look < 500; look += 1) {
      lookMs = dirty.readCode(lookMs);
      if (dirty.reading(lookMs).kind === "unreadable") misses += 1;
    }
    expect(misses).toBeGreaterThan(110);
    expect(misses).toBeLessThan(190);
  });

  it("has presence sensors that can say the same whatever is there", () => {
    const plant = changer();
    plant.stickPresence(position(0), true);
    expect(plant.isPresent(0, position(0))).toBe(true);
    expect(plant.cellsAt(0, position(0))).toEqual([]);
    plant.stickPresence(position(0), null);
    expect(plant.isPresent(0, position(0))).toBe(false);
  });
});

describe("whatever a changer is asked for", () => {
  const place = fc.oneof(fc.integer({ min: 0, max: 6 }).map(slot), fc.integer({ min: 0, max: 3 }).map(position));
  const act = fc.oneof(
    fc.record({ kind: fc.constant("pick" as const), place }),
    fc.record({ kind: fc.constant("place" as const), place }),
    fc.record({ kind: fc.constantFrom("read" as const, "drop" as const, "double" as const), place }),
  );

  it("every cell is in one place, and no slot or position holds two", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const plant = changer();
        let atMs = 0;
        for (const { kind, place: where } of acts) {
          if (kind === "pick") atMs = plant.pick(atMs, where);
          else if (kind === "place") atMs = plant.place(atMs, where);
          else if (kind === "read") atMs = plant.readCode(atMs);
          else if (kind === "drop") plant.dropNext();
          else plant.doublePickNext();
          for (const id of ["one", "two", "three"]) {
            const found = plant.placeOf(atMs, id);
            expect(found).toBeDefined();
            if (found === undefined) continue;
            expect(plant.cellsAt(atMs, found)).toContain(id);
            if (found.kind === "tray" || found.kind === "rack") expect(plant.cellsAt(atMs, found)).toHaveLength(1);
          }
        }
      }),
    );
  });
});
