import { describe, expect, it } from "vitest";
import { SAMPLE_OVERLOAD } from "../../../protocols/roles/channel.ts";
import { newIntake } from "./intake-bench.ts";

describe("charge that nobody heard of", () => {
  const STEP = { continues: false, sampleIntervalS: 10, untilTimeS: 3600, currentA: 0.001 };

  it("is counted by half, and the other half is its doubt, until the cell is confirmed off", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, STEP);
    intake.sample(0, 10, 3.5, 0.001, 0);
    intake.switchedOff(0, 370_000);
    expect(intake.totals(0).chargedAh).toBeCloseTo((0.01 + 0.18) / 3600, 12);
    expect(intake.totals(0).doubtAh).toBeCloseTo(0.18 / 3600, 12);
    // Being told so again, or after the end of a step that was heard, counts nothing.
    intake.switchedOff(0, 900_000);
    intake.stepStarted(0, 1_000_000, STEP);
    intake.sample(0, 10, 3.5, 0.001, 0);
    intake.stepEnded(0);
    intake.switchedOff(0, 2_000_000);
    expect(intake.totals(0).doubtAh).toBeCloseTo(0.18 / 3600, 12);
  });

  it("is no more than the step's own end allows, and none at rest", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, { ...STEP, untilTimeS: 100 });
    intake.switchedOff(0, 86_400_000);
    expect(intake.totals(0).doubtAh).toBeCloseTo(0.05 / 3600, 12);
    intake.stepStarted(1, 0, { ...STEP, currentA: 0 });
    intake.switchedOff(1, 86_400_000);
    expect(intake.totals(1)).toEqual({ chargedAh: 0, dischargedAh: 0, doubtAh: 0 });
  });

  it("is by the samples that a channel hands on after it is off, and not by what was counted for them too", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, STEP);
    intake.sample(0, 10, 3.5, -0.001, 0);
    intake.switchedOff(0, 36_000);
    const before = intake.totals(0);
    intake.sample(0, 20, 3.5, -0.001, 0);
    intake.sample(0, 36, 3.5, -0.001, 0);
    const { chargedAh, dischargedAh, doubtAh } = intake.totals(0);
    expect(chargedAh).toBe(0);
    expect(dischargedAh).toBeCloseTo(0.036 / 3600, 12);
    expect(intake.stepChargeAh[0]).toBeCloseTo(-0.036 / 3600, 12);
    // What stood on record as it was off is still within what is in doubt since.
    expect(doubtAh - before.doubtAh).toBeCloseTo(dischargedAh - before.dischargedAh, 12);
    intake.switchedOff(0, 90_000);
    intake.stepStarted(0, 100_000, STEP);
    intake.sample(0, 10, 3.5, -0.001, 0);
    expect(intake.stepChargeAh[0]).toBeCloseTo(-0.01 / 3600, 12);
  });

  it("has no bound where nothing in the instrument ends what it drives, until the cell is confirmed off", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, { ...STEP, untilTimeS: 100 });
    intake.sample(0, 10, 3.5, 0.001, 0);
    intake.endIsGone(0);
    expect(intake.givenUp(0)).toBe(Infinity);
    expect(intake.totals(0).doubtAh).toBe(0);
    intake.switchedOff(0, 370_000);
    const { chargedAh, doubtAh } = intake.totals(0);
    expect(chargedAh + doubtAh).toBeCloseTo(0.37 / 3600, 12);
    expect(chargedAh - doubtAh).toBeCloseTo(0.01 / 3600, 12);
    intake.stepStarted(0, 400_000, { ...STEP, untilTimeS: 100 });
    expect(intake.givenUp(0)).toBe(500_000);
  });

  it("is none of a step behind one that the controller's clock ended: that begins as the other's current flows", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, STEP);
    intake.sample(0, 10, 3.5, 0.001, 0);
    intake.stepEnded(0, 12_000);
    expect(intake.totals(0).chargedAh).toBeCloseTo(0.011 / 3600, 12);
    const before = intake.totals(0).doubtAh;
    expect(before).toBeCloseTo(0.001 / 3600, 12);
    intake.stepEnded(0, 20_000);
    expect(intake.totals(0).doubtAh).toBe(before);
    intake.stepStarted(0, 12_000, { ...STEP, currentA: NaN });
    intake.sample(0, 10, 3.5, 0.0008, 0);
    expect(intake.totals(0).doubtAh - before).toBeCloseTo(0.001 / 3600, 12);
  });

  it("lies between two samples that are further apart than they should be", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, STEP);
    intake.sample(0, 10, 3.5, 0.001, 0);
    intake.sample(0, 30, 3.5, 0.001, 0);
    expect(intake.totals(0).doubtAh).toBe(0);
    intake.sample(0, 90, 3.5, 0.001, 0);
    expect(intake.totals(0).doubtAh).toBeCloseTo(0.03 / 3600, 12);
    expect(intake.totals(0).chargedAh).toBeCloseTo(0.09 / 3600, 12);
  });

  it("is all that is counted since the sample before one beyond a limit: its contact may be gone", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, STEP);
    intake.sample(0, 10, 3.5, 0.001, 0);
    expect(intake.totals(0).doubtAh).toBe(0);
    intake.sample(0, 20, -6, 0.001, SAMPLE_OVERLOAD);
    expect(intake.totals(0).chargedAh).toBeCloseTo(0.02 / 3600, 12);
    expect(intake.totals(0).doubtAh).toBeCloseTo(0.01 / 3600, 12);
  });

  it("leaves what the step had before its break, and adds what it has after", () => {
    const { intake } = newIntake();
    intake.stepStarted(0, 0, STEP);
    intake.sample(0, 10, 3.5, -0.001, 0);
    intake.stepEnded(0);
    intake.stepStarted(0, 500_000, { ...STEP, continues: true });
    intake.sample(0, 10, 3.5, -0.001, 0);
    expect(intake.stepChargeAh[0]).toBeCloseTo(-0.02 / 3600, 12);
    expect(intake.totals(0).dischargedAh).toBeCloseTo(0.02 / 3600, 12);
  });
});
