import { describe, expect, it } from "vitest";
import type { TransmittedBeam } from "../../../controller/run/beam-readings.ts";
import { createExposureAccounts, type ExposureAccounts } from "../../../controller/beam/exposure-accounts.ts";
import { createDoseLedger } from "../../../controller/dose/dose-ledger.ts";
import { createFluxHistory, type FluxHistory } from "../../../controller/dose/flux.ts";
import { NO_MARKS, type ExposureOrder, type ShutterMarks } from "../../../controller/machines/exposure-order.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { isFault } from "../../../protocols/base/fault.ts";
import { createTestClock } from "../record/record-fixture.ts";
import { BEAM, ledgerCell } from "./dose-plans.ts";

const REFERENCE = {
  fluxPhS: 1e10,
  ringCurrentMa: 200,
  highestPhS: 1.1e10,
  uncertainty: { monitor: 0.05, ringCurrent: 0.1 },
};
const MARKS: ShutterMarks = {
  ...NO_MARKS,
  openAskedAtMs: 1000,
  openSeenAtMs: 1040,
  closeAskedAtMs: 5000,
  closedSeenAtMs: 5040,
};

function order(exposureId = "x1", exposureS = 4): ExposureOrder {
  return {
    exposureId,
    requestId: "r1",
    position: "A1",
    cellIndex: 0,
    spotIndex: 1,
    spotXMm: 0,
    spotYMm: 0,
    stageXMm: 10,
    stageYMm: 20,
    exposureS,
    frameName: "f1",
    filtersIn: [true],
  };
}

interface Books {
  readonly accounts: ExposureAccounts;
  readonly rows: LedgerRow[];
  readonly events: { readonly type: string; readonly data: object }[];
  readonly monitor: FluxHistory;
  readonly accounted: (readonly [number, number])[];
  readonly clock: ReturnType<typeof createTestClock>;
  readonly ringCurrent: FluxHistory;
  ringCurrentMa: number | null;
  doubt: string | null;
  commit: () => Promise<void>;
}

function open(transmitted?: TransmittedBeam): Books {
  const clock = createTestClock();
  const rows: LedgerRow[] = [];
  const events: Books["events"] = [];
  const accounted: Books["accounted"] = [];
  const monitor = createFluxHistory(8);
  const ringCurrent = createFluxHistory(8);
  const ledger = createDoseLedger({
    cells: [ledgerCell(0)],
    convention: "en",
    nowMs: () => clock.monoMs(),
    write: (row) => rows.push(row),
  });
  const accounts = createExposureAccounts({
    clock,
    ledger,
    recorder: {
      record(type, data) {
        events.push({ type, data });
      },
    },
    commit: () => books.commit(),
    fluxReference: REFERENCE,
    monitor,
    ringCurrent,
    ...(transmitted === undefined ? {} : { transmitted }),
    cycleOf: () => 3,
    fluxDoubted(fault) {
      books.doubt = fault?.message ?? null;
    },
    ringCurrentMa: () => books.ringCurrentMa,
    beam: (filtersIn) => (filtersIn[0] === true ? BEAM : { ...BEAM, filterTransmission: 1 }),
    cellState: () => ({ voltage_V: 3.7 }),
    accounted(_, startMs, endMs) {
      accounted.push([startMs, endMs]);
    },
    shutterTravelMs: 40,
    longestOpenS: (exposureS) => exposureS + 1,
  });
  const books: Books = {
    accounts,
    rows,
    events,
    monitor,
    ringCurrent,
    accounted,
    clock,
    ringCurrentMa: 200,
    doubt: null,
    commit: () => Promise.resolve(),
  };
  return books;
}

describe("the books of an exposure", () => {
  it("hold the upper bound first: highest flux, longest that the shutter can be open", async () => {
    const { accounts, rows } = open();
    expect(await accounts.book(order())).toBe(1);
    expect(rows).toMatchObject([{ kind: "booking", openTimeS: 5, fluxSource: "highest-possible", fluxPhS: 1.1e10 }]);
    expect(rows[0]?.fluencePhCm2).toBeCloseTo(1.1e10 * 10 * 5, -3);
  });

  it("call a booking durable only after its commit", async () => {
    const books = open();
    let commit = (): void => undefined;
    books.commit = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const booking = books.accounts.book(order());
    expect(books.rows).toHaveLength(1);
    expect(books.accounts.isDurable(1)).toBe(false);
    commit();
    await booking;
    expect(books.accounts.isDurable(1)).toBe(true);
    expect(books.accounts.isDurable(2)).toBe(false);
    expect(books.accounts.isDurable(NaN)).toBe(false);
  });

  it("leave a booking not durable when the commit fails", async () => {
    const books = open();
    books.commit = () => Promise.reject(new Error("disk full"));
    await expect(books.accounts.book(order())).rejects.toThrow("disk full");
    expect(books.accounts.isDurable(1)).toBe(false);
  });

  it("refuse by name what the limit does not bear, and book nothing", async () => {
    const { accounts, rows } = open();
    const refused = accounts.book(order("x1", 100));
    await expect(refused).rejects.toSatisfy((error) => isFault(error) && error.code === "dose.limit");
    await expect(refused).rejects.toThrow("limit 1000 Gy");
    expect(rows).toEqual([]);
  });

  it("settle with the mean of the monitor and the time of the switches", async () => {
    const { accounts, rows, events, monitor, clock, accounted } = open();
    await accounts.book(order());
    for (const [atMs, fluxPhS] of [
      [500, 5e9],
      [2000, 9e9],
      [3000, 9.2e9],
      [4000, 9.4e9],
    ] as const)
      monitor.add(atMs, fluxPhS);
    clock.advance(5100);
    accounts.settle(order(), MARKS, "made", "frame.tif");
    expect(rows[1]).toMatchObject({ kind: "settlement", openTimeS: 4, fluxPhS: 9.2e9, fluxSource: "monitor" });
    expect(rows[1]?.reason).toBe("measured");
    expect(accounted).toEqual([[1000, 5040]]);
    expect(events.at(-1)).toMatchObject({
      type: "exposure-ended",
      data: { exposure_id: "x1", outcome: "made", open_s: 4, charged: "settlement", frame: "frame.tif" },
    });
  });

  it("settle at zero what was never asked open, as soon as bringing fails: before the booking's commit too", async () => {
    const books = open();
    let commit = (): void => undefined;
    books.commit = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const booking = books.accounts.book(order());
    books.accounts.settle(order(), NO_MARKS, "aborted", null);
    expect(books.rows).toMatchObject([
      { kind: "booking" },
      { kind: "settlement", fluencePhCm2: 0, reason: "the shutter was never asked open" },
    ]);
    expect(books.accounted).toEqual([]);
    commit();
    await booking;
    books.accounts.settle(order(), NO_MARKS, "aborted", null);
    expect(books.rows).toHaveLength(2);
  });

  it("write nothing for an exposure that was never booked", () => {
    const { accounts, rows, events } = open();
    accounts.settle(order(), NO_MARKS, "aborted", null);
    expect([...rows, ...events]).toEqual([]);
  });

  it("charge the whole booking when the shutter was never seen closed", async () => {
    const { accounts, rows, clock, accounted } = open();
    await accounts.book(order());
    clock.advance(9000);
    accounts.settle(order(), { ...MARKS, closedSeenAtMs: null }, "partial", null);
    expect(rows[1]).toMatchObject({ kind: "charge-in-full", fluencePhCm2: rows[0]?.fluencePhCm2 });
    expect(rows[1]?.reason).toBe("the shutter was never seen closed");
    expect(accounted).toEqual([[1000, 9000]]);
  });

  it("charge a shutter that was watched to stay open for all the time watched, and call it a shutter failure", async () => {
    const { accounts, rows, clock, accounted, events } = open();
    await accounts.book(order());
    clock.advance(95_000);
    const marks = { ...MARKS, closedSeenAtMs: null, litUntilAtMs: 91_000, darkMs: 30_000 };
    accounts.settle(order(), marks, "shutter-failure", null);
    expect(rows[1]).toMatchObject({ kind: "settlement", openTimeS: 60, reason: "shutter failure" });
    expect(rows[1]?.fluencePhCm2).toBeGreaterThan(10 * (rows[0]?.fluencePhCm2 ?? Infinity));
    expect(accounted).toEqual([[1000, 91_000]]);
    expect(events.at(-1)).toMatchObject({ data: { lit_until_ms: 91_000, dark_ms: 30_000, open_s: 60 } });
  });

  it("charge never less than was booked when no closing was seen", async () => {
    const { accounts, rows } = open();
    await accounts.book(order());
    accounts.settle(order(), { ...MARKS, closedSeenAtMs: null, litUntilAtMs: 5900 }, "shutter-failure", null);
    expect(rows[1]).toMatchObject({ kind: "charge-in-full", fluencePhCm2: rows[0]?.fluencePhCm2 });
  });

  it("take the ring current of the exposure, not of the moment after a beam loss", async () => {
    const books = open();
    await books.accounts.book(order());
    books.accounts.noteOpened(order(), 1040);
    books.ringCurrentMa = 0;
    books.accounts.settle(order(), MARKS, "partial", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
    expect(books.events.at(-1)).toMatchObject({ data: { ring_current_mA: 200 } });
  });

  it("have what came through the cell while the shutter was wholly open, where a diode stands behind the rack", async () => {
    const told = async (readings: readonly (readonly [number, number])[], saturatedFromA = 1e-5) => {
      const history = createFluxHistory(8);
      const books = open({ history, photonsPerAs: 4e16, saturatedFromA });
      await books.accounts.book(order());
      for (const [atMs, valueA] of readings) history.add(atMs, valueA);
      books.clock.advance(5100);
      books.accounts.settle(order(), MARKS, "made", "frame.tif");
      return books.events.at(-1)?.data;
    };
    // The first was begun before the shutter was open, the last after it was asked to close.
    const readings = [
      [1100, 1e-9],
      [2000, 1e-6],
      [3000, 1.2e-6],
      [5090, 0],
    ] as const;
    expect(await told(readings)).toMatchObject({ it_A: 1.1e-6, it_ph_s: 4.4e10 });
    expect(await told([])).toMatchObject({ it_A: null, it_ph_s: null });
    expect(await told(readings, 1.1e-6)).toMatchObject({ it_A: null });
    const without = open();
    await without.accounts.book(order());
    without.accounts.settle(order(), MARKS, "made", "frame.tif");
    expect(without.events.at(-1)?.data).not.toHaveProperty("it_A");
  });

  it("take the larger current when the ring was topped up meanwhile", async () => {
    const books = open();
    books.ringCurrentMa = 100;
    await books.accounts.book(order());
    books.ringCurrentMa = 150;
    books.accounts.noteOpened(order(), 1040);
    books.ringCurrentMa = 120;
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 7.5e9 });
  });

  it.each([
    ["before", null, 200],
    ["after", 200, null],
  ])("take the highest flux when the ring current was not known %s", async (_, before, after) => {
    const books = open();
    books.ringCurrentMa = before;
    await books.accounts.book(order());
    books.ringCurrentMa = after;
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "highest-possible", fluxPhS: 1.1e10 });
  });

  it("keep the cycle of the cell with the booking and its settlement", async () => {
    const { accounts, rows } = open();
    await accounts.book(order());
    accounts.settle(order(), MARKS, "made", null);
    expect(rows.map((row) => row.cycle)).toEqual([3, 3]);
  });

  it("do not believe a ring current that jumps while the shutter is open, and say so", async () => {
    const books = open();
    await books.accounts.book(order());
    for (const [atMs, currentMa] of [
      [900, 100],
      [2000, 100],
      [3000, 150],
    ] as const)
      books.ringCurrent.add(atMs + 100, currentMa);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "highest-possible", fluxPhS: 1.1e10 });
    expect(books.doubt).toContain(
      "the ring current jumped while the shutter was open; charged the highest possible flux",
    );
  });

  it("charge the largest reading of a monitor that fell in mid-exposure", async () => {
    const books = open();
    await books.accounts.book(order());
    for (const [atMs, fluxPhS] of [
      [2000, 1e10],
      [3000, 1e10],
      [4000, 0.8e10],
    ] as const)
      books.monitor.add(atMs, fluxPhS);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "monitor", fluxPhS: 1e10 });
  });

  it("hold a monitor against the ring current of the opening when its feed fell silent on the way", async () => {
    const books = open();
    await books.accounts.book(order());
    books.monitor.add(2000, 0.8e10);
    books.ringCurrentMa = null;
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
    expect(books.doubt).toContain("the flux monitor reads 8000000000 ph/s");
  });

  it("charge an exposure shorter than the monitor's period by the reading before it, not by a current that fell", async () => {
    const books = open();
    books.ringCurrentMa = 160;
    await books.accounts.book(order());
    books.monitor.add(600, 1e10);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "partial", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "monitor", fluxPhS: 1e10 });
  });

  it("take the largest current of two minutes where nothing but the ring current is heard", async () => {
    const books = open();
    books.ringCurrentMa = 160;
    await books.accounts.book(order());
    books.ringCurrent.add(0, 200);
    books.ringCurrent.add(900, 160);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
  });

  it("say which source of the flux is not believed, and that it is again", async () => {
    const books = open();
    await books.accounts.book(order("x1"));
    books.monitor.add(2000, 0);
    books.clock.advance(5100);
    books.accounts.settle(order("x1"), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
    expect(books.doubt).toContain("the flux monitor reads 0 ph/s");
    await books.accounts.book(order("x2"));
    books.monitor.add(5200, 1e10);
    const later = { ...NO_MARKS, openAskedAtMs: 5150, openSeenAtMs: 5190, closeAskedAtMs: 6000, closedSeenAtMs: 6040 };
    books.clock.advance(1000);
    books.accounts.settle(order("x2"), later, "made", null);
    expect(books.doubt).toBeNull();
  });

  it("charge a filter that left the beam under an open shutter as never there, beyond the booking and called by name", async () => {
    const books = open();
    await books.accounts.book(order());
    // Before the shutter is asked open the gate looks at the filters.
    books.accounts.noteFilters([false]);
    books.accounts.noteOpening(order());
    books.accounts.noteFilters([true]);
    books.accounts.noteFilters([false]);
    books.accounts.noteFilters([true]);
    books.accounts.settle(order(), MARKS, "partial", null);
    expect(books.rows[1]).toMatchObject({ filterTransmission: 1, openTimeS: 4, reason: "a filter left the beam" });
    expect(books.rows[1]?.fluencePhCm2).toBeCloseTo(1e10 * 20 * 4, -3);
    const excessPhCm2 = (1e10 * 20 * 4 - 1.1e10 * 10 * 5) * 4e-10;
    expect(books.events.at(-1)).toMatchObject({ data: { excess_Gy: expect.closeTo(excessPhCm2, 6) as number } });
  });

  it("charge such a filter at the longest open time and the highest flux when no closing was seen", async () => {
    const books = open();
    await books.accounts.book(order());
    books.accounts.noteOpening(order());
    books.accounts.noteFilters([false]);
    books.accounts.settle(order(), { ...MARKS, closedSeenAtMs: null }, "partial", null);
    expect(books.rows[1]).toMatchObject({ filterTransmission: 1, openTimeS: 5, fluxPhS: 1.1e10 });
  });

  it("keep the cell's state with the moment the shutter was seen open", () => {
    const { accounts, events } = open();
    accounts.noteOpened(order(), 1040);
    expect(events).toEqual([
      {
        type: "shutter-opened",
        data: { exposure_id: "x1", position: "A1", open_seen_at_ms: 1040, cell_state: { voltage_V: 3.7 } },
      },
    ]);
  });
});
