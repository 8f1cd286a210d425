import { restedForMs } from "../../../controller/beam/exposure-timings.ts";
import { describe, expect, it } from "vitest";
import { judgeGate, type GateFacts } from "../../../controller/dose/exposure-gate.ts";
import { broken, GOOD_LEVELS, mangled, NOW_MS } from "./levels.ts";

const GOOD: GateFacts = {
  nowMs: NOW_MS,
  levels: GOOD_LEVELS,
  levelsMaximumAgeMs: 100,
  bookingSeq: 3,
  isBookingDurable: true,
  filtersAsked: [true, false],
  stageReading: { xMm: 10.004, yMm: 19.997, atRest: true },
  target: { xMm: 10, yMm: 20 },
  positionToleranceMm: 0.01,
  settledForMs: 150,
  settleMs: 100,
  belief: "confirmed",
  ringCurrentMa: 198,
  ringCurrentMinimumMa: 10,
};

const FAR = { xMm: 10.008, yMm: 20.008, atRest: true };

const SHUT: readonly (readonly [string, Partial<GateFacts>, readonly string[]])[] = [
  ["without a booking", { bookingSeq: null }, ["no dose booking"]],
  ["with booking zero", { bookingSeq: 0 }, ["no dose booking"]],
  ["with a booking that is not a number", { bookingSeq: NaN }, ["no dose booking"]],
  ["before the booking is durable", { isBookingDurable: false }, ["dose booking not durable"]],
  ["on an unknown cell", { belief: "unknown" }, ["the cell at this position is not known"]],
  ["without the stage read back", { stageReading: null }, ["stage not read back"]],
  ["on a moving stage", { stageReading: { xMm: 10, yMm: 20, atRest: false } }, ["stage not at rest"]],
  ["beside the spot", { stageReading: FAR }, ["stage 0.011 mm from the spot"]],
  ["at no known place", { stageReading: { xMm: NaN, yMm: 20, atRest: true } }, ["stage NaN mm from the spot"]],
  ["with no known target", { target: { xMm: 10, yMm: NaN } }, ["stage NaN mm from the spot"]],
  ["with no known tolerance", { positionToleranceMm: NaN }, ["stage 0.005 mm from the spot"]],
  ["on a stage not settled", { settledForMs: 99 }, ["stage not settled"]],
  ["on a stage never at rest", { settledForMs: -Infinity }, ["stage not settled"]],
  ["on a stage settled for no known time", { settledForMs: NaN }, ["stage not settled"]],
  ["without levels", { levels: null }, ["levels not read"]],
  ["on stale levels", { levels: mangled({ readAtMs: NOW_MS - 101 }) }, ["levels too old"]],
  ["on levels of the future", { levels: mangled({ readAtMs: NOW_MS + 1 }) }, ["levels too old"]],
  ["on levels of no time", { levels: mangled({ readAtMs: NaN }) }, ["levels too old"]],
  ["at no known time", { nowMs: NaN }, ["levels too old"]],
  ["with search broken", { levels: broken("searched") }, ["interlock searched"]],
  ["with the door open", { levels: broken("doorClosed") }, ["interlock doorClosed"]],
  ["with the emergency stop pressed", { levels: broken("emergencyOk") }, ["interlock emergencyOk"]],
  ["without beam permitted", { levels: broken("beamPermitted") }, ["interlock beamPermitted"]],
  [
    "when the shutter is open already",
    { levels: mangled({ shutterOpenSwitch: true, shutterClosedSwitch: false }) },
    ["shutter open, not closed"],
  ],
  ["while the shutter moves", { levels: mangled({ shutterClosedSwitch: false }) }, ["shutter moving, not closed"]],
  [
    "when the switches contradict",
    { levels: mangled({ shutterOpenSwitch: true }) },
    ["shutter contradiction, not closed"],
  ],
  ["after the watchdog tripped", { levels: mangled({ watchdogTripped: true }) }, ["output watchdog tripped"]],
  ["with a filter out", { levels: mangled({ filtersIn: [false, false] }) }, ["filters not in place"]],
  ["with a filter not read", { levels: mangled({ filtersIn: [true] }) }, ["filters not in place"]],
  ["with a filter too many read", { levels: mangled({ filtersIn: [true, false, true] }) }, ["filters not in place"]],
  ["without a fresh ring current", { ringCurrentMa: null }, ["no fresh ring current"]],
  ["under the least ring current", { ringCurrentMa: 9.9 }, ["ring current 9.9 mA under 10 mA"]],
  ["on a ring current that is not a number", { ringCurrentMa: NaN }, ["ring current NaN mA under 10 mA"]],
  ["with no known least ring current", { ringCurrentMinimumMa: NaN }, ["ring current 198 mA under NaN mA"]],
];

describe("the gate before the shutter", () => {
  it("opens when every condition holds", () => {
    expect(judgeGate(GOOD)).toEqual({ open: true });
  });

  it.each<readonly [string, Partial<GateFacts>]>([
    ["for a cell believed to be the right one", { belief: "believed" }],
    ["at the edge of the tolerance", { stageReading: { xMm: 10, yMm: 20.5, atRest: true }, positionToleranceMm: 0.5 }],
    ["settled for just as long as asked", { settledForMs: 100 }],
    ["at the least ring current", { ringCurrentMa: 10 }],
    ["on levels as old as they may be", { levels: mangled({ readAtMs: NOW_MS - 100 }) }],
    ["on levels of this very moment", { levels: mangled({ readAtMs: NOW_MS }) }],
    ["on the first row of a record", { bookingSeq: 1 }],
    ["without leave to move: the stage stands", { levels: broken("motionEnabled") }],
  ])("opens %s", (_, changes) => {
    expect(judgeGate({ ...GOOD, ...changes })).toEqual({ open: true });
  });

  it.each(SHUT)("stays shut %s, and says so", (_, changes, reasons) => {
    expect(judgeGate({ ...GOOD, ...changes })).toEqual({ open: false, reasons });
  });

  it("names every reason when several hold", () => {
    const verdict = judgeGate({ ...GOOD, bookingSeq: null, stageReading: null, levels: null, ringCurrentMa: null });
    expect(verdict).toEqual({
      open: false,
      reasons: ["no dose booking", "stage not read back", "levels not read", "no fresh ring current"],
    });
  });
});

describe("the gate of a rehearsal", () => {
  const shut = mangled({ safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true });
  const rehearsed = { ...GOOD, levels: shut, ringCurrentMa: null, isRehearsal: true };

  it("needs neither machine beam nor the beamline's permission", () => {
    expect(judgeGate(rehearsed)).toEqual({ open: true });
    const levels = { ...shut, interlocks: broken("beamPermitted").interlocks };
    expect(judgeGate({ ...rehearsed, levels })).toEqual({ open: true });
  });

  it("needs both shutters closed, and all else that an exposure needs", () => {
    expect(judgeGate({ ...rehearsed, levels: GOOD_LEVELS })).toEqual({
      open: false,
      reasons: ["safety shutter not closed"],
    });
    expect(judgeGate({ ...rehearsed, bookingSeq: null, levels: { ...shut, shutterClosedSwitch: false } })).toEqual({
      open: false,
      reasons: ["no dose booking", "shutter moving, not closed"],
    });
    const levels = { ...shut, interlocks: broken("doorClosed").interlocks };
    expect(judgeGate({ ...rehearsed, levels })).toEqual({ open: false, reasons: ["interlock doorClosed"] });
  });
});

it("a wait for the stage that was waited out counts as waited out, to the last bit of the number", () => {
  const sinceMs = 131_071.36;
  expect(sinceMs + 100 - sinceMs).toBeLessThan(100);
  expect(restedForMs(sinceMs + 100, sinceMs, 100)).toBe(100);
  expect(restedForMs(sinceMs + 99.9, sinceMs, 100)).toBeLessThan(100);
  expect(restedForMs(sinceMs + 250, sinceMs, 100)).toBeCloseTo(250, 6);
  expect(restedForMs(sinceMs, -Infinity, 100)).toBe(Infinity);
  expect(restedForMs(sinceMs, NaN, 100)).toBeNaN();
});
