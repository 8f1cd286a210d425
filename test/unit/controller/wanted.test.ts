import { describe, expect, it } from "vitest";
import { BEFORE_FIRST_SWEEP, type SweepTiming } from "../../../controller/beam/sweeps.ts";
import { planWithWanted, type WantedExposure, type WantedFacts } from "../../../controller/beam/wanted.ts";

const TIMING: SweepTiming = { firstAtMs: 1000, cadenceMs: 500, endAtMs: 3000, perExposureMs: 10 };

function want(number: number, latestMs: number, cellIndex = number): WantedExposure {
  return { number, cellIndex, position: `A${cellIndex}`, reason: "before step 2", askedAtMs: 100, latestMs };
}

function plan(nowMs: number, changes: Partial<WantedFacts>, before = BEFORE_FIRST_SWEEP) {
  return planWithWanted(TIMING, before, {
    nowMs,
    obstacle: null,
    eligibility: () => ({ eligible: true }),
    eligibilityOfWanted: () => ({ eligible: true }),
    tour: () => [0, 1],
    wanted: [],
    mayBeAsked: true,
    ...changes,
  });
}

const obstacle = { reason: "machine beam", who: "machine" };

describe("exposures that steps ask for", () => {
  it("go first, the one with the least time before the others, and before the sweep under way", () => {
    const [one, two] = [want(1, 900), want(2, 800)];
    const first = plan(200, { wanted: [one, two] });
    expect(first.act).toMatchObject({ kind: "expose", cellIndex: 2, latestMs: 800, wanted: two });
    expect(first.wanted).toEqual([one]);
    const sweep = { sweep: 1, startedAtMs: 1000, latestMs: 1500, remaining: [0, 1] };
    const meanwhile = plan(1200, { wanted: [want(3, 1900)] }, sweep);
    expect(meanwhile.act).toMatchObject({ kind: "expose", cellIndex: 3 });
    expect(meanwhile.state).toEqual(sweep);
    expect(plan(1200, {}, sweep).act).toMatchObject({ kind: "expose", cellIndex: 0 });
  });

  it("are missed when their time has passed, by name, and all of them at the end", () => {
    const late = plan(900, { wanted: [want(1, 900), want(2, 950)] });
    expect(late.missedWanted.map(({ wanted, reason }) => [wanted.number, reason])).toEqual([[1, "beam"]]);
    expect(late.act).toMatchObject({ wanted: { number: 2 } });
    const over = plan(3000, { wanted: [want(4, 9000)] });
    expect(over.missedWanted.map(({ wanted }) => wanted.number)).toEqual([4]);
    expect(over.wanted).toEqual([]);
    expect(over.act).toEqual({ kind: "end" });
  });

  it("are refused by the dose of their cell, with what was said", () => {
    const eligibilityOfWanted = () =>
      ({ eligible: false, reason: "dose", text: "no more", detail: { spot: 3 } }) as const;
    const refused = plan(200, { wanted: [want(1, 900)], eligibilityOfWanted });
    expect(refused.missedWanted).toEqual([
      { wanted: want(1, 900), reason: "dose", text: "no more", detail: { spot: 3 } },
    ]);
    expect(refused.act).toMatchObject({ kind: "wait", who: "timetable" });
  });

  it("wait for the beam under its name, no longer than their own time or the next sweep", () => {
    expect(plan(200, { wanted: [want(1, 700)], obstacle }).act).toEqual({
      ...{ kind: "wait", untilMs: 700 },
      ...obstacle,
    });
    expect(plan(200, { wanted: [want(1, 7000)], obstacle }).act).toMatchObject({ untilMs: 1000, ...obstacle });
    expect(plan(200, { wanted: [want(1, 700)], obstacle }).wanted).toHaveLength(1);
  });

  it("keep the beam at hand after the last sweep, as long as a cell may ask", () => {
    const last = { sweep: 4, startedAtMs: 2500, latestMs: 3000, remaining: [] };
    expect(plan(2995, {}, last).act).toEqual({
      ...{ kind: "wait", reason: "somebody to ask for an exposure" },
      ...{ who: "cells and triggers", untilMs: 3000 },
    });
    expect(plan(2995, { mayBeAsked: false }, last).act).toEqual({ kind: "end" });
  });
});
