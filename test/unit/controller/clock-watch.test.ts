/** How far the computer's clock is off UTC, from the time service's words to what an export tells. */
import { describe, expect, it } from "vitest";
import { createAlarms } from "../../../controller/run/alarms.ts";
import { createClockFold } from "../../../controller/export/clock-fold.ts";
import { createClockWatch, CLOCK_EVENT } from "../../../controller/run/clock-watch.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { parseChronyTracking, type ClockOffset } from "../../../protocols/base/clock-offset.ts";
import { createTestClock } from "../record/record-fixture.ts";

/** In the layout of chrony's manual. */
function tracking(changes: Readonly<Record<string, string>> = {}): string {
  const fields = {
    "Reference ID": "C0000201 (192.0.2.1)",
    Stratum: "3",
    "Ref time (UTC)": "Fri Nov 20 09:27:29 2026",
    "System time": "0.000250000 seconds slow of NTP time",
    "Last offset": "-0.000006747 seconds",
    "Root delay": "0.010000000 seconds",
    "Root dispersion": "0.001000000 seconds",
    "Leap status": "Normal",
    ...changes,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name.padEnd(16)}: ${value}\n`)
    .join("");
}

describe("The computer's clock against UTC", () => {
  it("is read from chrony's words, with its bound", () => {
    const slow = parseChronyTracking(tracking());
    expect(slow).toMatchObject({ source: "chrony", offsetS: 0.00025 });
    expect(slow?.uncertaintyS).toBeCloseTo(0.006, 9);
    const fast = parseChronyTracking(tracking({ "System time": "1.500000000 seconds fast of NTP time" }));
    expect(fast?.offsetS).toBe(-1.5);
  });

  it("is not known where chrony has no time of its own, or says something else", () => {
    expect(parseChronyTracking(tracking({ "Leap status": "Not synchronised" }))).toBeNull();
    expect(parseChronyTracking(tracking({ "System time": "0.1 s" }))).toBeNull();
    expect(parseChronyTracking(tracking({ "Root delay": "" }))).toBeNull();
    expect(parseChronyTracking("506 Cannot talk to daemon\n")).toBeNull();
  });

  it("goes on record soon after the begin and every hour, once where nobody says, and not after the end", async () => {
    const clock = createTestClock();
    const told: Json[] = [];
    let offset: ClockOffset | null = null;
    const watch = createClockWatch({
      clock,
      ...{
        read: () => Promise.resolve(offset),
        setOnMs: 0,
        doubtfulBreakMs: 0,
        alarms: { raise: () => undefined, clear: () => undefined, open: [] },
      },
      store: { appendEvent: ({ type, data }) => told.push(type === CLOCK_EVENT ? data : type) },
    });
    watch.start();
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await Promise.resolve();
      await Promise.resolve();
    };
    await pass(2000);
    await pass(3_600_000);
    expect(told).toEqual([
      { source: "unknown", utc_less_clock_s: null, uncertainty_s: null, wall_ms: 1_700_000_002_000 },
    ]);
    offset = { source: "chrony", offsetS: 0.002, uncertaintyS: 0.01 };
    await pass(3_600_000);
    await pass(3_600_000);
    expect(told.slice(1)).toEqual([
      { source: "chrony", utc_less_clock_s: 0.002, uncertainty_s: 0.01, wall_ms: 1_700_007_202_000 },
      { source: "chrony", utc_less_clock_s: 0.002, uncertainty_s: 0.01, wall_ms: 1_700_010_802_000 },
    ]);
    watch.stop();
    await pass(3_600_000);
    expect(told).toHaveLength(3);
  });

  it("is told anew by each run: what the run before told neither stands for ever nor keeps the next from being heard", () => {
    for (const { setOnMs, doubtfulBreakMs, first } of [
      { setOnMs: 0, doubtfulBreakMs: 0, first: undefined },
      { setOnMs: 0, doubtfulBreakMs: -7_200_000, first: "raised" },
    ]) {
      const clock = createTestClock();
      const told: string[] = [];
      const watch = createClockWatch({
        ...{ clock, read: () => Promise.resolve(null), setOnMs, doubtfulBreakMs },
        alarms: {
          raise: () => told.push("raised"),
          clear: (code, where) => told.push(`${code} ${where} is over`),
          open: [],
        },
        store: { appendEvent: () => 0 },
      });
      watch.start();
      clock.advance(2000);
      expect(told).toEqual(["clock.set clock is over", ...(first === undefined ? [] : [first])]);
    }
  });

  it("that was set once is told once, however often the run is started again, and anew where it was set again", () => {
    const events: string[] = [];
    const alarms = createAlarms({ record: (type) => events.push(type) }, () => 0);
    const runWith = (setOnMs: number): void => {
      const clock = createTestClock();
      const read = () => Promise.resolve(null);
      const store = { appendEvent: () => 1 };
      createClockWatch({ clock, read, store, alarms, setOnMs, doubtfulBreakMs: 0 }).start();
      clock.advance(2000);
    };
    runWith(7_200_000);
    runWith(7_200_010);
    expect(events).toEqual(["alarm-raised"]);
    runWith(-60_000);
    expect(events).toEqual(["alarm-raised", "alarm-cleared", "alarm-raised"]);
    runWith(0);
    expect(alarms.open).toEqual([]);
  });

  it("that is set while a run goes on is on record within a minute, with what it shows", async () => {
    const clock = createTestClock();
    const told: Json[] = [];
    let setOnMs = 0;
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await Promise.resolve();
      await Promise.resolve();
    };
    createClockWatch({
      clock: { ...clock, wallMs: () => clock.wallMs() + setOnMs },
      ...{ read: () => Promise.resolve(null), setOnMs: 0, doubtfulBreakMs: 0 },
      alarms: { raise: () => undefined, clear: () => undefined, open: [] },
      store: { appendEvent: ({ data }) => told.push(data) },
    }).start();
    await pass(2000);
    await pass(60_000);
    expect(told).toMatchObject([{ wall_ms: 1_700_000_002_000 }]);
    setOnMs = 3_600_000;
    await pass(60_000);
    await pass(60_000);
    expect(told).toMatchObject([{}, { wall_ms: 1_700_003_722_000 }]);
    expect(told).toHaveLength(2);
  });

  it("that was set before a run went on is told, and how long the computer is up goes on record for the next", async () => {
    const clock = createTestClock();
    const told: Json[] = [];
    const raised: string[] = [];
    const watch = createClockWatch({
      ...{ clock, read: () => Promise.resolve(null), setOnMs: 7_200_000, doubtfulBreakMs: 0 },
      alarms: { raise: ({ code, what }) => raised.push(`${code}: ${what}`), clear: () => undefined, open: [] },
      bootTime: () => ({ bootId: "b-1", upS: 512.25 }),
      store: { appendEvent: ({ data }) => told.push(data) },
    });
    watch.start();
    clock.advance(2000);
    await Promise.resolve();
    await Promise.resolve();
    expect(told).toMatchObject([{ boot_id: "b-1", up_s: 512.25 }]);
    expect(raised).toEqual([expect.stringContaining("clock.set: the computer's clock was set 7200 s forward")]);
  });

  it.each([
    [-7_200_000, "2 h before the last event on record"],
    [400 * 86_400_000, "after the last event on record"],
  ])(
    "that nobody would believe after the computer was started anew is told, to be checked (%s ms)",
    (breakMs, says) => {
      const clock = createTestClock();
      const raised: string[] = [];
      createClockWatch({
        ...{ clock, read: () => Promise.resolve(null), setOnMs: 0, doubtfulBreakMs: breakMs },
        alarms: { raise: ({ code, what }) => raised.push(`${code}: ${what}`), clear: () => undefined, open: [] },
        store: { appendEvent: () => 1 },
      }).start();
      clock.advance(2000);
      expect(raised).toEqual([expect.stringMatching(`^clock.set: .*${says}.*check the clock`)]);
    },
  );

  it("is told by exports as its extremes, and never as 0 where nobody said", () => {
    const fold = createClockFold();
    fold.event({ source: "unknown", utc_less_clock_s: null, uncertainty_s: null });
    expect(fold.result()).toBeNull();
    fold.event({ source: "chrony", utc_less_clock_s: -0.001, uncertainty_s: 0.01 });
    fold.event({ source: "chrony", utc_less_clock_s: 0.003, uncertainty_s: 0.02 });
    expect(fold.result()).toEqual({ sources: ["chrony"], count: 2, leastS: -0.001, mostS: 0.003, uncertaintyS: 0.02 });
  });
});
