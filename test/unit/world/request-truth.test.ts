import { describe, expect, it } from "vitest";
import { type AskedRequest, countFeasible, type RequestTruthDeps } from "../../../simulator/world/request-truth.ts";
import type { Opening } from "../../../simulator/world/shutter-truth.ts";
import { visitOverheadS, visitTimes } from "../../../simulator/world/sweep-bound.ts";

const SITE = {
  rack: { pitchMm: 25, originXMm: 0, originYMm: 0 },
  stage: { travelXMm: 300, travelYMm: 200, speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 },
  shutter: { travelS: 0.02, safetyShutterCloseS: 0.6 },
  detector: { readOutS: 0.001 },
};
const EXPOSURE_S = 8;
const OVERHEAD_S = visitOverheadS(SITE);

function deps(changes: Partial<RequestTruthDeps> = {}): RequestTruthDeps {
  return {
    outages: [],
    hasCell: () => true,
    openings: [],
    dose: { fractionWith: () => 0 },
    fluxPhS: 1e11,
    filterPasses: [],
    limitFractionMax: 1,
    overheadS: OVERHEAD_S,
    endMs: 3_600_000,
    ...changes,
  };
}

/** A sweep over the first cells of the rack within so many seconds. */
function sweep(count: number, windowS: number): readonly AskedRequest[] {
  return Array.from({ length: count }, (_, positionIndex) => ({
    positionIndex,
    xMm: 0,
    yMm: 0,
    earliestMs: 0,
    latestMs: windowS * 1000,
    exposureS: EXPOSURE_S,
    filtersIn: [],
  }));
}

function opening(positionIndex: number, startMs: number, litS = EXPOSURE_S, xMm = 0): Opening {
  const endMs = startMs + litS * 1000;
  return {
    startMs,
    endMs,
    litEndMs: endMs,
    orderedShutMs: endMs,
    deposits: [{ positionIndex, xMm, yMm: 0, photons: 8e11 }],
    photons: 8e11,
    peakPhS: 1e11,
    stageMoved: false,
    excessPhotons: 0,
  };
}

describe("what was feasible", () => {
  it("by a robot takes an exchange for each other cell, and none for the same one again", () => {
    const times = visitTimes(SITE, { moveS: 3 });
    expect(times.overheadS).toBeCloseTo(0.141, 9);
    expect(times.exchangeS).toBe(6);
    expect(countFeasible(sweep(10, 60), deps(times))).toBe(4);
    const again = sweep(10, 60).map((one) => ({ ...one, positionIndex: 3 }));
    expect(countFeasible(again, deps(times))).toBe(6);
  });

  it("takes from the site how long the way to the next cell takes, not more", () => {
    // 25 mm at 100 mm/s and 500 mm/s2 is 0.45 s, then settling, shutter both ways, read-out
    expect(OVERHEAD_S).toBeCloseTo(0.45 + 0.1 + 0.04 + 0.001, 9);
    const windowS = 96 * (EXPOSURE_S + OVERHEAD_S) + 0.01;
    expect(countFeasible(sweep(96, windowS), deps())).toBe(96);
    expect(countFeasible(sweep(96, windowS - EXPOSURE_S), deps())).toBe(95);
  });

  it("is never less than what was met in truth", () => {
    const outages = [{ fromMs: 0, toMs: 60_000 }];
    const asked = sweep(1, 60);
    expect(countFeasible(asked, deps({ outages }))).toBe(0);
    expect(countFeasible(asked, deps({ outages, openings: [opening(0, 10_000)] }))).toBe(1);
  });

  it.each([
    ["too short", opening(0, 10_000, 3)],
    ["on another cell", opening(1, 10_000)],
    ["beside the spot", opening(0, 10_000, EXPOSURE_S, 0.8)],
    ["after its time", opening(0, 55_000)],
  ])("does not count an exposure that was %s", (_, made) => {
    const outages = [{ fromMs: 0, toMs: 60_000 }];
    expect(countFeasible(sweep(1, 60), deps({ outages, openings: [made] }))).toBe(0);
  });

  it("does not let one that was met in spite of everything crowd out the others", () => {
    const [first, second] = sweep(2, 20);
    const outages = [{ fromMs: 0, toMs: 20_000, positionIndex: 0 }];
    const asked = [first, second].filter((request) => request !== undefined);
    expect(countFeasible(asked, deps({ outages, openings: [opening(0, 500)] }))).toBe(2);
  });
});
