import { describe, expect, it } from "vitest";
import { COMMAND_MS, FAULT, LIMIT, open, PROOF_MS } from "./cell-bench.ts";

/** Cycling, then out of its place. */
async function out() {
  const bench = open(undefined, undefined, "person");
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(20);
  await bench.for(30_000);
  bench.send({ type: "TAKE_OUT" });
  await bench.for(20);
  expect(bench.state()).toBe("away");
  return bench;
}

describe("a cell that a person had in hand", () => {
  it("is proven by its voltage and its wiring before its step goes on, and its account is not begun anew", async () => {
    const bench = await out();
    bench.totals.chargedAh = 0.001;
    const { account } = bench.context();
    bench.send({ type: "PUT_BACK" });
    await bench.for(5);
    expect(bench.context().waiting?.reason).toMatch(/a small current to prove polarity, contact and wiring again/);
    await bench.for(40);
    expect(bench.state()).toBe("cycling");
    expect(bench.calls.filter((call) => call.startsWith("prove"))).toHaveLength(1);
    expect(bench.calls.at(-2)).toMatch(/^back after 30\.\d\d s, wiring asked$/);
    expect(bench.calls.at(-1)).toMatch(/^start 1 after 30\.\d\d s$/);
    expect(bench.context().account).toBe(account);
    expect(bench.recorder.types().slice(-2)).toEqual(["cell-put-back", "step-started"]);
    // What flowed in its proof is on record with it.
    expect(bench.recorder.events.at(-2)?.data).toMatchObject({ totals: { charged_Ah: 0.001 } });
  });

  it("that is not proven is off again and the person's, who can mend it and give it back once more", async () => {
    const bench = await out();
    bench.behaviour.back = "finds fault";
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.state()).toBe("away");
    expect([bench.calls.at(-1), bench.context().fault?.code]).toEqual(["off", "cell.unproven"]);
    expect(bench.recorder.types()).not.toContain("cell-put-back");
    delete bench.behaviour.back;
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect([bench.state(), bench.context().fault]).toEqual(["cycling", null]);
  });

  it("is off at once where it is taken out again, or held, while its small current flows", async () => {
    for (const event of [{ type: "TAKE_OUT" }, { type: "HOLD_CELL", author: "bert", reason: "a look" }] as const) {
      const bench = await out();
      bench.behaviour.back = "hangs";
      bench.send({ type: "PUT_BACK" });
      await bench.for(15);
      bench.send(event);
      await bench.for(20);
      expect([bench.state(), bench.calls.at(-1)]).toEqual(["away", "off"]);
    }
  });

  it("whose channel does not answer is waited for, and switched on by nobody once it was taken out again", async () => {
    const bench = await out();
    bench.behaviour.back = "hangs";
    bench.send({ type: "PUT_BACK" });
    await bench.for(COMMAND_MS + PROOF_MS + 10);
    expect(bench.state()).toBe("awaitingContacts");
    bench.send({ type: "TAKE_OUT" });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(100);
    expect(bench.state()).toBe("away");
  });

  it("that is held while its channel does not answer gets no current once it does, and is the person's still", async () => {
    const bench = await out();
    bench.behaviour.back = "hangs";
    bench.send({ type: "PUT_BACK" });
    await bench.for(15);
    bench.send({ type: "CHANNEL_LOST", fault: LIMIT });
    bench.send({ type: "HOLD_CELL", author: "bert", reason: "a look" });
    delete bench.behaviour.back;
    const before = bench.calls.length;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(40);
    expect([bench.state(), bench.calls.slice(before)]).toEqual(["away", ["off"]]);
  });

  it("that was not given to anybody after all, and is held while it is looked at, is held, and in nobody's hands", async () => {
    const bench = await out();
    bench.send({ type: "PUT_BACK", isUntouched: true });
    bench.send({ type: "HOLD_CELL", author: "bert", reason: "a look" });
    await bench.for(40);
    expect(bench.state()).toBe("held");
  });

  it("that was not given to anybody after all gets gets no current for that, held or not", async () => {
    for (const [state, behaviour] of [
      ["held", undefined],
      ["isolated", "finds fault"],
    ] as const) {
      const bench = await out();
      if (behaviour !== undefined) bench.behaviour.back = behaviour;
      bench.send({ type: "HOLD_CELL", author: "bert", reason: "a look" });
      bench.send({ type: "PUT_BACK", isUntouched: true });
      await bench.for(40);
      expect([bench.state(), bench.calls.filter((call) => call.startsWith("back"))]).toEqual([
        state,
        [expect.stringMatching(/^back after 30\.\d\d s$/)],
      ]);
    }
  });

  it("is isolated by a limit, or by custody's word that it is another, whatever its channel is awaited for", async () => {
    for (const state of ["awaitingContacts", "givingBack"]) {
      for (const isWord of [true, false]) {
        const bench = await out();
        bench.behaviour.back = "hangs";
        bench.send({ type: "PUT_BACK" });
        await bench.for(COMMAND_MS + PROOF_MS + 10);
        if (state === "givingBack") {
          bench.send({ type: "TAKE_OUT" });
          bench.send({ type: "CHANNEL_READY" });
        }
        expect(bench.state()).toBe(state);
        if (isWord) bench.send({ type: "LIMIT_PASSED", fault: LIMIT });
        else bench.end("limit");
        await bench.for(20);
        expect([bench.state(), bench.context().fault?.code]).toEqual(["isolated", "cell.limit"]);
      }
    }
  });

  it.each(["givingBack", "awaitingContacts"])(
    "whose channel is given up before it confirmed the cell off, which a person took out again, is told as one that may still be on (%s)",
    async (state) => {
      const bench = await out();
      bench.behaviour.back = "hangs";
      bench.behaviour.off = "hangs";
      bench.send({ type: "PUT_BACK" });
      await bench.for(15);
      if (state === "awaitingContacts") bench.send({ type: "CHANNEL_LOST", fault: FAULT });
      bench.send({ type: "TAKE_OUT" });
      await bench.for(1);
      expect(bench.state()).toBe(state);
      bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
      await bench.for(COMMAND_MS);
      const what = expect.stringContaining(FAULT.what) as string;
      expect(bench.parent.heard.at(-1)).toEqual({
        ...{ type: "CELL_ISOLATED", position: "B7" },
        fault: expect.objectContaining({ code: "cell.not-off", what }) as object,
      });
      delete bench.behaviour.off;
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_NOT_OFF", fault: null });
    },
  );

  it("after a restart is isolated for its channel alone, whose instrument ends by itself what was begun of its proof", async () => {
    const left = { phase: "under-way", isCarried: true, runningSinceMs: null } as const;
    for (const [more, fault] of [
      [{ runsAlone: true }, FAULT],
      [{}, expect.objectContaining({ code: "cell.not-off" }) as object],
    ] as const) {
      const bench = open(undefined, left, "person");
      Object.assign(bench.behaviour, more);
      expect(bench.state()).toBe("awaitingContacts");
      bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
      await bench.for(20);
      expect(bench.parent.heard.at(-1)).toEqual({ type: "CELL_ISOLATED", position: "B7", fault });
    }
  });

  it("is isolated for its channel alone where that is given up before the cell is seen back, and nothing was begun", async () => {
    const bench = await out();
    bench.send({ type: "CHANNEL_ISOLATED", fault: FAULT });
    await bench.for(20);
    expect(bench.parent.heard.at(-1)).toEqual({ type: "CELL_ISOLATED", position: "B7", fault: FAULT });
  });

  it("counts as off after a restart once its channel has confirmed it: its proof may have been under way", async () => {
    const bench = open(undefined, { phase: "under-way", isCarried: true }, "person");
    expect(bench.state()).toBe("awaitingContacts");
    expect(bench.context().waiting?.reason).toMatch(/to confirm the cell off/);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect([bench.state(), bench.calls]).toEqual(["away", ["off"]]);
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.state()).toBe("cycling");
  });

  it("that does not come back is stopped, and what lies there is not known any more", async () => {
    const bench = await out();
    bench.send({ type: "LEFT_OUT" });
    await bench.for(20);
    expect([bench.state(), bench.context().isProven]).toEqual(["stopped", false]);
    expect(bench.recorder.types().slice(-2)).toEqual(["cell-left-out", "cell-stopped"]);
    const over = open(undefined, { phase: "complete", isProven: true }, "person");
    expect(over.context().isProven).toBe(true);
    over.send({ type: "LEFT_OUT" });
    expect([over.state(), over.context().isProven]).toEqual(["complete", false]);
  });

  it("taken out before it was ever proven is proven whole when it is back", async () => {
    const bench = open(undefined, undefined, "person");
    bench.behaviour.prove = "hangs";
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(10);
    bench.send({ type: "HOLD_CELL", author: "bert", reason: "a look" });
    await bench.for(20);
    bench.send({ type: "TAKE_OUT" });
    delete bench.behaviour.prove;
    bench.send({ type: "PUT_BACK" });
    await bench.for(20);
    bench.send({ type: "RESUME_CELL", author: "bert", reason: "" });
    await bench.for(30);
    expect(bench.calls.slice(0, 4)).toEqual(["prove", "off", "back after 0.00 s", "prove"]);
    expect([bench.state(), bench.context().isProven]).toEqual(["cycling", true]);
  });
});
