/** Patterns of one cell: first, middle and last whole, and the lines that move, one above the other in time. */
import { colourAt, TIME_COLOURS } from "./colours.ts";
import { createPanel, type Panel } from "./panel.ts";
import type { Figure, PhysicsData, ReportCell, ReportFrame } from "./physics-data.ts";
import { element, figure, label, polyline } from "./svg-text.ts";

const WIDTH = 980;
const LEFT = 80;
const WHOLE_PX = WIDTH - LEFT - 30;
const WINDOW_PX = 400;
const WINDOW_GAP_PX = 70;
const STACK_TOP = 400;
const STACK_HEIGHT = 420;
/** More traces than this hide each other. */
const TRACES_MOST = 36;
/** A trace is this much of the panel high. */
const TRACE_SHARE = 0.22;

interface Window {
  readonly title: string;
  /** Longest and shortest spacing, angstrom. */
  readonly dA: readonly [number, number];
  /** Where nothing stands in the way of the scale. */
  readonly isFreeAtRight: boolean;
}

const GRAPHITE: Window = { title: "graphite (002) to LiC6 (001)", dA: [3.8, 3.28], isFreeAtRight: false };
const OXIDE: Window = { title: "layered oxide (003)", dA: [5.0, 4.35], isFreeAtRight: true };
const PHOSPHATE: Window = { title: "LiFePO4 and FePO4 (200), (101)", dA: [5.35, 4.15], isFreeAtRight: true };

const MARKS = [
  { name: "003", dA: 4.74, of: ["nmc811", "lno", "lco"] },
  { name: "101", dA: 4.29, of: ["lfp"] },
  { name: "C 002", dA: 3.44, of: [] },
  { name: "Al", dA: 2.338, of: [] },
  { name: "steel, Cu", dA: 2.08, of: [] },
  { name: "steel", dA: 1.798, of: [] },
  { name: "steel", dA: 1.272, of: [] },
] as const;

/** Undefined for a cell without a frame. */
export function waterfallFigure(data: PhysicsData, cell: ReportCell): Figure | undefined {
  const shown = spread(cell.frames, TRACES_MOST);
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const patterns = shown.map((frame) => ({ frame, counts: frame.counts() }));
  const colour = (frame: ReportFrame): string =>
    colourAt(TIME_COLOURS, last.timeH > first.timeH ? (frame.timeH - first.timeH) / (last.timeH - first.timeH) : 0);
  const title = `Patterns of ${cell.position} (${cell.sample}, ${cell.design})`;
  const body = [...wholePatterns(data, cell, patterns, colour)];
  const windows = [cell.design.startsWith("lfp") ? PHOSPHATE : OXIDE, GRAPHITE];
  for (const [index, window] of windows.entries()) {
    const leftPx = LEFT + index * (WINDOW_PX + WINDOW_GAP_PX);
    body.push(...stacked(data, patterns, window, leftPx, colour));
  }
  return {
    name: `patterns-${cell.position}.svg`,
    title,
    caption: `${shown.length} of ${cell.frames.length} frames. Above: whole patterns, counts per bin on a logarithmic scale. Below: the lines that move, as counted, each trace standing on its campaign time. ${data.energyKeV} keV; Poisson counts.`,
    svg: figure(WIDTH, STACK_TOP + STACK_HEIGHT + 60, title, body),
  };
}

interface Pattern {
  readonly frame: ReportFrame;
  readonly counts: Int32Array;
}

function wholePatterns(
  data: PhysicsData,
  cell: ReportCell,
  patterns: readonly Pattern[],
  colour: (frame: ReportFrame) => string,
): readonly string[] {
  const { twoThetaDeg } = data;
  const whole = [...new Set([0, Math.floor(patterns.length / 2), patterns.length - 1])].flatMap(
    (index) => patterns[index] ?? [],
  );
  let [low, high] = [Infinity, 1];
  for (const { counts } of whole) {
    for (const count of counts) {
      if (count > 0) low = Math.min(low, count);
      high = Math.max(high, count);
    }
  }
  const panel = createPanel({
    leftPx: LEFT,
    topPx: 40,
    widthPx: WHOLE_PX,
    heightPx: 270,
    x: twoThetaAxis(twoThetaDeg[0] ?? 0, twoThetaDeg.at(-1) ?? 1, 8),
    y: { label: "counts per bin", from: Math.min(low, high) * 0.7, to: high * 4, isLogarithmic: true },
    title: `${cell.position}: first, middle and last pattern`,
  });
  const lines = whole.map(({ frame, counts }) =>
    polyline(
      points(panel, twoThetaDeg, 0, counts.length - 1, (bin) => panel.yPx(Math.max(1, counts[bin] ?? 0))),
      { stroke: colour(frame), "stroke-width": 1 },
    ),
  );
  const marks = MARKS.filter(({ of }) => of.length === 0 || of.some((name) => cell.design.startsWith(name))).flatMap(
    ({ name, dA }) => {
      const x = panel.xPx(angleDeg(dA, data.wavelengthA));
      if (!(x > LEFT && x < LEFT + WHOLE_PX - 20)) return [];
      const style = { "text-anchor": "middle", "font-size": 11, fill: "#555555" };
      return [label(x, 56, name, style), element("line", { x1: x, x2: x, y1: 60, y2: 68, stroke: "#999999" })];
    },
  );
  const legend = whole.flatMap(({ frame }, index) => {
    const y = 88 + 18 * index;
    const x = LEFT + WHOLE_PX - 150;
    return [
      element("line", { x1: x, x2: x + 22, y1: y - 4, y2: y - 4, stroke: colour(frame), "stroke-width": 2 }),
      label(x + 28, y, `${frame.timeH.toFixed(2)} h, x = ${frame.local.toFixed(3)}`, { "font-size": 11 }),
    ];
  });
  return [panel.axes, panel.clipped("whole", lines), ...marks, ...legend];
}

function stacked(
  data: PhysicsData,
  patterns: readonly Pattern[],
  window: Window,
  leftPx: number,
  colour: (frame: ReportFrame) => string,
): readonly string[] {
  const { twoThetaDeg, wavelengthA } = data;
  const [fromDeg, toDeg] = [angleDeg(window.dA[0], wavelengthA), angleDeg(window.dA[1], wavelengthA)];
  const from = twoThetaDeg.findIndex((deg) => deg >= fromDeg);
  const past = twoThetaDeg.findIndex((deg) => deg > toDeg);
  const to = (past < 0 ? twoThetaDeg.length : past) - 1;
  const last = patterns.at(-1)?.frame.timeH ?? 1;
  const first = patterns[0]?.frame.timeH ?? 0;
  const spanH = last > first ? last - first : 1;
  const panel = createPanel({
    leftPx,
    topPx: STACK_TOP,
    widthPx: WINDOW_PX,
    heightPx: STACK_HEIGHT,
    x: twoThetaAxis(fromDeg, toDeg, 5),
    y: {
      label: "campaign time (h)",
      from: first - 0.02 * spanH,
      to: last + spanH * (TRACE_SHARE + 0.04),
      ticks: 8,
      ticksTo: data.durationH,
      isBare: leftPx > LEFT,
    },
    title: window.title,
  });
  if (from < 0 || to <= from) return [panel.axes];
  const low = Math.min(...patterns.map(({ counts }) => least(counts, from, to)));
  const high = Math.max(...patterns.map(({ counts }) => greatest(counts, from, to)));
  const perCount = (panel.yPx(first) - panel.yPx(first + TRACE_SHARE * spanH)) / Math.max(1, high - low);
  const barPx = leftPx + (window.isFreeAtRight ? WINDOW_PX - 100 : 14);
  const scale = scaleBar(barPx, STACK_TOP + 12, perCount, high - low);
  // Latest first: earlier traces stand in front of them.
  const traces = [...patterns].reverse().map(({ frame, counts }) => {
    const basePx = panel.yPx(frame.timeH);
    const line = points(panel, twoThetaDeg, from, to, (bin) => basePx - perCount * ((counts[bin] ?? 0) - low));
    return polyline(line, { stroke: colour(frame), "stroke-width": 1.1, fill: "#ffffff", "fill-opacity": 0.75 });
  });
  return [panel.axes, panel.clipped(`window-${Math.round(leftPx)}`, traces), scale];
}

/** How high so many counts are. */
function scaleBar(leftPx: number, topPx: number, perCount: number, span: number): string {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, span)));
  const counts = span / power >= 5 ? 5 * power : span / power >= 2 ? 2 * power : power;
  const heightPx = counts * perCount;
  return [
    element("line", {
      x1: leftPx,
      x2: leftPx,
      y1: topPx,
      y2: topPx + heightPx,
      stroke: "#1a1a1a",
      "stroke-width": 2,
    }),
    label(leftPx + 7, topPx + heightPx / 2 + 4, `${grouped(counts)} counts`, { "font-size": 11 }),
  ].join("\n");
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

function* points(
  panel: Panel,
  twoThetaDeg: Float64Array,
  from: number,
  to: number,
  yPx: (bin: number) => number,
): Generator<{ x: number; y: number }> {
  for (let bin = from; bin <= to; bin += 1) yield { x: panel.xPx(twoThetaDeg[bin] ?? NaN), y: yPx(bin) };
}

function twoThetaAxis(from: number, to: number, ticks: number) {
  return { label: "2\u03b8 (degrees)", from, to, ticks };
}

function angleDeg(dA: number, wavelengthA: number): number {
  return (2 * Math.asin(wavelengthA / (2 * dA)) * 180) / Math.PI;
}

function least(counts: Int32Array, from: number, to: number): number {
  return counts.subarray(from, to + 1).reduce((low, count) => Math.min(low, count), Infinity);
}

function greatest(counts: Int32Array, from: number, to: number): number {
  return counts.subarray(from, to + 1).reduce((high, count) => Math.max(high, count), 0);
}

/** At most `most` of them, evenly, both ends among them. */
export function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => items[Math.round(index * step)]).flatMap((item) =>
    item === undefined ? [] : [item],
  );
}
