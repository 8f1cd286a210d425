import { describe, expect, it } from "vitest";
import { cycling, FAULT, GRACE_MS } from "./cell-bench.ts";

const WHO = { author: "night shift", reason: "a look" };

function exposure(sinceMs: number) {
  return { type: "AWAITED", for: "exposure", sinceMs, what: "exposure X-R0001-B7 is made" } as const;
}

/** In a rest that waits for up to 100 s. */
async function waiting() {
  const bench = await cycling([{ waitsS: 100 }, 200]);
  await bench.for(30_000);
  return bench;
}

describe("a cell that waits for its exposure", () => {
  it("asks for it once, and says what for, of whom, until when and what comes of it in vain", async () => {
    const bench = await waiting();
    expect(bench.parent.heardTypes()).toEqual(["EXPOSURES_WANTED"]);
    expect(bench.context().waiting).toMatchObject({
      reason: "its next exposure, in step 1 (rest); in vain: the protocol goes on",
      who: "beam",
      sinceMs: 20,
      untilMs: 100_020,
    });
  });

  it("goes on with the exposure that was ordered since, and with no other", async () => {
    const bench = await waiting();
    bench.send(exposure(10));
    bench.send({ ...exposure(25_000), for: "A1 over" });
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 1 after 0.00 s");
    bench.send(exposure(25_000));
    await bench.for(20);
    expect(bench.calls.slice(-2)).toEqual(["off", "start 2 after 0.00 s"]);
    expect(bench.finished).toMatchObject([{ end: "awaited", isCut: false }]);
    const [, ended, over] = bench.recorder.events;
    expect(ended).toMatchObject({ type: "step-ended", data: { ended_by: "awaited", author: "beamrack" } });
    expect(over).toMatchObject({ type: "wait-ended", data: { for: "exposure", came: "met" } });
  });

  it("goes on in vain when its time is over", async () => {
    const bench = await waiting();
    bench.end("time");
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
    expect(bench.recorder.events.find((event) => event.type === "wait-ended")?.data).toMatchObject({
      came: "in-vain",
      fallback: "go-on",
    });
  });

  it("does not begin to wait anew when its channel was away: the time goes on", async () => {
    const bench = await waiting();
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    await bench.for(40_000);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls.at(-1)).toMatch(/^start 1 after 70\.0\d s/);
    bench.send({ type: "CHANNEL_LOST", fault: FAULT });
    await bench.for(40_000);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
    expect(bench.finished).toMatchObject([{ end: "unknown" }]);
    expect(bench.parent.count("EXPOSURES_WANTED")).toBe(1);
  });

  it("that a person holds remembers the exposure it had meanwhile", async () => {
    const bench = await waiting();
    bench.send({ type: "HOLD_CELL", ...WHO });
    await bench.for(20);
    expect(bench.state()).toBe("held");
    bench.send(exposure(25_000));
    await bench.for(20);
    expect(bench.state()).toBe("held");
    bench.send({ type: "RESUME_CELL", ...WHO });
    await bench.for(20);
    expect(bench.calls.at(-1)).toMatch(/^start 2 after 0\.00 s/);
  });

  it("is looked after like any other when its instrument does not end the step", async () => {
    const bench = await waiting();
    await bench.for(70_050 + GRACE_MS);
    expect(bench.calls.slice(-2)).toEqual(["off", "start 2 after 0.00 s"]);
  });
});
