import { describe, expect, it } from "vitest";
import { createAlarms } from "../../../controller/run/alarms.ts";
import { createWatchDesk } from "../../../controller/run/watch-desk.ts";
import { usualRule } from "../../../protocols/base/fault-answers.ts";
import type { FaultCode } from "../../../protocols/base/fault.ts";
import type { Interlock } from "../../../protocols/roles/beam-io.ts";
import type { Reading, Sensor } from "../../../protocols/roles/sensor.ts";
import { broken, GOOD_LEVELS } from "./levels.ts";

function sensor(name: string, quantity: string) {
  const handlers: ((reading: Reading) => void)[] = [];
  let fresh: Reading | undefined;
  const role: Sensor = {
    name,
    driver: "test",
    quantity,
    unit: "mA",
    maximumAgeS: 10,
    connect: () => Promise.reject(new Error("not connected here")),
    disconnect: () => undefined,
    fresh: () => fresh,
    onFault: () => () => undefined,
    onReading(handler) {
      handlers.push(handler);
      return () => undefined;
    },
  };
  return {
    role,
    read: (value: number, arrivedAtMs = 0): void => {
      fresh = { value, arrivedAtMs };
      for (const handler of handlers) handler(fresh);
    },
    unheard: (): void => {
      fresh = undefined;
    },
  };
}

function desk(steadyMs = 0, io: { readonly name: string; readonly isLocked?: true } = { name: "io" }) {
  const beam: boolean[] = [];
  const latched = { now: [] as readonly Interlock[] };
  let wakes = 0;
  const wake = (): void => {
    wakes += 1;
  };
  const alarms = createAlarms({ record: () => undefined }, () => 0);
  const ringCurrent = sensor("ring current", "ring_current");
  const flux = sensor("flux monitor", "flux");
  const roles = {
    beamline: ["gates"],
    io,
    stage: { name: "stage" },
    ringCurrent: ringCurrent.role,
    flux: flux.role,
  };
  const watch = createWatchDesk({
    roles,
    alarms,
    machineBeam: { presentMa: 50, lostMa: 20, steadyMs, steadyShare: 0.02 },
    latched: () => latched.now,
    beamChanged(isUp) {
      wake();
      if (beam.at(-1) !== isUp) beam.push(isUp);
    },
    hutchChanged: wake,
    planAgain: wake,
  });
  watch.listen();
  const raise = (code: FaultCode, where: string): void => {
    alarms.raise({ code, where, what: "something", advice: "Look." });
  };
  const open = (): readonly string[] => alarms.open.map(({ code }) => code);
  const ids = (): readonly string[] => alarms.open.map(({ id, code }) => `${String(id)} ${code}`);
  return { watch, flux, ringCurrent, latched, beam, raise, open, ids, wakes: () => wakes };
}

describe("the trouble of an instrument", () => {
  const CODES: readonly FaultCode[] = [
    "link.timeout",
    "device.unknown-outcome",
    "channel.silent",
    "trigger.late",
    "cell.not-off",
  ];
  it.each(CODES)("is over once it identified itself anew: %s", (code) => {
    const { watch, raise, open } = desk();
    raise(code, "gates");
    raise(code, "another");
    watch.noteNews({ type: "LINK_READY", name: "gates" });
    expect(open()).toEqual([code]);
  });

  it("calls somebody at once where nothing can be exposed without it, and is over when it answers again", () => {
    const { watch, open } = desk();
    const fault = { code: "link.timeout", where: "gates", what: "silent", advice: "Look." } as const;
    watch.noteNews({ type: "LINK_ISOLATED", name: "channel A2", fault: { ...fault, where: "channel A2" } });
    watch.noteNews({ type: "LINK_LOST", name: "gates", fault });
    watch.noteNews({ type: "LINK_LOST", name: "gates", fault, isLong: true });
    watch.noteNews({ type: "LINK_LOST", name: "gates", fault, isLong: true });
    expect(open()).toEqual(["link.isolated", "beam.instrument-lost"]);
    expect([usualRule("link.isolated").call, usualRule("beam.instrument-lost").call]).toEqual(["day", "now"]);
    watch.noteNews({ type: "LINK_READY", name: "gates" });
    expect(open()).toEqual(["link.isolated"]);
  });

  it("of one that was given up, and is in vain tried again once a person has repaired it, is raised anew: who said so hears of it", () => {
    const { watch, ids } = desk();
    const fault = { code: "link.timeout", where: "channel A2", what: "no answer", advice: "Look." };
    watch.noteNews({ type: "LINK_ISOLATED", name: "channel A2", fault });
    expect(ids()).toEqual(["1 link.isolated"]);
    watch.noteNews({ type: "LINK_LOST", name: "channel A2", fault });
    watch.noteNews({ type: "LINK_ISOLATED", name: "channel A2", fault });
    expect(ids()).toEqual(["2 link.isolated"]);
  });

  it("stays where only a reading, or a person, ends it: a silent sensor, a cell that a changer lost", () => {
    const { watch, flux, raise, open } = desk();
    raise("sensor.stale", "flux monitor");
    raise("changer.lost", "changer");
    watch.noteNews({ type: "LINK_READY", name: "flux monitor" });
    watch.noteNews({ type: "LINK_READY", name: "changer" });
    expect(open()).toEqual(["sensor.stale", "changer.lost"]);
    flux.read(200);
    expect(open()).toEqual(["changer.lost"]);
  });

  it("of a cell that may be on is over once its channel confirms it off", () => {
    const { watch, open } = desk();
    const told = { code: "cell.not-off", where: "B7", what: "asked in vain", advice: "" };
    watch.noteNews({ type: "CELL_NOT_OFF", position: "B7", fault: told });
    expect(open()).toEqual(["cell.not-off"]);
    watch.noteNews({ type: "CELL_NOT_OFF", position: "B7", fault: null });
    expect(open()).toEqual([]);
  });
});

describe("a ring current that jumps between two readings", () => {
  function steadyBeam() {
    const made = desk(5000);
    for (const atMs of [0, 2000, 4000, 6000]) made.ringCurrent.read(100, atMs);
    expect(made.beam.splice(0)).toEqual([false, true]);
    return made;
  }

  it.each([160, 60])("from 100 to %d mA ends exposing, and says so until it has been steady", (jumpedTo) => {
    const { ringCurrent, beam, open } = steadyBeam();
    ringCurrent.read(jumpedTo, 8000);
    expect([beam, open()]).toEqual([[false], ["beam.current-jumped"]]);
    for (const atMs of [10_000, 12_000]) ringCurrent.read(jumpedTo, atMs);
    expect(beam).toEqual([false]);
    ringCurrent.read(jumpedTo, 14_000);
    expect([beam, open()]).toEqual([[false, true], []]);
  });

  it("is nothing to a rehearsal, which needs no beam: no alarm is left that nothing ends", () => {
    const { ringCurrent, beam, open } = desk(0, { name: "io", isLocked: true });
    for (const [at, value] of [100, 100, 100, 160].entries()) ringCurrent.read(value, 2000 * at);
    expect([beam, open()]).toEqual([[], []]);
  });

  it("is not what a top-up does, nor a lost beam", () => {
    const { ringCurrent, beam, open } = steadyBeam();
    for (const [value, atMs] of [
      [98, 8000],
      [102, 10_000],
    ] as const) {
      ringCurrent.read(value, atMs);
    }
    expect([beam, open()]).toEqual([[], []]);
    ringCurrent.read(3, 12_000);
    expect([beam, open()]).toEqual([[false], ["beam.lost"]]);
  });
});

describe("planning that waits for the beam", () => {
  const NOT_CLOSED = { ...GOOD_LEVELS, shutterClosedSwitch: false };
  const FACTS = { ready: new Set(["gates"]), isGuarded: true, isHomed: true };
  type Desk = ReturnType<typeof desk>;

  function steady({ ringCurrent }: Desk, fromMs = 0): void {
    for (const afterMs of [0, 2000, 4000, 6000]) ringCurrent.read(100, fromMs + afterMs);
  }

  function fitDesk(): Desk {
    const made = desk(5000);
    made.watch.showLevels(GOOD_LEVELS);
    steady(made);
    expect(made.watch.obstacle(FACTS)).toBeNull();
    return made;
  }

  // What is not here is ended by the machine's own news: an instrument that is ready, a supervisor that sees.
  interface Wait {
    readonly forWhat: RegExp;
    readonly begins: (on: Desk) => void;
    readonly ends: (on: Desk) => void;
  }
  const WAITS: readonly Wait[] = [
    {
      forWhat: /^interlock beamPermitted to hold/,
      begins({ watch }) {
        watch.showLevels(broken("beamPermitted"));
      },
      ends({ watch }) {
        watch.showLevels(GOOD_LEVELS);
      },
    },
    {
      forWhat: /^a person to re-arm/,
      begins({ watch, latched }) {
        latched.now = ["doorClosed"];
        watch.showLevels(GOOD_LEVELS);
      },
      ends({ watch, latched }) {
        latched.now = [];
        watch.showLevels(GOOD_LEVELS);
      },
    },
    {
      forWhat: /^a fresh ring current/,
      begins({ ringCurrent }) {
        ringCurrent.unheard();
      },
      ends({ ringCurrent }) {
        ringCurrent.read(100, 8000);
      },
    },
    {
      forWhat: /^machine beam/,
      begins({ ringCurrent }) {
        ringCurrent.read(3, 8000);
      },
      ends(on) {
        steady(on, 10_000);
      },
    },
    {
      forWhat: /^machine beam/,
      begins({ ringCurrent }) {
        ringCurrent.read(60, 8000);
      },
      ends({ ringCurrent }) {
        for (const atMs of [10_000, 12_000, 14_000]) ringCurrent.read(60, atMs);
      },
    },
  ];

  it.each(WAITS)("is woken once there is what it waits for: $forWhat", ({ forWhat, begins, ends }) => {
    const on = fitDesk();
    begins(on);
    expect(on.watch.obstacle(FACTS)?.reason).toMatch(forWhat);
    const before = on.wakes();
    ends(on);
    expect(on.wakes()).toBeGreaterThan(before);
    expect(on.watch.obstacle(FACTS)).toBeNull();
  });

  it("is woken once the shutter reads closed, under which alone the stage finds its reference", () => {
    const { watch, wakes } = fitDesk();
    watch.showLevels(NOT_CLOSED);
    expect(watch.obstacle({ ...FACTS, isHomed: false })?.reason).toBe("the stage to find its reference");
    const before = wakes();
    watch.showLevels(NOT_CLOSED);
    expect(wakes()).toBe(before);
    watch.showLevels(GOOD_LEVELS);
    expect(wakes()).toBe(before + 1);
  });

  it("is left alone by readings and by the shutter of an exposure while nothing is in the way", () => {
    const { watch, ringCurrent, wakes } = fitDesk();
    const before = wakes();
    for (const atMs of [8000, 10_000, 12_000]) {
      ringCurrent.read(100, atMs);
      watch.showLevels(NOT_CLOSED);
      watch.showLevels(GOOD_LEVELS);
    }
    expect(wakes()).toBe(before);
  });
});
