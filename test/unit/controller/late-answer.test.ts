import { expect, it } from "vitest";
import { createCellEffects, type CellEffectsDeps } from "../../../controller/cells/cell-effects.ts";
import { createSampleIntake } from "../../../controller/cells/sample-intake.ts";
import type { ProgrammeStep } from "../../../controller/machines/programme.ts";
import type { ChannelListener } from "../../../protocols/roles/channel.ts";

const LIMITS = { voltageMaxV: 4.25, voltageMinV: 2.5, currentMaxA: 0.005, currentMinA: -0.005 };
const CURRENT_A = 0.002;
const STEP = {
  channelStep: {
    ...{ kind: "constant-current", currentA: CURRENT_A, untilVoltageV: null, untilTimeS: 45, sampleIntervalS: 0.5 },
    limits: LIMITS,
  },
} as unknown as ProgrammeStep;

it("counts all charge of the steps about a start that was answered unread, as this process was held up for half a minute", async () => {
  let nowMs = 0;
  let answerAfterMs = 0;
  const heard: { to?: ChannelListener } = {};
  const intake = createSampleIntake(1, {
    sink: { sample: () => undefined },
    ...{ limits: [LIMITS], limitPassed: () => undefined, overloadsInRowMax: 5 },
  });
  const deps = {
    channel: {
      capabilities: {},
      listen: (listener: ChannelListener) => {
        heard.to = listener;
      },
      start() {
        nowMs += answerAfterMs;
        return Promise.resolve();
      },
    },
    ...{ intake, clock: { monoMs: () => nowMs }, recorder: { record: () => undefined }, cellIndex: 0, position: "A1" },
    ...{ proof: { code: {} }, tell: () => undefined, gap: () => undefined },
  };
  const effects = createCellEffects(deps as unknown as CellEffectsDeps);
  for (const [askedMs, tookMs] of [
    [0, 30_000],
    [45_100, 20],
  ] as const) {
    nowMs = askedMs;
    answerAfterMs = tookMs;
    await effects.startStep(STEP, 0, null);
    for (let stepTimeS = 0.5; stepTimeS <= 45; stepTimeS += 0.5) {
      nowMs = Math.max(nowMs, askedMs + 1000 * stepTimeS);
      heard.to?.sample(stepTimeS, 3.7, CURRENT_A, 0);
    }
    heard.to?.stepEnded("time");
  }
  expect(intake.rejectedCount).toBe(0);
  expect(intake.totals(0).chargedAh).toBeCloseTo((2 * 45 * CURRENT_A) / 3600, 9);
  expect(intake.lastAtMs[0]).toBeLessThanOrEqual(nowMs + 20);
});
