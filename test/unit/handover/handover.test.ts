import { describe, expect, it } from "vitest";
import { createHandoverFold, type Handover } from "../../../controller/handover/handover-fold.ts";
import { gatheredSteps } from "../../../controller/handover/gathered-steps.ts";
import { recordStart } from "../../../controller/run/start-record.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { handoverJson, handoverLines } from "../../../tui/handover/handover-text.ts";
import { goodFiles, load } from "../../support/campaign-files.ts";

const START = Date.parse("2026-03-02T20:00:00Z");
const HOUR = 3_600_000;
type Told = readonly [hours: number, type: string, data: { readonly [key: string]: Json }];

const BEGIN: Told = [
  0,
  "campaign-started",
  {
    ...{ campaign: "night", site: "reference", start_ms: START, timezone: "Europe/Paris" },
    calendar: {
      stops: [
        { from_ms: START + 8 * HOUR, to_ms: START + 9 * HOUR, what: "machine studies" },
        { from_ms: START - HOUR, to_ms: START, what: "long ago" },
      ],
      beam_ends_ms: START + 40 * HOUR,
      campaign_ends_ms: START + 9.5 * HOUR,
    },
  },
];
const alarm = (hours: number, id: number, where: string): Told => [
  hours,
  "alarm-raised",
  { alarm: id, code: "link.timeout", where, what: "no answer" },
];

function page(events: readonly Told[], fromHours = 2, toHours = 10): Handover {
  const fold = createHandoverFold();
  for (const [hours, type, data] of [BEGIN, ...events]) fold.event(type, hours * HOUR, data);
  return fold.handover(fromHours * HOUR, toHours * HOUR);
}

describe("what happened in a shift", () => {
  it("is what came after its begin, equal things in one line with all their places", () => {
    const { happened } = page([
      alarm(1, 1, "stage"),
      alarm(3, 2, "channel B4"),
      alarm(3.5, 3, "channel B5"),
      [4, "cell-noted", { position: "B4", author: "ada", text: "lead was loose" }],
      [4.5, "exposure-ended", { position: "B4", outcome: "made" }],
      [4.6, "exposure-ended", { position: "B5", outcome: "partial" }],
      [4.7, "request-missed", { position: "B5", reason: "beam" }],
    ]);
    expect(happened.entries).toEqual([
      { atMs: 3 * HOUR, where: ["channel B4", "channel B5"], text: "alarm: no answer [link.timeout]", count: 2 },
    ]);
    expect(happened.notes).toEqual([{ atMs: 4 * HOUR, position: "B4", author: "ada", text: "lead was loose" }]);
    expect([happened.exposures, happened.missed]).toEqual([{ made: 1, partial: 1 }, { beam: 1 }]);
  });

  it("tells of a cell that is held once, and not of its order beside it", () => {
    const by = { author: "ada", reason: "looks odd" };
    const { happened } = page([
      [3, "cell-act", { position: "C1", act: "hold", ...by }],
      [3.1, "cell-held", { position: "C1", ...by }],
      [4, "cell-act", { position: "C1", act: "resume", ...by, reason: "" }],
      [4.1, "cell-act", { position: "C1", act: "skip-step", ...by, reason: "" }],
    ]);
    expect(happened.entries.map(({ text, count }) => [text, count])).toEqual([
      ["held by ada: looks odd", 1],
      ["resumed by ada", 1],
      ["its step was skipped by ada", 1],
    ]);
  });

  it("tells of an order to hold that no cell followed, and of one in the hour in which the cell was held", () => {
    const by = { author: "ada", reason: "looks odd" };
    const orders: readonly Told[] = [
      [2.99, "cell-act", { position: "C1", act: "hold", ...by }],
      [3.01, "cell-held", { position: "C1", ...by }],
      [3.02, "cell-act", { position: "C1", act: "resume", ...by }],
      [3.5, "cell-act", { position: "C2", act: "hold", ...by }],
    ];
    const fold = createHandoverFold();
    for (const [hours, type, data] of [BEGIN, ...orders]) fold.event(type, hours * HOUR, data);
    const heldIn = (hour: number) =>
      fold
        .happened(hour * HOUR, (hour + 1) * HOUR, 4 * HOUR)
        .entries.flatMap(({ text, where, count }) => (text.startsWith("held") ? [[where.join(), count]] : []));
    expect([heldIn(2), heldIn(3)]).toEqual([[], [["C1,C2", 2]]]);
  });

  it("counts the time without beam that lies in it, of a loss that began before and of one that lasts", () => {
    const { happened } = page([
      [1, "beam-lost", {}],
      [2.5, "beam-back", {}],
      [4, "beam-lost", {}],
      [5, "cell-noted", { position: "A1", author: "ada", text: "still nothing" }],
    ]);
    expect(happened.beamLostMs).toBe(1.5 * HOUR);
  });
});

describe("what waits", () => {
  it("is named with who owes it, until it is over", () => {
    const events: readonly Told[] = [
      alarm(3, 1, "channel B4"),
      alarm(3.1, 2, "channel B5"),
      [3.2, "interlock-broken", { interlocks: ["doorClosed"] }],
      [3.3, "exposing-held", { what: "20 exposures failed in a row" }],
      [3.4, "cell-held", { position: "C1", author: "ada", reason: "looks odd" }],
      [3.5, "cell-isolated", { position: "D1", what: "over its voltage" }],
      [3.6, "control-changed", { holder: "ada", what: "ada is in control" }],
    ];
    const { waiting } = page(events);
    expect(waiting.map(({ who, where }) => `${who}: ${where.join()}`)).toEqual([
      "operator: ",
      "operator: ",
      "operator: channel B4,channel B5",
      "ada: C1",
      "operator: D1",
      "ada: ",
    ]);
    expect(waiting.map(({ what }) => what).join("; ")).toMatch(
      /20 exposures failed.*doorClosed.*2 alarms.*looks odd.*over its voltage.*in control/,
    );
    const after = page([
      ...events,
      [4, "alarm-cleared", { alarm: 1 }],
      [4, "alarm-cleared", { alarm: 2 }],
      [4, "interlock-rearmed", {}],
      [4, "exposing-resumed", {}],
      [4, "step-started", { position: "C1", step: 2 }],
      [4, "control-changed", { holder: null, what: "nobody is in control" }],
    ]);
    expect(after.waiting.map(({ where }) => where)).toEqual([["D1"]]);
  });

  it("is nobody's control after a restart", () => {
    const { waiting } = page([
      [3, "control-changed", { holder: "ada", what: "ada is in control" }],
      [4, "campaign-resumed", {}],
    ]);
    expect(waiting).toEqual([]);
  });

  it("is a cell that is to be brought, and no longer the one that it follows", () => {
    const joined: readonly Told[] = [
      [3, "cell-isolated", { position: "D1", what: "over its voltage" }],
      [4, "cell-joined", { position: "D1.2", cell: "NEW-1", author: "ada" }],
    ];
    const what = "NEW-1 is to be brought: beamrack swap begin D1, and once it lies there swap end D1 --cell NEW-1";
    expect(page(joined).waiting).toEqual([{ who: "operator", what, where: ["D1.2"], sinceMs: 4 * HOUR }]);
    const brought: Told = [4.5, "cell-put-back", { position: "D1.2" }];
    const held: Told = [5, "cell-held", { position: "D1.2", author: "ada", reason: "" }];
    expect(page([...joined, brought, held]).waiting).toMatchObject([
      { who: "ada", what: "the cell is held; beamrack resume D1" },
    ]);
  });

  it("is a person, where the run has ended", () => {
    expect(page([[3, "run-ended", { reason: "SIGTERM" }]]).waiting[0]).toMatchObject({ who: "operator" });
    const on: readonly Told[] = [
      [3, "run-ended", { reason: "SIGTERM" }],
      [4, "campaign-resumed", {}],
    ];
    expect(page(on).waiting).toEqual([]);
  });
});

describe("what to expect", () => {
  it("is announced stops, sweeps at their distance, and the steps that end by their cells' own forecasts", () => {
    const { ahead } = page([
      // The second found no beam and began late.
      [3.75, "sweep-begun", { sweep: 1 }],
      [4.2, "sweep-begun", { sweep: 2 }],
      [4.25, "sweep-begun", { sweep: 3 }],
      [
        4.3,
        "cell-forecast",
        {
          position: "B4",
          steps: [
            { step: 3, cycle: 2, ended_by: "voltage", ends_in_s: 3600, spread_s: 600 },
            { step: 4, cycle: 2, ended_by: "voltage", ends_in_s: 40_000, spread_s: 900 },
          ],
        },
      ],
      [4.3, "cell-forecast", { position: "B5", steps: [{ step: 1, cycle: 1, ends_in_s: 60, spread_s: 1 }] }],
      [4.4, "cell-complete", { position: "B5" }],
    ]);
    expect(ahead.announced.map(({ atMs, text }) => [atMs / HOUR, text])).toEqual([
      [8, "no beam from here on: machine studies"],
      [9, "beam again, after machine studies"],
      [9.5, "the campaign ends"],
    ]);
    expect(ahead.sweeps).toEqual({ count: 20, nextMs: 4.5 * HOUR, everyMs: 0.25 * HOUR });
    expect(ahead.steps).toEqual([
      { atMs: 5.3 * HOUR, spreadS: 600, where: "B4", text: "step 3 ends, by voltage, cycle 2" },
    ]);
  });
});

it("steps are not expected to end behind the campaign, by its calendar as it was last amended", () => {
  const steps = [9.4, 9.6].map((hours, index) => ({ step: index + 1, ends_in_s: 3600 * (hours - 4), spread_s: 60 }));
  const forecast: Told = [4, "cell-forecast", { position: "B4", steps }];
  const endsAt = (campaignEndsHours: number | null): Told => {
    const endMs = campaignEndsHours === null ? null : START + campaignEndsHours * HOUR;
    return [5, "campaign-amended", { calendar: { stops: [], beam_ends_ms: null, campaign_ends_ms: endMs } }];
  };
  const texts = (events: readonly Told[]) => page(events).ahead.steps.map(({ text }) => text);
  expect(texts([forecast])).toEqual(["step 1 ends"]);
  expect(texts([forecast, endsAt(9.3)])).toEqual([]);
  expect(texts([forecast, endsAt(9.6)])).toEqual(["step 1 ends", "step 2 ends"]);
  expect(texts([forecast, endsAt(null)])).toEqual(["step 1 ends", "step 2 ends"]);
});

it("sweeps are expected in the cadence that the last amendment gave them", () => {
  const { ahead } = page([
    [3, "sweep-begun", { sweep: 1 }],
    [3.25, "sweep-begun", { sweep: 2 }],
    [3.3, "campaign-amended", { changes: [{ path: "triggers.sweep.cadence_min", from: 15, to: 120 }] }],
  ]);
  expect(ahead.sweeps).toMatchObject({ nextMs: 5.25 * HOUR, everyMs: 2 * HOUR });
});

it("calendar and clock of the place are those of the last amendment, also where it has none", () => {
  const amended = (data: { readonly [key: string]: Json }) => page([[3, "campaign-amended", data]]);
  const calendar = { stops: [], beam_ends_ms: START + 9 * HOUR, campaign_ends_ms: null };
  const other = amended({ calendar, timezone: "Asia/Tokyo" });
  expect([other.timeZone, other.ahead.announced.map(({ atMs }) => atMs / HOUR)]).toEqual(["Asia/Tokyo", [9]]);
  const none = amended({});
  expect([none.timeZone, none.ahead.announced]).toEqual([null, []]);
});

it("the end of a campaign is announced that knows nothing of the beam before", () => {
  const loaded = load(goodFiles);
  assert(loaded.kind === "loaded", "the good campaign is refused");
  const { campaign, site } = loaded;
  expect(campaign.beamForecast).toBeUndefined();
  const announced = (durationS: number | null): readonly unknown[] => {
    const fold = createHandoverFold();
    const record = (type: string, data: Json): void => {
      fold.event(type, 0, data);
    };
    recordStart({ record }, { ...campaign, startMs: START, durationS }, site, []);
    return fold.handover(0, 30 * HOUR).ahead.announced.map(({ atMs, text }) => [atMs / HOUR, text]);
  };
  expect(announced(24 * 3600)).toEqual([[24, "the campaign ends"]]);
  expect(announced(null)).toEqual([]);
});

describe("the page", () => {
  it("has UTC and the clock of the place, and what a person wrote does not steer the terminal", () => {
    const told = page([[4, "cell-noted", { position: "B4", author: "ada", text: "odd\u001b[2J smell" }]]);
    const text = handoverLines(told).join("\n");
    expect(text).toContain("2026-03-02 22:00 UTC (23:00 Europe/Paris)");
    expect(text).toContain("03-03 01:00  B4   ada: odd");
    expect(text).not.toContain("\u001b");
    expect(JSON.parse(JSON.stringify(handoverJson(told)))).toMatchObject({
      since: "2026-03-02T22:00:00.000Z",
      happened: { notes: [{ at: "2026-03-03T00:00:00.000Z", local: "2026-03-03 01:00", author: "ada" }] },
      expected: { announced: [{ text: "no beam from here on: machine studies" }, {}, {}] },
    });
  });

  it("of a night in which nothing was is short and says so", () => {
    const text = handoverLines(page([], 0.5, 1)).join("\n");
    expect(text).toMatch(/nothing waits for anybody/);
    expect(text).toMatch(/nothing that the record tells of/);
  });
});

describe("ends of steps", () => {
  const end = (atMs: number, where: string, text = "step 1 ends, by time", spreadS: number | null = 0) => ({
    ...{ atMs, where, text, spreadS },
  });

  it("of cells side by side are one line, at the first of them and as unsure as the least sure", () => {
    const all = Array.from({ length: 96 }, (_, index) => end(1000 * 0.5 * index, `cell ${index}`));
    expect(gatheredSteps([end(-1, "A1", "step 2 ends"), ...all, end(50_000, "B1", undefined, 90)])).toEqual([
      { atMs: -1, where: "A1", text: "step 2 ends", spreadS: 0 },
      { atMs: 0, where: "cell 0 and 96 more:", text: "step 1 ends, by time", spreadS: 90 },
    ]);
  });

  it("more than a minute apart are told apart, and each once", () => {
    expect(gatheredSteps([end(0, "A1"), end(60_000, "A2"), end(60_001, "A3"), end(70_000, "A4")])).toEqual([
      end(0, "A1, A2"),
      end(60_001, "A3, A4"),
    ]);
  });
});
