import { expect, it } from "vitest";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";

const CHARGE: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.001, untilVoltageV: null, untilTimeS: 100 },
  ...{ sampleIntervalS: 1, limits: LIMITS },
};
const STEP = { stepNumber: 1, cycleNumber: 1, label: "", channelStep: CHARGE };

it.each([
  ["ends with the step where its instrument runs it alone", true, 100],
  ["goes on behind the step's end where nobody could tell its instrument", false, 1000],
] as const)("charge that nobody heard of %s", async (_, runsProgrammeAlone, mostS) => {
  const { effects, intake, time } = createEffectsBench({ capabilities: { runsProgrammeAlone } as never });
  await effects.startStep(STEP, 0, null);
  time.nowMs = 1_000_000;
  await effects.openCircuit();
  const { chargedAh, doubtAh } = intake.totals(0);
  expect((chargedAh + doubtAh) * 3600).toBeCloseTo(0.001 * mostS, 9);
});

it("a step that goes on may let flow what is left once all that may have flowed is taken off", async () => {
  const asked: (number | undefined)[] = [];
  const { effects, time } = createEffectsBench({
    capabilities: { runsProgrammeAlone: true } as never,
    start: ({ chargeMaxAh }) => {
      asked.push(chargeMaxAh);
      return Promise.resolve();
    },
  });
  const step = { ...STEP, channelStep: { ...CHARGE, untilTimeS: 3600, chargeMaxAh: 0.001 } };
  await effects.startStep(step, 0, null);
  time.nowMs = 360_000;
  await effects.openCircuit();
  // Six minutes at 1 mA may have flowed, and half of that is counted.
  await effects.startStep(step, 0.1, null);
  expect(asked).toEqual([0.001, expect.closeTo(0.0009, 9)]);
});
