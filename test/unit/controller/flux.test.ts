import { describe, expect, it } from "vitest";
import { bookedFlux, createFluxHistory, settledFlux } from "../../../controller/dose/flux.ts";

const REFERENCE = { fluxPhS: 1e11, ringCurrentMa: 200, highestPhS: 1.1e11 };
const HIGHEST = { fluxPhS: 1.1e11, source: "highest-possible" };

describe("the flux of an exposure", () => {
  it("is the monitor's word before all others, even when it saw nothing", () => {
    expect(settledFlux(9e10, 100, REFERENCE)).toEqual({ fluxPhS: 9e10, source: "monitor" });
    expect(settledFlux(0, 200, REFERENCE)).toEqual({ fluxPhS: 0, source: "monitor" });
  });

  it.each([null, NaN, Infinity, -1])("follows the ring current when the monitor says %s", (monitorPhS) => {
    expect(settledFlux(monitorPhS, 150, REFERENCE)).toEqual({ fluxPhS: 7.5e10, source: "ring-current" });
  });

  it.each([null, NaN, Infinity, -1])("is the highest possible when the ring current is %s too", (ringCurrentMa) => {
    expect(settledFlux(null, ringCurrentMa, REFERENCE)).toEqual(HIGHEST);
  });

  it("is the highest possible when the reference makes no number of the ring current", () => {
    expect(settledFlux(null, 150, { ...REFERENCE, ringCurrentMa: 0 })).toEqual(HIGHEST);
    expect(settledFlux(null, 0, { ...REFERENCE, ringCurrentMa: 0 })).toEqual(HIGHEST);
    expect(settledFlux(null, 150, { ...REFERENCE, fluxPhS: NaN })).toEqual(HIGHEST);
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
});
