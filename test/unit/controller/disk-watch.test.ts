import { describe, expect, it } from "vitest";
import { createAlarms, type Alarms } from "../../../controller/run/alarms.ts";
import { createDiskWatch, type DiskWatch } from "../../../controller/run/disk-watch.ts";
import { judgeRoom, recordBytes } from "../../../protocols/campaign/record-size.ts";
import { campaign } from "../../support/world-campaign.ts";
import { createTestClock } from "../record/record-fixture.ts";

interface Watched {
  readonly watch: DiskWatch;
  readonly alarms: Alarms;
  /** Minute by minute; each takes so many bytes. */
  pass(minutes: number, bytes: number): void;
}

function watched(freeBytes: number, endAtH: number): Watched {
  const clock = createTestClock();
  const alarms = createAlarms({ record: () => undefined }, () => clock.monoMs());
  let free = freeBytes;
  const watch = createDiskWatch({ clock, alarms, freeBytes: () => free, endAtMs: endAtH * 3_600_000 });
  watch.start();
  clock.advance(1000);
  return {
    watch,
    alarms,
    pass(minutes, bytes) {
      for (let minute = 0; minute < minutes; minute += 1) {
        free -= bytes;
        clock.advance(60_000);
      }
    },
  };
}

const codes = ({ alarms }: Watched): readonly string[] => alarms.open.map(({ code }) => code);

describe("the disk under a record", () => {
  it("that lasts for the campaign is no news", () => {
    const disk = watched(100e9, 24);
    disk.pass(60, 10e6);
    expect(disk.watch.forecast()).toEqual({
      freeBytes: 100e9 - 60 * 10e6,
      hoursLeft: expect.closeTo(165.7, 1) as number,
    });
    expect(codes(disk)).toEqual([]);
  });

  it("that does not last is told with how long it does, and once only", () => {
    const disk = watched(100e9, 240);
    disk.pass(10, 10e6);
    // Ten minutes in the wake of a copy are no pace yet.
    disk.pass(60, 10e6);
    expect(codes(disk)).toEqual(["disk.fills"]);
    expect(disk.alarms.open[0]?.what).toMatch(
      /^99\.\d GB are free, which at the pace of the last hour last 6 d .* goes on for 10 d/,
    );
    disk.pass(30, 10e6);
    expect(disk.alarms.raisedCount).toBe(1);
    // Somebody made room.
    disk.pass(1, -900e9);
    expect(codes(disk)).toEqual([]);
  });

  it("that is full within hours, or has no room to speak of, is serious", () => {
    const fast = watched(20e9, 24);
    fast.pass(20, 150e6);
    expect(codes(fast)).toEqual(["disk.full-soon", "disk.fills"]);
    const small = watched(200e6, 24);
    expect(codes(small)).toEqual(["disk.full-soon"]);
    expect(small.alarms.open[0]?.what).toBe("0.2 GB are free");
    // A little more than the level does not end it.
    small.pass(1, -80e6);
    expect(codes(small)).toEqual(["disk.full-soon"]);
    small.pass(1, -80e6);
    expect(codes(small)).toEqual([]);
  });

  it("fills at the pace of the last hour, known after ten minutes, and not at all where nothing is written", () => {
    const disk = watched(100e9, 24);
    disk.pass(9, 10e6);
    expect(disk.watch.forecast()?.hoursLeft).toBeNull();
    disk.pass(1, 10e6);
    expect(disk.watch.forecast()?.hoursLeft).toBeCloseTo((100e9 - 100e6) / 600e6, 6);
    disk.pass(50, 10e6);
    disk.pass(59, 0);
    expect(disk.watch.forecast()?.hoursLeft).toBeCloseTo((100e9 - 600e6) / 10e6, 6);
    disk.pass(1, 0);
    expect(disk.watch.forecast()).toEqual({ freeBytes: 100e9 - 600e6, hoursLeft: null });
  });

  it("that lasts for just as long as it is needed, with just room enough, is no news; a byte less is", () => {
    // So many bytes a millisecond that no number needs rounding.
    const [slow, quick] = [16 * 3.6e6, 1600 * 3.6e6];
    for (const [byteLess, open] of [
      [0, []],
      [1, ["disk.fills"]],
    ] as const) {
      const week = watched((7 * 24 + 1) * slow - byteLess, Infinity);
      week.pass(60, slow / 60);
      expect(codes(week)).toEqual(open);
      const hours = watched((3 + 1) * quick - byteLess, Infinity);
      hours.pass(60, quick / 60);
      expect(codes(hours)).toEqual(byteLess === 0 ? ["disk.fills"] : ["disk.fills", "disk.full-soon"]);
      expect(codes(watched(256e6 - byteLess, 24))).toEqual(byteLess === 0 ? [] : ["disk.full-soon"]);
    }
  });

  it("is judged before a run by what its campaign will write", () => {
    const week = recordBytes(campaign, 7 * 86_400);
    expect(week).toBeGreaterThan(campaign.cells.length * 7 * 86_400);
    expect(judgeRoom(week, 1e12, "data")).toBeNull();
    expect(judgeRoom(week, null, "data")).toBeNull();
    expect(judgeRoom(null, 1, "data")).toBeNull();
    expect(judgeRoom(1e9, 1.2e9, "data")).toMatchObject({ severity: "warning", code: "disk.small" });
    expect(judgeRoom(1e9, 0.9e9, "data")).toMatchObject({
      severity: "error",
      where: "data",
      what: /1\.0 GB and 0\.90 GB/,
    });
  });
});
