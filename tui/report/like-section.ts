/** Like cells together: their capacities, so that one that differs is seen. */
import type { CellFacts } from "../../controller/report/cell-facts.ts";
import { likeCells, type LikeCells } from "../../controller/report/quality.ts";
import { rangeWithRoom } from "../picture/chart.ts";
import { html, joined, NONE, type Markup } from "./markup.ts";
import { dotsPath, figure, legend, plotSvg, tracePath, type PlotPoint } from "./plot.ts";
import type { ReportInput } from "./report-input.ts";

export function likeSection({ report }: ReportInput): Markup {
  const sets = likeCells(report.cells).filter(({ cells }) => cells.some(({ lastHalf }) => lastHalf !== null));
  const plots = sets.map((set, index) => (cyclesOf(set) > 1 ? byCycle(set, index) : byCell(set, index)));
  return html`<section id="like">
    <h2>Capacity</h2>
    ${sets.length === 0 ? html`<p>No half cycle has ended yet.</p>` : html`<p>Cells of one group, chemistry, electrolyte, protocol and nominal capacity are drawn together. Each cell's own cycles stand with <a href="#cells">its plots</a>.</p>`}
    ${joined(plots)}
  </section>`;
}

function cyclesOf({ cells }: LikeCells): number {
  return Math.max(0, ...cells.flatMap(({ cell }) => cell.halfCycles.map(({ cycle }) => cycle)));
}

function isControl({ cell }: CellFacts): boolean {
  return cell.role === "dark-control" || cell.role === "rare-control";
}

function discharges({ cell }: CellFacts): readonly PlotPoint[] {
  return cell.halfCycles
    .filter(({ direction, isWhole }) => direction === "discharge" && isWhole)
    .map(({ cycle, capacityAh }) => ({ x: cycle, y: 1000 * (capacityAh ?? NaN) }));
}

/** Whole discharges, a line for each cell. */
function byCycle(set: LikeCells, index: number): Markup {
  const lines = set.cells.map((one) => ({ points: discharges(one), className: isControl(one) ? "d thin" : "a thin" }));
  const x = { from: 0.5, to: cyclesOf(set) + 0.5, label: "cycle", isWhole: true };
  const y = rangeWithRoom(
    lines.flatMap(({ points }) => points.map((point) => point.y)),
    0.05,
  );
  const content = joined(
    lines.map(
      ({ points, className }) =>
        html`${tracePath(points, x, y, className)}${dotsPath(points, x, y, `${className} dot small`)}`,
    ),
    "",
  );
  const title = `Discharge capacity by cycle of ${set.cells.length} cells: ${set.name}; the numbers stand in the table of cells`;
  const svg = plotSvg({
    id: `like-${index}`,
    title,
    x,
    panes: [{ heightPx: 220, y, label: "discharge capacity (mAh)", content }],
  });
  return figure(`${set.name}: discharge capacity by cycle, ${set.cells.length} cells`, svg, keyOf(set));
}

/** The last half cycle of each cell, side by side. */
function byCell(set: LikeCells, index: number): Markup {
  const x = {
    from: 0.5,
    to: set.cells.length + 0.5,
    label: `cells in order: ${set.cells[0]?.cell.position ?? ""} to ${set.cells.at(-1)?.cell.position ?? ""}`,
    isWhole: true,
  };
  const points = set.cells.map((one, place) => ({
    x: place + 1,
    y: 1000 * (one.lastDischargeAh ?? one.lastHalf?.capacityAh ?? NaN),
    isControl: isControl(one),
  }));
  const y = rangeWithRoom(
    points.map((point) => point.y),
    0.05,
  );
  const content = html`${dotsPath(
    points.filter((one) => !one.isControl),
    x,
    y,
    "a dot",
  )}${dotsPath(
    points.filter((one) => one.isControl),
    x,
    y,
    "d dot",
  )}`;
  const title = `Last capacity of each of ${set.cells.length} cells: ${set.name}; the numbers stand in the table of cells`;
  const svg = plotSvg({
    id: `like-${index}`,
    title,
    x,
    panes: [{ heightPx: 180, y, label: "last capacity (mAh)", content }],
  });
  return figure(`${set.name}: last capacity of ${set.cells.length} cells`, svg, keyOf(set));
}

function keyOf({ cells }: LikeCells): Markup {
  const controls = cells.filter(isControl).length;
  if (controls === 0) return NONE;
  return legend([
    { className: "a", text: `exposed (${cells.length - controls})` },
    { className: "d", text: `controls (${controls})` },
  ]);
}
