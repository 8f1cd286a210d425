import { expect, it } from "vitest";
import type { NotifyConfig, NotifyRule } from "../../../protocols/notify/notify-config.ts";
import type { News } from "../../../tui/notify/happenings.ts";
import type { Notice } from "../../../tui/notify/notice.ts";
import { createRuleDesk, KEPT_MAX } from "../../../tui/notify/rule-desk.ts";
import { openAlarm } from "../../support/notify-news.ts";

const RULE: NotifyRule = { on: "alarm", name: "all", to: ["mail"], rate: { per_hour: 2 }, cleared: false };

function bench(change: Partial<Pick<NotifyConfig, "rules" | "rate" | "quiet">> = {}) {
  let nowMs = Date.UTC(2026, 2, 2, 12);
  let rack = "r";
  const sent: Notice[] = [];
  const desk = createRuleDesk({
    config: { rules: [RULE], rate: { per_hour: 60 }, ...change },
    clock: { monoMs: () => nowMs, wallMs: () => nowMs },
    rack: () => rack,
    send: (notice) => sent.push(notice),
  });
  let id = 0;
  return {
    sent,
    moveTo: (next: string): void => {
      rack = next;
    },
    /** One alarm, of a code of its own: equal ones would be one line. */
    raise: (severity: "hold" | "stop" = "hold"): void => {
      id += 1;
      const alarm = openAlarm(id, { code: `cell.of-${String(id)}`, severity });
      desk.take([{ kind: "alarm", alarm, isOver: false } satisfies News], () => undefined);
    },
    pass: (ms: number): void => {
      nowMs += ms;
      desk.take([], () => undefined);
    },
  };
}

it("no more goes out in an hour than a rule allows; the rest is told together as soon as it may", () => {
  const { sent, raise, pass } = bench();
  for (let count = 0; count < 2 + KEPT_MAX + 14; count += 1) raise();
  expect(sent.map(({ lines }) => lines.length)).toEqual([1, 1]);
  pass(3_599_000);
  expect(sent).toHaveLength(2);
  pass(1000);
  expect(sent).toHaveLength(3);
  expect(sent[2]?.title).toMatch(/\(and 33 more\)$/);
  expect(sent[2]?.lines).toHaveLength(KEPT_MAX + 1);
  expect(sent[2]?.lines.at(-1)).toBe("and 14 more, kept back by the limits of this rule");
  pass(3_600_000);
  expect(sent).toHaveLength(3);
});

it("all rules together send no more than the file allows", () => {
  const { sent, raise } = bench({ rules: [RULE, { ...RULE, name: "again" }], rate: { per_hour: 3 } });
  raise();
  raise();
  expect(sent.map(({ rule }) => rule)).toEqual(["all", "again", "all"]);
});

it("quiet hours keep back what can wait, and tell it once they are over; what cannot wait goes out with it", () => {
  const quiet = { from: "11:00", to: "13:00", time_zone: "UTC", except: ["stop" as const] };
  const night = bench({ quiet });
  night.raise();
  night.raise();
  expect(night.sent).toEqual([]);
  night.pass(3_600_000);
  expect(night.sent.map(({ lines }) => lines.length)).toEqual([2]);
  const alarm = bench({ quiet });
  alarm.raise();
  alarm.raise("stop");
  expect(alarm.sent).toHaveLength(1);
  expect(alarm.sent[0]?.severity).toBe("stop");
  expect(alarm.sent[0]?.title).toContain("A2: ");
});

it("what is most urgent is named, however much else was kept back before it", () => {
  const quiet = { from: "11:00", to: "13:00", time_zone: "UTC", except: ["stop" as const] };
  const night = bench({ quiet });
  for (let count = 0; count < KEPT_MAX + 5; count += 1) night.raise();
  expect(night.sent).toEqual([]);
  night.raise("stop");
  expect(night.sent).toHaveLength(1);
  expect(night.sent[0]?.severity).toBe("stop");
  expect(night.sent[0]?.title).toContain(`A${String(KEPT_MAX + 6)}: `);
  expect(night.sent[0]?.lines[0]).toContain(`A${String(KEPT_MAX + 6)}: `);
  expect(night.sent[0]?.lines.at(-1)).toBe("and 6 more, kept back by the limits of this rule");
});

it("what must not wait for the end of quiet hours is not forgotten either, where the rate let nothing out as it came", () => {
  const quiet = { from: "11:00", to: "15:00", time_zone: "UTC", except: ["stop" as const] };
  const night = bench({ quiet });
  night.raise("stop");
  night.raise("stop");
  for (let count = 0; count < KEPT_MAX + 5; count += 1) night.raise();
  night.raise("stop");
  expect(night.sent).toHaveLength(2);
  night.pass(3_600_000);
  expect(night.sent).toHaveLength(3);
  expect(night.sent[2]?.severity).toBe("stop");
});

it("what was kept back of another rack goes out with that one's name", () => {
  const quiet = { from: "11:00", to: "13:00", time_zone: "UTC", except: ["stop" as const] };
  const night = bench({ quiet });
  night.raise();
  night.moveTo("next");
  night.raise();
  night.pass(3_600_000);
  expect(night.sent).toHaveLength(1);
  expect(night.sent[0]?.title).toMatch(/^beamrack next: r: A1: /);
  expect(night.sent[0]?.lines[1]).toMatch(/^A2: /);
});
