/** What the beam did: the timetable and its reasons, the dose, and whether the beam changed what it measured. */
import type { ToldEffect, ToldJudgement } from "../../controller/report/beam-verdict-told.ts";
import type { CellFacts } from "../../controller/report/cell-facts.ts";
import type { CountedBy, ReasonLine } from "../../controller/report/request-account.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { countText } from "../progress/number-text.ts";
import { details, html, NONE, raw, section, table, type Markup } from "./markup.ts";
import { boxPath, figure, legend, plotSvg, PANE_UNITS, xUnits, yUnits } from "./plot.ts";
import type { ReportInput } from "./report-input.ts";
import { figures, grayText, momentText, percent, percentUp, VERDICT_WORDS } from "./words.ts";

const MS_PER_H = 3_600_000;
const REASONS_MAX = 60;
const POSITIONS_NAMED = 12;

export function timetableSection({ report }: ReportInput): Markup {
  const { requests, campaign } = report;
  const { counts, asked, offMedianS, byTrigger, reasons } = requests;
  const off =
    offMedianS === null ? "" : ` Half of those with a wanted moment were within ${figures(offMedianS, 3)} s of it.`;
  const withdrawn =
    counts.withdrawn === 0 ? "" : ` ${countText(counts.withdrawn)} were withdrawn before they were due.`;
  const open = requests.open === 0 ? "" : ` ${countText(requests.open)} are still open.`;
  const time = (atMs: number): string => momentText(campaign.clock.startMs, atMs).slice(0, 16);
  const within = (content: Markup): Markup => section("timetable", "Timetable", content);
  if (asked + counts.withdrawn === 0) return within(html`<p>Nothing was asked of the beam.${open}</p>`);
  return within(
    html`<p>
        ${countText(asked)} exposures were asked for: ${countText(counts.met)} met
        (${percent(counts.met / Math.max(1, asked), 1)}), ${countText(counts.late)} late, ${countText(counts.missed)}
        missed.${withdrawn}${off}${open}
      </p>
      ${timetablePlot(report)}
      ${table<CountedBy>(
        "What was asked for, by trigger",
        [
          { head: "trigger", isHead: true, of: ({ name }) => name },
          { head: "met", isNumber: true, of: (one) => countText(one.counts.met) },
          { head: "late", isNumber: true, of: (one) => countText(one.counts.late) },
          { head: "missed", isNumber: true, of: (one) => countText(one.counts.missed) },
          { head: "withdrawn", isNumber: true, of: (one) => countText(one.counts.withdrawn) },
        ],
        byTrigger,
      )}
      ${
        reasons.length === 0
          ? html`<p>Nothing was late or missed.</p>`
          : table<ReasonLine>(
              "Late, missed and withdrawn, and why; alike but for their numbers in one line",
              [
                { head: "", isHead: true, of: ({ outcome }) => outcome },
                { head: "times", isNumber: true, of: ({ count }) => countText(count) },
                { head: "trigger", of: ({ trigger }) => trigger },
                { head: "why", of: ({ why }) => (why === "" ? "not told" : why) },
                { head: "from, UTC", of: ({ firstMs }) => time(firstMs) },
                { head: "to, UTC", of: ({ lastMs }) => time(lastMs) },
                { head: "cells", of: ({ positions }) => namedPositions(positions) },
              ],
              reasons.slice(0, REASONS_MAX),
            )
      }
      ${reasons.length > REASONS_MAX ? html`<p>${reasons.length - REASONS_MAX} more kinds of reasons: <code>--json</code> has them all.</p>` : NONE} `,
  );
}

function namedPositions(positions: readonly string[]): string {
  const more = positions.length - POSITIONS_NAMED;
  return positions.slice(0, POSITIONS_NAMED).join(" ") + (more > 0 ? ` and ${more} more` : "");
}

function timetablePlot({ requests, campaign }: ReportInput["report"]): Markup {
  const { byTime, partMs } = requests;
  const most = Math.max(1, ...byTime.map(({ met, late, missed }) => met + late + missed));
  const x = { from: 0, to: Math.max(campaign.lastMs / MS_PER_H, 1e-3), label: "time since the campaign began (h)" };
  const y = { from: 0, to: most * 1.05 };
  const boxes = { met: "", late: "", missed: "" };
  for (const [index, counts] of byTime.entries()) {
    const [left, right] = [(index * partMs) / MS_PER_H, ((index + 0.9) * partMs) / MS_PER_H];
    let low = 0;
    for (const outcome of ["met", "late", "missed"] as const) {
      const count = counts[outcome];
      if (count > 0) boxes[outcome] += boxPath({ x: left, y: low }, { x: right, y: low + count }, { x, y });
      low += count;
    }
  }
  const content = html`<path class="fill-a" d="${boxes.met}" /><path class="fill-d" d="${boxes.late}" /><path
      class="fill-b"
      d="${boxes.missed}"
    />`;
  const title = `Exposures met, late and missed over time: ${requests.counts.met} met, ${requests.counts.late} late, ${requests.counts.missed} missed; numbers in the table below`;
  const svg = plotSvg({
    id: "timetable-plot",
    title,
    x,
    panes: [{ heightPx: 150, y, label: `exposures in ${durationText(partMs / 1000)}`, content }],
  });
  const key = legend([
    { className: "fill-a", text: "met" },
    { className: "fill-d", text: "late" },
    { className: "fill-b", text: "missed" },
  ]);
  const rows = byTime.map((counts, index) => ({ ...counts, atMs: index * partMs }));
  const numbers = table<(typeof rows)[number]>(
    "Exposures over time",
    [
      { head: "from, UTC", isHead: true, of: ({ atMs }) => momentText(campaign.clock.startMs, atMs).slice(0, 16) },
      { head: "met", isNumber: true, of: ({ met }) => String(met) },
      { head: "late", isNumber: true, of: ({ late }) => String(late) },
      { head: "missed", isNumber: true, of: ({ missed }) => String(missed) },
    ],
    rows,
  );
  return figure(
    "What was met, late and missed, over time",
    svg,
    html`${key}${details("Numbers of this plot", numbers)}`,
  );
}

export function doseSection({ report }: ReportInput): Markup {
  const exposed = report.cells.filter(({ dose }) => dose !== null);
  const within = (content: Markup): Markup => section("dose", "Dose", content);
  const [first] = exposed;
  if (first?.dose == null) return within(html`<p>No cell was exposed.</p>`);
  const conventions = [...new Set(exposed.flatMap(({ dose }) => dose?.convention ?? []))].join(", ");
  const dark = report.cells.length - exposed.length;
  return within(html`
    <p>
      What the ledger charged, for each cell at the spot that got most. A bar ends at the stated dose, its line where
      the truth can lie at worst; neighbouring spots' beam is in it. Convention
      ${conventions}.${dark === 0 ? "" : ` ${dark} cell${dark === 1 ? " was" : "s were"} never exposed.`}
    </p>
    ${dosePlot(exposed)}
    ${details(
      "Doses as a table",
      table<CellFacts>(
        "Dose of each cell, at its spot that got most",
        [
          { head: "cell", isHead: true, of: ({ cell }) => cell.position },
          { head: "layer", of: ({ dose }) => (dose === null ? "" : `${dose.layer}, ${dose.location}`) },
          { head: "dose", isNumber: true, of: ({ dose }) => grayText(dose?.highestGy ?? 0) },
          { head: "uncertainty", isNumber: true, of: ({ dose }) => `+${percentUp(dose?.relativeUncertainty)}` },
          { head: "limit", isNumber: true, of: ({ dose }) => (dose?.limitGy == null ? "-" : grayText(dose.limitGy)) },
          { head: "of limit, at worst", isNumber: true, of: ({ dose }) => percentUp(dose?.limitFraction) },
          { head: "exposures", isNumber: true, of: ({ dose }) => String(dose?.exposures ?? 0) },
          { head: "open", isNumber: true, of: ({ dose }) => durationText(dose?.openS ?? 0) },
        ],
        exposed,
      ),
    )}
  `);
}

function dosePlot(exposed: readonly CellFacts[]): Markup {
  const hasLimits = exposed.every(({ dose }) => dose?.limitFraction != null);
  const value = ({ dose }: CellFacts): readonly [stated: number, worst: number] => {
    if (dose === null) return [0, 0];
    const factor = 1 + dose.relativeUncertainty;
    const worst = hasLimits ? 100 * (dose.limitFraction ?? 0) : (dose.highestGy * factor) / 1000;
    return [worst / factor, worst];
  };
  const most = Math.max(...exposed.map((one) => value(one)[1]));
  const x = {
    from: 0.5,
    to: exposed.length + 0.5,
    label: `cells in order: ${exposed[0]?.cell.position ?? ""} to ${exposed.at(-1)?.cell.position ?? ""}`,
    isWhole: true,
  };
  const y = { from: 0, to: hasLimits ? Math.max(105, most * 1.05) : most * 1.1 || 1 };
  let [bars, whiskers] = ["", ""];
  for (const [index, one] of exposed.entries()) {
    const [stated, worst] = value(one);
    bars += boxPath({ x: index + 0.65, y: 0 }, { x: index + 1.35, y: stated }, { x, y });
    whiskers += `M${xUnits(index + 1, x)} ${yUnits(stated, y)}V${yUnits(worst, y)}`;
  }
  const limit = hasLimits ? raw(`<path class="limit" d="M0 ${yUnits(100, y)}h${PANE_UNITS.width}"/>`) : NONE;
  const content = html`<path class="fill-a" d="${bars}" /><path class="whisker" d="${whiskers}" />${limit}`;
  const unit = hasLimits ? "of the cell's limit (%)" : "highest dose of a spot (kGy)";
  const title = `Dose of ${exposed.length} cells, at most ${hasLimits ? percentUp(most / 100) + " of a limit" : grayText(1000 * most)} with all uncertainty; the numbers stand in the table below`;
  const svg = plotSvg({ id: "dose-plot", title, x, panes: [{ heightPx: 200, y, label: unit, content }] });
  const key = legend([
    { className: "fill-a", text: "stated dose" },
    { className: "whisker", text: "up to here at worst" },
    ...(hasLimits ? [{ className: "limit", text: "limit" }] : []),
  ]);
  return figure("Dose of each cell against its limit", svg, key);
}

export function effectSection({ report }: ReportInput): Markup {
  const { verdict, campaign } = report;
  const within = (content: Markup): Markup => section("effect", "Does the beam change what it measures?", content);
  if (verdict === null)
    return within(
      html`<p>
        Not judged: the campaign compares no spots with control spots, or has not looked yet. What would make it tell
        stands in its <code>controls</code>.
      </p>`,
    );
  const judged: readonly ToldJudgement[] = [...verdict.materials, ...verdict.cells];
  return within(html`
    <p>
      <strong>${VERDICT_WORDS[verdict.verdict]}.</strong> Look ${verdict.look},
      ${momentText(campaign.clock.startMs, verdict.atMs).slice(0, 16)} UTC. Lag is the lithium by which a spot that is
      exposed again and again is behind a control spot of the same cell; intervals are those of 95 % for each line
      alone, verdicts those of all lines together.
    </p>
    ${table<ToldJudgement>(
      "The last look, materials first",
      [
        { head: "material or cell", isHead: true, of: ({ name }) => name },
        { head: "verdict", of: ({ verdict: kind }) => kind.replace("-", " ") },
        { head: "lag, lithium", isNumber: true, of: ({ lag }) => effectText(lag) },
        { head: "pairs", isNumber: true, of: ({ lag }) => String(lag?.pairs ?? 0) },
        { head: "width, logarithm", isNumber: true, of: ({ width }) => effectText(width) },
        { head: "would have been found", isNumber: true, of: ({ power }) => percent(power) },
      ],
      judged,
    )}
  `);
}

function effectText(effect: ToldEffect | null): string {
  if (effect === null) return "-";
  const { mean, low, high } = effect;
  const interval = low === null || high === null ? "" : ` (${signed(low)} to ${signed(high)})`;
  return `${signed(mean)}${interval}`;
}

function signed(value: number): string {
  return value.toFixed(4).replace("-", "\u2212");
}
