/** One line of the event log as one row. Pure. */
import { timeMs, type LogLine } from "../model/rack-view.ts";
import { cut, fit, row, span, type Row, type Tone } from "../text/rows.ts";
import { clockText } from "../text/values.ts";

const ALARMING = /alarm-raised|fault|isolated|refused|lost|failed|broke/;

export function logRow(line: LogLine, width: number): Row {
  const tone: Tone = ALARMING.test(line.type) ? "warn" : "plain";
  const head = fit(row(span(`${clockText(timeMs(line.at))} `, "dim"), span(line.where ?? "", "strong")), 16);
  return cut([...head, span(" "), span(line.type, tone), span(` ${line.text}`, "dim")], width);
}
