/**
 * Plots of a report as SVG: panes over one another with a common horizontal axis. Each pane has coordinates of its own,
 * so that the page's script zooms by moving a pane's view; without script the whole is seen. Colours come by class.
 */
import { niceTicks } from "../../simulator/report/panel.ts";
import type { Range } from "../picture/chart.ts";
import { tickText } from "../picture/chart.ts";
import { html, joined, NONE, raw, type Markup } from "./markup.ts";

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
}

export interface Pane {
  readonly heightPx: number;
  readonly y: Range;
  readonly label: string;
  readonly ticks?: number;
  readonly hasNumbers?: boolean;
  /** Of paths in the pane's own units, made with `tracePath` and the like. */
  readonly content: Markup;
}

export interface PlotOptions {
  /** Unlike for all plots of a page: letters, digits, dashes. */
  readonly id: string;
  /** What a person sees in it, in words. */
  readonly title: string;
  readonly x: Range & { readonly label: string; readonly isWhole?: boolean };
  readonly panes: readonly Pane[];
  readonly isZoomed?: boolean;
}

/** Of every pane, from the upper left. */
export const PANE_UNITS = { width: 4000, height: 1000 } as const;
const WIDTH = 720;
const LEFT = 66;
const RIGHT = 12;
const TOP = 22;
const APART = 26;
const BOTTOM = 44;
const X_TICKS = 7;

export function plotSvg({ id, title, x, panes, isZoomed = true }: PlotOptions): Markup {
  const width = WIDTH - LEFT - RIGHT;
  let top = TOP;
  const placed = panes.map((pane) => {
    const from = top;
    top += pane.heightPx + APART;
    return { pane, from };
  });
  const bottom = top - APART;
  const height = bottom + BOTTOM;
  const ticks = niceTicks(x.from, x.to, X_TICKS).filter((tick) => x.isWhole !== true || Number.isInteger(tick));
  const span = x.to > x.from ? x.to - x.from : 1;
  const xTicks = ticks.map((tick) => {
    const at = round(LEFT + ((tick - x.from) / span) * width);
    return html`<path class="g" d="M${at} ${TOP}V${bottom}" /><text x="${at}" y="${bottom + 18}" class="m"
        >${tickText(tick, ticks)}</text
      >`;
  });
  const zoom = isZoomed
    ? html` data-x0="${x.from}" data-x1="${x.to}" data-left="${LEFT}" data-width="${width}" data-top="${TOP}"
      data-bottom="${bottom}"`
    : NONE;
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}" ${zoom}>
    <title id="${id}">${title}</title>
    <g class="xt">${xTicks}</g>
    ${joined(placed.map(({ pane, from }) => paneSvg(pane, from, width)))}
    <text x="${LEFT + width / 2}" y="${bottom + 38}" class="m l">${x.label}</text>
  </svg>`;
}

function paneSvg(
  { heightPx, y, label, ticks = 5, hasNumbers = true, content }: Pane,
  top: number,
  width: number,
): Markup {
  const few = hasNumbers ? niceTicks(y.from, y.to, ticks) : [];
  const values = hasNumbers && few.length < 2 ? niceTicks(y.from, y.to, ticks + 2) : few;
  const span = y.to > y.from ? y.to - y.from : 1;
  const marks = values.map((tick) => {
    const at = round(top + heightPx - ((tick - y.from) / span) * heightPx);
    return html`<path class="g" d="M${LEFT} ${at}h${width}" /><text x="${LEFT - 7}" y="${at + 4}" class="e"
        >${tickText(tick, values)}</text
      >`;
  });
  const { width: units, height: unitsHigh } = PANE_UNITS;
  return html`${marks}<text x="${LEFT}" y="${top - 7}" class="l">${label}</text
    ><svg
      class="pane"
      x="${LEFT}"
      y="${top}"
      width="${width}"
      height="${heightPx}"
      viewBox="0 0 ${units} ${unitsHigh}"
      preserveAspectRatio="none"
    >
      ${content}</svg
    ><path class="f" d="M${LEFT} ${top}v${heightPx}h${width}" />`;
}

function unitsOf(value: number, range: Range, units: number): number {
  const span = range.to > range.from ? range.to - range.from : 1;
  return Math.round(((value - range.from) / span) * units);
}

export function xUnits(value: number, range: Range): number {
  return unitsOf(value, range, PANE_UNITS.width);
}

/** Downwards. */
export function yUnits(value: number, range: Range): number {
  return PANE_UNITS.height - unitsOf(value, range, PANE_UNITS.height);
}

/** A line through the points; one that is no number breaks it. What goes on level is one piece. */
export function tracePath(points: Iterable<PlotPoint>, x: Range, y: Range, className: string): Markup {
  const data = traceData(points, x, y);
  return data === "" ? NONE : html`<path class="${className}" d="${data}" />`;
}

export function traceData(points: Iterable<PlotPoint>, x: Range, y: Range): string {
  let data = "";
  let isDown = false;
  let [atX, atY, level] = [0, 0, 0];
  for (const point of points) {
    if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) {
      if (level !== 0) data += `h${level}`;
      level = 0;
      isDown = false;
      continue;
    }
    const [toX, toY] = [xUnits(point.x, x), yUnits(point.y, y)];
    if (!isDown) data += `M${toX} ${toY}`;
    else if (toY === atY) level += toX - atX;
    else {
      if (level !== 0) data += `h${level}`;
      level = 0;
      data += toX === atX ? `v${toY - atY}` : `l${toX - atX}${spaced(toY - atY)}`;
    }
    isDown = true;
    [atX, atY] = [toX, toY];
  }
  return level === 0 ? data : `${data}h${level}`;
}

function spaced(value: number): string {
  return value < 0 ? String(value) : ` ${value}`;
}

/** Round marks of a size that zooming does not change. */
export function dotsPath(points: Iterable<PlotPoint>, x: Range, y: Range, className: string): Markup {
  let data = "";
  for (const point of points) {
    if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) continue;
    data += `M${xUnits(point.x, x)} ${yUnits(point.y, y)}h0`;
  }
  return data === "" ? NONE : html`<path class="${className}" d="${data}" />`;
}

/** An upright box of a pane, ends in values. */
export function boxPath(from: PlotPoint, to: PlotPoint, { x, y }: { readonly x: Range; readonly y: Range }): string {
  const [left, right] = [xUnits(from.x, x), xUnits(to.x, x)];
  const [low, high] = [yUnits(from.y, y), yUnits(to.y, y)];
  return `M${left} ${low}V${high}H${right}V${low}z`;
}

export interface LegendEntry {
  readonly className: string;
  readonly text: string;
}

export function legend(entries: readonly LegendEntry[]): Markup {
  const items = entries.map(
    ({ className, text }) =>
      html`<li>
        <svg class="key" viewBox="0 0 28 12" aria-hidden="true"><path class="${className}" d="M4 6h20" /></svg>${text}
      </li>`,
  );
  return html`<ul class="legend">
    ${items}
  </ul>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A plot with what is to be read below and beside it. */
export function figure(caption: string, svg: Markup, beside: Markup = raw("")): Markup {
  return html`<figure>
    <figcaption>${caption}</figcaption>
    ${svg}${beside}
  </figure>`;
}
