import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { createCorrectionDesk } from "../../../controller/corrections/correction-desk.ts";
import type { CorrectionFrame } from "../../../protocols/calibration/correction-frames.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import type { Detector } from "../../../protocols/roles/detector.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

const HOUR_MS = 3_600_000;
const DARK: CorrectionFrame = {
  ...{ kind: "dark", what: "shutter closed", place: null, everyMs: 2 * HOUR_MS, exposureS: 4, filtersIn: [] },
  ...{ levelMaxPerS: 1, driftMax: null },
};

function desk(arm: () => Promise<void> = () => Promise.resolve()) {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const told: string[] = [];
  const closed = { shutterClosedSwitch: true, shutterOpenSwitch: false } as InputLevels;
  const made = createCorrectionDesk({
    ...{ frames: [DARK], clock, detectorFolder: "/d", integrator: undefined, past: [], overheadMs: 1000 },
    io: { name: "io", readInputs: () => Promise.resolve(closed) },
    detector: {
      ...{ name: "detector", arm },
      start: () => Promise.resolve({ finished: Promise.resolve({ path: "/d/dark.cbf", exposureS: 4 }) }),
      abort: () => {
        told.push("detector aborted");
        return Promise.resolve(null);
      },
    } as unknown as Detector,
    recorder: { record: (type) => told.push(type) },
    alarms: {
      raise: ({ code }) => told.push(`${code} after ${clock.nowMs() / HOUR_MS} h`),
      clear: (code) => told.push(`${code} over`),
    },
    ...{ showLevels: () => undefined, commit: () => undefined, hasBeamFor: () => true, ringCurrentMa: () => 200 },
    fail: (error) => {
      throw error;
    },
  });
  return { clock, told, made };
}

it("a frame that is missing too long is told also while nothing is planned, because exposing is held", async () => {
  const { clock, told, made } = desk();
  made.goOn(
    () => undefined,
    () => 0,
  );
  await clock.run(3.9 * HOUR_MS);
  expect(told).toEqual(["correction.expired over"]);
  await clock.run(30 * HOUR_MS);
  expect(told.slice(1)).toEqual(["correction.expired after 4 h"]);
  await made.takeDark(DARK, new AbortController().signal);
  expect(told.at(-1)).toBe("correction.expired over");
});

it("a dark frame that is given up while it arms leaves no detector armed", async () => {
  const ending = new AbortController();
  const { told, made } = desk(() => {
    ending.abort(new Error("given up"));
    return Promise.resolve();
  });
  await expect(made.takeDark(DARK, ending.signal)).rejects.toThrow("given up");
  expect(told).toEqual(["correction-begun", "detector aborted"]);
});
