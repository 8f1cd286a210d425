import { expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import type { WorldFault } from "../../../simulator/world/world-faults.ts";
import { createLateCells } from "../../../tui/virtual/late-cells.ts";
import { campaign } from "../../support/world-campaign.ts";
import { cell, drain, expose, NO_CLAIMS, ready, testWorld, type TestWorld } from "./worlds.ts";

const NO_LINKS = { links: new Map(), positionOfLink: new Map(), positions: [0] };

function worldWith(faults: readonly WorldFault[], comes: readonly number[] = [0]): TestWorld {
  const test = testWorld(comes.map((index) => cell(index)));
  test.world.schedule(faults, NO_LINKS);
  return test;
}

it("a place whose cell comes later gets neither current nor beam before", async () => {
  const test = worldWith([{ kind: "cell-comes", positionIndex: 0, fromMs: 60_000 }]);
  await ready(test, 12.5, 12.5);
  await expose(test, 1);
  test.world.cellPlant(0).applyCurrent(test.clock.nowMs(), 0.001);
  const early = test.world.finish(NO_CLAIMS).violations.map(({ invariant }) => invariant);
  expect(early).toEqual(expect.arrayContaining(["right-cell", "cell-limits"]));
});

it("a cell that nobody may drive is not driven by a channel that reads its voltage with no current", () => {
  const told = [0, 1e-6].flatMap((currentA) => {
    const { clock, world } = testWorld([cell(0)]);
    const observer = world.cellObserver(0);
    observer?.forbid("reversed");
    observer?.plant.applyCurrent(clock.nowMs(), currentA);
    return world.finish(NO_CLAIMS).violations.map(({ what }) => what);
  });
  expect(told).toEqual(["cell 0: was driven: reversed"]);
});

it("and both from then on", async () => {
  const test = worldWith([{ kind: "cell-comes", positionIndex: 0, fromMs: 60_000 }]);
  await ready(test, 12.5, 12.5);
  await test.clock.run(60_001);
  test.world.cellPlant(0).applyCurrent(test.clock.nowMs(), 0.001);
  const { startMs, endMs } = await expose(test, 1);
  const claims = { ...NO_CLAIMS, exposures: [{ positionIndex: 0, startMs, endMs }] };
  expect(test.world.finish(claims).violations).toEqual([]);
});

it("custody waits for it, says so when it comes, and tells no controller that is dead", async () => {
  const clock = createVirtualClock(0, { drain });
  const late = createLateCells(campaign.cells, [{ kind: "cell-comes", positionIndex: 1, fromMs: 5000 }], clock);
  const told: number[] = [];
  late?.identity.onChange(() => told.push(clock.monoMs()));
  let isAlive = true;
  late?.begin(() => isAlive);
  expect(campaign.cells.map((_, index) => late?.identity.awaited(index)).filter((why) => why !== null)).toHaveLength(1);
  await clock.run(6000);
  expect(told).toEqual([5000]);
  expect(late?.identity.awaited(1)).toBeNull();
  expect(createLateCells(campaign.cells, [], clock)).toBeUndefined();
  const unheard = createLateCells(campaign.cells, [{ kind: "cell-comes", positionIndex: 1, fromMs: 9000 }], clock);
  unheard?.identity.onChange(() => told.push(clock.monoMs()));
  unheard?.begin(() => isAlive);
  isAlive = false;
  await clock.run(10_000);
  expect(told).toEqual([5000]);
});

it.each([
  { closesS: 1, broken: [] },
  { closesS: 20, broken: ["dose"] },
])(
  "shutters-stuck: both stay open until they are free; that the beam stays for $closesS s after it breaks $broken",
  async ({ closesS, broken }) => {
    const test = worldWith([{ kind: "shutters-stuck", fromMs: 10_000, toMs: 30_000 }]);
    const { beam } = test.world;
    await ready(test, 12.5, 12.5);
    const startMs = test.clock.nowMs();
    beam.driveShutter(startMs, true);
    await test.clock.run(12_000);
    beam.driveShutter(12_000, false);
    beam.driveSafetyShutter(12_000, false);
    await test.clock.run(29_000);
    expect([beam.shutterFraction(29_000), beam.safetyShutterFraction(29_000)]).toEqual([1, 1]);
    beam.slowShutter(1000 * closesS);
    // Only the fast one is judged here.
    beam.driveSafetyShutter(29_000, true);
    await test.clock.run(60_000);
    expect(beam.shutterFraction(60_000)).toBe(0);
    const claims = { ...NO_CLAIMS, exposures: [{ positionIndex: 0, startMs, endMs: 60_000 }] };
    expect(test.world.finish(claims).violations.map(({ invariant }) => invariant)).toEqual(broken);
  },
);

it("a cell that a person ended is never driven again, unless nobody may have heard the order", async () => {
  const stall: WorldFault = { kind: "host-stalls", fromMs: 30_000, toMs: 40_000 };
  const dump: WorldFault = { kind: "beam-dump", fromMs: 30_000, toMs: 40_000 };
  for (const [faults, broken] of [
    [[], ["cell-limits"]],
    // No beam keeps anybody from hearing it.
    [[dump], ["cell-limits"]],
    [[stall], []],
  ] as const) {
    const test = worldWith(faults);
    await test.clock.run(20_000);
    test.world.personEnds(0);
    test.world.cellPlant(0).applyCurrent(50_000, 0.001);
    test.world.cellPlant(0).disconnect(60_000);
    await test.clock.run(90_000);
    test.world.cellPlant(0).applyCurrent(90_000, 0.001);
    expect(test.world.finish(NO_CLAIMS).violations.map(({ invariant }) => invariant)).toEqual(broken);
  }
});
