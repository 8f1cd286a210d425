/** Screens that are lists: instruments, alarms, log. Pure. */
import type { BusInstrument } from "../../../protocols/bus/rack-views.ts";
import { positionIndexOf } from "../keys/orders.ts";
import type { Model } from "../model/model.ts";
import { isShelved, isUntaken, timeMs, untakenCount, type LogLine } from "../model/rack-view.ts";
import { shownAlarms } from "../model/shown-alarms.ts";
import { BLANK, row, span, tall, type Span, type Tone } from "../text/rows.ts";
import { clockText, countText, fromNowText, spanText, UNKNOWN } from "../text/values.ts";
import { logRow } from "./log-row.ts";
import { heading, labelledLines, relativeText, scrolled, table, type Drawn } from "./parts.ts";

const INSTRUMENT_TONES: Readonly<Record<BusInstrument["state"], Tone>> = {
  ready: "good",
  connecting: "accent",
  pausing: "warn",
  failed: "alarm",
  isolated: "alarm",
  closed: "dim",
};

export function instrumentsScreen(model: Model, width: number, height: number): Drawn {
  const { instruments, nowMs } = model.rack;
  const wellCount = instruments.filter(({ state }) => state === "ready").length;
  const title = row(
    span("Instruments", "strong"),
    span(`  ${countText(wellCount)} of ${countText(instruments.length)} ready`, "dim"),
  );
  if (instruments.length === 0) return { title, rows: [row(span("nothing said of them yet", "dim"))] };
  // Those that do not answer stand first; then those that all need; channels last.
  const rank = (one: BusInstrument): number => (one.state !== "ready" ? 0 : one.position === null ? 1 : 2);
  const order = (one: BusInstrument): number => positionIndexOf(one.position ?? "") ?? -1;
  const ordered = [...instruments].sort((left, right) => rank(left) - rank(right) || order(left) - order(right));
  const isWide = width >= 120;
  const lines = ordered.map((one): readonly Span[] => [
    span(one.name, "strong"),
    span(one.state, INSTRUMENT_TONES[one.state]),
    span(one.last_answer_age_s === null ? UNKNOWN : spanText(one.last_answer_age_s), "dim"),
    span(one.losses === 0 ? "none" : countText(one.losses), one.losses === 0 ? "dim" : "warn"),
    ...(isWide ? [span(one.driver, "dim"), span(one.firmware ?? UNKNOWN, "dim")] : []),
    one.fault !== null
      ? span(`${one.fault.what} ${one.fault.advice}`, "warn")
      : one.waiting_for !== null
        ? span(
            `waits for ${one.waiting_for.reason}, until ${one.waiting_for.until === null ? "a person decides" : relativeText(one.waiting_for.until, nowMs)}`,
            "accent",
          )
        : span(
            [one.model ?? (isWide ? "" : one.driver), one.position === null ? "" : `cell ${one.position}`]
              .filter((part) => part !== "")
              .join(", "),
            "dim",
          ),
  ]);
  const columns = [
    { title: "name", width: 18 },
    { title: "state", width: 10 },
    { title: "answered", width: 8 },
    { title: "lost", width: 4 },
    ...(isWide
      ? [
          { title: "driver", width: 18 },
          { title: "firmware", width: 14 },
        ]
      : []),
    { title: "", width: 20 },
  ];
  const [head = BLANK, ...rest] = table(columns, lines, width);
  return { title, rows: [head, ...scrolled(rest, model.state.scroll.instruments, height - 1)] };
}

export function alarmsScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const shown = shownAlarms(rack);
  const untaken = untakenCount(rack);
  const title = row(
    span("Alarms", "strong"),
    span(`  ${countText(shown.length + rack.alarmsUnnamedCount)} open`, "dim"),
    span(untaken === 0 ? "" : `, ${countText(untaken)} that nobody has taken`, "alarm"),
  );
  if (!rack.areAlarmsKnown)
    return { title: row(span("Alarms", "strong")), rows: [row(span("nothing said of them yet", "dim"))] };
  if (shown.length === 0) return { title, rows: [row(span("None. Nothing needs a person.", "good"))] };
  const chosen = Math.max(
    0,
    shown.findIndex(({ id }) => id === state.alarmId),
  );
  const alarm = shown[chosen];
  const detail =
    alarm === undefined
      ? []
      : [
          heading(`${alarm.where}  ${alarm.code}`, width),
          ...labelledLines("what", alarm.what, width, 10),
          ...labelledLines("do", alarm.advice, width, 10),
          ...labelledLines(
            "since",
            `${clockText(timeMs(alarm.raised_at))}${rack.nowMs === null ? "" : `, ${fromNowText(timeMs(alarm.raised_at), rack.nowMs)}`}`,
            width,
            10,
          ),
          ...(alarm.acknowledged === null
            ? []
            : labelledLines(
                "taken",
                `by ${alarm.acknowledged.by} at ${clockText(timeMs(alarm.acknowledged.at))}`,
                width,
                10,
              )),
          ...(isShelved(alarm, rack.nowMs) && alarm.shelved !== null
            ? labelledLines(
                "aside",
                `by ${alarm.shelved.by} until ${clockText(timeMs(alarm.shelved.until))}`,
                width,
                10,
              )
            : []),
        ];
  const listHeight = Math.max(3, height - detail.length - 1);
  const first = Math.min(
    Math.max(0, chosen - Math.floor((listHeight - 1) / 2)),
    Math.max(0, shown.length - listHeight + 1),
  );
  const lines = shown.map((one, index): readonly Span[] => {
    const isTaken = !isUntaken(one, rack.nowMs);
    const word = isShelved(one, rack.nowMs) ? "aside" : one.acknowledged !== null ? "taken" : "OPEN";
    const tone: Tone = isTaken ? "dim" : "alarm";
    return [
      span(index === chosen ? "▸" : " ", "accent"),
      span(word, tone),
      span(clockText(timeMs(one.raised_at)), "dim"),
      span(one.where, isTaken ? "dim" : "strong"),
      span(one.what, isTaken ? "dim" : "plain"),
    ];
  });
  const columns = [
    { title: "", width: 1 },
    { title: "", width: 5 },
    { title: "since", width: 8 },
    { title: "where", width: 12 },
    { title: "what", width: 20 },
  ];
  const [head = BLANK, ...rest] = table(columns, lines, width);
  const more =
    rack.alarmsUnnamedCount === 0
      ? []
      : [row(span(`and ${countText(rack.alarmsUnnamedCount)} more that are not listed`, "dim"))];
  return {
    title,
    rows: [...tall([head, ...scrolled([...rest, ...more], first, listHeight - 1)], listHeight), BLANK, ...detail],
  };
}

/** Lines that have every word of the filter. */
export function filteredLog(lines: readonly LogLine[], filter: string): readonly LogLine[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return lines;
  return lines.filter((line) => {
    const text = `${line.type} ${line.where ?? ""} ${line.text}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function logScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const kept = state.logStopped ?? rack.log;
  const lines = filteredLog(kept, state.logFilter);
  const stopped =
    state.logStopped === null
      ? span("  running", "good")
      : span(
          `  stopped, ${countText(rack.log.length - kept.length + (rack.log[0]?.seq ?? 0) - (kept[0]?.seq ?? 0))} newer`,
          "warn",
        );
  const filter =
    state.logFilter === ""
      ? ""
      : `  with "${state.logFilter}": ${countText(lines.length)} of ${countText(kept.length)}`;
  const title = row(span("Log", "strong"), stopped, span(filter, "accent"));
  if (lines.length === 0)
    return {
      title,
      rows: [row(span(kept.length === 0 ? "nothing said yet" : "no line has these words; escape shows all", "dim"))],
    };
  // The newest at the foot, as logs are read; scrolling goes back from there.
  const back = Math.min(state.scroll.log, Math.max(0, lines.length - height));
  const shown = lines.slice(Math.max(0, lines.length - height - back), lines.length - back);
  return { title, rows: shown.map((line) => logRow(line, width)) };
}
