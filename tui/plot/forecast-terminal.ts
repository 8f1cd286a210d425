/** A forecast as text: voltage above, current below, each column a stretch of time. */
import type { ForecastPoints } from "./forecast-points.ts";

const WIDTH = 72;
const ROWS = { voltage: 12, current: 5 } as const;
const MARGIN = 9;

export function forecastLines(points: ForecastPoints): readonly string[] {
  const { title, timeH, voltageV, currentMa } = points;
  const endH = timeH.at(-1) ?? 0;
  const ends = `0${`${hours(endH)} h`.padStart(WIDTH - 1)}`;
  return [
    title,
    ...panel(timeH, voltageV, ROWS.voltage, "V"),
    ...panel(timeH, currentMa, ROWS.current, "mA"),
    `${" ".repeat(MARGIN + 1)}${ends}`,
  ];
}

function panel(timeH: readonly number[], values: readonly number[], rows: number, unit: string): readonly string[] {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const span = high > low ? high - low : 1;
  const endH = timeH.at(-1) ?? 0;
  const grid = Array.from({ length: rows }, () => new Array<string>(WIDTH).fill(" "));
  const rowOf = (value: number): number => Math.round(((high - value) / span) * (rows - 1));
  let index = 0;
  for (let column = 0; column < WIDTH; column += 1) {
    const fromH = (endH * column) / WIDTH;
    const toH = (endH * (column + 1)) / WIDTH;
    while (index + 1 < timeH.length && (timeH[index + 1] ?? Infinity) <= fromH) index += 1;
    // What was reached before the column goes on into it; whatever lies in it is drawn from end to end.
    let top = rowOf(valueAt(timeH, values, index, fromH));
    let bottom = top;
    for (let ahead = index + 1; ahead < timeH.length && (timeH[ahead] ?? Infinity) <= toH; ahead += 1) {
      const row = rowOf(values[ahead] ?? NaN);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
    }
    for (let row = top; row <= bottom; row += 1) {
      const cells = grid[row];
      if (cells !== undefined) cells[column] = top === bottom ? "\u2500" : "\u2502";
    }
  }
  return grid.map((cells, row) => {
    const edge = row === 0 ? `${high.toFixed(2)} ${unit}` : row === rows - 1 ? `${low.toFixed(2)} ${unit}` : "";
    return `${edge.padStart(MARGIN)} ${cells.join("").trimEnd()}`.trimEnd();
  });
}

/** Between two points of the line. */
function valueAt(timeH: readonly number[], values: readonly number[], index: number, atH: number): number {
  const [fromH, from] = [timeH[index] ?? 0, values[index] ?? NaN];
  const [toH, to] = [timeH[index + 1] ?? fromH, values[index + 1] ?? from];
  const part = toH > fromH ? Math.min(1, Math.max(0, (atH - fromH) / (toH - fromH))) : 0;
  return from + part * (to - from);
}

function hours(value: number): string {
  return String(Number(value.toPrecision(3)));
}
