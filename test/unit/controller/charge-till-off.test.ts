import { expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import type { ProgrammeStep } from "../../../controller/machines/programme.ts";
import { createFrameEncoder } from "../../../controller/record/sample-frame.ts";
import { createSampleBuffer } from "../../../controller/record/sample-buffer.ts";
import type { LeftRun } from "../../../controller/resume/read-run.ts";
import { restoreCells } from "../../../controller/resume/restore.ts";
import { createEffectsBench, createOneIntake, LIMITS } from "./effects-bench.ts";

const CURRENT_A = 0.0014;
const COMMON = { untilTimeS: 3600, sampleIntervalS: 60, limits: LIMITS };
const CHARGE = { ...COMMON, kind: "constant-current", currentA: CURRENT_A, untilVoltageV: null } as const;
const REST = { ...COMMON, kind: "rest" } as const;

it("says of a step that was told to stop between two samples what may have flowed since the last one", async () => {
  const { effects, intake, heard, time } = createEffectsBench({
    abort: () => {
      heard.to?.stepEnded("aborted");
      return Promise.resolve();
    },
  });
  await effects.startStep({ channelStep: CHARGE } as unknown as ProgrammeStep, 0, null);
  heard.to?.sample(60, 3.7, CURRENT_A, 0);
  time.nowMs = 100_000;
  await effects.openCircuit();
  const { chargedAh, doubtAh } = intake.totals(0);
  const flowedAh = (CURRENT_A * 100) / 3600;
  expect(doubtAh).toBeLessThan(0.3 * flowedAh);
  expect(Math.abs(chargedAh - flowedAh)).toBeLessThanOrEqual(doubtAh * (1 + 1e-9));
});

it("counts what a channel passes until it is off whose steps the controller's clock ends", async () => {
  for (const [runsProgrammeAlone, doubtS] of [
    [true, 0],
    [false, 1],
  ] as const) {
    const { effects, intake, heard, time } = createEffectsBench({ capabilities: { runsProgrammeAlone } as never });
    await effects.startStep({ channelStep: CHARGE } as unknown as ProgrammeStep, 0, null);
    heard.to?.sample(60, 3.7, CURRENT_A, 0);
    time.nowMs = 62_000;
    heard.to?.stepEnded("time");
    const { chargedAh, doubtAh } = intake.totals(0);
    expect(chargedAh).toBeCloseTo((CURRENT_A * (60 + doubtS)) / 3600, 12);
    expect(doubtAh).toBeCloseTo((CURRENT_A * doubtS) / 3600, 12);
  }
});

it("counts the last sample of a step whose clock ran fast with that step after a restart, not with the rest behind it", () => {
  const intake = createOneIntake();
  const totals = { chargedAh: 0.003, dischargedAh: 0, doubtAh: 0 };
  const buffer = createSampleBuffer(1, 8);
  buffer.atMs.set([100_020, 160_000, 220_000]);
  buffer.voltageV.fill(3.7);
  buffer.currentA.set([CURRENT_A, 0, 0]);
  buffer.counts[0] = 3;
  const cell = {
    left: { cursor: { step: { channelStep: REST } }, runningSinceMs: 100_000, stepElapsedS: 0 },
    ...{ counted: { totals, stepChargeAh: 0, atMs: 100_000 }, stepBeganMs: 100_000, heardUntilMs: 100_020 },
  };
  const recorded = { cells: [cell], transfers: { released: new Map() }, access: new Map(), identities: new Map() };
  const frames = [createFrameEncoder(1, 8).encode(buffer, new Uint32Array(1))];
  restoreCells({ recorded, frames } as unknown as LeftRun, { cells: [] }, [], intake, () => 0);
  expect(intake.lastAtMs[0]).toBe(220_000);
  expect(intake.totals(0)).toEqual(totals);
});

it.each(["as its step fails", "as it is to be switched off"])(
  "knows no end of what an instrument drives that does not confirm the cell off %s",
  async (when) => {
    const fault = new Fault("cell.not-off", "channel D4", "the cell could not be confirmed off: 0016 flash error");
    const { effects, intake, heard, time } = createEffectsBench({
      capabilities: { runsProgrammeAlone: true } as never,
      abort: () => Promise.reject(fault),
    });
    await effects.startStep({ channelStep: CHARGE } as unknown as ProgrammeStep, 0, null);
    heard.to?.sample(60, 3.7, CURRENT_A, 0);
    time.nowMs = 100_000;
    if (when === "as its step fails") heard.to?.fault(fault);
    else await expect(effects.openCircuit()).rejects.toThrow(fault);
    expect(effects.givenUp?.({ step: null, runningSinceMs: null, elapsedS: 0 })).toBe(Infinity);
    expect(intake.totals(0).doubtAh).toBe(0);
  },
);
