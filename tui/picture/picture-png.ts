/** A picture as PNG, drawn here: the same bytes on every machine, with no font and no library of it asked. */
import { createCanvas, type Polygon } from "./canvas.ts";
import type { Glyphs } from "./glyphs.ts";
import type { Picture, PicturePoint, Shape } from "./picture.ts";
import { pngFile } from "./png-file.ts";

/** Corners of what stands for a circle. */
const CORNERS = 16;

/** Half the width of a line whose joints are seen. */
const JOINT_MIN = 1;

/** `scale`: pixels of the file for each of the picture's. */
export function picturePng(picture: Picture, glyphs: Glyphs, scale = 2): Buffer {
  const canvas = createCanvas(Math.round(picture.widthPx * scale), Math.round(picture.heightPx * scale), picture.fill);
  for (const shape of picture.shapes) {
    const polygons = polygonsOf(shape, glyphs).map((polygon) =>
      polygon.map(({ x, y }) => ({ x: x * scale, y: y * scale })),
    );
    canvas.fill(polygons, shape.kind === "line" ? shape.stroke : shape.fill);
  }
  return pngFile(canvas.width, canvas.height, canvas.rgb, scale);
}

function polygonsOf(shape: Shape, glyphs: Glyphs): readonly Polygon[] {
  switch (shape.kind) {
    case "box": {
      const { x, y, widthPx, heightPx } = shape;
      const [right, bottom] = [x + widthPx, y + heightPx];
      return [
        [
          { x, y },
          { x: right, y },
          { x: right, y: bottom },
          { x, y: bottom },
        ],
      ];
    }
    case "line":
      return strokeOf(shape.points, shape.widthPx / 2);
    case "area":
      return [shape.points];
    case "dots":
      return shape.points.map((point) => circle(point, shape.radiusPx));
    case "text":
      return lettersOf(shape, glyphs);
  }
}

function lettersOf(shape: Extract<Shape, { kind: "text" }>, glyphs: Glyphs): readonly Polygon[] {
  const { x, y, text, sizePx, anchor, isBold = false, isSteep = false } = shape;
  const width = sizePx * glyphs.width(text, isBold);
  const back = anchor === "start" ? 0 : anchor === "middle" ? width / 2 : width;
  return glyphs.outlines(text, isBold).map((polygon) =>
    polygon.map((point) => {
      const along = point.x * sizePx - back;
      const down = point.y * sizePx;
      return isSteep ? { x: x + down, y: y - along } : { x: x + along, y: y + down };
    }),
  );
}

/** Each piece as a box along it, with round joints; all the same way round. */
function strokeOf(points: readonly PicturePoint[], half: number): readonly Polygon[] {
  const polygons: Polygon[] = [];
  let last: PicturePoint | null = null;
  for (const point of points) {
    if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) {
      last = null;
      continue;
    }
    if (last !== null) {
      const length = Math.hypot(point.x - last.x, point.y - last.y);
      if (length === 0) continue;
      const [x, y] = [(-(point.y - last.y) / length) * half, ((point.x - last.x) / length) * half];
      polygons.push([
        { x: last.x + x, y: last.y + y },
        { x: last.x - x, y: last.y - y },
        { x: point.x - x, y: point.y - y },
        { x: point.x + x, y: point.y + y },
      ]);
    }
    if (half > JOINT_MIN) polygons.push(circle(point, half));
    last = point;
  }
  return polygons;
}

/** The same way round as a stroke's boxes. */
function circle({ x, y }: PicturePoint, radius: number): Polygon {
  return Array.from({ length: CORNERS }, (_, corner) => {
    const angle = (2 * Math.PI * corner) / CORNERS;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) };
  });
}
