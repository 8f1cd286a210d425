import { describe, expect, it } from "vitest";
import { bothTimesText, clockMoment, isTimeZone, localText, zoneOffsetMs } from "../../../protocols/base/local-time.ts";
import { handoverMoment } from "../../../tui/handover/handover-window.ts";

const PARIS = "Europe/Paris";
const utc = (text: string): number => Date.parse(text);

describe("the clock of a place", () => {
  it("is read by the rules of a named zone, in winter and in summer, whatever machine this is", () => {
    expect(zoneOffsetMs(utc("2026-03-02T22:15:00Z"), PARIS)).toBe(3_600_000);
    expect(zoneOffsetMs(utc("2026-07-02T22:15:00.250Z"), PARIS)).toBe(7_200_000);
    expect(localText(utc("2026-07-02T22:15:00Z"), "Asia/Kolkata")).toBe("2026-07-03 03:45");
    expect(bothTimesText(utc("2026-03-02T22:15:00Z"), PARIS)).toBe("2026-03-02 22:15 UTC (23:15 Europe/Paris)");
    expect(bothTimesText(utc("2026-03-02T23:15:00Z"), PARIS)).toBe(
      "2026-03-02 23:15 UTC (2026-03-03 00:15 Europe/Paris)",
    );
    expect(bothTimesText(utc("2026-03-02T23:15:00Z"), null)).toBe("2026-03-02 23:15 UTC");
  });

  it("is of no zone that nobody knows", () => {
    expect(["Europe/Paris", "UTC", "America/Argentina/Ushuaia"].filter(isTimeZone)).toHaveLength(3);
    expect(["", "Paris", "Europe/Grenoble", "+01:00", "Europe/Paris "].filter(isTimeZone)).toEqual([]);
  });

  it("shows ten at night once a day, also on the days on which it is put forward and back", () => {
    for (const day of ["2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25", "2026-06-01"]) {
      const nowMs = utc(`${day}T12:00:00Z`);
      const before = clockMoment(22 * 60, nowMs, PARIS, "before");
      const after = clockMoment(22 * 60, nowMs, PARIS, "after");
      expect([localText(before, PARIS).slice(11), localText(after, PARIS).slice(11)]).toEqual(["22:00", "22:00"]);
      expect(before).toBeLessThanOrEqual(nowMs);
      expect(after).toBeGreaterThan(nowMs);
      expect(after - before).toBeGreaterThanOrEqual(23 * 3_600_000);
      expect(after - before).toBeLessThanOrEqual(25 * 3_600_000);
    }
  });
});

describe("since when and until when", () => {
  const nowMs = utc("2026-03-03T03:30:00Z");

  it("is a time of the place's clock, a moment of UTC, or so long from now", () => {
    expect(handoverMoment("--since", "22:00", nowMs, PARIS)).toBe(utc("2026-03-02T21:00:00Z"));
    expect(handoverMoment("--until", "06:00", nowMs, PARIS)).toBe(utc("2026-03-03T05:00:00Z"));
    expect(handoverMoment("--since", "4:30", nowMs, PARIS)).toBe(nowMs);
    expect(handoverMoment("--since", "22:00", nowMs, null)).toBe(utc("2026-03-02T22:00:00Z"));
    expect(handoverMoment("--until", "2026-03-04T06:00Z", nowMs, PARIS)).toBe(utc("2026-03-04T06:00:00Z"));
    expect(handoverMoment("--since", "8h", nowMs, PARIS)).toBe(nowMs - 8 * 3_600_000);
  });

  it("is nothing else", () => {
    for (const written of ["24:00", "22", "yesterday", "2026-03-04", "2026-13-04T06:00Z", ""]) {
      expect(() => handoverMoment("--since", written, nowMs, PARIS)).toThrow(/is no time/);
    }
  });
});
