/** A line through points, drawn in braille dots: 2 x 4 to a character. Pure. */
import { padText, row, span, type Row, type Tone } from "./rows.ts";

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
}

export interface PlotRange {
  readonly from: number;
  readonly to: number;
}

const EMPTY = 0x2800;
/** Bits of a braille character by column and row of its dots. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/**
 * `height` strings of `width` characters. Points follow one another; a point that is not finite breaks the line. What
 * lies outside of the ranges is not drawn.
 */
export function brailleLines(
  points: readonly PlotPoint[],
  width: number,
  height: number,
  x: PlotRange,
  y: PlotRange,
): readonly string[] {
  const columns = width * 2;
  const dotRows = height * 4;
  const cells = new Uint8Array(width * height);
  const set = (column: number, dotRow: number): void => {
    if (column < 0 || column >= columns || dotRow < 0 || dotRow >= dotRows) return;
    const cell = (dotRow >> 2) * width + (column >> 1);
    cells[cell] = (cells[cell] ?? 0) | DOTS[(column & 1) as 0 | 1][(dotRow & 3) as 0 | 1 | 2 | 3];
  };
  const columnOf = (value: number): number => Math.round(share(value, x) * (columns - 1));
  const rowOf = (value: number): number => Math.round((1 - share(value, y)) * (dotRows - 1));
  let last: { readonly column: number; readonly dotRow: number } | null = null;
  for (const point of points) {
    if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) {
      last = null;
      continue;
    }
    const next = { column: columnOf(point.x), dotRow: rowOf(point.y) };
    if (last === null) set(next.column, next.dotRow);
    else drawLine(last, next, Math.max(columns, dotRows) * 4, set);
    last = next;
  }
  return Array.from({ length: height }, (_, line) => {
    let text = "";
    for (let column = 0; column < width; column += 1) {
      text += String.fromCharCode(EMPTY + (cells[line * width + column] ?? 0));
    }
    return text;
  });
}

function share(value: number, { from, to }: PlotRange): number {
  return to === from ? 0.5 : (value - from) / (to - from);
}

type Dot = { readonly column: number; readonly dotRow: number };

/** `stepsMax` bounds the work for points far outside. */
function drawLine(from: Dot, to: Dot, stepsMax: number, set: (column: number, dotRow: number) => void): void {
  const steps = Math.max(Math.abs(to.column - from.column), Math.abs(to.dotRow - from.dotRow), 1);
  if (steps > stepsMax) {
    set(to.column, to.dotRow);
    return;
  }
  for (let step = 0; step <= steps; step += 1) {
    const part = step / steps;
    set(
      Math.round(from.column + (to.column - from.column) * part),
      Math.round(from.dotRow + (to.dotRow - from.dotRow) * part),
    );
  }
}

/** Of the finite values, a little wider where they are all one; null without any. */
export function rangeOf(values: Iterable<number>, leastSpan = 0): PlotRange | null {
  let from = Infinity;
  let to = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  if (from > to) return null;
  const missing = leastSpan - (to - from);
  return missing > 0 ? { from: from - missing / 2, to: to + missing / 2 } : { from, to };
}

export interface PlotPanel {
  /** Above the axis. */
  readonly title: string;
  /** Above the plot. */
  readonly about?: string;
  readonly points: readonly PlotPoint[];
  readonly x: PlotRange | null;
  readonly y: PlotRange | null;
  readonly yText: (value: number) => string;
  /** Below the left and the right end; null: no line below. */
  readonly xTexts: readonly [string, string] | null;
  readonly tone: Tone;
  /** Instead of a line, where there are no points. */
  readonly emptyText: string;
}

const EDGE = 8;

/** A plot with its title and ends, `width` columns and `height` rows in all. */
export function plotRows(panel: PlotPanel, width: number, height: number): readonly Row[] {
  const { title, points, x, y, yText, xTexts, tone, emptyText } = panel;
  const below = xTexts === null ? 0 : 1;
  const plotHeight = Math.max(1, height - 1 - below);
  const plotWidth = Math.max(4, width - EDGE - 1);
  const head = row(
    span(`${padText(title, EDGE, "right")}${panel.about === undefined ? "" : ` ${panel.about}`}`, "dim"),
  );
  if (x === null || y === null || points.length === 0)
    return [head, row(span(`${" ".repeat(EDGE + 1)}${emptyText}`, "dim"))];
  const drawn = brailleLines(points, plotWidth, plotHeight, x, y).map((text, line) => {
    const edge = line === 0 ? yText(y.to) : line === plotHeight - 1 ? yText(y.from) : "";
    return row(span(padText(edge, EDGE, "right"), "dim"), span("│", "dim"), span(text, tone));
  });
  const foot =
    xTexts === null
      ? []
      : [
          row(
            span(" ".repeat(EDGE)),
            span("└", "dim"),
            span(`${xTexts[0]}${xTexts[1].padStart(Math.max(1, plotWidth - xTexts[0].length))}`, "dim"),
          ),
        ];
  return [head, ...drawn, ...foot];
}
