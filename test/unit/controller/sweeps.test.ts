import { describe, expect, it } from "vitest";
import {
  BEFORE_FIRST_SWEEP,
  planBeam,
  serpentineTour,
  sweepDueMs,
  type BeamFacts,
  type SweepState,
  type SweepTiming,
} from "../../../controller/beam/sweeps.ts";

const TIMING: SweepTiming = { firstAtMs: 1000, cadenceMs: 500, endAtMs: 3000, perExposureMs: 10 };

function facts(nowMs: number, changes: Partial<BeamFacts> = {}): BeamFacts {
  return { nowMs, obstacle: null, eligibility: () => ({ eligible: true }), tour: () => [0, 1, 2], ...changes };
}

function under(sweep: number, ...remaining: readonly number[]): SweepState {
  return { sweep, startedAtMs: 1000, latestMs: sweepDueMs(TIMING, sweep + 1), remaining };
}

describe("the timetable of sweeps", () => {
  it("is due at the first time and every cadence after", () => {
    expect([1, 2, 5].map((sweep) => sweepDueMs(TIMING, sweep))).toEqual([1000, 1500, 3000]);
  });

  it("waits for the first sweep, naming what for and until when", () => {
    expect(planBeam(TIMING, BEFORE_FIRST_SWEEP, facts(999))).toEqual({
      state: BEFORE_FIRST_SWEEP,
      act: { kind: "wait", reason: "sweep 1 to be due", who: "timetable", untilMs: 1000 },
      misses: [],
      begun: [],
    });
  });

  it("begins a sweep when it is due and exposes the first cell of its tour", () => {
    expect(planBeam(TIMING, BEFORE_FIRST_SWEEP, facts(1000))).toEqual({
      state: { sweep: 1, startedAtMs: 1000, latestMs: 1500, remaining: [1, 2] },
      act: { kind: "expose", cellIndex: 0, sweep: 1, latestMs: 1500 },
      misses: [],
      begun: [{ sweep: 1, startedAtMs: 1000, asked: [0, 1, 2] }],
    });
  });

  it("goes on along the tour, then waits for the next sweep", () => {
    const next = planBeam(TIMING, under(1, 2), facts(1300));
    expect(next.act).toMatchObject({ kind: "expose", cellIndex: 2 });
    expect(planBeam(TIMING, next.state, facts(1310)).act).toEqual({
      kind: "wait",
      reason: "sweep 2 to be due",
      who: "timetable",
      untilMs: 1500,
    });
  });

  it("gives up what a sweep that overran had left, by name, when the next is due", () => {
    const plan = planBeam(TIMING, under(1, 1, 2), facts(1500));
    expect(plan.misses.map(({ cellIndex, sweep, reason }) => [cellIndex, sweep, reason])).toEqual([
      [1, 1, "beam"],
      [2, 1, "beam"],
    ]);
    expect(plan.misses[0]?.text).toBe("its window passed before the beam was free");
    expect(plan.act).toMatchObject({ kind: "expose", cellIndex: 0, sweep: 2 });
  });

  it("asks every sweep that came due in a long outage, and misses all of it", () => {
    const plan = planBeam(TIMING, under(1, 2), facts(2100));
    expect(plan.begun.map((item) => item.sweep)).toEqual([2, 3]);
    expect(plan.misses.map(({ cellIndex, sweep }) => [cellIndex, sweep])).toEqual([
      [2, 1],
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
    expect(plan.act).toEqual({ kind: "expose", cellIndex: 0, sweep: 3, latestMs: 2500 });
  });
});

describe("a wait for the beam", () => {
  const obstacle = { reason: "machine beam", who: "machine" };

  it("names what is missing, who owes it, and ends when the next sweep is due", () => {
    const plan = planBeam(TIMING, under(1, 1, 2), facts(1200, { obstacle }));
    expect(plan.act).toEqual({ kind: "wait", ...obstacle, untilMs: 1500 });
    expect(plan.state.remaining).toEqual([1, 2]);
    expect(plan.misses).toEqual([]);
  });

  it("ends at the latest with the campaign", () => {
    const timing = { ...TIMING, endAtMs: 1400 };
    expect(planBeam(timing, under(1, 1), facts(1200, { obstacle })).act).toMatchObject({ untilMs: 1400 });
  });

  it("lasts to the end when the sweep that is due by then is not asked any more", () => {
    const timing = { ...TIMING, endAtMs: 1505 };
    expect(planBeam(timing, under(1, 1), facts(1502, { obstacle })).act).toMatchObject({ untilMs: 1505 });
    expect(planBeam(timing, under(1, 1), facts(1300, { obstacle })).act).toMatchObject({ untilMs: 1505 });
  });

  it("is not begun for cells that may not be exposed anyway", () => {
    const eligibility = () => ({ eligible: false, reason: "dose", text: "limit", detail: { spot: 1 } }) as const;
    const plan = planBeam(TIMING, under(1, 1, 2), facts(1200, { obstacle, eligibility }));
    expect(plan.misses).toEqual([
      { cellIndex: 1, sweep: 1, reason: "dose", text: "limit", detail: { spot: 1 } },
      { cellIndex: 2, sweep: 1, reason: "dose", text: "limit", detail: { spot: 1 } },
    ]);
    expect(plan.act).toMatchObject({ kind: "wait", who: "timetable" });
  });
});

describe("a cell that may not be exposed", () => {
  it("is missed with its own reason, and the beam goes to the next", () => {
    const plan = planBeam(
      TIMING,
      under(2, 0, 1, 2),
      facts(1600, {
        eligibility: (cellIndex, sweep) =>
          cellIndex < 2
            ? { eligible: false, reason: "cell", text: `cell ${cellIndex} of sweep ${sweep}`, detail: {} }
            : { eligible: true },
      }),
    );
    expect(plan.misses.map((miss) => miss.text)).toEqual(["cell 0 of sweep 2", "cell 1 of sweep 2"]);
    expect(plan.act).toMatchObject({ kind: "expose", cellIndex: 2 });
  });
});

describe("the end of the campaign", () => {
  it("misses what is left and ends", () => {
    const plan = planBeam(TIMING, under(4, 2), facts(3000));
    expect(plan.misses).toMatchObject([{ cellIndex: 2, sweep: 4, reason: "beam" }]);
    expect(plan.begun).toEqual([]);
    expect(plan.act).toEqual({ kind: "end" });
  });

  it("asks and misses the sweeps that came due while nobody planned: a hold hides nothing", () => {
    const plan = planBeam(TIMING, under(2, 2), facts(3100, { tour: () => [0] }));
    expect(plan.begun.map((item) => item.sweep)).toEqual([3, 4]);
    expect(plan.misses.map(({ cellIndex, sweep }) => [cellIndex, sweep])).toEqual([
      [2, 2],
      [0, 3],
      [0, 4],
    ]);
    expect(plan.act).toEqual({ kind: "end" });
  });

  it("asks for no sweep that could not begin its first exposure before", () => {
    const short = { ...TIMING, endAtMs: 1509 };
    expect(planBeam(short, under(1), facts(1400)).act).toEqual({ kind: "end" });
    const late = planBeam(short, under(1, 2), facts(1505));
    expect(late.begun).toEqual([]);
    expect(late.act).toMatchObject({ kind: "expose", cellIndex: 2, sweep: 1 });
    expect(planBeam({ ...short, endAtMs: 1510 }, under(1), facts(1505)).begun).toHaveLength(1);
  });

  it("comes at once when no sweep fits at all", () => {
    expect(planBeam({ ...TIMING, endAtMs: 900 }, BEFORE_FIRST_SWEEP, facts(0)).act).toEqual({ kind: "end" });
  });
});

describe("the tour of a sweep", () => {
  it.each([
    [1, 4],
    [2, 2],
    [2, 3],
    [3, 2],
    [2, 4],
    [3, 3],
  ])("over a full rack of %i x %i is the shortest there is", (rows, columns) => {
    const cells = rack(rows, columns);
    expect(lengthOf(cells, serpentineTour(cells, 1))).toBeCloseTo(shortest(cells), 9);
    expect(lengthOf(cells, serpentineTour(cells, 2))).toBeCloseTo(shortest(cells), 9);
  });

  it("visits each cell of the real rack once, stepping to a neighbour each time", () => {
    const cells = rack(8, 12);
    const tour = serpentineTour(cells, 1);
    expect([...tour].sort((a, b) => a - b)).toEqual(cells.map((_, index) => index));
    expect(lengthOf(cells, tour)).toBe(95);
  });

  it("begins where the last sweep ended", () => {
    const cells = rack(8, 12);
    for (let sweep = 1; sweep < 5; sweep += 1) {
      expect(serpentineTour(cells, sweep + 1)[0]).toBe(serpentineTour(cells, sweep).at(-1));
    }
  });

  it("gives the cells' own indices when the rack has holes", () => {
    const cells = [
      { row: 1, column: 0 },
      { row: 0, column: 2 },
      { row: 1, column: 2 },
      { row: 0, column: 0 },
    ];
    expect(serpentineTour(cells, 1)).toEqual([3, 1, 2, 0]);
    expect(serpentineTour(cells, 2)).toEqual([0, 2, 1, 3]);
    expect(serpentineTour([], 1)).toEqual([]);
  });
});

interface Place {
  readonly row: number;
  readonly column: number;
}

function rack(rows: number, columns: number): readonly Place[] {
  return Array.from({ length: rows * columns }, (_, index) => ({
    row: Math.floor(index / columns),
    column: index % columns,
  }));
}

function stepLength(from: Place | undefined, to: Place | undefined): number {
  if (from === undefined || to === undefined) return NaN;
  return Math.hypot(from.row - to.row, from.column - to.column);
}

function lengthOf(cells: readonly Place[], tour: readonly number[]): number {
  return tour.slice(1).reduce((sum, cell, index) => sum + stepLength(cells[tour[index] ?? -1], cells[cell]), 0);
}

/** Length of the shortest path over all cells, by trying every one that is not longer than the best so far. */
function shortest(cells: readonly Place[]): number {
  let best = Infinity;
  const go = (at: Place, left: readonly Place[], length: number): void => {
    if (length >= best) return;
    if (left.length === 0) best = length;
    for (const next of left) {
      go(
        next,
        left.filter((cell) => cell !== next),
        length + stepLength(at, next),
      );
    }
  };
  for (const start of cells) {
    go(
      start,
      cells.filter((cell) => cell !== start),
      0,
    );
  }
  return best;
}
