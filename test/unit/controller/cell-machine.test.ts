import { describe, expect, it } from "vitest";
import { COMMAND_MS, cycling, FAULT, GRACE_MS, LIMIT, open, PROOF_MS } from "./cell-bench.ts";
import { leafStates } from "./machine-bench.ts";

describe("a cell", () => {
  it("waits for its channel by name, is proven, and runs its steps in order to the end", async () => {
    const bench = open();
    expect(bench.context().waiting).toMatchObject({ reason: "the channel to be ready", who: "channel B7" });
    expect(bench.calls).toEqual([]);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    bench.end("time", 0.002);
    await bench.for(20);
    expect(bench.context().waiting).toMatchObject({ reason: "step 2 (rest) to end", who: "channel B7" });
    bench.end("voltage", 0.003);
    await bench.for(20);
    expect(bench.calls).toEqual(["prove", "start 1 after 0.00 s", "start 2 after 0.00 s"]);
    expect(bench.finished.map(({ chargeAh }) => chargeAh)).toEqual([0.002, 0.003]);
    expect(bench.state()).toBe("complete");
    expect(bench.parent.heard).toEqual([{ type: "CELL_FINISHED", position: "B7" }]);
    expect(bench.recorder.types()).toEqual([
      "step-started",
      "step-ended",
      "step-started",
      "step-ended",
      "cell-complete",
    ]);
    expect(bench.recorder.events[1]).toMatchObject({ data: { step: 1, ended_by: "time", charge_Ah: 0.002 } });
    expect(bench.recorder.events[4]).toMatchObject({ data: { cell: "C-1", steps: 2 } });
    expect(bench.context().waiting).toBeNull();
  });

  it("without a protocol is complete once it is proven", async () => {
    const bench = open([]);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("complete");
    expect(bench.calls).toEqual(["prove"]);
  });

  it.each(["finds fault", "hangs"] as const)(
    "whose proof %s gets no current, is confirmed off and isolated by name",
    async (how) => {
      const bench = open();
      bench.behaviour.prove = how;
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(PROOF_MS + COMMAND_MS);
      expect(bench.state()).toBe("isolated");
      expect(bench.calls).toEqual(["prove", "off"]);
      expect(bench.isForOperator()).toBe(true);
      expect(bench.parent.heard).toMatchObject([{ type: "CELL_ISOLATED", position: "B7" }]);
      expect(bench.recorder.types()).toEqual(["cell-isolated"]);
    },
  );

  it("whose channel fails during the proof is proven again once that is ready, but not for ever", async () => {
    const bench = open();
    bench.behaviour.prove = "fails";
    for (const tries of [1, 2]) {
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.state()).toBe("awaitingChannel");
      expect(bench.parent.heardTypes()).toEqual(Array.from({ length: tries }, () => "CHANNEL_SUSPECT"));
    }
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(100);
    expect(bench.state()).toBe("isolated");
    expect(bench.context().fault).toMatchObject({ code: "link.timeout" });
    expect(bench.calls).toEqual(["prove", "prove", "prove", "off"]);
  });

  it("that passes a limit during its proof is switched off and isolated", async () => {
    const bench = open();
    bench.behaviour.prove = "hangs";
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(100);
    bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
    await bench.for(20);
    expect(bench.calls).toEqual(["prove", "off"]);
    expect(bench.state()).toBe("isolated");
    expect(bench.context().fault).toEqual(LIMIT);
  });

  it("that loses its channel while it is proven is proven again", async () => {
    const bench = open();
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(5);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    expect(bench.state()).toBe("awaitingChannel");
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual(["prove", "prove", "start 1 after 0.00 s"]);
  });
});

describe("a limit", () => {
  it("passed in a sample switches the cell off, then isolates it for a person", async () => {
    const bench = await cycling();
    bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
    expect(bench.state()).toBe("opening");
    expect(bench.calls.at(-1)).toBe("off");
    await bench.for(20);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heard).toEqual([{ type: "CELL_ISOLATED", position: "B7", fault: LIMIT }]);
    expect(bench.context().waiting).toMatchObject({ who: "operator", untilMs: null });
  });

  it("isolates it whatever stop or end is ordered while it is switched off", async () => {
    const bench = await cycling();
    bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
    bench.send({ type: "STOP_CELL", author: "operator" });
    bench.send({ type: "TIME_OVER" });
    await bench.for(20);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heard).toEqual([{ type: "CELL_ISOLATED", position: "B7", fault: LIMIT }]);
  });

  it("at which the instrument stopped does the same, with the values it stopped at", async () => {
    const bench = await cycling();
    bench.end("limit");
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("off");
    expect(bench.state()).toBe("isolated");
    expect(bench.context().fault).toMatchObject({ code: "cell.limit", where: "B7" });
    expect(bench.context().fault?.what).toContain("3.7000 V, 0.5000 mA");
    expect(bench.finished).toEqual([]);
  });

  it.each(["fails", "hangs"] as const)(
    "isolates the cell even when switching off %s, and says that it may be on",
    async (how) => {
      const bench = await cycling();
      bench.behaviour.off = how;
      bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
      await bench.for(COMMAND_MS);
      expect(bench.state()).toBe("isolated");
      expect(bench.context().fault?.code).toBe("cell.not-off");
      expect(bench.context().fault?.what).toContain(LIMIT.what);
    },
  );

  it("whose cell could not be confirmed off has it switched off as soon as its channel answers, and isolates it once", async () => {
    for (const order of [
      { type: "LIMIT_PASSED", fault: LIMIT },
      { type: "STOP_CELL", author: "operator" },
      { type: "TIME_OVER" },
    ] as const) {
      const bench = await cycling();
      bench.send({ type: "CHANNEL_LOST", fault: FAULT });
      bench.behaviour.off = "fails";
      bench.send(order);
      await bench.for(20);
      expect(bench.state()).toBe("isolated");
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      delete bench.behaviour.off;
      bench.send({ type: "CHANNEL_READY" });
      expect(bench.state()).toBe("opening");
      await bench.for(20);
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.state()).toBe("isolated");
      expect(bench.calls.filter((call) => call === "off")).toHaveLength(3);
      expect(bench.parent.heardTypes()).toEqual(["CHANNEL_SUSPECT", "CELL_ISOLATED", "CELL_NOT_OFF", "CELL_NOT_OFF"]);
      const [again, off] = bench.parent.heard.slice(-2);
      expect(again).toMatchObject({ position: "B7", fault: { code: "cell.not-off", where: "B7" } });
      expect(off).toMatchObject({ position: "B7", fault: null });
      expect(bench.context().fault?.what).toMatch(/ it is confirmed off since$/);
      expect(bench.recorder.types().filter((type) => type === "cell-isolated")).toHaveLength(1);
    }
  });

  it("finds out about a step that somebody aborted, and goes on with the time it has left", async () => {
    const bench = await cycling();
    const label = bench.context().cursor?.step.label;
    bench.send({ type: "STEP_ENDED", end: "aborted", voltageV: 3.7, currentA: 0, chargeAh: 0 });
    await bench.for(20);
    expect(bench.state()).toBe("cycling");
    expect(bench.context().cursor?.step.label).toBe(label);
  });

  it("leaves a cell that no person has looked at without another step", async () => {
    const bench = await cycling();
    bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
    await bench.for(20);
    const count = bench.calls.length;
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    bench.send({ type: "CHANNEL_READY" });
    bench.end("time");
    await bench.for(3_600_000);
    expect(bench.state()).toBe("isolated");
    expect(bench.calls).toHaveLength(count);
    expect(bench.parent.count("CELL_ISOLATED")).toBe(1);
  });
});

describe("a break in a step", () => {
  it("through a lost channel: nothing is assumed, then the same step goes on with the time it has left", async () => {
    const bench = await cycling();
    await bench.for(30_000);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    expect(bench.state()).toBe("awaitingReturn");
    expect(bench.parent.heard).toEqual([{ type: "CHANNEL_SUSPECT", channelName: "channel B7", fault: FAULT }]);
    expect(bench.context().waiting?.reason).toContain("own limits hold the cell");
    await bench.for(600_000);
    expect(bench.state()).toBe("awaitingReturn");
    bench.send({ type: "CHANNEL_READY" });
    expect(bench.state()).toBe("findingOut");
    await bench.for(20);
    expect(bench.calls.slice(-2)).toEqual(["off", "start 1 after 30.00 s"]);
    expect(bench.state()).toBe("cycling");
    const { waiting } = bench.context();
    expect((waiting?.untilMs ?? NaN) - (waiting?.sinceMs ?? NaN)).toBeCloseTo(70_000 + GRACE_MS, 6);
    expect(bench.recorder.types()).toEqual(["step-started", "step-interrupted", "cell-found", "step-started"]);
  });

  it("in which it may have come to its end unheard: it is looked at before it goes on", async () => {
    const bench = await cycling([
      [-1, 3],
      [1, 4.2],
    ]);
    await bench.for(30_000);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    bench.behaviour.unfitWhenBrokenOff = { 1: { kind: "over", what: "its end is behind it" } };
    await bench.for(600_000);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls.slice(-3)).toEqual([expect.stringMatching(/^start 1 /), "off", "start 2 after 0.00 s"]);
  });

  it("in which a limit is passed, before the cell is off: it is isolated", async () => {
    const passed = await cycling();
    passed.send({ type: "STEP_FAILED", fault: FAULT });
    expect(passed.state()).toBe("findingOut");
    passed.send({ type: "LIMIT_PASSED", fault: FAULT });
    await passed.for(20);
    expect(passed.state()).toBe("isolated");
    const told = await cycling();
    told.send({ type: "STEP_FAILED", fault: FAULT });
    told.end("limit");
    await told.for(20);
    expect(told.state()).toBe("isolated");
  });

  it("after another adds up", async () => {
    const bench = await cycling();
    for (let turn = 0; turn < 3; turn += 1) {
      await bench.for(20_000);
      bench.send({ type: "STEP_FAILED", fault: FAULT });
      await bench.for(20);
    }
    expect(bench.calls.filter((call) => call.startsWith("start"))).toEqual([
      "start 1 after 0.00 s",
      "start 1 after 20.00 s",
      "start 1 after 40.00 s",
      "start 1 after 60.00 s",
    ]);
  });

  it("that leaves no time goes on to the next step, whose charge is not known", async () => {
    const bench = await cycling();
    await bench.for(104_000);
    bench.send({ type: "STEP_FAILED", fault: FAULT });
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
    expect(bench.finished.map(({ chargeAh }) => chargeAh)).toEqual([NaN]);
  });

  it("a step whose end is not told is found out about at its deadline", async () => {
    const bench = await cycling();
    await bench.for(100_000 + GRACE_MS - 1);
    expect(bench.state()).toBe("cycling");
    await bench.for(1);
    expect(bench.state()).toBe("findingOut");
    expect(bench.context().fault).toMatchObject({ code: "link.timeout", where: "channel B7" });
    await bench.for(20);
    expect(bench.calls.slice(-2)).toEqual(["off", "start 2 after 0.00 s"]);
  });

  it.each(["fails", "hangs"] as const)("a start that %s is found out about before anything is started", async (how) => {
    const bench = open();
    bench.behaviour.start = how;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(COMMAND_MS + 15);
    expect(bench.calls.slice(0, 3)).toEqual(["prove", "start 1 after 0.00 s", "off"]);
    expect(bench.recorder.types()).toContain("step-interrupted");
    delete bench.behaviour.start;
    // After some that failed its link is made anew.
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(2 * COMMAND_MS);
    expect(bench.state()).toBe("cycling");
    expect(bench.calls.at(-1)).toBe("start 1 after 0.00 s");
  });

  it("a channel lost while the step is starting is awaited", async () => {
    const bench = open();
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(15);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    expect(bench.state()).toBe("awaitingReturn");
  });

  it.each(["fails", "hangs"] as const)(
    "a channel that cannot say what runs (%s) is suspect, and asked anew",
    async (how) => {
      const bench = await cycling();
      bench.behaviour.off = how;
      bench.send({ type: "STEP_FAILED", fault: FAULT });
      await bench.for(COMMAND_MS);
      expect(bench.state()).toBe("awaitingReturn");
      expect(bench.parent.heard).toMatchObject([{ type: "CHANNEL_SUSPECT", channelName: "channel B7" }]);
      delete bench.behaviour.off;
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.state()).toBe("cycling");
    },
  );

  it("a channel lost again while it is asked is awaited again", async () => {
    const bench = await cycling();
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    bench.send({ type: "CHANNEL_READY" });
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    expect(bench.state()).toBe("awaitingReturn");
    await bench.for(100);
    expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
  });

  it("a channel that is given up isolates its cell, whatever it does", async () => {
    for (const wait of [0, 5, 15, 20]) {
      const bench = open();
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(wait);
      bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
      await bench.for(3_600_000);
      expect(bench.state()).toBe("isolated");
      expect(bench.parent.heard).toEqual([{ type: "CELL_ISOLATED", position: "B7", fault: FAULT }]);
    }
  });
});

describe("the order to end", () => {
  it.each([
    ["STOP_CELL", "stopped", "cell-stopped"],
    ["TIME_OVER", "complete", "cell-complete"],
  ] as const)(
    "%s switches the cell off in whatever state it is, and confirms it: %s",
    async (type, state, recorded) => {
      for (const wait of [0, 5, 15, 20, 5000]) {
        const bench = open();
        bench.send({ type: "CHANNEL_READY" });
        await bench.for(wait);
        bench.send(type === "STOP_CELL" ? { type, author: "operator" } : { type });
        await bench.for(100);
        expect(bench.calls.at(-1)).toBe("off");
        expect(bench.state()).toBe(state);
        expect(bench.parent.heardTypes()).toEqual(["CELL_FINISHED"]);
        expect(bench.recorder.types()).toContain(recorded);
        bench.send({ type: "CHANNEL_READY" });
        bench.send({ type: "STOP_CELL", author: "operator" });
        bench.send({ type: "TIME_OVER" });
        await bench.for(3_600_000);
        expect(bench.state()).toBe(state);
        expect(bench.calls.filter((call) => call === "off")).toHaveLength(1);
      }
    },
  );

  it.each([
    ["STOP_CELL", "fails"],
    ["STOP_CELL", "hangs"],
    ["TIME_OVER", "fails"],
    ["TIME_OVER", "hangs"],
  ] as const)("%s that is not confirmed (%s) isolates the cell: it may not be off", async (type, how) => {
    const bench = await cycling();
    bench.behaviour.off = how;
    bench.send(type === "STOP_CELL" ? { type, author: "operator" } : { type });
    await bench.for(COMMAND_MS);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heardTypes()).toEqual(["CELL_ISOLATED"]);
    expect(bench.context().fault).not.toBeNull();
  });
});

describe("every state of a cell", () => {
  const LAST = ["complete", "isolated", "stopped"];

  it("is entered, and left again unless it is the last", async () => {
    const stopped = await cycling();
    stopped.send({ type: "CHANNEL_LOST", fault: FAULT });
    stopped.send({ type: "CHANNEL_READY" });
    await stopped.for(20);
    stopped.send({ type: "STOP_CELL", author: "operator" });
    await stopped.for(20);
    const limited = await cycling();
    limited.send({ type: "LIMIT_PASSED", fault: LIMIT });
    await limited.for(20);
    const over = await cycling();
    over.send({ type: "TIME_OVER" });
    await over.for(20);
    const held = await cycling();
    held.send({ type: "HOLD_CELL", author: "operator", reason: "a look" });
    await held.for(20);
    held.send({ type: "RESUME_CELL", author: "operator", reason: "looked" });
    const found = open(undefined, {});
    found.send({ type: "CHANNEL_READY" });
    await found.for(20);
    const carried = await cycling();
    carried.send({ type: "TAKE_OUT" });
    await carried.for(20);
    carried.behaviour.back = "fails";
    carried.send({ type: "PUT_BACK" });
    await carried.for(20);
    carried.send({ type: "CHANNEL_READY" });
    const inHand = open(undefined, { isCarried: true, runningSinceMs: null }, "person");
    inHand.behaviour.back = "finds fault";
    inHand.send({ type: "CHANNEL_READY" });
    await inHand.for(20);
    inHand.send({ type: "PUT_BACK" });
    await inHand.for(40);
    const late = open();
    late.behaviour.awaited = "its box to come";
    late.send({ type: "CHANNEL_READY" });
    expect(late.state()).toBe("expected");
    expect(late.context().waiting).toMatchObject({ reason: "its box to come", who: "whoever loads the rack" });
    await late.for(3_600_000);
    expect(late.calls).toEqual([]);
    late.behaviour.awaited = null;
    late.send({ type: "CELL_HAS_COME" });
    await late.for(20);
    expect(late.calls).toEqual(["prove", "start 1 after 0.00 s"]);
    const traces = [stopped, limited, over, held, found, carried, inHand, late].map((bench) => bench.parent.trace);
    const left = traces.flatMap((trace) => [...trace.left]);
    // Where it begins, it is no longer when anybody can look.
    expect([...new Set([...left, ...LAST, "beginning"])].sort()).toEqual(leafStates(stopped.machine));
    for (const state of LAST) {
      expect(traces.some((trace) => trace.entered.has(state))).toBe(true);
      expect(left).not.toContain(state);
    }
  });
});
