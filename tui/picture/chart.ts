/** Axes, legends and colour bars: what every chart has about its data. */
import { colourAt } from "../../simulator/report/colours.ts";
import { niceTicks } from "../../simulator/report/panel.ts";
import type { PicturePoint, Shape } from "./picture.ts";
import type { Theme } from "./theme.ts";

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface AxesOptions {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Labels carry the unit. */
  readonly x: Range & { readonly label: string; readonly isBare?: boolean; readonly isWhole?: boolean };
  readonly y: Range & { readonly label: string; readonly ticks?: number; readonly hasNumbers?: boolean };
}

export interface Axes {
  readonly options: AxesOptions;
  at(x: number, y: number): PicturePoint;
  /** Below the data. */
  readonly shapes: readonly Shape[];
}

export const TEXT_PX = 13;
export const SMALL_PX = 12;
const X_TICKS = 9;
const Y_TICKS = 6;

export function axesOf(theme: Theme, options: AxesOptions): Axes {
  const { leftPx, topPx, widthPx, heightPx, x, y } = options;
  const [rightPx, bottomPx] = [leftPx + widthPx, topPx + heightPx];
  const at = (xValue: number, yValue: number): PicturePoint => ({
    x: leftPx + ((xValue - x.from) / spanOf(x)) * widthPx,
    y: bottomPx - ((yValue - y.from) / spanOf(y)) * heightPx,
  });
  const shapes: Shape[] = [];
  const line = (from: PicturePoint, to: PicturePoint, stroke: string): void => {
    shapes.push({ kind: "line", points: [from, to], stroke, widthPx: 1 });
  };
  const text = { kind: "text" as const, sizePx: SMALL_PX, fill: theme.faint };
  const xTicks = niceTicks(x.from, x.to, X_TICKS).filter((tick) => x.isWhole !== true || Number.isInteger(tick));
  for (const tick of xTicks) {
    const { x: px } = at(tick, y.from);
    line({ x: px, y: topPx }, { x: px, y: bottomPx }, theme.grid);
    if (x.isBare !== true)
      shapes.push({ ...text, x: px, y: bottomPx + 18, text: tickText(tick, xTicks), anchor: "middle" });
  }
  const yTicks = y.hasNumbers === false ? [] : niceTicks(y.from, y.to, y.ticks ?? Y_TICKS);
  for (const tick of yTicks) {
    const { y: py } = at(x.from, tick);
    line({ x: leftPx, y: py }, { x: rightPx, y: py }, theme.grid);
    shapes.push({ ...text, x: leftPx - 8, y: py + 4, text: tickText(tick, yTicks), anchor: "end" });
  }
  const corners = [
    { x: leftPx, y: topPx },
    { x: leftPx, y: bottomPx },
    { x: rightPx, y: bottomPx },
  ];
  shapes.push({ kind: "line", points: corners, stroke: theme.faint, widthPx: 1 });
  const label = { kind: "text" as const, sizePx: TEXT_PX, fill: theme.ink, anchor: "middle" as const };
  if (x.isBare !== true) shapes.push({ ...label, x: leftPx + widthPx / 2, y: bottomPx + 40, text: x.label });
  shapes.push({ ...label, x: leftPx - 58, y: topPx + heightPx / 2, text: y.label, isSteep: true });
  return { options, at, shapes };
}

function spanOf({ from, to }: Range): number {
  return to > from ? to - from : 1;
}

/** With as many decimals as the ticks differ by. */
export function tickText(tick: number, all: readonly number[]): string {
  const step = Math.abs((all[1] ?? 1) - (all[0] ?? 0));
  const decimals = step > 0 ? Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))) : 0;
  const text = tick.toFixed(decimals);
  return (Number(text) === 0 ? (0).toFixed(decimals) : text).replace("-", "\u2212");
}

/** The ends of the values with a little room; `least` is the span shown when they hardly differ. */
export function rangeWithRoom(values: Iterable<number>, least: number, from?: number): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { from: from ?? 0, to: (from ?? 0) + least };
  const half = Math.max((high - low) * 0.54, least / 2);
  const middle = (low + high) / 2;
  return { from: from ?? middle - half, to: Math.max(middle + half, (from ?? -Infinity) + least) };
}

export interface Head {
  readonly title: string;
  readonly subtitle: string;
}

/** At the upper left of the picture, with room for 60 pixels. */
export function headShapes(theme: Theme, { title, subtitle }: Head, leftPx: number): readonly Shape[] {
  const text = { kind: "text" as const, x: leftPx, anchor: "start" as const };
  return [
    { ...text, y: 30, text: title, sizePx: 17, fill: theme.ink, isBold: true },
    { ...text, y: 50, text: subtitle, sizePx: SMALL_PX, fill: theme.faint },
  ];
}

export interface LegendEntry {
  readonly text: string;
  readonly colour: string;
  readonly mark: "line" | "dot";
}

/** What a letter of a text takes on average, of its size. */
const LETTER = 0.58;
const MARK_PX = 20;
const APART_PX = 22;

/** In one row that ends at about `rightPx`. */
export function legendShapes(
  theme: Theme,
  entries: readonly LegendEntry[],
  rightPx: number,
  y: number,
): readonly Shape[] {
  const widths = entries.map(({ text }) => MARK_PX + 8 + LETTER * SMALL_PX * text.length);
  let x = rightPx - widths.reduce((sum, width) => sum + width, 0) - APART_PX * Math.max(0, entries.length - 1);
  return entries.flatMap(({ text, colour, mark }, index): readonly Shape[] => {
    const from = x;
    x += (widths[index] ?? 0) + APART_PX;
    const points = [
      { x: from, y },
      { x: from + MARK_PX, y },
    ];
    const words = { x: from + MARK_PX + 8, y: y + 4, sizePx: SMALL_PX, fill: theme.ink, anchor: "start" as const };
    return [
      mark === "dot"
        ? { kind: "dots", points: [{ x: from + MARK_PX - 4, y }], radiusPx: 4, fill: colour }
        : { kind: "line", points, stroke: colour, widthPx: 2.5 },
      { kind: "text", text, ...words },
    ];
  });
}

/** An upright bar at the right, lowest value below. */
export function colourBar(
  theme: Theme,
  range: Range & { readonly label: string; readonly isWhole?: boolean },
  place: { readonly leftPx: number; readonly topPx: number; readonly heightPx: number },
): readonly Shape[] {
  const { leftPx, topPx, heightPx } = place;
  const steps = 64;
  const shapes: Shape[] = Array.from({ length: steps }, (_, step) => ({
    kind: "box",
    x: leftPx,
    y: topPx + heightPx * (1 - (step + 1) / steps),
    widthPx: 14,
    // A little over its upper edge's neighbour, so that no line of paper shows between.
    heightPx: heightPx / steps + 0.5,
    fill: colourAt(theme.scale, step / (steps - 1)),
  }));
  const ticks = niceTicks(range.from, range.to, 5).filter((tick) => range.isWhole !== true || Number.isInteger(tick));
  for (const tick of ticks) {
    const y = topPx + heightPx * (1 - (tick - range.from) / spanOf(range));
    const text = { kind: "text" as const, sizePx: SMALL_PX, fill: theme.faint, anchor: "start" as const };
    shapes.push({ ...text, x: leftPx + 21, y: y + 4, text: tickText(tick, ticks) });
  }
  const y = topPx + heightPx / 2;
  const label = { kind: "text" as const, sizePx: TEXT_PX, fill: theme.ink, anchor: "middle" as const };
  shapes.push({ ...label, x: leftPx + 74, y, text: range.label, isSteep: true });
  return shapes;
}
