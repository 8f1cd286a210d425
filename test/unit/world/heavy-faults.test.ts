import { describe, expect, it } from "vitest";
import { CELL_FAULT_KINDS } from "../../../simulator/cell/cell-fault.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import type { LinkAilment } from "../../../simulator/links/link-ailment.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { EQUIPMENT_FAULT_SHAPES } from "../../../simulator/world/equipment-faults.ts";
import { faultEntries } from "../../../simulator/world/fault-entries.ts";
import { HOST_FAULT_SHAPES, killsController } from "../../../simulator/world/host-faults.ts";
import { needsPerson } from "../../../simulator/world/equipment-schedule.ts";
import { heavyFaults } from "../../../simulator/world/heavy-faults.ts";
import { parseWorldFaults, type WorldFault } from "../../../simulator/world/world-faults.ts";
import { fewest } from "../../../tui/explore/minimise.ts";

const targets = {
  beamlineLinks: ["io", "stage", "detector", "broker"],
  channelLinks: ["channel-A1", "channel-A2"],
  hasGate: true,
  positions: [0, 1, 12, 13],
  rebootLinks: ["channel-A1"],
  safetyInputs: ["rack fan"],
};

function draw(seed: number, hours = 2, hasRobot = false): readonly WorldFault[] {
  return heavyFaults(createChance(seed).stream("heavy faults"), hours, { ...targets, hasRobot });
}

const kindOf = (fault: WorldFault): string => (fault.kind === "cell" ? fault.fault.kind : fault.kind);
const endOf = (fault: WorldFault): number => ("toMs" in fault ? (fault.toMs ?? Infinity) : fault.fromMs);

describe("heavy faults", () => {
  it("are the same for the same seed, others for another, and begin within the run", () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    // What is wrong with a cell may have been so when it was put in.
    expect(draw(1).every(({ kind, fromMs }) => kind === "cell" || fromMs >= 45_000)).toBe(true);
    // People may come after its end.
    expect(draw(1).every((fault) => fault.kind === "person" || fault.fromMs < 2 * 3_600_000)).toBe(true);
  });

  it.each([
    ["of hours in its last twelve minutes", 2, 108 / 60],
    ["of minutes in its last third", 0.5, 0.35],
  ])("have a person end all cells of a run %s, not before", (_, hours, fromH) => {
    const ends = Array.from({ length: 300 }, (_one, seed) => draw(seed, hours)).flatMap((faults) =>
      faults.flatMap((fault) => (fault.kind === "orders-end-cells" && fault.who === "all" ? fault.fromMs : [])),
    );
    expect(ends).not.toEqual([]);
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(fromH * 3_600_000);
  });

  it("bring every kind of trouble with equipment", () => {
    const drawn = new Set<string>(
      Array.from({ length: 60 }, (_, seed) => draw(seed, 2, seed % 2 === 0)).flatMap((faults) => faults.map(kindOf)),
    );
    const known = [...EQUIPMENT_FAULT_SHAPES, ...HOST_FAULT_SHAPES].map(({ shape }) => shape.kind.value);
    expect(
      [
        ...[...known, ...CELL_FAULT_KINDS],
        ...[
          "shutter-stuck",
          "shutters-stuck",
          "cell-comes",
          "beam-dump",
          "interlock",
          "stage-lost-steps",
          "link-hang",
          "link-cut",
        ],
      ].filter((kind) => !drawn.has(kind)),
    ).toEqual([]);
  });

  it("leave out of each seed about half of the kinds, so that none hides another for ever", () => {
    const counts = Array.from({ length: 20 }, (_, seed) => new Set(draw(seed, 10).map(kindOf)).size);
    expect(Math.max(...counts)).toBeLessThan(40);
    expect(Math.min(...counts)).toBeGreaterThan(10);
  });

  it("come no thicker than they are met: a run of six hours has about a hundred", () => {
    const counts = Array.from({ length: 20 }, (_, seed) => draw(seed, 6).length);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).toBeGreaterThan(60);
    expect(mean).toBeLessThan(160);
  });

  it("meet the exposures of a run whose sweeps lie hours apart: in a sweep most are of shutter, detector and trigger", () => {
    const sweeps = { firstAfterS: 600, cadenceS: 7200, lengthS: 400 };
    const isOfExposure = ({ kind }: WorldFault): boolean => /^(shutter|detector|trigger|permit)/.test(kind);
    const shareIn = (drawn: readonly WorldFault[]): number => {
      const met = drawn.filter(({ kind, fromMs }) => kind !== "person" && (fromMs / 1000 + 6600) % 7200 < 400);
      return met.filter(isOfExposure).length / met.length;
    };
    const of = (more: object): number =>
      shareIn(
        Array.from({ length: 40 }, (_, seed) =>
          heavyFaults(createChance(seed).stream("heavy faults"), 6, { ...targets, ...more }),
        ).flat(),
      );
    expect(of({})).toBeLessThan(0.4);
    expect(of({ sweeps })).toBeGreaterThan(0.6);
    // Where the beam is on all the time, they come as the others do.
    expect(of({ sweeps: { ...sweeps, lengthS: 7000 } })).toBe(of({}));
  });

  it("send a person to the robot after each that may have lost it a cell", () => {
    const faults = draw(3, 6, true);
    const lost = faults.filter((fault) => killsController(fault) || fault.kind.startsWith("robot-"));
    expect(lost.length).toBeGreaterThan(3);
    for (const fault of lost) {
      const comes = faults.some((other) => {
        const waitMs = other.fromMs - endOf(fault);
        return other.kind === "person" && other.act === "find-cells" && waitMs >= 40_000 && waitMs <= 80_000;
      });
      expect(comes, fault.kind).toBe(true);
    }
    expect(draw(3, 6).some((fault) => fault.kind === "person" && fault.act === "find-cells")).toBe(false);
  });

  it("send a person after a cable that inputs at the rack may have gone unread by, unless one comes for a shutter", () => {
    const seenTo = (safetyInputs: readonly string[]): number => {
      const each = Array.from({ length: 40 }, (_, seed) => {
        const faults = heavyFaults(createChance(seed).stream("heavy faults"), 2, { ...targets, safetyInputs });
        const people = faults.flatMap(({ kind, fromMs }) => (kind === "person" ? [fromMs] : []));
        return faults
          .filter((fault) => "link" in fault && fault.link === "io")
          .map((fault) => people.some((fromMs) => fromMs > endOf(fault) && fromMs - endOf(fault) <= 60_000));
      }).flat();
      return each.filter(Boolean).length / each.length;
    };
    expect(seenTo(targets.safetyInputs)).toBeGreaterThan(0.85);
    expect(seenTo([])).toBeLessThan(0.5);
  });

  it("let no two failures of shutter or hutch meet, and send a person after each", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const faults = draw(seed);
      const failures = faults.filter(({ kind }) => needsPerson(kind));
      const people = faults.filter(({ kind }) => kind === "person").map(({ fromMs }) => fromMs);
      failures.forEach((fault, index) => {
        const comesMs = people.find((fromMs) => fromMs > endOf(fault)) ?? Infinity;
        expect(comesMs - endOf(fault)).toBeLessThanOrEqual(60_000);
        expect(comesMs).toBeLessThanOrEqual(failures[index + 1]?.fromMs ?? Infinity);
      });
    }
  });
});

describe("faults of equipment in a file", () => {
  it.each<readonly [object, WorldFault]>([
    [
      { kind: "shutter-slow", from_s: 1, to_s: 2 },
      { kind: "shutter-slow", travelMs: 500, fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "shutter-switch", which: "open", reads: true, from_s: 1 },
      { kind: "shutter-switch", which: "open", reads: true, fromMs: 1000 },
    ],
    [
      { kind: "detector-late", from_s: 1, late_s: 3 },
      { kind: "detector-late", lateMs: 3000, fromMs: 1000 },
    ],
    [
      { kind: "feed-jumps", feed: "flux", factor: 0, from_s: 1 },
      { kind: "feed-jumps", feed: "flux", factor: 0, fromMs: 1000 },
    ],
    [
      { kind: "controller-kill", from_s: 1, to_s: 2 },
      { kind: "controller-kill", fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "person", act: "re-arm", from_s: 1 },
      { kind: "person", act: "re-arm", fromMs: 1000 },
    ],
    [
      { kind: "link-garbled", link: "io", from_s: 1 },
      { kind: "link-garbled", link: "io", fromMs: 1000 },
    ],
    [
      { kind: "link-late", link: "io", late_s: 2, from_s: 1 },
      { kind: "link-late", link: "io", lateMs: 2000, fromMs: 1000 },
    ],
    [
      { kind: "instrument-reboots", link: "channel-A1", from_s: 1 },
      { kind: "instrument-reboots", link: "channel-A1", fromMs: 1000 },
    ],
    [
      { kind: "instrument-clock", link: "channel-A1", from_s: 1 },
      { kind: "instrument-clock", link: "channel-A1", share: 0.01, fromMs: 1000 },
    ],
    [
      { kind: "cells-swapped", one: "A1", other: "B2", from_s: 1 },
      { kind: "cells-swapped", one: "A1", other: "B2", fromMs: 1000 },
    ],
    [
      { kind: "clock-step", by_s: -3600, from_s: 1 },
      { kind: "clock-step", byMs: -3_600_000, fromMs: 1000 },
    ],
    [
      { kind: "cell-comes", position: "B2", at_s: 90 },
      { kind: "cell-comes", positionIndex: 13, fromMs: 90_000 },
    ],
    [
      { kind: "shutters-stuck", from_s: 1, to_s: 2 },
      { kind: "shutters-stuck", fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "orders-end-cells", from_s: 1, to_s: 2 },
      { kind: "orders-end-cells", who: "one", fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "host-restarts", from_s: 1, to_s: 2, by_s: -60 },
      { kind: "host-restarts", byMs: -60_000, reboots: true, fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "disk-slow", from_s: 1, to_s: 2 },
      { kind: "disk-slow", lateMs: 2000, fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "orders-storm", from_s: 1, to_s: 2 },
      { kind: "orders-storm", fromMs: 1000, toMs: 2000 },
    ],
  ])("%j is read", (entry, fault) => {
    expect(parseWorldFaults([entry], "faults.json")).toEqual([fault]);
  });

  it.each([
    [{ kind: "controller-kill", from_s: 2, to_s: 2 }, /\[0\]\.to_s: is 2, not after from_s, 2/],
    [{ kind: "feed-stops", feed: "vacuum", from_s: 0 }, /feed/],
    [{ kind: "cells-swapped", one: "A1", other: "J9", from_s: 0 }, /other/],
    [{ kind: "cell-comes", position: "A1", at_s: 0 }, /was not there at the start/],
    [{ kind: "beam-dim", share: 2, from_s: 0 }, /share/],
  ])("%j is refused", (entry, what) => {
    expect(() => parseWorldFaults([entry], "faults.json")).toThrow(what);
  });
});

it("a garbled cable brings one chunk in four with one bit wrong, and is whole again afterwards", async () => {
  const clock = createVirtualClock(0, { drain: () => Promise.resolve() });
  const link = createMemoryLink(clock, { name: "stage", latencyMs: 1 });
  const heard: string[] = [];
  const opening = link.openLink();
  await clock.run(10);
  (await opening).onData((chunk) => heard.push(Buffer.from(chunk).toString("latin1")));
  const say = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) link.end.send(Buffer.from("ok\r\n", "latin1"));
    await clock.run(clock.monoMs() + 10);
  };
  link.garble(true);
  await say(8);
  expect(heard.filter((text) => text !== "ok\r\n")).toHaveLength(2);
  link.garble(false);
  await say(8);
  expect(heard.slice(8)).toEqual(Array.from({ length: 8 }, () => "ok\r\n"));
});

it.each<readonly [LinkAilment, string, string]>([
  [{ how: "late", lateMs: 50 }, "", ""],
  [{ how: "drops" }, "1 2 3 5 6 7", "1 2 3 5 6 7"],
  [{ how: "doubles" }, "1 2 3 4 4 5 6 7 8 8", "1 2 3 4 5 6 7 8"],
  [{ how: "repeats" }, "1 2 3 3 5 6 7 7", "1 2 3 4 5 6 7 8"],
  [{ how: "deaf" }, "1 2 3 4 5 6 7 8", ""],
  [{ how: "mute" }, "", "1 2 3 4 5 6 7 8"],
])("a cable that ails: %j", async (ailment, toHost, toDevice) => {
  const clock = createVirtualClock(0, { drain: () => Promise.resolve() });
  const cable = createMemoryLink(clock, { name: "stage", latencyMs: 1 });
  const heardByHost: string[] = [];
  const heardByDevice: string[] = [];
  const opening = cable.openLink();
  await clock.run(10);
  const link = await opening;
  link.onData((chunk) => heardByHost.push(Buffer.from(chunk).toString("latin1")));
  cable.end.onData((chunk) => heardByDevice.push(Buffer.from(chunk).toString("latin1")));
  const numbers = ["1", "2", "3", "4", "5", "6", "7", "8"];
  cable.ail(ailment);
  for (const text of numbers) cable.end.send(Buffer.from(text));
  await clock.run(20);
  expect(heardByHost.join(" ")).toBe(toHost);
  cable.ail(null);
  cable.ail(ailment);
  for (const text of numbers) link.write(Buffer.from(text));
  await clock.run(30);
  expect(heardByDevice.join(" ")).toBe(toDevice);
  // What was late has come by now, in order; after that the cable is whole again.
  cable.ail(null);
  await clock.run(200);
  heardByHost.length = 0;
  cable.end.send(Buffer.from("9"));
  await clock.run(210);
  expect(heardByHost).toEqual(["9"]);
});

it("faults as drawn are read back from a file as they were, to a microsecond", () => {
  const drawn = Array.from({ length: 10 }, (_, seed) => draw(seed)).flat();
  const text = JSON.stringify(faultEntries(drawn));
  const read = parseWorldFaults(JSON.parse(text), "faults.json");
  const rounded = (faults: readonly WorldFault[]): unknown =>
    JSON.parse(JSON.stringify(faults, (_, value: unknown) => (typeof value === "number" ? value.toFixed(3) : value)));
  expect(rounded(read)).toEqual(rounded(drawn));
  // What is read is written as it was, so that a file repeats what it was made from.
  expect(JSON.stringify(faultEntries(parseWorldFaults(JSON.parse(text), "")))).toBe(JSON.stringify(faultEntries(read)));
});

it("of many faults as few are left as still do it", async () => {
  const asked: number[] = [];
  const left = await fewest(
    Array.from({ length: 40 }, (_, index) => index),
    (items) => {
      asked.push(items.length);
      return Promise.resolve(items.includes(7) && items.includes(31));
    },
  );
  expect(left).toEqual([7, 31]);
  expect(asked.length).toBeLessThan(80);
});
