import { createActor, setup } from "xstate";
import { describe, expect, it } from "vitest";
import { sleep, type Clock } from "../../../protocols/base/clock.ts";
import { taskActor, type GivenTask } from "../../../controller/machines/task.ts";
import { testClock } from "./machine-bench.ts";

/** A machine that has one thing done for it, at most for a second. */
function begin(work: (given: GivenTask<string>, clock: Clock) => Promise<string>, atMs: number | null = 1000) {
  const clock = testClock();
  const machine = setup({
    types: { events: {} as { type: "DEADLINE" } | { type: "LEAVE" } },
    actors: { work: taskActor<string, string>(clock, (given) => work(given, clock)) },
  }).createMachine({
    initial: "working",
    states: {
      working: {
        invoke: { src: "work", input: () => ({ of: "a cell", atMs }), onDone: "done", onError: "failed" },
        on: { DEADLINE: "late", LEAVE: "left" },
      },
      ...{ done: {}, failed: {}, late: {}, left: {} },
    },
  });
  const actor = createActor(machine).start();
  return { actor, clock, state: () => actor.getSnapshot().value };
}

describe("what is done for a machine", () => {
  it("ends with what came of it, and its deadline with it", async () => {
    const { state, clock } = begin(({ input }) => Promise.resolve(`${input} is proven`));
    await clock.run(10);
    expect(state()).toBe("done");
    expect(clock.pending).toBe(0);
  });

  it("fails as the work fails", async () => {
    const { state, clock } = begin(() => Promise.reject(new Error("nobody answers")));
    await clock.run(10);
    expect(state()).toBe("failed");
  });

  it("is late when its time comes first, and not before", async () => {
    const { state, clock } = begin(() => new Promise(() => undefined));
    await clock.run(999);
    expect(state()).toBe("working");
    await clock.run(1001);
    expect(state()).toBe("late");
  });

  it("waits as long as the state around where it has no time of its own", async () => {
    const { state, clock } = begin(() => new Promise(() => undefined), null);
    await clock.run(1e9);
    expect(state()).toBe("working");
  });

  it("tells work that was left, though it asks only then", async () => {
    const seen: boolean[] = [];
    const { actor, clock, state } = begin(async (given, its) => {
      await sleep(its, 500);
      seen.push(given.signal.aborted);
      return "too late";
    });
    actor.send({ type: "LEAVE" });
    await clock.run(2000);
    expect(seen).toEqual([true]);
    expect(state()).toBe("left");
  });

  it("is heard no more once it was left, though it fails only then", async () => {
    const { actor, clock, state } = begin(async (_, its) => {
      await sleep(its, 500);
      throw new Error("nobody answers");
    });
    let heard = 0;
    actor.send({ type: "LEAVE" });
    actor.subscribe({ next: () => (heard += 1), error: () => (heard += 1) });
    await clock.run(2000);
    expect(state()).toBe("left");
    expect(actor.getSnapshot().status).toBe("active");
    expect(heard).toBe(0);
  });

  it("fails like any other where it throws before there is a promise, and leaves no deadline", async () => {
    const { clock, state } = begin(() => {
      throw new Error("there is no such order");
    });
    await clock.run(2000);
    expect(state()).toBe("failed");
    expect(clock.pending).toBe(0);
  });
});
