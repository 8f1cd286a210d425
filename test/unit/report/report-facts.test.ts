import { describe, expect, it } from "vitest";
import type { ExportedCampaign, ExportedCell } from "../../../controller/export/exported-campaign.ts";
import { toldVerdict } from "../../../controller/report/beam-verdict-told.ts";
import { cellFacts, type CellFacts } from "../../../controller/report/cell-facts.ts";
import { createCensor } from "../../../controller/report/foreign-words.ts";
import { groupAccounts } from "../../../controller/report/group-account.ts";
import { createIncidentFold, incidentLines } from "../../../controller/report/incidents.ts";
import { qualityOf, spreadOf } from "../../../controller/report/quality.ts";
import type { ReportScope } from "../../../controller/report/report-scope.ts";
import { requestAccount } from "../../../controller/report/request-account.ts";
import { summarySentences, whatToDo, type SummaryFacts } from "../../../controller/report/summary-sentences.ts";
import type { RackPlanCell } from "../../../controller/record/rack-plan-event.ts";
import type { RequestBehind } from "../../../controller/schedule/timetable.ts";

const cellAt = (position: string, group: string): RackPlanCell =>
  ({ position, group, barcode: `${group}-${position}`, channel: `channel ${position}` }) as unknown as RackPlanCell;
const plan = { cells: [cellAt("A1", "alpha"), cellAt("B1", "beta"), cellAt("B12", "beta")] };
const WHOLE: ReportScope = {
  positions: new Set(["A1", "B1", "B12"]),
  foreignPlaces: new Set(),
  isWhole: true,
  censor: (text) => text,
};
const ALPHA: ReportScope = {
  positions: new Set(["A1"]),
  foreignPlaces: new Set(["B1", "channel B1", "beta-B1", "B12"]),
  isWhole: false,
  censor: createCensor(plan, new Set(["A1"])),
};

describe("words of other groups", () => {
  it.each([
    ["cable of channel B12, beta-B1 and A1", "cable of (another's), (another's) and A1"],
    ["X-S0001-B1 and B12 of group beta", "X-S0001-(another's) and (another's) of group (another's)"],
    ["B123, AB1, B1x and betas stay", "B123, AB1, B1x and betas stay"],
    [
      "BETA's b1 stands beside B01, B012 and a1, Alpha's",
      "(another's)'s (another's) stands beside (another's), (another's) and a1, Alpha's",
    ],
  ])("are taken out of %j", (text, plain) => {
    expect(ALPHA.censor(text)).toBe(plain);
  });

  it("are not one's own names where another's differ in case alone", () => {
    const alike = { cells: [cellAt("A1", "lab"), cellAt("B1", "LAB")] };
    expect(createCensor(alike, new Set(["A1"]))("lab and LAB, lab-A1 and lab-b1")).toBe(
      "lab and (another's), lab-A1 and (another's)",
    );
  });

  it("are none where all are one's own, whatever names hold", () => {
    const odd = { cells: [cellAt("A1", "a (b) [c] \\ | / - ^$ .*+?"), cellAt("B1", "beta")] };
    expect(createCensor(odd, new Set(["A1", "B1"]))("B1")).toBe("B1");
    expect(createCensor(odd, new Set(["B1"]))("x a (b) [c] \\ | / - ^$ .*+?, A1")).not.toMatch(/\(b\)|A1/);
  });
});

describe("incidents", () => {
  const raised = (alarm: number, code: string, where: string) => ({ alarm, code, where, what: `trouble of ${where}` });

  it("say what came of an alarm, by whom, and are one line for one code and place", () => {
    const fold = createIncidentFold(WHOLE);
    fold.event("alarm-raised", 1000, raised(1, "link.timeout", "channel A1"));
    fold.event("alarm-acknowledged", 2000, { alarm: 1, author: "Ada" });
    fold.event("alarm-cleared", 3000, { alarm: 1 });
    fold.event("alarm-raised", 5000, raised(2, "link.timeout", "channel A1"));
    const [line, ...more] = incidentLines(fold.incidents());
    expect(more).toEqual([]);
    expect(line).toMatchObject({ atMs: 1000, lastMs: 5000, count: 2, openCount: 1, isOpen: true });
    expect(fold.incidents()[0]).toMatchObject({ endMs: 3000, outcome: "acknowledged by Ada; its cause was gone" });
  });

  it("tell a group of its own cells and of what is everybody's, and name no person and no other cell", () => {
    const fold = createIncidentFold(ALPHA);
    fold.event("alarm-raised", 1, raised(1, "cell.limit", "B1"));
    fold.event("alarm-raised", 2, raised(2, "link.timeout", "channel B1"));
    fold.event("alarm-raised", 3, raised(3, "interlock.tripped", "exposure gate B12"));
    fold.event("alarm-raised", 4, raised(4, "dose.beam-effect", "lno-graphite, LP57"));
    fold.event("cell-isolated", 5, { position: "B1", what: "x" });
    expect(fold.incidents()).toEqual([]);
    fold.event("beam-lost", 1000, {});
    fold.event("beam-back", 9000, {});
    fold.event("exposing-held", 10_000, { what: "the shutter stuck at B12" });
    fold.event("exposing-resumed", 12_000, { author: "Ada" });
    fold.event("cell-isolated", 13_000, { position: "A1", what: "2.4 V is outside" });
    fold.event("alarm-raised", 13_001, { ...raised(5, "cell.limit", "A1"), what: "2.4 V is outside" });
    const told = fold.incidents();
    expect(told.map(({ kind, endMs }) => [kind, endMs])).toEqual([
      ["beam", 9000],
      ["stop", 12_000],
      ["alarm", null],
    ]);
    expect(JSON.stringify(told)).not.toMatch(/Ada|B12/);
    expect(told[2]?.outcome).toMatch(/switched off/);
  });

  it("count a restart from when the controller was last heard", () => {
    const fold = createIncidentFold(WHOLE);
    fold.event("campaign-resumed", 60_000, { last_heard_ms: 20_000, unfinished: ["X1"] });
    expect(fold.incidents()[0]).toMatchObject({ kind: "restart", atMs: 20_000, endMs: 60_000 });
  });
});

it("tells of a verdict the worst of what is one's own, and no mean over others' cells", () => {
  const judged = (key: string, name: string, verdict: string) => ({ [key]: name, verdict, power: 0.9, lag: null });
  const data = {
    look: 3,
    materials: [judged("material", "m", "found")],
    cells: [judged("position", "A1", "cannot-tell"), judged("position", "B1", "found")],
  };
  const own = toldVerdict(data, 5, new Set(["A1"]), new Set());
  expect(own).toMatchObject({ verdict: "cannot-tell", materials: [], cells: [{ name: "A1" }] });
  expect(toldVerdict(data, 5, new Set(["A1", "B1"]), new Set(["m"]))?.verdict).toBe("found");
  expect(toldVerdict({ look: 1, materials: [], cells: [] }, 5, new Set(["A1"]), new Set())).toBeUndefined();
});

it("puts requests that were missed for the same reason but for its numbers into one line", () => {
  const missed = (position: string, why: string, atMs: number): RequestBehind =>
    ({ outcome: "missed", trigger: "sweep", position, why, atMs }) as unknown as RequestBehind;
  const behind = [missed("B1", "up to 8,387 Gy", 10), missed("A2", "up to 9 Gy", 30), missed("A2", "beam lost", 99)];
  const counts = { met: 0, late: 0, missed: 3, withdrawn: 0 };
  const account = requestAccount({ atMs: 100, act: null, ahead: [], behind, counts, offMedianS: null }, 96);
  expect(account.reasons.map(({ count, positions }) => [count, positions])).toEqual([
    [2, ["A2", "B1"]],
    [1, ["A2"]],
  ]);
  const nth = (why: string): RequestBehind => missed("A1", `it did not come to every 1 h, for the ${why} time`, 50);
  const ordinals = {
    atMs: 100,
    act: null,
    ahead: [],
    behind: ["1st", "22nd", "157th"].map(nth),
    counts,
    offMedianS: null,
  };
  expect(requestAccount(ordinals, 96).reasons.map(({ count }) => count)).toEqual([3]);
  expect(account.byTime.map(({ missed: count }) => count).filter((count) => count > 0)).toEqual([1, 1, 1]);
});

describe("a group's account", () => {
  const exposure = (id: string, bookedAtMs: number, closedSeenAtMs: number) => ({
    ...{ exposureId: id, bookedAtMs, closedSeenAtMs, openTimeS: 5, spotIndex: 0, convention: "en" },
    layerDosesGy: [{ layer: "positive", surfaceGy: 100, meanGy: 50 }],
  });
  const cell = (group: string, exposures: readonly object[], endMs: number | null): CellFacts =>
    ({
      cell: { group, position: group, exposures, steps: [{ atMs: 900_000 }] },
      endMs,
      dose: { limitFraction: 0.5 },
    }) as unknown as CellFacts;

  it("has the beam time of its exposures, no moment twice, channel hours and cost", () => {
    const facts = [
      cell("alpha", [exposure("1", 0, 10_000), exposure("2", 9000, 20_000)], 4_500_000),
      cell("beta", [exposure("3", 40_000, 50_000)], null),
    ];
    const campaign = { cells: facts.map((one) => one.cell), lastMs: 7_200_000, doseLimits: [] };
    const rates = { currency: "EUR", beamHour: 3600, channelHour: 2, exposure: 1 };
    const [alpha, beta] = groupAccounts(campaign as unknown as ExportedCampaign, facts, rates);
    expect(alpha).toMatchObject({ group: "alpha", exposures: 2, openS: 10, beamS: 20, channelHours: 1, doseGy: 200 });
    expect(alpha?.beamShare).toBeCloseTo(2 / 3);
    expect(alpha?.cost).toBeCloseTo(20 + 2 + 2);
    expect(beta).toMatchObject({ beamS: 10, channelHours: 1.75, limitFraction: 0.5 });
    expect(groupAccounts(campaign as unknown as ExportedCampaign, facts)[0]?.cost).toBeNull();
  });
});

describe("three sentences", () => {
  const requests = { counts: { met: 10, late: 0, missed: 0, withdrawn: 0 }, asked: 10, reasons: [] };
  const cells = [{ state: "complete", cell: { position: "A1", exposures: [] }, dose: { limitFraction: 0.871 } }];
  const campaign = {
    header: {},
    isComplete: true,
    lastMs: 3_600_000,
    clock: { startMs: Date.UTC(2026, 2, 2, 8) },
    unreadable: [],
  };
  const quiet = {
    requests,
    cells,
    campaign,
    incidents: [],
    verdict: null,
    unreadable: [],
    custody: null,
  } as unknown as SummaryFacts;

  it("say so where nobody is needed", () => {
    expect(summarySentences(quiet)).toEqual([
      "1 of 1 cells did their protocol to its end in 1 h from 2026-03-02 08:00 UTC.",
      "All 10 exposures asked for were made in their window, and no spot is above 88 % of a dose limit, uncertainty included.",
      "Nothing needs a person: the data can be exported and used as they are.",
    ]);
  });

  it("do not say of a cell that it did its protocol, where the campaign was over within a step of it", () => {
    const made = (position: string, endMs: number | null): CellFacts =>
      cellFacts(
        { isComplete: true, cells: [], doseLimits: [] } as unknown as ExportedCampaign,
        {
          position,
          ...{ halfCycles: [], gaps: [], exposures: [], steps: [{ cycle: 1, atMs: 0, endMs }] },
          over: { how: "complete", atMs: 3_600_000 },
        } as unknown as ExportedCell,
        undefined,
      );
    const some = [made("A1", 3_500_000), made("A2", null)];
    const [did] = summarySentences({ ...quiet, cells: some });
    expect(did).toBe(
      "1 of 2 cells did their protocol to its end in 1 h from 2026-03-02 08:00 UTC; 1 still at it when the campaign's time was over (A2).",
    );
  });

  it("name why most were missed, whatever asked for them, and advise nothing against a loss of beam", () => {
    const of = (trigger: string, why: string, count: number): object => ({
      ...{ outcome: "missed", trigger, why, count, positions: [], firstMs: 0, lastMs: 0 },
    });
    const lost = "its window passed: no beam for machine beam: at least 100 mA; there are 0.0 mA";
    const crowded = "its window passed: there was time for others only";
    const said = (reasons: readonly object[], asked: number): readonly string[] =>
      summarySentences({
        ...quiet,
        requests: { counts: { met: asked - 8, late: 0, missed: 8, withdrawn: 0 }, asked, reasons },
      } as unknown as SummaryFacts);
    const [, beam, act] = said([of("a", crowded, 3), of("b", lost, 2), of("c", lost.replace("0.0", "5.3"), 3)], 200);
    expect(beam).toContain("(most often: its window passed: no beam for");
    expect(act).toMatch(/^Nothing needs a person/);
    expect(said([of("a", crowded, 8)], 200)[2]).toContain("8 exposures were missed though there was beam");
  });

  it("do not say of a rehearsal that anything was exposed", () => {
    const rehearsed = { ...campaign, header: { isRehearsal: true } };
    const [, beam] = summarySentences({ ...quiet, campaign: rehearsed } as unknown as SummaryFacts);
    expect(beam).toMatch(/^This was a rehearsal .* 10 of 10 .* no cell was exposed\.$/);
    const lit = [{ ...cells[0], cell: { position: "A1", exposures: [{ openTimeS: 0 }, { openTimeS: 2 }] } }];
    const [, told] = summarySentences({ ...quiet, campaign: rehearsed, cells: lit } as unknown as SummaryFacts);
    expect(told).toMatch(/light fell all the same on A1\.$/);
  });

  it("say first what may harm, and what is to be done about it", () => {
    const open = (code: string, where: string) => ({ kind: "alarm", code, where, isOpen: true });
    const incidents = [open("dose.limit", "D6"), open("cell.limit", "F11"), open("link.timeout", "io")];
    const [, , act] = summarySentences({ ...quiet, incidents } as unknown as SummaryFacts);
    expect(act).toMatch(/^To do: see to F11 \[cell\.limit\]: inspect the cell .* \(2 other alarms are open\)\.$/);
    const [, , damaged] = summarySentences({ ...quiet, unreadable: ["a block"], incidents } as unknown as SummaryFacts);
    expect(damaged).toMatch(/^To do: 1 stretch of the record cannot be read, so run beamrack verify/);
    expect(whatToDo("toString")).toBe("look into it");
  });
});

it("counts no moment of a gap twice, and gaps that lie one over the other as one", () => {
  const gap = (fromS: number, toS: number) => ({ fromMs: 1000 * fromS, toMs: 1000 * toS, reason: "link lost" });
  const cellWith = (position: string, gaps: readonly object[]): ExportedCell =>
    ({ position, halfCycles: [], gaps, exposures: [], steps: [], over: null }) as unknown as ExportedCell;
  const some = cellWith("A1", [gap(50, 60), gap(10, 30), gap(20, 40), gap(12, 15), gap(40, 41), gap(80, 80)]);
  const cells = [some, cellWith("A2", [gap(10, 30)]), cellWith("A3", [])];
  const campaign = { isComplete: true, cells, doseLimits: [], clock: {}, lastMs: 1e6 } as unknown as ExportedCampaign;
  const facts = cells.map((cell) => cellFacts(campaign, cell, undefined));
  expect(facts.map(({ gapS }) => gapS)).toEqual([41, 20, 0]);
  expect(qualityOf(campaign, facts).reliability).toMatchObject({ gaps: 4, gapS: 61, cellsWithGaps: 2 });
});

it("has as spread the deviation of the cells and not that of their mean", () => {
  expect(spreadOf([1, 3])).toEqual({ count: 2, mean: 2, deviation: Math.SQRT2 });
  expect(spreadOf([])).toBeNull();
});
