/** One line of the event log as one row. Pure. */
import { timeMs, type LogLine } from "../model/rack-view.ts";
import { cut, fit, padText, row, span, type Row, type Tone } from "../text/rows.ts";
import { clockText } from "../text/values.ts";

const ALARMING = /alarm-raised|fault|isolated|refused|lost|failed|broke/;

export function logRow(line: LogLine, width: number): Row {
  const tone: Tone = ALARMING.test(line.type) ? "warn" : "plain";
  const head = fit(row(span(`${clockText(timeMs(line.at))} `, "dim"), span(line.where ?? "", "strong")), 16);
  const type = width >= TYPE_FROM_WIDTH ? [span(padText(line.type, TYPE_WIDTH), "dim")] : [];
  return cut([...head, span(" "), ...type, span(line.text, tone)], width);
}

/** The text says what happened; how programs call it is for where there is room. */
const TYPE_FROM_WIDTH = 120;
const TYPE_WIDTH = 24;
