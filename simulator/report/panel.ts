/** One set of axes: box, ticks, grid, labels with units, and the way from values to pixels. */
import { element, label } from "./svg-text.ts";

export interface Axis {
  /** With its unit, e.g. `voltage (V)`. */
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly isLogarithmic?: boolean;
  /** About this many. */
  readonly ticks?: number;
  /** The ticks stay, their numbers and the label do not: another panel below shows them. */
  readonly isBare?: boolean;
  /** Where the numbers end when the axis goes on to make room. */
  readonly ticksTo?: number;
}

export interface PanelOptions {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly title?: string;
  readonly hasGrid?: boolean;
}

export interface Panel {
  readonly xPx: (value: number) => number;
  readonly yPx: (value: number) => number;
  /** Axes and grid; goes below what is drawn in the panel. */
  readonly axes: string;
  /** Markup cut at the panel's edges. */
  clipped(id: string, content: readonly string[]): string;
}

const INK = "#444444";
const GRID = "#e4e4e4";

export function createPanel(options: PanelOptions): Panel {
  const { leftPx, topPx, widthPx, heightPx, x, y } = options;
  const bottomPx = topPx + heightPx;
  const xPx = scaled(x, leftPx, leftPx + widthPx);
  const yPx = scaled(y, bottomPx, topPx);
  const parts: string[] = [];
  for (const tick of ticksOf(x)) {
    const at = xPx(tick);
    if (options.hasGrid !== false) parts.push(line(at, topPx, at, bottomPx, GRID));
    parts.push(line(at, bottomPx, at, bottomPx + 5, INK));
    if (x.isBare !== true) parts.push(label(at, bottomPx + 19, tickText(x, tick), { "text-anchor": "middle" }));
  }
  for (const tick of ticksOf(y)) {
    const at = yPx(tick);
    if (options.hasGrid !== false) parts.push(line(leftPx, at, leftPx + widthPx, at, GRID));
    parts.push(line(leftPx - 5, at, leftPx, at, INK));
    if (y.isBare !== true) parts.push(label(leftPx - 9, at + 4.5, tickText(y, tick), { "text-anchor": "end" }));
  }
  parts.push(element("rect", { x: leftPx, y: topPx, width: widthPx, height: heightPx, fill: "none", stroke: INK }));
  if (x.isBare !== true) {
    parts.push(label(leftPx + widthPx / 2, bottomPx + 39, x.label, { "text-anchor": "middle" }));
  }
  if (y.isBare !== true) {
    const longest = Math.max(0, ...ticksOf(y).map((tick) => tickText(y, tick).length));
    const [atX, atY] = [leftPx - 26 - 8 * longest, topPx + heightPx / 2];
    parts.push(label(atX, atY, y.label, { "text-anchor": "middle", transform: `rotate(-90 ${atX} ${atY})` }));
  }
  if (options.title !== undefined) {
    parts.push(label(leftPx, topPx - 9, options.title, { "font-weight": "bold" }));
  }
  return {
    xPx,
    yPx,
    axes: parts.join("\n"),
    clipped(id, content) {
      const box = element("rect", { x: leftPx, y: topPx, width: widthPx, height: heightPx });
      const clip = element("clipPath", { id }, box);
      return `${clip}\n${element("g", { "clip-path": `url(#${id})` }, content.join("\n"))}`;
    },
  };
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return element("line", { x1, y1, x2, y2, stroke });
}

function scaled({ from, to, isLogarithmic }: Axis, fromPx: number, toPx: number): (value: number) => number {
  const bend = isLogarithmic === true ? Math.log10 : (value: number): number => value;
  const [low, high] = [bend(from), bend(to)];
  const span = high === low ? 1 : high - low;
  return (value) => fromPx + ((bend(value) - low) / span) * (toPx - fromPx);
}

function ticksOf(axis: Axis): readonly number[] {
  if (axis.isLogarithmic === true) {
    const ticks: number[] = [];
    for (let power = Math.ceil(Math.log10(axis.from) - 1e-9); 10 ** power <= axis.to * (1 + 1e-9); power += 1) {
      ticks.push(10 ** power);
    }
    return ticks;
  }
  return niceTicks(axis.from, axis.to, axis.ticks ?? 6).filter((tick) => tick <= (axis.ticksTo ?? Infinity));
}

/** About `count` round numbers within the two ends. */
export function niceTicks(from: number, to: number, count: number): readonly number[] {
  const [low, high] = from < to ? [from, to] : [to, from];
  if (!(high > low) || !Number.isFinite(high - low)) return [low];
  const step = niceStep((high - low) / count);
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; index += 1)
    ticks.push(index * step + 0);
  return ticks;
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const part = rough / power;
  const nice = part <= 1.4 ? 1 : part <= 3 ? 2 : part <= 7 ? 5 : 10;
  return nice * power;
}

function tickText(axis: Axis, tick: number): string {
  if (axis.isLogarithmic === true) return tick >= 1e4 ? `1e${Math.round(Math.log10(tick))}` : String(tick);
  const step = niceStep(Math.abs(axis.to - axis.from) / (axis.ticks ?? 6));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = tick.toFixed(Math.min(8, decimals));
  return Number(text) === 0 ? "0" : text.replace("-", "\u2212");
}

/** Ends of an axis with a little room around the values; `least` is the span shown when they hardly differ. */
export function room(values: Iterable<number>, least: number): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, least];
  const middle = (low + high) / 2;
  const half = Math.max((high - low) * 0.54, least / 2);
  return [middle - half, middle + half];
}
