import { describe, expect, it } from "vitest";
import { createEarlyDeparture } from "../../../controller/beam/early-departure.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import type { StagePosition } from "../../../protocols/roles/stage.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { GOOD_LEVELS } from "./levels.ts";

const NEXT = { cellIndex: 4, spotIndex: 0, position: "A5", stageXMm: 50, stageYMm: 0 };
const TARGET = { xMm: 50, yMm: 0 };
const WAY_MS = 400;

function bench({ isBroken = false } = {}) {
  const clock = createVirtualClock(0, { drain: () => new Promise((done) => setImmediate(done)) });
  const left: string[] = [];
  let place: StagePosition = { xMm: 25, yMm: 0 };
  let otherMovedAtMs = -Infinity;
  let stopCount = 0;
  const departure = createEarlyDeparture({
    clock,
    stage: {
      async moveTo(target, signal) {
        signal?.addEventListener("abort", () => (stopCount += 1), { once: true });
        await sleep(clock, WAY_MS, signal);
        if (isBroken) throw new Fault("stage.position", "stage", "it rests elsewhere");
        place = target;
        return { ...place, atRest: true, restSinceMs: clock.monoMs() };
      },
      read: () => Promise.resolve({ ...place, atRest: true }),
    },
    levelsMaximumAgeMs: 900,
    latched: () => [],
    isAt: (at, target) => Math.hypot(at.xMm - target.xMm, at.yMm - target.yMm) < 0.02,
    stageMovedAtMs: () => otherMovedAtMs,
    leaving: ({ position }) => left.push(position),
  });
  const levels = (changed: Partial<InputLevels> = {}): InputLevels => ({
    ...GOOD_LEVELS,
    readAtMs: clock.monoMs(),
    ...changed,
  });
  /** What joining comes to, at a time. */
  async function joined(atMs: number, target = TARGET, signal = new AbortController().signal): Promise<unknown> {
    await clock.run(atMs);
    const outcome = departure.join(target, signal).then(
      (arrival) => arrival,
      (error: unknown) => error,
    );
    await clock.run(atMs + 1000);
    return outcome;
  }
  return {
    ...{ clock, departure, left, levels, joined },
    stopCount: () => stopCount,
    moveAway(): void {
      place = { xMm: 0, yMm: 0 };
    },
    otherMoves(atMs: number): void {
      otherMovedAtMs = atMs;
    },
  };
}

const OPEN: Partial<InputLevels> = { shutterOpenSwitch: true, shutterClosedSwitch: false };
const NO_MOTION: Partial<InputLevels> = { interlocks: { ...GOOD_LEVELS.interlocks, motionEnabled: false } };

describe("a stage that leaves as soon as the shutter has closed", () => {
  it("is where the next exposure wants it, at rest since it came there", async () => {
    const { departure, levels, joined, left } = bench();
    departure.leave(NEXT, levels());
    expect(left).toEqual(["A5"]);
    expect(await joined(100)).toMatchObject({ restSinceMs: WAY_MS, reading: { ...TARGET, atRest: true } });
  });

  it.each([
    ["the shutter does not read closed", OPEN],
    ["motion is not permitted", NO_MOTION],
    ["the levels are old", { readAtMs: -1000 }],
  ])("does not leave where %s", async (_, changed) => {
    const { departure, levels, joined, left } = bench();
    departure.leave(NEXT, levels(changed));
    expect(left).toEqual([]);
    expect(await joined(10)).toBeNull();
  });

  it("stops on the way when levels are read that do not allow motion", async () => {
    const { departure, levels, joined, stopCount, clock } = bench();
    departure.leave(NEXT, levels());
    await clock.run(100);
    departure.seen(levels());
    expect(stopCount()).toBe(0);
    departure.seen(levels(NO_MOTION));
    expect(stopCount()).toBe(1);
    expect(await joined(110)).toBeNull();
  });

  it("is not forgotten when motion is not allowed any more once it is there", async () => {
    const { departure, levels, joined, clock } = bench();
    departure.leave(NEXT, levels());
    await clock.run(700);
    departure.seen(levels(NO_MOTION));
    expect(await joined(800)).toMatchObject({ restSinceMs: WAY_MS });
  });

  it("is of no use to another target, to one that comes after somebody else moved it, or once it stands elsewhere", async () => {
    const other = bench();
    other.departure.leave(NEXT, other.levels());
    expect(await other.joined(100, { xMm: 75, yMm: 0 })).toBeNull();
    const moved = bench();
    moved.departure.leave(NEXT, moved.levels());
    moved.otherMoves(700);
    expect(await moved.joined(800)).toBeNull();
    const before = bench();
    before.otherMoves(0);
    before.departure.leave(NEXT, before.levels());
    expect(await before.joined(800)).toMatchObject({ restSinceMs: WAY_MS });
    const pushed = bench();
    pushed.departure.leave(NEXT, pushed.levels());
    await pushed.clock.run(700);
    pushed.moveAway();
    expect(await pushed.joined(800)).toBeNull();
    const still = bench();
    still.departure.leave(NEXT, still.levels());
    expect(await still.joined(800)).toMatchObject({ restSinceMs: WAY_MS });
  });

  it("says nothing of a way that failed: whoever brings the cell next goes there anew", async () => {
    const { departure, levels, joined } = bench({ isBroken: true });
    departure.leave(NEXT, levels());
    expect(await joined(100)).toBeNull();
  });

  it("stops with whoever has joined it", async () => {
    const { departure, levels, joined, stopCount, clock } = bench();
    departure.leave(NEXT, levels());
    const giving = new AbortController();
    clock.setTimeout(() => {
      giving.abort(new Error("given up"));
    }, 200);
    expect(await joined(100, TARGET, giving.signal)).toMatchObject({ message: "given up" });
    expect(stopCount()).toBe(1);
  });

  it("stops, and is forgotten, when the exposure before is given up", async () => {
    const { departure, levels, joined, stopCount } = bench();
    departure.leave(NEXT, levels());
    departure.end("given up");
    expect(stopCount()).toBe(1);
    expect(await joined(100)).toBeNull();
  });
});
