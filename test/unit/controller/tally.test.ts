import { describe, expect, it } from "vitest";
import { createTally } from "../../../controller/run/tally.ts";

const VISIT = { xMm: 10, yMm: 20, exposureS: 6 };

function miss(sweep: number, reason: "dose" | "beam" | "cell") {
  return { cellIndex: 0, sweep, reason, text: "", detail: {} };
}

describe("the tally of requests", () => {
  it("counts each request as met, late or missed, and misses by reason", () => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 6);
    tally.exposed(1, 100, "made", true, "beam");
    tally.exposed(1, 200, "made", false, "beam");
    tally.exposed(1, 300, "partial", true, "beam");
    tally.exposed(1, 400, "aborted", true, "cell");
    tally.missed(miss(1, "dose"));
    tally.missed(miss(1, "beam"));
    expect(tally.requests).toEqual({
      asked: 6,
      met: 1,
      late: 1,
      missed: 4,
      missedByReason: { beam: 2, cell: 1, dose: 1 },
    });
    expect(tally.doseRefusedCount).toBe(1);
    expect(tally.exposures).toEqual({ made: 2, partial: 1, aborted: 1 });
  });

  it("counts a shutter failure as an exposure that gave photons", () => {
    const tally = createTally(0, 0);
    tally.exposed(1, 1, "shutter-failure", true, "beam");
    expect(tally.exposures).toEqual({ made: 0, partial: 1, aborted: 0 });
  });

  it("hands out counts that do not change later", () => {
    const tally = createTally(0, 0);
    const before = tally.requests;
    tally.missed(miss(1, "beam"));
    expect(before.missed).toBe(0);
    expect(before.missedByReason).toEqual({});
  });

  it("keeps each exposure for which the shutter was asked open where it is held against a truth, and else none", () => {
    const exposure = { positionIndex: 3, startMs: 1, endMs: 2 };
    const request = { positionIndex: 3, xMm: 0, yMm: 0, earliestMs: 0, latestMs: 9, exposureS: 1, filtersIn: [] };
    for (const keepsClaims of [true, false]) {
      const tally = createTally(0, 0, { keepsClaims });
      tally.accounted(exposure);
      tally.asked(request, 3);
      tally.retimed({ ...request, latestMs: 12 }, 3);
      expect(tally.accountedExposures).toEqual(keepsClaims ? [exposure] : []);
      expect(tally.askedRequests).toEqual(keepsClaims ? [{ ...request, latestMs: 12 }] : []);
    }
  });
});

describe("the record of sweeps", () => {
  it("goes from the first order to the last exposure, and begins where the last one ended", () => {
    const tally = createTally(1, 2, { sweepBoundS: ({ xMm, yMm }, visits) => 100 * xMm + 10 * yMm + visits.length });
    tally.sweepBegun(1, 2);
    expect(tally.sweepNumber).toBe(1);
    tally.ordered(1, 1000, VISIT);
    tally.exposed(1, 9000, "made", true, "beam");
    tally.ordered(1, 9000, { ...VISIT, xMm: 30 });
    tally.exposed(1, 17_000, "made", true, "beam");
    tally.sweepBegun(2, 1);
    tally.ordered(2, 20_000, VISIT);
    tally.exposed(2, 28_000, "made", true, "beam");
    expect(tally.finishedSweeps()).toMatchObject([
      { sweep: 1, askedCount: 2, startedAtMs: 1000, endedAtMs: 17_000, boundS: 122, isUndisturbed: true },
      { sweep: 2, askedCount: 1, startedAtMs: 20_000, endedAtMs: 28_000, boundS: 3201, visitCount: 1 },
    ]);
  });

  it("leaves out a sweep that never gave an order", () => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 2);
    tally.sweepBegun(2, 1);
    tally.ordered(2, 5, VISIT);
    tally.exposed(2, 9, "made", true, "beam");
    expect(tally.finishedSweeps().map((item) => item.sweep)).toEqual([2]);
    expect(tally.sweepNumber).toBe(2);
  });

  it("leaves out a sweep that is under way, or was when the run was stopped, and goes on with it", () => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 3);
    tally.ordered(1, 5000, VISIT);
    expect(tally.finishedSweeps()).toEqual([]);
    tally.exposed(1, 9000, "made", true, "beam");
    tally.missed(miss(1, "dose"));
    expect(tally.finishedSweeps()).toEqual([]);
    expect(tally.sweepNumber).toBe(1);
    tally.ordered(1, 9000, VISIT);
    tally.exposed(1, 13_000, "made", true, "beam");
    const whole = { sweep: 1, startedAtMs: 5000, endedAtMs: 13_000, visitCount: 2, isUndisturbed: true };
    expect(tally.finishedSweeps()).toMatchObject([whole]);
    expect(tally.finishedSweeps()).toHaveLength(1);
  });

  it("calls disturbed what the next sweep cut off, whose cells are told missed only after that one's begin", () => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 2);
    tally.ordered(1, 5, VISIT);
    tally.exposed(1, 9, "made", true, "beam");
    tally.sweepBegun(2, 2);
    tally.missed(miss(1, "beam"));
    expect(tally.finishedSweeps()).toMatchObject([{ sweep: 1, isUndisturbed: false }]);
  });

  it("that a restart cut counts once all its cells are accounted for, and one that exposed none does not", () => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 1);
    tally.cut();
    tally.missed(miss(1, "beam"));
    tally.sweepBegun(2, 2);
    tally.cut();
    tally.exposed(2, 9, "made", true, "beam");
    expect(tally.finishedSweeps()).toEqual([]);
    tally.ordered(2, 20, VISIT);
    tally.exposed(2, 29, "made", true, "beam");
    expect(tally.finishedSweeps()).toMatchObject([{ sweep: 2, isUndisturbed: false }]);
  });

  it.each([
    [
      "a beam miss",
      (tally: ReturnType<typeof createTally>) => {
        tally.missed(miss(1, "beam"));
      },
      false,
    ],
    [
      "a cell's miss",
      (tally: ReturnType<typeof createTally>) => {
        tally.missed(miss(1, "cell"));
      },
      false,
    ],
    [
      "a partial exposure",
      (tally: ReturnType<typeof createTally>) => {
        tally.exposed(1, 9, "partial", true, "beam");
      },
      false,
    ],
    [
      "a refusal for dose",
      (tally: ReturnType<typeof createTally>) => {
        tally.missed(miss(1, "dose"));
      },
      true,
    ],
    [
      "another sweep's miss",
      (tally: ReturnType<typeof createTally>) => {
        tally.missed(miss(2, "beam"));
        tally.exposed(1, 9, "made", true, "beam");
      },
      true,
    ],
  ])("is undisturbed or not after %s", (_, happen, isUndisturbed) => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 2);
    tally.ordered(1, 5, VISIT);
    happen(tally);
    tally.exposed(1, 20, "made", true, "beam");
    expect(tally.finishedSweeps()[0]?.isUndisturbed).toBe(isUndisturbed);
  });

  it("takes no order of another sweep", () => {
    const tally = createTally(0, 0);
    tally.sweepBegun(1, 2);
    tally.ordered(2, 5, VISIT);
    tally.exposed(2, 6, "made", true, "beam");
    expect(tally.finishedSweeps()).toEqual([]);
    expect(tally.requests.met).toBe(1);
  });
});
