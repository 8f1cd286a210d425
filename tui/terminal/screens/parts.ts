/** What several screens draw alike: labelled values, tables, waits. Pure. */
import type { BusWaiting } from "../../../protocols/bus/view-parts.ts";
import { isLive, timeMs, type RackView } from "../model/rack-view.ts";
import {
  BLANK,
  cut,
  fit,
  padText,
  row,
  rowWidth,
  span,
  textWidth,
  wrapWords,
  type Row,
  type Span,
  type Tone,
} from "../text/rows.ts";
import { fromNowText, spanText, whenText } from "../text/values.ts";

/** A screen between the head and the foot of the terminal. */
export interface Drawn {
  readonly title: Row;
  readonly rows: readonly Row[];
  /** Rows that it can be scrolled by; none: all is seen. */
  readonly scrollMax?: number;
}

/** In place of what is not known: not yet, or, where the controller speaks and tells this user no more, never. */
export function nothingSaid(rack: RackView, of = "it"): string {
  return isLive(rack) && rack.campaign === null ? "not told to group users" : `nothing said of ${of} yet`;
}

/** `voltage     3.842 V`: the label quiet, the value under those above it. */
export function labelled(label: string, value: string | Row, labelWidth = 13, tone: Tone = "plain"): Row {
  const cells = typeof value === "string" ? row(span(value, tone)) : value;
  return [span(padText(label, labelWidth), "dim"), ...cells];
}

/** The same with a value that goes on under itself. */
export function labelledLines(
  label: string,
  text: string,
  width: number,
  labelWidth = 13,
  tone: Tone = "plain",
): readonly Row[] {
  const lines = wrapWords(text, Math.max(8, width - labelWidth));
  return lines.map((line, index) => labelled(index === 0 ? label : "", line, labelWidth, tone));
}

export function heading(text: string, width: number): Row {
  const rest = Math.max(0, width - textWidth(text) - 1);
  return row(span(text, "accent"), span(` ${"─".repeat(rest)}`, "dim"));
}

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: "left" | "right";
}

const GAP = 2;

/** A head and a row for each line; the last column takes what is left of `width`. */
export function table(columns: readonly Column[], lines: readonly Row[], width: number): readonly Row[] {
  const fixed = columns.slice(0, -1).reduce((sum, column) => sum + column.width + GAP, 0);
  const widths = columns.map((column, index) =>
    index === columns.length - 1 ? Math.max(4, width - fixed) : column.width,
  );
  const gap = span(" ".repeat(GAP));
  const lay = (cells: readonly Span[]): Row =>
    cut(
      cells.flatMap((cell, index): readonly Span[] => {
        const column = columns[index];
        const columnWidth = widths[index] ?? 0;
        const text = padText(cell.text, columnWidth, column?.align ?? "left");
        return index === cells.length - 1 ? [span(text.trimEnd(), cell.tone)] : [span(text, cell.tone), gap];
      }),
      width,
    );
  return [lay(columns.map(({ title }) => span(title, "dim"))), ...lines.map(lay)];
}

/** What is waited for, of whom, since when and until when: in full sentences, wrapped. */
export function waitLines(waiting: BusWaiting, nowMs: number | null, width: number): readonly Row[] {
  const sinceMs = timeMs(waiting.since);
  const untilMs = timeMs(waiting.until);
  const since =
    sinceMs === null
      ? ""
      : `since ${whenText(sinceMs, nowMs)}${nowMs === null ? "" : ` (${spanText((nowMs - sinceMs) / 1000)})`}`;
  const until = untilMs === null ? "until a person decides" : `until ${whenText(untilMs, nowMs)}`;
  return [
    ...wrapWords(`waits for ${waiting.reason}`, width).map((line) => row(span(line, "accent"))),
    ...wrapWords(`of ${waiting.who}, ${since}, ${until}`, width).map((line) => row(span(line, "dim"))),
  ];
}

/** `in 8 s`, `3 min ago`; a dash without one. */
export function relativeText(text: string | null | undefined, nowMs: number | null): string {
  return nowMs === null ? "-" : fromNowText(timeMs(text), nowMs);
}

/** By how many rows a list can be scrolled in so much room, of which the last row then tells how much more there is. */
export function scrollMaxOf(rows: readonly Row[], height: number): number {
  return rows.length <= height ? 0 : rows.length - height + 1;
}

/** Rows from `top` on, at most `height`; where there are more, the last row says how many. */
export function scrolled(rows: readonly Row[], top: number, height: number): readonly Row[] {
  if (rows.length <= height) return rows;
  const first = Math.min(top, scrollMaxOf(rows, height));
  const shown = rows.slice(first, first + height - 1);
  const below = rows.length - first - shown.length;
  const told = [first > 0 ? `${first} above` : "", below > 0 ? `${below} below` : ""].filter((part) => part !== "");
  return [...shown, row(span(`${told.join(", ")}  ↑↓`, "dim"))];
}

/** Spans one after another on as many rows as they need. */
export function flow(parts: readonly Row[], width: number, gap = "   "): readonly Row[] {
  const rows: Row[] = [];
  let line: Row = BLANK;
  for (const part of parts) {
    if (line.length === 0) line = part;
    else if (rowWidth(line) + gap.length + rowWidth(part) <= width) line = [...line, span(gap), ...part];
    else {
      rows.push(cut(line, width));
      line = part;
    }
  }
  if (line.length > 0) rows.push(cut(line, width));
  return rows;
}

/** A label before the first of the rows, the others indented under it. */
export function underLabel(label: string, rows: readonly Row[], labelWidth: number): readonly Row[] {
  return rows.map((cells, index) => [...fit(row(span(index === 0 ? label : "", "dim")), labelWidth), ...cells]);
}
