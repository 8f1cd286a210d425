import { describe, expect, it } from "vitest";
import type { NotifyRule } from "../../../protocols/notify/notify-config.ts";
import { createHappenings, type News } from "../../../tui/notify/happenings.ts";
import { createPace, isQuiet, wakes } from "../../../tui/notify/limits.ts";
import { composeNotice, plainLine, tell } from "../../../tui/notify/notice.ts";
import { readMessage } from "../../../protocols/bus/messages.ts";
import { campaign, cell, schedule, type Said } from "../../support/terminal-rack.ts";
import { alarmBody, controllerBody, heard, openAlarm } from "../../support/notify-news.ts";

const RULE: NotifyRule = { on: "alarm", name: "all", to: ["x"], rate: { per_hour: 5 }, cleared: true };
const raised = (...args: Parameters<typeof openAlarm>): News => ({
  ...{ kind: "alarm", alarm: openAlarm(...args), isOver: false },
});
const none = () => undefined;

describe("what a rule tells", () => {
  it("is chosen by severity, class, code and group", () => {
    const news = [
      raised(1, { severity: "stop", code: "shutter.stuck-open", group: null }),
      raised(2),
      raised(3, { group: "nmc" }),
    ];
    const told = (change: Partial<Extract<NotifyRule, { on: "alarm" }>>): number => {
      return tell({ ...RULE, ...change }, news, none).length;
    };
    expect(told({})).toBe(3);
    expect(told({ severities: ["stop"] })).toBe(1);
    expect(told({ classes: ["shutter"] })).toBe(1);
    expect(told({ classes: ["shutter"], codes: ["channel.silent"] })).toBe(3);
    expect(told({ groups: ["nmc"] })).toBe(1);
  });

  it("is one line for equal alarms, and a number for those that follow from one that is told", () => {
    const flood = Array.from({ length: 37 }, (_, index) => raised(index + 1));
    const cause = openAlarm(90, { code: "link.closed", where: "cabinet 1", group: null });
    const following = Array.from({ length: 12 }, (_, index) =>
      raised(index + 50, { follows: 90, code: "link.closed" }),
    );
    const causeOf = (id: number) => (id === 90 ? cause : undefined);
    const told = tell(RULE, [...flood, { kind: "alarm", alarm: cause, isOver: false }, ...following], causeOf);
    expect(told.map(({ text }) => text)).toEqual([
      "37 places: no sample for 10 s [channel.silent] Look at the cable.",
      "cabinet 1: no sample for 10 s [link.closed] Look at the cable.",
      "and 12 more that follow from what is told",
    ]);
    // Whoever is not told of the cause is told of what follows.
    expect(tell({ ...RULE, groups: ["lno"] }, following, causeOf)[0]?.text).toMatch(/^12 places/);
  });

  it("is plain text on one line, whatever an instrument or a cell is called", () => {
    const hostile = "A1\r\nBcc: all@example.org\u0000\u202e\u2028end";
    expect(plainLine(hostile)).toBe("A1 Bcc: all@example.org end");
    const told = tell(RULE, [raised(1, { where: hostile, what: `${hostile}${"x".repeat(2000)}` })], none);
    const notice = composeNotice("r\r\nX: 1", RULE.name, told, 14);
    expect([notice.title, ...notice.lines].join("")).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
    expect(notice.title.length).toBeLessThan(200);
    expect(notice.lines.at(-1)).toBe("and 14 more, kept back by the limits of this rule");
  });
});

describe("what has happened", () => {
  it("is not that an alarm is over which another stands for, whose cause is told or which is given up", () => {
    const happenings = createHappenings(() => 0);
    const texts = (): readonly string[] =>
      happenings
        .news(0)
        .map((news) => (news.kind === "alarm" ? `${news.alarm.code} ${String(news.isOver)}` : news.text));
    const lists = (...codes: readonly (readonly [id: number, code: string, where?: string])[]): readonly string[] => {
      const open = codes.map(([id, code, where = "stage"]) => openAlarm(id, { code, where }));
      happenings.take(heard("alarm", alarmBody(open)));
      return texts();
    };
    expect(lists([1, "link.closed"], [2, "link.closed", "detector"])).toEqual([
      ...["link.closed false", "link.closed false"],
    ]);
    // The cause of the first is told; the detector is heard again.
    expect(lists([3, "link.refused"])).toEqual(["link.refused false", "link.closed true"]);
    expect(lists([4, "link.isolated"])).toEqual(["link.isolated false"]);
    expect(lists()).toEqual(["link.isolated true"]);
  });

  it("is an alarm that was raised, once, and that it is over; not what somebody has seen already", () => {
    const happenings = createHappenings(() => 0);
    const texts = (): readonly string[] =>
      happenings
        .news(0)
        .map((news) => (news.kind === "alarm" ? `${String(news.alarm.id)} ${String(news.isOver)}` : news.text));
    happenings.take(
      heard(
        "alarm",
        alarmBody([openAlarm(1), openAlarm(2, { acknowledged: { by: "anna", at: "2026-03-02T12:00:00.000Z" } })]),
      ),
    );
    expect(texts()).toEqual(["1 false"]);
    expect(texts()).toEqual([]);
    // A list that was cut says nothing of those it does not name.
    happenings.take(heard("alarm", alarmBody([openAlarm(3)], 2)));
    expect(texts()).toEqual(["3 false"]);
    happenings.take(heard("alarm", alarmBody([openAlarm(3)])));
    expect(texts()).toEqual(["1 true", "2 true"]);
  });

  it("is that the controller is gone, by its Last Will, its silence, or a broker that is lost, and that it is back", () => {
    let nowMs = 0;
    const texts: string[] = [];
    const happenings = createHappenings(() => nowMs);
    const kinds = (atMs: number): readonly string[] => {
      nowMs = atMs;
      const told = happenings.news(atMs).flatMap((news) => (news.kind === "milestone" ? [news] : []));
      texts.push(...told.map(({ text }) => text));
      return told.map(({ milestone }) => milestone);
    };
    happenings.link(true);
    happenings.take(heard("controller", controllerBody("present")));
    expect(kinds(3000)).toEqual([]);
    expect(kinds(6000)).toEqual(["controller-gone"]);
    happenings.take(heard("controller", controllerBody("present")));
    expect(kinds(7000)).toEqual(["controller-back"]);
    happenings.link(false);
    expect(kinds(20_000)).toEqual([]);
    expect(kinds(23_000)).toEqual(["controller-gone"]);
    happenings.link(true);
    happenings.take(heard("controller", controllerBody("ended", { how: "complete" })));
    expect(kinds(24_000)).toEqual(["controller-back"]);
    expect(kinds(60_000)).toEqual([]);
    // A run does not end with its broker: nobody is told that it did.
    expect(texts[0]).toMatch(/is gone: it is silent\..*where it stopped, the shutter's permit has lapsed$/);
    expect(texts[2]).toMatch(/is not heard: its broker is not reached\..*the run may well go on$/);
  });
});

describe("milestones", () => {
  const happenings = createHappenings(() => 0);
  const take = (...all: readonly Said[]): readonly string[] => {
    for (const { topic, payload } of all) {
      const read = readMessage(topic, payload);
      if (read.kind === "read") happenings.take(read.message);
    }
    return happenings.news(0).map((news) => (news.kind === "milestone" ? news.text : "an alarm"));
  };
  const sweep = (number: number, left: number): readonly Said[] => [
    campaign({ sweep: { number, of: 95 } }),
    schedule({ sweep: { number, of: 95, began_at: null, ends_by: null, left } }),
  ];

  it("are the start, each cycle once every cell of a group has done it, the last sweep, and the end", () => {
    expect(
      take(campaign({ state: "connecting" }), cell(0, { cycle: 0 }), cell(1, { cycle: 0 }), cell(60, { cycle: 0 })),
    ).toEqual([]);
    expect(take(campaign({ state: "running" }))).toEqual(["formation-day has begun"]);
    // The rest before the first cycle is no cycle that was done.
    expect(take(cell(0, { cycle: 1 }), cell(1, { cycle: 1 }), cell(60, { cycle: 1 }))).toEqual([]);
    expect(take(cell(0, { cycle: 2 }))).toEqual([]);
    expect(take(cell(1, { state: "isolated" }))).toEqual(["cycle 1 is done by every cell of lno-study"]);
    expect(take(cell(60, { cycle: 3 }))).toEqual([
      "cycle 1 is done by every cell",
      "cycle 2 is done by every cell of litdi",
    ]);
    expect(take(...sweep(95, 3))).toEqual([]);
    expect(take(...sweep(95, 0))).toEqual([expect.stringMatching(/^all 95 sweeps are over: /)]);
    expect(take(campaign({ state: "complete", sweep: { number: 95, of: 95 } }))).toEqual([
      expect.stringMatching(/^formation-day is complete/),
    ]);
  });
});

describe("limits", () => {
  it("let so many pass in any hour", () => {
    const pace = createPace({ per_hour: 2 });
    const tries = [0, 1000, 2000, 3_599_999, 3_600_000, 3_600_500, 3_601_000].map((ms) => {
      const may = pace.mayPass(ms);
      if (may) pace.passed(ms);
      return may;
    });
    expect(tries).toEqual([true, true, false, false, true, false, true]);
  });

  it("are quiet by the clock of people who sleep, over midnight and through the change of the clocks", () => {
    const quiet = { from: "22:00", to: "06:30", time_zone: "Europe/Zurich", except: ["stop" as const] };
    const at = (text: string): boolean => isQuiet(quiet, Date.parse(text));
    expect(at("2026-03-02T21:30:00Z")).toBe(true);
    expect(at("2026-03-02T20:30:00Z")).toBe(false);
    // In summer the clocks are an hour ahead.
    expect(at("2026-07-02T20:30:00Z")).toBe(true);
    expect(at("2026-07-02T04:30:00Z")).toBe(false);
    const told = { text: "", isControllerGone: false };
    expect(wakes(quiet, { ...told, severity: "stop" })).toBe(true);
    expect(wakes(quiet, { ...told, severity: "hold" })).toBe(false);
    expect(wakes(quiet, { ...told, severity: null, isControllerGone: true })).toBe(false);
  });
});
