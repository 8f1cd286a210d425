/** One cell of a report: voltage and current with its exposures, its cycles, its powder patterns. */
import type { CellFacts } from "../../controller/report/cell-facts.ts";
import type { RackEnvelopes } from "../../controller/report/rack-envelopes.ts";
import type { ExportedGap, ExportedHalfCycle } from "../../controller/export/exported-campaign.ts";
import { exposureMs } from "../../controller/export/told-dose.ts";
import type { Envelope } from "../../controller/record/sample-envelope.ts";
import type { CellPattern } from "../data/cell-patterns.ts";
import { evenlyChosen } from "../data/evenly-chosen.ts";
import { rangeWithRoom, type Range } from "../picture/chart.ts";
import { details, html, joined, NONE, table, type Markup } from "./markup.ts";
import { SCALE_STEPS } from "./page-style.ts";
import { dotsPath, figure, legend, plotSvg, traceData, tracePath, type PlotPoint } from "./plot.ts";
import type { ReportInput } from "./report-input.ts";
import { figures, grayText, momentText, percent, percentUp, STATE_WORDS } from "./words.ts";

const MS_PER_H = 3_600_000;
/** Of the table behind a plot. */
const ROWS_MAX = 13;
/** A stretch without samples that long is drawn as one. */
const EMPTY_MS = 15 * 60_000;
/** Of a powder pattern in the waterfall, the highest count in each. */
const BINS = 260;

export function cellSection(input: ReportInput, facts: CellFacts, patterns: readonly CellPattern[]): Markup {
  const { cell, state, dose } = facts;
  const { startMs } = input.report.campaign.clock;
  const cut = facts.isCut ? ", with its protocol not at an end" : "";
  const ended = facts.endMs === null ? "" : ` ${momentText(startMs, facts.endMs).slice(0, 16)} UTC${cut}`;
  const given =
    dose === null
      ? "never exposed"
      : `${dose.exposures} exposures, at most ${grayText(dose.highestGy)} at a spot${dose.limitFraction === null ? "" : `, ${percentUp(dose.limitFraction)} of its limit at worst`}`;
  const plots = [
    cyclingPlot(input, facts),
    capacityPlot(facts),
    patterns.length > 0 ? waterfall(facts, patterns) : NONE,
  ];
  return html`<section class="cell" id="cell-${cell.position}">
    <h3>${cell.position} ${cell.barcode}</h3>
    <p>
      ${cell.chemistry}, ${cell.electrolyte}; ${cell.protocolName}; ${cell.role}; ${STATE_WORDS[state].text}${ended};
      ${given}.
    </p>
    ${plots[0] ?? NONE}
    <div class="pair">${joined(plots.slice(1))}</div>
  </section> `;
}

function cyclingPlot({ envelopes, report }: ReportInput, { cell }: CellFacts): Markup {
  const envelope = envelopes.byPosition.get(cell.position);
  const x = {
    from: 0,
    to: Math.max(report.campaign.lastMs / MS_PER_H, 1e-3),
    label: "time since the campaign began (h)",
  };
  if (envelope === undefined || !envelope.count.some((count) => count > 0)) return html`<p>No samples on record.</p>`;
  const volts = envelopePoints(envelopes, envelope.voltageMinV, envelope.voltageMaxV, 1, cell.gaps);
  const amperes = envelopePoints(envelopes, envelope.currentMinA, envelope.currentMaxA, 1000, cell.gaps);
  const voltage = rangeWithRoom(ys(volts), 0.1);
  const current = rangeWithRoom(ys(amperes), 0.05);
  const dots = { from: 0, to: 1 };
  const exposures = cell.exposures
    .filter(({ openTimeS }) => openTimeS > 0)
    .map((one) => ({ x: exposureMs(one) / MS_PER_H, y: 0.5 }));
  const marks = {
    heightPx: 14,
    y: dots,
    label: `${exposures.length} exposures`,
    hasNumbers: false,
    content: dotsPath(exposures, x, dots, "b dot small"),
  };
  const [low, high] = extremes(ys(volts));
  const title = `${cell.position}: voltage from ${figures(low)} to ${figures(high)} V and current over ${figures(x.to, 3)} h, with ${exposures.length} exposures; numbers in the table below`;
  const svg = plotSvg({
    ...{ id: `v-${cell.position}`, title, x },
    panes: [
      { heightPx: 150, y: voltage, label: "voltage (V)", content: tracePath(volts, x, voltage, "a") },
      ...(exposures.length === 0 ? [] : [marks]),
      {
        heightPx: 64,
        y: current,
        label: "current (mA), charge positive",
        ticks: 3,
        content: tracePath(amperes, x, current, "c"),
      },
    ],
  });
  const rows = rowsOf(envelopes, envelope);
  const numbers = table<(typeof rows)[number]>(
    `${cell.position}: lowest and highest in equal parts of time`,
    [
      { head: "until, h", isHead: true, of: ({ hours }) => figures(hours, 3) },
      { head: "voltage, V", isNumber: true, of: ({ volts: [least, most] }) => `${figures(least)} to ${figures(most)}` },
      {
        head: "current, mA",
        isNumber: true,
        of: ({ amperes: [least, most] }) => `${figures(1000 * least, 3)} to ${figures(1000 * most, 3)}`,
      },
    ],
    rows,
  );
  return figure(`${cell.position}: voltage and current`, svg, details("Numbers of this plot", numbers));
}

/** The lowest and the highest of each part, that first which is nearer to the one before; broken where nothing was measured. */
function envelopePoints(
  { columns, toMs }: RackEnvelopes,
  low: Float64Array,
  high: Float64Array,
  factor: number,
  gaps: readonly ExportedGap[],
): readonly PlotPoint[] {
  const points: PlotPoint[] = [];
  const columnMs = toMs / columns;
  let [lastMs, lastY] = [NaN, NaN];
  for (let column = 0; column < columns; column += 1) {
    const [least, most] = [factor * (low[column] ?? NaN), factor * (high[column] ?? NaN)];
    if (!(least <= most)) continue;
    const atMs = (column + 0.5) * columnMs;
    const isApart = atMs - lastMs > Math.max(EMPTY_MS, 2.5 * columnMs);
    if (isApart && gaps.some(({ fromMs, toMs: until }) => fromMs < atMs && until > lastMs))
      points.push({ x: NaN, y: NaN });
    const x = atMs / MS_PER_H;
    const [first, second] = Math.abs(most - lastY) < Math.abs(least - lastY) ? [most, least] : [least, most];
    points.push({ x, y: first });
    if (first !== second) points.push({ x, y: second });
    [lastMs, lastY] = [atMs, second];
  }
  return points;
}

interface EnvelopeRow {
  readonly hours: number;
  readonly volts: readonly [number, number];
  readonly amperes: readonly [number, number];
}

function rowsOf({ columns, toMs }: RackEnvelopes, envelope: Envelope): readonly EnvelopeRow[] {
  const per = Math.ceil(columns / ROWS_MAX);
  const rows: EnvelopeRow[] = [];
  for (let from = 0; from < columns; from += per) {
    const to = Math.min(columns, from + per);
    const part = (low: Float64Array, high: Float64Array): readonly [number, number] =>
      extremes([...low.subarray(from, to), ...high.subarray(from, to)]);
    rows.push({
      hours: ((to / columns) * toMs) / MS_PER_H,
      volts: part(envelope.voltageMinV, envelope.voltageMaxV),
      amperes: part(envelope.currentMinA, envelope.currentMaxA),
    });
  }
  return rows;
}

function capacityPlot({ cell }: CellFacts): Markup {
  const halves = cell.halfCycles.filter(({ capacityAh }) => capacityAh !== null);
  if (halves.length === 0) return NONE;
  const numbers = halfCycleTable(cell.position, halves);
  const last = Math.max(...halves.map(({ cycle }) => cycle));
  if (last < 2) return html`<div>${numbers}</div>`;
  const x = { from: 0.5, to: last + 0.5, label: "cycle", isWhole: true };
  const of = (direction: string, isWhole: boolean): readonly PlotPoint[] =>
    halves
      .filter((half) => half.direction === direction && (half.isWhole || !isWhole))
      .map(({ cycle, capacityAh }) => ({ x: cycle, y: 1000 * (capacityAh ?? NaN) }));
  const y = rangeWithRoom([...ys(of("charge", false)), ...ys(of("discharge", false))], 0.1);
  const content = html`${tracePath(of("charge", true), x, y, "a thin")}${dotsPath(of("charge", false), x, y, "a dot small")}${tracePath(of("discharge", true), x, y, "b thin")}${dotsPath(of("discharge", false), x, y, "b dot small")}`;
  const title = `${cell.position}: capacity of ${halves.length} half cycles; numbers in the table below`;
  const svg = plotSvg({
    id: `c-${cell.position}`,
    title,
    x,
    panes: [{ heightPx: 190, y, label: "capacity (mAh)", content }],
  });
  const key = legend([
    { className: "a", text: "charge" },
    { className: "b", text: "discharge" },
  ]);
  const beside = html`${key}${details("Numbers of this plot", numbers)}`;
  return figure(`${cell.position}: capacity by cycle`, svg, beside);
}

function halfCycleTable(position: string, halves: readonly ExportedHalfCycle[]): Markup {
  return table<ExportedHalfCycle>(
    `${position}: half cycles`,
    [
      { head: "half cycle", isHead: true, of: ({ number }) => String(number) },
      { head: "cycle", isNumber: true, of: ({ cycle }) => String(cycle) },
      { head: "direction", isShort: true, of: ({ direction }) => direction },
      {
        head: "capacity, mAh",
        isNumber: true,
        of: ({ capacityAh }) => figures(capacityAh === null ? null : 1000 * capacityAh, 5),
      },
      { head: "whole", of: ({ isWhole }) => (isWhole ? "yes" : "no") },
      { head: "efficiency", isNumber: true, of: ({ coulombicEfficiency }) => percent(coulombicEfficiency, 2) },
      { head: "state of health", isNumber: true, of: ({ stateOfHealth }) => percent(stateOfHealth, 1) },
    ],
    halves,
  );
}

/** Early ones in front. Square roots, so that weak lines are seen beside strong ones. */
function waterfall({ cell }: CellFacts, patterns: readonly CellPattern[]): Markup {
  const rows = patterns.map((pattern) => ({ atMs: pattern.atMs, points: binned(pattern) }));
  const most = Math.max(1, ...rows.flatMap(({ points }) => ys(points)));
  const stepUp = rows.length > 1 ? (1.6 * most) / (rows.length - 1) : 0;
  const angles = patterns.flatMap(({ twoThetaDeg }) => [twoThetaDeg[0] ?? NaN, twoThetaDeg.at(-1) ?? NaN]);
  const [from, to] = extremes(angles);
  const x = { from, to, label: "2\u03b8 (degree)" };
  const y: Range = { from: 0, to: 2.65 * most };
  const lines = rows
    .map(({ points }, index): Markup => {
      const raised = points.map((point) => ({ x: point.x, y: point.y + index * stepUp }));
      const step = Math.round(((SCALE_STEPS - 1) * index) / Math.max(1, rows.length - 1));
      const data = traceData(raised, x, y);
      return html`<path class="under" d="${data}V1000H0z" /><path class="wf w${step}" d="${data}" />`;
    })
    .reverse();
  const hours = rows.map(({ atMs }) => atMs / MS_PER_H);
  const [first, last] = extremes(hours);
  const title = `${cell.position}: ${patterns.length} powder patterns from ${figures(first, 3)} to ${figures(last, 3)} h, ${figures(from, 3)} to ${figures(to, 3)} degree; beamrack data and export have the counts`;
  const svg = plotSvg({
    id: `w-${cell.position}`,
    title,
    x,
    panes: [
      {
        heightPx: 260,
        y,
        hasNumbers: false,
        label: "square root of counts, shifted by exposure",
        content: joined(lines, ""),
      },
    ],
  });
  const numbers = table<(typeof rows)[number]>(
    `${cell.position}: strongest line of each pattern`,
    [
      { head: "at, h", isHead: true, of: ({ atMs }) => figures(atMs / MS_PER_H, 3) },
      { head: "2\u03b8, degree", isNumber: true, of: ({ points }) => figures(strongest(points).x, 4) },
      { head: "counts", isNumber: true, of: ({ points }) => figures(strongest(points).y ** 2, 4) },
    ],
    evenlyChosen(rows, ROWS_MAX),
  );
  return figure(
    `${cell.position}: ${patterns.length} powder patterns, from ${figures(first, 3)} h in front to ${figures(last, 3)} h behind`,
    svg,
    details("Strongest lines", numbers),
  );
}

function binned({ twoThetaDeg, counts }: CellPattern): readonly PlotPoint[] {
  const per = Math.max(1, Math.ceil(counts.length / BINS));
  const points: PlotPoint[] = [];
  for (let from = 0; from < counts.length; from += per) {
    let [best, count] = [from, -1];
    for (let at = from; at < Math.min(counts.length, from + per); at += 1)
      if ((counts[at] ?? 0) > count) [best, count] = [at, counts[at] ?? 0];
    points.push({ x: twoThetaDeg[best] ?? NaN, y: Math.sqrt(Math.max(0, count)) });
  }
  return points;
}

function strongest(points: readonly PlotPoint[]): PlotPoint {
  return points.reduce((most, one) => (one.y > most.y ? one : most), { x: NaN, y: 0 });
}

function ys(points: readonly PlotPoint[]): readonly number[] {
  return points.map(({ y }) => y);
}

function extremes(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [NaN, NaN];
}
