/** One line of the event log: as one row, or whole on as many as it needs. Pure. */
import { timeMs, type LogLine } from "../model/rack-view.ts";
import { cut, fit, padText, row, span, textWidth, wrapWords, type Row, type Span, type Tone } from "../text/rows.ts";
import { clockText } from "../text/values.ts";

const ALARMING = /alarm-raised|fault|isolated|refused|lost|failed|broke/;
/** Time and place: `channel H12` is told whole. */
const HEAD_WIDTH = 9 + 12;

export function logRow(line: LogLine, width: number): Row {
  const head = headSpans(line, width);
  return cut([...head, span(line.text, toneOf(line))], width);
}

/** The text goes on under itself. */
export function logRows(line: LogLine, width: number): readonly Row[] {
  const head = headSpans(line, width);
  const headWidth = HEAD_WIDTH + 1 + (width >= TYPE_FROM_WIDTH ? TYPE_WIDTH : 0);
  const tone = toneOf(line);
  if (textWidth(line.text) <= width - headWidth) return [[...head, span(line.text, tone)]];
  return wrapWords(line.text, width - headWidth).map((text, index) =>
    index === 0 ? [...head, span(text, tone)] : [span(" ".repeat(headWidth)), span(text, tone)],
  );
}

function headSpans(line: LogLine, width: number): readonly Span[] {
  const head = fit(row(span(`${clockText(timeMs(line.at))} `, "dim"), span(line.where ?? "", "strong")), HEAD_WIDTH);
  const type = width >= TYPE_FROM_WIDTH ? [span(padText(line.type, TYPE_WIDTH), "dim")] : [];
  return [...head, span(" "), ...type];
}

function toneOf({ type }: LogLine): Tone {
  return ALARMING.test(type) ? "warn" : "plain";
}

/** The text says what happened; how programs call it is for where there is room. */
const TYPE_FROM_WIDTH = 120;
const TYPE_WIDTH = 24;
