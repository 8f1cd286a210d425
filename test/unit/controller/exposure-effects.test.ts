import { describe, expect, it } from "vitest";
import { createExposureEffects } from "../../../controller/beam/exposure-effects.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { BeamIo, InputLevels } from "../../../protocols/roles/beam-io.ts";
import { GOOD_LEVELS } from "./levels.ts";
import { never, testClock } from "./machine-bench.ts";

const TIMINGS = {
  settleMs: 100,
  shutterTravelMs: 20,
  safetyShutterCloseMs: 2000,
  levelsMaximumAgeMs: 900,
  positionToleranceMm: 0.02,
  ringCurrentMinimumMa: 10,
  switchGraceMs: 200,
  filterTravelMaxMs: 2000,
  closeDeadlineMs: 10_000,
  worstClosingMs: 2900,
};

const OPEN: Partial<InputLevels> = { shutterOpenSwitch: true, shutterClosedSwitch: false };
const SAFE: Partial<InputLevels> = { safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true };

function refused(): Promise<never> {
  return Promise.reject(new Fault("io.exception", "io", "The unit answered exception 4."));
}

/** A shutter that stands open; the one upstream obeys at once. What is named in `refuses` is refused by the unit. */
function bench(refuses: readonly ("close" | "drop" | "safety")[], silentUntilMs = 0) {
  const clock = testClock();
  const calls: string[] = [];
  let levels: Partial<InputLevels> = OPEN;
  async function call(name: "close" | "drop" | "safety", after: Partial<InputLevels>): Promise<void> {
    calls.push(name);
    if (clock.monoMs() < silentUntilMs) throw new Fault("link.timeout", "io", "No answer.");
    if (refuses.includes(name)) await refused();
    levels = { ...levels, ...after };
  }
  const io = {
    name: "io",
    readInputs: () => Promise.resolve({ ...GOOD_LEVELS, ...levels, readAtMs: clock.monoMs() }),
    requestShutterClosed: () => call("close", { shutterOpenSwitch: false, shutterClosedSwitch: true }),
    requestSafetyShutter: () => call("safety", SAFE),
    permit: {
      renewShutterPermit: never,
      dropShutterPermit: () => call("drop", {}),
      rearmWatchdog: never,
    },
  } satisfies Partial<BeamIo>;
  const effects = createExposureEffects({
    clock,
    io: io as unknown as BeamIo,
    stage: {} as never,
    detector: {} as never,
    detectorFolder: "/frames",
    accounts: {} as never,
    belief: () => "confirmed",
    ringCurrentMa: () => 200,
    timings: TIMINGS,
    lastLevels: () => null,
    showLevels: () => undefined,
    latched: () => [],
  });
  /** The outcome, with the clock run on meanwhile. */
  async function outcome(work: Promise<unknown>): Promise<unknown> {
    const settled = work.then(
      (value) => value ?? "done",
      (error: unknown) => error,
    );
    await clock.run(30_000);
    return settled;
  }
  return { effects, calls, outcome };
}

describe("making safe", () => {
  it.each([
    ["nothing is refused", []],
    ["the permit cannot be taken away", ["drop"]],
  ] as const)(
    "asks permit and safety shutter both, and ends when one shutter reports closed: %s",
    async (_, refuses) => {
      const { effects, calls, outcome } = bench(refuses);
      expect(await outcome(effects.makeSafe())).toBeTypeOf("number");
      expect(calls).toEqual(["drop", "safety"]);
    },
  );

  it("says that neither shutter closed, and what was refused", async () => {
    const { effects, calls, outcome } = bench(["drop", "safety"]);
    const error = await outcome(effects.makeSafe());
    expect(error).toMatchObject({
      code: "shutter.stuck-open",
      message: expect.stringContaining("exception 4") as string,
    });
    expect(calls).toEqual(["drop", "safety"]);
  });
});

describe("closing", () => {
  it("asks a unit that is silent again", async () => {
    const { effects, calls, outcome } = bench([], 600);
    expect(await outcome(effects.close(() => undefined))).toBe("done");
    expect(calls.filter((name) => name === "close").length).toBeGreaterThan(2);
  });

  it("does not wait for a unit that answers and refuses: that is a shutter that does not close", async () => {
    const { effects, calls, outcome } = bench(["close"]);
    expect(await outcome(effects.close(() => undefined))).toMatchObject({ code: "shutter.stuck-open" });
    expect(calls).toEqual(["close"]);
  });
});
