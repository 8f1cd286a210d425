import { expect, it } from "vitest";
import { createHoming, type HomingDeps } from "../../../controller/run/homing.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { GOOD_LEVELS } from "./levels.ts";
import { testClock } from "./machine-bench.ts";

/** A robot that is at rest from this time on, and a stage. */
function site(restMs: number) {
  const clock = testClock();
  const homedAtMs: number[] = [];
  const roles = {
    io: { readInputs: () => Promise.resolve({ ...GOOD_LEVELS, readAtMs: clock.monoMs() }) },
    stage: {
      home() {
        homedAtMs.push(clock.monoMs());
        return Promise.resolve();
      },
      halt: () => Promise.resolve(),
    },
    changer: {
      async read() {
        await sleep(clock, 50);
        return { path: clock.monoMs() < restMs ? "getput" : null };
      },
    },
  } as unknown as HomingDeps["roles"];
  const homing = createHoming({
    ...{ roles, clock, nowMs: () => clock.monoMs(), endAtMs: 1e6, levelsMaximumAgeMs: 1000 },
    alarms: {} as HomingDeps["alarms"],
    ...{ latched: () => [], lastLevels: () => null, showLevels: () => undefined, fail: () => undefined },
  });
  return { clock, homing, homedAtMs };
}

it("a stage looks for its reference only once the arm that may reach over it is at rest", async () => {
  const { clock, homing, homedAtMs } = site(7000);
  void homing.home(new AbortController().signal);
  await clock.run(20_000);
  expect(homedAtMs).toHaveLength(1);
  expect(homedAtMs[0]).toBeGreaterThanOrEqual(7000);
  expect(homedAtMs[0]).toBeLessThan(8000);
});

it("a stage that is called off while it waits for the arm does not move", async () => {
  const { clock, homing, homedAtMs } = site(7000);
  const stop = new AbortController();
  const home = homing.home(stop.signal);
  const failed = expect(home).rejects.toThrow("called off");
  await clock.run(2000);
  stop.abort(new Error("called off"));
  await clock.run(20_000);
  await failed;
  expect(homedAtMs).toEqual([]);
});
