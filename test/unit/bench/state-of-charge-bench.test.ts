import { describe, expect, it } from "vitest";
import { chargeHalves, createChargeTrace } from "../../support/charge-trace.ts";
import { leastDistance } from "../../support/schedule/least-distance.ts";

describe("the least distance that exposures can be from their moments", () => {
  it("is none where they are far enough apart, and shared where they are at one moment", () => {
    expect(leastDistance([30, 0, 10, 20], 10)).toBe(0);
    expect(leastDistance([100, 100, 100], 10)).toBe(20);
    expect(leastDistance([100, 100, 100, 100], 10)).toBe(40);
    expect(leastDistance([], 10)).toBe(0);
  });

  it("is that of the best of all beginnings, by trying", () => {
    const cases = [
      [0, 1, 2, 9, 10],
      [5, 5, 6, 20, 21],
      [0, 3, 3, 3, 30],
    ];
    for (const due of cases) {
      let best = Infinity;
      const goOn = (index: number, fromS: number, sum: number): void => {
        if (sum >= best) return;
        if (index === due.length) best = sum;
        else for (let at = fromS; at <= 45; at += 1) goOn(index + 1, at + 4, sum + Math.abs(at - (due[index] ?? 0)));
      };
      goOn(0, -15, 0);
      expect(leastDistance(due, 4)).toBe(best);
    }
  });
});

describe("the charge of a simulated cell over time", () => {
  it("is told between looks, by half cycles, and when it came to a part of one", () => {
    let look: ((atMs: number, isChange: boolean) => void) | undefined;
    const state = { chargeC: 0 };
    const observer = {
      cell: { state },
      onSeen(handler: (atMs: number, isChange: boolean) => void) {
        look = handler;
      },
    };
    const trace = createChargeTrace(observer);
    for (const [atMs, chargeC] of [
      [0, 0],
      [1000, 0],
      [2000, 2],
      [4000, 6],
      [5000, 6],
      [6000, 6.01],
      [7000, 3],
      [8000, 1],
    ] as const) {
      state.chargeC = chargeC;
      look?.(atMs, false);
    }
    expect(trace.chargeC(3000)).toBe(4);
    expect(trace.chargeC(4500)).toBe(6);
    const [charge, discharge, ...others] = chargeHalves(trace, 1);
    expect(others).toEqual([]);
    expect(charge).toMatchObject({ isCharge: true, fromMs: 1000, fromC: 0, toC: 6.01 });
    expect(discharge).toMatchObject({ isCharge: false, fromMs: 6000, toMs: 8000, toC: 1 });
    if (charge === undefined || discharge === undefined) throw new Error("no halves");
    expect(trace.whenMs(charge, 4)).toBe(3000);
    expect(trace.whenMs(discharge, 2)).toBe(7500);
  });
});
