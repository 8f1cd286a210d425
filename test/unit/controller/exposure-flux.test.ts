import { describe, expect, it } from "vitest";
import { createFluxHistory } from "../../../controller/dose/flux.ts";
import { NO_MARKS } from "../../../controller/machines/exposure-order.ts";
import { MARKS, open, order } from "./accounts-bench.ts";

describe("the flux that the books charge an exposure by", () => {
  it("settle with the mean of the monitor and the time of the switches", async () => {
    const books = open();
    const { accounts, rows, events, monitor, clock, accounted } = books;
    books.ringCurrentMa = 190;
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
    expect(events.at(-1)?.data).not.toHaveProperty("excess_Gy");
  });

  it("tell what both sources said of an exposure that was made, and of no other", async () => {
    const comparedIn = async (outcome: "made" | "partial", monitorPhS: number | null, currentMa: number | null) => {
      const books = open();
      books.ringCurrentMa = currentMa;
      await books.accounts.book(order());
      if (monitorPhS !== null) books.monitor.add(2000, monitorPhS);
      books.clock.advance(5100);
      books.accounts.settle(order(), MARKS, outcome, null);
      return books.compared;
    };
    expect(await comparedIn("made", 9.9e9, 200)).toEqual([[9.9e9, 200]]);
    expect(await comparedIn("partial", 9.9e9, 200)).toEqual([]);
    expect(await comparedIn("made", null, 200)).toEqual([]);
    expect(await comparedIn("made", 9.9e9, null)).toEqual([]);
  });

  it("take the monitor's word where the ring current makes as much of an exposure cut short", async () => {
    const books = open();
    await books.accounts.book(order());
    books.monitor.add(2000, 1e10);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "partial", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "monitor", fluxPhS: 1e10 });
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
    expect(await told(readings, 1.2e-6)).toMatchObject({ it_A: null });
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

  it("believe a ring current that is topped up by a twentieth", async () => {
    const books = open();
    await books.accounts.book(order());
    books.ringCurrent.add(1000, 100);
    books.ringCurrent.add(3000, 105);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current" });
    expect(books.doubt).toBeNull();
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

  it("charge the mean of a monitor whose readings differ by no more than noise", async () => {
    const books = open();
    await books.accounts.book(order());
    books.monitor.add(2000, 1.03e10);
    books.monitor.add(3000, 0.97e10);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "monitor", fluxPhS: 1e10 });
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

  it.each([
    { beforeMs: 4000, chargedPhS: 1e10 },
    { beforeMs: 6000, chargedPhS: 9.2e9 },
  ])(
    "charge the reading of $beforeMs ms before the opening, or the exposure's own: $chargedPhS ph/s",
    async (asked) => {
      const books = open();
      const { accounts, rows, monitor, clock } = books;
      books.ringCurrentMa = 190;
      monitor.add(2000, 1e10);
      await accounts.book(order());
      const openAskedAtMs = 2000 + asked.beforeMs;
      const marks = { ...MARKS, openAskedAtMs, openSeenAtMs: openAskedAtMs + 40 };
      // A digit of it is wrong, and no more than the ring current leaves room for.
      monitor.add(openAskedAtMs + 1000, 9.2e9);
      clock.advance(openAskedAtMs + 4100);
      accounts.settle(
        order(),
        { ...marks, closeAskedAtMs: openAskedAtMs + 4000, closedSeenAtMs: openAskedAtMs + 4040 },
        "made",
        null,
      );
      expect(rows[1]).toMatchObject({ fluxSource: "monitor", fluxPhS: asked.chargedPhS });
    },
  );

  it.each([
    { what: "seen to its last second", readAtMs: [500, 2000, 3000, 4040], monitorPhS: 9e9, chargedPhS: 9.25e9 },
    { what: "with nothing from before it", readAtMs: [2000, 3000, 4040], monitorPhS: 9e9, chargedPhS: 9.51e9 },
    { what: "seen throughout", readAtMs: [500, 2000, 3000, 4000, 5040], monitorPhS: 9e9, chargedPhS: 9e9 },
    { what: "of a ring at 215 mA", readAtMs: [5040], monitorPhS: 9.3e9, currentMa: 215, chargedPhS: 1.1e10 },
    // No further from the ring current's than the monitor may be.
    { what: "all but as bright", readAtMs: [2000], monitorPhS: 9.53e9, chargedPhS: 9.53e9 },
  ])(
    "charge by the ring current what dim optics may have given unseen, of an exposure $what",
    async ({ readAtMs, monitorPhS, currentMa = 200, chargedPhS }) => {
      const books = open();
      books.ringCurrentMa = currentMa;
      await books.accounts.book(order());
      for (const atMs of readAtMs) books.monitor.add(atMs, monitorPhS + atMs);
      books.clock.advance(5100);
      books.accounts.settle(order(), MARKS, "made", null);
      expect(books.rows[1]?.fluxSource).toBe("monitor");
      expect(books.rows[1]?.fluxPhS).toBeCloseTo(chargedPhS, -4);
      expect(books.doubt).toBeNull();
    },
  );

  it("state no less for a mixture than for its parts, each by its own uncertainty, and have it on record", async () => {
    const books = open();
    await books.accounts.book(order());
    for (const atMs of [500, 2000, 3000, 4040]) books.monitor.add(atMs, 9e9 + atMs);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    const [booked, settled] = books.rows;
    const upper = 0.75 * 9e9 + 0.25 * 1e10 * (1.1 / 1.05);
    const relative = booked?.relativeUncertainty ?? NaN;
    expect((settled?.fluxPhS ?? NaN) * (1 + (settled?.relativeUncertainty ?? NaN))).toBeCloseTo(
      upper * (1 + relative),
      -5,
    );
    expect(books.events.at(-1)).toMatchObject({ data: { compared_mA: 200, unread_share: 0.25 } });
  });

  it("believe no monitor that reads the same to the last digit, where it reads less than the ring current makes", async () => {
    const books = open();
    await books.accounts.book(order());
    for (const atMs of [500, 2000, 3000, 4000, 5040]) books.monitor.add(atMs, 9e9);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]?.fluxPhS).toBeCloseTo(1e10, 0);
  });

  it("hold a monitor against the largest ring current of two minutes: both may fail alike, and a fall is no doubt", async () => {
    const books = open();
    books.ringCurrentMa = 160;
    books.ringCurrent.add(0, 200);
    books.ringCurrent.add(500, 160);
    await books.accounts.book(order());
    books.monitor.add(2000, 8.4e9);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
    expect(books.doubt).toBeNull();
  });

  it("take no heed of a single reading of the ring current that stands out, and do of two", async () => {
    const comparedIn = async (currentsMa: readonly number[]) => {
      const books = open();
      for (const [index, currentMa] of currentsMa.entries()) books.ringCurrent.add(100 * index, currentMa);
      await books.accounts.book(order());
      for (const atMs of [500, 2000, 3000, 4040]) books.monitor.add(atMs, 9.9e9 + atMs);
      books.clock.advance(5100);
      books.accounts.settle(order(), MARKS, "made", null);
      return (books.events.at(-1)?.data as Readonly<Record<string, unknown>>)["compared_mA"];
    };
    expect(await comparedIn([200, 200, 215, 200, 200])).toBe(200);
    expect(await comparedIn([200, 215, 214, 200, 200])).toBe(215);
    // It may be the last that was read before the feed failed.
    expect(await comparedIn([215, 200, 200])).toBe(215);
  });

  it("have what the beam was beside what is charged, and whose word it is, for those who normalise frames by it", async () => {
    const i0In = async (currentMa: number, readings: readonly (readonly [number, number])[]) => {
      const books = open();
      books.ringCurrentMa = currentMa;
      books.ringCurrent.add(0, 200);
      await books.accounts.book(order());
      for (const [atMs, fluxPhS] of readings) books.monitor.add(atMs, fluxPhS);
      books.clock.advance(5100);
      books.accounts.settle(order(), MARKS, "made", null);
      const data = books.events.at(-1)?.data as Readonly<Record<string, unknown>>;
      return [data["i0_ph_s"], data["i0_source"], data["flux_source"]];
    };
    // Charged by the largest ring current of two minutes.
    expect(
      await i0In(160, [
        [2000, 8.1e9],
        [3000, 8.3e9],
      ]),
    ).toEqual([8.2e9, "monitor", "ring-current"]);
    // Charged by the largest reading.
    expect(
      await i0In(200, [
        [2000, 1e10],
        [3000, 9.4e9],
      ]),
    ).toEqual([9.7e9, "monitor", "monitor"]);
    expect(await i0In(160, [])).toEqual([8e9, "ring-current", "ring-current"]);
    expect(await i0In(160, [[600, 8.1e9]])).toEqual([8.1e9, "monitor", "ring-current"]);
  });

  it.each([NaN, -1e10])("take a monitor that reads %s for a silent one", async (reading) => {
    const books = open();
    books.ringCurrent.add(1100, 100);
    books.ringCurrent.add(3000, 150);
    await books.accounts.book(order());
    books.monitor.add(2000, reading);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "highest-possible", fluxPhS: 1.1e10 });
    expect(books.events.at(-1)).toMatchObject({ data: { monitor_ph_s: null } });
  });

  it("hold a monitor against what was before a jump in mid-exposure, and say that the ring current jumped", async () => {
    const books = open();
    books.ringCurrent.add(0, 200);
    await books.accounts.book(order());
    books.ringCurrent.add(1500, 200);
    books.ringCurrent.add(3000, 200_000);
    books.monitor.add(2000, 0);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
    expect(books.doubt).toContain("the ring current jumped while the shutter was open");
    expect(books.compared).toEqual([]);
  });

  it("say that a ring current is more than can be, while the monitor is believed", async () => {
    const books = open();
    books.ringCurrentMa = 200_000;
    await books.accounts.book(order());
    books.monitor.add(2000, 9.9e9);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "monitor", fluxPhS: 9.9e9 });
    expect(books.doubt).toContain("the ring current reads 200000 mA, more than the beam can have");
    expect(books.compared).toEqual([]);
  });

  it("hold a monitor that reads nothing against the last ring current that can be, while its feed tells of a thousand times as much", async () => {
    const books = open();
    books.ringCurrent.add(0, 200);
    books.ringCurrentMa = 200_000;
    await books.accounts.book(order());
    books.monitor.add(2000, 0);
    books.ringCurrent.add(500, 200_000);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "ring-current", fluxPhS: 1e10 });
    expect(books.doubt).toContain("the flux monitor reads 0 ph/s");
  });

  it("charge the highest flux where a monitor reads nothing and no ring current was heard for two minutes", async () => {
    const books = open();
    books.ringCurrentMa = null;
    await books.accounts.book(order());
    books.monitor.add(2000, 0);
    books.clock.advance(5100);
    books.accounts.settle(order(), MARKS, "made", null);
    expect(books.rows[1]).toMatchObject({ fluxSource: "highest-possible", fluxPhS: 1.1e10 });
    expect(books.doubt).toContain("the flux monitor reads 0 ph/s, and no ring current is there");
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
});
