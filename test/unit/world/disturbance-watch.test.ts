import { describe, expect, it } from "vitest";
import { createDisturbanceWatch } from "../../../simulator/world/disturbance-watch.ts";
import { cell, testWorld } from "./worlds.ts";

/** A cell and its channel, which counts what it hears; what happens between is watched. */
function watched() {
  const { clock, world } = testWorld([cell(0)]);
  const observer = world.cellObserver(0);
  if (observer === undefined) throw new Error("the world has no cell");
  const counters = { chunksToDevice: 7 };
  const watch = createDisturbanceWatch(new Map([[0, observer]]), () => false);
  watch.wire(new Map([[0, () => counters.chunksToDevice]]));
  return {
    begin: () => watch.begin(),
    /** By an order that is heard, or by the rules of what runs. */
    on: (isOrdered: boolean) => {
      if (isOrdered) counters.chunksToDevice += 2;
      observer.plant.applyCurrent(clock.nowMs(), 0.001);
    },
    off: (isOrdered: boolean) => {
      if (isOrdered) counters.chunksToDevice += 1;
      observer.plant.disconnect(clock.nowMs());
    },
  };
}

describe("a cell that is switched off while the beam is on", () => {
  it("was stopped where its channel heard an order, and not where it came to its own end", () => {
    for (const isOrdered of [true, false]) {
      const { begin, on, off } = watched();
      on(true);
      const end = begin();
      off(isOrdered);
      expect([...end()]).toEqual(isOrdered ? [0] : []);
    }
  });

  it("came to its own end also where the step was begun since; an order after that begin is one to stop", () => {
    for (const isOrdered of [true, false]) {
      const { begin, on, off } = watched();
      const end = begin();
      on(true);
      off(isOrdered);
      expect([...end()]).toEqual(isOrdered ? [0] : []);
    }
  });

  it("was stopped also where it was begun anew after the order", () => {
    const { begin, on, off } = watched();
    on(true);
    const end = begin();
    off(true);
    on(true);
    off(false);
    expect([...end()]).toEqual([0]);
  });
});
