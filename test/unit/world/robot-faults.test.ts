import { describe, expect, it } from "vitest";
import type { Place } from "../../../simulator/changer/place.ts";
import type { WorldRobot } from "../../../simulator/world/robot-truth.ts";
import type { WorldFault } from "../../../simulator/world/world-faults.ts";
import { cell, expose, NO_CLAIMS, ready, testWorld, type TestWorld } from "./worlds.ts";

const POSITIONS = [0, 1, 2];
const FAULT_MS = 1000;

function robotOf({ world }: TestWorld): WorldRobot {
  if (world.robot === undefined) throw new Error("the world has no robot");
  return world.robot;
}

/** Three cells beside each other in the robot's tray, and this that goes wrong. */
async function robotWith(...faults: readonly WorldFault[]): Promise<TestWorld> {
  const codes = new Map(POSITIONS.map((index) => [index, `R-${index}`]));
  const test = testWorld(
    POSITIONS.map((index) => cell(index)),
    { options: { robot: { slotsPerTray: 16, moveS: 1, codes } } },
  );
  test.world.schedule(faults, { links: new Map(), positionOfLink: new Map(), positions: POSITIONS });
  await test.clock.run(FAULT_MS + 1);
  return test;
}

const slot = (index: number): Place => ({ kind: "tray", tray: 1, slot: index + 1 });

/** The arm goes for what lies there, reads its code and puts it back; the code, and where each cell lies after that. */
async function carried(test: TestWorld, index: number) {
  const { plant } = robotOf(test);
  const readMs = plant.readCode(plant.pick(test.clock.nowMs(), slot(index)));
  const reading = plant.reading(readMs);
  const doneMs = plant.place(readMs, slot(index));
  await test.clock.run(doneMs + 1);
  return { reading, places: POSITIONS.map((one) => plant.placeOf(doneMs, String(one))) };
}

/** A person has put in order what the robot did: each cell in its slot. */
function tidied(test: TestWorld): readonly (Place | undefined)[] {
  const robot = robotOf(test);
  robot.tidy(test.clock.nowMs());
  return POSITIONS.map((index) => robot.placeOf(test.clock.nowMs(), index));
}

const driven = (test: TestWorld, index: number): boolean => {
  test.world.cellPlant(index).applyCurrent(test.clock.nowMs(), 0.001);
  return test.world.cellObserver(index)?.isDriven === true;
};

it("robot-drops: the next cell that is carried falls, its contacts find nothing, and a person puts it back", async () => {
  const test = await robotWith({ kind: "robot-drops", fromMs: FAULT_MS });
  expect((await carried(test, 1)).places).toEqual([slot(0), { kind: "floor" }, slot(2)]);
  expect([driven(test, 0), driven(test, 1)]).toEqual([true, false]);
  expect(tidied(test)).toEqual([slot(0), slot(1), slot(2)]);
  expect(driven(test, 1)).toBe(true);
  // The next one is carried as it should be.
  test.world.cellPlant(2).disconnect(test.clock.nowMs());
  expect((await carried(test, 2)).places[2]).toEqual(slot(2));
});

it("robot-picks-two: a neighbour is torn along, driven or not, which is no order of the controller", async () => {
  const test = await robotWith({ kind: "robot-picks-two", fromMs: FAULT_MS });
  for (const index of [0, 2]) expect(driven(test, index)).toBe(true);
  const { places } = await carried(test, 1);
  const torn = [0, 2].filter((index) => JSON.stringify(places[index]) !== JSON.stringify(slot(index)));
  expect(torn).toHaveLength(1);
  expect(test.world.cellObserver(torn[0] ?? NaN)?.isDriven).toBe(false);
  expect(test.world.finish({ ...NO_CLAIMS, isolatedPositions: torn }).violations).toEqual([]);
});

it("a cell that is picked while it is driven, with nothing wrong, is a violation", async () => {
  const test = await robotWith();
  expect(driven(test, 1)).toBe(true);
  await carried(test, 1);
  const { violations } = test.world.finish(NO_CLAIMS);
  expect(violations.map(({ invariant }) => invariant)).toEqual(["cell-off-before-pick"]);
});

it("cells-swapped: each lies in the other's contacts and is read with its own code there", async () => {
  const test = await robotWith({ kind: "cells-swapped", fromMs: FAULT_MS, one: "A1", other: "A3" });
  const { reading, places } = await carried(test, 0);
  expect(reading).toEqual({ kind: "code", code: "R-2" });
  expect(places).toEqual([slot(2), slot(1), slot(0)]);
  // What drives the channel of the one place reaches the other's cell.
  test.world.cellPlant(0).applyCurrent(test.clock.nowMs(), 0.001);
  expect(POSITIONS.map((index) => test.world.cellObserver(index)?.isDriven)).toEqual([false, false, true]);
  // Whoever finds them out isolates both, rightly.
  expect(test.world.finish({ ...NO_CLAIMS, isolatedPositions: [0, 2] }).violations).toEqual([]);
});

it("cells are not swapped under the arm: what is out of its slot stays where it is", async () => {
  const test = await robotWith({ kind: "cells-swapped", fromMs: 10_000, one: "A1", other: "A3" });
  const { plant } = robotOf(test);
  plant.pick(test.clock.nowMs(), slot(0));
  await test.clock.run(11_000);
  expect(POSITIONS.map((index) => plant.placeOf(11_000, String(index)))).toEqual([
    { kind: "gripper" },
    slot(1),
    slot(2),
  ]);
});

describe("a cell that is ordered off while the beam is on another", () => {
  /**
   * The beam on A1 for five seconds; in their middle the channel of A2, or those that are told, switch off, and half a minute
   * later on again unless they are kept off.
   */
  async function orderedOff(
    faults: readonly WorldFault[],
    meanwhile: (robot: WorldRobot, atMs: number) => void,
    { off = [1], isKeptOff = false }: { off?: readonly number[]; isKeptOff?: boolean } = {},
  ) {
    const test = await robotWith(...faults);
    const { clock, world } = test;
    await ready(test, 12.5, 12.5);
    await clock.run(60_000);
    for (const index of off) driven(test, index);
    clock.at(clock.nowMs() + 2500, () => {
      for (const index of off) world.cellPlant(index).disconnect(clock.nowMs());
      meanwhile(robotOf(test), clock.nowMs());
    });
    clock.at(clock.nowMs() + 30_000, () => {
      if (!isKeptOff) for (const index of off) driven(test, index);
    });
    await expose(test, 5);
    await clock.run(clock.nowMs() + 150_000);
    const { violations } = world.finish(NO_CLAIMS);
    return violations.map(({ invariant }) => invariant).filter((invariant) => invariant === "two-clocks-apart");
  }
  const nothing = (): void => undefined;

  it("is no cell for the robot when nobody sends it, whatever the robot did wrong before", async () => {
    expect(await orderedOff([], nothing)).toEqual(["two-clocks-apart"]);
    expect(await orderedOff([{ kind: "robot-drops", fromMs: 100 }], nothing)).toEqual(["two-clocks-apart"]);
  });

  it("is the robot's once the arm is sent for it, though it may be stopped on its way", async () => {
    const sent = (slotNumber: number) => (robot: WorldRobot, atMs: number) => {
      robot.pathBegins(atMs, "pick", { tray: 1, slot: slotNumber });
    };
    expect(await orderedOff([], sent(2))).toEqual([]);
    expect(await orderedOff([], sent(3))).toEqual(["two-clocks-apart"]);
  });

  it("is no cell for a robot that was kept from being sent, where more of them are off than it fetches", async () => {
    const faults: readonly WorldFault[] = [{ kind: "disk-full", fromMs: 66_000, toMs: 80_000 }];
    expect(await orderedOff(faults, nothing, { off: [1, 2] })).toEqual([]);
    expect(await orderedOff(faults, nothing, { off: POSITIONS })).toEqual(["two-clocks-apart"]);
  });

  it("is no cell for a robot that was kept from being sent, where it does not go on once that is over", async () => {
    const faults: readonly WorldFault[] = [{ kind: "disk-full", fromMs: 66_000, toMs: 80_000 }];
    expect(await orderedOff(faults, nothing, { isKeptOff: true })).toEqual(["two-clocks-apart"]);
  });

  it("is the robot's where something kept it from being sent", async () => {
    expect(await orderedOff([{ kind: "disk-full", fromMs: 66_000, toMs: 80_000 }], nothing)).toEqual([]);
    expect(await orderedOff([{ kind: "disk-full", fromMs: 150_000, toMs: 160_000 }], nothing)).toEqual([
      "two-clocks-apart",
    ]);
  });
});

describe("a robot that a person or a hazard stopped", () => {
  /** The path begins so long after the stop; what happened to the controller or by a person in between. */
  async function begun(afterMs: number, meanwhile: (robot: WorldRobot) => void = () => undefined) {
    const test = await robotWith();
    const robot = robotOf(test);
    robot.mustStand("a stop of class motion");
    meanwhile(robot);
    await test.clock.run(test.clock.nowMs() + afterMs);
    robot.pathBegins(test.clock.nowMs(), "get");
    return test.world.finish(NO_CLAIMS).violations.map(({ invariant, what }) => `${invariant}: ${what}`);
  }

  it("is judged by its next path, but for one that was on its way", async () => {
    expect(await begun(2000)).toEqual(["robot-in-order: get began after a stop of class motion"]);
    expect(await begun(500)).toEqual([]);
  });

  it("may move again when a person says so, or where the order may be on no record", async () => {
    expect(
      await begun(2000, (robot) => {
        robot.letGo();
      }),
    ).toEqual([]);
    expect(
      await begun(2000, (robot) => {
        robot.controllerLost(5000);
      }),
    ).toEqual([]);
  });
});
