import { describe, expect, it } from "vitest";
import { createHandoverDesk } from "../../../controller/bus/handover-desk.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { handoverViewSchema } from "../../../protocols/bus/handover-view.ts";
import { shiftTold } from "../../../tui/terminal/screens/shift-screen.ts";

const START = Date.parse("2026-03-02T20:00:00Z");
const HOUR = 3_600_000;
type Told = readonly [hours: number, type: string, data: { readonly [key: string]: Json }];

function desk(events: readonly Told[]) {
  const made = createHandoverDesk();
  made.hear({ type: "campaign-started", atMs: 0, data: { campaign: "night", site: "reference", start_ms: START } });
  for (const [hours, type, data] of events) made.hear({ type, atMs: hours * HOUR, data });
  return made;
}

function bodyAt(made: ReturnType<typeof desk>, hours: number) {
  const body = made.body(hours * HOUR);
  if (body === undefined) throw new Error("nothing is told");
  return handoverViewSchema.parse({ v: 1, at: new Date(START + hours * HOUR).toISOString(), ...body });
}

describe("the hand-over page on the bus", () => {
  it("says nothing before the log says when the campaign began", () => {
    expect(createHandoverDesk().body(0)).toBeUndefined();
  });

  it("tells hour by hour, so that the same page can be read since any of them", () => {
    const page = bodyAt(
      desk([
        [1.2, "beam-lost", {}],
        [2.5, "beam-back", {}],
        [2.6, "exposure-ended", { position: "B4", outcome: "made" }],
        [2.7, "alarm-raised", { alarm: 1, code: "link.timeout", where: "channel B4", what: "no answer" }],
        [3.1, "exposure-ended", { position: "B5", outcome: "made" }],
        [3.2, "alarm-raised", { alarm: 2, code: "link.timeout", where: "channel B5", what: "no answer" }],
      ]),
      3.5,
    );
    expect(page.hours.map(({ from, beam_lost_s }) => [from.slice(11, 16), beam_lost_s])).toEqual([
      ["20:00", 0],
      ["21:00", 2880],
      ["22:00", 1800],
      ["23:00", 0],
    ]);
    const all = shiftTold(page, START);
    expect([all.exposures, all.beamLostS]).toEqual([{ made: 2 }, 4680]);
    expect(all.events.filter(({ text }) => text.includes("no answer"))).toEqual([
      {
        ...{ at: "2026-03-02T22:42:00.000Z", text: "alarm: no answer [link.timeout]" },
        ...{ where: ["channel B4", "channel B5"], where_more: 0, isMoreLeast: false, count: 2 },
      },
    ]);
    const late = shiftTold(page, START + 3 * HOUR);
    expect([late.exposures, late.events.map(({ where }) => where)]).toEqual([{ made: 1 }, [["channel B5"]]]);
  });

  it("forgets what is older than a day, and keeps what waits since then", () => {
    const made = desk([
      [1, "alarm-raised", { alarm: 1, code: "link.timeout", where: "stage", what: "no answer" }],
      [20, "cell-noted", { position: "A1", author: "ada", text: "well" }],
    ]);
    expect(bodyAt(made, 21).hours.map(({ from }) => from.slice(0, 13))).toEqual([
      "2026-03-02T20",
      "2026-03-02T21",
      "2026-03-03T16",
    ]);
    const later = bodyAt(made, 40);
    expect(later.hours.map(({ notes }) => notes.length)).toEqual([1]);
    expect(later.waiting).toMatchObject([{ who: "operator", where: ["stage"], since: "2026-03-02T21:00:00.000Z" }]);
  });

  it("tells of a beam that is gone for days in every hour, also where nothing else happens", () => {
    const made = desk([[1, "beam-lost", {}]]);
    for (let hours = 2; hours < 60; hours += 1) bodyAt(made, hours);
    const all = shiftTold(bodyAt(made, 60.5), START);
    expect(all.beamLostS).toBe(23.5 * 3600);
    made.hear({ type: "beam-back", atMs: 61 * HOUR, data: {} });
    expect(shiftTold(bodyAt(made, 62.5), START + 60 * HOUR).beamLostS).toBe(3600);
    expect(shiftTold(bodyAt(made, 90), START).beamLostS).toBe(0);
  });

  it("says how much found no room, wherever it did not: matters, places, words, announced stops", () => {
    const places = Array.from({ length: 8 }, (_, index) => `A${index + 1}`);
    const matters = Array.from({ length: 25 }, (_, index): Told => [
      0.5,
      "cell-held",
      { position: `B${index}`, author: "ada", reason: `look ${index}` },
    ]);
    const broken = places.map((where, index): Told => [
      0.4,
      "alarm-raised",
      { alarm: index, code: "link.timeout", where, what: `no answer ${"at all ".repeat(100)}` },
    ]);
    const made = createHandoverDesk();
    const stops = Array.from({ length: 15 }, (_, index) => ({
      ...{ from_ms: START + (2 + index / 10) * HOUR, to_ms: START + (2.01 + index / 10) * HOUR, what: "studies" },
    }));
    const begin = { start_ms: START, calendar: { stops, beam_ends_ms: null, campaign_ends_ms: null } };
    made.hear({ type: "campaign-started", atMs: 0, data: begin });
    const note = "x".repeat(280);
    const noted: Told = [0.7, "cell-noted", { position: "A1", author: "ada", text: note }];
    for (const [hours, type, data] of [...broken, ...matters, noted]) made.hear({ type, atMs: hours * HOUR, data });
    const page = bodyAt(made, 0.9);

    const [alarms] = page.waiting;
    expect(alarms?.where.length).toBeGreaterThan(0);
    expect((alarms?.where.length ?? 0) + (alarms?.where_more ?? 0)).toBe(places.length);
    expect(alarms?.what).toMatch(/^8 alarms, the first: no answer at all .*\.\.\.$/);
    expect(page.waiting[1]).toMatchObject({ where: ["B0"], what: "the cell is held: look 0; beamrack resume B0" });
    expect(page.waiting[1]?.where_more).toBeUndefined();
    expect(page.waiting.length + (page.waiting_more ?? 0)).toBe(26);
    expect(page.expected.announced.length + page.expected.more).toBe(30);

    const [hour] = page.hours;
    const alarm = hour?.events.find(({ text }) => text.startsWith("alarm"));
    expect((alarm?.where.length ?? 0) + (alarm?.where_more ?? 0)).toBe(places.length);
    expect(alarm?.text).toMatch(/\.\.\.$/);
    // As long as a note may be, it is told whole.
    expect(hour?.notes[0]?.text).toBe(note);
  });

  it("adds up places of several hours, and says so where some may be the same", () => {
    const hourOf = (hours: number, row: string, count: number): readonly Told[] =>
      Array.from({ length: count }, (_, index): Told => [
        hours,
        "alarm-raised",
        { alarm: 100 * hours + index, code: "link.timeout", where: `${row}${index}`, what: "no answer" },
      ]);
    const placesIn = (...events: readonly Told[]) => {
      const [event] = shiftTold(bodyAt(desk(events), 3.9), START).events.filter(({ text }) => text.includes("answer"));
      return [event?.where.length, event?.where_more, event?.isMoreLeast];
    };
    expect(placesIn(...hourOf(1.1, "A", 10))).toEqual([6, 4, false]);
    expect(placesIn(...hourOf(1.1, "A", 5), ...hourOf(2.1, "A", 6))).toEqual([6, 0, false]);
    expect(placesIn(...hourOf(1.1, "A", 10), ...hourOf(2.1, "A", 10))).toEqual([6, 4, true]);
    expect(placesIn(...hourOf(1.1, "A", 10), ...hourOf(2.1, "B", 7))).toEqual([12, 0, true]);
  });

  it("stays within what a message may hold, however much happens", () => {
    const what = "no answer ".repeat(80);
    const flood = Array.from({ length: 24 * 200 }, (_, index): readonly Told[] => {
      const alarm = { alarm: index, code: "link.timeout", where: `channel B${index}`, what: `${index % 20} ${what}` };
      const by = { position: `A${index}`, author: "somebody" };
      return [
        [index / 200, "alarm-raised", alarm],
        [index / 200, "cell-noted", { ...by, text: "x".repeat(280) }],
        [index / 200, "cell-held", { ...by, reason: what }],
      ];
    }).flat();
    const page = bodyAt(desk(flood), 23.99);
    expect(JSON.stringify(page).length).toBeLessThan(160_000);
    expect(page.hours.at(-1)?.more).toBeGreaterThan(100);
  });
});
