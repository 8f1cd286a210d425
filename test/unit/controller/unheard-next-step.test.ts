import { describe, expect, it } from "vitest";
import type { LeftStep } from "../../../controller/machines/programme.ts";
import { createEffectsBench } from "./effects-bench.ts";
import { CHARGE, REST_STEP, STEP } from "./unheard-steps-bench.ts";

describe("of a cell that is found off after a restart, what follows its step", () => {
  async function inDoubtAs(
    left: Partial<LeftStep>,
    lastV: number,
    nowMs: number,
    foundRunningAtMs: number | null = null,
  ): Promise<number> {
    const { effects, intake, time } = createEffectsBench(
      {
        ...{ capabilities: { runsProgrammeAlone: true } as never, foundRunningAtMs },
        measureOpenCircuitV: () => Promise.resolve(3.5),
      },
      { wasLeft: true },
    );
    const ran = { step: REST_STEP, runningSinceMs: 0, elapsedS: 0, ...left };
    intake.lastSeen(0, 50_000, lastV, 0);
    time.nowMs = nowMs;
    await effects.findAgain(ran);
    return intake.totals(0).doubtAh * 3600;
  }

  it("is in doubt by no more than can have flowed since the campaign began, where no sample is on record", async () => {
    const { effects, intake, time } = createEffectsBench(
      { measureOpenCircuitV: () => Promise.resolve(3.5) },
      { wasLeft: true },
    );
    time.nowMs = 75_000;
    await effects.findAgain({ step: STEP, runningSinceMs: null, elapsedS: 0, mayHaveBegun: true });
    expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.001 * 75, 9);
  });

  it("may have begun, on no record, once the step's time was over, and is in doubt since", async () => {
    expect(await inDoubtAs({ next: STEP }, 3.5, 59_000)).toBe(0);
    expect(await inDoubtAs({ next: STEP }, 3.5, 75_000)).toBeCloseTo(0.001 * 15, 9);
    // It ends with its own time, too.
    expect(await inDoubtAs({ next: STEP }, 3.5, 900_000)).toBeCloseTo(0.001 * 100, 9);
    expect(await inDoubtAs({}, 3.5, 75_000)).toBe(0);
  });

  // Rack's seed 24353: a rest of 300 s, sampled once a minute, was broken off after 141 s; of the rest of it 120 s were run.
  it("may have begun up to a sample's time before, where what was left of the step is not a whole number of them", async () => {
    const channelStep = { ...REST_STEP.channelStep, sampleIntervalS: 20, untilTimeS: 100 };
    const left = { step: { ...REST_STEP, channelStep }, elapsedS: 47, next: STEP };
    expect(await inDoubtAs(left, 3.5, 39_000)).toBe(0);
    expect(await inDoubtAs(left, 3.5, 51_000)).toBeCloseTo(0.001 * 11, 9);
    expect(await inDoubtAs({ ...left, elapsedS: 60 }, 3.5, 51_000)).toBeCloseTo(0.001 * 11, 9);
    // A sample is taken of less than an interval too.
    expect(await inDoubtAs({ ...left, elapsedS: 90 }, 3.5, 51_000)).toBeCloseTo(0.001 * 41, 9);
  });

  it("is in doubt where it is the hold behind what led the cell back there, which may have come to its end", async () => {
    const channelStep = { ...CHARGE, kind: "constant-voltage", voltageV: 3.6, untilCurrentA: null } as const;
    const lead = { step: { ...STEP, channelStep }, isLead: true };
    expect(await inDoubtAs(lead, 3.4, 60_000)).toBe(0);
    expect(await inDoubtAs({ ...lead, isLead: false }, 3.55, 60_000)).toBe(0);
    // At the most that the cell is allowed.
    expect(await inDoubtAs(lead, 3.55, 60_000)).toBeCloseTo(0.005 * 10, 9);
    // Of the lead no sample is on record.
    expect(await inDoubtAs({ ...lead, runningSinceMs: 55_000 }, 3.4, 60_000)).toBeCloseTo(0.005 * 5, 9);
  });

  it("may have begun since the last sample where the step stood near its own end, or was to be left", async () => {
    const charge = { ...STEP, channelStep: { ...CHARGE, untilVoltageV: 3.6, untilTimeS: 3600 } };
    const discharge = { ...STEP, channelStep: { ...CHARGE, currentA: -0.002 } };
    expect(await inDoubtAs({ step: charge, next: discharge }, 3.4, 60_000)).toBe(0);
    expect(await inDoubtAs({ step: charge, next: discharge }, 3.55, 60_000)).toBeCloseTo(0.002 * 10, 9);
    expect(await inDoubtAs({ next: discharge, isLeft: true }, 3.5, 55_000)).toBeCloseTo(0.002 * 5, 9);
  });

  // Found on the reference site: a discharge was over ten seconds after its last sample on record, 0.2 V above its end.
  it("may have begun, however far its end was, where something ran that was not known as the step", async () => {
    const charge = { ...STEP, channelStep: { ...CHARGE, untilVoltageV: 3.6, untilTimeS: 3600 } };
    const discharge = { ...STEP, channelStep: { ...CHARGE, currentA: -0.002 } };
    expect(await inDoubtAs({ step: charge, next: discharge }, 3.4, 60_000, 59_000)).toBeCloseTo(0.002 * 10, 9);
    // Where the channel was not asked for the step, as of a lead, that tells nothing.
    const lead = { step: charge, next: discharge, isLead: true };
    expect(await inDoubtAs(lead, 3.4, 60_000, 59_000)).toBe(0);
    // A rest ends by its time alone.
    expect(await inDoubtAs({ next: discharge }, 3.5, 59_000, 59_000)).toBe(0);
  });
});
