import { describe, expect, it } from "vitest";
import { BEFORE_FIRST_SWEEP, type SweepState, type SweepTiming } from "../../../../controller/beam/sweeps.ts";
import type { ExposureWish, WantedExposure } from "../../../../controller/beam/wanted.ts";
import { isMoved, isNear } from "../../../../controller/beam/wanted.ts";
import { createShareAccount } from "../../../../controller/schedule/share-account.ts";
import { planWithWishes, type WishFacts } from "../../../../controller/schedule/wish-plan.ts";
import { stageTravel } from "../../../../controller/schedule/travel.ts";

const CELLS = Array.from({ length: 12 }, (_, column) => ({ xMm: 25 * column, yMm: 0 }));
const SHADOW = 13;
const TRAVEL = stageTravel({ speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 }, [...CELLS, { xMm: 300, yMm: 200 }], {
  xMm: 0,
  yMm: 150,
});
const TIMING: SweepTiming = { firstAtMs: Infinity, cadenceMs: Infinity, endAtMs: 3_600_000, perExposureMs: 5000 };

function wish(cellIndex: number, wantedS: number | null, changes: Partial<ExposureWish> = {}): ExposureWish {
  const at = wantedS ?? 100;
  return {
    ...{ key: `k${cellIndex}`, trigger: "grid", cellIndex, presetName: "p", weight: 1, owner: null, reason: "a mark" },
    ...{ earliestMs: 1000 * (at - 30), wantedMs: wantedS === null ? null : 1000 * at, latestMs: 1000 * (at + 60) },
    ...changes,
  };
}

function want(number: number, asked: ExposureWish): WantedExposure {
  const { cellIndex, reason, latestMs } = asked;
  return { number, cellIndex, position: `A${cellIndex + 1}`, reason, askedAtMs: 0, latestMs, wish: asked };
}

function plan(
  nowS: number,
  wanted: readonly WantedExposure[],
  changes: Partial<WishFacts> = {},
  before = BEFORE_FIRST_SWEEP,
) {
  return planWithWishes(TIMING, before, {
    ...{ nowMs: 1000 * nowS, obstacle: null, wanted, mayBeAsked: true, tour: () => [] },
    eligibility: () => ({ eligible: true }),
    eligibilityOfWanted: () => ({ eligible: true }),
    ...{
      travel: TRAVEL,
      cellCount: 12,
      place: 0,
      fetched: null,
      order: [],
      shares: new Map(),
      stops: [],
      losses: null,
    },
    lately: { met: 0, missed: 0 },
    occupiesMs: () => 5000,
    leadMs: () => 100,
    groupOf: () => "group",
    positionOf: (cellIndex) => `A${cellIndex + 1}`,
    exposuresLeft: () => Infinity,
    hindered: () => null,
    ...changes,
  });
}

describe("a plan with wishes", () => {
  it("goes into the shadow where there is time, and stays where there is not", () => {
    expect(plan(0, [want(1, wish(3, 1000))]).act).toMatchObject({ kind: "wait", park: "shadow" });
    const near = plan(0, [want(1, wish(3, 100))]).act;
    expect(near).toMatchObject({ kind: "wait", reason: "the wanted moment", who: "timetable" });
    expect(near).not.toHaveProperty("park");
    expect(plan(0, [want(1, wish(3, 1000))], { place: SHADOW }).act).not.toHaveProperty("park");
  });

  it("leaves in time to be there a moment early, and opens at the wanted moment", () => {
    const wanted = [want(1, wish(3, 100))];
    const waits = plan(50, wanted).act;
    const leaveMs = waits.kind === "wait" ? waits.untilMs : NaN;
    // 75 mm: a fifth of a second to speed up, as much to slow down, the rest at 100 mm/s; settling and the lead.
    expect(leaveMs).toBeCloseTo(100_000 - 950 - 100 - 100, 0);
    expect(plan(leaveMs / 1000, wanted).act).toMatchObject({ kind: "expose", cellIndex: 3, openAtMs: 100_000 });
  });

  it("is never begun before its window, and not held once the moment has passed", () => {
    const early = plan(99.9, [want(1, wish(0, null, { earliestMs: 101_000, latestMs: 200_000 }))]).act;
    expect(early).toMatchObject({ kind: "wait" });
    const late = plan(120, [want(1, wish(0, 100))]).act;
    expect(late).toMatchObject({ kind: "expose" });
    expect(late).not.toHaveProperty("openAtMs");
  });

  it("puts a sweep that is under way before the scheduler too", () => {
    const sweep: SweepState = { sweep: 2, startedAtMs: 0, latestMs: 600_000, remaining: [1, 2] };
    const first = plan(10, [want(1, wish(5, 500))], {}, sweep);
    expect(first.act).toMatchObject({ kind: "expose", cellIndex: 1, sweep: 2 });
    expect(first.state.remaining).toEqual([2]);
    expect(first.decided?.openCount).toBe(3);
  });

  it("says what was in the way of one that is missed", () => {
    const missed = plan(200, [want(1, wish(3, 100)), want(2, wish(4, 300))], {
      hindered: () => "no beam for machine beam",
    });
    expect(missed.missedWanted.map(({ wanted, text }) => [wanted.number, text])).toEqual([
      [1, "its window passed: no beam for machine beam"],
    ]);
    expect(missed.wanted.map(({ number }) => number)).toEqual([2]);
  });

  it("passes over a cell that is not fit, with the reason, and takes the next", () => {
    const eligibilityOfWanted = ({ number }: WantedExposure) =>
      number === 1
        ? ({ eligible: false, reason: "cell", text: "A1 is unproven", detail: {} } as const)
        : ({ eligible: true } as const);
    const result = plan(100, [want(1, wish(0, 100)), want(2, wish(1, 100))], { eligibilityOfWanted });
    expect(result.missedWanted).toMatchObject([{ reason: "cell", text: "A1 is unproven" }]);
    expect(result.act).toMatchObject({ kind: "expose", cellIndex: 1 });
  });

  it("without beam waits at a cell that is wanted, and lets time pass", () => {
    const obstacle = { reason: "machine beam", who: "machine" };
    const wanted = [want(1, wish(3, 100))];
    expect(plan(90, wanted, { obstacle }).act).toMatchObject({ kind: "wait", who: "machine", park: { cellIndex: 3 } });
    expect(plan(90, wanted, { obstacle, place: 3 }).act).not.toHaveProperty("park");
    const last = plan(160, wanted, { obstacle, place: 3 }).act;
    expect(last.kind === "wait" && last.untilMs > 160_000).toBe(true);
  });
});

describe("the window of a wish", () => {
  it("has moved only by what matters", () => {
    const before = wish(0, 100);
    expect(isMoved(before, { ...before, wantedMs: 100_500 })).toBe(false);
    expect(isMoved(before, { ...before, wantedMs: 103_000 })).toBe(true);
    expect(isMoved(before, { ...before, wantedMs: null })).toBe(true);
  });

  it("is answered by what opened near its moment with its preset", () => {
    expect(isNear(wish(0, 100), 110_000)).toBe(true);
    expect(isNear(wish(0, 100), 140_000)).toBe(false);
    expect(isNear(wish(0, 100), 110_000, "other")).toBe(false);
    expect(isNear(wish(0, null), 140_000)).toBe(true);
    expect(isNear(wish(0, 100), null)).toBe(false);
  });
});

describe("shares", () => {
  it("count what groups had of beam and of dose, the scarcer of both", () => {
    const account = createShareAccount({
      shares: [
        { group: "a", beamTime: 0.5, dose: null },
        { group: "b", beamTime: 0.5, dose: 0.25 },
      ],
    });
    expect(account.now().get("a")).toEqual({ share: 0.5, used: 0.5 });
    account.given("a", 30, 1);
    account.given("b", 10, 1);
    account.given("other", 60, 0);
    expect(account.now().get("a")?.used).toBeCloseTo(0.3);
    // A tenth of the beam, and a quarter of the dose: all of its share.
    expect(account.now().get("b")?.used).toBeCloseTo(0.5);
  });
});
