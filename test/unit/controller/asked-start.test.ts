import { describe, expect, it } from "vitest";
import { createAskedStart } from "../../../controller/cells/asked-start.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";

const CHARGE: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.001, untilVoltageV: null, untilTimeS: 100 },
  ...{ sampleIntervalS: 1, limits: LIMITS },
};
const STEP = { stepNumber: 1, cycleNumber: 1, label: "", channelStep: CHARGE };

describe("a start whose answer is read behind the first samples of its step", () => {
  it.each([
    ["after a moment", 500, 0.5, 500 - 500],
    ["after a process had no processor for seconds: the step may run since it was asked for", 7000, 6, 0],
  ])("counts them as of that step, %s", async (_, afterMs, ranForS, fromMs) => {
    const { effects, intake, heard, time } = createEffectsBench({
      start: () => {
        time.nowMs = afterMs;
        for (let timeS = 0.1; timeS <= ranForS + 0.01; timeS += 0.1) heard.to?.sample(timeS, 3.5, 0.001, 0);
        return Promise.resolve();
      },
    });
    await effects.startStep(STEP, 0, null);
    expect(intake.rejectedCount).toBe(0);
    expect(intake.stepFirstMs[0]).toBeCloseTo(fromMs + (afterMs < 1000 ? 500 : 100), 6);
    expect(intake.totals(0).chargedAh * 3600).toBeCloseTo(0.001 * ranForS, 9);
  });

  it("is not believed by a sample that is older than the asking: it is of the step before", async () => {
    const { effects, intake, heard, time } = createEffectsBench({
      start: () => {
        time.nowMs += 10;
        heard.to?.sample(40, 3.5, 0.001, 0);
        time.nowMs += 10;
        return Promise.resolve();
      },
    });
    await effects.startStep(STEP, 0, null);
    expect(intake.stepSamples[0]).toBe(0);
    expect(intake.stepStartMs[0]).toBe(20);
  });
});

describe("a start that is answered only after its step is over", () => {
  function late() {
    const answers: ((isTaken: boolean) => void)[] = [];
    const bench = createEffectsBench({
      capabilities: { runsProgrammeAlone: true } as never,
      start: () =>
        new Promise((resolve, reject) => {
          answers.push((isTaken) => {
            if (isTaken) resolve();
            else reject(new Error("refused"));
          });
        }),
    });
    return { ...bench, answers, inDoubtAs: () => bench.intake.totals(0).doubtAh * 3600 };
  }

  it("is no start: its charge is in doubt once", async () => {
    const { effects, intake, heard, time, answers, inDoubtAs } = late();
    const starting = effects.startStep(STEP, 0, null);
    time.nowMs = 4000;
    heard.to?.stepEnded("time");
    answers[0]?.(true);
    await starting;
    time.nowMs = 50_000;
    await effects.openCircuit();
    expect([inDoubtAs(), intake.totals(0).chargedAh]).toEqual([expect.closeTo(0.004, 9), 0]);
  });

  it("is not that of the step behind it, which may be refused", async () => {
    const { effects, intake, heard, time, answers, inDoubtAs } = late();
    const first = effects.startStep(STEP, 0, null);
    time.nowMs = 4000;
    heard.to?.stepEnded("time");
    const second = effects.startStep({ ...STEP, stepNumber: 2 }, 0, null);
    answers[0]?.(true);
    await first;
    time.nowMs = 6000;
    answers[1]?.(false);
    await expect(second).rejects.toThrow("refused");
    await effects.openCircuit();
    expect([inDoubtAs(), intake.totals(0).chargedAh]).toEqual([expect.closeTo(0.004 + 0.002, 9), 0]);
  });

  it("leaves the start behind it to be answered", async () => {
    const { effects, intake, heard, time, answers } = late();
    const first = effects.startStep(STEP, 0, null);
    time.nowMs = 400;
    heard.to?.stepEnded("time");
    const second = effects.startStep({ ...STEP, stepNumber: 2 }, 0, null);
    answers[0]?.(true);
    await first;
    time.nowMs = 900;
    answers[1]?.(true);
    await second;
    expect(intake.stepStartMs[0]).toBe(900);
  });
});

it("a start that failed says nothing later", () => {
  const told: number[] = [];
  const start = createAskedStart({ monoMs: () => 5000 });
  const asked = start.ask((ranForS) => told.push(ranForS));
  expect(asked.failed()).toBe(true);
  start.heard(0);
  asked.answered();
  expect([told, asked.failed()]).toEqual([[], false]);
});
