import { describe, expect, it } from "vitest";
import { createFluxWatch } from "../../../controller/run/flux-watch.ts";
import { lastInBeam } from "../../../controller/resume/last-in-beam.ts";
import { SHUTTER_FAILURE_REASON, type LedgerRow } from "../../../controller/record/ledger-row.ts";
import { GOOD_LEVELS } from "./levels.ts";

const LIT_PH_S = 1e11;

function bench(deafSinceMs?: number, ringCurrentMa: number = 200) {
  const charged: (readonly [number, number])[] = [];
  const [alarms, stops]: [string[], string[]] = [[], []];
  const watch = createFluxWatch({
    io: {
      name: "io",
      permit: { dropShutterPermit: () => Promise.resolve() },
      requestSafetyShutter: () => Promise.resolve(),
    } as never,
    alarms: {
      raise: ({ code }: { code: string }) => alarms.push(code),
      clear: (code: string) => alarms.push(`over ${code}`),
    } as never,
    timings: {
      closedFlux: { thresholdPhS: 1e8, boundMs: 3000, graceMs: 500 },
      idleCycleMs: 500,
      ringCurrentMinimumMa: 10,
    },
    ringCurrentMa: () => ringCurrentMa,
    charge: (fromMs, toMs) => charged.push([fromMs, toMs]),
    stopExposing: (reason) => stops.push(reason),
    fail: (error) => {
      throw error;
    },
    ...(deafSinceMs === undefined ? {} : { deafSinceMs }),
  });
  function closed(fromMs: number, toMs: number): void {
    for (let atMs = fromMs; atMs <= toMs; atMs += 100) watch.showLevels({ ...GOOD_LEVELS, readAtMs: atMs });
  }
  function open(atMs: number): void {
    watch.showLevels({ ...GOOD_LEVELS, readAtMs: atMs, shutterClosedSwitch: false, shutterOpenSwitch: true });
  }
  /** A reading each second, with the levels in between. */
  function litWhileClosed(fromMs: number, toMs: number): void {
    for (let atMs = fromMs; atMs < toMs; atMs += 1000) {
      closed(atMs, atMs + 900);
      watch.read(atMs + 950, LIT_PH_S);
    }
  }
  return { charged, alarms, stops, watch, closed, open, litWhileClosed };
}

describe("light through a shutter that reads closed", () => {
  it("is charged between the exposures of a sweep too, back to the last reading that showed it dark", () => {
    const { watch, charged, closed, open, litWhileClosed } = bench();
    closed(0, 1000);
    watch.read(1000, 0);
    closed(1100, 1500);
    // Three exposures of two seconds, with pauses too short for anything to be proven by a reading.
    for (const atMs of [1600, 4200, 6800]) {
      open(atMs);
      watch.read(atMs + 1000, LIT_PH_S);
      closed(atMs + 2000, atMs + 2500);
    }
    expect(charged).toEqual([]);
    litWhileClosed(9400, 14_400);
    expect(charged.slice(0, 4)).toEqual([
      [1000, 1600],
      [3600, 4200],
      [6200, 6800],
      [8800, 14_350],
    ]);
  });

  it("is not charged for pauses that a reading has shown dark", () => {
    const { watch, charged, closed, open, litWhileClosed } = bench();
    closed(0, 1000);
    open(1100);
    closed(3000, 3600);
    watch.read(3600, 0);
    open(3700);
    closed(5700, 5800);
    litWhileClosed(5900, 10_900);
    expect(charged[0]).toEqual([3600, 3700]);
    expect(charged[1]?.[0]).toBe(5700);
  });

  it("is charged reading by reading while it lasts, up to one that shows it dark or to the shutter upstream", () => {
    for (const isUpstream of [true, false]) {
      const { watch, charged, closed, litWhileClosed } = bench();
      closed(0, 900);
      watch.read(1000, 1e8);
      litWhileClosed(1000, 7000);
      watch.read(6950, LIT_PH_S);
      if (isUpstream) watch.showLevels({ ...GOOD_LEVELS, readAtMs: 7200, safetyShutterClosedSwitch: true });
      else watch.read(7200, 0);
      closed(7300, 7500);
      watch.read(7600, 0);
      expect(charged).toEqual([
        [1000, 5950],
        [5950, 6950],
        [6950, 7200],
      ]);
    }
  });

  it("is told and stops exposing once, and anew when a person had it go on", () => {
    const { watch, alarms, stops, litWhileClosed } = bench();
    litWhileClosed(0, 8000);
    expect([alarms, stops.length]).toEqual([["shutter.flux-while-closed"], 1]);
    watch.noteResumed();
    litWhileClosed(8000, 16_000);
    const code = "shutter.flux-while-closed";
    expect([alarms, stops.length]).toEqual([[code, `over ${code}`, code], 2]);
  });

  it("is seen at the least current that counts as beam, and not below", () => {
    for (const [currentMa, told] of [
      [10, 1],
      [9.9, 0],
    ] as const) {
      const { alarms, litWhileClosed } = bench(undefined, currentMa);
      litWhileClosed(0, 8000);
      expect(alarms).toHaveLength(told);
    }
  });

  it("is believed by levels as old as two looks, and by no older ones", () => {
    for (const [ageMs, told] of [
      [1000, 1],
      [1001, 0],
    ] as const) {
      const { watch, alarms } = bench();
      for (let atMs = 0; atMs < 10_000; atMs += 1500) {
        watch.showLevels({ ...GOOD_LEVELS, readAtMs: atMs });
        watch.read(atMs + ageMs, LIT_PH_S);
      }
      expect(alarms).toHaveLength(told);
    }
  });

  it("is charged to no pause that a reading at its very end has shown dark, and to none of ten minutes ago", () => {
    const dark = bench();
    dark.closed(0, 1000);
    dark.watch.read(1500, 0);
    dark.open(1500);
    dark.closed(3000, 3500);
    dark.litWhileClosed(3600, 8600);
    expect(dark.charged[0]?.[0]).toBe(3000);
    for (const [closedAtMs, fromMs] of [
      [601_100, 601_100],
      [601_099, 0],
    ] as const) {
      const { charged, closed, open, litWhileClosed } = bench();
      closed(0, 1000);
      open(1100);
      closed(closedAtMs, closedAtMs + 900);
      litWhileClosed(closedAtMs + 1000, closedAtMs + 6000);
      expect(charged[0]?.[0]).toBe(fromMs);
    }
  });

  it("is charged after a restart from when the earlier process had heard something", () => {
    const { charged, litWhileClosed } = bench(20_000);
    litWhileClosed(60_000, 65_000);
    expect(charged[0]?.[0]).toBe(20_000);
  });
});

describe("what may stand in the beam after a restart", () => {
  const row = (kind: "booking" | "settlement", position: string, spotIndex: number) =>
    ({ kind, position, spotIndex }) as unknown as LedgerRow;
  const cells = ["A1", "A2"].map((position) => ({ position })) as never;

  it("is the spot that was exposed last", () => {
    const rows = [
      row("booking", "A1", 0),
      row("settlement", "A1", 0),
      row("booking", "A2", 3),
      row("settlement", "A2", 3),
    ];
    expect(lastInBeam(rows, { cells })).toEqual([{ cellIndex: 1, position: "A2", spotIndex: 3 }]);
    expect(lastInBeam([], { cells })).toEqual([]);
  });

  it("is the one before too, while the stage may not have left it", () => {
    const rows = [row("booking", "A1", 0), row("settlement", "A1", 0), row("booking", "A2", 3)];
    expect(lastInBeam(rows, { cells }).map(({ position }) => position)).toEqual(["A1", "A2"]);
  });

  it("is what light through a closed shutter was charged to since, on the way from one spot to the next", () => {
    const exposed = [row("booking", "A1", 0), row("settlement", "A1", 0)];
    const lit = (position: string, spotIndex: number) =>
      (["booking", "settlement"] as const).map((kind) => ({
        ...row(kind, position, spotIndex),
        reason: SHUTTER_FAILURE_REASON,
      }));
    const spots = (...rows: LedgerRow[]) =>
      lastInBeam(rows, { cells }).map(({ position, spotIndex }) => `${position} ${spotIndex}`);
    expect(spots(...exposed, ...lit("A1", 0))).toEqual(["A1 0"]);
    expect(spots(...exposed, ...lit("A1", 0), ...lit("A2", 3))).toEqual(["A1 0", "A2 3"]);
    expect(spots(...exposed, ...lit("A2", 3), ...lit("A2", 3))).toEqual(["A1 0", "A2 3"]);
    expect(spots(...exposed, ...lit("A2", 3), row("booking", "A2", 3))).toEqual(["A1 0", "A2 3"]);
    expect(spots(...lit("A2", 3))).toEqual(["A2 3"]);
  });
});
