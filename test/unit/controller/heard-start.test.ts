/** A step that was heard before its start was answered, or found running after its stop was not, has run for so long. */
import { describe, expect, it } from "vitest";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";

const CURRENT_A = 0.001;
const CHARGE: ChannelStep = {
  ...{ kind: "constant-current", currentA: CURRENT_A, untilVoltageV: null, untilTimeS: 100 },
  ...{ sampleIntervalS: 10, limits: LIMITS },
};
const STEP = { stepNumber: 1, cycleNumber: 1, label: "", channelStep: CHARGE };

function begun(runsProgrammeAlone: boolean) {
  const channel = { foundRunningAtMs: null as number | null };
  const lose: { link?: () => void } = {};
  const bench = createEffectsBench({
    capabilities: { runsProgrammeAlone } as never,
    get foundRunningAtMs() {
      return channel.foundRunningAtMs;
    },
    start: () =>
      new Promise((_, reject) => {
        lose.link = () => {
          reject(new Error("no answer"));
        };
      }),
  });
  return { ...bench, channel, lose };
}

describe("a step that was heard before its start was answered, which never came,", () => {
  async function heardUntil20s(runsProgrammeAlone: boolean) {
    const bench = begun(runsProgrammeAlone);
    const starting = bench.effects.startStep(STEP, 30, null);
    for (const stepTimeS of [10, 20]) {
      bench.time.nowMs = 1000 * stepTimeS;
      bench.heard.to?.sample(stepTimeS, 3.5, CURRENT_A, 0);
    }
    bench.lose.link?.();
    await expect(starting).rejects.toThrow("no answer");
    return bench;
  }

  it("has run for as long as its samples tell, whose charge is counted", async () => {
    const { effects, intake, time } = await heardUntil20s(false);
    expect(intake.totals(0).chargedAh * 3600).toBeCloseTo(CURRENT_A * 20, 9);
    time.nowMs = 25_000;
    for (let turn = 0; turn < 2; turn += 1) {
      expect(effects.ranAtLeastS?.(STEP)).toBe(50);
      expect(effects.ranAtLeastS?.({ ...STEP })).toBeNull();
      await effects.openCircuit();
      time.nowMs = 900_000;
    }
  });

  it("has run for as long as it was found running, and no longer once it is confirmed off", async () => {
    const { effects, time, channel } = await heardUntil20s(true);
    channel.foundRunningAtMs = 60_000;
    time.nowMs = 65_000;
    expect(effects.ranAtLeastS?.(STEP)).toBe(90);
    await effects.openCircuit();
    channel.foundRunningAtMs = 900_000;
    time.nowMs = 900_000;
    expect(effects.ranAtLeastS?.(STEP)).toBe(50);
  });

  it("is over once its time is, where its instrument runs it alone", async () => {
    for (const [runsAlone, ranS] of [
      [true, 100],
      [false, 50],
    ] as const) {
      const { effects, time } = await heardUntil20s(runsAlone);
      time.nowMs = 69_000;
      expect(effects.ranAtLeastS?.(STEP)).toBe(50);
      time.nowMs = 71_000;
      expect(effects.ranAtLeastS?.(STEP)).toBe(ranS);
    }
  });
});

it("a step whose start was answered, and that is found running after its stop was not, has run until then", async () => {
  const channel = { foundRunningAtMs: null as number | null };
  const { effects, heard, time } = createEffectsBench({
    get foundRunningAtMs() {
      return channel.foundRunningAtMs;
    },
    abort: () => Promise.reject(new Error("no answer")),
  });
  await effects.startStep(STEP, 30, null);
  heard.to?.sample(10, 3.5, CURRENT_A, 0);
  time.nowMs = 15_000;
  await expect(effects.openCircuit()).rejects.toThrow("no answer");
  // For how long it ran before, whoever ordered it off knows.
  expect(effects.ranAtLeastS?.(STEP)).toBeNull();
  channel.foundRunningAtMs = 55_000;
  time.nowMs = 56_000;
  expect(effects.ranAtLeastS?.(STEP)).toBe(85);
  heard.to?.stepEnded("time");
  expect(effects.ranAtLeastS?.(STEP)).toBeNull();
});
