import { expect, it } from "vitest";
import type { ProgrammeStep } from "../../../controller/machines/programme.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";

const CURRENT_A = 0.002;
const STEP = {
  channelStep: {
    ...{ kind: "constant-current", currentA: CURRENT_A, untilVoltageV: null, untilTimeS: 45, sampleIntervalS: 0.5 },
    limits: LIMITS,
  },
} as unknown as ProgrammeStep;

it("counts all charge of the steps about a start that was answered unread, as this process was held up for half a minute", async () => {
  let answerAfterMs = 0;
  const { effects, intake, heard, time } = createEffectsBench({
    start() {
      time.nowMs += answerAfterMs;
      return Promise.resolve();
    },
  });
  for (const [askedMs, tookMs] of [
    [0, 30_000],
    [45_100, 20],
  ] as const) {
    time.nowMs = askedMs;
    answerAfterMs = tookMs;
    await effects.startStep(STEP, 0, null);
    for (let stepTimeS = 0.5; stepTimeS <= 45; stepTimeS += 0.5) {
      time.nowMs = Math.max(time.nowMs, askedMs + 1000 * stepTimeS);
      heard.to?.sample(stepTimeS, 3.7, CURRENT_A, 0);
    }
    heard.to?.stepEnded("time");
  }
  expect(intake.rejectedCount).toBe(0);
  expect(intake.totals(0).chargedAh).toBeCloseTo((2 * 45 * CURRENT_A) / 3600, 9);
  expect(intake.lastAtMs[0]).toBeLessThanOrEqual(time.nowMs + 20);
});
