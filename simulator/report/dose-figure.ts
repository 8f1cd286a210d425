/** Where on each chosen cell the beam has fallen: maps of the true dose in cell coordinates. */
import { colourAt, DOSE_COLOURS } from "./colours.ts";
import { amount } from "./lithium-figure.ts";
import { createPanel, niceTicks } from "./panel.ts";
import type { Figure, PhysicsData, ReportCell } from "./physics-data.ts";
import { element, figure, label } from "./svg-text.ts";

const MAP_PX = 300;
const GAP_X = 80;
const GAP_Y = 100;
const COLUMNS = 3;
const LEFT = 80;
const TOP = 64;
const BAR_PX = 18;
const CAN_RADIUS_MM = 10;
const DISC_RADIUS_MM = 7;
const SHOWN_MM = 7.5;
const PIXEL_MM = 0.1;
/** How far beside a spot's centre there may be dose worth a colour. */
const REACH_MM = 2;
const LEVELS = 32;

export function doseFigure(data: PhysicsData): Figure {
  const { cells } = data;
  const columns = Math.max(1, Math.min(COLUMNS, cells.length));
  const rows = Math.max(1, Math.ceil(cells.length / columns));
  const mostGy = Math.max(0, ...cells.flatMap(({ dose }) => dose.spots.map((spot) => dose.doseGy(spot.xMm, spot.yMm))));
  const topGy = mostGy > 0 ? mostGy : 1;
  const body: string[] = [];
  for (const [index, cell] of cells.entries()) {
    const leftPx = LEFT + (index % columns) * (MAP_PX + GAP_X);
    const topPx = TOP + Math.floor(index / columns) * (MAP_PX + GAP_Y);
    body.push(...map(cell, leftPx, topPx, topGy));
  }
  const barLeft = LEFT + columns * (MAP_PX + GAP_X) - GAP_X + 36;
  const barHeight = rows * (MAP_PX + GAP_Y) - GAP_Y;
  body.push(...colourBar(barLeft, TOP, barHeight, topGy));
  const title = "True dose of the chosen cells";
  const what = [...new Set(cells.map(({ dose }) => dose.what))].join("; ");
  return {
    name: "dose-maps.svg",
    title,
    caption: `Dose in ${what}, as the world adds it up from the beam that fell. The circle is the electrode's disc; x runs along a row of the rack, y from row to row.`,
    svg: figure(barLeft + BAR_PX + 90, TOP + barHeight + 60, title, body),
  };
}

function map(cell: ReportCell, leftPx: number, topPx: number, topGy: number): readonly string[] {
  const { dose } = cell;
  const spotsGy = dose.spots.map((spot) => dose.doseGy(spot.xMm, spot.yMm));
  const hottest = Math.max(0, ...spotsGy);
  const panel = createPanel({
    leftPx,
    topPx,
    widthPx: MAP_PX,
    heightPx: MAP_PX,
    x: { label: "x on the cell (mm)", from: -SHOWN_MM, to: SHOWN_MM, ticks: 7 },
    // Row by row downwards, as the rack is drawn.
    y: { label: "y (mm)", from: SHOWN_MM, to: -SHOWN_MM, ticks: 7 },
    hasGrid: false,
  });
  const centre = { cx: panel.xPx(0), cy: panel.yPx(0) };
  const perMm = MAP_PX / (2 * SHOWN_MM);
  const heading = `${cell.position}: ${dose.spots.length} ${dose.spots.length === 1 ? "spot" : "spots"}`;
  const limit =
    dose.limitGy === null ? "" : `, ${amount((100 * hottest) / dose.limitGy)} % of ${amount(dose.limitGy / 1000)} kGy`;
  return [
    element("circle", { ...centre, r: DISC_RADIUS_MM * perMm, fill: "#f4f6f8" }),
    panel.clipped(`map-${cell.position}`, [
      element("circle", { ...centre, r: CAN_RADIUS_MM * perMm, fill: "none", stroke: "#bbbbbb" }),
      element("g", { "shape-rendering": "crispEdges" }, pixels(cell, panel.xPx, panel.yPx, perMm, topGy).join("\n")),
      element("circle", { ...centre, r: DISC_RADIUS_MM * perMm, fill: "none", stroke: "#666666" }),
    ]),
    panel.axes,
    label(leftPx, topPx - 26, heading, { "font-weight": "bold" }),
    label(leftPx, topPx - 9, `most ${amount(hottest / 1000)} kGy${limit}`, { "font-size": 11, fill: "#555555" }),
  ];
}

/** Runs of one colour along x. */
function pixels(
  { dose }: ReportCell,
  xPx: (mm: number) => number,
  yPx: (mm: number) => number,
  perMm: number,
  topGy: number,
): readonly string[] {
  const count = Math.round((2 * SHOWN_MM) / PIXEL_MM);
  const sizePx = PIXEL_MM * perMm;
  const found: string[] = [];
  for (let row = 0; row < count; row += 1) {
    const yMm = -SHOWN_MM + (row + 0.5) * PIXEL_MM;
    const near = dose.spots.filter((spot) => Math.abs(spot.yMm - yMm) < REACH_MM);
    if (near.length === 0) continue;
    let run = { colour: "", from: 0, length: 0 };
    const end = (): void => {
      if (run.colour !== "") {
        const place = { x: xPx(-SHOWN_MM + run.from * PIXEL_MM), y: yPx(yMm) - sizePx / 2 };
        found.push(element("rect", { ...place, width: run.length * sizePx, height: sizePx, fill: run.colour }));
      }
    };
    for (let column = 0; column < count; column += 1) {
      const xMm = -SHOWN_MM + (column + 0.5) * PIXEL_MM;
      const isNear = near.some((spot) => Math.abs(spot.xMm - xMm) < REACH_MM);
      const part = isNear ? dose.doseGy(xMm, yMm) / topGy : 0;
      const colour = part > 0.5 / LEVELS ? colourAt(DOSE_COLOURS, part, LEVELS) : "";
      if (colour === run.colour) run.length += 1;
      else {
        end();
        run = { colour, from: column, length: 1 };
      }
    }
    end();
  }
  return found;
}

function colourBar(leftPx: number, topPx: number, heightPx: number, topGy: number): readonly string[] {
  const parts: string[] = [];
  const ticks = niceTicks(0, topGy / 1000, 5);
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(ticks[1] ?? 1) + 1e-9));
  for (let level = 0; level < LEVELS; level += 1) {
    const y = topPx + heightPx * (1 - (level + 1) / LEVELS);
    const fill = colourAt(DOSE_COLOURS, level / (LEVELS - 1));
    parts.push(element("rect", { x: leftPx, y, width: BAR_PX, height: heightPx / LEVELS + 0.3, fill }));
  }
  parts.push(
    element("rect", { x: leftPx, y: topPx, width: BAR_PX, height: heightPx, fill: "none", stroke: "#444444" }),
  );
  for (const tick of ticks) {
    const y = topPx + heightPx * (1 - (1000 * tick) / topGy);
    parts.push(element("line", { x1: leftPx + BAR_PX, x2: leftPx + BAR_PX + 5, y1: y, y2: y, stroke: "#444444" }));
    parts.push(label(leftPx + BAR_PX + 9, y + 4.5, tick === 0 ? "0" : tick.toFixed(decimals)));
  }
  parts.push(label(leftPx, topPx - 12, "dose (kGy)"));
  return parts;
}
