/** Where the data come from, and how to name them. */
import type { ExportedInstrument } from "../../controller/export/exported-campaign.ts";
import { isoTime } from "../../controller/export/file-names.ts";
import { HC_KEV_ANGSTROM } from "../../controller/export/provenance.ts";
import { countText } from "../progress/number-text.ts";
import { details, html, table, type Markup } from "./markup.ts";
import type { ReportInput } from "./report-input.ts";
import { figures, momentText } from "./words.ts";

type Row = readonly [name: string, value: string];

export function provenanceSection(input: ReportInput): Markup {
  const { report, softwareVersion, madeMs } = input;
  const { campaign } = report;
  const { header, plan, clock } = campaign;
  const seed = header.seed === null ? "" : `, seed ${header.seed}`;
  const rows: readonly Row[] = [
    ["campaign", `${header.campaign}, SHA-256 ${header.campaignHash}`],
    ["site", `${campaign.siteName}, SHA-256 ${header.siteHash}`],
    ["world", `${header.world}${seed}${header.conditions === undefined ? "" : `, ${header.conditions}`}`],
    [
      "event log",
      `${campaign.eventCount === null ? "" : `${countText(campaign.eventCount)} events, `}digest ${campaign.digest}`,
    ],
    ["from, to", `${isoTime(clock.startMs)}, ${isoTime(clock.startMs + campaign.lastMs)}`],
    ["recorded with", `beamrack ${header.softwareVersion}`],
    ["this report", `beamrack ${softwareVersion}, ${isoTime(madeMs)}`],
    [
      "X-rays",
      `${figures(plan.energyKeV)} keV, ${figures(HC_KEV_ANGSTROM / plan.energyKeV)} angstrom, detector ${plan.detector}`,
    ],
    ...[...new Set(report.cells.map(({ cell }) => `${cell.protocolName}, SHA-256 ${cell.protocolSha256}`))].map(
      (text): Row => ["protocol", text],
    ),
  ];
  const instruments = table<ExportedInstrument>(
    "Instruments as they identified themselves",
    [
      { head: "name", isHead: true, of: ({ name }) => name },
      { head: "driver", of: ({ driver }) => driver ?? "-" },
      { head: "model", of: ({ model }) => model ?? "-" },
      { head: "serial number", of: ({ serialNumber }) => serialNumber ?? "-" },
      { head: "firmware", of: ({ firmware }) => firmware ?? "-" },
    ],
    campaign.instruments,
  );
  return html`<section id="provenance">
    <h2>Provenance</h2>
    <div class="kv">
      ${table<Row>(
        "What these numbers were made from",
        [
          { head: "", isHead: true, of: ([name]) => name },
          { head: "", of: ([, value]) => html`<code>${value}</code>` },
        ],
        rows,
      )}
    </div>
    <p>
      Whether the record still is what was recorded is for <code>beamrack verify</code> to say; this report does not
      judge it. Current is positive when it charges a cell; dose is that of the hottest place of a spot, as the ledger
      charged it.
    </p>
    ${details(`Instruments (${campaign.instruments.length})`, instruments)}
    <h3>How to cite</h3>
    <p>${citation(input)}</p>
  </section>`;
}

/** For the data; beamrack itself is named with its version. */
function citation({ report, attribution, softwareVersion }: ReportInput): string {
  const { header, plan, clock, digest, group } = report.campaign;
  const authors = attribution.authors.map((author) => author.replace(/\s*<?https?:\/\/\S+>?/, ""));
  const who = authors.length === 0 ? "(authors: give them with --author)" : authors.join(", ");
  const year = momentText(clock.startMs, 0).slice(0, 4);
  const title = plan.title === "" ? header.campaign : plan.title;
  const of = group === null ? "" : `, cells of group ${group}`;
  const kind =
    header.world === "site"
      ? "operando measurements of coin cells"
      : `simulated measurements of coin cells, ${header.world} world`;
  const license = attribution.license === null ? "" : ` Licence ${attribution.license}.`;
  return `${who} (${year}). ${title}${of}: ${kind}. Recorded with beamrack ${header.softwareVersion}, reported with ${softwareVersion}; event log ${digest}.${license}`;
}
