import { describe, expect, it } from "vitest";
import type { LeftStep } from "../../../controller/machines/programme.ts";
import type { LeftRun } from "../../../controller/resume/read-run.ts";
import { restoreCells } from "../../../controller/resume/restore.ts";
import { createEffectsBench, createOneIntake, LIMITS } from "./effects-bench.ts";

const COMMON = { untilTimeS: 3600, sampleIntervalS: 60, limits: LIMITS };
const REST = { ...COMMON, kind: "rest" } as const;
const CHARGE = { ...COMMON, kind: "constant-current", currentA: 0.0014, untilVoltageV: 3.2 } as const;
const LEFT_V = 2.63;

/** One that rested at `LEFT_V`, by its last sample, and was charged for some seconds since: its channel is sampled once a minute. */
async function chargedUnheard(readV: { now: number }) {
  const { effects, intake, heard, time } = createEffectsBench({
    measureOpenCircuitV: () => Promise.resolve(readV.now),
  });
  const stepOf = (channelStep: typeof REST | typeof CHARGE): NonNullable<LeftStep["step"]> => ({
    ...{ stepNumber: 1, cycleNumber: 1, label: "", channelStep },
  });
  await effects.startStep(stepOf(REST), 0, null);
  heard.to?.sample(60, LEFT_V, 0, 0);
  time.nowMs = 60_000;
  await effects.startStep(stepOf(CHARGE), 0, null);
  time.nowMs = 69_000;
  await effects.openCircuit();
  const left: LeftStep = { step: stepOf(CHARGE), runningSinceMs: null, elapsedS: 9 };
  const back = (voltageV: number): Promise<unknown> => {
    readV.now = voltageV;
    return effects.confirmBack(left);
  };
  return { intake, back, chargeOn: () => effects.startStep(stepOf(CHARGE), 9, null) };
}

describe("a cell that was given out of its place before the first sample of its step", () => {
  it("is held against what it read as it was given out, not against a sample of before the step", async () => {
    const { intake, back } = await chargedUnheard({ now: 2.78 });
    intake.releasedAt(0, 2.78);
    await expect(back(2.776)).resolves.toEqual({ openCircuitV: 2.776, wired: null });
    await expect(back(3.75)).rejects.toThrow("it was left at 2.7800 V");
    await expect(back(0.01)).rejects.toThrow("outside");
  });

  it("may have come as far as its step could bring it, where nothing was read", async () => {
    const { back } = await chargedUnheard({ now: 2.78 });
    await expect(back(2.776)).resolves.toEqual({ openCircuitV: 2.776, wired: null });
    await expect(back(4.2)).rejects.toThrow("it may be another cell");
  });

  it("is held against its samples again once it was driven", async () => {
    const { intake, back, chargeOn } = await chargedUnheard({ now: 2.78 });
    intake.releasedAt(0, 4.2);
    await chargeOn();
    await expect(back(4.2)).rejects.toThrow(`it was left at ${LEFT_V.toFixed(4)} V`);
  });
});

describe("a cell whose last step ended before a restart", () => {
  function lastVoltageV(hasEndedUnheard: boolean): number | undefined {
    const intake = createOneIntake();
    intake.lastSeen(0, 60_000, LEFT_V, 0);
    const counted = { totals: { chargedAh: 0, dischargedAh: 0, doubtAh: 0 }, stepChargeAh: 0, atMs: 0 };
    const cell = { left: { cursor: null, runningSinceMs: null }, counted, stepBeganMs: null, hasEndedUnheard };
    const recorded = { cells: [cell], transfers: { released: new Map() }, access: new Map() };
    const left = { recorded, frames: [] } as unknown as LeftRun;
    restoreCells(left, { cells: [] }, [], intake, () => 0);
    return intake.lastVoltageV[0];
  }

  it("is held against its last sample, and against none where the step came after it", () => {
    expect(lastVoltageV(false)).toBe(LEFT_V);
    expect(lastVoltageV(true)).toBeNaN();
  });
});
