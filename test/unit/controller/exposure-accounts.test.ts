import { describe, expect, it } from "vitest";
import { NO_MARKS } from "../../../controller/machines/exposure-order.ts";
import { isFault } from "../../../protocols/base/fault.ts";
import { MARKS, open, order } from "./accounts-bench.ts";

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

  it("know the one that was accounted for last; one that was never booked is none", async () => {
    const { accounts } = open();
    accounts.settle(order(), NO_MARKS, "aborted", null);
    expect(accounts.isEnded("x1")).toBe(false);
    await accounts.book(order());
    expect(accounts.isEnded("x1")).toBe(false);
    accounts.settle(order(), MARKS, "made", null);
    expect([accounts.isEnded("x1"), accounts.isEnded("x2")]).toEqual([true, false]);
  });

  it("charge the whole booking when the shutter was never seen closed", async () => {
    const { accounts, rows, events, clock, accounted } = open();
    await accounts.book(order());
    clock.advance(9000);
    accounts.settle(order(), { ...MARKS, closedSeenAtMs: null }, "partial", null);
    expect(rows[1]).toMatchObject({ kind: "charge-in-full", fluencePhCm2: rows[0]?.fluencePhCm2 });
    expect(rows[1]?.reason).toBe("the shutter was never seen closed");
    expect(accounted).toEqual([[1000, 9000]]);
    expect(events.at(-1)?.data).not.toHaveProperty("excess_Gy");
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

  it("charge the booking too where what was watched comes to as much", async () => {
    const books = open();
    books.ringCurrentMa = null;
    await books.accounts.book(order());
    books.accounts.settle(order(), { ...MARKS, closedSeenAtMs: null, litUntilAtMs: 6000 }, "shutter-failure", null);
    expect(books.rows[1]).toMatchObject({ kind: "charge-in-full", fluencePhCm2: books.rows[0]?.fluencePhCm2 });
  });

  it("call a rehearsed exposure so where it was made, and by what cut it short where it was not", async () => {
    for (const [outcome, told] of [
      ["made", "rehearsed"],
      ["partial", "partial"],
    ] as const) {
      const { accounts, events } = open();
      await accounts.book(order());
      accounts.settle(order(), { ...NO_MARKS, rehearsedAtMs: 2000 }, outcome, null);
      expect(events.at(-1)?.data).toMatchObject({ outcome: told });
    }
  });

  it("keep the cycle of the cell with the booking and its settlement", async () => {
    const { accounts, rows } = open();
    await accounts.book(order());
    accounts.settle(order(), MARKS, "made", null);
    expect(rows.map((row) => row.cycle)).toEqual([3, 3]);
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
