import { describe, expect, it } from "vitest";
import { COMMAND_MS, cycling, FAULT, LEAD, open, type BenchStep } from "./cell-bench.ts";

/** By its firmware. */
const BROKEN = { code: "channel.script-error", where: "channel B7", what: "it stopped", advice: "Look at it." };

describe("a break in a step", () => {
  /** As drivers tell a lost link: by what ends the step, by the link, or by both, one after the other. */
  const LOSSES = {
    "its link": ["CHANNEL_LOST", FAULT],
    "its step, then its link": ["STEP_FAILED", FAULT],
    "no sample, and no answer": ["STEP_FAILED", { ...FAULT, code: "channel.silent" }],
    "an answer that never came": ["STEP_FAILED", { ...FAULT, code: "link.timeout" }],
    "a gateway that answers for it, then its link": ["STEP_FAILED", { ...FAULT, code: "io.exception" }],
    "that it would not switch off, then its link": ["STEP_FAILED", { ...FAULT, code: "cell.not-off" }],
  } as const;

  async function lost(bench: Awaited<ReturnType<typeof cycling>>, how: keyof typeof LOSSES): Promise<void> {
    const [type, fault] = LOSSES[how];
    bench.behaviour.off = "fails";
    bench.send({ type, fault });
    if (how.endsWith("then its link")) bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    await bench.for(20);
    expect(bench.state()).toBe("awaitingReturn");
    delete bench.behaviour.off;
  }

  const losses = Object.keys(LOSSES) as (keyof typeof LOSSES)[];

  it.each(losses)(
    "in which its time ran out on an instrument that runs it alone: it is over, and not driven a second time: %s",
    async (how) => {
      for (const [awayMs, next] of [
        [60_000, "start 1 after 30.00 s"],
        [600_000, "start 2 after 0.00 s"],
      ] as const) {
        const bench = await cycling();
        bench.behaviour.runsAlone = true;
        await bench.for(30_000);
        await lost(bench, how);
        expect(bench.recorder.events.at(-1)).toMatchObject({ type: "step-interrupted", data: { is_unheard: true } });
        await bench.for(awayMs);
        bench.send({ type: "CHANNEL_READY" });
        await bench.for(20);
        expect(bench.calls.slice(-2)).toEqual(["off", next]);
      }
    },
  );

  it.each([true, false])(
    "after which it is found running has run for all of that time: its instrument runs it alone: %s",
    async (runsAlone) => {
      const bench = await cycling();
      if (runsAlone) bench.behaviour.runsAlone = true;
      await bench.for(30_000);
      await lost(bench, "its step, then its link");
      await bench.for(40_000);
      bench.behaviour.foundRunningAtMs = bench.clock.monoMs();
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.calls.at(-1)).toMatch(/^start 1 after 70\.\d\d s/);
      // Nothing was found of what was begun since.
      await bench.for(10_000);
      await lost(bench, "its link");
      await bench.for(5000);
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.calls.at(-1)).toMatch(/^start 1 after 80\.\d\d s/);
    },
  );

  it("after which its cell is off, and for how long it ran, is on record before anything else is begun", async () => {
    const bench = await cycling();
    bench.behaviour.runsAlone = true;
    await bench.for(30_000);
    await lost(bench, "its link");
    bench.behaviour.foundRunningAtMs = bench.clock.monoMs() + 40_000;
    Object.assign(bench.behaviour, { off: "hangs", start: "hangs" });
    await bench.for(40_000);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(COMMAND_MS);
    expect(bench.recorder.types().at(-1)).toBe("step-interrupted");
    delete bench.behaviour.off;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    const elapsed = { elapsed_s: expect.closeTo(70, 0) as number };
    expect([bench.state(), bench.recorder.events.at(-1)]).toMatchObject([
      "starting",
      { type: "cell-found", data: { found: "off", ...elapsed, totals: { charged_Ah: 0 } } },
    ]);
    // Once is enough, and what is broken off from here on has run for so long.
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.recorder.types().filter((type) => type === "cell-found")).toHaveLength(1);
    expect(bench.recorder.events.at(-1)).toMatchObject({ type: "step-interrupted", data: elapsed });
  });

  it("of which its instrument kept samples has run for as long as they tell, where it is found to run no more", async () => {
    const bench = await cycling();
    bench.behaviour.runsAlone = true;
    await bench.for(30_000);
    await lost(bench, "its link");
    bench.behaviour.heardToMs = bench.clock.monoMs() + 12_000;
    await bench.for(40_000);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls.at(-1)).toMatch(/^start 1 after 42\.\d\d s/);
  });

  it("that its instrument told, or a person ordered, is none in which it ran on", async () => {
    for (const event of [
      { type: "STEP_FAILED", fault: { ...FAULT, code: "channel.script-error" } },
      { type: "HOLD_CELL", author: "operator", reason: "a look" },
    ] as const) {
      const bench = await cycling();
      bench.behaviour.runsAlone = true;
      await bench.for(30_000);
      bench.behaviour.off = "fails";
      bench.send(event);
      await bench.for(600_000);
      delete bench.behaviour.off;
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      bench.send({ type: "RESUME_CELL", author: "operator", reason: "seen" });
      await bench.for(20);
      expect(bench.calls.at(-1)).toMatch(/^start 1 after 30\.00 s/);
      expect(JSON.stringify(bench.recorder.events)).not.toContain("is_unheard");
    }
  });

  it("by a person's order that was not answered, after which it is found running, is one in which it ran on", async () => {
    for (const step of [[1, 4.2], { waitsS: 3600 }] as const) {
      const bench = await cycling([step]);
      await bench.for(30_000);
      bench.behaviour.off = "fails";
      bench.send({ type: "HOLD_CELL", author: "operator", reason: "a look" });
      await bench.for(600_000);
      Object.assign(bench.behaviour, { off: undefined, ranAtLeastS: 700 });
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      const elapsed = { elapsed_s: 700 };
      expect(bench.recorder.events.slice(-2)).toMatchObject([
        { type: "cell-found", data: elapsed },
        { type: "cell-held", data: elapsed },
      ]);
    }
  });

  it("while it was led back to the voltage of its hold: what its instrument ran out is that, and not the hold", async () => {
    const bench = await cycling([{ holdsS: 600 }, 100]);
    bench.behaviour.runsAlone = true;
    bench.behaviour.unfitWhenBrokenOff = { 1: LEAD };
    await bench.for(30_000);
    for (let turn = 0; turn < 2; turn += 1) {
      await lost(bench, turn === 0 ? "its step, then its link" : "its link");
      await bench.for(turn === 0 ? 60_000 : 900_000);
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(40);
      expect(bench.calls.at(-1)).toMatch(/^lead to 1 after 30\.\d\d s/);
      expect(bench.recorder.events.at(-1)).toMatchObject({ type: "step-started", data: { is_lead: true } });
    }
    bench.end("voltage");
    await bench.for(20);
    expect(bench.calls.at(-1)).toMatch(/^start 1 after /);
    // The hold itself is over where it was lost.
    await lost(bench, "its link");
    await bench.for(900_000);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
  });

  it("whose hold was led back before anybody heard that the lead had begun is on record as a lead, then as the hold", async () => {
    const bench = await cycling([{ holdsS: 600 }, 100]);
    bench.behaviour.unfitWhenBrokenOff = { 1: LEAD };
    await bench.for(30_000);
    await lost(bench, "its link");
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(15);
    expect([bench.state(), bench.calls.at(-1)]).toEqual(["starting", "lead to 1 after 30.00 s"]);
    bench.end("voltage");
    await bench.for(20);
    const begun = bench.recorder.events.filter(({ type }) => type === "step-started").slice(1);
    expect(begun).toMatchObject([{ data: { is_lead: true } }, { data: { elapsed_s: 30 } }]);
    expect(begun[1]?.data).not.toHaveProperty("is_lead");
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

  it("is forgiven as a person lets the cell go on, who may have mended why", async () => {
    const bench = open();
    const by = { author: "anna", reason: "its cable" };
    bench.behaviour.start = "fails";
    for (const act of [null, null, "HOLD_CELL"] as const) {
      if (act !== null) bench.send({ type: act, ...by });
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(600_000);
    }
    expect([bench.state(), bench.context().failedStartsCount]).toEqual(["held", 6]);
    bench.send({ type: "RESUME_CELL", ...by });
    await bench.for(600_000);
    expect([bench.state(), bench.context().failedStartsCount]).toEqual(["awaitingReturn", 3]);
  });

  it("is forgiven once one has run for a minute", async () => {
    const bench = open([3600]);
    for (let turn = 0; turn < 9; turn += 1) {
      bench.behaviour.start = "fails";
      bench.send(turn === 0 ? { type: "CHANNEL_READY" } : { type: "STEP_FAILED", fault: BROKEN });
      await bench.for(30);
      delete bench.behaviour.start;
      await bench.for(30);
      expect(bench.state()).toBe("cycling");
      await bench.for(60_000);
    }
  });
});

describe("a step that begins and fails at once", () => {
  it.each([
    ["is told to have failed before its start is answered", 2],
    ["is told to have failed seconds after it", 20_000],
  ] as const)("counts as one that is refused: it %s", async (_, afterMs) => {
    const bench = open([3600]);
    for (const tries of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      if (tries % 3 === 1) bench.send({ type: "CHANNEL_READY" });
      while (bench.calls.filter((call) => call.startsWith("start")).length < tries) await bench.for(5);
      await bench.for(afterMs);
      bench.send({ type: "STEP_FAILED", fault: BROKEN });
      expect(bench.state()).toBe(tries === 9 ? "opening" : tries % 3 === 0 ? "awaitingReturn" : "findingOut");
    }
    await bench.for(600_000);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heardTypes()).toEqual(["CHANNEL_SUSPECT", "CHANNEL_SUSPECT", "CELL_ISOLATED"]);
    expect(bench.context().fault).toEqual(BROKEN);
  });

  it.each([
    ["before its start is answered", 2],
    ["seconds after it", 20_000],
  ] as const)("counts as one that is refused: its instrument aborts it %s", async (_, afterMs) => {
    const bench = open([3600]);
    for (const tries of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      if (tries % 3 === 1) bench.send({ type: "CHANNEL_READY" });
      while (bench.calls.filter((call) => call.startsWith("start")).length < tries) await bench.for(5);
      await bench.for(afterMs);
      bench.end("aborted");
      expect(bench.state()).toBe(tries === 9 ? "opening" : tries % 3 === 0 ? "awaitingReturn" : "findingOut");
      expect(bench.recorder.types().filter((type) => type === "step-ended")).toHaveLength(tries);
    }
    await bench.for(600_000);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heardTypes()).toEqual(["CHANNEL_SUSPECT", "CHANNEL_SUSPECT", "CELL_ISOLATED"]);
    expect(bench.context().fault).toMatchObject({ code: "channel.switched-off", where: "channel B7" });
  });

  it("is begun anew for its own time where somebody aborts it after it had run for a minute", async () => {
    const bench = await cycling([3600]);
    for (let turn = 0; turn < 12; turn += 1) {
      await bench.for(61_000);
      bench.end("aborted");
      await bench.for(30);
      expect(bench.state()).toBe("cycling");
    }
  });

  it("counts as one that is refused: its start is never answered", async () => {
    const bench = open();
    bench.behaviour.start = "hangs";
    for (const tries of [3, 6, 9]) {
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(600_000);
      expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(tries);
      expect(bench.state()).toBe(tries < 9 ? "awaitingReturn" : "isolated");
    }
  });

  it("counts as one that is refused: none of its samples came, however far apart they are to come", async () => {
    const bench = open([3600]);
    bench.behaviour.isUnsampled = true;
    for (const tries of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      if (tries % 3 === 1) bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      await bench.for(181_000);
      bench.send({ type: "STEP_FAILED", fault: { ...FAULT, code: "channel.silent" } });
      expect(bench.state()).toBe(tries === 9 ? "opening" : tries % 3 === 0 ? "awaitingReturn" : "findingOut");
    }
  });

  it.each([
    ["its link goes", 0],
    ["a person holds it", 0],
    ["it is told to have failed", 3],
  ] as const)("begins a new count once samples of it came: %s", async (what, failedStartsCount) => {
    const bench = open([3600]);
    bench.behaviour.start = "fails";
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(40);
    delete bench.behaviour.start;
    await bench.for(60);
    expect([bench.state(), bench.context().failedStartsCount]).toEqual(["cycling", 2]);
    if (what === "its link goes") bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    else if (what === "a person holds it") bench.send({ type: "HOLD_CELL", author: "operator", reason: "a look" });
    else bench.send({ type: "STEP_FAILED", fault: BROKEN });
    expect(bench.context().failedStartsCount).toBe(failedStartsCount);
  });

  it("begins a new count once it was led back to the voltage that it holds", async () => {
    const bench = await cycling([{ holdsS: 600 }]);
    bench.behaviour.unfitWhenBrokenOff = { 1: LEAD };
    bench.send({ type: "STEP_FAILED", fault: BROKEN });
    await bench.for(40);
    expect(bench.context()).toMatchObject({ isLeading: true, failedStartsCount: 1 });
    bench.end("voltage");
    expect(bench.context().failedStartsCount).toBe(0);
  });

  it("is not given up for a link that goes again and again: that is tried for its own time", async () => {
    const bench = await cycling();
    for (let turn = 0; turn < 12; turn += 1) {
      bench.send({ type: "STEP_FAILED", fault: FAULT });
      bench.send({ type: "CHANNEL_LOST", fault: FAULT });
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.state()).toBe("cycling");
    }
  });
});

describe("a step whose start was not answered, and that is found running,", () => {
  async function found(step: BenchStep, ranAtLeastS: number) {
    const bench = open([step, 200]);
    bench.behaviour.start = "hangs";
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    await bench.for(1_800_000);
    bench.behaviour.ranAtLeastS = ranAtLeastS;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    const onRecord = bench.recorder.events.findLast(({ type }) => type === "cell-found")?.data["elapsed_s"];
    return [bench.calls.at(-1), onRecord];
  }

  it("has run for all of that time, and goes on with the rest of it", async () => {
    expect(await found([1, 4.2], 1800)).toEqual(["start 1 after 1800.00 s", 1800]);
    expect(await found([1, 4.2], 3700)).toEqual(["start 2 after 0.00 s", 3600]);
  });

  it("is begun anew where it asks for something as it begins, which nobody heard", async () => {
    expect(await found({ waitsS: 3600 }, 1800)).toEqual(["start 1 after 0.00 s", undefined]);
  });
});
