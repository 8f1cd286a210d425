import { describe, expect, it } from "vitest";
import {
  brokenLatches,
  judgePermit,
  LATCHING_INTERLOCKS,
  motionRefusals,
  type PermitConditions,
  type PermitRequest,
} from "../../../controller/safety/permit-judgement.ts";
import { INTERLOCKS, type InputLevels } from "../../../protocols/roles/beam-io.ts";
import { broken, GOOD_LEVELS, mangled, NOW_MS } from "./levels.ts";

const REQUEST: PermitRequest = {
  exposureId: "x1",
  bookingSeq: 7,
  lifeMs: 8000,
  untilMs: NOW_MS + 500,
  filtersIn: [true, false],
};
const CONDITIONS: PermitConditions = { nowMs: NOW_MS, levelsMaximumAgeMs: 100, latched: [] };

interface Case {
  readonly what: string;
  readonly request?: Partial<PermitRequest>;
  readonly levels?: InputLevels;
  readonly conditions?: Partial<PermitConditions>;
  readonly reasons: readonly string[];
}

const REFUSED: readonly Case[] = [
  { what: "no booking", request: { bookingSeq: 0 }, reasons: ["no booking"] },
  { what: "a booking that is not a number", request: { bookingSeq: NaN }, reasons: ["no booking"] },
  { what: "half a booking", request: { bookingSeq: 1.5 }, reasons: ["no booking"] },
  { what: "the deadline reached", request: { untilMs: NOW_MS }, reasons: ["exposure deadline passed"] },
  { what: "a deadline that is not a number", request: { untilMs: NaN }, reasons: ["exposure deadline passed"] },
  { what: "stale levels", levels: mangled({ readAtMs: NOW_MS - 101 }), reasons: ["levels too old"] },
  { what: "levels of the future", levels: mangled({ readAtMs: NOW_MS + 1 }), reasons: ["levels too old"] },
  { what: "levels of no time", levels: mangled({ readAtMs: NaN }), reasons: ["levels too old"] },
  { what: "levels without a time", levels: mangled({ readAtMs: undefined }), reasons: ["levels too old"] },
  { what: "an age limit that is not a number", conditions: { levelsMaximumAgeMs: NaN }, reasons: ["levels too old"] },
  {
    what: "a clock that is not a number",
    conditions: { nowMs: NaN },
    reasons: ["exposure deadline passed", "levels too old"],
  },
  { what: "search broken", levels: broken("searched"), reasons: ["interlock searched"] },
  { what: "door open", levels: broken("doorClosed"), reasons: ["interlock doorClosed"] },
  { what: "emergency stop pressed", levels: broken("emergencyOk"), reasons: ["interlock emergencyOk"] },
  { what: "beam not permitted", levels: broken("beamPermitted"), reasons: ["interlock beamPermitted"] },
  {
    what: "interlocks that were not sent",
    levels: mangled({ interlocks: {} }),
    reasons: ["interlock searched", "interlock doorClosed", "interlock emergencyOk", "interlock beamPermitted"],
  },
  {
    what: "a door that closed again without a person",
    conditions: { latched: ["doorClosed"] },
    reasons: ["interlock doorClosed broke and was not re-armed"],
  },
  {
    what: "a door that is still open, latched",
    levels: broken("doorClosed"),
    conditions: { latched: ["doorClosed"] },
    reasons: ["interlock doorClosed"],
  },
  { what: "watchdog tripped", levels: mangled({ watchdogTripped: true }), reasons: ["output watchdog tripped"] },
  {
    what: "both shutter switches",
    levels: mangled({ shutterOpenSwitch: true, shutterClosedSwitch: true }),
    reasons: ["shutter switches contradict"],
  },
  {
    what: "safety shutter between its switches",
    levels: mangled({ safetyShutterOpenSwitch: false }),
    reasons: ["safety shutter not open"],
  },
  {
    what: "safety shutter closed",
    levels: mangled({ safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true }),
    reasons: ["safety shutter not open"],
  },
  {
    what: "both safety shutter switches",
    levels: mangled({ safetyShutterClosedSwitch: true }),
    reasons: ["safety shutter not open"],
  },
  { what: "a filter out", levels: mangled({ filtersIn: [false, false] }), reasons: ["filters not in place"] },
  { what: "a filter too many", levels: mangled({ filtersIn: [true, true] }), reasons: ["filters not in place"] },
  { what: "a filter not read", levels: mangled({ filtersIn: [true] }), reasons: ["filters not in place"] },
  { what: "a filter nobody asked for", request: { filtersIn: [true] }, reasons: ["filters not in place"] },
];

describe("the shutter permit", () => {
  it("is given when every condition holds", () => {
    expect(judgePermit(REQUEST, GOOD_LEVELS, CONDITIONS)).toEqual({ grant: true });
  });

  it.each([
    ["at the last moment before the deadline", { untilMs: NOW_MS + 0.001 }, {}],
    ["on the first row of a record", { bookingSeq: 1 }, {}],
    ["on levels just read", {}, { readAtMs: NOW_MS }],
    ["on levels as old as they may be", {}, { readAtMs: NOW_MS - 100 }],
    ["while the shutter is open", {}, { shutterOpenSwitch: true, shutterClosedSwitch: false }],
    ["while the shutter moves", {}, { shutterClosedSwitch: false }],
  ])("is given %s", (_, request, levels) => {
    expect(judgePermit({ ...REQUEST, ...request }, mangled(levels), CONDITIONS)).toEqual({ grant: true });
  });

  it("is given without leave for the stage to move: it stands", () => {
    expect(judgePermit(REQUEST, broken("motionEnabled"), CONDITIONS)).toEqual({ grant: true });
  });

  it.each(REFUSED)("is refused by name for $what", ({ request, levels, conditions, reasons }) => {
    const verdict = judgePermit({ ...REQUEST, ...request }, levels ?? GOOD_LEVELS, { ...CONDITIONS, ...conditions });
    expect(verdict).toEqual({ grant: false, reasons });
  });

  it("names every reason when several hold", () => {
    const levels = { ...broken("searched", "beamPermitted"), watchdogTripped: true };
    expect(judgePermit({ ...REQUEST, bookingSeq: 0 }, levels, CONDITIONS)).toEqual({
      grant: false,
      reasons: ["no booking", "interlock searched", "interlock beamPermitted", "output watchdog tripped"],
    });
  });
});

describe("the permit of a rehearsal", () => {
  const rehearsed: PermitRequest = { ...REQUEST, isRehearsed: true };
  const shut = { safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true };

  it("needs both shutters closed, and no beam permitted", () => {
    const interlocks = broken("beamPermitted").interlocks;
    expect(judgePermit(rehearsed, mangled({ ...shut, interlocks }), CONDITIONS)).toEqual({ grant: true });
  });

  it.each<readonly [string, Partial<InputLevels>, string]>([
    ["the shutter moves", { ...shut, shutterClosedSwitch: false }, "shutter moving, not closed"],
    ["the safety shutter is open", {}, "safety shutter not closed"],
    ["the safety shutter's switches contradict", { safetyShutterClosedSwitch: true }, "safety shutter not closed"],
    ["the door is open", { ...shut, interlocks: broken("doorClosed").interlocks }, "interlock doorClosed"],
  ])("is refused by name while %s", (_, levels, reason) => {
    expect(judgePermit(rehearsed, mangled(levels), CONDITIONS)).toEqual({ grant: false, reasons: [reason] });
  });
});

describe("latches", () => {
  it("are search, door and emergency stop: machine beam and motion come back by themselves", () => {
    expect(LATCHING_INTERLOCKS).toEqual(["searched", "doorClosed", "emergencyOk"]);
    for (const name of INTERLOCKS) {
      expect(brokenLatches(broken(name))).toEqual(LATCHING_INTERLOCKS.includes(name) ? [name] : []);
    }
  });

  it("are named together when several break at once", () => {
    expect(brokenLatches(broken("emergencyOk", "searched"))).toEqual(["searched", "emergencyOk"]);
  });
});

describe("leave to move", () => {
  it("is given when search, door, emergency stop and enable hold and the shutter is closed", () => {
    expect(motionRefusals(GOOD_LEVELS, CONDITIONS)).toEqual([]);
  });

  it("does not need beam: cells are brought while there is none", () => {
    expect(motionRefusals(broken("beamPermitted"), CONDITIONS)).toEqual([]);
  });

  it.each([NOW_MS, NOW_MS - 100])("goes by levels just read, and by those as old as they may be", (readAtMs) => {
    expect(motionRefusals(mangled({ readAtMs }), CONDITIONS)).toEqual([]);
  });

  it.each([
    ["search broken", broken("searched"), {}, "interlock searched"],
    ["door open", broken("doorClosed"), {}, "interlock doorClosed"],
    ["emergency stop pressed", broken("emergencyOk"), {}, "interlock emergencyOk"],
    ["not enabled", broken("motionEnabled"), {}, "interlock motionEnabled"],
    ["latched", GOOD_LEVELS, { latched: ["searched"] as const }, "interlock searched broke and was not re-armed"],
    ["levels stale", mangled({ readAtMs: NOW_MS - 101 }), {}, "levels too old"],
    ["levels of the future", mangled({ readAtMs: NOW_MS + 1 }), {}, "levels too old"],
    ["levels of no time", mangled({ readAtMs: NaN }), {}, "levels too old"],
    ["shutter open", mangled({ shutterOpenSwitch: true, shutterClosedSwitch: false }), {}, "shutter not closed"],
    ["shutter moving", mangled({ shutterClosedSwitch: false }), {}, "shutter not closed"],
    ["switches in contradiction", mangled({ shutterOpenSwitch: true }), {}, "shutter not closed"],
  ])("is refused by name: %s", (_, levels, conditions, reason) => {
    expect(motionRefusals(levels, { ...CONDITIONS, ...conditions })).toEqual([reason]);
  });
});
