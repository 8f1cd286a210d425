import { describe, expect, it } from "vitest";
import { createExposureEffects } from "../../../controller/beam/exposure-effects.ts";
import { NO_MARKS, type ShutterMarks } from "../../../controller/machines/exposure-order.ts";
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
  ringCurrentNoneMa: 0.2,
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
function bench(
  refusedAtFirst: readonly ("close" | "drop" | "safety")[],
  silentUntilMs = 0,
  ringCurrentMa: (nowMs: number) => number | null = () => 200,
) {
  let refuses = refusedAtFirst;
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
    readInputs: () =>
      clock.monoMs() < silentUntilMs
        ? Promise.reject(new Fault("link.timeout", "io", "No answer."))
        : Promise.resolve({ ...GOOD_LEVELS, ...levels, readAtMs: clock.monoMs() }),
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
    ringCurrentMa: () => ringCurrentMa(clock.monoMs()),
    timings: TIMINGS,
    lastLevels: () => null,
    showLevels: () => undefined,
    latched: () => [],
  });
  /** The outcome, with the clock run on meanwhile. */
  async function outcome(work: Promise<unknown>, forMs = 30_000): Promise<unknown> {
    const settled = work.then(
      (value) => value ?? "done",
      (error: unknown) => error,
    );
    await clock.run(forMs);
    return settled;
  }
  function repair(atMs: number): void {
    clock.setTimeout(() => {
      refuses = [];
    }, atMs);
  }
  return { clock, effects, calls, outcome, repair };
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

describe("waiting for a shutter that does not close", () => {
  const marks = { ...NO_MARKS, openAskedAtMs: 0, litUntilAtMs: 0 };

  it("asks everything that can close it again and again, and notes until when the beam may have been on", async () => {
    const { effects, calls, outcome, repair } = bench(["close", "safety"]);
    const noted: Partial<ShutterMarks>[] = [];
    repair(5500);
    const work = effects.awaitClosed(marks, (mark) => noted.push(mark), new AbortController().signal);
    expect(await outcome(work)).toBe(true);
    expect(calls.filter((name) => name === "safety").length).toBeGreaterThan(5);
    expect(calls.filter((name) => name === "drop").length).toBeGreaterThan(5);
    expect(noted.slice(0, -1).map((mark) => mark.litUntilAtMs)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
    expect(noted.at(-1)).toEqual({ closedSeenAtMs: 6000, darkMs: 0 });
  });

  it("counts the time without machine beam apart, also through several rounds", async () => {
    const dark = bench(["close", "safety"], 0, (nowMs) => (nowMs >= 10_000 && nowMs < 20_500 ? 0 : 200));
    const noted: Partial<ShutterMarks>[] = [];
    const signal = new AbortController().signal;
    const work = dark.effects.awaitClosed({ ...marks, darkMs: 7000 }, (mark) => noted.push(mark), signal);
    expect(await dark.outcome(work, 100_000)).toBe(false);
    expect(noted.at(-1)).toEqual({ litUntilAtMs: 49_000, darkMs: 17_000 });
    // A ring current of which nothing is heard is no proof of darkness.
    const unknown = bench(["close", "safety"], 0, () => null);
    await unknown.outcome(
      unknown.effects.awaitClosed(marks, (mark) => noted.push(mark), signal),
      100_000,
    );
    expect(noted.at(-1)).toMatchObject({ darkMs: 0 });
  });

  it("is not ended by a unit that is silent, and ends when it is left", async () => {
    const { effects, outcome, clock } = bench(["close", "safety"], 1e9);
    const noted: Partial<ShutterMarks>[] = [];
    const leaving = new AbortController();
    clock.setTimeout(() => {
      leaving.abort(new Error("left"));
    }, 3500);
    const error = await outcome(effects.awaitClosed(marks, (mark) => noted.push(mark), leaving.signal));
    expect(error).toMatchObject({ message: "left" });
    expect(noted.at(-1)).toEqual({ litUntilAtMs: 3000, darkMs: 0 });
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
