import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBusFold } from "../../../controller/bus/bus-fold.ts";
import { channelOffset, detectorOffset, detectorTimes } from "../../../controller/synchrony/clock-offset.ts";
import {
  EXPOSURE_STATE_EVENT,
  exposureStateData,
  NO_STATE,
  parseExposureState,
} from "../../../controller/synchrony/exposure-state-event.ts";
import { midExposure } from "../../../controller/synchrony/mid-exposure.ts";
import { stateBetween } from "../../../controller/synchrony/state-between.ts";
import { assert } from "../../../protocols/base/assert.ts";

describe("a channel's clock against the campaign's", () => {
  it("lies in its bracket, whatever the links take and however the quartz drifts within its share", () => {
    fc.assert(
      fc.property(
        fc.record({
          onTheWayMs: fc.double({ min: 0, max: 500, noNaN: true }),
          answerMs: fc.double({ min: 0, max: 500, noNaN: true }),
          preambleMs: fc.double({ min: 0, max: 500, noNaN: true }),
          driftShare: fc.double({ min: -9e-5, max: 9e-5, noNaN: true }),
          sinceS: fc.double({ min: 0, max: 100_000, noNaN: true }),
          lagMs: fc.double({ min: 0, max: 5000, noNaN: true }),
        }),
        ({ onTheWayMs, answerMs, preambleMs, driftShare, sinceS, lagMs }) => {
          // Asked at 0, counting from `zero`, known to run at `anchor`; a sample is stamped by a timer that drifts.
          const zeroMs = onTheWayMs + Math.min(preambleMs, answerMs);
          const anchorMs = onTheWayMs + answerMs;
          const trueMs = zeroMs + 1000 * sinceS;
          const stampMs = anchorMs + (trueMs - zeroMs) * (1 + driftShare);
          const offset = channelOffset({
            startTookMs: anchorMs,
            sinceStartMs: trueMs - anchorMs,
            leastLagMs: trueMs + lagMs - stampMs,
          });
          assert(offset !== null, "an offset");
          const off = Math.abs(trueMs - stampMs - 1000 * offset.offsetS);
          expect(off).toBeLessThanOrEqual(1000 * offset.uncertaintyS + 0.1);
        },
      ),
    );
  });

  it("is known by arrivals alone when its timer runs faster than any quartz", () => {
    const offset = channelOffset({ startTookMs: 20, sinceStartMs: 1000, leastLagMs: -500 });
    expect(offset?.offsetS).toBeCloseTo(-0.51, 6);
    expect(offset?.by).toMatch(/arrivals alone: its timer is 0\.480 s fast/);
  });

  it("is not known before a sample was heard, and known to half a second after a restart", () => {
    expect(channelOffset({ startTookMs: 20, sinceStartMs: 0, leastLagMs: Infinity })).toBeNull();
    expect(channelOffset({ startTookMs: NaN, sinceStartMs: 0, leastLagMs: 3 })?.uncertaintyS).toBeCloseTo(0.5, 6);
  });
});

describe("the middle of an exposure", () => {
  const shutter = { openAskedAtMs: 1000, openSeenAtMs: 1020, closeAskedAtMs: 6050, closedSeenAtMs: 6070 };
  const heard = { askedAtMs: 1020, countsAtMs: 1040, exposureS: 5, finishedAtMs: 6035 };

  it("lies half way through what the detector counted, and no surer than its beginning", () => {
    // It was over at 6035: it cannot have begun after 1035.
    expect(detectorTimes(heard)).toEqual({ beganAtMs: 1027.5, uncertaintyMs: 7.5 });
    expect(detectorOffset(heard)).toMatchObject({ offsetS: 0.0075, uncertaintyS: 0.0075 });
    expect(midExposure(shutter, { ...detectorTimes(heard), exposureS: 5 })).toEqual({
      atMs: 3527.5,
      uncertaintyMs: 7.5,
    });
  });

  it("lies half way between opening and closing where the detector counts longer, or the exposure was cut short", () => {
    const longer = { beganAtMs: 900, uncertaintyMs: 5, exposureS: 10 };
    expect(midExposure(shutter, longer)).toEqual({ atMs: 3535, uncertaintyMs: 10 });
    const cut = { ...shutter, closeAskedAtMs: 2000, closedSeenAtMs: 2020 };
    expect(midExposure(cut, { ...detectorTimes(heard), exposureS: 5 })?.atMs).toBeCloseTo(1518.75, 6);
  });

  it("is not known of a shutter that was not seen open", () => {
    expect(midExposure({ ...shutter, openSeenAtMs: null }, null)).toBeNull();
  });
});

describe("a cell's state between two samples", () => {
  it("lies within its uncertainty for anything that does not turn round between them, clocks put in", () => {
    const curve = fc.record({
      fromV: fc.double({ min: 2.5, max: 4.2, noNaN: true }),
      changeV: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      bend: fc.double({ min: 0.2, max: 5, noNaN: true }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(curve, ({ fromV, changeV, bend, at }) => {
        const voltage = (share: number): number => fromV + changeV * share ** bend;
        const sample = (share: number) => ({
          atMs: 10_000 * share,
          voltageV: voltage(share),
          currentA: 1e-3,
          chargeAh: share / 360_000,
        });
        const state = stateBetween(sample(0), sample(1), 10_000 * at, 0, 0);
        expect(Math.abs(state.voltageV.value - voltage(at))).toBeLessThanOrEqual(state.voltageV.uncertainty);
        expect(state.chargeAh.value).toBeCloseTo((at * 1e-3 * 10) / 3600, 12);
      }),
    );
  });

  it("is the less sure the less sure the clock is", () => {
    const before = { atMs: 0, voltageV: 3.7, currentA: 1e-3, chargeAh: 0 };
    const after = { atMs: 1000, voltageV: 3.71, currentA: 1e-3, chargeAh: 2.8e-7 };
    const sure = stateBetween(before, after, 500, 0, 0);
    const unsure = stateBetween(before, after, 500, 200, 0);
    expect(unsure.voltageV.uncertainty - sure.voltageV.uncertainty).toBeCloseTo(0.002, 9);
    expect(unsure.chargeAh.uncertainty).toBeGreaterThan(sure.chargeAh.uncertainty + 5e-8);
  });
});

describe("the event", () => {
  it("is read back as it was written", () => {
    const state = {
      ...NO_STATE,
      ...{ midAtMs: 1234.5, midUncertaintyS: 0.001, voltageV: { value: 3.7, uncertainty: 0.004 } },
      clocks: [{ instrument: "channel A1", offsetS: -0.01, uncertaintyS: 0.01, by: "asked" }],
      gap: "a step began between the samples about it",
    };
    expect(parseExposureState(exposureStateData("X-1", "A1", state))).toEqual(state);
    expect(parseExposureState({ voltage_V: "much", clocks: 3 })).toEqual(NO_STATE);
  });

  it("is told on the bus with the exposure that it is about", () => {
    const fold = createBusFold();
    const ended = { exposure_id: "X-1", position: "A1", outcome: "made", open_s: 5 };
    fold.hear({ seq: 1, atMs: 10, type: "exposure-ended", data: ended });
    fold.hear({ seq: 2, atMs: 11, type: "exposure-ended", data: { ...ended, exposure_id: "X-2" } });
    const voltageV = { value: 3.7, uncertainty: 0.004 };
    const data = exposureStateData("X-1", "A1", { ...NO_STATE, voltageV });
    const line = fold.hear({ seq: 3, atMs: 12, type: EXPOSURE_STATE_EVENT, data });
    expect(fold.exposures.map(({ id, middle }) => [id, middle?.voltageV ?? null])).toEqual([
      ["X-2", null],
      ["X-1", voltageV],
    ]);
    expect(line.text).toBe("exposure X-1 was half way at 3.7000 V");
  });
});
