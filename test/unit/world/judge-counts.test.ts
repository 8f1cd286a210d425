import { describe, expect, it } from "vitest";
import { createContactLog } from "../../../simulator/world/contact-log.ts";
import {
  COUNT_INVARIANT,
  judgeCounts,
  type ClaimedCount,
  type Uncounted,
  uncountedOf,
} from "../../../simulator/world/judge-counts.ts";
import { createLedger } from "../../../simulator/world/world-truth.ts";

/** Driven from 100 to 200 s and from 300 s on, each time with 1 mA. */
const CELL = {
  switches: { atMs: [100_000, 200_000, 300_000], chargeC: [0, 0.1, 0.1] },
  chargeC: 0.3,
  lostContacts: [],
};

function count(atMs: number, chargeC: number, statedC: number): ClaimedCount {
  return { positionIndex: 4, atMs, chargeAh: chargeC / 3600, statedAh: statedC / 3600 };
}

function violations(counts: readonly ClaimedCount[], uncounted: readonly Uncounted[] = []): readonly string[] {
  const ledger = createLedger([]);
  judgeCounts(counts, new Map([[4, CELL]]), ledger, uncounted);
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

  it("may lack what a dendrite took between two samples of a held voltage, from when it grew", () => {
    const surges = { positionIndex: 4, mostA: 0.001, fromMs: 198_000 };
    expect(violations([count(200_000, 0.0985, 0)], [surges])).toEqual([]);
    expect(violations([count(200_000, 0.0975, 0)], [surges])).toHaveLength(1);
    expect(violations([count(200_000, 0.0985, 0)], [{ ...surges, positionIndex: 5 }])).toHaveLength(1);
  });

  it("is not judged behind a script that failed where its cable was gone for good, as nobody could hear it", () => {
    const gone = { kind: "link-unplugged", link: "channel E5", fromMs: 120_000 } as const;
    const failed = { kind: "instrument-fails", link: "channel E5", fromMs: 150_000 } as const;
    const excused = (...faults: Parameters<typeof uncountedOf>[0]): readonly Uncounted[] =>
      uncountedOf(faults, new Map([["channel E5", 4]]));
    expect(violations([count(200_000, 0, 0)], excused(gone, failed))).toEqual([]);
    expect(violations([count(140_000, 0, 0)], excused(gone, failed))).toHaveLength(1);
    expect(violations([count(200_000, 0, 0)], excused({ ...gone, toMs: 140_000 }, failed))).toHaveLength(1);
    expect(violations([count(200_000, 0, 0)], excused({ ...gone, fromMs: 160_000 }, failed))).toHaveLength(1);
    expect(violations([count(200_000, 0, 0)], excused({ ...gone, link: "channel A1" }, failed))).toHaveLength(1);
    // Nothing was driven as it failed; and what is driven later is another step.
    expect(violations([count(500_000, 0, 0)], excused(gone, { ...failed, fromMs: 250_000 }))).toHaveLength(1);
    expect(violations([count(250_000, 0.1, 0), count(500_000, 0.1, 0)], excused(gone, failed))).toHaveLength(1);
  });

  it("may have too much by what a contact that went between two samples kept from flowing, and as much for what followed", () => {
    const blinked = { ...CELL, lostContacts: [{ fromMs: 150_000, toMs: 151_000, beforeA: 0.001 }] };
    const judged = (...counts: readonly ClaimedCount[]): number => {
      const ledger = createLedger([]);
      judgeCounts(counts, new Map([[4, blinked]]), ledger, []);
      return ledger.violations.length;
    };
    expect(judged(count(200_000, 0.1019, 0))).toBe(0);
    expect(judged(count(200_000, 0.1021, 0))).toBe(1);
    expect(judged(count(200_000, 0.1, 0), count(500_000, 0.3019, 0))).toBe(1);
    // Within the stretch in which it is driven, only once.
    expect(judged(count(152_000, 0.0539, 0), count(200_000, 0.1019, 0))).toBe(0);
    expect(judged(count(152_000, 0.052, 0), count(200_000, 0.1019, 0))).toBe(1);
  });

  it("may lack that of the time in which it flowed, however late its cell came", () => {
    const late = [count(210_000, 0.0985, 0)];
    const clock = { positionIndex: 4, share: -0.02, fromMs: 150_000, toMs: 200_000 };
    expect(violations(late)).toHaveLength(1);
    expect(violations(late, [clock])).toEqual([]);
  });

  describe("where a robot moves the cells", () => {
    /** Of another cell nothing has flowed; the two lie in each other's places from 200 s on, until they are put back at 800 s. */
    function astray(counts: readonly ClaimedCount[], foundOutMs: ReadonlyMap<number, number> = new Map()) {
      const other = { switches: { atMs: [], chargeC: [] }, chargeC: 0, lostContacts: [] };
      const cells = new Map([
        [4, CELL],
        [5, other],
      ]);
      const contacts = createContactLog(cells);
      for (const [position, cell] of [
        [4, 5],
        [5, 4],
      ] as const) {
        contacts.lies(position, cell, 200_000);
        contacts.lies(position, position, 800_000);
      }
      const ledger = createLedger([]);
      judgeCounts(counts, cells, ledger, [], { contacts, foundOutMs });
      return ledger.violations.map(({ what }) => what);
    }

    it("is of what its place passed, through whatever lies there, as long as nobody can know", () => {
      expect(astray([count(150_000, 0.05, 0), count(500_000, 0.1, 0)])).toEqual([]);
      expect(astray([{ ...count(500_000, 0.2, 0), positionIndex: 5 }])).toEqual([]);
      expect(astray([count(500_000, 0.3, 0)])).toHaveLength(1);
      expect(astray([{ ...count(500_000, 0, 0), positionIndex: 5 }])).toHaveLength(1);
    });

    it("is to cover what the cell itself has had since it strayed, once a code has told", () => {
      const found = new Map([[4, 600_000]]);
      const [first, astrayLast] = [count(150_000, 0.05, 0), count(500_000, 0.1, 0)];
      expect(astray([first, astrayLast, count(700_000, 0.1, 0)], found)).toHaveLength(1);
      expect(astray([first, astrayLast, count(700_000, 0.1, 0.2)], found)).toEqual([]);
      // Once, and what comes later from there on.
      expect(astray([first, count(700_000, 0.1, 0.2), count(900_000, 0.1, 0.2)], found)).toEqual([]);
      expect(astray([first, count(700_000, 0.1, 0.2), count(900_000, 0.2, 0.2)], found)).toHaveLength(1);
    });

    it("is of the cell again as it lies in its own place again, found out or not", () => {
      expect(astray([count(850_000, 0.1, 0)], new Map([[4, 840_000]]))).toEqual([]);
      expect(astray([count(850_000, 0.2, 0)], new Map([[4, 840_000]]))).toHaveLength(1);
    });
  });

  it("is looked at in a run at least once: none at all counts as never checked", () => {
    const ledger = createLedger([]);
    judgeCounts([], new Map([[4, CELL]]), ledger, []);
    expect(ledger.checks[COUNT_INVARIANT]).toBe(0);
  });
});
