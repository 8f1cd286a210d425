/** What stands beside a cell's tables: a dataset in JSON-LD, with the provenance, and the cells as the format's tools take them in. */
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { flagNames, type CellTable } from "../cell-rows.ts";
import type { ExportedCampaign, ExportedCell } from "../exported-campaign.ts";
import { isoTime } from "../file-names.ts";
import { BEAMRACK_TERM, EMMO_CONTEXT } from "../linked-data.ts";
import { cellProvenance, type Attribution } from "../provenance.ts";
import { BDF_NAMESPACE, BDF_TABLE_SCHEMA, type BdfColumn } from "./bdf-columns.ts";

export interface BdfDistribution {
  readonly name: string;
  readonly form: "csv" | "parquet";
  readonly rows: number;
}

export interface SideCarParts {
  readonly campaign: ExportedCampaign;
  readonly cell: ExportedCell;
  readonly provenance: { readonly [key: string]: Json };
  readonly attribution: Attribution;
  readonly distributions: readonly BdfDistribution[];
  readonly columns: readonly Pick<BdfColumn<never>, "label" | "name">[];
  readonly table: Pick<CellTable, "rows" | "flagged" | "flaggedUnlisted">;
}

const CONTEXT: readonly Json[] = [EMMO_CONTEXT, { beamrack: BEAMRACK_TERM }];

const MEDIA_TYPES = { csv: "text/csv", parquet: "application/vnd.apache.parquet" } as const;

export function bdfSideCar(parts: SideCarParts): Json {
  const { campaign, cell, attribution, distributions, columns, table } = parts;
  const name = cell.barcode === "" ? cell.position : cell.barcode;
  return {
    "@context": CONTEXT,
    "@graph": [
      {
        "@id": `#test-${cell.position}`,
        "@type": "BatteryTest",
        "rdfs:label": `${campaign.header.campaign}, ${name}`,
        "rdfs:comment": `${cell.protocolName} at ${cell.position}, with X-ray exposures; see the provenance`,
        hasTestObject: {
          "@id": `#cell-${cell.position}`,
          "@type": "CoinCell",
          "schema:name": name,
          "schema:productID": cell.barcode,
          "rdfs:comment": `${cell.chemistry}, electrolyte ${cell.electrolyte}`,
        },
        hasTestEquipment: {
          "@id": `#channel-${cell.position}`,
          "@type": "BatteryCycler",
          "schema:name": cell.channel ?? "not stated",
        },
        hasOutput: {
          "@id": `#data-${cell.position}`,
          "@type": ["BatteryTestResult", "dcat:Dataset"],
          "dc:title": `Time series of ${name} in ${campaign.header.campaign}`,
          "dc:creator": attribution.authors.map((author) => ({ "@type": "schema:Person", "schema:name": author })),
          ...(attribution.license === null ? {} : { "dc:license": attribution.license }),
          "dc:issued": isoTime(campaign.clock.startMs + campaign.lastMs).slice(0, 10),
          "dcat:keyword": ["battery", "cycling", "operando", "X-ray", cell.chemistry],
          "dcat:distribution": distributions.map((one) => ({
            "@type": "dcat:Distribution",
            "dcat:mediaType": MEDIA_TYPES[one.form],
            "dcat:downloadURL": one.name,
            "csvw:tableSchema": BDF_TABLE_SCHEMA,
          })),
        },
        beamrack: {
          columns: columns.map((column) => ({
            ...{ label: column.label, name: column.name, iri: `${BDF_NAMESPACE}${column.name}` },
          })),
          rows: table.rows,
          missing_values: "empty field in CSV, NaN in Parquet",
          steps: cell.steps.map((step) => ({
            step_count: step.count,
            from_s: step.atMs / 1000,
            to_s: step.endMs === null ? null : step.endMs / 1000,
            ended_by: step.endedBy,
            protocol_step: step.step,
            cycle_count: step.cycle,
            label: step.label,
            current_A: step.currentA,
          })),
          flagged_rows: table.flagged.map(({ from, to, flags }) => ({ from, to, flags: flagNames(flags) })),
          flagged_rows_unlisted: table.flaggedUnlisted,
          cell: cellProvenance(campaign, cell),
          provenance: parts.provenance,
        },
      },
    ],
  };
}

/** The list of cells in the form that the Battery Data Format's tools take in beside the files. */
export function batteryItems(cells: readonly ExportedCell[]): Json {
  return {
    cells: cells.map((cell) => ({
      id: cell.barcode === "" ? cell.position : cell.barcode,
      chemistry: cell.chemistry,
      form_factor: "coin",
      rated_capacity_ah: cell.nominalCapacityMah / 1000,
    })),
  };
}
