/** How far the numbers can be trusted, what went wrong meanwhile, what each group has had, and who had the cells. */
import type { ToldStep } from "../../controller/report/custody-told.ts";
import type { GroupAccount } from "../../controller/report/group-account.ts";
import { incidentLines, type IncidentLine } from "../../controller/report/incidents.ts";
import type { Reliability, Reproducibility, Representativeness } from "../../controller/report/quality.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { countText } from "../progress/number-text.ts";
import { html, NONE, section, table, type Markup } from "./markup.ts";
import type { ReportInput } from "./report-input.ts";
import { figures, grayText, momentText, percent, percentUp } from "./words.ts";

const INCIDENTS_MAX = 300;

export function qualitySection({ report }: ReportInput): Markup {
  const { reproducibility, representativeness, reliability } = report.quality;
  return html`<section id="quality">
    <h2>Quality</h2>
    ${table<Reproducibility>(
      "Reproducibility: like cells that are no controls, in the last half cycle that most of them have",
      [
        { head: "cells alike", isHead: true, of: ({ name }) => name },
        { head: "cells", isNumber: true, of: ({ cells }) => String(cells) },
        {
          head: "half cycle",
          of: ({ halfCycle, direction, isWhole }) =>
            halfCycle === null ? "none yet" : `${halfCycle}, ${direction}${isWhole ? "" : ", not whole in all"}`,
        },
        {
          head: "capacity, mAh",
          isNumber: true,
          of: ({ capacityAh }) =>
            capacityAh === null
              ? "-"
              : `${figures(1000 * capacityAh.mean)} \u00b1 ${figures(1000 * capacityAh.deviation, 2)}`,
        },
        {
          head: "spread",
          isNumber: true,
          of: ({ capacityAh }) =>
            capacityAh === null || capacityAh.count < 2 ? "-" : percent(capacityAh.deviation / capacityAh.mean, 2),
        },
        {
          head: "efficiency",
          isNumber: true,
          of: ({ efficiency }) =>
            efficiency === null ? "-" : `${percent(efficiency.mean, 2)} \u00b1 ${percent(efficiency.deviation, 2)}`,
        },
      ],
      reproducibility,
    )}
    ${
      representativeness.length === 0
        ? html`<p>
            Representativeness: there are no control cells among like cells, so that nothing says what the beam did to
            whole cells.
          </p>`
        : table<Representativeness>(
            "Representativeness: exposed cells less control cells, with the 95 % interval",
            [
              { head: "cells alike", isHead: true, of: ({ name }) => name },
              { head: "exposed", isNumber: true, of: ({ exposed }) => String(exposed) },
              { head: "controls", isNumber: true, of: ({ controls }) => String(controls) },
              {
                head: "quantity",
                of: ({ quantity }) =>
                  quantity === "capacity" ? "last capacity, of the controls' mean" : "last discharge over first",
              },
              { head: "difference", of: representativeText },
            ],
            representativeness,
          )
    }
    ${reliabilityTable(reliability, report.campaign.header.world === "virtual")}
  </section>`;
}

function representativeText({ effect }: Representativeness): string {
  if (effect === null) return "cannot be told: fewer than three cells on a side have it";
  const [low, high] = effect.interval;
  const says = low <= 0 && high >= 0 ? "no difference seen" : "they differ";
  return `${percent(effect.mean, 2)} (${percent(low, 2)} to ${percent(high, 2)}): ${says}`;
}

function reliabilityTable(reliability: Reliability, isVirtual: boolean): Markup {
  const { exposures, fluxBySource, doseByBasis, wallOffsetS } = reliability;
  const shares = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${countText(count)}`).join(", ") || "-";
  const seconds = (value: number | null): string =>
    value === null ? "not on record" : `\u00b1 ${figures(1000 * value, 3)} ms`;
  const rows: readonly (readonly [string, string])[] = [
    [
      "campaign clock",
      isVirtual
        ? "simulated time: exact"
        : wallOffsetS === null
          ? "not on record"
          : `computer's clock ${figures(wallOffsetS.least, 3)} to ${figures(wallOffsetS.most, 3)} s beside it`,
    ],
    ["channels' clocks, at worst", seconds(reliability.channelClockS)],
    ["shutter's edges, at worst", seconds(reliability.shutterEdgeS)],
    [
      "exposures whose cell is known half way through",
      `${countText(reliability.withMiddle)} of ${countText(exposures)}`,
    ],
    ["flux, by source", shares(fluxBySource)],
    ["dose, charged by", shares(doseByBasis)],
    [
      "dose, how far the truth can lie above",
      reliability.doseUncertainty === null ? "-" : `${percentUp(reliability.doseUncertainty)} at worst`,
    ],
    [
      "gaps in the samples",
      reliability.gaps === 0
        ? "none"
        : `${countText(reliability.gaps)}, ${durationText(reliability.gapS)} together, in ${reliability.cellsWithGaps} cell${reliability.cellsWithGaps === 1 ? "" : "s"}`,
    ],
  ];
  return table<readonly [string, string]>(
    "Reliability of clock, flux and dose",
    [
      { head: "what", isHead: true, of: ([name]) => name },
      { head: "how sure", of: ([, text]) => text },
    ],
    rows,
  );
}

export function incidentSection({ report }: ReportInput): Markup {
  const { startMs } = report.campaign.clock;
  const lines = incidentLines(report.incidents);
  const shown = [
    ...lines.filter(({ openCount }) => openCount > 0),
    ...lines.filter(({ openCount }) => openCount === 0),
  ];
  const kept = new Set(shown.slice(0, INCIDENTS_MAX));
  return html`<section id="incidents">
    <h2>Incidents</h2>
    ${
      lines.length === 0
        ? html`<p>No alarm, no stop, no loss of beam and no restart.</p>`
        : table<IncidentLine>(
            "Alarms, stops, losses of beam and restarts, with what came of them",
            [
              { head: "since, UTC", isHead: true, of: ({ atMs }) => momentText(startMs, atMs) },
              { head: "times", isNumber: true, of: ({ count }) => String(count) },
              { head: "where", of: ({ where }) => where },
              {
                head: "what",
                of: ({ what, code }) => html`${what}${code === null ? NONE : html` <code>${code}</code>`}`,
              },
              { head: "lasted", of: lastedText },
              {
                head: "what came of it",
                of: ({ outcome, openCount }) =>
                  openCount > 0 ? html`<strong>open</strong>${outcome === "" ? NONE : html`; ${outcome}`}` : outcome,
              },
            ],
            lines.filter((line) => kept.has(line)),
          )
    }
    ${lines.length > INCIDENTS_MAX ? html`<p>${lines.length - INCIDENTS_MAX} more that are over: <code>--json</code> has them all.</p>` : NONE}
    <p class="faint">
      What each code means and what to do stands in beamrack's docs/faults.md. Alarms of one code and place are one
      line, told as they were last.
    </p>
  </section>`;
}

function lastedText({ atMs, endMs, isOpen, count }: IncidentLine): string {
  if (isOpen) return "since then";
  if (endMs === null) return "";
  return count > 1 ? `until ${durationText((endMs - atMs) / 1000)} later` : durationText((endMs - atMs) / 1000);
}

export function accountSection({ report, currency }: ReportInput): Markup {
  const { accounts } = report;
  const columns = [
    { head: "group", isHead: true, of: ({ group }: GroupAccount) => group },
    { head: "cells", isNumber: true, of: ({ cells }: GroupAccount) => String(cells) },
    { head: "exposures", isNumber: true, of: ({ exposures }: GroupAccount) => countText(exposures) },
    { head: "beam time", isNumber: true, of: ({ beamS }: GroupAccount) => durationText(beamS) },
    { head: "shutter open", isNumber: true, of: ({ openS }: GroupAccount) => durationText(openS) },
    { head: "share of beam", isNumber: true, of: ({ beamShare }: GroupAccount) => percent(beamShare, 1) },
    { head: "channel hours", isNumber: true, of: ({ channelHours }: GroupAccount) => figures(channelHours) },
    { head: "dose, all exposures", isNumber: true, of: ({ doseGy }: GroupAccount) => grayText(doseGy) },
    {
      head: "highest, of its limit",
      isNumber: true,
      of: ({ limitFraction }: GroupAccount) => percentUp(limitFraction),
    },
    ...(currency === null
      ? []
      : [
          {
            head: `cost, ${currency}`,
            isNumber: true,
            of: ({ cost }: GroupAccount) => (cost === null ? "-" : cost.toFixed(2)),
          },
        ]),
  ].filter(({ head }) => head !== "share of beam" || report.campaign.group === null);
  return html`<section id="account">
    <h2>Beam time, dose and channel hours</h2>
    ${table<GroupAccount>("What was had, by group", columns, accounts)}
    <p class="faint">
      Beam time runs from an exposure's booking, before the way to the spot, until the shutter was shut again; waiting
      for a cell's moment is nobody's. Channel hours run from each cell's first step to its end.
    </p>
  </section>`;
}

export function custodySection({ report: { custody } }: ReportInput): Markup {
  const within = (content: Markup): Markup => section("custody", "Custody", content);
  if (custody === null || custody.steps.length === 0)
    return within(
      html`<p>
        No custody record of these cells lies with the data: who received, loaded and returned them is not told here.
      </p>`,
    );
  const steps = table<ToldStep>(
    "Who had each cell, and when",
    [
      { head: "cell", isHead: true, of: ({ barcode }) => barcode },
      { head: "step", isShort: true, of: ({ step }) => step },
      { head: "at, UTC", isShort: true, of: ({ atMs }) => momentText(0, atMs).slice(0, 16) },
      { head: "by", of: ({ by }) => by },
      { head: "note", of: ({ note }) => note },
    ],
    custody.steps,
  );
  const open = custody.open.map(
    ({ barcode, kind, what }) => html`<li><strong>${barcode ?? ""}</strong>, ${kind}: ${what}</li>`,
  );
  const damage = custody.damage.map((what) => html`<li>the custody ledger is damaged: ${what}</li>`);
  const list = [...damage, ...open];
  return within(
    html`${
      list.length === 0
        ? NONE
        : html`<ul class="warn">
            ${list}
          </ul>`
    }${steps}`,
  );
}
