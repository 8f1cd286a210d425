import { describe, expect, it } from "vitest";
import { openTimeS } from "../../../controller/beam/open-time.ts";
import { NO_MARKS, type ShutterMarks } from "../../../controller/machines/exposure-order.ts";

const TRAVEL_MS = 40;
/** Asked at 1000, open at 1040; asked closed at 7040, closed at 7080: six seconds between, one travel for the two halves. */
const WHOLE: ShutterMarks = {
  ...NO_MARKS,
  openAskedAtMs: 1000,
  openSeenAtMs: 1040,
  closeAskedAtMs: 7040,
  closedSeenAtMs: 7080,
};

describe("the open time of the shutter", () => {
  it("is the time between the switches and half of each travel", () => {
    expect(openTimeS(WHOLE, TRAVEL_MS)).toBeCloseTo(6.04, 12);
  });

  it("of a gate is the gate's own length, unless the closed switch says that it was longer", () => {
    // Fired at 1030: the blades are home at 7070 after a gate of six seconds.
    const gated: ShutterMarks = { ...WHOLE, closedSeenAtMs: 7072, gate: { firedAtMs: 1032, lengthS: 6 } };
    expect(openTimeS(gated, TRAVEL_MS)).toBeCloseTo(6, 12);
    expect(openTimeS({ ...gated, closedSeenAtMs: 7372 }, TRAVEL_MS)).toBeCloseTo(6.3, 12);
    expect(openTimeS({ ...gated, closedSeenAtMs: null }, TRAVEL_MS)).toBeNull();
    expect(openTimeS({ ...gated, openSeenAtMs: null }, TRAVEL_MS)).toBeCloseTo(6.072, 12);
  });

  const patterns = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((bits) => ({
    ...NO_MARKS,
    openAskedAtMs: (bits & 1) === 0 ? null : 1000,
    openSeenAtMs: (bits & 2) === 0 ? null : 1040,
    closeAskedAtMs: (bits & 4) === 0 ? null : 7040,
    closedSeenAtMs: (bits & 8) === 0 ? null : 7080,
  }));

  it.each(patterns)("for marks %o: nothing if never asked open, unknown if never seen closed", (marks) => {
    const openS = openTimeS(marks, TRAVEL_MS);
    if (marks.openAskedAtMs === null) expect(openS).toBe(0);
    else if (marks.closedSeenAtMs === null) expect(openS).toBeNull();
    else if (marks.openSeenAtMs === null || marks.closeAskedAtMs === null) expect(openS).toBeCloseTo(6.08, 12);
    else expect(openS).toBeCloseTo(6.04, 12);
  });

  it("is nothing for an exposure that came to nothing", () => {
    expect(openTimeS(NO_MARKS, TRAVEL_MS)).toBe(0);
  });

  it("is never under the time that the switches prove, however slow the shutter is said to be", () => {
    for (const travelMs of [0, 10, 40, 80, 500, 1e6]) {
      expect(openTimeS(WHOLE, travelMs)).toBeGreaterThanOrEqual(6);
      expect(openTimeS(WHOLE, travelMs)).toBeLessThanOrEqual(6.08);
    }
  });

  it("grows with every delay in closing and in its report", () => {
    let lastS = 0;
    for (let lateMs = 0; lateMs <= 500; lateMs += 50) {
      const openS = openTimeS({ ...WHOLE, closeAskedAtMs: 7040 + lateMs, closedSeenAtMs: 7080 + lateMs }, TRAVEL_MS);
      expect(openS).toBeGreaterThan(lastS);
      lastS = openS ?? NaN;
      const reportS = openTimeS({ ...WHOLE, closedSeenAtMs: 7080 + lateMs }, TRAVEL_MS);
      expect(reportS).toBeCloseTo(6.04 + lateMs / 1000, 12);
    }
  });

  it("is not known when the shutter was seen closed only before it was asked open", () => {
    expect(openTimeS({ ...WHOLE, closedSeenAtMs: 999 }, TRAVEL_MS)).toBeNull();
    expect(openTimeS({ ...WHOLE, openSeenAtMs: null, closedSeenAtMs: 999 }, TRAVEL_MS)).toBeNull();
    expect(openTimeS({ ...WHOLE, closedSeenAtMs: NaN }, TRAVEL_MS)).toBeNull();
    expect(openTimeS({ ...WHOLE, openAskedAtMs: NaN }, TRAVEL_MS)).toBeNull();
  });

  it("is everything up to the last look at a shutter that stays open, but for the time without machine beam", () => {
    const lit = { ...WHOLE, closedSeenAtMs: null, litUntilAtMs: 61_000 };
    expect(openTimeS(lit, TRAVEL_MS)).toBeCloseTo(60, 12);
    expect(openTimeS({ ...lit, darkMs: 20_000 }, TRAVEL_MS)).toBeCloseTo(40, 12);
    expect(openTimeS({ ...lit, closedSeenAtMs: 62_000, darkMs: 20_000 }, TRAVEL_MS)).toBeCloseTo(41, 12);
    expect(openTimeS({ ...lit, darkMs: NaN }, TRAVEL_MS)).toBeNull();
  });

  it("is never negative, whatever order the other marks came in", () => {
    expect(openTimeS({ ...WHOLE, closeAskedAtMs: 1010, closedSeenAtMs: 1020 }, TRAVEL_MS)).toBe(0);
    expect(openTimeS({ ...WHOLE, openSeenAtMs: null, closedSeenAtMs: 1000 }, TRAVEL_MS)).toBe(0);
  });
});
