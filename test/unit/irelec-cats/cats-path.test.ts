import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { followPath, type FollowedPath } from "../../../drivers/irelec-cats/cats-path.ts";
import type { CatsReading } from "../../../drivers/irelec-cats/cats-reader.ts";
import type { Clock } from "../../../protocols/base/clock.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

const wanted = { tray: 1, slot: 2 };

const before: CatsReading = {
  readAtMs: 0,
  isPowered: true,
  isRemote: true,
  hasFault: false,
  path: null,
  held: null,
  heldToo: null,
  delivered: null,
  isPresent: false,
  isArmAtRack: false,
  isAtHome: true,
  traysPresent: [true],
  code: null,
  message: "",
  tool: "DoubleGripper",
  isInArea1: false,
  isIdle: true,
  isCollisionOk: true,
  isEmergencyAndAirOk: true,
};

/** A pick that is over after three seconds, by a controller that gets no processor from `stallFromMs` for fourteen. */
async function pick(stallFromMs: number): Promise<FollowedPath> {
  const world = createVirtualClock(0, { drain: () => setImmediate() });
  const stallToMs = stallFromMs + 14_000;
  const clock: Clock = {
    ...world,
    setTimeout(fn, ms) {
      const dueMs = world.monoMs() + ms;
      return world.setTimeout(fn, dueMs > stallFromMs && dueMs < stallToMs ? stallToMs - world.monoMs() : ms);
    },
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
  const following = followPath({
    name: "changer",
    clock,
    path: "pick",
    isAccepted: true,
    before,
    // Its state is asked for first, the rest of it after that.
    async look() {
      const held = world.monoMs() < 3000 ? null : wanted;
      await wait(20);
      return { ...before, readAtMs: world.monoMs(), held };
    },
    isAborted: () => false,
    callOff: () => Promise.reject(new Error("it has begun")),
    deadlineMs: 300_000,
    beginDeadlineMs: 10_000,
    onFailedGet: () => Promise.reject(new Error("no get")),
  });
  const settled = following.then(
    () => undefined,
    () => undefined,
  );
  void settled.then(() => {
    world.stop();
  });
  await world.run(600_000);
  return following;
}

describe("a path of the robot, while the controller stood still", () => {
  it.each([
    ["between two looks", 25],
    ["in the middle of a look", 130],
  ])("is known to be over by what the robot says then: %s", async (_, stallFromMs) => {
    expect((await pick(stallFromMs)).reading.held).toEqual(wanted);
  });
});
