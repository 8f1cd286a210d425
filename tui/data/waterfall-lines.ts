/** Powder patterns as lines of a terminal: a row for each, darker where more was counted. */
import type { ExportedCell } from "../../controller/export/exported-campaign.ts";
import type { CellPattern } from "./cell-patterns.ts";
import { evenlyChosen } from "./evenly-chosen.ts";

const SHADES = [" ", "\u2591", "\u2592", "\u2593", "\u2588"] as const;
const MS_PER_H = 3_600_000;
/** Of a row's begin: the time. */
const TIME_WIDTH = 9;

/** Square roots are shaded, so that weak lines are seen beside strong ones. */
export function waterfallLines(
  cell: ExportedCell,
  patterns: readonly CellPattern[],
  width: number,
  height: number,
): readonly string[] {
  const columns = Math.max(10, width - TIME_WIDTH);
  const shown = evenlyChosen(patterns, height);
  const rows = shown.map(({ counts }) => highest(counts, columns));
  const most = Math.max(1, ...rows.flat());
  const [first, last] = [shown[0]?.twoThetaDeg[0] ?? 0, shown[0]?.twoThetaDeg.at(-1) ?? 0];
  const ends = `${first.toFixed(1)} degree 2theta`;
  return [
    `${cell.position} ${cell.barcode}: powder patterns, counts over 2theta, early above`,
    ...rows.map((row, index) => {
      const hours = `${((shown[index]?.atMs ?? 0) / MS_PER_H).toFixed(2)} h`.padStart(TIME_WIDTH - 1);
      return `${hours} ${row.map((count) => shadeOf(count, most)).join("")}`.trimEnd();
    }),
    `${" ".repeat(TIME_WIDTH)}${ends}${last.toFixed(1).padStart(columns - ends.length)}`,
  ];
}

function shadeOf(count: number, most: number): string {
  return SHADES[Math.round(Math.sqrt(Math.max(0, count) / most) * (SHADES.length - 1))] ?? " ";
}

/** The highest of each column, so that no line is missed. */
function highest(counts: Int32Array, columns: number): number[] {
  const row = Array.from({ length: columns }, () => 0);
  for (const [bin, count] of counts.entries()) {
    const column = Math.floor((bin / counts.length) * columns);
    row[column] = Math.max(row[column] ?? 0, count);
  }
  return row;
}
