/** A picture as SVG. */
import { element, escaped, polyline, short } from "../../simulator/report/svg-text.ts";
import type { Picture, Shape } from "./picture.ts";

const FONTS = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

export function pictureSvg({ title, widthPx, heightPx, fill, shapes }: Picture): string {
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    width: widthPx,
    height: heightPx,
    viewBox: `0 0 ${short(widthPx)} ${short(heightPx)}`,
    "font-family": FONTS,
    "stroke-linejoin": "round",
    "stroke-linecap": "round",
    role: "img",
  };
  const head = element("title", {}, escaped(title));
  const paper = element("rect", { width: widthPx, height: heightPx, fill });
  const body = shapes.map(shapeSvg).filter((markup) => markup !== "");
  return `${element("svg", root, [head, paper, ...body].join("\n"))}\n`;
}

function shapeSvg(shape: Shape): string {
  switch (shape.kind) {
    case "box": {
      const { x, y, widthPx, heightPx, fill } = shape;
      return element("rect", { x, y, width: widthPx, height: heightPx, fill });
    }
    case "line":
      return polyline(shape.points, { stroke: shape.stroke, "stroke-width": shape.widthPx });
    case "area": {
      const points = shape.points.map(({ x, y }) => `${short(x)},${short(y)}`).join(" ");
      return points === "" ? "" : element("polygon", { points, fill: shape.fill });
    }
    case "dots": {
      const dots = shape.points.map(({ x, y }) => element("circle", { cx: x, cy: y, r: shape.radiusPx }));
      return dots.length === 0 ? "" : element("g", { fill: shape.fill }, dots.join(""));
    }
    case "text": {
      const { x, y, sizePx, fill, anchor, isBold, isSteep, text } = shape;
      const more = {
        ...(anchor === "start" ? {} : { "text-anchor": anchor }),
        ...(isBold === true ? { "font-weight": "bold" } : {}),
        ...(isSteep === true ? { transform: `rotate(-90 ${short(x)} ${short(y)})` } : {}),
      };
      return element("text", { x, y, fill, "font-size": sizePx, ...more }, escaped(text));
    }
  }
}
