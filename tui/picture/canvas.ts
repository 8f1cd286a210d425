/**
 * Fills polygons with soft edges: how much of each pixel a polygon covers is summed up exactly, edge by edge, as the
 * signed area to the right of it. Polygons of one fill may overlap where they run the same way round.
 */
import type { PicturePoint } from "./picture.ts";

export type Polygon = readonly PicturePoint[];

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, row after row from the top. */
  readonly rgb: Uint8Array;
  /** `colour` as `#rrggbb`. A hole runs the other way round. */
  fill(polygons: readonly Polygon[], colour: string): void;
}

export function createCanvas(width: number, height: number, paper: string): Canvas {
  const rgb = new Uint8Array(3 * width * height);
  const background = channelsOf(paper);
  for (let at = 0; at < rgb.length; at += 1) rgb[at] = background[at % 3] ?? 0;
  /** Kept at zero between fills. */
  const sums = new Float32Array((width + 2) * (height + 1));
  const stride = width + 2;

  /** Both ends within the picture from left to right; rows beyond it are cut off. */
  function addEdge(x0: number, y0: number, x1: number, y1: number): void {
    if (y0 === y1) return;
    const direction = y0 < y1 ? 1 : -1;
    const [topX, topY, bottomX, bottomY] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
    const slope = (bottomX - topX) / (bottomY - topY);
    const last = Math.min(height, bottomY);
    let y = Math.max(0, topY);
    while (y < last) {
      const row = Math.floor(y);
      const toY = Math.min(row + 1, last);
      addWithinRow(row, topX + (y - topY) * slope, topX + (toY - topY) * slope, direction * (toY - y));
      y = toY;
    }
  }

  /** `area`: signed height of the edge's part in this row. */
  function addWithinRow(row: number, fromX: number, toX: number, area: number): void {
    const [left, right] = fromX < toX ? [fromX, toX] : [toX, fromX];
    const first = Math.floor(left);
    const base = row * stride;
    if (right <= first + 1) {
      const covered = first + 1 - (left + right) / 2;
      add(base + first, area * covered);
      add(base + first + 1, area * (1 - covered));
      return;
    }
    const perPixel = area / (right - left);
    let taken = 0;
    for (let column = first; column < right; column += 1) {
      // Of what this edge adds up to on the left of a pixel's right border.
      const to = Math.min(column + 1, right);
      const from = Math.max(column, left);
      const within = perPixel * (to - from);
      const here = within * (column + 1 - (from + to) / 2);
      add(base + column, here - taken);
      taken = here - within;
    }
    add(base + Math.ceil(right), -taken);
  }

  function add(at: number, value: number): void {
    sums[at] = (sums[at] ?? 0) + value;
  }

  return {
    width,
    height,
    rgb,
    fill(polygons, colour) {
      const channels = channelsOf(colour);
      let [lowX, highX, lowY, highY] = [Infinity, -Infinity, Infinity, -Infinity];
      const hold = (x: number): number => Math.min(width, Math.max(0, x));
      for (const polygon of polygons) {
        let before = polygon.at(-1);
        for (const point of polygon) {
          if (before !== undefined) addEdge(hold(before.x), before.y, hold(point.x), point.y);
          before = point;
          lowX = Math.min(lowX, hold(point.x));
          highX = Math.max(highX, hold(point.x));
          lowY = Math.min(lowY, point.y);
          highY = Math.max(highY, point.y);
        }
      }
      const lastRow = Math.min(height - 1, Math.floor(highY));
      const lastColumn = Math.min(width, Math.ceil(highX));
      for (let row = Math.max(0, Math.floor(lowY)); row <= lastRow; row += 1) {
        let sum = 0;
        for (let column = Math.floor(lowX); column <= lastColumn + 1; column += 1) {
          const at = row * stride + column;
          sum += sums[at] ?? 0;
          sums[at] = 0;
          if (column >= width) continue;
          const covered = Math.min(1, Math.abs(sum));
          if (covered < 0.002) continue;
          for (let channel = 0; channel < 3; channel += 1) {
            const place = 3 * (row * width + column) + channel;
            const old = rgb[place] ?? 0;
            rgb[place] = Math.round(old + covered * ((channels[channel] ?? 0) - old));
          }
        }
      }
    },
  };
}

function channelsOf(colour: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
