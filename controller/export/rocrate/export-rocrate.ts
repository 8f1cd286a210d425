/** Everything of a campaign in one RO-Crate 1.2: tables, NeXus, linked data, summaries, with whom and which terms. */
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { BDF_FORMS, exportBdf, type BdfForm } from "../bdf/export-bdf.ts";
import { exportBattinfo } from "../battinfo/export-battinfo.ts";
import type { ExportedCampaign, ExportedCell } from "../exported-campaign.ts";
import { within, type ExportTarget, type RunningExport, type WrittenFile } from "../export-target.ts";
import { bdfFileStem, cellNames, isoTime } from "../file-names.ts";
import type { Node } from "../linked-data.ts";
import { exportNexus, type NexusOptions } from "../nexus/export-nexus.ts";
import type { SampleRecord } from "../samples-by-cell.ts";
import { exportSummaries } from "../summaries/export-summaries.ts";

export interface RoCrateOptions extends NexusOptions {
  readonly forms: readonly BdfForm[];
  /** When the export is made, UNIX milliseconds. */
  readonly publishedMs: number;
}

export const METADATA_FILE = "ro-crate-metadata.json";
const CONTEXT = "https://w3id.org/ro/crate/1.2/context";
const VERSION = "https://w3id.org/ro/crate/1.2";

/** What stands in each folder of the crate. */
const FOLDERS: readonly (readonly [folder: string, description: string])[] = [
  ["bdf", "Cycling of each cell in the Battery Data Format, with a side-car in JSON-LD"],
  ["battinfo", "Cells, tests and data as linked data in the terms of BattINFO and EMMO"],
  ["nexus", "A NeXus/HDF5 file for each cell and one for the campaign"],
  ["tables", "Cells, cycles, exposures and dose by spot, as plain tables"],
  ["frames", "Frames of the detector as it wrote them; frames.json says which belongs to which exposure"],
];

/** What every export is closed with, after the crate describes itself. */
const CLOSING_FILES: readonly (readonly [name: string, description: string, encodingFormat: string])[] = [
  ["provenance.json", "Where the data come from; size and SHA-256 of every other file", "application/json"],
  ["manifest-sha256.txt", "SHA-256 of every file, as sha256sum --check reads it", "text/plain"],
];

export async function exportRoCrate(
  campaign: ExportedCampaign,
  record: SampleRecord,
  target: ExportTarget,
  options: RoCrateOptions,
): Promise<RunningExport> {
  const nexus = await exportNexus(campaign, record, within(target, "nexus"), options);
  return running(campaign, record, target, options, nexus);
}

function* running(
  campaign: ExportedCampaign,
  record: SampleRecord,
  target: ExportTarget,
  options: RoCrateOptions,
  nexus: RunningExport,
): RunningExport {
  const { rows, unreadable } = yield* exportBdf(campaign, record, within(target, "bdf"), options);
  yield* nexus;
  yield* exportSummaries(campaign, within(target, "tables"));
  yield* exportBattinfo(campaign, within(target, "battinfo"), {
    ...options,
    tables: { folder: "../bdf", forms: BDF_FORMS.filter((form) => options.forms.includes(form)) },
  });
  const crate = crateDocument(campaign, options, target.files);
  target.writeText(METADATA_FILE, `${JSON.stringify(crate, null, 2)}\n`);
  return { cells: campaign.cells.length, rows, unreadable };
}

/** Flattened JSON-LD, every entity by its own identifier. `files`: what the crate holds so far. */
export function crateDocument(
  campaign: ExportedCampaign,
  options: RoCrateOptions,
  files: readonly WrittenFile[],
): Json {
  const { authors, license } = options.attribution;
  const people = authors.map(personOf);
  const terms = licenseOf(license);
  const instruments = campaign.instruments.map(instrumentOf);
  const cells = campaign.cells.map(cellOf);
  const named = namedCells(campaign);
  const name = campaign.header.campaign;
  const folders = FOLDERS.filter(([folder]) => files.some((file) => file.name.startsWith(`${folder}/`)));
  const all = [...files.map(({ name: path }) => path), ...CLOSING_FILES.map(([name]) => name)];
  const told: readonly Node[] = [
    {
      "@id": METADATA_FILE,
      "@type": "CreativeWork",
      about: { "@id": "./" },
      conformsTo: { "@id": VERSION },
    },
    {
      "@id": "./",
      "@type": "Dataset",
      name: campaign.plan.title === "" ? name : campaign.plan.title,
      description:
        `Campaign ${name} at ${campaign.siteName}: ${campaign.cells.length} coin cells cycled under X-rays` +
        `${campaign.group === null ? "" : `, group ${campaign.group}`}. ` +
        (campaign.header.world === "site" ? "Measured." : "Simulated."),
      datePublished: isoTime(options.publishedMs).slice(0, 10),
      license: { "@id": idOf(terms) },
      author: people.map((person) => ({ "@id": idOf(person) })),
      identifier: { "@id": "#log-digest" },
      hasPart: [
        ...folders.map(([folder]) => ({ "@id": `${folder}/` })),
        ...all.filter((path) => !path.includes("/")).map((path) => ({ "@id": pathId(path) })),
      ],
      mentions: [{ "@id": "#run" }, ...cells.map((cell) => ({ "@id": idOf(cell) }))],
    },
    {
      "@id": "#log-digest",
      "@type": "PropertyValue",
      propertyID: "beamrack event log digest",
      value: campaign.digest,
    },
    {
      "@id": "#run",
      "@type": "CreateAction",
      name: `${name} at ${campaign.siteName}`,
      startTime: isoTime(campaign.clock.startMs),
      endTime: isoTime(campaign.clock.startMs + campaign.lastMs),
      instrument: [{ "@id": "#beamrack" }, ...instruments.map((one) => ({ "@id": idOf(one) }))],
      object: cells.map((cell) => ({ "@id": idOf(cell) })),
      result: { "@id": "./" },
    },
    { "@id": "#beamrack", "@type": "SoftwareApplication", name: "beamrack", version: options.softwareVersion },
    terms,
    ...people,
    ...instruments,
    ...cells,
    ...folders.map(([folder, description]) => ({
      "@id": `${folder}/`,
      "@type": "Dataset",
      name: folder,
      description,
      hasPart: all.filter((path) => path.startsWith(`${folder}/`)).map((path) => ({ "@id": pathId(path) })),
    })),
    ...files.map((file) => fileOf(named, file)),
    ...CLOSING_FILES.map(([path, description, encodingFormat]) => ({
      ...{ "@id": path, "@type": "File", name: path, description, encodingFormat },
    })),
  ];
  return { "@context": CONTEXT, "@graph": told };
}

function idOf(node: Node): string {
  const id = node["@id"];
  return typeof id === "string" ? id : "";
}

/** `Name https://orcid.org/...` or a name alone. */
function personOf(author: string, index: number): Node {
  const [, name, url] = /^(.*?)\s+(https?:\/\/\S+)$/.exec(author) ?? [];
  return { "@id": url ?? `#author-${index + 1}`, "@type": "Person", name: name ?? author };
}

function licenseOf(license: string | null): Node {
  if (license === null)
    return {
      "@id": "#terms",
      "@type": "CreativeWork",
      name: "not stated",
      description: "Whoever exported these data named no terms; ask before they are used.",
    };
  const isUrl = /^https?:\/\/\S+$/.test(license);
  const isShort = /^[A-Za-z0-9.+-]+$/.test(license);
  return {
    "@id": isUrl ? license : isShort ? `https://spdx.org/licenses/${license}` : "#terms",
    "@type": "CreativeWork",
    name: license,
    description: `The terms of these data: ${license}`,
  };
}

function instrumentOf(
  { name, model, serialNumber, firmware }: ExportedCampaign["instruments"][number],
  index: number,
): Node {
  return {
    "@id": `#instrument-${index + 1}`,
    "@type": "IndividualProduct",
    name,
    ...(model === null ? {} : { model }),
    ...(serialNumber === null ? {} : { serialNumber }),
    ...(firmware === null ? {} : { description: `firmware ${firmware}` }),
  };
}

function cellOf(cell: ExportedCell): Node {
  return {
    "@id": `#cell-${cell.position}`,
    "@type": "https://w3id.org/emmo/domain/battery#coincell",
    name: cell.barcode === "" ? cell.position : cell.barcode,
    description: `${cell.chemistry}, electrolyte ${cell.electrolyte}, at ${cell.position}, ${cell.role}`,
  };
}

const ENCODINGS: readonly (readonly [ending: string, format: string])[] = [
  [".csv", "text/csv"],
  [".parquet", "application/vnd.apache.parquet"],
  [".jsonld", "application/ld+json"],
  [".json", "application/json"],
  [".nxs", "application/x-hdf5"],
];

function fileOf(cells: readonly NamedCell[], { name, bytes, sha256 }: WrittenFile): Node {
  const base = name.slice(name.lastIndexOf("/") + 1);
  const about = cells.find(({ begins }) => begins.some((begin) => name.startsWith(begin)))?.cell;
  const format = ENCODINGS.find(([ending]) => name.endsWith(ending))?.[1] ?? "application/octet-stream";
  return {
    "@id": pathId(name),
    "@type": "File",
    name: base,
    encodingFormat: format,
    contentSize: String(bytes),
    sha256,
    ...(about === undefined ? {} : { about: { "@id": `#cell-${about.position}` } }),
  };
}

interface NamedCell {
  readonly cell: ExportedCell;
  /** Of its files, with the folders that hold a file for each cell; tables are of all, whatever a cell is called. */
  readonly begins: readonly string[];
}

/** The longest name first: a point may stand in a name, and that of one cell be the begin of another's. */
function namedCells(campaign: ExportedCampaign): readonly NamedCell[] {
  const names = cellNames(campaign.cells);
  return campaign.cells
    .map((cell) => ({ cell, name: names.get(cell.position) ?? cell.position }))
    .sort((a, b) => b.name.length - a.name.length)
    .map(({ cell, name }) => ({
      cell,
      begins: [`nexus/${name}.`, `battinfo/${name}.`, `bdf/${bdfFileStem(campaign, name)}.`],
    }));
}

/** A relative path as an identifier. */
function pathId(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
