/** What `beamrack data DIR plot ... --svg FILE --png FILE` draws: pictures with units and legends, of one cell or the rack. */
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { isoTime } from "../../controller/export/file-names.ts";
import { exposureMs, toldDoses } from "../../controller/export/told-dose.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import { COLUMN_COUNT, positionIndex, ROW_COUNT } from "../../protocols/base/position.ts";
import { colourAt } from "../../simulator/report/colours.ts";
import { axesOf, colourBar, headShapes, legendShapes, rangeWithRoom, SMALL_PX, type Head } from "../picture/chart.ts";
import type { Picture, PicturePoint, Shape } from "../picture/picture.ts";
import type { Theme } from "../picture/theme.ts";
import type { CellPattern } from "./cell-patterns.ts";
import { doseMap, plotOf, type PlotName } from "./data-plots.ts";
import { dqdvCurves } from "./dqdv-curves.ts";

const WIDTH = 960;
const LEFT = 84;
const TOP = 92;
const RIGHT = 30;
/** A colour bar with its numbers and label. */
const BAR = 110;
const MS_PER_H = 3_600_000;
const CURVES_MAX = 40;

export function plotPicture(
  name: PlotName,
  campaign: ExportedCampaign,
  cell: ExportedCell,
  record: RecordReader,
  theme: Theme,
): Picture {
  switch (name) {
    case "voltage":
    case "current":
      return cyclingPicture(campaign, cell, record, theme);
    case "capacity":
      return capacityPicture(campaign, cell, theme);
    case "dqdv":
      return dqdvPicture(campaign, cell, record, theme);
  }
}

/** Voltage above, current below, over the same hours, with the exposures between them. */
function cyclingPicture(campaign: ExportedCampaign, cell: ExportedCell, record: RecordReader, theme: Theme): Picture {
  const voltage = inOrder(plotOf("voltage", campaign, cell, record).points);
  const current = inOrder(plotOf("current", campaign, cell, record).points);
  const [voltageColour, currentColour, exposureColour] = theme.apart;
  const hours = { from: 0, to: Math.max(campaign.lastMs / MS_PER_H, 1e-3) };
  const place = { leftPx: LEFT, widthPx: WIDTH - LEFT - RIGHT };
  const volts = { ...rangeWithRoom(ys(voltage), 0.2), label: "voltage (V)" };
  const upper = axesOf(theme, {
    ...{ ...place, topPx: TOP, heightPx: 270, y: volts },
    x: { ...hours, label: "", isBare: true },
  });
  const milliamperes = { ...rangeWithRoom(ys(current), 0.1), label: "current (mA)", ticks: 4 };
  const lower = axesOf(theme, {
    ...{ ...place, topPx: TOP + 294, heightPx: 120, y: milliamperes },
    x: { ...hours, label: "time since the campaign began (h)" },
  });
  const exposures = cell.exposures.map((one) => ({
    x: upper.at(exposureMs(one) / MS_PER_H, 0).x,
    y: TOP + 282,
  }));
  const legend = [
    { text: "voltage", colour: voltageColour, mark: "line" as const },
    { text: "current, charge positive", colour: currentColour, mark: "line" as const },
    { text: `exposure (${cell.exposures.length})`, colour: exposureColour, mark: "dot" as const },
  ];
  return pictureOf(theme, headOf(campaign, cell, "voltage and current"), TOP + 470, [
    ...legendShapes(theme, legend, WIDTH - RIGHT, TOP - 14),
    ...upper.shapes,
    ...lower.shapes,
    { kind: "line", points: voltage.map(({ x, y }) => upper.at(x, y)), stroke: voltageColour, widthPx: 1.6 },
    { kind: "line", points: current.map(({ x, y }) => lower.at(x, y)), stroke: currentColour, widthPx: 1.6 },
    { kind: "dots", points: exposures, radiusPx: 2.6, fill: exposureColour },
    ...emptyNote(theme, voltage.length > 0),
  ]);
}

/** Charge and discharge by cycle, hollow where a half cycle was not whole; coulombic efficiency below. */
function capacityPicture(campaign: ExportedCampaign, cell: ExportedCell, theme: Theme): Picture {
  const [chargeColour, dischargeColour, efficiencyColour] = theme.apart;
  const all = cell.halfCycles.filter(({ capacityAh }) => capacityAh !== null);
  const cycles = { from: 0.5, to: Math.max(1, ...all.map(({ cycle }) => cycle)) + 0.5, isWhole: true };
  const place = { leftPx: LEFT, widthPx: WIDTH - LEFT - RIGHT };
  const capacities = all.map(({ capacityAh }) => 1000 * (capacityAh ?? NaN));
  const upper = axesOf(theme, {
    ...{ ...place, topPx: TOP, heightPx: 270, x: { ...cycles, label: "", isBare: true } },
    y: { ...rangeWithRoom([...capacities, cell.nominalCapacityMah], 0.5, 0), label: "capacity (mAh)" },
  });
  const efficiencies = cell.halfCycles.filter(({ coulombicEfficiency }) => coulombicEfficiency !== null);
  const lower = axesOf(theme, {
    ...{ ...place, topPx: TOP + 294, heightPx: 120, x: { ...cycles, label: "cycle" } },
    y: {
      ...rangeWithRoom([100, ...efficiencies.map((half) => 100 * (half.coulombicEfficiency ?? NaN))], 2),
      ...{ label: "efficiency (%)", ticks: 4 },
    },
  });
  const marks = (direction: string, fill: string): Shape[] => {
    const halves = all.filter((half) => half.direction === direction);
    const at = (half: (typeof halves)[number]) => upper.at(half.cycle, 1000 * (half.capacityAh ?? NaN));
    return [
      { kind: "line", points: halves.filter(({ isWhole }) => isWhole).map(at), stroke: fill, widthPx: 1.2 },
      { kind: "dots", points: halves.map(at), radiusPx: 4.4, fill },
      { kind: "dots", points: halves.filter(({ isWhole }) => !isWhole).map(at), radiusPx: 2.6, fill: theme.paper },
    ];
  };
  const nominal = [upper.at(cycles.from, cell.nominalCapacityMah), upper.at(cycles.to, cell.nominalCapacityMah)];
  const efficiency = efficiencies.map((half) => lower.at(half.cycle, 100 * (half.coulombicEfficiency ?? NaN)));
  const legend = [
    { text: "charge", colour: chargeColour, mark: "dot" as const },
    { text: "discharge", colour: dischargeColour, mark: "dot" as const },
    { text: "coulombic efficiency", colour: efficiencyColour, mark: "dot" as const },
    { text: "nominal", colour: theme.faint, mark: "line" as const },
  ];
  return pictureOf(theme, headOf(campaign, cell, "capacity by cycle; hollow: a half cycle that was not whole"), TOP + 470, [
    ...legendShapes(theme, legend, WIDTH - RIGHT, TOP - 14),
    ...upper.shapes,
    ...lower.shapes,
    { kind: "line", points: nominal, stroke: theme.faint, widthPx: 1 },
    ...marks("charge", chargeColour),
    ...marks("discharge", dischargeColour),
    { kind: "line", points: efficiency, stroke: efficiencyColour, widthPx: 1.2 },
    { kind: "dots", points: efficiency, radiusPx: 3.6, fill: efficiencyColour },
    ...emptyNote(theme, all.length > 0),
  ]);
}

function dqdvPicture(campaign: ExportedCampaign, cell: ExportedCell, record: RecordReader, theme: Theme): Picture {
  const curves = dqdvCurves(cell, record, CURVES_MAX);
  const points = curves.flatMap(({ pieces }) => pieces.flat());
  const cycles = curves.map(({ step }) => step.cycle);
  const range = { from: Math.min(...cycles), to: Math.max(...cycles) };
  const isOne = !(range.to > range.from);
  const axes = axesOf(theme, {
    ...{ leftPx: LEFT, topPx: TOP, widthPx: WIDTH - LEFT - RIGHT - (isOne ? 0 : BAR), heightPx: 400 },
    x: { ...rangeWithRoom(points.map(({ x }) => x), 0.1), label: "voltage (V)" },
    y: { ...rangeWithRoom(ys(points), 1), label: "dQ/dV (mAh/V)" },
  });
  const colourFor = (cycle: number): string =>
    isOne ? theme.apart[0] : colourAt(theme.scale, (cycle - range.from) / (range.to - range.from));
  const bar = { leftPx: WIDTH - RIGHT - BAR + 26, topPx: TOP, heightPx: 400 };
  const zero = [axes.at(axes.options.x.from, 0), axes.at(axes.options.x.to, 0)];
  return pictureOf(theme, headOf(campaign, cell, `dQ/dV of ${isOne ? "its one cycle" : "each cycle"}, charge positive`), TOP + 460, [
    ...axes.shapes,
    { kind: "line", points: zero, stroke: theme.faint, widthPx: 1 },
    ...curves.flatMap(({ pieces, step }) =>
      pieces.map((piece): Shape => {
        const points = piece.map(({ x, y }) => axes.at(x, y));
        return { kind: "line", points, stroke: colourFor(step.cycle), widthPx: 1.5 };
      }),
    ),
    ...(isOne ? [] : colourBar(theme, { ...range, label: "cycle", isWhole: true }, bar)),
    ...emptyNote(theme, points.length > 0),
  ]);
}

/** The highest dose of any spot of each cell, where the cell stands in the rack. */
export function dosePicture(campaign: ExportedCampaign, theme: Theme): Picture {
  const doses = doseMap(campaign);
  const most = Math.max(0, ...doses.values());
  const [factor, unit] = most >= 1e6 ? [1e-6, "MGy"] : most >= 1000 ? [1e-3, "kGy"] : [1, "Gy"];
  const range = { from: 0, to: most > 0 ? most * factor : 1 };
  const [cellPx, heightPx] = [62, 46];
  const left = 56;
  const first = campaign.cells.flatMap((cell) => toldDoses(campaign, cell).slice(0, 1))[0];
  const where =
    first === undefined
      ? "no exposure on record"
      : `${first.layer}, ${first.location}, convention ${first.exposure.convention}; by the ledger`;
  const label = { kind: "text" as const, sizePx: SMALL_PX, fill: theme.faint, anchor: "middle" as const };
  const shapes: Shape[] = [];
  for (let column = 0; column < COLUMN_COUNT; column += 1)
    shapes.push({ ...label, x: left + (column + 0.5) * cellPx, y: TOP - 10, text: String(column + 1) });
  for (let row = 0; row < ROW_COUNT; row += 1) {
    shapes.push({ ...label, x: left - 16, y: TOP + (row + 0.6) * heightPx, text: String.fromCharCode(65 + row) });
    for (let column = 0; column < COLUMN_COUNT; column += 1) {
      const [x, y] = [left + column * cellPx + 2, TOP + row * heightPx + 2];
      shapes.push({ kind: "box", x, y, widthPx: cellPx - 4, heightPx: heightPx - 4, fill: theme.empty });
    }
  }
  for (const { position } of campaign.cells) {
    const doseGy = doses.get(position) ?? 0;
    const place = positionIndex(position);
    const [row, column] = [Math.floor(place / COLUMN_COUNT), place % COLUMN_COUNT];
    const [x, y] = [left + column * cellPx + 2, TOP + row * heightPx + 2];
    const fill = colourAt(theme.scale, doseGy * factor / range.to);
    shapes.push({ kind: "box", x, y, widthPx: cellPx - 4, heightPx: heightPx - 4, fill });
    const text = String(Number((doseGy * factor).toPrecision(3)));
    shapes.push({ ...label, x: x + cellPx / 2 - 2, y: y + heightPx / 2 + 2, text, fill: inkOn(fill) });
  }
  const bar = { leftPx: left + COLUMN_COUNT * cellPx + 26, topPx: TOP, heightPx: ROW_COUNT * heightPx };
  const head = { title: `${campaign.header.campaign}: highest dose of a spot, ${unit}`, subtitle: where };
  return pictureOf(theme, head, TOP + ROW_COUNT * heightPx + 30, [
    ...shapes,
    ...colourBar(theme, { ...range, label: `dose (${unit})` }, bar),
  ]);
}

/** Powder patterns one behind the other, early ones in front. */
export function waterfallPicture(
  campaign: ExportedCampaign,
  cell: ExportedCell,
  patterns: readonly CellPattern[],
  theme: Theme,
): Picture {
  const heightPx = 470;
  const most = Math.max(1, ...patterns.map(({ counts }) => Math.sqrt(highestOf(counts))));
  /** A pattern's highest line stands over a third of the picture; the steps between them share the rest. */
  const stepUp = patterns.length > 1 ? (2 * most) / (patterns.length - 1) : 0;
  const angles = patterns.flatMap(({ twoThetaDeg }) => [twoThetaDeg[0] ?? NaN, twoThetaDeg.at(-1) ?? NaN]);
  const [from, to] = [Math.min(...angles), Math.max(...angles)];
  const axes = axesOf(theme, {
    ...{ leftPx: LEFT, topPx: TOP, widthPx: WIDTH - LEFT - RIGHT - BAR, heightPx },
    x: { from, to, label: "2\u03b8 (degree)" },
    y: { from: 0, to: 3.05 * most, label: "square root of counts, shifted by exposure", hasNumbers: false },
  });
  const hours = patterns.map(({ atMs }) => atMs / MS_PER_H);
  const range = { from: Math.min(...hours), to: Math.max(...hours, Math.min(...hours) + 1e-3) };
  const base = TOP + heightPx;
  const curves = patterns
    .map((pattern, index): readonly Shape[] => {
      const points = [...pattern.counts].map((count, bin) =>
        axes.at(pattern.twoThetaDeg[bin] ?? NaN, Math.sqrt(Math.max(0, count)) + index * stepUp),
      );
      const [first, last] = [points[0], points.at(-1)];
      const stroke = colourAt(theme.scale, ((hours[index] ?? 0) - range.from) / (range.to - range.from));
      const under =
        first === undefined || last === undefined ? [] : [...points, { x: last.x, y: base }, { x: first.x, y: base }];
      return [
        { kind: "area", points: under, fill: theme.paper },
        { kind: "line", points, stroke, widthPx: 1.1 },
      ];
    })
    .reverse();
  const bar = { leftPx: WIDTH - RIGHT - BAR + 26, topPx: TOP, heightPx };
  const head = headOf(campaign, cell, `${patterns.length} powder patterns, ${campaign.plan.energyKeV} keV`);
  // Late ones first: whatever stands in front covers them. The axes once more, over the paper of the areas.
  return pictureOf(theme, head, TOP + heightPx + 60, [
    ...curves.flat(),
    ...axes.shapes.filter((shape) => shape.kind === "text" || (shape.kind === "line" && shape.points.length > 2)),
    ...colourBar(theme, { ...range, label: "time (h)" }, bar),
  ]);
}

function headOf(campaign: ExportedCampaign, cell: ExportedCell, what: string): Head {
  const { clock, header } = campaign;
  const simulated = header.world === "site" ? "" : ", simulated";
  const name = cell.barcode === "" ? cell.position : `${cell.position} ${cell.barcode}`;
  return {
    title: `${name}: ${what}`,
    subtitle: `${header.campaign}${simulated}, from ${isoTime(clock.startMs).slice(0, 16).replace("T", " ")} UTC; ${cell.chemistry}, ${cell.protocolName}`,
  };
}

function pictureOf(theme: Theme, head: Head, heightPx: number, shapes: readonly Shape[]): Picture {
  return {
    title: head.title,
    widthPx: WIDTH,
    heightPx,
    fill: theme.paper,
    shapes: [...headShapes(theme, head, 24), ...shapes],
  };
}

function emptyNote(theme: Theme, hasData: boolean): readonly Shape[] {
  if (hasData) return [];
  const note = { kind: "text" as const, sizePx: 15, fill: theme.faint, anchor: "middle" as const };
  return [{ ...note, x: WIDTH / 2, y: TOP + 140, text: "nothing on record" }];
}

function highestOf(counts: Int32Array): number {
  return counts.reduce((high, one) => Math.max(high, one), 0);
}

/** Black or white, whichever is read better on it. */
function inkOn(fill: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(fill.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#1c2128" : "#ffffff";
}

/** Of two points at one time, that which is nearer to the one before comes first: a line through them runs straight. */
function inOrder(points: readonly PicturePoint[]): readonly PicturePoint[] {
  const sorted = [...points];
  for (let index = 1; index + 1 < sorted.length; index += 1) {
    const [before, one, other] = [sorted[index - 1], sorted[index], sorted[index + 1]];
    if (before === undefined || one === undefined || other === undefined || one.x !== other.x) continue;
    if (Math.abs(other.y - before.y) < Math.abs(one.y - before.y)) [sorted[index], sorted[index + 1]] = [other, one];
  }
  return sorted;
}

function ys(points: readonly { readonly y: number }[]): readonly number[] {
  return points.map(({ y }) => y);
}
