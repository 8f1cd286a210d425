import { describe, expect, it } from "vitest";
import { elapsedWhenOff, expectedVoltage, unheardAh } from "../../../controller/cells/continuity.ts";
import type { LeftStep } from "../../../controller/machines/programme.ts";
import { COMMAND_MS, cycling, LIMIT, open } from "./cell-bench.ts";

const WHO = { kind: "hold", author: "operator", reason: "a look" } as const;

describe("a cell after a restart of the controller", () => {
  it("whose step is found running is not touched, and its end is awaited for the time that is left", async () => {
    const bench = open([100, 200], { runningSinceMs: -30_000, stepElapsedS: 20, stepsDoneCount: 4 });
    bench.behaviour.found = { kind: "running" };
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(10);
    expect(bench.state()).toBe("cycling");
    expect(bench.calls).toEqual(["find"]);
    expect(bench.context().stepElapsedS).toBeCloseTo(50, 1);
    expect(bench.context().waiting?.untilMs).toBeCloseTo(10 + 50_000 + 5000, -2);
    expect(bench.recorder.types()).toEqual(["cell-found"]);
    bench.end("time");
    await bench.for(10);
    expect(bench.calls).toEqual(["find", "start 2 after 0.00 s"]);
    expect(bench.context().stepsDoneCount).toBe(5);
  });

  it.each([
    ["held", { type: "HOLD_CELL", author: "anna", reason: "a look" }, "held", 1],
    ["to leave its step", { type: "SKIP_STEP", author: "anna", reason: "enough" }, "cycling", 2],
    ["to be taken out", { type: "TAKE_OUT" }, "away", 1],
  ] as const)(
    "that was ordered %s before its channel answered is, though its step runs",
    async (_, order, state, step) => {
      for (const whenMs of [0, 5]) {
        const bench = open([100, 200], { runningSinceMs: -30_000 });
        bench.behaviour.found = { kind: "running" };
        if (whenMs === 0) bench.send(order);
        bench.send({ type: "CHANNEL_READY" });
        await bench.for(whenMs);
        if (whenMs > 0) bench.send(order);
        await bench.for(30);
        expect(bench.state()).toBe(state);
        expect(bench.calls.slice(0, 2)).toEqual(["find", "off"]);
        expect(bench.context().cursor?.step.stepNumber).toBe(step);
        if (step === 1) expect(bench.context().stepElapsedS).toBeCloseTo(30, 1);
      }
    },
  );

  it("whose instrument had ended its step by a limit, as the controller was lost, is isolated for that and not driven", async () => {
    const fault = { code: "cell.limit", where: "B7", what: "beyond it", advice: "" };
    const bench = open([100], { phase: "under-way", fault });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual(["off"]);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heard).toContainEqual(expect.objectContaining({ type: "CELL_ISOLATED", fault }));
    expect(bench.recorder.types()).toEqual(["cell-isolated"]);
  });

  it("that was isolated and not confirmed off is asked again once its channel answers, and its alarm is over", async () => {
    const fault = { code: "cell.not-off", where: "B7", what: "asked in vain", advice: "" };
    const bench = open([100], { phase: "isolated", fault });
    expect(bench.state()).toBe("isolated");
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual(["off"]);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heard.at(-1)).toMatchObject({ type: "CELL_NOT_OFF", position: "B7", fault: null });
    expect(bench.recorder.types().filter((type) => type === "cell-isolated")).toEqual([]);
  });

  it("whose step ended in the meantime is booked by the instrument's own word", async () => {
    const ended = open([100, 200], {});
    ended.behaviour.found = { kind: "ended", end: "voltage", voltageV: 4.2, currentA: 0.001, chargeAh: 0.0021 };
    ended.send({ type: "CHANNEL_READY" });
    await ended.for(20);
    expect(ended.calls).toEqual(["find", "start 2 after 0.00 s"]);
    expect(ended.finished.at(-1)).toMatchObject({ chargeAh: 0.0021 });
    expect(ended.recorder.types()).toEqual(["cell-found", "step-ended", "step-started"]);
  });

  it("whose step ended at the instrument's safety limit is isolated", async () => {
    const bench = open([100, 200], {});
    bench.behaviour.found = { kind: "ended", end: "limit", voltageV: 4.4, currentA: 0, chargeAh: 0 };
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("isolated");
    expect(bench.calls).toEqual(["find", "off"]);
  });

  it("that is found off goes on with the step for the time that is left, or behind it when none is", async () => {
    const bench = open([100, 200], {});
    bench.behaviour.found = { kind: "off", openCircuitV: 3.7, stepElapsedS: 60 };
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual([
      "find",
      "start 1 after 60.00 s, because the controller was away, and its step did not run on",
    ]);
    const over = open([100, 200], {});
    over.behaviour.found = { kind: "off", openCircuitV: 3.7, stepElapsedS: 100 };
    over.send({ type: "CHANNEL_READY" });
    await over.for(20);
    expect(over.calls[1]).toContain("start 2 after 0.00 s");
    expect(over.recorder.events[1]).toMatchObject({ type: "step-ended", data: { step: 1, ended_by: "unknown" } });
  });

  it("is looked for as one whose next step may have begun, where nobody kept it from beginning", async () => {
    for (const [left, next] of [
      [{}, 2],
      [{ runningSinceMs: null }, undefined],
      [{ hold: WHO }, undefined],
      [{ leave: { ...WHO, kind: "skipped" } }, 2],
    ] as const) {
      const bench = open([100, 200], left);
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(20);
      expect(bench.soughtAs[0]?.next?.stepNumber).toBe(next);
      expect(bench.soughtAs[0]?.isLeft === true).toBe("leave" in left);
    }
  });

  it("whose step may have come to its end unheard is looked at before it goes on", async () => {
    const bench = open(
      [
        [-1, 3],
        [1, 4.2],
      ],
      {},
    );
    bench.behaviour.found = { kind: "off", openCircuitV: 2.999, stepElapsedS: 0 };
    bench.behaviour.unfitWhenBrokenOff = { 1: { kind: "over", what: "its end is behind it" } };
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(40);
    expect(bench.calls).toEqual(["find", expect.stringMatching(/^start 2 /)]);
    const told = bench.recorder.types().filter((type) => type !== "half-cycle-ended");
    expect(told).toEqual(["cell-found", "cell-act", "step-ended", "step-started"]);
  });

  it("whose step had ended before is not looked at for the next one", async () => {
    const bench = open([[-1, 3]], { runningSinceMs: null });
    bench.behaviour.found = { kind: "off", openCircuitV: 2.999, stepElapsedS: 0 };
    bench.behaviour.unfitWhenBrokenOff = { 1: { kind: "over", what: "its end is behind it" } };
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual(["find", expect.stringMatching(/^start 1 /)]);
  });

  it.each(["finds fault", "hangs"] as const)(
    "that %s when it is looked for is switched off and isolated",
    async (how) => {
      const bench = open([100, 200], {});
      bench.behaviour.find = how;
      bench.send({ type: "CHANNEL_READY" });
      await bench.for(COMMAND_MS + 20);
      expect(bench.state()).toBe("isolated");
      expect(bench.calls).toEqual(["find", "off"]);
      expect(bench.recorder.types()).toEqual(["cell-isolated"]);
    },
  );

  it("whose channel fails while it is looked for is looked for again", async () => {
    const bench = open([100, 200], {});
    bench.behaviour.find = "fails";
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("awaitingChannel");
    delete bench.behaviour.find;
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("cycling");
  });

  it("that was held stays held, and one whose step a person left goes on behind it", async () => {
    const held = open([100, 200], { runningSinceMs: null, hold: WHO });
    held.send({ type: "CHANNEL_READY" });
    await held.for(20);
    expect(held.state()).toBe("held");
    expect(held.context().waiting?.reason).toContain("held by operator: a look");
    const left = open([100, 200], { runningSinceMs: null, leave: { ...WHO, kind: "skipped" } });
    left.send({ type: "CHANNEL_READY" });
    await left.for(20);
    expect(left.calls).toEqual(["find", "start 2 after 0.00 s"]);
  });

  it("whose cells were all ordered off is confirmed off, not looked for", async () => {
    const bench = open([100, 200], { isOrderedOff: true });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("stopped");
    expect(bench.calls).toEqual(["off"]);
  });

  it("that nobody looks for is switched off as what the record left, of which charge may be in doubt", async () => {
    const lost = { runningSinceMs: null, stepElapsedS: 30, mayRunOnSinceMs: 30_000 };
    const bench = open([100, 200], { isOrderedOff: true, ...lost });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.offAs).toMatchObject([{ elapsedS: 30, mayHaveBegun: true, lostAtMs: 30_000 }]);
    const first = await cycling();
    first.send({ type: "STOP_CELL", author: "operator" });
    expect(first.offAs).toEqual([undefined]);
  });

  it.each([
    ["isolated", "CELL_ISOLATED"],
    ["complete", "CELL_FINISHED"],
    ["stopped", "CELL_FINISHED"],
  ] as const)("that was %s stays so, and is not recorded twice", async (phase, news) => {
    const bench = open([100, 200], { phase, fault: phase === "isolated" ? LIMIT : null });
    await bench.for(10);
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(10);
    expect(bench.state()).toBe(phase);
    expect(bench.calls).toEqual([]);
    expect(bench.parent.heard).toMatchObject([{ type: news, position: "B7" }]);
    expect(bench.recorder.types()).toEqual([]);
  });

  it("that was not proven yet is proven", async () => {
    const bench = open([100, 200], { phase: "unproven" });
    bench.send({ type: "CHANNEL_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual(["prove", "start 1 after 0.00 s"]);
  });
});

const limits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.002, currentMinA: -0.002 };
const common = { sampleIntervalS: 1, untilTimeS: 600, limits };

function left(channelStep: NonNullable<LeftStep["step"]>["channelStep"], runningSinceMs: number | null = 0): LeftStep {
  return { step: { stepNumber: 1, cycleNumber: 1, label: "", channelStep }, runningSinceMs, elapsedS: 0 };
}

describe("the voltage expected of a cell that was left", () => {
  it("is that of its last sample where it rested, and all of its limits where none is on record", () => {
    const rest = left({ kind: "rest", ...common });
    const { lowV, highV } = expectedVoltage(rest, { voltageV: 3.7, currentA: 0 }, limits, 100_000);
    expect([lowV, highV]).toEqual([expect.closeTo(3.6), expect.closeTo(3.8)]);
    const anything = { lowV: 2.5, highV: 4.3 };
    expect(expectedVoltage(rest, { voltageV: NaN, currentA: NaN }, limits, 100_000)).toEqual(anything);
  });

  it("may be anything once the step's time is over: the next one may have begun in the last second on no record", () => {
    const rest = left({ kind: "rest", ...common });
    expect(expectedVoltage(rest, { voltageV: 2.6, currentA: 0 }, limits, 599_000).highV).toBeCloseTo(2.7);
    expect(expectedVoltage(rest, { voltageV: 2.6, currentA: 0 }, limits, 601_000)).toEqual({ lowV: 2.5, highV: 4.3 });
  });

  it("may be anything of a step that was about to begin, and what it can have moved is in doubt", () => {
    const charge = { kind: "constant-current", currentA: 0.002, untilVoltageV: 4.2, ...common } as const;
    const waiting = left(charge, null);
    const about: LeftStep = { ...waiting, mayHaveBegun: true };
    const last = { voltageV: 3.1, currentA: 0 };
    expect(expectedVoltage(waiting, last, limits, 100_000).highV).toBeCloseTo(3.2);
    expect(expectedVoltage(about, last, limits, 100_000)).toEqual({ lowV: 2.5, highV: 4.3 });
    const away = (awayMs: number, runsAlone = true) => ({ awayMs, runsAlone });
    expect(unheardAh(waiting, 0.002, away(60_000))).toBe(0);
    expect(unheardAh(about, 0.002, away(60_000))).toBeCloseTo((0.002 * 60) / 3600, 12);
    expect(unheardAh(about, 0.002, away(9_000_000))).toBeCloseTo((0.002 * 600) / 3600, 12);
    // A spectrum drives no more than its sine.
    const sweep = { startFrequencyHz: 1e4, endFrequencyHz: 1, pointCount: 9, sweepCount: 1 };
    const spectrum = left(
      { kind: "impedance", excitation: { kind: "voltage", peakV: 0.01 }, ...sweep, ...common },
      null,
    );
    const spectrumAh = unheardAh({ ...spectrum, mayHaveBegun: true }, NaN, away(60_000));
    expect(spectrumAh).toBeCloseTo((0.001 * 60) / 3600, 12);
    // What does not run it alone does not end it alone.
    expect(unheardAh(about, 0.002, away(9_000_000, false))).toBeCloseTo((0.002 * 9000) / 3600, 12);
    // Nor does one that did not confirm it off.
    expect(unheardAh({ ...about, isEndless: true }, 0.002, away(9_000_000))).toBeCloseTo((0.002 * 9000) / 3600, 12);
    const late = { ...about, elapsedS: 590 };
    expect(unheardAh(late, NaN, away(60_000))).toBeCloseTo((limits.currentMaxA * 10) / 3600, 12);
  });

  it("reaches as far as the step can have run on, and no further than the limits", () => {
    const charge = left({ kind: "constant-current", currentA: 0.001, untilVoltageV: 4.2, ...common });
    const { lowV, highV } = expectedVoltage(charge, { voltageV: 3.9, currentA: 0.001 }, limits, 100_000);
    expect(lowV).toBeCloseTo(3.3);
    expect(highV).toBeCloseTo(4.4);
    expect(lowV).toBeGreaterThan(3.2);
  });
});

describe("the time that a step has run which runs no more", () => {
  const step = left({ kind: "rest", ...common });

  it("is all of it once its own time has passed on an instrument that runs it alone", () => {
    expect(elapsedWhenOff(step, { lastAtMs: 10_000, nowMs: 700_000, runsAlone: true })).toBe(600);
    expect(elapsedWhenOff(step, { lastAtMs: 10_000, nowMs: 700_000, runsAlone: false })).toBe(10);
  });

  it("is else what was heard of it", () => {
    expect(elapsedWhenOff(step, { lastAtMs: 10_000, nowMs: 300_000, runsAlone: true })).toBe(10);
    expect(elapsedWhenOff({ ...step, elapsedS: 5 }, { lastAtMs: -Infinity, nowMs: 9, runsAlone: true })).toBe(5);
    expect(
      elapsedWhenOff({ ...step, runningSinceMs: null, elapsedS: 7 }, { lastAtMs: 1e6, nowMs: 1e9, runsAlone: true }),
    ).toBe(7);
  });

  it("is all of it also where its link was lost before the controller was", () => {
    const lost = { ...step, runningSinceMs: null, elapsedS: 30, unheardSinceMs: 40_000 };
    const seen = { lastAtMs: 40_000, nowMs: 700_000, runsAlone: true };
    expect(elapsedWhenOff(lost, seen)).toBe(600);
    expect(elapsedWhenOff(lost, { ...seen, nowMs: 600_000 })).toBe(30);
    expect(elapsedWhenOff(lost, { ...seen, runsAlone: false })).toBe(30);
  });

  it("is up to when whoever connected anew found the cell driven; of a rest that tells nothing, nor of what began later", () => {
    const charge = left({ kind: "constant-current", currentA: 0.001, untilVoltageV: 4.2, ...common });
    const seen = { lastAtMs: 10_000, nowMs: 330_000, runsAlone: false, foundAtMs: 300_000 };
    expect(elapsedWhenOff(charge, seen)).toBe(300);
    expect(elapsedWhenOff({ ...charge, runningSinceMs: null, elapsedS: 30, unheardSinceMs: 40_000 }, seen)).toBe(290);
    expect(elapsedWhenOff({ ...charge, elapsedS: 400 }, seen)).toBe(600);
    expect(elapsedWhenOff({ ...charge, runningSinceMs: null, elapsedS: 30 }, seen)).toBe(30);
    expect(elapsedWhenOff({ ...charge, runningSinceMs: 5000 }, { ...seen, foundAtMs: 4000 })).toBe(5);
    expect(elapsedWhenOff({ ...charge, isLead: true }, seen)).toBe(10);
    expect(elapsedWhenOff(step, seen)).toBe(10);
  });

  it("is what was heard where it was led back to the voltage of its hold: the hold was still to come", () => {
    const leading = { ...step, isLead: true };
    expect(elapsedWhenOff(leading, { lastAtMs: 10_000, nowMs: 700_000, runsAlone: true })).toBe(10);
  });

  it("is none of a spectrum: what was measured of it went with the controller", () => {
    const spectrum = left({
      kind: "impedance",
      excitation: { kind: "voltage", peakV: 0.01 },
      ...{ startFrequencyHz: 1000, endFrequencyHz: 1, pointCount: 10, sweepCount: 1 },
      ...common,
    });
    expect(elapsedWhenOff(spectrum, { lastAtMs: 10_000, nowMs: 700_000, runsAlone: true })).toBe(0);
  });
});
