/** All figures of a run, and a page that holds them without needing anything else. */
import { doseFigure } from "./dose-figure.ts";
import { lithiumFigure } from "./lithium-figure.ts";
import type { Figure, PhysicsData } from "./physics-data.ts";
import { escaped } from "./svg-text.ts";
import { voltageFigure } from "./voltage-figure.ts";
import { waterfallFigure } from "./waterfall-figure.ts";

export function physicsFigures(data: PhysicsData): readonly Figure[] {
  const perCell = data.cells.flatMap((cell) => [waterfallFigure(data, cell), lithiumFigure(data, cell)]);
  return [voltageFigure(data), ...perCell.flatMap((figure) => figure ?? []), doseFigure(data)];
}

/** HTML with the figures inside, or beside it under their names. */
export function reportPage(data: PhysicsData, figures: readonly Figure[], holds: "figures" | "links"): string {
  const title = `${data.campaign}: the simulated physics`;
  const sections = figures.map((figure, index) => {
    const image =
      holds === "links"
        ? `<img src="${escaped(figure.name)}" alt="${escaped(figure.title)}">`
        : withOwnIds(figure.svg, index);
    const caption = `<figcaption>${escaped(figure.caption)}</figcaption>`;
    return `<figure>\n<h2>${escaped(figure.title)}</h2>\n<div class="scroll" tabindex="0">${image}</div>\n${caption}\n</figure>`;
  });
  const unframed = data.cells.filter(({ frames }) => frames.length === 0).map(({ position }) => position);
  const note = unframed.length === 0 ? "" : `<p>No frame was taken of ${escaped(unframed.join(", "))}.</p>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 1120px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.1em; } figure { margin: 2.5em 0; } figcaption { max-width: 65em; }
img, svg { max-width: 100%; height: auto; } .scroll { overflow-x: auto; }
@media (max-width: 46em) { img, svg { min-width: 46em; } }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>Seed ${data.seed}, ${data.durationH.toFixed(1)} h, ${data.energyKeV} keV. Everything here is the truth of the simulated world, not what an instrument measured or the controller believed.</p>
${note}${sections.join("\n")}
</body>
</html>
`;
}

/** Several figures in one document: their clip paths must not share names. */
function withOwnIds(svg: string, index: number): string {
  return svg
    .replace(/(<clipPath id=")([^"]+)"/g, (_, head: string, id: string) => `${head}figure-${index}-${id}"`)
    .replace(/url\(#([^)]+)\)/g, (_, id: string) => `url(#figure-${index}-${id})`);
}
