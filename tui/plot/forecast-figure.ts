/** A forecast as an SVG figure: voltage above, current below, over the same hours. */
import { colourOf } from "../../simulator/report/colours.ts";
import { createPanel, room } from "../../simulator/report/panel.ts";
import { figure, polyline } from "../../simulator/report/svg-text.ts";
import type { ForecastPoints } from "./forecast-points.ts";

const WIDTH = 980;
const LEFT = 80;
const RIGHT = 30;

export function forecastFigure(points: ForecastPoints): string {
  const { title, timeH, voltageV, currentMa } = points;
  const [lowV, highV] = room(voltageV, 0.2);
  const [lowMa, highMa] = room(currentMa, 0.1);
  const x = { label: "time (h)", from: 0, to: timeH.at(-1) ?? 1, ticks: 10 };
  const common = { leftPx: LEFT, widthPx: WIDTH - LEFT - RIGHT };
  const voltage = createPanel({
    ...common,
    topPx: 40,
    heightPx: 300,
    x: { ...x, isBare: true },
    y: { label: "voltage (V)", from: lowV, to: highV },
    title,
  });
  const current = createPanel({
    ...common,
    topPx: 360,
    heightPx: 140,
    x,
    y: { label: "current (mA)", from: lowMa, to: highMa, ticks: 4 },
  });
  const line = (values: readonly number[], panel: typeof voltage, colour: number): string =>
    polyline(
      timeH.map((hour, index) => ({ x: panel.xPx(hour), y: panel.yPx(values[index] ?? NaN) })),
      { stroke: colourOf(colour), "stroke-width": 1.6 },
    );
  const body = [voltage.axes, current.axes, line(voltageV, voltage, 0), line(currentMa, current, 1)];
  return figure(WIDTH, 560, title, body);
}
