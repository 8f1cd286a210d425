/** SVG as text: elements, numbers short enough for a file, and the few shapes the figures are made of. */

export type Attributes = Readonly<Record<string, string | number>>;

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign);
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** At most two decimals: a hundredth of a pixel. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** `children` is markup already. */
export function element(name: string, attributes: Attributes, children = ""): string {
  const text = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : escaped(value)}"`)
    .join("");
  return children === "" ? `<${name}${text}/>` : `<${name}${text}>${children}</${name}>`;
}

export function label(x: number, y: number, text: string, more: Attributes = {}): string {
  return element("text", { x, y, ...more }, escaped(text));
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line through the points; a point that is no number breaks it. */
export function polyline(points: Iterable<Point>, more: Attributes): string {
  let path = "";
  let isDown = false;
  for (const { x, y } of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${short(x)} ${short(y)}`;
    isDown = true;
  }
  return path === "" ? "" : element("path", { d: path, fill: "none", ...more });
}

/** A whole figure on white, with its own fonts and line styles. */
export function figure(widthPx: number, heightPx: number, title: string, body: readonly string[]): string {
  const size = { width: widthPx, height: heightPx, viewBox: `0 0 ${short(widthPx)} ${short(heightPx)}` };
  const head = element("title", {}, escaped(title));
  const paper = element("rect", { width: widthPx, height: heightPx, fill: "#ffffff" });
  const root = { xmlns: "http://www.w3.org/2000/svg", ...size, ...FONT };
  return `${element("svg", root, [head, paper, ...body].join("\n"))}\n`;
}

const FONT: Attributes = {
  "font-family": "DejaVu Sans, Helvetica, Arial, sans-serif",
  "font-size": 13,
  fill: "#1a1a1a",
  "stroke-linejoin": "round",
};
