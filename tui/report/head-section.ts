/** The begin of a report: whose it is, three sentences, the figures, where to read on. */
import { durationText } from "../../protocols/base/duration-text.ts";
import { countText } from "../progress/number-text.ts";
import { html, joined, NONE, type Markup } from "./markup.ts";
import type { ReportInput } from "./report-input.ts";
import { momentText, percentUp } from "./words.ts";

export const SECTIONS = [
  ["rack", "Rack"],
  ["like", "Capacity"],
  ["shared-controls", "Shared controls"],
  ["timetable", "Timetable"],
  ["dose", "Dose"],
  ["effect", "Beam effect"],
  ["quality", "Quality"],
  ["incidents", "Incidents"],
  ["account", "Beam time"],
  ["custody", "Custody"],
  ["cells", "Cells"],
  ["provenance", "Provenance"],
] as const;

export function reportTitle({ report }: Pick<ReportInput, "report">): string {
  const { header, group } = report.campaign;
  return `${header.campaign}${group === null ? "" : `, group ${group}`}`;
}

export function headSection(input: ReportInput): Markup {
  const { report, envelopes } = input;
  const { campaign, summary, requests, cells } = report;
  const { header, clock, group } = campaign;
  const span = `${momentText(clock.startMs, 0).slice(0, 16)} to ${momentText(clock.startMs, campaign.lastMs).slice(0, 16)} UTC`;
  const unreadable = [...campaign.unreadable, ...report.unreadable];
  const fractions = cells.flatMap(({ dose }) => dose?.limitFraction ?? []);
  const numbers: readonly (readonly [string, string])[] = [
    ["cells", countText(cells.length)],
    ["complete", countText(cells.filter(({ state }) => state === "complete").length)],
    ["lasted", durationText(campaign.lastMs / 1000)],
    ["exposures met", `${countText(requests.counts.met)} of ${countText(requests.asked)}`],
    ["highest dose, of its limit", fractions.length === 0 ? "-" : percentUp(Math.max(...fractions))],
    ["samples", countText(envelopes.samples)],
    ["alarms open", countText(report.incidents.filter(({ kind, isOpen }) => kind === "alarm" && isOpen).length)],
  ];
  return html`<header>
    <p class="faint">
      beamrack
      report${header.world === "site" ? NONE : html` <span class="badge">simulated data, ${header.world} world</span>`}${header.isRehearsal === true ? html` <span class="badge">rehearsal: the shutter was locked shut</span>` : NONE}${campaign.isComplete ? NONE : html` <span class="badge">not complete: the campaign goes on or was ended early</span>`}
    </p>
    <h1>${campaign.plan.title === "" ? header.campaign : campaign.plan.title}</h1>
    <p>
      ${header.campaign}${group === null ? NONE : html`, <strong>group ${group}</strong>`}; ${span}; site
      ${campaign.plan.siteTitle === "" ? campaign.siteName : campaign.plan.siteTitle}
    </p>
    ${unreadable.length === 0 ? NONE : damageNote(unreadable)}
    <section aria-label="Summary">
      <ol class="say">
        ${summary.map((sentence) => html`<li>${sentence}</li>`)}
      </ol>
    </section>
    <dl class="figures">
      ${numbers.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    <nav aria-label="Contents">
      <ul>
        ${SECTIONS.filter(([id]) => id !== "shared-controls" || campaign.sharedControls.length > 0).map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
      </ul>
    </nav>
  </header>`;
}

const DAMAGE_NAMED = 20;

function damageNote(unreadable: readonly string[]): Markup {
  const rest = unreadable.length - DAMAGE_NAMED;
  return html`<div class="warn" role="note">
    <p>
      <strong>Part of the record cannot be read.</strong> All numbers below are without it;
      <code>beamrack verify</code> says what else does not hold.
    </p>
    <ul>
      ${joined(unreadable.slice(0, DAMAGE_NAMED).map((text) => html`<li>${text}</li>`))}${rest > 0 ? html`<li>and ${rest} more</li>` : NONE}
    </ul>
  </div>`;
}
