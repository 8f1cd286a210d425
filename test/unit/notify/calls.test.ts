import { describe, expect, it } from "vitest";
import { FAULT_ANSWERS, faultRule, isFaultCode, usualRule } from "../../../protocols/base/fault-answers.ts";
import { FAULT_CATALOGUE } from "../../../protocols/base/fault-catalogue.ts";
import { errorsOf, goodFiles, load } from "../../support/campaign-files.ts";
import { openAlarm } from "../../support/notify-news.ts";
import type { NotifyRule } from "../../../protocols/notify/notify-config.ts";
import type { Notice } from "../../../tui/notify/notice.ts";
import { createRuleDesk } from "../../../tui/notify/rule-desk.ts";

const CODES = Object.keys(FAULT_CATALOGUE).filter(isFaultCode);

describe("a fault that nobody is there for", () => {
  it("falls under a rule, whichever it is; whoever must come is called", () => {
    for (const code of CODES) {
      const { answer, call } = usualRule(code);
      const { severity } = FAULT_CATALOGUE[code];
      expect(Object.keys(FAULT_ANSWERS), code).toContain(answer);
      expect(severity === "stop" ? [answer, call] : [], code).toEqual(severity === "stop" ? ["end", "now"] : []);
      // Nothing waits for a person whom nobody tells.
      expect(severity === "hold" && call === "none", code).toBe(false);
      expect(answer === "wait" || answer === "isolate" || answer === "skip", code).toBe(severity === "hold");
    }
    expect(usualRule("cell.limit")).toEqual({ answer: "isolate", call: "day" });
    expect(usualRule("detector.late")).toEqual({ answer: "skip", call: "day" });
    expect(usualRule("beam.lost")).toEqual({ answer: "retry", call: "none" });
    expect(usualRule("beam.held")).toEqual({ answer: "wait", call: "now" });
    expect(usualRule("rack.level")).toEqual({ answer: "wait", call: "now" });
  });

  it("wakes whom the campaign has called, by code or class, and the last word counts", () => {
    const written = [
      { faults: ["cell"], call: "now" },
      { faults: ["cell.limit", "beam.lost"], call: "none" },
    ] as const;
    expect(faultRule("cell.wrong", written)).toEqual({ answer: "isolate", call: "now" });
    expect(faultRule("cell.limit", written).call).toBe("none");
    expect(faultRule("link.isolated", written)).toEqual(usualRule("link.isolated"));
  });

  it("is named in a campaign as the list of faults has it, or the campaign is refused", () => {
    const withCalls = (calls: string) =>
      load({ ...goodFiles, "good.yaml": `${goodFiles["good.yaml"] ?? ""}\n${calls}\n` }, "good.yaml");
    const loaded = withCalls("calls: [{ faults: [cell, beam.lost], call: now }]");
    expect(loaded.kind === "loaded" ? loaded.campaign.calls : loaded.findings).toEqual([
      { faults: ["cell", "beam.lost"], call: "now" },
    ]);
    for (const [calls, place] of [
      ["calls: [{ faults: [cel], call: now }]", "calls[0].faults[0]"],
      ["calls: [{ faults: [cell], call: later }]", "calls[0].call"],
    ] as const) {
      expect(
        errorsOf(withCalls(calls)).some(({ where }) => where.includes(place)),
        calls,
      ).toBe(true);
    }
  });
});

describe("who is on call", () => {
  const NIGHT = { from: "22:00", to: "06:30", time_zone: "UTC" };

  function told(hour: number, rules: readonly NotifyRule[], call: "now" | "day"): readonly string[] {
    const sent: Notice[] = [];
    const atMs = Date.UTC(2026, 2, 2, hour);
    const desk = createRuleDesk({
      config: { rules: [...rules], rate: { per_hour: 60 }, quiet: { ...NIGHT, except: ["call"] } },
      clock: { monoMs: () => atMs, wallMs: () => atMs },
      rack: () => "r",
      send: (notice) => sent.push(notice),
    });
    desk.take([{ kind: "alarm", alarm: openAlarm(1, { call }), isOver: false }], () => undefined);
    return sent.map(({ rule }) => rule);
  }

  const rule: Omit<NotifyRule & { readonly on: "alarm" }, "name"> = {
    ...{ on: "alarm", to: ["mail"], rate: { per_hour: 12 }, cleared: false },
  };
  const TURNS: readonly NotifyRule[] = [
    { ...rule, name: "anna", on_call: { from: "06:30", to: "22:00", time_zone: "UTC" } },
    { ...rule, name: "boris", on_call: NIGHT, calls: ["now"] },
  ];

  it("is told in their own hours, at night of what cannot wait alone", () => {
    expect(told(12, TURNS, "now")).toEqual(["anna"]);
    expect(told(12, TURNS, "day")).toEqual(["anna"]);
    expect(told(3, TURNS, "now")).toEqual(["boris"]);
    expect(told(3, TURNS, "day")).toEqual([]);
  });
});
