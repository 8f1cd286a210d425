import { describe, expect, it } from "vitest";
import { createLatelyAccount } from "../../../../controller/schedule/lately-account.ts";
import { isOverloaded } from "../../../../controller/schedule/load-ahead.ts";
import { createOrderCost } from "../../../../controller/schedule/order-cost.ts";
import { quickestOrder } from "../../../../controller/schedule/quickest-order.ts";
import { soonestFirst } from "../../../../controller/schedule/simple-orders.ts";
import type { BeamRequest, ScheduleState } from "../../../../controller/schedule/schedule-state.ts";
import { gapS, stageTravel } from "../../../../controller/schedule/travel.ts";
import { createChance } from "../../../../simulator/chance/chance.ts";
import { rackTravel } from "../../../support/schedule/workloads.ts";

const TRAVEL = rackTravel();
const AHEAD_MS = 900_000;

/** So many requests a minute for half an hour, each for ten seconds of beam within five minutes. */
function asked(perMinute: number): readonly BeamRequest[] {
  return Array.from({ length: 30 * perMinute }, (_, index) => {
    const earliestMs = (60_000 * index) / perMinute;
    return {
      ...{ id: String(index), cellIndex: index % 96, earliestMs, wantedMs: null, latestMs: earliestMs + 300_000 },
      ...{ occupiesMs: 10_000, weight: 1, group: null },
    };
  });
}

function state(changes: Partial<ScheduleState> = {}): ScheduleState {
  return {
    ...{ nowMs: 0, place: 0, fetched: null, travel: TRAVEL, requests: [], exposuresLeft: () => Infinity },
    beam: { missing: null, stops: [], losses: null },
    ...{ shares: new Map(), lately: { met: 0, missed: 0 }, order: [] },
    ...changes,
  };
}

describe("more is asked than the beam has time for", () => {
  it("where the work ahead takes more than the time ahead", () => {
    expect(isOverloaded(state(), asked(4), AHEAD_MS)).toBe(false);
    expect(isOverloaded(state(), asked(7), AHEAD_MS)).toBe(true);
  });

  it("where the beam will be lost for part of the time", () => {
    const losses = { perHour: 2, lastMs: 600_000 };
    const beam = { missing: null, stops: [], losses };
    expect(isOverloaded(state(), asked(5), AHEAD_MS)).toBe(false);
    expect(isOverloaded(state({ beam }), asked(5), AHEAD_MS)).toBe(true);
  });

  it("where requests were missed lately, as long as there is enough to do", () => {
    const lately = { met: 80, missed: 10 };
    expect(isOverloaded(state(), asked(6), AHEAD_MS)).toBe(false);
    expect(isOverloaded(state({ lately }), asked(6), AHEAD_MS)).toBe(true);
    expect(isOverloaded(state({ lately }), asked(2), AHEAD_MS)).toBe(false);
  });
});

describe("the account of what was missed lately", () => {
  it("leaves out what had no beam, and forgets after a quarter of an hour", () => {
    const account = createLatelyAccount();
    account.beam(0, true);
    account.met(10_000);
    account.beam(20_000, false);
    account.beam(80_000, true);
    account.missed(100_000, { earliestMs: 0, latestMs: 100_000 });
    expect(account.now(100_000)).toEqual({ met: 1, missed: 0 });
    account.missed(200_000, { earliestMs: 100_000, latestMs: 200_000 });
    expect(account.now(200_000)).toEqual({ met: 1, missed: 1 });
    expect(account.now(950_000)).toEqual({ met: 0, missed: 1 });
    expect(account.now(1_200_000)).toEqual({ met: 0, missed: 0 });
  });
});

describe("the quickest order", () => {
  it("has as many exposures done as soon as the nearest neighbour has, or sooner", () => {
    let quicker = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const chance = createChance(seed);
      const count = 60;
      const place = Int32Array.from({ length: count }, () => Math.floor(96 * chance.uniform()));
      const candidates = {
        ...{ count, place, earliestS: new Float64Array(count), wantedS: new Float64Array(count).fill(NaN) },
        ...{ latestS: new Float64Array(count).fill(3600), safeS: new Float64Array(3 * count).fill(Infinity) },
        ...{ occupiesS: new Float64Array(count).fill(2), weight: new Float64Array(count).fill(1) },
        drawS: new Float64Array(count),
      };
      const costs = createOrderCost(candidates, TRAVEL, { place: 0, fetched: null }, [], 0);
      costs.timeIsShort();
      const doneS = (order: Int32Array): number => {
        costs.cost(order);
        return costs.opensS[23] ?? NaN;
      };
      const nearestS = doneS(soonestFirst(candidates, costs, { urgency: 0, habit: "opens" }));
      const quickestS = doneS(quickestOrder(candidates, costs, []));
      expect(quickestS, `seed ${seed}`).toBeLessThanOrEqual(nearestS + 1e-6);
      if (quickestS < nearestS - 0.1) quicker += 1;
    }
    expect(quicker).toBeGreaterThan(4);
  });
});

describe("the way between spots of one cell", () => {
  const stage = { speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 };
  const cells = [
    { xMm: 0, yMm: 0 },
    { xMm: 25, yMm: 0 },
  ];

  it("is reckoned with where a cell has several, and is the longest there is", () => {
    const spots = [-1, 0, 1].map((xMm) => ({ xMm, yMm: 0 }));
    const travel = stageTravel(stage, cells, undefined, spots);
    expect(gapS(travel, 0, 0, 5)).toBeCloseTo(2 * Math.sqrt(2 / 500) + 0.1, 9);
    expect(gapS(travel, 0, 1, 5)).toBe(gapS(stageTravel(stage, cells), 0, 1, 5));
  });

  it("is none where each cell has one", () => {
    expect(gapS(stageTravel(stage, cells, undefined, [{ xMm: 1, yMm: 1 }]), 1, 1, 5)).toBe(0);
  });
});
