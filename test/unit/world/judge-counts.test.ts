import { describe, expect, it } from "vitest";
import {
  COUNT_INVARIANT,
  judgeCounts,
  type ClaimedCount,
  type WrongClock,
} from "../../../simulator/world/judge-counts.ts";
import { createLedger } from "../../../simulator/world/world-truth.ts";

/** Driven from 100 to 200 s and from 300 s on, each time with 1 mA. */
const CELL = { switches: { atMs: [100_000, 200_000, 300_000], chargeC: [0, 0.1, 0.1] }, chargeC: 0.3 };

function count(atMs: number, chargeC: number, statedC: number): ClaimedCount {
  return { positionIndex: 4, atMs, chargeAh: chargeC / 3600, statedAh: statedC / 3600 };
}

function violations(counts: readonly ClaimedCount[], wrongClocks: readonly WrongClock[] = []): readonly string[] {
  const ledger = createLedger([]);
  judgeCounts(counts, new Map([[4, CELL]]), ledger, wrongClocks);
  expect(ledger.checks[COUNT_INVARIANT]).toBe(counts.length);
  return ledger.violations.map(({ what }) => what);
}

describe("what is counted of a cell's charge", () => {
  it("is held against what its channel passed, within what is stated", () => {
    expect(violations([count(210_000, 0.1, 0)])).toEqual([]);
    expect(violations([count(210_000, 0.099, 0.002)])).toEqual([]);
    expect(violations([count(210_000, 0.099, 0.0005)])).toEqual([
      "cell 4: 27.778 uAh have flowed since 0.0 s, 27.500 are counted, within 0.139",
    ]);
    expect(violations([count(210_000, NaN, 1)])).toHaveLength(1);
  });

  it("is held against it from count to count: doubt of before excuses nothing later", () => {
    expect(violations([count(210_000, 0.09, 0.01), count(500_000, 0.29, 0.01)])).toEqual([]);
    expect(violations([count(210_000, 0.1, 0.01), count(500_000, 0.295, 0.01)])).toHaveLength(1);
  });

  it("may lack what a wrong clock came to", () => {
    const slow = [count(200_000, 0.0985, 0)];
    const clock = { positionIndex: 4, share: -0.02, fromMs: 100_000, toMs: 200_000 };
    expect(violations(slow)).toHaveLength(1);
    expect(violations(slow, [clock])).toEqual([]);
    expect(violations(slow, [{ ...clock, positionIndex: 5 }])).toHaveLength(1);
  });

  it("may lack that of the time in which it flowed, however late its cell came", () => {
    const late = [count(210_000, 0.0985, 0)];
    const clock = { positionIndex: 4, share: -0.02, fromMs: 150_000, toMs: 200_000 };
    expect(violations(late)).toHaveLength(1);
    expect(violations(late, [clock])).toEqual([]);
  });

  it("is looked at in a run at least once: none at all counts as never checked", () => {
    const ledger = createLedger([]);
    judgeCounts([], new Map([[4, CELL]]), ledger, []);
    expect(ledger.checks[COUNT_INVARIANT]).toBe(0);
  });
});
