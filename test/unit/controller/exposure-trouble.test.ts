import { describe, expect, it } from "vitest";
import type { ExposureOutcome } from "../../../controller/machines/exposure-order.ts";
import { expectHonestEnd, run, STOP, TAKES_MS, type EffectName } from "./exposure-bench.ts";

describe("an effect that fails", () => {
  it.each<[EffectName, ExposureOutcome, string]>([
    ["check", "aborted", "link.timeout"],
    ["move", "aborted", "link.timeout"],
    ["book", "aborted", "link.timeout"],
    ["arm", "aborted", "link.timeout"],
    ["open", "aborted", "link.timeout"],
    ["expose", "partial", "link.timeout"],
    ["close", "shutter-failure", "shutter.stuck-open"],
  ])("%s: the exposure ends %s, accounted, with its fault", async (name, outcome, code) => {
    for (const behaviour of ["fails", "throws"] as const) {
      const result = await run({ effects: { [name]: behaviour } });
      expectHonestEnd(result);
      expect(result.settled[0]?.outcome).toBe(outcome);
      expect(result.faultCode).toBe(behaviour === "fails" ? code : "beamrack.defect");
      expect(result.recorded).toEqual([...(name === "close" ? ["shutter-late"] : []), "exposure-trouble"]);
      expect(result.wasBooked).toBe(name !== "check");
    }
  });

  it("closing, when the switch says so: the beam is taken off upstream and the time of that is the end", async () => {
    const result = await run({ effects: { close: "fails" } });
    expect(result.calls.slice(-3)).toEqual(["close", "makeSafe", "stopDetector"]);
    expect(result.settled[0]?.marks.closedSeenAtMs).toBe(1400);
  });

  it("closing and making safe: the exposure is charged until a shutter reads closed, and it is said what", async () => {
    const result = await run({ effects: { close: "fails", makeSafe: "fails" } });
    expectHonestEnd(result);
    expect(result.calls.slice(-4)).toEqual(["close", "makeSafe", "awaitClosed", "stopDetector"]);
    expect(result.settled[0]).toMatchObject({
      outcome: "shutter-failure",
      marks: { closedSeenAtMs: 1500, litUntilAtMs: 1400 },
    });
    expect(result.parent.heard).toContainEqual({
      type: "BEAM_NOT_OFF",
      fault: expect.objectContaining({
        code: "shutter.beam-not-off",
        where: "B7",
        what: expect.stringContaining("1.2 s of beam are charged to B7 so far") as string,
      }) as object,
    });
    expect(result.parent.heard.at(-1)).toMatchObject({
      outcome: "shutter-failure",
      fault: {
        code: "shutter.stuck-open",
        what: expect.stringContaining("up to 1.3 s of beam are charged to B7; the beam is off the cell now") as string,
      },
    });
    expect(result.recorded).toEqual(["shutter-late", "beam-not-off", "exposure-trouble"]);
  });

  it("closing, making safe and every further try: stays open on the books and says so round by round", async () => {
    for (const behaviour of ["hangs", "finds it open"] as const) {
      const result = await run({ effects: { close: "fails", makeSafe: "fails", awaitClosed: behaviour } });
      expect(result.state).toBe("unclosed");
      expect(result.settled).toEqual([]);
      expect(result.parent.count("EXPOSURE_DONE")).toBe(0);
      expect(result.parent.count("BEAM_NOT_OFF")).toBeGreaterThan(5);
    }
  });

  it("closing and everything after it, to the end of the campaign: charged to then, and the alarm stands", async () => {
    const over = { type: "STOP_EXPOSING", reason: "campaign time over", isOver: true } as const;
    const result = await run({
      effects: { close: "fails", makeSafe: "fails", awaitClosed: "hangs" },
      events: [
        [2000, STOP],
        [5000, over],
      ],
    });
    expectHonestEnd(result);
    expect(result.settled[0]).toMatchObject({
      outcome: "shutter-failure",
      marks: { closedSeenAtMs: null, litUntilAtMs: 5000 },
    });
    expect(result.parent.heard.at(-1)).toMatchObject({
      fault: { what: expect.stringContaining("the beam may still be on") as string },
    });
  });

  it.each([
    ["in the exposure", 800, 940],
    ["while it is asked to close", 1280, 1400],
    ["while it is made safe", 1350, 1400],
  ])("closing and everything after it, as the campaign ends %s: nobody waits on", async (_, endAtMs, litUntilAtMs) => {
    const over = { type: "STOP_EXPOSING", reason: "campaign time over", isOver: true } as const;
    for (const awaitClosed of ["hangs", "finds it open"] as const) {
      const result = await run({
        effects: { close: "fails", makeSafe: "fails", awaitClosed },
        events: [[endAtMs, over]],
        endAtMs,
      });
      expectHonestEnd(result);
      expect(result.parent.count("BEAM_NOT_OFF")).toBe(1);
      expect(result.settled[0]).toMatchObject({
        outcome: "shutter-failure",
        marks: { closedSeenAtMs: null, litUntilAtMs },
      });
      expect(result.parent.heard.at(-1)).toMatchObject({
        fault: { what: expect.stringContaining("the beam may still be on") as string },
      });
    }
  });

  it("closing, when it is a defect: the beam is taken off upstream, for nobody knows what was asked", async () => {
    const result = await run({ effects: { close: "throws" } });
    expectHonestEnd(result);
    expect(result.calls.slice(-3)).toEqual(["close", "makeSafe", "stopDetector"]);
  });

  it("closing, after a defect in exposing: both are said, and it stays a defect", async () => {
    const result = await run({ effects: { expose: "throws", close: "fails" } });
    expectHonestEnd(result);
    expect(result.parent.heard.at(-1)).toMatchObject({
      fault: {
        code: "beamrack.defect",
        what: "TypeError: expose has a defect (besides: close failed [shutter.stuck-open])",
      },
    });
  });

  it("stopping the detector, when it is a defect: is said", async () => {
    const result = await run({ effects: { check: "fails", stopDetector: "throws" } });
    expectHonestEnd(result);
    expect(result.faultCode).toBe("beamrack.defect");
    expect(result.recorded).toEqual(["exposure-trouble", "exposure-trouble"]);
  });

  it("stopping the detector: the exposure is over all the same", async () => {
    const result = await run({ effects: { check: "fails", stopDetector: "fails" } });
    expectHonestEnd(result);
    expect(result.faultCode).toBe("link.timeout");
  });

  it("all at once in bringing: one end, one settlement", async () => {
    const result = await run({ effects: { move: "fails", book: "fails", arm: "fails" } });
    expectHonestEnd(result);
  });

  it("bringing the cell while the booking is not yet durable: settled at once, never opened", async () => {
    const result = await run({ effects: { arm: "fails" } });
    expectHonestEnd(result);
    expect(result.doneAtMs).toBe(TAKES_MS.check + TAKES_MS.arm + TAKES_MS.stopDetector);
    expect(result.parent.count("WANT_PERMIT")).toBe(0);
    expect(result.calls).not.toContain("open");
  });
});

describe("an effect that hangs", () => {
  it.each<[EffectName, number, string]>([
    ["check", 600, "device.unknown-outcome"],
    ["move", 620, "device.unknown-outcome"],
    ["book", 620, "device.unknown-outcome"],
    ["arm", 620, "device.unknown-outcome"],
    ["expose", 260 + 1250 + 40, "detector.late"],
  ])("%s: is given up at its deadline", async (name, givenUpAtMs, code) => {
    const result = await run({ effects: { [name]: "hangs" } });
    expectHonestEnd(result);
    expect(result.doneAtMs).toBe(givenUpAtMs + TAKES_MS.stopDetector);
    expect(result.faultCode).toBe(code);
  });

  it("opening: the shutter is asked closed at the deadline, long before the permit runs out", async () => {
    const result = await run({ effects: { open: "hangs" } });
    expectHonestEnd(result);
    expect(result.faultCode).toBe("device.unknown-outcome");
    expect(result.settled[0]).toMatchObject({ outcome: "aborted", marks: { openSeenAtMs: null, closeAskedAtMs: 520 } });
  });

  it("closing: the beam is taken off upstream at the deadline", async () => {
    const result = await run({ effects: { close: "hangs" } });
    expectHonestEnd(result);
    expect(result.calls.slice(-3)).toEqual(["close", "makeSafe", "stopDetector"]);
    expect(result.settled[0]?.outcome).toBe("shutter-failure");
  });

  it("closing and making safe: charged until a shutter reads closed, and said", async () => {
    const result = await run({ effects: { close: "hangs", makeSafe: "hangs" } });
    expectHonestEnd(result);
    // Asked at 1260, given up at 2060, upstream at 2660.
    expect(result.settled[0]).toMatchObject({ outcome: "shutter-failure", marks: { closedSeenAtMs: 2760 } });
    expect(result.faultCode).toBe("shutter.stuck-open");
  });

  it("stopping the detector: the exposure is over all the same, at its deadline", async () => {
    const result = await run({ effects: { check: "fails", stopDetector: "hangs" } });
    expectHonestEnd(result);
  });
});
