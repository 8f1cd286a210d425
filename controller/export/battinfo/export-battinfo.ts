/** Cells and their tests as linked data in the terms of BattINFO and EMMO, a document for each cell. */
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { bdfFileStem, cellNames, isoTime } from "../file-names.ts";
import type { ExportedCampaign, ExportedCell } from "../exported-campaign.ts";
import type { ExportTarget, RunningExport } from "../export-target.ts";
import { BEAMRACK_TERM, EMMO_CONTEXT, quantity, UNIT_TERMS, type Node } from "../linked-data.ts";
import { cellProvenance, provenance, type ProvenanceOptions } from "../provenance.ts";

export interface BattinfoOptions extends ProvenanceOptions {
  /** Where tables of the Battery Data Format stand, seen from the documents; null where there are none. */
  readonly tables: { readonly folder: string; readonly forms: readonly ("csv" | "parquet")[] } | null;
}

const MEDIA_TYPES = { csv: "text/csv", parquet: "application/vnd.apache.parquet" } as const;

export function* exportBattinfo(
  campaign: ExportedCampaign,
  target: ExportTarget,
  options: BattinfoOptions,
): RunningExport {
  const told = provenance(campaign, options);
  const names = cellNames(campaign.cells);
  for (const [index, cell] of campaign.cells.entries()) {
    const name = names.get(cell.position) ?? cell.position;
    const document = battinfoDocument(campaign, cell, told, bdfFileStem(campaign, name), options);
    target.writeText(`${name}.battinfo.jsonld`, `${JSON.stringify(document, null, 2)}\n`);
    yield { done: index + 1, of: campaign.cells.length };
  }
  return { cells: campaign.cells.length, rows: campaign.cells.length, unreadable: [] };
}

export function battinfoDocument(
  campaign: ExportedCampaign,
  cell: ExportedCell,
  told: Node,
  stem: string,
  options: BattinfoOptions,
): Json {
  const { attribution, tables } = options;
  const { startMs } = campaign.clock;
  return {
    "@context": [EMMO_CONTEXT, { ...UNIT_TERMS, beamrack: BEAMRACK_TERM }],
    "@graph": [
      cellNode(cell),
      {
        "@id": "#channel",
        "@type": "BatteryCycler",
        "schema:name": cell.channel ?? "not stated",
        ...channelOf(campaign, cell),
      },
      {
        "@id": "#test",
        "@type": "BatteryTest",
        "schema:name": `${campaign.header.campaign}, ${cell.barcode}`,
        "schema:description": `${cell.protocolName} at ${cell.position}, under X-rays now and then`,
        "schema:startTime": isoTime(startMs),
        "schema:endTime": isoTime(startMs + (cell.over?.atMs ?? campaign.lastMs)),
        hasTestObject: { "@id": "#cell" },
        hasTestEquipment: { "@id": "#channel" },
        hasOutput: { "@id": "#data" },
        beamrack: { cell: cellProvenance(campaign, cell), provenance: told },
      },
      {
        "@id": "#data",
        "@type": ["BatteryTestResult", "dcat:Dataset"],
        "dcterms:title": `Time series of ${cell.barcode} in ${campaign.header.campaign}`,
        "dcterms:creator": attribution.authors.map((author) => ({ "@type": "schema:Person", "schema:name": author })),
        ...(attribution.license === null ? {} : { "dcterms:license": attribution.license }),
        ...(tables === null
          ? {}
          : {
              "dcat:distribution": tables.forms.map((form) => ({
                "@type": "dcat:Distribution",
                "dcat:mediaType": MEDIA_TYPES[form],
                "dcat:downloadURL": { "@id": `${tables.folder}/${stem}.bdf.${form}` },
              })),
            }),
      },
    ],
  };
}

function cellNode(cell: ExportedCell): Node {
  const last = (direction: string): number | null =>
    cell.halfCycles.findLast((half) => half.direction === direction && half.isWhole)?.capacityAh ?? null;
  const efficiency = cell.halfCycles.findLast((half) => half.coulombicEfficiency !== null)?.coulombicEfficiency ?? null;
  const health = cell.halfCycles.findLast((half) => half.stateOfHealth !== null)?.stateOfHealth ?? null;
  const measured: readonly (readonly [type: string, value: number | null, unit: string])[] = [
    ["ChargingCapacity", last("charge"), "A-HR"],
    ["DischargingCapacity", last("discharge"), "A-HR"],
    ["CoulombicEfficiency", efficiency, "FRACTION"],
    ["StateOfHealth", health, "FRACTION"],
  ];
  return {
    "@id": "#cell",
    "@type": "CoinCell",
    "schema:name": cell.barcode,
    "schema:productID": cell.barcode,
    "schema:description": cell.chemistry,
    hasElectrolyte: { "@type": "OrganicElectrolyte", "schema:name": cell.electrolyte },
    hasConventionalProperty: quantity("NominalCapacity", cell.nominalCapacityMah, "MilliA-HR"),
    hasMeasuredProperty: measured.flatMap(([type, value, unit]) =>
      value === null ? [] : [quantity(type, value, unit)],
    ),
  };
}

function channelOf(campaign: ExportedCampaign, cell: ExportedCell): Node {
  const instrument = campaign.instruments.find(({ name }) => name === cell.channel);
  return {
    ...(instrument?.model == null ? {} : { "schema:model": instrument.model }),
    ...(instrument?.serialNumber == null ? {} : { "schema:serialNumber": instrument.serialNumber }),
  };
}
