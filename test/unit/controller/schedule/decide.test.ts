import { describe, expect, it } from "vitest";
import { decide } from "../../../../controller/schedule/decide.ts";
import type { BeamRequest, ScheduleState } from "../../../../controller/schedule/schedule-state.ts";
import { changerTravel, gapS } from "../../../../controller/schedule/travel.ts";
import { rackTravel } from "../../../support/schedule/workloads.ts";

const TRAVEL = rackTravel();
const SHADOW = 96;

function request(cellIndex: number, changes: Partial<BeamRequest> = {}): BeamRequest {
  return {
    ...{ id: `cell ${cellIndex}`, cellIndex, earliestMs: 0, wantedMs: null, latestMs: 600_000 },
    ...{ occupiesMs: 6000, weight: 1, group: null, ...changes },
  };
}

function state(requests: readonly BeamRequest[], changes: Partial<ScheduleState> = {}): ScheduleState {
  return {
    ...{ nowMs: 0, place: 0, fetched: null, travel: TRAVEL, requests, exposuresLeft: () => Infinity },
    beam: { missing: null, stops: [], losses: null },
    ...{ shares: new Map(), lately: { met: 0, missed: 0 }, order: [] },
    ...changes,
  };
}

const noBeam = { reason: "machine beam", who: "machine", untilMs: null };

describe("the next act of the beam", () => {
  it("is an exposure of what is open, as soon as the stage is there", () => {
    const { act } = decide(state([request(1)]));
    expect(act).toMatchObject({ kind: "expose", openAtMs: 1000 * gapS(TRAVEL, 0, 1, 0) });
  });

  it("leaves for the cell so that the shutter opens at the wanted moment, neither before nor after", () => {
    const wanted = request(11, { wantedMs: 60_000, earliestMs: 30_000 });
    const before = decide(state([wanted])).act;
    const leaveMs = 60_000 - 1000 * gapS(TRAVEL, 0, 11, 0);
    expect(before).toMatchObject({ kind: "wait", untilMs: leaveMs, place: 0, reason: "the wanted moment" });
    expect(decide(state([wanted], { nowMs: leaveMs })).act).toMatchObject({ kind: "expose", openAtMs: 60_000 });
  });

  it("waits in the shadow when there is long to wait, and is back in time", () => {
    const { act } = decide(state([request(95, { earliestMs: 500_000, wantedMs: 550_000 })]));
    const backMs = 1000 * gapS(TRAVEL, SHADOW, 95, 0);
    expect(act).toMatchObject({ kind: "wait", place: SHADOW, untilMs: 550_000 - backMs });
  });

  it("looks again when a request comes near whose window begins before the wanted moment for which it waits", () => {
    const late = request(95, { earliestMs: 0, wantedMs: 1_700_000, latestMs: 3_000_000 });
    const crowd = Array.from({ length: 21 }, (_, cell) =>
      request(cell, { earliestMs: 1_400_000, wantedMs: 1_690_000, latestMs: 1_700_000 }),
    );
    const first = decide(state([late, ...crowd]));
    expect(first.act).toMatchObject({ kind: "wait", untilMs: 500_000 });
    const { timetable } = decide(state([late, ...crowd], { nowMs: 500_000, place: SHADOW, order: first.order }));
    expect(timetable).toHaveLength(22);
  });

  it("waits in the shadow for the next request when nothing is asked", () => {
    expect(decide(state([])).act).toMatchObject({ kind: "wait", place: SHADOW, who: "triggers", untilMs: Infinity });
  });

  it("puts what is wanted at one moment around it, and not all behind it", () => {
    const crowd = Array.from({ length: 9 }, (_, cell) =>
      request(cell, { earliestMs: 0, wantedMs: 300_000, latestMs: 600_000 }),
    );
    const opens = decide(state(crowd)).timetable.map(({ openAtMs }) => openAtMs - 300_000);
    expect(opens).toHaveLength(9);
    expect(opens.filter((off) => off < 0).length).toBeGreaterThanOrEqual(4);
    expect(Math.abs(opens.reduce((sum, off) => sum + off, 0) / 9)).toBeLessThan(1000);
  });

  it("goes first where the window ends first when both can only be met that way", () => {
    const urgent = request(90, { latestMs: 5000 });
    const { timetable, passedOver } = decide(state([request(1), request(2), urgent]));
    expect(timetable.map(({ request: one }) => one.cellIndex)[0]).toBe(90);
    expect(passedOver).toEqual([]);
  });

  it("says what it passed over: a window that is gone, one that nothing is left for", () => {
    const gone = request(5, { latestMs: 999 });
    const twoAtOnce = [request(1, { latestMs: 2000 }), request(2, { latestMs: 2000 })];
    const { passedOver, timetable } = decide(state([gone, ...twoAtOnce], { nowMs: 1000 }));
    expect(passedOver.map(({ reason }) => reason)).toEqual(["window-passed", "no-place"]);
    expect(timetable).toHaveLength(1);
  });

  it("leaves out, of two that exclude each other, the one that weighs less", () => {
    const light = request(1, { latestMs: 1500 });
    const heavy = request(2, { latestMs: 1500, weight: 3 });
    expect(decide(state([light, heavy])).timetable.map(({ request: one }) => one)).toEqual([heavy]);
  });

  it("goes by a group's share where only one of two can be met", () => {
    const groups = [request(1, { latestMs: 1500, group: "a" }), request(2, { latestMs: 1500, group: "b" })];
    const shares = (a: number): ScheduleState["shares"] =>
      new Map([
        ["a", { share: 0.5, used: a }],
        ["b", { share: 0.5, used: 1 - a }],
      ]);
    const first = (a: number): string | null | undefined =>
      decide(state(groups, { shares: shares(a) })).timetable[0]?.request.group;
    expect([first(0.9), first(0.1)]).toEqual(["b", "a"]);
  });

  it("keeps a cell's last exposure for what weighs more, and gives none where the dose left is not known", () => {
    const asked = [request(1, { id: "light" }), request(1, { id: "heavy", weight: 2, earliestMs: 50_000 })];
    const last = decide(state(asked, { exposuresLeft: () => 1 }));
    expect(last.timetable.map(({ request: one }) => one.id)).toEqual(["heavy"]);
    expect(last.passedOver).toMatchObject([{ request: { id: "light" }, reason: "dose" }]);
    expect(decide(state(asked, { exposuresLeft: () => NaN })).timetable).toEqual([]);
  });

  it("waits at the cell that is next while there is no beam, and says who owes it", () => {
    const beam = { missing: noBeam, stops: [], losses: null };
    expect(decide(state([request(7)], { beam })).act).toMatchObject({
      ...{ kind: "wait", place: 7, reason: "machine beam", who: "machine" },
    });
  });

  it("begins nothing that an announced stop would cut short", () => {
    const stops = [{ fromMs: 4000, toMs: 64_000, what: "injection" }];
    const { act, timetable } = decide(state([request(1)], { beam: { missing: null, stops, losses: null } }));
    expect(act.kind).toBe("wait");
    expect(timetable[0]?.openAtMs).toBe(64_000);
  });

  it("opens early where the beam may be lost for longer than the window would wait", () => {
    const wanted = request(1, { wantedMs: 300_000 });
    const losses = { perHour: 1, lastMs: 300_000 };
    const { timetable } = decide(state([wanted], { beam: { missing: null, stops: [], losses } }));
    expect(timetable[0]?.openAtMs).toBe(150_000);
  });

  it("counts on the cell that a robot has in its other gripper", () => {
    const robot = { exchangeS: 8, fetchS: 6, hasSecondGripper: true, settleS: 0 };
    const travel = changerTravel(4, robot);
    const both = [request(1), request(2)];
    const { act } = decide(state(both, { travel, fetched: 2 }));
    expect(act).toMatchObject({ kind: "expose", request: { cellIndex: 2 }, openAtMs: 8000 });
  });

  it("does not depend on anything but the state", () => {
    const asked = Array.from({ length: 60 }, (_, cell) =>
      request(cell, { wantedMs: ((cell * 37) % 60) * 8000, latestMs: 600_000 }),
    );
    expect(decide(state(asked))).toEqual(decide(state(asked)));
  });
});
