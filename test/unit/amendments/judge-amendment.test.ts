import { describe, expect, it } from "vitest";
import type { CampaignProgress } from "../../../controller/amendments/amendment.ts";
import { createProgressFold } from "../../../controller/amendments/campaign-progress.ts";
import { differences } from "../../../controller/amendments/json-differences.ts";
import { judgeAmendment } from "../../../controller/amendments/judge-amendment.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { parseOccupant, positionAt } from "../../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../../protocols/campaign/campaign.ts";
import { broughtDose } from "../../../controller/dose/brought-dose.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { whatIf } from "../../../tui/amend/what-if.ts";
import { contextOf, load, repositoryText } from "../../support/campaign-files.ts";

const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};
const loaded = load(FILES, "small.yaml");
assert(loaded.kind === "loaded", "refused");
const { campaign, site } = loaded;

const AT_BEGIN: CampaignProgress = {
  ...{ atMs: 0, startMs: campaign.startMs, isComplete: false, begunIndex: new Map() },
  ...{ over: new Set<string>(), ended: new Set<string>() },
  ...{ rows: [], spotPlan: undefined, requests: [], positions: campaign.cells.map(({ position }) => position) },
};

function eachCell(change: (cell: CampaignCell) => Partial<CampaignCell>): Campaign {
  return { ...campaign, cells: campaign.cells.map((cell) => ({ ...cell, ...change(cell) })) };
}

function judged(proposed: Campaign, progress: Partial<CampaignProgress> = {}) {
  const { changes, refusals } = judgeAmendment(campaign, proposed, { ...AT_BEGIN, ...progress });
  return {
    changes: changes.map(
      ({ path, positions, from, to, isRaised }) =>
        `${path} ${JSON.stringify(from)} ${JSON.stringify(to)} ${positions.length}${isRaised === true ? " raised" : ""}`,
    ),
    refusals: refusals.map(({ where, what, advice }) => {
      expect(advice).not.toBe("");
      return `${where}: ${what}`;
    }),
  };
}

describe("an amendment", () => {
  it("that changes nothing is told so", () => {
    expect(judged(structuredClone(campaign))).toEqual({ changes: [], refusals: [] });
  });

  it("may have another end, other presets and triggers, and tells each by its place and both its values", () => {
    const presets = campaign.presets.map((preset) => ({ ...preset, exposureS: 4 }));
    const told = judged({ ...campaign, presets, durationS: 7200, timeZone: "Europe/Paris" }, { atMs: 3_600_000 });
    expect(told.refusals).toEqual([]);
    expect(told.changes).toEqual([
      'timezone null "Europe/Paris" 0',
      "duration_h 10800 7200 0",
      "presets.pattern.exposure_s 5 4 0",
    ]);
    expect(judged({ ...campaign, durationS: 1800 }, { atMs: 3_600_000 }).refusals.join()).toMatch(
      /duration_h: 0.5 h are over already/,
    );
  });

  it("leaves alone by what everything so far was planned", () => {
    const others: readonly (readonly [Partial<Campaign>, RegExp])[] = [
      [{ name: "other" }, /^campaign: /],
      [{ startMs: 0 }, /^start: /],
      [{ doseUncertainty: { ...campaign.doseUncertainty, stack: 0.5 } }, /^uncertainty: /],
      [{ sweeps: campaign.sweeps.map((sweep) => ({ ...sweep, firstAfterS: 600 })) }, /^triggers: the sweeps are on/],
      [{ sweeps: [] }, /^triggers: the sweep cannot be dropped/],
    ];
    for (const [change, what] of others) expect(judged({ ...campaign, ...change }).refusals[0]).toMatch(what);
    const presets = campaign.presets.map((preset) => ({ ...preset, spots: preset.spots.slice(1) }));
    const sweeps = campaign.sweeps.map((sweep) => ({ ...sweep, preset: presets[0] ?? sweep.preset }));
    expect(judged({ ...campaign, presets, sweeps }).refusals.join()).toMatch(/presets: the spots .* would be others/);
    expect(judged(campaign, { isComplete: true }).refusals.join()).toMatch(/it has ended/);
  });

  it("keeps every cell where and what it is, and may withdraw one", () => {
    const [first, ...rest] = campaign.cells;
    assert(first !== undefined, "no cells");
    expect(judged({ ...campaign, cells: rest }).refusals.join()).toMatch(/cells: A1 are no longer there/);
    const added = { ...first, position: positionAt(95), barcode: "R-H12" };
    expect(judged({ ...campaign, cells: [...campaign.cells, added] })).toEqual({
      changes: ["cells null 1 1"],
      refusals: [],
    });
    expect(judged(eachCell(() => ({ chemistry: "lfp-graphite" }))).refusals).toEqual([
      "cells A1..A5, B1..B5 chemistry: what a cell is cannot be amended",
    ]);
    const withdrawn = eachCell(({ position }) =>
      position === "A2" ? { isWithdrawn: true, role: "dark-control" } : {},
    );
    expect(judged(withdrawn)).toEqual({ changes: ["withdrawn false true 1"], refusals: [] });
    const { refusals } = judgeAmendment(withdrawn, campaign, AT_BEGIN);
    expect(refusals.map(({ what }) => what)).toEqual(["a cell that was withdrawn does not come back"]);
  });
});

describe("a cell that takes another's place", () => {
  const named = (name: string): CampaignCell["position"] => {
    const found = parseOccupant(name);
    assert(found !== undefined, name);
    return found;
  };
  const [first] = campaign.cells;
  assert(first !== undefined, "no cells");
  const gone = eachCell(({ position }) => (position === "A1" ? { isWithdrawn: true, role: "dark-control" } : {}));
  const follows = (change: Partial<CampaignCell>): Campaign => ({
    ...gone,
    cells: [...gone.cells, { ...first, position: named("A1.2"), barcode: "N-1", ...change }],
  });
  const over = new Set(["A1"]);
  const isOver = { over, ended: over };

  it("comes where that one is over, is of its group, and is itself when it comes back", () => {
    expect(judged(follows({}), isOver)).toEqual({
      changes: ["cells null 1 1", "withdrawn false true 1"],
      refusals: [],
    });
    expect(judged(follows({ barcode: first.barcode }), isOver).refusals).toEqual([]);
    const wrong: readonly (readonly [Partial<CampaignCell>, ReadonlySet<string>, string])[] = [
      [{ position: named("A1.3") }, over, "cells A1.3: A1.2 is no cell of the campaign yet"],
      [{ group: "others" }, over, "cells A1.2: the place is one of default, whose users see what is there"],
      [{ barcode: "R-A2" }, over, "cells A1.2: R-A2 lies at A2, and is not over there"],
      [{ barcode: "R-A1", stackName: "thin" }, over, "cells A1.2 stack: stack of R-A1 is another than at A1"],
    ];
    // Withdrawn by the same amendment it is off before anybody has access.
    expect(judged(follows({})).refusals).toEqual([]);
    const still = { ...follows({}), cells: [...campaign.cells, ...follows({}).cells.slice(-1)] };
    expect(judged(still).refusals).toEqual(["cells A1.2: R-A1 has this place, and is not over"]);
    for (const [change, ended, what] of wrong) {
      expect(judged(follows(change), { over: ended, ended }).refusals.join()).toContain(what);
    }
    const kept = { ...campaign, custodyPath: "custody" };
    const { refusals } = judgeAmendment(kept, { ...follows({}), custodyPath: "custody" }, { ...AT_BEGIN, ...isOver });
    expect(refusals.map(({ what }) => what)).toEqual(["custody is kept of the cells, and by their places"]);
  });

  it("does not come back before the controller has seen it off: ordered off while none ran it may cycle on", () => {
    const notOff = "R-A1 was ordered off, and its channel has not confirmed it off yet";
    expect(judged(follows({ position: positionAt(95), barcode: first.barcode }), { over }).refusals).toEqual([
      `cells H12: ${notOff}`,
    ]);
  });

  it("does not come back to limits that it has passed by what it was given, wherever its spots lie since", () => {
    const back = (doseGy: number): Campaign => {
      const doseLimits = first.doseLimits.map((limit) => ({ ...limit, doseGy }));
      return follows({ barcode: first.barcode, doseLimits });
    };
    const lone = (dxMm: number, dyMm: number): number => (dxMm === 0 && dyMm === 0 ? 1 : 0);
    const spotPlan = { spots: [0, 1].map((xMm) => ({ xMm, yMm: 0 })), relativeFluence: lone, earlier: new Map() };
    const rows = rowsOf(1200).map((row) => ({ ...row, position: named("A1") }));
    const progress = {
      ...isOver,
      rows: [...rows, ...rows.map((row) => ({ ...row, exposureId: "X-2", spotIndex: 1, spotXMm: 1 }))],
    };
    expect(judged(back(1500), { ...progress, spotPlan }).refusals).toEqual([]);
    expect(judged(back(1400), { ...progress, spotPlan }).refusals).toEqual([
      expect.stringMatching(/A1\.2 spot 0: already spent: .* may have 1440 Gy, its limit is 1400 Gy/),
      expect.stringMatching(/A1\.2 spot 1: already spent/),
    ]);
  });

  it("is forecast with the dose that it had, where it comes back, and another with none", () => {
    const tables = contextOf(FILES).attenuationTables();
    const rows = rowsOf(5000).map((row) => ({ ...row, position: named("A1") }));
    const limited = (barcode: string): Campaign =>
      follows({ barcode, doseLimits: first.doseLimits.map((limit) => ({ ...limit, doseGy: 6000 })) });
    const refusedFrom = (proposed: Campaign): number => {
      const { forecast } = checkCampaign(proposed, site, tables, "", broughtDose(proposed.cells, rows));
      const own = forecast.dose.find(({ positions }) => positions.includes(named("A1.2")));
      return own?.binding?.refusedFromSweep ?? Infinity;
    };
    expect(refusedFrom(limited(first.barcode))).toBeLessThan(refusedFrom(limited("N-1")));
    const texts = (proposed: Campaign) => whatIf(campaign, proposed, site, tables, rows).map(({ after }) => after);
    expect(texts(limited(first.barcode)).join()).not.toBe(texts(limited("N-1")).join());
  });
});

function rowsOf(surfaceGy: number): CampaignProgress["rows"] {
  const row = {
    ...{ exposureId: "X-S0001-B5", kind: "settlement" as const, position: "B5", spotIndex: 0 },
    ...{ spotXMm: 0, spotYMm: 0, cycle: 1, atMs: 1, openTimeS: 5, fluencePhCm2: 1e12, fluxPhS: 1e11 },
    ...{ relativeUncertainty: 0.2, filtersIn: [], filterTransmission: 1, fluxSource: "monitor" as const },
    ...{ convention: "en" as const, reason: "measured", bookingSeq: null },
    layerDosesGy: [{ layer: "positive electrode", surfaceGy, meanGy: surfaceGy / 1.2 }],
  };
  return [row] as unknown as CampaignProgress["rows"];
}

describe("a dose limit", () => {
  const limited = (doseGy: number) =>
    eachCell(({ doseLimits }) => ({
      doseLimits: doseLimits.map((limit) => (limit.doseGy === 2000 ? { ...limit, doseGy } : limit)),
    }));

  it("that is raised, or dropped, is marked: somebody answers for it by name", () => {
    expect(judged(limited(2500)).changes.join()).toMatch(/dose_Gy 2000 2500 1 raised/);
    expect(judged(limited(1500)).changes.join()).not.toMatch(/raised/);
    const dropped = eachCell(({ doseLimits }) => ({ doseLimits: doseLimits.filter(({ doseGy }) => doseGy !== 2000) }));
    expect(judged(dropped).changes.join()).toMatch(/raised/);
  });

  it("that was spent already is refused with what was given", () => {
    const rows = rowsOf(1200);
    expect(judged(limited(1500), { rows }).refusals).toEqual([]);
    expect(judged(limited(1400), { rows }).refusals).toEqual([
      "dose_limits, B5 spot 0: already spent: positive electrode (surface) may have 1440 Gy, its limit is 1400 Gy",
    ]);
  });

  it("that was passed before it is amended does not stand in the way of withdrawing the cell", () => {
    const beyond = judged(withdrawnB5(campaign), { rows: rowsOf(5000) });
    expect(beyond).toEqual({ changes: ["withdrawn false true 1"], refusals: [] });
    expect(judged(limited(1900), { rows: rowsOf(5000) }).refusals.join()).toMatch(/already spent/);
  });
});

function withdrawnB5({ cells }: Campaign): Campaign {
  const withdrawn = { isWithdrawn: true, role: "dark-control" } as const;
  return { ...campaign, cells: cells.map((cell) => (cell.position === "B5" ? { ...cell, ...withdrawn } : cell)) };
}

describe("a protocol", () => {
  const steps = campaign.cells[0]?.protocol.steps ?? [];
  const withSteps = (others: typeof steps) =>
    eachCell(({ protocol }) => ({ protocol: { ...protocol, steps: others } }));
  const begun = (index: number) => ({ begunIndex: new Map(campaign.cells.map(({ position }) => [position, index])) });

  it("may have another tail behind the furthest step that has begun, and not before it", () => {
    const shorter = withSteps(steps.slice(0, -1));
    const last = steps.length - 1;
    expect(judged(shorter, begun(last - 1))).toEqual({
      changes: [`protocol cycle from step ${last + 1} on ${steps.length} ${steps.length - 1} 10`],
      refusals: [],
    });
    expect(judged(shorter, begun(last)).refusals).toEqual([
      `cells A1..A5, B1..B5 protocol: step ${last + 1} has begun, or was passed; the furthest is step ${last + 1}`,
    ]);
  });

  it("is as far as its steps and its loops have come, by the log", () => {
    const fold = createProgressFold();
    const step = (number: number, passes: { readonly [key: string]: Json }): { readonly [key: string]: Json } => ({
      ...{ position: "A1", step: number },
      state: { place: { passes } },
    });
    fold.event("step-started", 1, step(3, {}));
    expect(fold.progress([]).begunIndex.get("A1")).toBe(2);
    fold.event("step-started", 2, step(2, { "5": 2 }));
    expect(fold.progress([]).begunIndex.get("A1")).toBe(5);
  });
});

it("differences are told leaf by leaf, what is not there as null", () => {
  expect(differences({ a: 1, b: [1, 2], c: { d: 1 } }, { a: 1, b: [1, 3, 4], c: {} }, "x")).toEqual([
    { path: "x.b[1]", from: 2, to: 3 },
    { path: "x.b[2]", from: null, to: 4 },
    { path: "x.c.d", from: 1, to: null },
  ]);
});
