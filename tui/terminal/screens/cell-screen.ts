/** One cell in full: what it does and waits for, how it went, what the beam gave it, what can be ordered of it. Pure. */
import { positionAt } from "../../../protocols/base/position.ts";
import { digitHeights, type BusCell, type BusDose, type BusTrace } from "../../../protocols/bus/cell-views.ts";
import type { Model } from "../model/model.ts";
import { timeMs, type RackView } from "../model/rack-view.ts";
import { brailleLines, plotRows, rangeOf, type PlotPoint } from "../text/braille-plot.ts";
import { waterfallRows } from "../text/braille-waterfall.ts";
import { beside, BLANK, row, span, wrapWords, type Row, type Span } from "../text/rows.ts";
import {
  barText,
  clockText,
  countText,
  dayText,
  fromNowText,
  quantityText,
  shareText,
  spanText,
  UNKNOWN,
  whenText,
  wordsOf,
} from "../text/values.ts";
import { heading, labelled, labelledLines, relativeText, scrolled, scrollMaxOf, table, type Drawn } from "./parts.ts";
import { alarmsOf, chargeText, currentText, stateRows, voltageText, waitOrLatest } from "./rack-screen.ts";

const GAP = 3;
/** As wide as the plots' own titles, so that all stand under one another. */
const PLOT_EDGE = 8;
const LABEL = 11;
const FACTS_MIN = 30;
/** From here on dose and orders stand beside the plots instead of below them. */
const THREE_COLUMNS_FROM = 150;
const DOSE_WIDTH = 52;
/** From here on each layer's limit stands beside what it was given. */
const LIMITS_FROM = 48;

export function cellScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const position = positionAt(state.positionIndex);
  const cell = rack.cells[state.positionIndex] ?? null;
  if (cell === null) {
    const text = rack.campaign === null ? "nothing said of it yet" : "the campaign has no cell here";
    return {
      title: row(span(position, "strong")),
      rows: [row(span(text, "dim")), row(span("← → another cell", "dim"))],
    };
  }
  const title = row(
    span(position, "strong"),
    span(`  ${cell.cell}`),
    span(`  ${cell.chemistry}, ${cell.group}`, "dim"),
  );
  const isWide = width >= THREE_COLUMNS_FROM;
  const factsWidth = Math.max(FACTS_MIN, Math.floor(width * (isWide ? 0.25 : 0.4)));
  const doseWidth = isWide ? DOSE_WIDTH : 0;
  const plotsWidth = width - factsWidth - GAP - (isWide ? doseWidth + GAP : 0);
  const dose = rack.doses[state.positionIndex] ?? null;
  const notes = noteRows(cell, rack, isWide ? doseWidth : factsWidth);
  const facts = factRows(cell, rack, factsWidth);
  const plots = plotColumn(rack.traces[state.positionIndex] ?? null, plotsWidth, height);
  const givenWidth = isWide ? doseWidth : factsWidth;
  const given = [...notes, ...exposureRows(rack, cell, givenWidth), BLANK, ...doseRows(cell, dose, givenWidth)];
  // What does not fit is scrolled to; beside them the plots stay where they are.
  const left = isWide ? facts : [...facts, BLANK, ...given];
  const blocks = [
    { rows: scrolled(left, isWide ? 0 : state.scroll.cell, height), width: factsWidth },
    { rows: plots, width: plotsWidth },
    ...(isWide ? [{ rows: scrolled(given, state.scroll.cell, height), width: doseWidth }] : []),
  ];
  return { title, rows: beside(blocks, GAP), scrollMax: scrollMaxOf(isWide ? given : left, height) };
}

function factRows(cell: BusCell, rack: RackView, width: number): readonly Row[] {
  return [
    ...stateRows(cell),
    ...(cell.fault === null ? [] : labelledLines("because", cell.fault.what, width, LABEL, "warn")),
    ...(cell.fault === null ? [] : labelledLines("do", cell.fault.advice, width, LABEL)),
    ...waitOrLatest(cell, rack, width, LABEL),
    ...alarmsOf(rack, cell.position, width, cell.fault?.code),
    ...labelledLines("voltage", voltageText(cell, rack, 4), width, LABEL),
    labelled("current", currentText(cell), LABEL),
    labelled("charge", chargeText(cell), LABEL),
    ...labelledLines("step ends", endText(cell, rack, "step", whenText), width, LABEL),
    ...labelledLines("all ends", endText(cell, rack, "all", dayText), width, LABEL),
    labelled(
      "cycle",
      `${cell.cycle === null ? UNKNOWN : countText(cell.cycle)}, half cycle ${countText(cell.half_cycle)}`,
      LABEL,
    ),
    labelled(
      "last half",
      cell.last_half_cycle_mAh === null ? UNKNOWN : `${cell.last_half_cycle_mAh.toFixed(3)} mAh`,
      LABEL,
    ),
    labelled(
      "efficiency",
      cell.coulombic_efficiency === null ? UNKNOWN : `${(cell.coulombic_efficiency * 100).toFixed(2)} %`,
      LABEL,
    ),
    labelled("health", shareText(cell.state_of_health), LABEL),
    ...(cell.belief === "confirmed"
      ? []
      : labelledLines("place", `${cell.belief}, not confirmed`, width, LABEL, "warn")),
    labelled("protocol", cell.protocol, LABEL),
    ...(cell.beam_effect === null
      ? []
      : labelledLines("beam effect", `${cell.beam_effect.verdict}, ${cell.beam_effect.pairs} pairs`, width, LABEL)),
    ...(cell.last_frame === null ? [] : frameRows(cell.last_frame, width)),
  ];
}

const FRAME_ROWS = 2;

/** The last pattern, logarithms of its counts, and what the first look at it said. */
function frameRows(frame: NonNullable<BusCell["last_frame"]>, width: number): readonly Row[] {
  const { finding, what, pattern, from_deg: fromDeg, to_deg: toDeg } = frame;
  const isGood = finding === "good";
  const angles = `${fromDeg.toFixed(1)} to ${toDeg.toFixed(1)}°`;
  const points = pattern.map((y, x) => ({ x, y }));
  return [
    ...labelledLines(
      "frame",
      isGood ? `good, ${angles}` : `${finding}: ${what}`,
      width,
      LABEL,
      isGood ? undefined : "warn",
    ),
    ...brailleLines(points, width, FRAME_ROWS, { from: 0, to: pattern.length - 1 }, { from: 0, to: 1 }).map((line) =>
      row(span(line, "dim")),
    ),
  ];
}

/** No step of theirs goes on, whatever was forecast. */
const OVER: ReadonlySet<string> = new Set(["isolated", "stopped", "complete"]);

/** When its step or its protocol is over, as far as that can be said; of one that is paused, what is left of it. */
function endText(
  { forecast, state }: BusCell,
  { nowMs }: RackView,
  what: "step" | "all",
  timeText: (ms: number, nowMs: number | null) => string,
): string {
  const endsMs = timeMs(what === "step" ? forecast?.step_ends_at : forecast?.ends_at);
  if (endsMs === null || OVER.has(state)) return UNKNOWN;
  const spreadS = (what === "step" ? forecast?.step_spread_s : forecast?.ends_spread_s) ?? null;
  const spread = spreadS === null ? "" : ` ±${spanText(spreadS)}`;
  const pausedMs = timeMs(forecast?.paused_since);
  if (pausedMs !== null) return `paused, ${spanText((endsMs - pausedMs) / 1000)}${spread} left`;
  return `${timeText(endsMs, nowMs)}${spread}`;
}

/** What people wrote of it; nothing where nobody did. */
function noteRows({ notes }: BusCell, { nowMs }: RackView, width: number): readonly Row[] {
  if (notes.length === 0) return [];
  return [
    heading("Notes", width),
    ...notes.flatMap(({ at, by, text }) => [
      ...wrapWords(text, width).map((line) => row(span(line))),
      row(span(`  ${by}, ${nowMs === null ? clockText(timeMs(at)) : fromNowText(timeMs(at), nowMs)}`, "dim")),
    ]),
    BLANK,
  ];
}

function plotColumn(trace: BusTrace | null, width: number, height: number): readonly Row[] {
  const empty = "no samples told yet";
  const {
    time_s: times = [],
    voltage_V: volts = [],
    current_A: currents = [],
    capacity_mAh: capacities = [],
  } = trace ?? {};
  const patterns = trace?.patterns ?? [];
  const panels = patterns.length === 0 ? 3 : 4;
  const each = Math.max(3, Math.floor(height / panels));
  const hours = times.map((timeS) => timeS / 3600);
  const x = rangeOf(hours);
  const voltRange = rangeOf(volts, 0.02);
  const milliamperes = currents.map((currentA) => currentA * 1000);
  const points = (xs: readonly number[], ys: readonly number[]): readonly PlotPoint[] =>
    xs.map((at, index) => ({ x: at, y: ys[index] ?? NaN }));
  const hourTexts: [string, string] | null = x === null ? null : [`${x.from.toFixed(1)} h`, `${x.to.toFixed(1)} h`];
  const capacity = rangeOf(capacities, 0.01);
  return [
    ...plotRows(
      {
        title: "V",
        about: "voltage over time",
        points: points(hours, volts),
        x,
        y: voltRange,
        yText: (value) => value.toFixed(2),
        xTexts: null,
        tone: "accent",
        emptyText: empty,
      },
      width,
      each,
    ),
    ...plotRows(
      {
        title: "mA",
        about: "current over time",
        points: points(hours, milliamperes),
        x,
        y: rangeOf(milliamperes, 0.01),
        yText: (value) => value.toFixed(2),
        xTexts: hourTexts,
        tone: "plain",
        emptyText: empty,
      },
      width,
      each,
    ),
    ...plotRows(
      {
        title: "V",
        about: "voltage over charge",
        points: points(capacities, volts),
        x: capacity,
        y: voltRange,
        yText: (value) => value.toFixed(2),
        xTexts: capacity === null ? null : [`${capacity.from.toFixed(2)} mAh`, `${capacity.to.toFixed(2)} mAh`],
        tone: "accent",
        emptyText: empty,
      },
      width,
      patterns.length === 0 ? height - each * 2 : each,
    ),
    ...patternRows(patterns, width, height - each * 3),
  ];
}

/** The last patterns one behind the other, logarithms of their counts, the newest in front. */
function patternRows(patterns: BusTrace["patterns"], width: number, height: number): readonly Row[] {
  const latest = patterns.at(-1);
  if (latest === undefined || height < 2) return [];
  const curves = patterns.map(({ heights }) => digitHeights(heights));
  const isGood = latest.finding === "good";
  const before = patterns.length === 1 ? "" : `, ${patterns.length - 1} before it behind`;
  return [
    row(
      span(`${" ".repeat(PLOT_EDGE)} pattern `, "dim"),
      span(wordsOf(latest.finding), isGood ? "dim" : "warn"),
      span(before, "dim"),
    ),
    ...waterfallRows(curves, Math.max(4, width - PLOT_EDGE - 1), height - 1).map((text) =>
      row(span(" ".repeat(PLOT_EDGE)), span("│", "dim"), span(text, "accent")),
    ),
  ];
}

/** Dose of each layer on each spot, against its limit. */
function doseRows(cell: BusCell, dose: BusDose | null, width: number): readonly Row[] {
  const share = cell.dose.limit_fraction;
  const head = [
    heading("Dose", width),
    row(span(barText(share, 12), share >= 0.85 ? "warn" : "accent"), span(` ${shareText(share)} of a limit`)),
  ];
  const refused =
    cell.dose.refused === 0
      ? []
      : [row(span(`${countText(cell.dose.refused)} refused: the next could pass a limit`, "warn"))];
  if (dose === null) return [...head, ...refused];
  const isWide = width >= LIMITS_FROM;
  const limitOf = (layer: string): number | null =>
    dose.limits.find((limit) => limit.layer === layer && limit.scope === "spot-total")?.dose_Gy ?? null;
  const lines = dose.spots
    .filter((spot) => spot.exposures > 0 || spot.booked > 0)
    .flatMap((spot) =>
      spot.layers.map((layer): readonly Span[] => [
        span(String(spot.spot), "dim"),
        span(layer.layer),
        span(quantityText(layer.surface_Gy, isWide ? "Gy" : "")),
        ...(isWide ? [span(quantityText(limitOf(layer.layer), "Gy"), "dim")] : []),
      ]),
    );
  if (lines.length === 0) return [...head, ...refused, row(span("no spot was exposed yet", "dim"))];
  const columns = isWide
    ? [
        { title: "spot", width: 4, align: "right" as const },
        { title: "layer", width: Math.max(10, width - 34) },
        { title: "given", width: 11, align: "right" as const },
        { title: "limit", width: 11 },
      ]
    : [
        { title: "s", width: 1 },
        { title: "layer", width: Math.max(10, width - 11) },
        { title: "Gy", width: 6, align: "right" as const },
      ];
  const limits = isWide
    ? []
    : dose.limits.flatMap(({ layer, scope, dose_Gy: limitGy }) =>
        scope === "spot-total" && limitGy !== null
          ? labelledLines("limit", `${quantityText(limitGy, "Gy")} ${layer}`, width, LABEL, "dim")
          : [],
      );
  return [...head, ...refused, ...limits, ...table(columns, lines, width)];
}

function exposureRows({ exposure, nowMs }: RackView, cell: BusCell, width: number): readonly Row[] {
  const last = exposure?.last.filter((one) => nameOf(one) === nameOf(cell)) ?? [];
  const next = cell.next_exposure;
  return [
    heading("Exposures", width),
    labelled("made", countText(cell.dose.exposures), LABEL),
    labelled(
      "last",
      `${relativeText(cell.last_exposure?.at, nowMs)}${cell.last_exposure === null ? "" : `, ${cell.last_exposure.outcome}`}`,
      LABEL,
    ),
    ...labelledLines(
      "next",
      next === null ? "none planned" : `${nowMs === null ? "" : fromNowText(timeMs(next.at), nowMs)}, ${next.reason}`,
      width,
      LABEL,
    ),
    ...last.map(({ id, outcome, fault }) =>
      row(span(`${id} `, "dim"), span(wordsOf(outcome)), span(fault === null ? "" : `: ${fault}`, "warn")),
    ),
  ];
}

/** Its own, where another lay in its place before. */
function nameOf({ position, occupant }: Pick<BusCell, "position" | "occupant">): string {
  return occupant ?? position;
}
