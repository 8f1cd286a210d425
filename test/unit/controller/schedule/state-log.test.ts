import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../../../controller/schedule/decide.ts";
import type { BeamRequest, ScheduleState } from "../../../../controller/schedule/schedule-state.ts";
import { createStateLog, createStateReplay } from "../../../../controller/schedule/state-log.ts";
import { changerTravel, stageTravel } from "../../../../controller/schedule/travel.ts";
import { canonicalJson, type Json } from "../../../../protocols/base/canonical-json.ts";

const CELLS = 6;
const places = Array.from({ length: CELLS }, (_, index) => ({
  xMm: 25 * (index % 3),
  yMm: 25 * Math.floor(index / 3),
}));
const WAYS = [
  stageTravel({ speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 }, places, { xMm: -10, yMm: -10 }, [
    { xMm: 0, yMm: 0 },
    { xMm: 1, yMm: 0 },
  ]),
  changerTravel(CELLS, { exchangeS: 12, fetchS: 4, hasSecondGripper: true, settleS: 1 }),
];

const request = fc.record({
  number: fc.integer({ min: 1, max: 12 }),
  isSweep: fc.boolean(),
  cellIndex: fc.integer({ min: 0, max: CELLS - 1 }),
  earliestMs: fc.integer({ min: -5000, max: 60_000 }),
  wantedMs: fc.option(fc.integer({ min: 0, max: 30_000 })),
  lengthMs: fc.double({ min: 100, max: 90_000, noNaN: true }),
  weight: fc.constantFrom(1, 2.5),
  group: fc.constantFrom("a", "b", null),
});

const step = fc.record({
  asked: fc.array(request, { maxLength: 10 }),
  left: fc.array(fc.constantFrom(Infinity, NaN, 0, 1, 3.5), { minLength: CELLS, maxLength: CELLS }),
  used: fc.double({ min: 0, max: 1, noNaN: true }),
  isBeamGone: fc.boolean(),
  isTurned: fc.boolean(),
  met: fc.nat(9),
});

describe("what the scheduler knew, from the log alone", () => {
  it("is the same state, so that the same is decided, whatever came and went since it was told last", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), fc.constantFrom(...WAYS), (steps, travel) => {
        const log = createStateLog();
        const replay = createStateReplay();
        let order: readonly string[] = [];
        steps.forEach(({ asked, left, used, isBeamGone, isTurned, met }, index) => {
          const nowMs = 1000.25 * index;
          const byId = new Map(
            asked.map(({ number, isSweep, cellIndex, earliestMs, wantedMs, lengthMs, weight, group }) => {
              const id = isSweep ? `S1-${number}` : `R${number}`;
              const times = {
                earliestMs,
                wantedMs: wantedMs === null ? null : earliestMs + wantedMs,
                latestMs: earliestMs + lengthMs,
              };
              const one: BeamRequest = { id, cellIndex, ...times, occupiesMs: 1000 / 3, weight, group };
              return [id, one] as const;
            }),
          );
          const requests = isTurned ? [...byId.values()].reverse() : [...byId.values()];
          const state: ScheduleState = {
            ...{ nowMs, place: index % CELLS, fetched: null, travel, requests, order },
            exposuresLeft: (cellIndex) => left[cellIndex] ?? NaN,
            beam: {
              missing: isBeamGone ? { reason: "the beam", who: "machine", untilMs: null } : null,
              stops: STOPS,
              losses: { perHour: 0.1, lastMs: 60_000 },
            },
            shares: new Map([["a", { share: 0.5, used }]]),
            lately: { met, missed: 1 },
          };
          const surroundings = log.surroundings(state);
          if (surroundings !== null)
            expect(replay.surroundings(throughLog(surroundings) as typeof surroundings)).toBe(true);
          const again = replay.state(throughLog(log.state(state)));
          expect(again).toBeDefined();
          expect(again?.requests).toEqual(requests);
          const decision = decide(state);
          if (again !== undefined) expect(decide(again)).toEqual(decision);
          ({ order } = decision);
        });
      }),
    );
  });

  it("is not guessed where the log does not begin with the whole", () => {
    const replay = createStateReplay();
    expect(replay.state({ now_ms: 5, place: 0 })).toBeUndefined();
    expect(replay.surroundings({ ways: "none" })).toBe(false);
  });
});

const STOPS = [{ fromMs: 5000, toMs: 6000, what: "top-up" }];

function throughLog(data: { readonly [key: string]: Json }): Json {
  return JSON.parse(canonicalJson(data)) as Json;
}
