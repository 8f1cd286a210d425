import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import type { BusAlarm } from "../../../protocols/bus/rack-views.ts";
import { readNotifyConfig } from "../../../protocols/notify/notify-config.ts";
import type { News } from "../../../tui/notify/happenings.ts";
import { createRuleDesk } from "../../../tui/notify/rule-desk.ts";
import { openAlarm } from "../../support/notify-news.ts";

const MIN_MS = 60_000;
const CODES = ["channel.silent", "shutter.stuck-open"];
const PEOPLE = `rules:
  - { on: alarm, name: anna, to: [mail], calls: [now, day] }
  - { on: alarm, name: boris, to: [mail], calls: [now] }
  - { on: alarm, name: clara, to: [mail], classes: [shutter] }
`;

function read(text: string) {
  return readNotifyConfig(`v: 1\nroutes: { mail: { kind: mqtt } }\n${text}`, "n.yaml", CODES);
}

/** From noon, a look each minute; what it told whom, by minutes. */
function played(text: string) {
  const found = read(text);
  assert(found.ok, JSON.stringify(found.findings));
  const startMs = Date.UTC(2026, 2, 2, 12);
  const open = new Map<number, BusAlarm>();
  const sent: string[] = [];
  let minute = 0;
  const desk = createRuleDesk({
    config: found.config,
    clock: { monoMs: () => minute * MIN_MS, wallMs: () => startMs + minute * MIN_MS },
    rack: () => "r",
    send: ({ rule, lines }) =>
      sent.push(`${minute} ${rule}: ${lines.join(" | ").replaceAll(/ \[.*?\] Look at the cable\./g, "")}`),
  });
  return {
    sent,
    open,
    raise: (...alarms: readonly BusAlarm[]): void => {
      for (const alarm of alarms) open.set(alarm.id, alarm);
      desk.take(
        alarms.map((alarm): News => ({ kind: "alarm", alarm, isOver: false })),
        (id) => open.get(id),
      );
    },
    until: (last: number): void => {
      while (minute < last) {
        minute += 1;
        desk.take([], (id) => open.get(id));
      }
    },
  };
}

const LIST = `call_list: { rules: [anna, boris, clara] }\n${PEOPLE}`;
const CALL = openAlarm(1, { call: "now" });
const TEXT = "A1: no sample for 10 s";

describe("a call that nobody acknowledges", () => {
  it("goes to the next in the list for whom it is meant after a quarter of an hour, and round again", () => {
    const { sent, raise, until } = played(LIST);
    raise(CALL);
    until(31);
    expect(sent).toEqual([
      `0 anna: ${TEXT}`,
      `15 boris: nobody has acknowledged: ${TEXT}`,
      `30 anna: nobody has acknowledged: ${TEXT}`,
    ]);
  });

  it.each<[string, (open: Map<number, BusAlarm>) => unknown]>([
    ["acknowledged", (open) => open.set(1, { ...CALL, acknowledged: { by: "anna", at: "2026-03-02T12:05:00.000Z" } })],
    ["over", (open) => open.delete(1)],
    ["another of the same number", (open) => open.set(1, { ...CALL, raised_at: "2026-03-02T12:05:00.000Z" })],
  ])("goes no further once it is %s", (_how, change) => {
    const { sent, open, raise, until } = played(LIST);
    raise(CALL);
    until(14);
    change(open);
    until(60);
    expect(sent).toEqual([`0 anna: ${TEXT}`]);
  });

  it("waits as long as the file says, and takes what follows from it along, unless its cause was seen", () => {
    const { sent, open, raise, until } = played(LIST.replace("] }", "], escalate_after_min: 2 }"));
    raise(CALL, openAlarm(2, { call: "now", follows: 1 }));
    until(3);
    expect(sent).toEqual([
      `0 anna: ${TEXT} | and 1 more that follow from what is told`,
      `2 boris: nobody has acknowledged: ${TEXT} | nobody has acknowledged: and 1 more that follow from what is told`,
    ]);
    open.set(1, { ...CALL, acknowledged: { by: "anna", at: "2026-03-02T12:03:00.000Z" } });
    until(20);
    expect(sent.length).toBe(2);
  });

  it("wakes people in quiet hours, where what is no call waits for the morning", () => {
    const { sent, raise, until } = played(
      `quiet: { from: "11:00", to: "12:40", time_zone: UTC }\n${LIST.replace("calls: [now]", "calls: [now, day]")}`,
    );
    raise(openAlarm(7, { call: "day" }));
    until(1);
    raise(CALL);
    until(17);
    expect(sent).toEqual([
      // What waits goes out with what wakes them.
      `1 anna: ${TEXT} | A7: no sample for 10 s`,
      `16 boris: nobody has acknowledged: ${TEXT} | A7: no sample for 10 s`,
    ]);
    const quiet = played(`quiet: { from: "11:00", to: "12:40", time_zone: UTC }\n${LIST}`);
    quiet.raise(openAlarm(7, { call: "day" }));
    quiet.until(41);
    expect(quiet.sent).toEqual(["40 anna: A7: no sample for 10 s"]);
  });

  it("passes over who is not on call, and waits for the first who is", () => {
    const hours = (from: string, to: string): string => `on_call: { from: "${from}", to: "${to}", time_zone: UTC }`;
    const { sent, raise, until } = played(
      LIST.replace("name: anna,", `name: anna, ${hours("12:05", "12:10")},`).replace(
        "name: boris,",
        `name: boris, ${hours("12:30", "12:40")},`,
      ),
    );
    raise(CALL);
    until(39);
    expect(sent).toEqual([`5 anna: ${TEXT}`, `30 boris: nobody has acknowledged: ${TEXT}`]);
  });

  it("is told by every rule at once where there is no list, and by those beside it", () => {
    const all = played(PEOPLE);
    all.raise(CALL);
    all.until(40);
    expect(all.sent).toEqual([`0 anna: ${TEXT}`, `0 boris: ${TEXT}`]);
    const beside = played(LIST.replace("anna, boris, clara", "boris"));
    beside.raise(CALL);
    expect(beside.sent).toEqual([`0 anna: ${TEXT}`, `0 boris: ${TEXT}`]);
  });
});

it.each([
  ["rules: [anna, ana]", /call_list\.rules\[1\].*no rule of alarms has the name ana/],
  ["rules: [anna, anna]", /Name each rule once|call_list\.rules/],
  ["rules: [anna], escalate_after_min: 0", /escalate_after_min/],
])("a call list of { %s } is refused with its place", (list, said) => {
  const found = read(`call_list: { ${list} }\n${PEOPLE}`);
  expect(found.ok).toBe(false);
  expect(found.findings.map(({ where, what }) => `${where} ${what}`).join()).toMatch(said);
});
