import { expect, it } from "vitest";
import { COMMAND_MS, cycling, FAULT, LIMIT } from "./cell-bench.ts";

const ORDERS = [{ type: "STOP_CELL", author: "operator" }, { type: "TIME_OVER" }] as const;

it.each(ORDERS)("a cell that passes a limit while $type is obeyed is isolated for the limit", async (order) => {
  for (const pass of ["by a sample", "by its instrument's word"]) {
    const bench = await cycling();
    bench.send(order);
    await bench.for(5);
    if (pass === "by a sample") bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
    else bench.end("limit");
    await bench.for(30);
    expect(bench.state()).toBe("isolated");
    expect(bench.context().fault?.code).toBe("cell.limit");
    expect(bench.calls.at(-1)).toBe("off");
  }
});

it.each(ORDERS)("a cell that is not confirmed off after $type is told as one that may still be on", async (order) => {
  for (const how of ["fails", "hangs"] as const) {
    const bench = await cycling();
    bench.behaviour.off = how;
    bench.send(order);
    await bench.for(COMMAND_MS);
    expect(bench.state()).toBe("isolated");
    expect(bench.context().fault).toMatchObject({ code: "cell.not-off", where: "B7" });
    delete bench.behaviour.off;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.context().fault?.what).toMatch(/it is confirmed off since$/);
  }
});

it("a cell whose channel is given up before it confirmed it off is told as one that may still be on, and why it was to be off", async () => {
  for (const [why, after] of [
    [ORDERS[0], FAULT.what],
    [ORDERS[1], FAULT.what],
    [{ type: "LIMIT_PASSED", fault: LIMIT }, LIMIT.what],
  ] as const) {
    const bench = await cycling();
    bench.behaviour.off = "hangs";
    bench.send(why);
    await bench.for(5);
    bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
    await bench.for(COMMAND_MS);
    expect(bench.parent.heard).toEqual([
      {
        ...{ type: "CELL_ISOLATED", position: "B7" },
        fault: expect.objectContaining({
          code: "cell.not-off",
          what: expect.stringContaining(after) as string,
        }) as object,
      },
    ]);
    delete bench.behaviour.off;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_NOT_OFF", fault: null });
  }
});

it("a cell whose instrument does not confirm it off as its step fails is told to wait for that, and for nothing that holds it", async () => {
  const bench = await cycling();
  bench.behaviour.off = "fails";
  bench.send({ type: "STEP_FAILED", fault: { ...FAULT, code: "cell.not-off" } });
  expect(bench.context().waiting?.reason).toContain("nothing runs");
  bench.send({ type: "CHANNEL_LOST", fault: { ...FAULT, code: "cell.not-off" } });
  expect(bench.state()).toBe("awaitingReturn");
  expect(bench.context().waiting?.reason).toMatch(/perhaps nothing ends it$/);
  bench.send({ type: "CHANNEL_READY" });
  bench.send({ type: "CHANNEL_LOST", fault: FAULT });
  expect(bench.context().waiting?.reason).toMatch(/own limits hold the cell$/);
});

// Rack's seeds 4582 and 4886.
it("a cell that is given up while nothing ends what its instrument drives is told as one that may still be on", async () => {
  const bench = await cycling();
  bench.behaviour.runsUntilMs = Infinity;
  bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
  const fault = { code: "cell.not-off", where: "B7", what: expect.stringContaining(FAULT.what) as string };
  expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_ISOLATED", fault });
  expect(bench.recorder.events.at(-1)).toMatchObject({ type: "cell-isolated", data: { code: "cell.not-off" } });
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(20);
  expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_NOT_OFF", fault: null });
});

it("a cell that is given up says on record until when its instrument may drive it, and what has flowed", async () => {
  for (const [runsUntilMs, told] of [
    [90_000, { runs_until_ms: 90_000 }],
    [Infinity, { runs_until_ms: null }],
  ] as const) {
    const bench = await cycling();
    bench.totals.doubtAh = 0.0001;
    bench.behaviour.runsUntilMs = runsUntilMs;
    bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
    expect(bench.recorder.events.at(-1)).toMatchObject({
      type: "cell-isolated",
      data: { ...told, totals: { doubt_Ah: 0.0001 } },
    });
  }
  const off = await cycling();
  off.behaviour.runsUntilMs = 90_000;
  off.send({ type: "LIMIT_PASSED", fault: LIMIT });
  await off.for(20);
  expect(off.recorder.events.at(-1)?.type).toBe("cell-isolated");
  expect(off.recorder.events.at(-1)?.data).not.toHaveProperty("runs_until_ms");
});
