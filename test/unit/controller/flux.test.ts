import { describe, expect, it } from "vitest";
import { bookedFlux, createFluxHistory, settledFlux, withUnread } from "../../../controller/dose/flux.ts";

const REFERENCE = {
  fluxPhS: 1e11,
  ringCurrentMa: 200,
  highestPhS: 1.1e11,
  uncertainty: { monitor: 0.05, ringCurrent: 0.1 },
};
const HIGHEST = { fluxPhS: 1.1e11, source: "highest-possible" };

const NEITHER = "neither flux monitor nor ring current can be believed";

describe("the flux of an exposure", () => {
  it("is the monitor's word before all others", () => {
    expect(settledFlux(9e10, 180, REFERENCE)).toEqual({ fluxPhS: 9e10, source: "monitor", doubt: null });
    expect(settledFlux(0, 0, REFERENCE)).toEqual({ fluxPhS: 0, source: "monitor", doubt: null });
    expect(settledFlux(9e10, null, REFERENCE)).toMatchObject({ fluxPhS: 9e10, source: "monitor" });
  });

  it("is that of the ring current when the monitor says less than both their uncertainties allow, and this is said", () => {
    const dead = settledFlux(0, 200, REFERENCE);
    expect(dead).toMatchObject({ fluxPhS: 1e11, source: "ring-current" });
    expect(dead.doubt).toBe("the flux monitor reads 0 ph/s, the ring current makes 100000000000 ph/s");
    // 0.9 / 1.05 of the ring current's is as little as both may differ.
    expect(settledFlux(0.858e11, 200, REFERENCE).source).toBe("monitor");
    expect(settledFlux(0.857e11, 200, REFERENCE).source).toBe("ring-current");
  });

  it("is the highest possible when the monitor says more than the beam can give, and this is said", () => {
    expect(settledFlux(5e11, 200, REFERENCE)).toMatchObject({
      ...HIGHEST,
      doubt: expect.stringContaining("more than") as string,
    });
    expect(settledFlux(1.12e11, 200, REFERENCE)).toEqual({ fluxPhS: 1.1e11, source: "monitor", doubt: null });
  });

  it.each([null, NaN, 200_000])(
    "is not a monitor's that reads next to nothing, alone with a ring current of %s",
    (currentMa) => {
      const dead = settledFlux(0, currentMa, REFERENCE);
      expect(dead).toMatchObject(HIGHEST);
      expect(dead.doubt).toContain("the flux monitor reads 0 ph/s, and no ring current is there");
      // Two fifths of the reference, the least that is exposed with, by 0.9 / 1.05.
      expect(settledFlux(3.428e10, currentMa, REFERENCE).source).toBe("highest-possible");
      expect(settledFlux(3.429e10, currentMa, REFERENCE).source).toBe("monitor");
    },
  );

  it.each([null, NaN, Infinity, -1])(
    "follows the ring current, less surely, when the monitor says %s",
    (monitorPhS) => {
      const { uncertaintyFactor, ...flux } = settledFlux(monitorPhS, 150, REFERENCE);
      expect(flux).toEqual({ fluxPhS: 7.5e10, source: "ring-current", doubt: null });
      expect(uncertaintyFactor).toBeCloseTo(1.1 / 1.05, 12);
    },
  );

  it("is the highest possible when the ring current's upper value would pass it", () => {
    expect(settledFlux(null, 215, REFERENCE)).toMatchObject({ ...HIGHEST, doubt: null });
    const jumped = settledFlux(null, 400, REFERENCE);
    expect(jumped).toMatchObject(HIGHEST);
    expect(jumped.doubt).toContain("more than the beam can give");
  });

  it.each([null, NaN, Infinity, -1])("is the highest possible when the ring current is %s too", (ringCurrentMa) => {
    expect(settledFlux(null, ringCurrentMa, REFERENCE)).toEqual({ ...HIGHEST, doubt: NEITHER });
  });

  it("is the highest possible when the reference makes no number of the ring current", () => {
    for (const [currentMa, changes] of [
      [150, { ringCurrentMa: 0 }],
      [0, { ringCurrentMa: 0 }],
      [150, { fluxPhS: NaN }],
    ] as const)
      expect(settledFlux(null, currentMa, { ...REFERENCE, ...changes })).toEqual({ ...HIGHEST, doubt: NEITHER });
  });

  it("is the word of its source up to the very most that the beam can give", () => {
    const sure = { ...REFERENCE, uncertainty: { monitor: 0, ringCurrent: 0 } };
    expect(settledFlux(1.1e11, null, sure)).toEqual({ fluxPhS: 1.1e11, source: "monitor", doubt: null });
    expect(settledFlux(null, 220, sure)).toMatchObject({ fluxPhS: 1.1e11, source: "ring-current", doubt: null });
    expect(settledFlux(4e10, null, sure)).toMatchObject({ fluxPhS: 4e10, source: "monitor" });
  });

  it("is the monitor's for what it did not see too, down to its own uncertainty below the ring current's", () => {
    const unsure = { ...REFERENCE, uncertainty: { monitor: 0.25, ringCurrent: 0.5 } };
    const byCurrent = { fluxPhS: 5e10, source: "ring-current", doubt: null } as const;
    const read = (fluxPhS: number) => ({ fluxPhS, source: "monitor", doubt: null }) as const;
    expect(withUnread(read(4e10), byCurrent, 1, unsure).fluxPhS).toBe(4e10);
    expect(withUnread(read(3.9e10), byCurrent, 1, unsure).fluxPhS).toBe(5e10);
  });

  it("is booked at the highest possible", () => {
    expect(bookedFlux(REFERENCE)).toEqual(HIGHEST);
  });
});

describe("the monitor's history", () => {
  it("gives the mean of the readings in the window, both ends included", () => {
    const history = createFluxHistory(8);
    for (let second = 0; second < 6; second += 1) history.add(second * 1000, second);
    expect(history.meanBetween(1000, 3000)).toBe(2);
    expect(history.meanBetween(1001, 2999)).toBe(2);
    expect(history.meanBetween(0, 5000)).toBe(2.5);
  });

  it("has no mean where there is no reading", () => {
    const history = createFluxHistory(4);
    expect(history.meanBetween(-Infinity, Infinity)).toBeNull();
    history.add(1000, 5);
    expect(history.meanBetween(1001, 9000)).toBeNull();
    expect(history.meanBetween(0, 999)).toBeNull();
    expect(history.meanBetween(2000, 0)).toBeNull();
  });

  it("gives the largest reading from a time on, whenever it was", () => {
    const history = createFluxHistory(4);
    expect(history.largestSince(0)).toBeNull();
    for (const [second, value] of [7, 9, 5, 3].entries()) history.add(second * 1000, value);
    expect(history.largestSince(0)).toBe(9);
    expect(history.largestSince(1000)).toBe(9);
    expect(history.largestSince(1001)).toBe(5);
    expect(history.largestSince(3001)).toBeNull();
  });

  it("has seen what lies between two readings that are near each other", () => {
    const history = createFluxHistory(4);
    expect(history.seenBetween(0, 9000, 5000)).toBe(0);
    for (const [index, atMs] of [1000, 2000, 8000, 9000, 10_000].entries()) history.add(atMs, 5 + index);
    // The oldest is forgotten.
    expect(history.seenBetween(0, 20_000, 5000)).toBe(2000);
    expect(history.seenBetween(8500, 9700, 5000)).toBe(1200);
    expect(history.seenBetween(0, 20_000, 6000)).toBe(8000);
    expect(history.seenBetween(3000, 7000, 5000)).toBe(0);
    expect(history.seenBetween(3000, 7000, 6000)).toBe(4000);
    expect(history.seenBetween(11_000, 12_000, 6000)).toBe(0);
    // A monitor that reads the same to the last digit is stuck.
    history.add(11_000, 9);
    history.add(12_000, 9.001);
    expect(history.seenBetween(9500, 12_000, 6000)).toBe(1500);
  });

  it.each([NaN, -1])("has seen nothing on either side of a reading of %s", (reading) => {
    const history = createFluxHistory(8);
    for (const [index, value] of [5, 6, reading, 7, 8].entries()) history.add(1000 * index, value);
    expect(history.seenBetween(0, 9000, 5000)).toBe(2000);
  });

  it("gives the largest reading that is borne out by one beside it", () => {
    const history = createFluxHistory(4);
    const largest = (): number | null => history.largestBorneOut(0, 300, 1.05);
    expect(largest()).toBeNull();
    // The first of all has none before it, the last none behind it yet.
    history.add(0, 215);
    expect(largest()).toBe(215);
    history.add(1000, 200);
    expect(largest()).toBe(215);
    history.add(2000, 220);
    expect(largest()).toBe(220);
    history.add(3000, 201);
    expect(largest()).toBe(215);
    history.add(4000, 200);
    expect(largest()).toBe(201);
    for (const [atMs, value] of [
      [5000, 200],
      [6000, 240],
      [7000, 230],
      [8000, 200],
    ] as const)
      history.add(atMs, value);
    expect(largest()).toBe(240);
    expect(history.largestBorneOut(0, 235, 1.05)).toBe(230);
    expect(history.largestBorneOut(8000, 300, 1.05)).toBe(200);
  });

  it.each([
    [200, 100],
    [100, 200],
  ])("calls a reading borne out that is more by just the share: by %s before it, %s behind it", (before, behind) => {
    const history = createFluxHistory(4);
    for (const [index, value] of [before, 210, behind].entries()) history.add(1000 * index, value);
    expect(history.largestBorneOut(0, 210, 1.05)).toBe(210);
    expect(history.largestBorneOut(0, 210, 1.049)).toBe(200);
  });

  it("gives the largest reading that can be, and none that is no number", () => {
    const history = createFluxHistory(8);
    for (const [second, value] of [7, 9, NaN, 3].entries()) history.add(second * 1000, value);
    expect(history.largestSince(0, 8)).toBe(7);
    expect(history.largestSince(0, 9)).toBe(9);
    expect(history.largestSince(2000, 9)).toBe(3);
    expect(history.largestSince(2000, 2)).toBeNull();
  });

  it("forgets the oldest reading when it is full", () => {
    const history = createFluxHistory(3);
    for (let second = 1; second <= 5; second += 1) history.add(second * 1000, second);
    expect(history.meanBetween(0, 2000)).toBeNull();
    expect(history.meanBetween(0, 9000)).toBe(4);
  });

  it("makes no number of a reading that is none, so that another source is asked", () => {
    const history = createFluxHistory(3);
    history.add(1000, 1e11);
    history.add(2000, NaN);
    expect(settledFlux(history.meanBetween(0, 3000), 100, REFERENCE).source).toBe("ring-current");
    expect(history.meanBetween(0, 1500)).toBe(1e11);
  });

  it("knows by how much readings rose, and that a fall is no rise", () => {
    const history = createFluxHistory(3);
    expect(history.riseBetween(0, 9000)).toBe(1);
    for (const [second, value] of [200, 210, 190, 199.5].entries()) history.add(second * 1000, value);
    expect(history.riseBetween(2000, 9000)).toBe(1.05);
    expect(history.riseBetween(1000, 2000)).toBe(1);
    // The oldest is forgotten with the rise from it.
    expect(history.riseBetween(0, 1500)).toBe(1);
    expect(history.riseBetween(2000, 3000)).toBe(1.05);
    history.add(4000, NaN);
    expect(history.riseBetween(0, 9000)).toBe(Infinity);
  });

  it("takes a rise from nothing for an endless one, and nothing after nothing for none", () => {
    const history = createFluxHistory(3);
    history.add(0, 0);
    history.add(1000, 0);
    expect(history.riseBetween(0, 9000)).toBe(1);
    history.add(2000, 1);
    expect(history.riseBetween(0, 9000)).toBe(Infinity);
  });
});
