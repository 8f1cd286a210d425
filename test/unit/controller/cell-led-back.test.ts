import { describe, expect, it } from "vitest";
import { leadBack } from "../../../controller/cells/next-step.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { cycling, FAULT, LEAD, open, type BenchStep } from "./cell-bench.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";

const HOLD = {
  ...{ kind: "constant-voltage", voltageV: 4.1, untilCurrentA: null },
  ...{ sampleIntervalS: 10, untilTimeS: 600, limits: LIMITS },
} as const satisfies ChannelStep;

/** Milliamperes that lead it back; null where it needs none. */
function leadMa(openCircuitV: number, resistanceOhm: number | null = null, lastCurrentA = 0): number | null {
  const needs = leadBack(HOLD, { openCircuitV, resistanceOhm, lastCurrentA }, 0.1);
  return needs?.kind === "lead" && needs.step.kind === "constant-current" ? 1000 * needs.step.currentA : null;
}

describe("a cell whose hold of a voltage broke off", () => {
  it("is led back where the voltage would drive more than it is allowed, by half of that at most", () => {
    expect(leadMa(4.06)).toBeNull();
    expect(leadMa(4.04)).toBe(2.5);
    expect(leadMa(4.16)).toBe(-2.5);
    // As slowly as it can be, it is below its voltage at once; what it drove as it broke off leaves it below too.
    expect(leadMa(4.04, 60)).toBe(1);
    expect(leadMa(4.04, 60, 0.0018)).toBe(1.8);
    expect(leadMa(4.04, 60, -0.0018)).toBe(1);
  });

  it("and that nothing may lead back is a person's: its hold would harm it, and is not begun", () => {
    const charged = { ...HOLD, limits: { ...LIMITS, currentMinA: 0 } };
    const at = (openCircuitV: number, step: ChannelStep = HOLD) =>
      leadBack(step, { openCircuitV, resistanceOhm: null }, 0.1);
    expect(at(4.16, charged)).toMatchObject({ kind: "harmful", what: expect.stringContaining("no current") as string });
    expect(at(4.04, charged)?.kind).toBe("lead");
    expect(at(4.1, charged)).toBeNull();
    expect(at(NaN)?.kind).toBe("harmful");
  });

  it("is looked at off, and watched every second on its way", async () => {
    const { effects } = createEffectsBench({
      capabilities: { sampleIntervalMinS: 0.1 } as never,
      measureOpenCircuitV: () => Promise.resolve(4),
    });
    const step = { stepNumber: 3, cycleNumber: 1, label: "", channelStep: HOLD };
    const lead = await effects.lookBefore?.(step, "broken-off");
    expect(lead).toMatchObject({ kind: "lead", step: { currentA: 0.0025, untilVoltageV: 4.1, sampleIntervalS: 1 } });
  });

  it.each(["CHANNEL_LOST", "HOLD_CELL", "TAKE_OUT"] as const)(
    "goes on with it once it is led back, with the time that is left then: %s",
    async (type) => {
      const bench = await cycling([{ holdsS: 600 }, 100]);
      bench.behaviour.unfitWhenBrokenOff = { 1: LEAD };
      const by = { author: "operator", reason: "a look" };
      await bench.for(30_000);
      bench.send(type === "CHANNEL_LOST" ? { type, fault: FAULT } : type === "TAKE_OUT" ? { type } : { type, ...by });
      await bench.for(20);
      if (type === "CHANNEL_LOST") bench.send({ type: "CHANNEL_READY" });
      else if (type === "TAKE_OUT") bench.send({ type: "PUT_BACK" });
      else bench.send({ type: "RESUME_CELL", ...by });
      await bench.for(40);
      expect(bench.calls.at(-1)).toMatch(/^lead to 1 after 30\.00 s/);
      await bench.for(20_000);
      bench.end("voltage");
      await bench.for(20);
      expect(bench.calls.at(-1)).toMatch(/^start 1 after 50\.\d\d s$/);
      expect(bench.finished).toEqual([]);
      expect(bench.recorder.types()).not.toContain("step-ended");
      bench.end("time");
      await bench.for(20);
      expect(bench.calls.at(-1)).toBe("start 2 after 0.00 s");
    },
  );

  it("is led to it also where nobody heard whether the charge before it came to its end: there may have been no power", async () => {
    const holdAfter = (steps: readonly BenchStep[]) => {
      const bench = open(steps, { stepElapsedS: 3500 });
      bench.behaviour.found = { kind: "off", openCircuitV: 3.6, stepElapsedS: 3600 };
      bench.behaviour.unfitWhenBrokenOff = { 2: LEAD };
      bench.send({ type: "CHANNEL_READY" });
      return bench;
    };
    const unheard = holdAfter([[1, 4.2], { holdsS: 600 }]);
    await unheard.for(30);
    expect(unheard.calls).toEqual(["find", "lead to 2 after 0.00 s"]);
    unheard.end("voltage");
    await unheard.for(20);
    expect(unheard.calls.at(-1)).toMatch(/^start 2 after /);
    // What a current does beyond its end its instrument ends at once.
    const current = holdAfter([
      [1, 4.2],
      [-1, 3],
    ]);
    await current.for(30);
    expect(current.calls).toEqual(["find", "start 2 after 0.00 s"]);
  });

  it("and that breaks off on its way back is led back again", async () => {
    const bench = await cycling([{ holdsS: 600 }, 100]);
    bench.behaviour.unfitWhenBrokenOff = { 1: LEAD };
    await bench.for(30_000);
    for (let turn = 0; turn < 2; turn += 1) {
      bench.send({ type: "STEP_FAILED", fault: FAULT });
      await bench.for(40);
      bench.end("voltage");
      // Before the hold that follows has begun.
      await bench.for(5);
    }
    bench.send({ type: "STEP_FAILED", fault: FAULT });
    await bench.for(40);
    expect(bench.calls.filter((call) => call.startsWith("lead"))).toHaveLength(3);
    expect(bench.finished).toEqual([]);
  });
});
