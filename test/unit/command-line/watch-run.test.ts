import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { watchRun, type WatchDeps } from "../../../tui/run/watch-run.ts";

/** Asked to end at once, with a robot that carries a cell for so long; says when it was over. */
async function endedAfterMs(carryingMs: number): Promise<number> {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const done = watchRun({
    clock,
    site: {
      run: {
        actor: {
          getSnapshot: () => ({ status: "active", hasTag: () => true, matches: () => true }),
          subscribe: () => undefined,
        },
        alarms: { open: [] },
        ...{ failure: () => null, isDone: () => false, noteEnd: () => undefined, start: () => undefined },
        stops: { order: () => undefined, isUnderWay: false },
        changer: {
          get isMoving() {
            return clock.nowMs() < carryingMs;
          },
        },
      },
    },
    ...{ printer: { isDue: () => false }, progress: () => undefined, say: () => undefined },
    interruptedBy: () => "SIGTERM",
  } as unknown as WatchDeps);
  void done.then(() => {
    clock.stop();
  });
  await clock.run(600_000);
  expect(await done).toBe("interrupted");
  return clock.nowMs();
}

it("a run that is asked to end waits for the cell that the robot carries, for as long as a service is given to end", async () => {
  expect(await endedAfterMs(0)).toBe(0);
  const afterMs = await endedAfterMs(40_000);
  expect(afterMs).toBeGreaterThanOrEqual(40_000);
  expect(afterMs).toBeLessThan(41_000);
  expect(await endedAfterMs(Infinity)).toBeLessThan(60_000);
});
