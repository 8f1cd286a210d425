import { describe, expect, it } from "vitest";
import { COMMAND_MS, cycling, FAULT, GRACE_MS, LIMIT, open } from "./cell-bench.ts";

const WHO = { author: "night shift", reason: "smells odd" };
const DAY = { author: "day shift", reason: "all is well" };

it("a cell that is held while it is proven is switched off at once, and proven anew when it is resumed", async () => {
  const by = { author: "anna", reason: "the fan stands still" };
  for (const whenMs of [0, 5]) {
    const bench = open();
    if (whenMs === 0) bench.send({ type: "HOLD_CELL", ...by });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(whenMs);
    if (whenMs > 0) bench.send({ type: "HOLD_CELL", ...by });
    await bench.for(3_600_000);
    expect(bench.state()).toBe("held");
    expect(bench.calls).toEqual(whenMs === 0 ? ["off"] : ["prove", "off"]);
    bench.send({ type: "RESUME_CELL", ...by });
    await bench.for(5);
    expect(bench.state()).toBe("proving");
    await bench.for(20);
    expect(bench.state()).toBe("cycling");
  }
  const resumedAtOnce = open();
  resumedAtOnce.send({ type: "CHANNEL_READY" });
  resumedAtOnce.send({ type: "HOLD_CELL", ...by });
  resumedAtOnce.send({ type: "RESUME_CELL", ...by });
  await resumedAtOnce.for(15);
  expect(resumedAtOnce.state()).toBe("proving");
});

// Rack's seed 912: it went on behind an order that a full disk did not take, the controller was killed, and by the record it was held.
describe("a cell that a person lets go on while the disk takes no record", () => {
  it("begins once it is on record that it goes on, and says what it waits for", async () => {
    const bench = await cycling();
    bench.send({ type: "HOLD_CELL", ...WHO });
    await bench.for(20);
    bench.behaviour.isDiskFull = true;
    const { length } = bench.calls;
    bench.send({ type: "RESUME_CELL", ...DAY });
    await bench.for(3_600_000);
    expect(bench.state()).toBe("keeping");
    expect(bench.calls).toHaveLength(length);
    expect(bench.context().waiting).toMatchObject({
      reason: "the record to be on the disk before the cell goes on",
      who: "record",
    });
    bench.behaviour.isDiskFull = false;
    await bench.for(200);
    expect(bench.state()).toBe("cycling");
  });

  it("is held again, stopped or taken out at once, and has not begun", async () => {
    for (const [event, state] of [
      [{ type: "HOLD_CELL", ...WHO }, "held"],
      [{ type: "STOP_CELL", author: "anna" }, "stopped"],
      [{ type: "TAKE_OUT" }, "away"],
    ] as const) {
      const bench = await cycling();
      bench.send({ type: "HOLD_CELL", ...WHO });
      await bench.for(20);
      bench.behaviour.isDiskFull = true;
      bench.send({ type: "RESUME_CELL", ...DAY });
      await bench.for(1000);
      bench.send(event);
      await bench.for(20);
      expect(bench.state()).toBe(state);
      expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
    }
  });

  it("begins no other step that a person sent it to, and is off meanwhile", async () => {
    const bench = await cycling();
    bench.behaviour.isDiskFull = true;
    bench.send({ type: "SKIP_STEP", ...WHO });
    await bench.for(60_000);
    expect(bench.state()).toBe("keeping");
    expect(bench.calls.at(-1)).toBe("off");
    // Kept with the order: after a kill nobody takes it for running.
    expect(bench.recorder.types()).toEqual(["step-started", "cell-act", "step-ended"]);
    bench.behaviour.isDiskFull = false;
    await bench.for(200);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
  });
});

describe("a cell that a person holds", () => {
  it("is confirmed off, says by whom and why, and goes on with the time its step has left", async () => {
    const bench = await cycling();
    await bench.for(30_000);
    bench.send({ type: "HOLD_CELL", ...WHO });
    await bench.for(20);
    expect(bench.state()).toBe("held");
    expect(bench.calls.at(-1)).toBe("off");
    expect(bench.isForOperator()).toBe(true);
    expect(bench.context().waiting).toMatchObject({
      reason: "a person to resume the cell, held by night shift: smells odd",
      who: "operator",
      untilMs: null,
    });
    await bench.for(7_200_000);
    expect(bench.state()).toBe("held");
    bench.send({ type: "RESUME_CELL", ...DAY });
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 1 after 30.00 s, because the cell was off by a person's order");
    expect(bench.recorder.types()).toEqual(["step-started", "cell-act", "cell-held", "cell-act", "step-started"]);
    expect(bench.recorder.events[1]?.data).toMatchObject({ position: "B7", step: 1, act: "hold", ...WHO });
    expect(bench.recorder.events[2]?.data).toMatchObject({ elapsed_s: 30, ...WHO });
    expect(bench.recorder.events[3]?.data).toMatchObject({ act: "resume", ...DAY });
    bench.end("time");
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
  });

  it("whose channel cannot confirm it off is awaited, and held once it is", async () => {
    const bench = await cycling();
    bench.behaviour.off = "hangs";
    bench.send({ type: "HOLD_CELL", ...WHO });
    await bench.for(COMMAND_MS);
    expect(bench.state()).toBe("awaitingReturn");
    delete bench.behaviour.off;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("held");
  });

  it("takes no notice of its channel's comings and goings, and asks it anew when it goes on", async () => {
    const bench = await cycling();
    bench.send({ type: "HOLD_CELL", ...WHO });
    await bench.for(20);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    bench.send({ type: "CHANNEL_READY" });
    bench.end("aborted");
    await bench.for(20);
    expect(bench.state()).toBe("held");
    expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
  });

  it("is done when the campaign's time is over, and stopped when it is ordered off", async () => {
    for (const [event, state] of [
      [{ type: "TIME_OVER" }, "complete"],
      [{ type: "STOP_CELL", author: "operator" }, "stopped"],
      [{ type: "CHANNEL_ISOLATED", fault: FAULT }, "isolated"],
    ] as const) {
      const bench = await cycling();
      bench.send({ type: "HOLD_CELL", ...WHO });
      await bench.for(20);
      bench.send(event);
      await bench.for(20);
      expect(bench.state()).toBe(state);
    }
  });
});

describe("a step that a person leaves", () => {
  it.each([
    ["SKIP_STEP", "skip-step", "skipped"],
    ["END_STEP", "end-step", "operator"],
  ] as const)("%s: the cell is confirmed off, then the next step begins", async (type, act, end) => {
    const bench = await cycling([[1, 4.2], 200]);
    await bench.for(30_000);
    bench.totals.chargedAh = 0.0003;
    bench.send({ type, ...WHO });
    await bench.for(20);
    expect(bench.calls.slice(-2)).toEqual(["off", "start 2 after 0.00 s"]);
    const [asked, ended] = bench.recorder.events.slice(1);
    expect(asked).toMatchObject({ type: "cell-act", data: { act, step: 1, ...WHO } });
    expect(ended).toMatchObject({ type: "step-ended", data: { step: 1, ended_by: end, charge_Ah: 0.0003, ...WHO } });
    // What came out of it is no measure of the cell.
    expect(bench.finished).toMatchObject([{ chargeAh: NaN, isCut: true }]);
  });

  it("while the cell is held is left at once, and the cell stays held before the next one", async () => {
    const bench = await cycling();
    bench.send({ type: "HOLD_CELL", ...WHO });
    await bench.for(20);
    bench.send({ type: "SKIP_STEP", ...WHO });
    await bench.for(20);
    expect(bench.state()).toBe("held");
    bench.send({ type: "RESUME_CELL", ...DAY });
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s, because the cell was off by a person's order");
  });

  it("as the last one completes the cell, with the half cycle it was in", async () => {
    const bench = await cycling([[1, 4.2]]);
    bench.totals.chargedAh = 0.0003;
    bench.send({ type: "END_STEP", ...WHO });
    await bench.for(20);
    expect(bench.state()).toBe("complete");
    expect(bench.recorder.types().slice(-3)).toEqual(["step-ended", "half-cycle-ended", "cell-complete"]);
    expect(bench.recorder.events.at(-2)?.data).toMatchObject({
      direction: "charge",
      capacity_Ah: 0.0003,
      is_whole: false,
    });
  });

  it("is left only once, however it ends meanwhile", async () => {
    const bench = await cycling([100, 200, 300]);
    bench.send({ type: "SKIP_STEP", ...WHO });
    bench.end("aborted");
    bench.end("time");
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
    expect(bench.finished).toHaveLength(1);
    await bench.for(200_000 + GRACE_MS - 100);
    expect(bench.state()).toBe("cycling");
  });
});

describe("a cell whose step was ended out of turn", () => {
  const EMPTY = { kind: "over", what: "at 2.6 V it is empty" } as const;
  const HARM = { kind: "harmful", what: "4.2 V drive 75 mA through it" } as const;

  it("is looked at before the next one that drives it, and no more after that", async () => {
    const bench = await cycling([[1, 4.2], 200, [-1, 2.8], [1, 4.2]]);
    bench.send({ type: "END_STEP", ...WHO });
    for (let step = 0; step < 3; step += 1) {
      await bench.for(40);
      bench.end("time");
    }
    await bench.for(20);
    expect(bench.calls.slice(2)).toEqual(["off", ...starts(2), "look before 3", ...starts(3), ...starts(4)]);
  });

  it("does not begin a step whose end is behind already, and looks before the one after it too", async () => {
    const bench = await cycling([
      [1, 4.2],
      [-1, 2.8],
      [1, 4.2],
    ]);
    bench.behaviour.unfit = { 2: EMPTY };
    bench.send({ type: "END_STEP", ...WHO });
    await bench.for(100);
    expect(bench.calls.slice(2)).toEqual(["off", "look before 2", "look before 3", ...starts(3)]);
    const [, , ended, act, passed] = bench.recorder.events.filter(({ type }) => type !== "half-cycle-ended");
    expect(ended).toMatchObject({ type: "step-ended", data: { step: 1, ...WHO } });
    const by = { author: "beamrack", reason: EMPTY.what };
    expect(act).toMatchObject({ type: "cell-act", data: { step: 2, act: "end-step", ...by } });
    expect(passed).toMatchObject({ type: "step-ended", data: { step: 2, ended_by: "operator", charge_Ah: 0, ...by } });
    expect(bench.finished).toMatchObject([{ isCut: true }, { isCut: true }]);
  });

  it("is held where the next would harm it, with an alarm until a person says how it goes on", async () => {
    const bench = await cycling([[1, 4.2], [1, 4.2], 300]);
    bench.behaviour.unfit = { 2: HARM };
    bench.send({ type: "SKIP_STEP", ...WHO });
    await bench.for(100);
    expect(bench.state()).toBe("held");
    expect(bench.calls.slice(2)).toEqual(["off", "look before 2"]);
    const fault = { code: "cell.next-step", where: "B7", what: HARM.what };
    expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_SPARED", position: "B7", fault });
    expect(bench.context().waiting?.reason).toContain(HARM.what);
    bench.send({ type: "RESUME_CELL", ...DAY });
    expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_SPARED", fault: null });
    await bench.for(100);
    expect(bench.state()).toBe("held");
    bench.send({ type: "SKIP_STEP", ...DAY });
    bench.send({ type: "RESUME_CELL", ...DAY });
    await bench.for(100);
    expect(bench.state()).toBe("cycling");
    expect(bench.calls.at(-1)).toMatch(/^start 3 /);
  });

  it("that is stopped while it is held for its next step leaves no alarm about that step", async () => {
    const bench = await cycling([[1, 4.2], [1, 4.2], 300]);
    bench.behaviour.unfit = { 2: HARM };
    bench.send({ type: "SKIP_STEP", ...WHO });
    await bench.for(100);
    bench.send({ type: "STOP_CELL", author: "operator" });
    await bench.for(100);
    expect(bench.parent.heard.slice(-2)).toMatchObject([
      { type: "CELL_SPARED", fault: null },
      { type: "CELL_FINISHED" },
    ]);
  });

  it("begins nothing when it is held, or its channel is lost, while it is looked at", async () => {
    for (const event of [
      { type: "HOLD_CELL", ...WHO },
      { type: "CHANNEL_LOST", fault: FAULT },
    ] as const) {
      const bench = await cycling([
        [1, 4.2],
        [-1, 2.8],
      ]);
      bench.send({ type: "SKIP_STEP", ...WHO });
      await bench.for(15);
      expect(bench.calls.at(-1)).toBe("look before 2");
      bench.send(event);
      await bench.for(100);
      expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
    }
  });

  it("is looked at after a restart too", async () => {
    const bench = open([[-1, 2.8]], { mustLook: true, runningSinceMs: null });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(100);
    expect(bench.calls).toEqual(["find", "look before 1", expect.stringMatching(/^start 1 /)]);
  });

  it("says nothing of samples for a step that never began", async () => {
    const bench = await cycling([[1, 4.2], 200, 300]);
    bench.send({ type: "HOLD_CELL", ...WHO });
    for (let left = 0; left < 2; left += 1) {
      bench.send({ type: "SKIP_STEP", ...WHO });
      await bench.for(20);
    }
    const ended = bench.recorder.events.filter(({ type }) => type === "step-ended");
    expect(ended.map(({ data }) => "samples" in data)).toEqual([true, false]);
  });

  function starts(number: number): readonly string[] {
    return [`start ${number} after 0.00 s`];
  }
});

describe("an act without an object", () => {
  it("is refused and told: nothing is held, or nothing is left to do", async () => {
    const bench = await cycling();
    bench.send({ type: "RESUME_CELL", ...WHO });
    expect(bench.recorder.events.at(-1)).toMatchObject({ type: "cell-act-refused", data: { act: "resume", ...WHO } });
    expect(bench.state()).toBe("cycling");
    bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
    for (const type of ["HOLD_CELL", "SKIP_STEP"] as const) {
      bench.send({ type, ...WHO });
      expect(bench.state()).toBe("opening");
      expect(bench.recorder.events.at(-1)?.type).toBe("cell-act-refused");
    }
    await bench.for(20);
    for (const type of ["HOLD_CELL", "RESUME_CELL", "SKIP_STEP", "END_STEP"] as const) {
      bench.send({ type, ...WHO });
      expect(bench.state()).toBe("isolated");
      expect(bench.recorder.events.at(-1)?.type).toBe("cell-act-refused");
    }
  });
});

describe("the half cycles of a cell", () => {
  it("are told as the current turns, with efficiency and health", async () => {
    const bench = open([[1, 4.2], 10, [-1, 2.8], 10, [1, 4.2], [-1, 2.8]]);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    const step = async (end: "time" | "voltage", chargedAh: number, dischargedAh: number) => {
      bench.totals.chargedAh += chargedAh;
      bench.totals.dischargedAh += dischargedAh;
      bench.end(end, chargedAh - dischargedAh);
      await bench.for(20);
    };
    await step("voltage", 0.004, 0);
    await step("time", 0, 0);
    await step("voltage", 0, 0.0036);
    await step("time", 0, 0);
    await step("voltage", 0.0035, 0);
    await step("voltage", 0, 0.0034);
    const told = bench.recorder.events.filter((event) => event.type === "half-cycle-ended").map((event) => event.data);
    expect(told.map((data) => [data["half_cycle"], data["direction"], data["is_whole"]])).toEqual([
      [1, "charge", false],
      [2, "discharge", true],
      [3, "charge", true],
      [4, "discharge", true],
    ]);
    expect(told[1]).toMatchObject({ coulombic_efficiency: expect.closeTo(0.9, 9) as number, state_of_health: 1 });
    expect(told[3]?.["coulombic_efficiency"]).toBeCloseTo(0.0034 / 0.0035, 9);
    // Health compares discharges of one and the same step, and these are two.
    expect(told[3]?.["state_of_health"]).toBe(1);
    expect(bench.state()).toBe("complete");
  });
});

it("a step that follows one that a person skipped has all its tries, however often the skipped one was refused", async () => {
  const bench = open();
  bench.behaviour.start = "fails";
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(1000);
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(1000);
  expect(bench.calls.filter((call) => call.startsWith("start 1"))).toHaveLength(6);
  bench.send({ type: "SKIP_STEP", ...WHO });
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(1000);
  expect(bench.calls.filter((call) => call.startsWith("start 2"))).toHaveLength(3);
  expect(bench.state()).toBe("awaitingReturn");
  delete bench.behaviour.start;
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(20);
  expect(bench.state()).toBe("cycling");
});
