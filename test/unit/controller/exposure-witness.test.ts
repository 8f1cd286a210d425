import { describe, expect, it } from "vitest";
import type { SampleIntake } from "../../../controller/cells/sample-intake.ts";
import { createExposureWitness } from "../../../controller/synchrony/exposure-witness.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { SAMPLE_OVERLOAD } from "../../../protocols/roles/channel.ts";
import type { Detector } from "../../../protocols/roles/detector.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

/** Nothing of it is asked for here: the shutter says alone when the exposure was. */
const DETECTOR = { name: "detector", driver: "none", readOutS: 0 } as unknown as Detector;

function one(value: number): Float64Array {
  return new Float64Array([value]);
}

describe("what a cell stood at, of a step that was found running after a restart", () => {
  async function witnessed(
    before: Partial<SampleIntake>,
    sampled: (atMs: number, intake: SampleIntake) => number | undefined,
  ): Promise<readonly { readonly [key: string]: Json }[]> {
    const clock = createVirtualClock(0, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
    const told: { readonly [key: string]: Json }[] = [];
    const intake = {
      ...{ readAtMs: one(-Infinity), lastVoltageV: one(3.7), lastCurrentA: one(0.002), chargeAh: one(0) },
      // Nobody remembers when the step was asked for.
      ...{ stepStartMs: one(0), readStepStartMs: one(0), startTookMs: one(NaN), gapMs: one(2000) },
      follow: () => undefined,
      totals: () => ({ chargedAh: 0.001, dischargedAh: 0, doubtAh: 0 }),
      ...before,
    } as unknown as SampleIntake;
    const witness = createExposureWitness({
      ...{ campaign: { cells: [{ position: "A1" }] }, clock, intake },
      roles: { detector: DETECTOR, channels: [] },
      recorder: {
        record(_, data) {
          told.push(data);
        },
      },
      views: { charge: () => null },
    });
    // Samples every half second, each here 10 ms later.
    for (let atMs = 500; atMs <= 5000; atMs += 500) {
      clock.at(atMs + 10, () => {
        const flags = sampled(atMs, intake) ?? 0;
        witness.sample(0, atMs, flags);
      });
    }
    clock.at(1000, () => {
      witness.heard("shutter-opened", { exposure_id: "X-S0001-A1", position: "A1" });
    });
    clock.at(1800, () => {
      const marks = { open_asked_at_ms: 980, open_seen_at_ms: 1000, close_asked_at_ms: 1780, closed_seen_at_ms: 1800 };
      witness.heard("exposure-ended", { exposure_id: "X-S0001-A1", position: "A1", ...marks });
    });
    await clock.run(20_000);
    return told;
  }

  it("is known from the samples about it, though its clock is known to half a second only", async () => {
    const told = await witnessed({}, (atMs, intake) => {
      intake.readAtMs[0] = atMs;
      intake.chargeAh[0] = atMs / 1e9;
      return undefined;
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ gap: null, mid_at_ms: 1390 });
    const [chargeAh, offAh] = [Number(told[0]?.["charge_Ah"]), Number(told[0]?.["charge_uncertainty_Ah"])];
    expect(Math.abs(chargeAh - 1390 / 1e9)).toBeLessThanOrEqual(offAh);
  });

  it("is not known where none of the samples before it could be read, though one had come", async () => {
    const unread = { lastAtMs: one(900), lastVoltageV: one(NaN), lastCurrentA: one(NaN) };
    const told = await witnessed(unread, (atMs, intake) => {
      if (atMs <= 1500) return SAMPLE_OVERLOAD;
      intake.readAtMs[0] = atMs;
      intake.lastVoltageV[0] = 3.7;
      intake.lastCurrentA[0] = 0.002;
      return undefined;
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ gap: "no sample is known from before it", voltage_V: null, charge_Ah: null });
  });

  it("is no voltage where the reading before it is of another step", async () => {
    // By a clock that runs fast it lies behind the next one's begin.
    const before = { readAtMs: one(960), readStepStartMs: one(0), stepStartMs: one(950) };
    const told = await witnessed(before, (atMs, intake) => {
      if (atMs <= 1500) return SAMPLE_OVERLOAD;
      intake.readAtMs[0] = atMs;
      intake.readStepStartMs[0] = 950;
      return undefined;
    });
    expect(told[0]).toMatchObject({ gap: "a step began between the samples about it", voltage_V: null });
  });
});
