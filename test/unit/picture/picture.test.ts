import { crc32, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCanvas } from "../../../tui/picture/canvas.ts";
import { axesOf, rangeWithRoom } from "../../../tui/picture/chart.ts";
import { GLYPH_FILE, readGlyphs } from "../../../tui/picture/glyphs.ts";
import { picturePng } from "../../../tui/picture/picture-png.ts";
import { pictureSvg } from "../../../tui/picture/picture-svg.ts";
import type { Picture, Shape } from "../../../tui/picture/picture.ts";
import { DARK, LIGHT } from "../../../tui/picture/theme.ts";
import { repositoryText } from "../../support/campaign-files.ts";

const glyphs = readGlyphs(repositoryText(GLYPH_FILE));

function picture(...shapes: readonly Shape[]): Picture {
  return { title: "a picture", widthPx: 40, heightPx: 20, fill: "#ffffff", shapes };
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): string;
}

/** Reads a file back as the standard says, chunk by chunk; every checksum must hold. */
function readPng(bytes: Buffer): Pixels {
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const typed = bytes.subarray(at + 4, at + 8 + length);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(typed));
    chunks.set(typed.toString("latin1", 0, 4), typed.subarray(4));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "pHYs", "IDAT", "IEND"]);
  const head = chunks.get("IHDR") ?? Buffer.alloc(13);
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  expect([...head.subarray(8)]).toEqual([8, 2, 0, 0, 0]);
  const rows = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  const stride = 3 * width + 1;
  expect(rows).toHaveLength(stride * height);
  const pixels = Buffer.alloc(3 * width * height);
  for (let y = 0; y < height; y += 1) {
    expect(rows[y * stride]).toBe(2);
    for (let x = 0; x < 3 * width; x += 1) {
      const above = y === 0 ? 0 : (pixels[(y - 1) * 3 * width + x] ?? 0);
      pixels[y * 3 * width + x] = ((rows[y * stride + 1 + x] ?? 0) + above) & 0xff;
    }
  }
  return {
    width,
    height,
    at: (x, y) => `#${pixels.toString("hex", 3 * (y * width + x), 3 * (y * width + x) + 3)}`,
  };
}

const BOX: Shape = { kind: "box", x: 10, y: 5, widthPx: 20, heightPx: 10, fill: "#0067a8" };

describe("a picture as PNG", () => {
  it("has its boxes where they are, in their colours, at the size that is asked for", () => {
    const drawn = readPng(picturePng(picture(BOX), glyphs, 2));
    expect([drawn.width, drawn.height]).toEqual([80, 40]);
    expect([drawn.at(19, 20), drawn.at(20, 10), drawn.at(59, 29), drawn.at(60, 20)]).toEqual([
      ...["#ffffff", "#0067a8", "#0067a8", "#ffffff"],
    ]);
  });

  it("mixes the colour of a pixel by how much of it is covered", () => {
    const half = readPng(picturePng(picture({ ...BOX, x: 10.5, fill: "#000000" }), glyphs, 1));
    expect([half.at(9, 8), half.at(10, 8), half.at(11, 8), half.at(30, 8)]).toEqual([
      ...["#ffffff", "#808080", "#000000", "#808080"],
    ]);
  });

  it("draws lines of their width, also steep ones, and leaves out what is no number", () => {
    const points = [
      { x: 5, y: 2 },
      { x: 5, y: 18 },
      { x: NaN, y: 10 },
      { x: 20, y: 10 },
      { x: 38, y: 10 },
    ];
    const drawn = readPng(picturePng(picture({ kind: "line", points, stroke: "#000000", widthPx: 2 }), glyphs, 1));
    expect([drawn.at(3, 10), drawn.at(4, 10), drawn.at(5, 10), drawn.at(6, 10)]).toEqual([
      ...["#ffffff", "#000000", "#000000", "#ffffff"],
    ]);
    expect([drawn.at(12, 10), drawn.at(30, 8), drawn.at(30, 9), drawn.at(30, 10), drawn.at(30, 11)]).toEqual([
      ...["#ffffff", "#ffffff", "#000000", "#000000", "#ffffff"],
    ]);
  });

  it("has its text without any font of the machine, holes and all", () => {
    const text = { kind: "text" as const, x: 20, y: 18, sizePx: 20, fill: "#000000", anchor: "middle" as const };
    const drawn = readPng(picturePng(picture({ ...text, text: "O" }), glyphs, 1));
    expect(drawn.at(20, 11)).toBe("#ffffff");
    const row = Array.from({ length: 40 }, (_, x) => drawn.at(x, 11));
    expect(row.filter((colour) => colour === "#000000").length).toBeGreaterThanOrEqual(2);
    const steep = readPng(picturePng(picture({ ...text, text: "l", x: 20, y: 10, isSteep: true }), glyphs, 1));
    const column = Array.from({ length: 20 }, (_, y) => steep.at(12, y));
    expect(column.some((colour) => colour !== "#ffffff")).toBe(true);
  });

  it("covers of the paper what a polygon's corners say it does", () => {
    const corner = fc.record({
      x: fc.double({ min: 1, max: 29, noNaN: true }),
      y: fc.double({ min: 1, max: 29, noNaN: true }),
    });
    fc.assert(
      fc.property(corner, corner, corner, (a, b, c) => {
        const canvas = createCanvas(30, 30, "#000000");
        canvas.fill([[a, b, c]], "#ffffff");
        const covered = canvas.rgb.reduce((sum, value) => sum + value, 0) / (3 * 255);
        const area = Math.abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 2;
        expect(Math.abs(covered - area)).toBeLessThan(1.2);
      }),
    );
  });
});

describe("a picture as SVG", () => {
  it("says what a file from outside is called, and takes none of it for markup", () => {
    const text: Shape = { kind: "text", x: 1, y: 9, text: "<script>&", sizePx: 9, fill: "#000000", anchor: "end" };
    const svg = pictureSvg({ ...picture(text, BOX), title: "A1 <b>" });
    expect(svg).toContain("<title>A1 &lt;b&gt;</title>");
    expect(svg).toContain("&lt;script&gt;&amp;</text>");
    expect(svg).toContain('<rect x="10" y="5" width="20" height="10" fill="#0067a8"/>');
  });
});

describe("a chart", () => {
  it("has its values between its ends, and numbers with as many decimals as tell its ticks apart", () => {
    const range = rangeWithRoom([3.61, 3.62], 0.001);
    expect([range.from < 3.61, range.to > 3.62]).toEqual([true, true]);
    const axes = axesOf(LIGHT, {
      ...{ leftPx: 10, topPx: 10, widthPx: 100, heightPx: 50 },
      x: { from: 0, to: 10, label: "time (h)" },
      y: { ...range, label: "voltage (V)" },
    });
    expect(axes.at(0, range.from)).toEqual({ x: 10, y: 60 });
    expect(axes.at(10, range.to)).toEqual({ x: 110, y: 10 });
    const texts = axes.shapes.flatMap((shape) => (shape.kind === "text" ? [shape.text] : []));
    expect(texts).toEqual(expect.arrayContaining(["3.610", "3.612", "time (h)", "voltage (V)"]));
    expect(new Set(texts).size).toBe(texts.length);
  });

  it.each([LIGHT, DARK])("can be read on its paper", (theme) => {
    for (const colour of [theme.ink, theme.faint, ...theme.apart])
      expect(contrast(colour, theme.paper)).toBeGreaterThan(3);
  });
});

/** As the Web Content Accessibility Guidelines have it: 3 for graphics and large text, 21 at most. */
function contrast(one: string, other: string): number {
  const light = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
