/** What `beamrack data DIR plot` draws, as points and as lines of braille. */
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { toldDoses } from "../../controller/export/told-dose.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import { COLUMN_COUNT, placeText, positionAt, ROW_COUNT } from "../../protocols/base/position.ts";
import { plotRows, rangeOf, type PlotPoint } from "../terminal/text/braille-plot.ts";
import { chargeByVoltage } from "./charge-by-voltage.ts";

export interface Plot {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly points: readonly PlotPoint[];
}

export const PLOTS = ["voltage", "current", "capacity", "dqdv"] as const;
export type PlotName = (typeof PLOTS)[number];

/** More columns than a wide terminal has dots. */
const COLUMNS = 400;
const MS_PER_H = 3_600_000;

export type SampleSource = Pick<RecordReader, "samples" | "envelope">;

export function plotOf(name: PlotName, campaign: ExportedCampaign, cell: ExportedCell, record: SampleSource): Plot {
  const who = `${cell.position} ${cell.barcode}`;
  switch (name) {
    case "voltage":
      return {
        ...{ title: `${who}: voltage, V, over time, h`, xName: "time_h", yName: "voltage_V" },
        points: envelope(campaign, cell, record, "voltage", 1),
      };
    case "current":
      return {
        ...{ title: `${who}: current, mA, over time, h`, xName: "time_h", yName: "current_mA" },
        points: envelope(campaign, cell, record, "current", 1000),
      };
    case "capacity":
      return {
        ...{ title: `${who}: capacity of half cycles, mAh`, xName: "half_cycle", yName: "capacity_mAh" },
        points: cell.halfCycles.map((half) => ({ x: half.number, y: 1000 * (half.capacityAh ?? NaN) })),
      };
    case "dqdv":
      return {
        ...{ title: `${who}: dQ/dV, mAh/V, of the last step at current`, xName: "voltage_V", yName: "dQdV_mAh_V" },
        points: dqdvPoints(cell, record),
      };
  }
}

/** The lowest and the highest of each column, so that nothing that lasted less is missed. */
function envelope(
  campaign: ExportedCampaign,
  cell: ExportedCell,
  record: SampleSource,
  quantity: "voltage" | "current",
  factor: number,
): readonly PlotPoint[] {
  const endMs = Math.max(1, campaign.lastMs);
  const columnMs = endMs / COLUMNS;
  // The last column holds its end too.
  const read = record.envelope(cell.channelIndex, 0, endMs * (1 + Number.EPSILON), COLUMNS);
  const [low, high] =
    quantity === "voltage" ? [read.voltageMinV, read.voltageMaxV] : [read.currentMinA, read.currentMaxA];
  const points: PlotPoint[] = [];
  for (let column = 0; column < COLUMNS; column += 1) {
    const [least, most] = [factor * (low[column] ?? NaN), factor * (high[column] ?? NaN)];
    if (!(least <= most)) continue;
    const x = ((column + 0.5) * columnMs) / MS_PER_H;
    points.push({ x, y: least });
    if (most > least) points.push({ x, y: most });
  }
  return points;
}

/** Of the last step at current; broken where samples are missing. */
function dqdvPoints(cell: ExportedCell, record: SampleSource): readonly PlotPoint[] {
  const step = cell.steps.findLast((one) => one.currentA !== null && one.currentA !== 0);
  if (step === undefined) return [];
  const pieces = chargeByVoltage(cell, record, step);
  return pieces.flatMap((piece, index): readonly PlotPoint[] => {
    const points = piece.map(({ x, y }) => ({ x, y: Math.abs(y) }));
    const [last, first] = [pieces[index - 1]?.at(-1), piece[0]];
    if (last === undefined || first === undefined) return points;
    return [{ x: (last.x + first.x) / 2, y: NaN }, ...points];
  });
}

export function plotLines({ title, points }: Plot, width: number, height: number): readonly string[] {
  const x = rangeOf(points.map((point) => point.x));
  const text = (value: number): string => String(Number(value.toPrecision(4)));
  const rows = plotRows(
    {
      title: "",
      points,
      x,
      y: rangeOf(points.map((point) => point.y)),
      yText: text,
      xTexts: x === null ? null : [text(x.from), text(x.to)],
      tone: "plain",
      emptyText: "nothing on record",
    },
    width,
    height,
  );
  return [title, ...rows.slice(1).map((row) => row.map((part) => part.text).join("").trimEnd())];
}

/** The highest dose of any spot of each cell, as the rack stands; `.` where no exported cell is. */
export function doseMapLines(campaign: ExportedCampaign): readonly string[] {
  // Of a place that had several in turn the last.
  const doses = new Map([...doseMap(campaign)].map(([cell, doseGy]) => [placeText(cell), doseGy]));
  const text = (value: number): string => String(Number(value.toPrecision(3)));
  const width = [...doses.values()].reduce((most, dose) => Math.max(most, text(dose).length), 3) + 1;
  const head = Array.from({ length: COLUMN_COUNT }, (_, column) => String(column + 1).padStart(width)).join("");
  const lines = Array.from({ length: ROW_COUNT }, (_, rack) => {
    const cells = Array.from({ length: COLUMN_COUNT }, (_, column) => {
      const dose = doses.get(positionAt(rack * COLUMN_COUNT + column));
      return (dose === undefined ? "." : text(dose)).padStart(width);
    });
    return `${String.fromCharCode(65 + rack)}${cells.join("")}`;
  });
  return ["highest dose of a spot, Gy, by the ledger", ` ${head}`, ...lines];
}

export function doseMap(campaign: ExportedCampaign): ReadonlyMap<string, number> {
  return new Map(
    campaign.cells.map((cell) => [
      cell.position,
      toldDoses(campaign, cell).reduce((most, { totalGy }) => Math.max(most, totalGy), 0),
    ]),
  );
}
