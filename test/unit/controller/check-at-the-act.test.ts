import { describe, expect, it } from "vitest";
import { createExposureEffects } from "../../../controller/beam/exposure-effects.ts";
import type { ExposureOrder } from "../../../controller/machines/exposure-order.ts";
import type { BeamIo, InputLevels, Interlock } from "../../../protocols/roles/beam-io.ts";
import { broken, GOOD_LEVELS } from "./levels.ts";
import { testClock } from "./machine-bench.ts";

const TIMINGS = {
  ...{ settleMs: 100, shutterTravelMs: 20, safetyShutterCloseMs: 2000, levelsMaximumAgeMs: 900 },
  ...{ positionToleranceMm: 0.02, ringCurrentMinimumMa: 10, ringCurrentNoneMa: 0.2, switchGraceMs: 200 },
  ...{ filterTravelMaxMs: 2000, closeDeadlineMs: 10_000, worstClosingMs: 2900 },
};
const ORDER: ExposureOrder = {
  ...{ exposureId: "X-1", requestId: "S0001-A1", position: "A1", cellIndex: 0, spotIndex: 0, spotXMm: 0, spotYMm: 0 },
  ...{ stageXMm: 0, stageYMm: 0, exposureS: 1, frameName: "a.cbf", filtersIn: GOOD_LEVELS.filtersIn },
};

/** Good levels, until the first check has seen them. */
function bench(then: InputLevels) {
  const clock = testClock();
  let isLater = false;
  const io: Partial<BeamIo> = {
    name: "io",
    readInputs: () => Promise.resolve({ ...(isLater ? then : GOOD_LEVELS), readAtMs: clock.monoMs() }),
  };
  // It comes to rest beside the place where it was sent.
  const stage = {
    name: "stage",
    moveTo: () => Promise.resolve({ xMm: 5, yMm: 0, atRest: true, restSinceMs: clock.monoMs() }),
  };
  const effects = createExposureEffects({
    ...{ clock, io: io as BeamIo, stage: stage as never, detector: {} as never, detectorFolder: "/frames" },
    ...{
      accounts: { isDurable: () => true } as never,
      belief: () => "confirmed",
      ringCurrentMa: () => 200,
      timings: TIMINGS,
    },
    // What the supervisor saw last was good: nobody may rest on that.
    lastLevels: () => ({ ...GOOD_LEVELS, readAtMs: clock.monoMs() }),
    ...{ showLevels: () => undefined, latched: () => [] },
  });
  async function outcome(): Promise<unknown> {
    const settled = effects.check(ORDER).then(
      () => "allowed",
      (error: unknown) => error,
    );
    await clock.run(30_000);
    return settled;
  }
  async function opening(): Promise<unknown> {
    const { signal } = new AbortController();
    const settled = effects
      .move(ORDER, signal)
      .then(() => effects.open(ORDER, 1, () => undefined, signal))
      .then(
        () => "opened",
        (error: unknown) => error,
      );
    await clock.run(60_000);
    return settled;
  }
  return {
    outcome,
    opening,
    later: () => {
      isLater = true;
    },
  };
}

describe("before the stage is sent to a cell", () => {
  it.each(["searched", "doorClosed", "emergencyOk", "motionEnabled"] as const satisfies readonly Interlock[])(
    "levels are read at the act: %s broken since the exposure before refuses the motion",
    async (interlock) => {
      const { outcome, later } = bench(broken(interlock));
      expect(await outcome()).toBe("allowed");
      later();
      expect(await outcome()).toMatchObject({ code: "stage.no-permit" });
    },
  );
});

it("the shutter is not asked open where the stage reads another place than was ordered", async () => {
  const refused = await bench(GOOD_LEVELS).opening();
  expect(refused).toMatchObject({ code: "interlock.tripped" });
  expect(refused).toHaveProperty("detail.reasons", expect.arrayContaining(["stage 5.000 mm from the spot"]));
});
