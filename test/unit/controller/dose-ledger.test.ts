import { describe, expect, it } from "vitest";
import { createDoseLedger, proposalOf, type DoseLedger } from "../../../controller/dose/dose-ledger.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { BEAM, ledgerCell, limit, measured } from "./dose-plans.ts";

const FILTERS = [true, false];

function newLedger(
  write?: (row: LedgerRow) => void,
  past: readonly LedgerRow[] = [],
): { ledger: DoseLedger; rows: LedgerRow[] } {
  const rows: LedgerRow[] = [];
  const ledger = createDoseLedger({
    past,
    cells: [ledgerCell(0), ledgerCell(1)],
    convention: "en",
    nowMs: () => 1000 + rows.length,
    write(row) {
      write?.(row);
      return rows.push(row) + 40;
    },
  });
  return { ledger, rows };
}

describe("the dose ledger", () => {
  it("writes a booking with the upper bound and all it follows from, and gives the event's number", () => {
    const { ledger, rows } = newLedger();
    const seq = ledger.book("x1", 1, 2, FILTERS, { ...measured(1.5), reason: "upper bound" });
    expect(seq).toBe(41);
    expect(rows).toEqual([
      {
        kind: "booking",
        exposureId: "x1",
        position: "A2",
        spotIndex: 2,
        spotXMm: 0.5,
        spotYMm: 0,
        atMs: 1000,
        cycle: null,
        fluencePhCm2: 1.5e12,
        openTimeS: 1.5,
        fluxPhS: 1e11,
        fluxSource: "monitor",
        filterTransmission: 0.5,
        convention: "en",
        layerDosesGy: [
          { layer: "window", surfaceGy: expect.closeTo(150, 6) as number, meanGy: expect.closeTo(150, 6) as number },
          {
            layer: "positive electrode",
            surfaceGy: expect.closeTo(600, 6) as number,
            meanGy: expect.closeTo(300, 6) as number,
          },
        ],
        relativeUncertainty: 0.25,
        reason: "upper bound",
        stackHash: "57ac",
        filtersIn: FILTERS,
      },
    ]);
  });

  it("goes on from the rows of a record as if it had written them itself", () => {
    const first = newLedger();
    first.ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    first.ledger.settle("x1", measured(1), "measured");
    first.ledger.book("x2", 0, 1, FILTERS, measured(0.5));
    first.ledger.book("x3", 1, 0, FILTERS, measured(1));
    first.ledger.settle("x3", null, "lost");
    const { ledger, rows } = newLedger(undefined, first.rows);
    expect(rows).toEqual([]);
    expect(ledger.openCount).toBe(1);
    expect(ledger.hasOpenBooking("x2")).toBe(true);
    for (const cellIndex of [0, 1]) {
      expect(ledger.limitFractionOf(cellIndex)).toBe(first.ledger.limitFractionOf(cellIndex));
      for (const seconds of [0.1, 0.5, 1, 1.5, 2]) {
        const next = proposalOf(1, seconds, { fluxPhS: 1e11, source: "monitor" }, BEAM);
        expect(ledger.refusals(cellIndex, next)).toEqual(first.ledger.refusals(cellIndex, next));
      }
    }
    expect(ledger.limitFractionBooked).toBe(first.ledger.limitFractionBooked);
    ledger.settle("x2", measured(0.5), "measured");
    expect(ledger.openCount).toBe(0);
  });

  it("counts the booking until it is settled, then what was measured", () => {
    const { ledger, rows } = newLedger();
    const next = proposalOf(1, 1, { fluxPhS: 1e11, source: "monitor" }, BEAM);
    expect(next).toEqual({ spotIndex: 1, fluencePhCm2: 1e12, fluenceRatePhCm2S: 1e12, cycle: null });
    ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    expect(ledger.hasOpenBooking("x1")).toBe(true);
    expect(ledger.openCount).toBe(1);
    expect(ledger.limitFractionOf(0)).toBe(0);
    expect(ledger.limitFractionBooked).toBeCloseTo(0.75, 9);
    expect(ledger.refusals(0, next)).toHaveLength(1);
    expect(ledger.refusals(1, next)).toEqual([]);
    const row = ledger.settle("x1", measured(1), "measured");
    expect(rows.at(-1)).toBe(row);
    expect(row).toMatchObject({ kind: "settlement", fluencePhCm2: 1e12, openTimeS: 1, reason: "measured" });
    expect(ledger.hasOpenBooking("x1")).toBe(false);
    expect(ledger.openCount).toBe(0);
    expect(ledger.refusals(0, next)).toEqual([]);
    expect(ledger.limitFractionOf(0)).toBeCloseTo(0.5, 9);
    expect(ledger.limitFractionOf(1)).toBe(0);
    expect(ledger.limitFractionMax).toBeCloseTo(0.5, 9);
  });

  it.each([
    ["nothing is known", null],
    ["the flux is not a number", measured(1, NaN)],
    ["the flux is endless", measured(1, Infinity)],
    ["the flux is negative", measured(1, -1)],
    ["the open time is not a number", measured(NaN)],
    ["the open time is negative", measured(-1)],
  ])("charges a booking in full when %s", (_, what) => {
    const { ledger } = newLedger();
    ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    const row = ledger.settle("x1", what, "the shutter was never seen closed");
    expect(row).toMatchObject({
      kind: "charge-in-full",
      fluencePhCm2: 1.5e12,
      openTimeS: 1.5,
      position: "A1",
      spotIndex: 1,
      reason: "the shutter was never seen closed",
      atMs: 1001,
    });
    expect(row).not.toHaveProperty("stackHash");
    expect(ledger.limitFractionOf(0)).toBeCloseTo(0.75, 9);
    expect(ledger.openCount).toBe(0);
  });

  it("settles at zero what was never opened, and frees all of it", () => {
    const { ledger } = newLedger();
    ledger.book("x1", 0, 1, FILTERS, measured(2));
    expect(ledger.settle("x1", measured(0), "never asked open")).toMatchObject({ kind: "settlement", fluencePhCm2: 0 });
    expect(ledger.limitFractionOf(0)).toBe(0);
    expect(ledger.refusals(0, proposalOf(1, 2, { fluxPhS: 1e11, source: "monitor" }, BEAM))).toEqual([]);
  });

  it("takes a settlement above its booking as it was measured: a shutter failure is not hidden", () => {
    const { ledger } = newLedger();
    ledger.book("x1", 0, 1, FILTERS, measured(1));
    expect(ledger.settle("x1", measured(3), "shutter failure").fluencePhCm2).toBe(3e12);
    expect(ledger.limitFractionOf(0)).toBeCloseTo(1.5, 9);
  });

  it.each([
    ["nothing", measured(0)],
    ["no number", measured(NaN)],
    ["an endless time", measured(Infinity)],
    ["less than nothing", measured(-1)],
  ])("takes no booking of %s: it would be no upper bound", (_, bound) => {
    const { ledger, rows } = newLedger();
    expect(() => ledger.book("x1", 0, 0, FILTERS, bound)).toThrow("no upper bound");
    expect(rows).toEqual([]);
    expect(ledger.hasOpenBooking("x1")).toBe(false);
  });

  it("takes no second booking of one exposure, no settlement without one, no cell or spot that is not there", () => {
    const { ledger, rows } = newLedger();
    ledger.book("x1", 0, 0, FILTERS, measured(1));
    expect(() => ledger.book("x1", 1, 0, FILTERS, measured(1))).toThrow("booked already");
    expect(() => ledger.settle("x2", null, "")).toThrow("no open booking");
    expect(() => ledger.book("x3", 2, 0, FILTERS, measured(1))).toThrow("no cell 2");
    expect(() => ledger.book("x4", 0, 3, FILTERS, measured(1))).toThrow("no spot 3");
    ledger.settle("x1", null, "");
    expect(() => ledger.settle("x1", null, "")).toThrow("no open booking");
    expect(rows).toHaveLength(2);
  });

  it("keeps the booking when the record does not take its settlement", () => {
    const { ledger } = newLedger((row) => {
      if (row.kind === "settlement") throw new Error("disk full");
    });
    ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    expect(() => ledger.settle("x1", measured(0.1), "measured")).toThrow("disk full");
    expect(ledger.hasOpenBooking("x1")).toBe(true);
    expect(ledger.refusals(0, proposalOf(1, 1, { fluxPhS: 1e11, source: "monitor" }, BEAM))).toHaveLength(1);
  });

  it("weighs a flux by its own uncertainty: a less certain source uses up more of the limit", () => {
    const { ledger, rows } = newLedger();
    ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    const flux = { fluxPhS: 1e11, source: "ring-current", uncertaintyFactor: 1.2 } as const;
    ledger.settle("x1", { ...measured(1), flux }, "measured");
    expect(rows[1]).toMatchObject({ fluencePhCm2: 1e12, fluxSource: "ring-current" });
    expect(rows[1]?.relativeUncertainty).toBeCloseTo(0.5, 12);
    expect(ledger.limitFractionOf(0)).toBeCloseTo(0.6, 9);
    // 1000 Gy with the plan's 25 % are 2e12 ph/cm2; 1.2e12 of them are gone.
    expect(ledger.refusals(0, proposalOf(1, 0.799, { fluxPhS: 1e11, source: "monitor" }, BEAM))).toEqual([]);
    expect(ledger.refusals(0, proposalOf(1, 0.801, { fluxPhS: 1e11, source: "monitor" }, BEAM))).toHaveLength(1);
    const again = newLedger(undefined, rows);
    expect(again.ledger.limitFractionOf(0)).toBe(ledger.limitFractionOf(0));
  });

  it("gives an exposure to the spot that has had least by then, and to the next in turn among equals", () => {
    const { ledger } = newLedger();
    const give = (id: string, spot: number, seconds: number): void => {
      ledger.book(id, 0, spot, FILTERS, measured(1.5));
      ledger.settle(id, measured(seconds), "measured");
    };
    expect(ledger.spotFor(0, [0, 1, 2], 1e11)).toBe(0);
    expect(ledger.spotFor(0, [2, 0, 1], 1e11)).toBe(2);
    give("x1", 0, 0.1);
    // A sixteenth of it reached the middle: less than a tenth of an exposure is no difference.
    expect(ledger.spotFor(0, [1, 2, 0], 1e11)).toBe(1);
    give("x2", 1, 0.03);
    expect(ledger.spotFor(0, [1, 2, 0], 1e11)).toBe(2);
    give("x3", 2, 0.1);
    // The middle was cut short, and is next though it is not its turn; the tails of both neighbours count with it.
    expect(ledger.spotFor(0, [0, 1, 2], 1e11)).toBe(1);
    expect(ledger.spotFor(1, [0, 1, 2], 1e11)).toBe(0);
    expect(ledger.spotFor(0, [], 1e11)).toBeUndefined();
  });

  it("knows how many exposures the limits leave, as each is booked by its bound and given by what is expected", () => {
    const { ledger } = newLedger();
    const asked = { spotIndex: 1, fluencePhCm2: 1e12, fluenceRatePhCm2S: 1 };
    // 2e12 ph/cm2 are the limit: two of 5e11 were given and 1e12 more can be booked, three of them and it cannot.
    expect(ledger.exposuresLeft(0, [1], asked, 5e11, 10)).toBe(3);
    expect(ledger.exposuresLeft(0, [1], asked, 5e11, 2)).toBe(2);
    expect(ledger.exposuresLeft(0, [1], asked, 5e11, 0)).toBe(0);
    expect(ledger.exposuresLeft(0, [1], { ...asked, fluencePhCm2: 2.1e12 }, 5e11, 10)).toBe(0);
    // Each goes to the spot that suits it: of the two outer ones each bears nearly as much.
    expect(ledger.exposuresLeft(0, [0, 2], { ...asked, fluencePhCm2: 0.99e12 }, 5e11, 10)).toBe(6);
    ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    ledger.settle("x1", measured(0.5), "measured");
    expect(ledger.exposuresLeft(0, [1], asked, 5e11, 10)).toBe(2);
    expect(ledger.openCount).toBe(0);
  });

  it("takes nothing back by an amendment, and has a cell that joins as one that had nothing", () => {
    const cells = [ledgerCell(0)];
    const ledger = createDoseLedger({ cells, convention: "en", nowMs: () => 0, write: () => 1 });
    ledger.book("x1", 0, 1, FILTERS, measured(1.5));
    ledger.settle("x1", measured(1), "measured");
    cells.push(ledgerCell(1));
    ledger.amended();
    const next = proposalOf(1, 1.5, { fluxPhS: 1e11, source: "monitor" }, BEAM);
    expect(ledger.limitFractionOf(0)).toBeCloseTo(0.5, 9);
    expect(ledger.refusals(0, next)).toHaveLength(1);
    expect(ledger.limitFractionOf(1)).toBe(0);
    expect(ledger.refusals(1, next)).toEqual([]);
  });

  it("holds the strongest and the fastest of a cell's exposures against the limits of an amendment", () => {
    const cells = [ledgerCell(0)];
    const ledger = createDoseLedger({ cells, convention: "en", nowMs: () => 0, write: () => 1 });
    const strong = measured(1.5); // 750 Gy with the uncertainty, at 500 Gy/s
    const fast = measured(0.2, 4e11); // 400 Gy at 2000 Gy/s
    const neither = measured(1, 1e10); // 50 Gy at 50 Gy/s
    for (const [id, one] of Object.entries({ strong, fast, neither })) {
      ledger.book(id, 0, 1, FILTERS, one);
      ledger.settle(id, one, "measured");
    }
    cells[0] = ledgerCell(0, { limits: [limit({ scope: "per-exposure" })] });
    ledger.amended();
    expect(ledger.limitFractionOf(0)).toBeCloseTo(0.75, 9);
    cells[0] = ledgerCell(0, { limits: [limit({ doseGy: null, doseRateGyS: 2500 })] });
    ledger.amended();
    expect(ledger.limitFractionOf(0)).toBeCloseTo(0.8, 9);
  });

  it("counts what a cell that has come back was given in its former place, before anything and after an amendment", () => {
    const cells = [ledgerCell(0), ledgerCell(1, { earlier: ["A1"] }), ledgerCell(2)];
    const { ledger: first, rows } = newLedger();
    first.book("x1", 0, 1, FILTERS, measured(1));
    first.settle("x1", measured(1), "measured");
    const ledger = createDoseLedger({ cells, convention: "en", nowMs: () => 0, write: () => 1, past: rows });
    const next = (seconds: number) => proposalOf(0, seconds, { fluxPhS: 1e11, source: "monitor" }, BEAM);
    for (const isAmended of [false, true]) {
      if (isAmended) ledger.amended();
      expect(ledger.limitFractionOf(0)).toBeCloseTo(0.5, 9);
      expect(ledger.limitFractionOf(1)).toBeCloseTo(0.5, 9);
      expect(ledger.limitFractionOf(2)).toBe(0);
      expect(ledger.refusals(1, next(0.99))).toEqual([]);
      expect(ledger.refusals(1, next(1.01))).toHaveLength(1);
      expect(ledger.refusals(2, next(1.99))).toEqual([]);
    }
    ledger.book("x2", 1, 0, FILTERS, measured(1));
    ledger.settle("x2", measured(0.5), "measured");
    expect(ledger.limitFractionOf(1)).toBeCloseTo(0.75, 9);
  });
});
