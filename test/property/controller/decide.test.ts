import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../../controller/schedule/decide.ts";
import type { BeamRequest, Decision, ScheduleState } from "../../../controller/schedule/schedule-state.ts";
import { changerTravel, gapFromS, gapS } from "../../../controller/schedule/travel.ts";
import { rackTravel } from "../../support/schedule/workloads.ts";

const RACK = rackTravel();
const ROBOT = changerTravel(96, { exchangeS: 8, fetchS: 6, hasSecondGripper: true, settleS: 0.5 });
const CELLS = 12;
/** What adding up seconds is off by. */
const ROUNDING_MS = 0.01;

/** Windows of seconds to minutes, crowded, so that something is left out as a rule; some past, some never over. */
const request = fc.record({
  cell: fc.nat({ max: CELLS - 1 }),
  earliestMs: fc.integer({ min: -60_000, max: 120_000 }),
  widthMs: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
    { weight: 1, arbitrary: fc.constant(Infinity) },
    { weight: 1, arbitrary: fc.constant(NaN) },
  ),
  wanted: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  occupiesMs: fc.integer({ min: 100, max: 20_000 }),
  weight: fc.constantFrom(1, 1, 2, 0.5),
});

const situation = fc.record({
  asked: fc.array(request, { maxLength: 40 }),
  isRobot: fc.boolean(),
  place: fc.nat({ max: CELLS - 1 }),
  left: fc.array(fc.constantFrom(0, 1, 2, 5, Infinity, NaN), { minLength: CELLS, maxLength: CELLS }),
  isStopped: fc.boolean(),
  isLossy: fc.boolean(),
  lately: fc.record({ met: fc.nat({ max: 50 }), missed: fc.nat({ max: 20 }) }),
  known: fc.array(fc.nat({ max: 40 }), { maxLength: 10 }),
});

type Situation = typeof situation extends fc.Arbitrary<infer S> ? S : never;

function stateOf({ asked, isRobot, place, left, isStopped, isLossy, lately, known }: Situation): ScheduleState {
  const requests = asked.map(({ cell, earliestMs, widthMs, wanted, occupiesMs, weight }, index): BeamRequest => {
    const wantedMs = wanted === null || !Number.isFinite(widthMs) ? null : earliestMs + wanted * widthMs;
    const latestMs = earliestMs + widthMs;
    return { id: String(index), cellIndex: 7 * cell, earliestMs, wantedMs, latestMs, occupiesMs, weight, group: null };
  });
  return {
    ...{
      nowMs: 0,
      place: 7 * place,
      fetched: null,
      travel: isRobot ? ROBOT : RACK,
      requests,
      shares: new Map(),
      lately,
    },
    exposuresLeft: (cellIndex) => left[cellIndex / 7] ?? NaN,
    beam: {
      missing: null,
      stops: isStopped ? [{ fromMs: 20_000, toMs: 50_000, what: "injection" }] : [],
      losses: isLossy ? { perHour: 1, lastMs: 60_000 } : null,
    },
    order: [...new Set(known)].map(String),
  };
}

function expectPossible(state: ScheduleState, { act, timetable, passedOver, order }: Decision): void {
  const { travel, requests, beam } = state;
  // Each request has its place or a reason, and only one.
  const ids = [...timetable, ...passedOver].map(({ request: one }) => one.id);
  expect([...ids].sort()).toEqual(requests.map(({ id }) => id).sort());
  expect(new Set(order).size).toBe(order.length);
  const given = new Map<number, number>();
  let freeMs = 0;
  let before: BeamRequest | null = null;
  for (const { request: one, openAtMs } of timetable) {
    const wayS: number =
      before === null
        ? gapFromS(travel, state, one.cellIndex)
        : gapS(travel, before.cellIndex, one.cellIndex, before.occupiesMs / 1000);
    expect(openAtMs).toBeGreaterThanOrEqual(freeMs + 1000 * wayS - ROUNDING_MS);
    expect(openAtMs).toBeGreaterThanOrEqual(one.earliestMs - ROUNDING_MS);
    expect(openAtMs).toBeLessThanOrEqual(one.latestMs + ROUNDING_MS);
    for (const { fromMs, toMs } of beam.stops) {
      expect(openAtMs >= toMs - ROUNDING_MS || openAtMs + one.occupiesMs <= fromMs + ROUNDING_MS).toBe(true);
    }
    freeMs = openAtMs + one.occupiesMs;
    before = one;
    given.set(one.cellIndex, (given.get(one.cellIndex) ?? 0) + 1);
  }
  for (const [cellIndex, count] of given) expect(count <= state.exposuresLeft(cellIndex)).toBe(true);
  if (act.kind === "expose") expect(timetable[0]?.request).toBe(act.request);
}

describe("whatever is asked of the beam", () => {
  it("each request has one place, within its window, the way, the stops and its cell's dose, or a reason for none", () => {
    fc.assert(
      fc.property(situation, (one) => {
        const state = stateOf(one);
        expectPossible(state, decide(state));
      }),
      { numRuns: 150 },
    );
  });

  it("the same state gives the same answer and is left as it was", () => {
    fc.assert(
      fc.property(situation, (one) => {
        const state = stateOf(one);
        const asked = JSON.stringify(state.requests);
        expect(decide(state)).toEqual(decide(stateOf(one)));
        expect(JSON.stringify(state.requests)).toBe(asked);
      }),
      { numRuns: 50 },
    );
  });
});
