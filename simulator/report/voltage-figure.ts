/** True voltage and current of chosen cells over the campaign, and when each of them was exposed. */
import { colourOf } from "./colours.ts";
import { createPanel, room } from "./panel.ts";
import type { Figure, PhysicsData } from "./physics-data.ts";
import { element, figure, label, polyline } from "./svg-text.ts";

const WIDTH = 980;
const LEFT = 80;
const RIGHT = 130;
const ROW = 16;

export function voltageFigure(data: PhysicsData): Figure {
  const { cells, durationH } = data;
  const widthPx = WIDTH - LEFT - RIGHT;
  const [x, bare] = [timeAxis(durationH), { ...timeAxis(durationH), isBare: true }];
  const [lowV, highV] = room(
    cells.flatMap(({ trace }) => trace.voltageV),
    0.2,
  );
  const [lowA, highA] = room(
    cells.flatMap(({ trace }) => trace.currentMa),
    0.1,
  );
  const common = { leftPx: LEFT, widthPx };
  const voltage = createPanel({
    ...common,
    topPx: 40,
    heightPx: 300,
    x: bare,
    y: { label: "voltage (V)", from: lowV, to: highV },
    title: "True terminal voltage, current and exposures",
  });
  const current = createPanel({
    ...common,
    topPx: 360,
    heightPx: 130,
    x: bare,
    y: { label: "current (mA)", from: lowA, to: highA, ticks: 4 },
  });
  const rowsPx = ROW * Math.max(1, cells.length) + 8;
  const exposures = createPanel({
    ...common,
    topPx: 510,
    heightPx: rowsPx,
    x,
    y: { label: "", from: 0, to: 1, ticks: 1, isBare: true },
    hasGrid: false,
  });
  const body = [voltage.axes, current.axes, exposures.axes];
  for (const [index, { position, design, trace, frames }] of cells.entries()) {
    const stroke = { stroke: colourOf(index), "stroke-width": 1.6 };
    const points = (values: readonly number[], yPx: (value: number) => number) =>
      trace.timeH.map((timeH, at) => ({ x: voltage.xPx(timeH), y: yPx(values[at] ?? NaN) }));
    body.push(polyline(points(trace.voltageV, voltage.yPx), stroke));
    body.push(polyline(points(trace.currentMa, current.yPx), stroke));
    const rowPx = 510 + 4 + ROW * index;
    const ticks = frames.map(({ timeH }) => `M${exposures.xPx(timeH).toFixed(1)} ${rowPx + 2}v${ROW - 4}`).join("");
    if (ticks !== "") body.push(element("path", { d: ticks, stroke: colourOf(index), fill: "none" }));
    const besidePx = LEFT + widthPx + 12;
    body.push(label(besidePx, rowPx + 13, `${position}, ${frames.length}`, { fill: colourOf(index) }));
    body.push(
      element("line", { x1: besidePx, x2: besidePx + 22, y1: 52 + 34 * index, y2: 52 + 34 * index, ...stroke }),
    );
    body.push(label(besidePx + 28, 56 + 34 * index, position));
    body.push(label(besidePx, 71 + 34 * index, design, { "font-size": 10, fill: "#666666" }));
  }
  body.push(label(LEFT - 9, 510 + rowsPx / 2 + 4, "exposures", { "text-anchor": "end", "font-size": 12 }));
  const title = "Voltage, current and exposures";
  return {
    name: "voltage.svg",
    title,
    caption:
      "Charge current is positive. Voltage and current are those of the cells themselves, without noise or error of the channels. A tick in the lowest rows is a frame, with the number of frames beside it.",
    svg: figure(WIDTH, 510 + rowsPx + 56, title, body),
  };
}

/** Campaign time in hours, or minutes of a short one. */
export function timeAxis(durationH: number) {
  return { label: "campaign time (h)", from: 0, to: durationH, ticks: 10 };
}
