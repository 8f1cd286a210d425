import { expect, it } from "vitest";
import { createHoming, type HomingDeps } from "../../../controller/run/homing.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { broken, GOOD_LEVELS } from "./levels.ts";
import { testClock } from "./machine-bench.ts";

interface Circumstances {
  readonly levels?: Partial<InputLevels>;
  readonly lastLevels?: InputLevels | null;
  readonly halt?: () => Promise<void>;
  readonly endAtMs?: number;
}

/** A robot that is at rest from this time on, and a stage that takes two seconds. */
function site(restMs: number, { levels, lastLevels = null, halt, endAtMs = 1e6 }: Circumstances = {}) {
  const clock = testClock();
  const homedAtMs: number[] = [];
  const raised: string[] = [];
  const failed: unknown[] = [];
  let halts = 0;
  const roles = {
    io: { readInputs: () => Promise.resolve({ ...GOOD_LEVELS, readAtMs: clock.monoMs(), ...levels }) },
    stage: {
      name: "stage",
      async home() {
        homedAtMs.push(clock.monoMs());
        await sleep(clock, 2000);
      },
      halt() {
        halts += 1;
        return halt?.() ?? Promise.resolve();
      },
    },
    changer: {
      async read() {
        await sleep(clock, 50);
        return { path: clock.monoMs() < restMs ? "getput" : null };
      },
    },
  } as unknown as HomingDeps["roles"];
  const homing = createHoming({
    ...{ roles, clock, nowMs: () => clock.monoMs(), endAtMs, levelsMaximumAgeMs: 1000 },
    alarms: { raise: ({ code }: { readonly code: string }) => raised.push(code) } as unknown as HomingDeps["alarms"],
    ...{ latched: () => [], lastLevels: () => lastLevels, showLevels: () => undefined },
    fail: (error) => failed.push(error),
  });
  return { clock, homing, homedAtMs, raised, failed, halts: () => halts };
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

it("a stage does not move for its reference where the hutch does not allow motion", async () => {
  const { clock, homing, homedAtMs } = site(0, { levels: broken("motionEnabled") });
  const refused = expect(homing.home(new AbortController().signal)).rejects.toMatchObject({ code: "stage.no-permit" });
  await clock.run(5000);
  await refused;
  expect(homedAtMs).toEqual([]);
});

it.each([
  ["and nothing is said of it", undefined, [], 0],
  [
    "and a stage that does not answer to that is told",
    new Fault("link.timeout", "stage", "no answer"),
    ["link.timeout"],
    0,
  ],
  ["and a defect in that surfaces", new Error("a defect"), [], 1],
] as const)("a stage that is called off on its way is halted, once, %s", async (_, trouble, alarms, defects) => {
  const halt = () => (trouble === undefined ? Promise.resolve() : Promise.reject(trouble));
  const { clock, homing, halts, raised, failed } = site(0, { halt });
  const stop = new AbortController();
  void homing.home(stop.signal);
  await clock.run(1000);
  expect(halts()).toBe(0);
  stop.abort(new Error("called off"));
  await clock.run(5000);
  expect([halts(), raised, failed.length]).toEqual([1, alarms, defects]);
});

it.each([
  ["nothing was seen of the hutch", { lastLevels: null }, false],
  ["the hutch allowed motion when it was seen last, however long ago", { lastLevels: GOOD_LEVELS }, true],
  ["it did not", { lastLevels: broken("searched") }, false],
  ["the campaign's time is over", { lastLevels: GOOD_LEVELS, endAtMs: 60_000 }, false],
  ["the campaign goes on for a moment", { lastLevels: GOOD_LEVELS, endAtMs: 60_001 }, true],
] as const)("whether a reference may be looked for where %s", async (_, circumstances, may) => {
  const { clock, homing } = site(0, circumstances);
  await clock.run(60_000);
  expect(homing.mayHome()).toBe(may);
});
