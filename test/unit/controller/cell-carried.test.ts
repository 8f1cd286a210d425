import { describe, expect, it } from "vitest";
import { COMMAND_MS, cycling, FAULT, open } from "./cell-bench.ts";

describe("a cell that a robot takes to the beam", () => {
  it("is off first, stays off while it is away, and goes on with the time it has left", async () => {
    const bench = await cycling();
    await bench.for(30_000);
    bench.send({ type: "TAKE_OUT" });
    await bench.for(5);
    expect(bench.state()).toBe("findingOut");
    await bench.for(20);
    expect(bench.state()).toBe("away");
    expect(bench.context().waiting).toMatchObject({ who: "robot" });
    await bench.for(60_000);
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.state()).toBe("cycling");
    const [, , off, back, again] = bench.calls;
    expect([off, back]).toEqual(["off", expect.stringMatching(/^back after 30\.\d\d s$/)]);
    expect(again).toMatch(/^start 1 after 30\.\d\d s, because the cell was out of its place/);
    expect(bench.recorder.types()).toEqual(["step-started", "cell-taken-out", "cell-put-back", "step-started"]);
  });

  it("is switched on by nobody while it is away: what a person orders takes effect when it is back", async () => {
    const bench = await cycling();
    bench.send({ type: "TAKE_OUT" });
    await bench.for(20);
    const before = bench.calls.length;
    bench.send({ type: "HOLD_CELL", author: "operator", reason: "a look" });
    bench.send({ type: "RESUME_CELL", author: "operator", reason: "looked" });
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(1000);
    expect(bench.state()).toBe("away");
    expect(bench.calls).toHaveLength(before);
  });

  it("goes on at once when it was not taken after all", async () => {
    const bench = await cycling();
    bench.send({ type: "TAKE_OUT" });
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.state()).toBe("cycling");
    expect(bench.recorder.types()).toEqual(["step-started", "step-started"]);
  });

  it("after a restart is looked at before its step goes on, which may have come to its end unheard before", async () => {
    const bench = open(
      [
        [-1, 3],
        [1, 4.2],
      ],
      { isCarried: true, runningSinceMs: null, stepElapsedS: 60 },
    );
    bench.behaviour.unfitWhenBrokenOff = { 1: { kind: "over", what: "its end is behind it" } };
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.calls).toEqual(["back after 60.00 s", expect.stringMatching(/^start 2 /)]);
  });

  it("that is not the one that was taken, or does not lie there, is isolated and gets no current", async () => {
    const bench = await cycling();
    bench.send({ type: "TAKE_OUT" });
    await bench.for(20);
    bench.behaviour.back = "finds fault";
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.state()).toBe("isolated");
    expect(bench.calls.at(-1)).toBe("off");
  });

  it("whose channel does not answer when it is back is asked again once that does", async () => {
    const bench = await cycling();
    bench.send({ type: "TAKE_OUT" });
    await bench.for(20);
    bench.behaviour.back = "hangs";
    bench.send({ type: "PUT_BACK" });
    await bench.for(COMMAND_MS + 10);
    expect(bench.state()).toBe("awaitingContacts");
    delete bench.behaviour.back;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(40);
    expect(bench.state()).toBe("cycling");
  });

  it("is on record as taken out also where a person held it before: a restart is not to look for it in its place", async () => {
    const bench = await cycling();
    bench.send({ type: "HOLD_CELL", author: "operator", reason: "a look" });
    await bench.for(20);
    bench.send({ type: "TAKE_OUT" });
    await bench.for(20);
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.recorder.types().slice(2)).toEqual(["cell-held", "cell-taken-out", "cell-put-back", "cell-held"]);
  });

  it("was held by a person before: it is looked at when it is back, and held again", async () => {
    const bench = await cycling();
    bench.send({ type: "HOLD_CELL", author: "operator", reason: "a look" });
    await bench.for(20);
    bench.send({ type: "TAKE_OUT" });
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.state()).toBe("held");
    expect(bench.calls.some((call) => call.startsWith("back"))).toBe(true);
  });

  it("goes on once it is on record that it lies in its place again", async () => {
    const bench = await cycling();
    bench.send({ type: "TAKE_OUT" });
    await bench.for(20);
    bench.behaviour.isDiskFull = true;
    bench.send({ type: "PUT_BACK" });
    await bench.for(60_000);
    expect([bench.state(), bench.recorder.types().at(-1)]).toEqual(["keeping", "cell-put-back"]);
    expect(bench.calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
    bench.behaviour.isDiskFull = false;
    await bench.for(200);
    expect(bench.state()).toBe("cycling");
  });

  it("is still away after a restart of the controller", async () => {
    const bench = open(undefined, { isCarried: true, runningSinceMs: null, stepElapsedS: 12 });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(1000);
    expect(bench.state()).toBe("away");
    expect(bench.calls).toEqual([]);
    bench.send({ type: "PUT_BACK" });
    await bench.for(40);
    expect(bench.calls[0]).toBe("back after 12.00 s");
    expect(bench.state()).toBe("cycling");
  });
});
