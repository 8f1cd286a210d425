import { describe, expect, it } from "vitest";
import { checkTimetable, timetableFindings } from "../../../../controller/schedule/check-timetable.ts";
import { forecastTimetable, type TimetableInputs } from "../../../../controller/schedule/forecast-timetable.ts";
import type { PlannedWish } from "../../../../controller/schedule/planned-wishes.ts";
import { stageTravel } from "../../../../controller/schedule/travel.ts";
import { assert } from "../../../../protocols/base/assert.ts";
import { checkCampaign } from "../../../../protocols/campaign/check-campaign.ts";
import { contextOf, load, repositoryText } from "../../../support/campaign-files.ts";

const CELLS = Array.from({ length: 12 }, (_, column) => ({ xMm: 25 * column, yMm: 0 }));
const TRAVEL = stageTravel({ speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 }, CELLS);

function wish(cellIndex: number, wantedS: number, lateS = 60, exposureS = 6): PlannedWish {
  return {
    ...{ trigger: "grid", cellIndex, weight: 1, owner: null, what: "a mark", exposureS },
    ...{ earliestMs: 1000 * (wantedS - 30), wantedMs: 1000 * wantedS, latestMs: 1000 * (wantedS + lateS) },
  };
}

function inputs(wishes: readonly PlannedWish[], more: Partial<TimetableInputs> = {}): TimetableInputs {
  return { wishes, sweeps: [], travel: TRAVEL, place: 0, overheadS: 0.05, stops: [], endMs: 7_200_000, ...more };
}

describe("the forecast timetable", () => {
  it("has every wish at its moment where there is room for all", () => {
    const played = forecastTimetable(inputs([wish(3, 100), wish(0, 300), wish(11, 320), wish(5, 5000)]));
    expect(played.triggers).toEqual([{ trigger: "grid", asked: 4, met: 4, offMeanS: 0 }]);
    expect(played.first.map(({ cellIndex, openAtMs }) => [cellIndex, openAtMs])).toEqual([
      [3, 100_000],
      [0, 300_000],
      [11, 320_000],
      [5, 5_000_000],
    ]);
    expect(played).toMatchObject({ missed: 0, firstMissed: null, relax: [] });
  });

  it("counts sweeps beside it, each cell once in its time", () => {
    const sweep = { exposureS: 5, cadenceS: 600, firstAfterS: 0, cells: CELLS.map((_, index) => index) };
    const played = forecastTimetable(inputs([wish(3, 900)], { sweeps: [sweep] }));
    expect(played.triggers).toEqual([
      { trigger: "sweep", asked: 144, met: 144, offMeanS: 0 },
      expect.objectContaining({ trigger: "grid", asked: 1, met: 1 }),
    ]);
  });

  it("says what finds no place, and what would let all of it be met", () => {
    const crowd = CELLS.map((_, index) => wish(index, 1000, 60, 20));
    const played = forecastTimetable(inputs(crowd));
    expect(played.missed).toBeGreaterThan(5);
    const [shorter, longer] = played.relax;
    const exposureS = Number(/at most ([\d.]+) s/.exec(shorter ?? "")?.[1]);
    expect(forecastTimetable(inputs(CELLS.map((_, index) => wish(index, 1000, 60, exposureS)))).missed).toBe(0);
    const lateS = Number(/about (\d+)/.exec(longer ?? "")?.[1]);
    expect(forecastTimetable(inputs(CELLS.map((_, index) => wish(index, 1000, lateS, 20)))).missed).toBe(0);
  });

  it("keeps clear of an announced stop", () => {
    const stops = [{ fromMs: 290_000, toMs: 340_000, what: "machine studies" }];
    const [first] = forecastTimetable(inputs([wish(3, 300)], { stops })).first;
    const openAtMs = first?.openAtMs ?? NaN;
    expect(openAtMs < 290_000 - 6000 || openAtMs >= 340_000).toBe(true);
  });
});

describe("check", () => {
  const FILES = {
    "grid.yaml": repositoryText("protocols/campaigns/state-of-charge-grid.yaml"),
    "reference.yaml": repositoryText("protocols/sites/reference.yaml"),
  };

  function played(change: (text: string) => string) {
    const text = change(FILES["grid.yaml"])
      .replace(/^site: .*$/m, "site: reference.yaml")
      .replace(/^duration_h: .*$/m, "duration_h: 8");
    const loaded = load({ ...FILES, "grid.yaml": text }, "grid.yaml");
    assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
    const { campaign, site } = loaded;
    const { forecast } = checkCampaign(campaign, site, contextOf(FILES).attenuationTables());
    const timetable = checkTimetable(campaign, site, forecast.protocols);
    return { timetable, findings: timetableFindings(timetable, campaign) };
  }

  it("plays the grid of the shipped campaign: all of it is met", () => {
    const { timetable, findings } = played((text) => text);
    expect(timetable).toMatchObject({ missed: 0 });
    expect(timetable?.triggers).toMatchObject([{ trigger: "tenths" }]);
    for (const { asked, met } of timetable?.triggers ?? []) expect(met).toBe(asked);
    expect(findings).toEqual([]);
  });

  it("warns where exposures are too long for their windows, and says what to relax", () => {
    const { findings } = played((text) => text.replace("exposure_s: 6", "exposure_s: 60"));
    expect(findings).toMatchObject([
      {
        severity: "warning",
        code: "plan.does-not-fit",
        advice: expect.stringMatching(/exposures of at most [\d.]+ s/) as string,
      },
    ]);
  });
});
