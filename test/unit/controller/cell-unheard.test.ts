import { describe, expect, it } from "vitest";
import { cycling, FAULT, open } from "./cell-bench.ts";

describe("a break in a step", () => {
  it("in which its time ran out on an instrument that runs it alone: it is over, and not driven a second time", async () => {
    for (const [awayMs, next] of [
      [60_000, "start 1 after 30.00 s"],
      [600_000, "start 2 after 0.00 s"],
    ] as const) {
      const bench = await cycling();
      bench.behaviour.runsAlone = true;
      await bench.for(30_000);
      bench.send({ type: "CHANNEL_LOST", fault: FAULT });
      await bench.for(awayMs);
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.calls.slice(-2)).toEqual(["off", next]);
    }
  });

  it.each([
    ["STEP_FAILED", [1]],
    ["CHANNEL_LOST", [1]],
    ["HOLD_CELL", []],
    ["TAKE_OUT", []],
  ] as const)("is looked at where nobody heard what it came to: %s", async (type, looks) => {
    const bench = await cycling([[1, 4.2], 100]);
    const by = { author: "operator", reason: "a look" };
    await bench.for(30_000);
    if (type === "HOLD_CELL") bench.send({ type, ...by });
    else bench.send(type === "TAKE_OUT" ? { type } : { type, fault: FAULT });
    await bench.for(20);
    bench.send({ type: "CHANNEL_READY" });
    bench.send({ type: "PUT_BACK" });
    bench.send({ type: "RESUME_CELL", ...by });
    await bench.for(40);
    expect([bench.state(), bench.looks]).toEqual(["cycling", looks]);
  });
});

describe("a step that is refused as it is begun", () => {
  it("is tried on a link made anew after three times, and no more than nine times: then its cell is off, and a person's", async () => {
    const bench = open();
    bench.behaviour.start = "fails";
    for (const tries of [3, 6, 9]) {
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(600_000);
      expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(tries);
      expect(bench.state()).toBe(tries < 9 ? "awaitingReturn" : "isolated");
    }
    expect(bench.calls.at(-1)).toBe("off");
    expect(bench.parent.heardTypes()).toEqual(["CHANNEL_SUSPECT", "CHANNEL_SUSPECT", "CELL_ISOLATED"]);
    expect(bench.context().fault).toMatchObject({ code: "link.timeout", what: "start failed" });
  });

  it("is forgiven once one has begun", async () => {
    const bench = open();
    for (let turn = 0; turn < 9; turn += 1) {
      bench.behaviour.start = "fails";
      bench.send(turn === 0 ? { type: "CHANNEL_READY" } : { type: "STEP_FAILED", fault: FAULT });
      await bench.for(30);
      delete bench.behaviour.start;
      await bench.for(30);
      expect(bench.state()).toBe("cycling");
    }
  });
});
