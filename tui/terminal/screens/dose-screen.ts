/** Dose: what each material may have, and how much of it each cell has had. Pure. */
import { ALL_POSITIONS, positionAt } from "../../../protocols/base/position.ts";
import type { BusDose } from "../../../protocols/bus/cell-views.ts";
import type { Model } from "../model/model.ts";
import { nearestToLimit } from "../model/nearest-to-limit.ts";
import type { RackView } from "../model/rack-view.ts";
import { beside, BLANK, row, span, wrapWords, type Row, type Span } from "../text/rows.ts";
import { barText, countText, quantityText, shareText, UNKNOWN } from "../text/values.ts";
import { heading, scrolled, scrollMaxOf, table, type Drawn } from "./parts.ts";

const GAP = 3;
/** From here on there is room for the mean beside the surface dose. */
const MEAN_FROM = 48;

export function doseScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const max = rack.campaign?.dose.limit_fraction_max ?? null;
  const refused = rack.campaign?.dose.refused ?? 0;
  const title = row(
    span("Dose", "strong"),
    span(`  at most ${shareText(max)} of a limit`, "dim"),
    span(refused === 0 ? "" : `  ${countText(refused)} refused: the next could pass a limit`, "warn"),
  );
  const leftWidth = Math.floor((width - GAP) / 2);
  const rightWidth = width - leftWidth - GAP;
  const [title1 = BLANK, head = BLANK, ...nearest] = nearestRows(rack, leftWidth, state.positionIndex);
  const listHeight = height - 2;
  const at = nearestToLimit(rack).indexOf(state.positionIndex);
  const top = Math.max(0, at - Math.floor(listHeight / 2));
  const given = cellRows(rack.doses[state.positionIndex] ?? null, positionAt(state.positionIndex), rightWidth);
  return {
    title,
    rows: beside(
      [
        { rows: [title1, head, ...scrolled(nearest, top, listHeight)], width: leftWidth },
        { rows: scrolled(given, state.scroll.dose, height), width: rightWidth },
      ],
      GAP,
    ),
    scrollMax: scrollMaxOf(given, height),
  };
}

/** Cells by how near they are to a limit. */
function nearestRows(rack: RackView, width: number, chosen: number): readonly Row[] {
  const cells = nearestToLimit(rack).flatMap((index) => {
    const cell = rack.cells[index] ?? null;
    return cell === null ? [] : [{ cell, index }];
  });
  if (cells.length === 0) return [heading("Nearest to a limit", width), row(span("nothing said of it yet", "dim"))];
  const lines = cells.map(({ cell, index }): readonly Span[] => {
    const share = cell.dose.limit_fraction;
    return [
      span(index === chosen ? "▸" : " ", "accent"),
      span(ALL_POSITIONS[index] ?? "", "strong"),
      span(shareText(share), share >= 0.85 ? "warn" : "plain"),
      span(barText(share, Math.max(4, width - 27)), share >= 0.85 ? "warn" : "accent"),
      span(cell.dose.refused === 0 ? "" : `${countText(cell.dose.refused)} refused`, "warn"),
    ];
  });
  const columns = [
    { title: "", width: 1 },
    { title: "cell", width: 4 },
    { title: "used", width: 5, align: "right" as const },
    { title: "", width: Math.max(4, width - 27) },
    { title: "", width: 9 },
  ];
  return [heading("Nearest to a limit", width), ...table(columns, lines, width)];
}

function cellRows(dose: BusDose | null, position: string, width: number): readonly Row[] {
  if (dose === null) return [heading(position, width), row(span("nothing said of its dose yet", "dim"))];
  const isWide = width >= MEAN_FROM;
  const uncertainty =
    dose.relative_uncertainty === null ? UNKNOWN : `± ${String(Math.round(dose.relative_uncertainty * 100))} %`;
  const limits = dose.limits.flatMap((limit) => {
    const value =
      limit.dose_Gy === null ? quantityText(limit.dose_rate_Gy_s, "Gy/s") : quantityText(limit.dose_Gy, "Gy");
    const rest = `of ${limit.location}, ${limit.scope}; vouched for by ${limit.vouched_by}`;
    return [
      row(span(value, "strong"), span(` ${limit.layer}`)),
      ...wrapWords(rest, width - 2).map((line) => row(span(`  ${line}`, "dim"))),
    ];
  });
  const spots = dose.spots
    .filter((spot) => spot.exposures > 0 || spot.booked > 0)
    .flatMap((spot) =>
      spot.layers.map((layer, index): readonly Span[] => [
        span(index === 0 ? String(spot.spot) : ""),
        span(
          index === 0 ? `${countText(spot.exposures)}${spot.booked > 0 ? `+${spot.booked}` : ""}` : "",
          spot.booked > 0 ? "accent" : "plain",
        ),
        span(quantityText(layer.surface_Gy, "")),
        ...(isWide ? [span(quantityText(layer.mean_Gy, ""), "dim")] : []),
        span(layer.layer, "dim"),
      ]),
    );
  return [
    heading(`${position}: limits`, width),
    ...limits,
    BLANK,
    heading("spots", width),
    row(span(`flux, beam, place, stack: ${uncertainty}`, "dim")),
    ...(spots.length === 0
      ? [row(span("none was exposed yet", "dim"))]
      : table(
          [
            { title: "spot", width: 4, align: "right" },
            { title: "made", width: 4, align: "right" },
            { title: isWide ? "surface" : "Gy", width: isWide ? 8 : 6, align: "right" },
            ...(isWide ? [{ title: "mean Gy", width: 8, align: "right" as const }] : []),
            { title: "layer", width: 12 },
          ],
          spots,
          width,
        )),
  ];
}
