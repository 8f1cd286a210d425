/** Outlines of letters, so that a picture has its text on a machine without fonts. */
import * as z from "zod";
import type { Polygon } from "./canvas.ts";
import type { PicturePoint } from "./picture.ts";

/** From the package root. */
export const GLYPH_FILE = "protocols/data/glyphs/dejavu-sans.json";

export interface Glyphs {
  /** Width of the text at a size of 1. */
  width(text: string, isBold: boolean): number;
  /** Polygons of the text at a size of 1, from the begin of its baseline, y downwards. */
  outlines(text: string, isBold: boolean): readonly Polygon[];
}

const WEIGHT_SCHEMA = z.record(z.string(), z.tuple([z.number(), z.string()]));
const GLYPHS_SCHEMA = z.object({ regular: WEIGHT_SCHEMA, bold: WEIGHT_SCHEMA });
const EM = 1000;
/** What stands for a character that is not among them. */
const UNKNOWN = "?";
/** Straight pieces for each curve. */
const PIECES = 5;

/** `text`: the content of `GLYPH_FILE`. */
export function readGlyphs(text: string): Glyphs {
  const { regular, bold } = GLYPHS_SCHEMA.parse(JSON.parse(text));
  const outlineOf = new Map<string, readonly Polygon[]>();
  const glyph = (sign: string, isBold: boolean): readonly [advance: number, path: string] => {
    const weight = isBold ? bold : regular;
    return weight[sign] ?? weight[UNKNOWN] ?? [0, ""];
  };

  function outline(path: string): readonly Polygon[] {
    const known = outlineOf.get(path) ?? polygonsOf(path);
    outlineOf.set(path, known);
    return known;
  }

  return {
    width: (words, isBold) => Array.from(words).reduce((sum, sign) => sum + glyph(sign, isBold)[0] / EM, 0),
    outlines(words, isBold) {
      let at = 0;
      return Array.from(words).flatMap((sign) => {
        const [advance, path] = glyph(sign, isBold);
        const from = at;
        at += advance / EM;
        return outline(path).map((polygon) => polygon.map(({ x, y }) => ({ x: x + from, y })));
      });
    },
  };
}

function polygonsOf(path: string): readonly Polygon[] {
  const polygons: Polygon[] = [];
  let polygon: PicturePoint[] = [];
  for (const [, order = "", rest = ""] of path.matchAll(/([MLQZ])([^MLQZ]*)/g)) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rest.split(" ").map((text) => Number(text) / EM);
    const last = polygon.at(-1);
    if (order === "M") polygon = [{ x: x1, y: y1 }];
    else if (order === "L") polygon.push({ x: x1, y: y1 });
    else if (order === "Q" && last !== undefined) {
      for (let piece = 1; piece <= PIECES; piece += 1) {
        const part = piece / PIECES;
        const [a, b, c] = [(1 - part) ** 2, 2 * part * (1 - part), part ** 2];
        polygon.push({ x: a * last.x + b * x1 + c * x2, y: a * last.y + b * y1 + c * y2 });
      }
    } else if (order === "Z") polygons.push(polygon);
  }
  return polygons;
}
