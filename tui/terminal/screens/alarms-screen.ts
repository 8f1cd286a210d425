/** Alarms: what is wrong, since when, what is to be done; nobody's first. Pure. */
import { ALL_POSITIONS } from "../../../protocols/base/position.ts";
import type { Model } from "../model/model.ts";
import { isShelved, isUntaken, needsPerson, timeMs, untakenCount } from "../model/rack-view.ts";
import { shownAlarms } from "../model/shown-alarms.ts";
import { BLANK, row, span, tall, type Span, type Tone } from "../text/rows.ts";
import { countText, fromNowText, whenText } from "../text/values.ts";
import { heading, labelledLines, nothingSaid, scrolled, table, type Drawn } from "./parts.ts";

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
    return { title: row(span("Alarms", "strong")), rows: [row(span(nothingSaid(rack, "them"), "dim"))] };
  if (shown.length === 0) {
    const count = ALL_POSITIONS.filter((_, index) => needsPerson(rack, index)).length;
    if (count === 0) return { title, rows: [row(span("None. Nothing needs a person.", "good"))] };
    const cells = count === 1 ? "One cell needs" : `${countText(count)} cells need`;
    return { title, rows: [row(span("None. ", "good"), span(`${cells} a person: n goes there.`, "warn"))] };
  }
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
            `${whenText(timeMs(alarm.raised_at), rack.nowMs)}${rack.nowMs === null ? "" : `, ${fromNowText(timeMs(alarm.raised_at), rack.nowMs)}`}`,
            width,
            10,
          ),
          ...(alarm.acknowledged === null
            ? []
            : labelledLines(
                "taken",
                `by ${alarm.acknowledged.by} at ${whenText(timeMs(alarm.acknowledged.at), rack.nowMs)}`,
                width,
                10,
              )),
          ...(isShelved(alarm, rack.nowMs) && alarm.shelved !== null
            ? labelledLines(
                "aside",
                `by ${alarm.shelved.by} until ${whenText(timeMs(alarm.shelved.until), rack.nowMs)}`,
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
      span(whenText(timeMs(one.raised_at), rack.nowMs), "dim"),
      span(one.where, isTaken ? "dim" : "strong"),
      span(one.what, isTaken ? "dim" : "plain"),
    ];
  });
  const columns = [
    { title: "", width: 1 },
    { title: "", width: 5 },
    { title: "since", width: Math.max(...lines.map(([, , since]) => since?.text.length ?? 0)) },
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
