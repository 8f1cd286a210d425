/** Lithium of the spots in the beam against that of the whole cell: what the beam has done. */
import { colourOf } from "./colours.ts";
import { createPanel, room } from "./panel.ts";
import type { Figure, PhysicsData, ReportCell, ReportFrame } from "./physics-data.ts";
import { element, figure, label, polyline } from "./svg-text.ts";
import { timeAxis } from "./voltage-figure.ts";

const WIDTH = 980;
const LEFT = 96;
const RIGHT = 170;
/** Spots that get a line of their own: those that lag the most. */
const NAMED_MOST = 6;
/** A lag that no analysis sees. */
const LAG_UNSEEN = 1e-3;

interface SpotSeries {
  readonly xMm: number;
  readonly yMm: number;
  readonly frames: readonly ReportFrame[];
}

/** Undefined for a cell without a frame. */
export function lithiumFigure(data: PhysicsData, cell: ReportCell): Figure | undefined {
  const { trace, frames, position } = cell;
  if (frames.length === 0) return undefined;
  const series = bySpot(frames);
  const worst = [...series].sort((a, b) => lagOf(b) - lagOf(a)).slice(0, NAMED_MOST);
  const common = { leftPx: LEFT, widthPx: WIDTH - LEFT - RIGHT };
  const x = timeAxis(data.durationH);
  const [lowX, highX] = room([...trace.positive, ...frames.map(({ local }) => local)], 0.02);
  const upper = createPanel({
    ...common,
    topPx: 40,
    heightPx: 250,
    x: { ...x, isBare: true },
    y: { label: "lithium per site", from: lowX, to: highX },
    title: `${position}: lithium of the positive, whole cell and spots in the beam`,
  });
  const lags = frames.map((frame) => frame.local - frame.mean);
  const [lowLag, highLag] = room([...lags, 0], 2 * LAG_UNSEEN);
  const lower = createPanel({
    ...common,
    topPx: 320,
    heightPx: 170,
    x,
    y: { label: "spot \u2212 cell", from: lowLag, to: highLag, ticks: 5 },
  });
  const body = [upper.axes, lower.axes];
  const zero = { x1: LEFT, x2: WIDTH - RIGHT, y1: lower.yPx(0), y2: lower.yPx(0), stroke: "#888888" };
  body.push(element("line", { ...zero, "stroke-dasharray": "4 3" }));
  body.push(
    polyline(
      trace.timeH.map((timeH, at) => ({ x: upper.xPx(timeH), y: upper.yPx(trace.positive[at] ?? NaN) })),
      { stroke: "#1a1a1a", "stroke-width": 1.2 },
    ),
  );
  for (const spot of series) {
    const rank = worst.indexOf(spot);
    const colour = rank < 0 ? "#b0b0b0" : colourOf(rank);
    for (const { timeH, local } of spot.frames) {
      body.push(element("circle", { cx: upper.xPx(timeH), cy: upper.yPx(local), r: 2.4, fill: colour }));
    }
    const line = spot.frames.map((frame) => ({ x: lower.xPx(frame.timeH), y: lower.yPx(frame.local - frame.mean) }));
    body.push(polyline(line, { stroke: colour, "stroke-width": 1 }));
    for (const { x: cx, y: cy } of line) body.push(element("circle", { cx, cy, r: 2.2, fill: colour }));
  }
  const legendPx = WIDTH - RIGHT + 14;
  body.push(
    element("line", { x1: legendPx, x2: legendPx + 22, y1: 52, y2: 52, stroke: "#1a1a1a", "stroke-width": 1.6 }),
  );
  body.push(label(legendPx + 28, 56, "whole cell"));
  for (const [rank, spot] of worst.entries()) {
    const y = 78 + 36 * rank;
    body.push(element("circle", { cx: legendPx + 11, cy: y - 4, r: 4, fill: colourOf(rank) }));
    body.push(label(legendPx + 28, y, `(${signed(spot.xMm)}, ${signed(spot.yMm)}) mm`, { "font-size": 12 }));
    const doseKGy = cell.dose.doseGy(spot.xMm, spot.yMm) / 1000;
    const note = `${spot.frames.length} ${spot.frames.length === 1 ? "frame" : "frames"}, ${amount(doseKGy)} kGy`;
    body.push(label(legendPx + 28, y + 14, note, { "font-size": 10, fill: "#666666" }));
  }
  if (series.length > worst.length) {
    const y = 78 + 36 * worst.length;
    body.push(element("circle", { cx: legendPx + 11, cy: y - 4, r: 4, fill: "#b0b0b0" }));
    body.push(label(legendPx + 28, y, `${series.length - worst.length} other spots`, { "font-size": 12 }));
  }
  const title = `Lithium in the beam, ${position} (${cell.sample})`;
  const lag = Math.max(...lags.map(Math.abs));
  return {
    name: `lithium-${position}.svg`,
    title,
    caption:
      lag < LAG_UNSEEN
        ? "The spots follow the cell to better than a thousandth: the beam does no harm that can be seen."
        : `The worst spot is ${lag.toFixed(3)} away from its cell: what the beam has slowed no longer tells of the cell. Spots with less dose are the control.`,
    svg: figure(WIDTH, 550, title, body),
  };
}

function bySpot(frames: readonly ReportFrame[]): readonly SpotSeries[] {
  const spots: { xMm: number; yMm: number; frames: ReportFrame[] }[] = [];
  for (const frame of frames) {
    const found = spots.find((spot) => Math.hypot(spot.xMm - frame.xMm, spot.yMm - frame.yMm) < SAME_SPOT_MM);
    if (found === undefined) spots.push({ xMm: frame.xMm, yMm: frame.yMm, frames: [frame] });
    else found.frames.push(frame);
  }
  return spots;
}

const SAME_SPOT_MM = 0.1;

function lagOf(spot: SpotSeries): number {
  return Math.max(...spot.frames.map((frame) => Math.abs(frame.local - frame.mean)));
}

function signed(mm: number): string {
  const text = Math.abs(mm).toFixed(1);
  return mm < -0.05 ? `\u2212${text}` : text;
}

/** Three figures at most. */
export function amount(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return digits > 4 ? value.toExponential(1) : value.toFixed(digits);
}
