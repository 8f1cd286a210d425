import { describe, expect, it } from "vitest";
import { GUARD_MS, type CellFacts, type Moment, type RunningStep } from "../../../controller/triggers/cell-facts.ts";
import { createAskedMoments } from "../../../controller/triggers/asked-moments.ts";
import { commandedWish } from "../../../controller/triggers/commanded.ts";
import { createPeakFinder } from "../../../controller/triggers/dqdv-peak.ts";
import { momentsOf } from "../../../controller/triggers/moments.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { CampaignTrigger, ChargeReference } from "../../../protocols/campaign/trigger.ts";
import type { TechniqueStep } from "../../../protocols/echem/protocol.ts";
import { load, goodFiles } from "../../support/campaign-files.ts";

const loaded = load(goodFiles);
assert(loaded.kind === "loaded", "the good campaign is refused");
const { campaign } = loaded;
const [preset] = campaign.presets;
assert(preset !== undefined, "no preset");

const common = { name: "t", preset, cells: [], cycles: null, weight: 1, owner: null } as const;
const cell = { cellIndex: 0, stepIndexes: null } as const;
const seconds = (earlyS: number, lateS: number) => ({ in: "time", earlyS, lateS }) as const;
const NOW = 10_000_000;

const REST: TechniqueStep = { kind: "open-circuit-voltage", id: null, untilTimeS: 3600 };
const CHARGE: TechniqueStep = {
  ...{ kind: "constant-current", id: null, rateC: 0.2, currentMa: null },
  ...{ untilTimeS: null, untilVoltageV: 4.2 },
};

function running(step: TechniqueStep, more: Partial<RunningStep> = {}): RunningStep {
  const direction = step.kind === "constant-current" ? "charge" : null;
  return {
    ...{ stepIndex: 1, ordinal: 2, cycle: 1, step, direction, orderedA: direction === null ? NaN : 0.0008 },
    ...{ beganAtMs: NOW - 600_000, startedAtMs: NOW - 600_000, runsSinceMs: NOW - 600_000, isPaused: false },
    ...more,
  };
}

function facts(more: Partial<CellFacts>): CellFacts {
  return {
    ...{ position: "A1", nowMs: NOW, step: null, passed: [], isOver: false, stepRules: [], charge: null },
    ...{ voltageV: 3.6, currentA: 0.0008, slopeVS: NaN, forecast: null },
    ...{ nominalAh: 0.004, isMeasured: false, half: null },
    stepOf: (index) => [REST, CHARGE, REST][index] ?? null,
    curveS: () => NaN,
    ...more,
  };
}

const soc = (
  charge: readonly number[],
  discharge: readonly number[] = [],
  reference: ChargeReference = "last",
): CampaignTrigger => ({
  ...common,
  ...{ kind: "state-of-charge-grid", charge, discharge, reference },
  window: { in: "state-of-charge", early: 0.005, late: 0.01 },
});
/** At C/5 a thousandth takes 18 s. */
const counted = { value: 0.3, uncertainty: 0.02, capacityAh: 0.004, atMs: NOW - 4000 };

describe("a state of charge", () => {
  it("is reached when the current has moved the rest of the way, the middle of the exposure there", () => {
    const [mark, ...others] = momentsOf(soc([0.2, 0.32, 0.9]), cell, facts({ step: running(CHARGE), charge: counted }));
    expect(others).toEqual([]);
    expect(mark).toMatchObject({
      mark: "c1 charge 0.32",
      atMs: NOW - 4000 + 360_000,
      wantedMs: NOW - 4000 + 360_000 - 3000,
      earliestMs: NOW - 4000 + 360_000 - 90_000,
      latestMs: NOW - 4000 + 360_000 + 180_000,
    });
  });

  it("is wanted in its own direction, its own cycles and its own steps alone", () => {
    const now = facts({ step: running(CHARGE), charge: counted });
    expect(momentsOf(soc([], [0.32]), cell, now)).toEqual([]);
    expect(momentsOf({ ...soc([0.32]), cycles: [{ from: 2, to: null, every: 1 }] }, cell, now)).toEqual([]);
    expect(momentsOf(soc([0.32]), { cellIndex: 0, stepIndexes: [3] }, now)).toEqual([]);
  });

  it("is nowhere near while the step is paused", () => {
    expect(momentsOf(soc([0.32]), cell, facts({ step: running(CHARGE, { isPaused: true }), charge: counted }))).toEqual(
      [],
    );
  });

  it("goes by the forecast as long as it was not counted, and in steps to come", () => {
    const forecast = {
      ...({ madeAtMs: NOW, because: "step", pausedAtMs: null, isMeasured: false } as const),
      edges: [
        { ordinal: 2, step: 2, cycle: 1, endsAtMs: NOW + 600_000, spreadS: 60, endedBy: "voltage" as const },
        { ordinal: 3, step: 3, cycle: 1, endsAtMs: NOW + 900_000, spreadS: 60, endedBy: "time" as const },
      ],
      marks: [
        { stateOfCharge: 0.3, atMs: NOW + 100_000, spreadS: 60, ordinal: 2 },
        { stateOfCharge: 0.4, atMs: NOW + 300_000, spreadS: 60, ordinal: 2 },
      ],
    };
    const moments = momentsOf(soc([0.35, 0.9]), cell, facts({ step: running(CHARGE), forecast }));
    expect(moments.map(({ mark, atMs }) => [mark, atMs])).toEqual([["c1 charge 0.35", NOW + 200_000]]);
    expect(moments[0]?.what).toContain("by its forecast");
  });
});

describe("a state of charge by its reference", () => {
  const step = running(CHARGE);

  it("is none of the cell's own capacity before that was measured", () => {
    const own = soc([0.32], [], "measured");
    expect(momentsOf(own, cell, facts({ step, charge: counted }))).toEqual([]);
    const [mark] = momentsOf(own, cell, facts({ step, charge: counted, isMeasured: true }));
    expect(mark?.atMs).toBe(NOW - 4000 + 360_000);
    expect(mark?.what).toContain("of its measured 4 mAh");
  });

  it("is counted from where the half cycle began, if it is one of the nameplate's capacity, whatever the cell holds", () => {
    const half = { direction: "charge", movedAh: 0.0012, atMs: NOW - 4000 } as const;
    const [mark, ...others] = momentsOf(
      soc([0.2, 0.32], [0.9], "nameplate"),
      cell,
      facts({ step: running(CHARGE, { startedAtMs: NOW - 5_400_000 }), half, charge: { ...counted, value: 0.1 } }),
    );
    expect(others.map(({ mark: name }) => name)).toEqual(["c1 charge 0.32"]);
    expect(mark?.mark).toBe("c1 charge 0.2");
    expect(others[0]?.atMs).toBe(NOW - 4000 + 360_000);
    expect(others[0]?.what).toContain("of the nameplate's 4 mAh");
  });

  it("of the nameplate's capacity is known before the current begins that moves it", () => {
    const edge = { step: 1, cycle: 2, spreadS: 0, endedBy: "time" as const };
    const forecast = {
      ...({ madeAtMs: NOW, because: "step", pausedAtMs: null, isMeasured: false, marks: [] } as const),
      edges: [
        { ...edge, ordinal: 2, endsAtMs: NOW + 600_000 },
        { ...edge, ordinal: 3, step: 2, endsAtMs: NOW + 9_000_000, endedBy: "voltage" as const },
      ],
    };
    const rest = running(REST, { stepIndex: 0 });
    const half = { direction: "discharge", movedAh: 0.003, atMs: NOW } as const;
    const moments = momentsOf(soc([0.05], [0.5], "nameplate"), cell, facts({ step: rest, half, forecast }));
    expect(moments.map(({ mark, atMs }) => [mark, atMs - NOW])).toEqual([["c2 charge 0.05", 600_000 + 900_000]]);
  });
});

describe("a voltage", () => {
  const volts: CampaignTrigger = {
    ...common,
    ...{ kind: "voltage-grid", charge: [3.5, 3.7], discharge: [], window: seconds(15, 120) },
  };

  it("is expected by the slope of the samples where it is near, by the curve where it is not", () => {
    const step = running(CHARGE);
    const near = momentsOf(volts, cell, facts({ step, slopeVS: 0.001, curveS: () => 1000 }));
    expect(near.map(({ mark, atMs }) => [mark, Math.round(atMs - NOW)])).toEqual([["c1 charge 3.7V", 100_000]]);
    const far = momentsOf(volts, cell, facts({ step, slopeVS: 0.0001, curveS: () => 1500 }));
    expect(far.map(({ atMs }) => atMs - NOW)).toEqual([1_500_000]);
  });
});

describe("edges and rests", () => {
  const edge: CampaignTrigger = {
    ...common,
    ...{ kind: "step-edge", edges: ["before", "after"], window: seconds(0, 60) },
  };
  const late = {
    ...({ madeAtMs: NOW, because: "step", pausedAtMs: null, isMeasured: false, marks: [] } as const),
    edges: [{ ordinal: 2, step: 2, cycle: 1, endsAtMs: NOW + 2000, spreadS: 60, endedBy: "voltage" as const }],
  };

  it("that have not come are never exposed before they do", () => {
    const [before, after] = momentsOf(edge, cell, facts({ step: running(CHARGE), forecast: late }));
    expect(before).toMatchObject({ mark: "s2 before", atMs: NOW - 600_000 });
    expect(after?.mark).toBe("s2 after");
    expect((after?.earliestMs ?? 0) - NOW).toBeGreaterThanOrEqual(GUARD_MS);
  });

  it("that have come are wanted from then on", () => {
    const passed = [{ stepIndex: 1, ordinal: 2, cycle: 1, endedAtMs: NOW - 3000 }];
    const moments = momentsOf(
      edge,
      cell,
      facts({ passed, step: running(REST, { ordinal: 3, stepIndex: 2, beganAtMs: NOW }) }),
    );
    expect(moments.find(({ mark }) => mark === "s2 after")).toMatchObject({ earliestMs: NOW - 3000, isGuess: false });
  });

  it("leave room for the exposure before a rest is over", () => {
    const step = running(REST, { stepIndex: 2 });
    const [last] = momentsOf({ ...common, kind: "rest-end", window: seconds(60, 0) }, cell, facts({ step }));
    const endMs = step.startedAtMs + 3_600_000;
    expect(last?.latestMs).toBe(endMs - 6000 - 500);
    expect(last?.earliestMs).toBe(endMs - 66_000);
    const relaxation: CampaignTrigger = {
      ...common,
      kind: "relaxation",
      afterS: [60, 3596, 7200],
      window: seconds(5, 30),
    };
    const series = momentsOf(relaxation, cell, facts({ step }));
    // A rest of an hour has no room for one that would end after it.
    expect(series.map(({ mark }) => mark)).toEqual(["s2 60s", "s2 3596s"]);
    expect(series[1]?.latestMs).toBe(endMs - 6500);
  });
});

describe("the clock", () => {
  it("asks for cells that have begun, within each interval", () => {
    const grid: CampaignTrigger = { ...common, kind: "time-grid", everyS: 600, firstAfterS: 300, window: null };
    expect(momentsOf(grid, cell, facts({}))).toEqual([]);
    expect(
      momentsOf(grid, cell, facts({ isOver: true, passed: [{ stepIndex: 1, ordinal: 2, cycle: 1, endedAtMs: NOW }] })),
    ).toEqual([]);
    const moments = momentsOf(grid, cell, facts({ step: running(REST) }));
    expect(moments.map(({ mark }) => mark)).toEqual(["n17", "n18", "n19", "n20"]);
    expect(moments[0]).toMatchObject({ earliestMs: 9_900_000, wantedMs: null, latestMs: 10_500_000 });
  });
});

describe("what was asked", () => {
  const moment: Moment = {
    ...{ mark: "m", atMs: NOW + 60_000, earliestMs: NOW + 60_000, wantedMs: NOW + 60_000, latestMs: NOW + 90_000 },
    ...{ what: "a mark", scope: { kind: "half-cycle", cycle: 1, direction: "charge" }, isGuess: false },
  };
  const wishOf = ({ mark, earliestMs, wantedMs, latestMs, what }: Moment) => ({
    ...{ key: `t A1 ${mark}`, trigger: "t", cellIndex: 0, earliestMs, wantedMs, latestMs },
    ...{ presetName: "pattern", weight: 1, owner: null, reason: what },
  });
  const followed = {
    ...{ step: running(CHARGE), passed: [], half: { cycle: 1, direction: "charge" as const }, isOver: false },
    heard: () => true,
  };
  const about = (more: Partial<CellFacts> = {}, more2: object = {}) => ({
    trigger: "t",
    facts: facts(more),
    followed: { ...followed, ...more2 },
  });

  it("is said again when it has moved, put off while nothing says when it comes, and withdrawn when it cannot", () => {
    const asked = createAskedMoments();
    expect(asked.say([moment], about(), wishOf).asked).toHaveLength(1);
    expect(asked.say([moment], about(), wishOf).asked).toHaveLength(0);
    expect(asked.say([{ ...moment, wantedMs: NOW + 65_000 }], about(), wishOf).asked).toHaveLength(1);
    const later = about({ nowMs: NOW + 50_000 });
    const [putOff] = asked.say([], later, wishOf).asked;
    expect((putOff?.earliestMs ?? 0) - NOW - 50_000).toBeGreaterThan(GUARD_MS);
    const turned = about({}, { half: { cycle: 1, direction: "discharge" }, passed: [{ cycle: 1, ordinal: 2 }] });
    expect(asked.say([], turned, wishOf).withdrawn).toEqual([{ key: "t A1 m", reason: "it did not come to a mark" }]);
    expect(asked.say([moment], about(), wishOf).asked).toEqual([]);
  });

  it("is closed once it was met", () => {
    const asked = createAskedMoments();
    asked.say([moment], about(), wishOf);
    asked.close("t A1 m");
    expect(asked.say([{ ...moment, wantedMs: NOW }], about(), wishOf).asked).toEqual([]);
    expect(asked.come("t", moment, wishOf(moment))).toBeNull();
  });
});

describe("a peak of dQ/dV", () => {
  const rules = { fromV: 3.4, toV: 4.2, smoothV: 0.01, fall: 0.1 };

  /** Charge of a peak of this width at 3.8 V on a floor, in steps of a millivolt with a little noise. */
  function fed(sign: 1 | -1, peakAh: number): number | null {
    const finder = createPeakFinder(rules, sign);
    let chargeAh = 0;
    for (let index = 0; index <= 800; index += 1) {
      const voltageV = sign > 0 ? 3.4 + index / 1000 : 4.2 - index / 1000;
      chargeAh += (sign * (1 + peakAh * Math.exp(-(((voltageV - 3.8) / 0.05) ** 2)))) / 1e6;
      const noise = 0.0002 * Math.sin(7 * index);
      if (finder.point(voltageV + noise, chargeAh) !== null) return voltageV;
    }
    return null;
  }

  it("is told once it was passed, in either direction, and not where there is none", () => {
    expect(fed(1, 3)).toBeGreaterThan(3.8);
    expect(fed(1, 3)).toBeLessThan(3.86);
    expect(fed(-1, 3)).toBeLessThan(3.8);
    expect(fed(-1, 3)).toBeGreaterThan(3.74);
    expect(fed(1, 0)).toBeNull();
  });
});

describe("a command", () => {
  const by = { author: "mia", id: "c1" } as const;

  it("asks at once, with the sweep's preset where the campaign says nothing of it", () => {
    const answer = commandedWish(campaign, { by: "operator", position: "A1", ...by }, NOW);
    expect(answer).toMatchObject({
      ok: true,
      wish: { key: "operator A1 c1", presetName: "pattern", earliestMs: NOW, latestMs: NOW + 3_600_000 },
    });
  });

  it.each([
    ["operator", "H12", /no cell at H12/],
    ["operator", "B2", /dark control/],
    ["agent", "A1", /lets no agent ask/],
  ] as const)("is refused: %s for %s", (who, position, what) => {
    const answer = commandedWish(campaign, { by: who, position, ...by }, NOW);
    expect(answer.ok ? "" : answer.what).toMatch(what);
  });
});
