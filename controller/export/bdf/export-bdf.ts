/** Cells as Battery Data Format: per cell a table as CSV, as Parquet or as both, spectra apart, a side-car with metadata. */
import { canonicalJson } from "../../../protocols/base/canonical-json.ts";
import { createCellTable, ambientOf, type CellRows, type CellTable } from "../cell-rows.ts";
import type { ExportedCampaign, ExportedCell } from "../exported-campaign.ts";
import type { ExportTarget, RunningExport } from "../export-target.ts";
import { bdfFileStem, cellNames } from "../file-names.ts";
import { provenance, type ProvenanceOptions } from "../provenance.ts";
import { recordPickOf } from "../record-pick.ts";
import { writeCells, type OpenCells, type SampleRecord, type TakeSamples } from "../samples-by-cell.ts";
import { AMBIENT_COLUMN, SPECTRUM_COLUMNS, TIME_SERIES_COLUMNS, type BdfColumn } from "./bdf-columns.ts";
import { createBdfCsv, type BdfTableFile } from "./bdf-csv.ts";
import { createBdfParquet } from "./bdf-parquet.ts";
import { batteryItems, bdfSideCar, type BdfDistribution } from "./bdf-side-car.ts";
import { spectrumRows } from "./spectrum-rows.ts";

export const BDF_FORMS = ["csv", "parquet"] as const;
export type BdfForm = (typeof BDF_FORMS)[number];

export interface BdfOptions extends ProvenanceOptions {
  readonly forms: readonly BdfForm[];
  /** How many cells are written side by side. */
  readonly cellsAtATime?: number;
}

/** For 24 cells about 40 MB of columns; row groups of this size are read well. */
const ROWS_PER_CHUNK = 32_768;

interface OpenCell {
  readonly cell: ExportedCell;
  readonly table: CellTable;
  readonly files: readonly BdfTableFile<CellRows>[];
  readonly distributions: readonly Omit<BdfDistribution, "rows">[];
}

export function* exportBdf(
  campaign: ExportedCampaign,
  record: SampleRecord,
  target: ExportTarget,
  options: BdfOptions,
): RunningExport {
  const told = provenance(campaign, options);
  /** With what of the samples could not be read, once that is known. */
  let whole = told;
  const columns = ambientOf(campaign) === null ? TIME_SERIES_COLUMNS : [...TIME_SERIES_COLUMNS, AMBIENT_COLUMN];
  const names = cellNames(campaign.cells);
  const stemOf = (cell: ExportedCell): string => bdfFileStem(campaign, names.get(cell.position) ?? cell.position);
  const { rows, unreadable } = yield* writeCells({ ...options, record, target, campaign }, openCells);
  target.writeText("battery.json", `${JSON.stringify(batteryItems(campaign.cells), null, 2)}\n`);
  return { cells: campaign.cells.length, rows, unreadable };

  function openCells(some: readonly ExportedCell[]): OpenCells {
    const cells = some.map((cell) => openCell(cell, stemOf(cell)));
    return {
      takers: new Map<number, TakeSamples>(cells.map(({ cell, table }) => [cell.channelIndex, table.take])),
      finish(unreadable) {
        for (const one of cells) finishCell(one, unreadable);
        return cells.reduce((sum, { table }) => sum + table.rows, 0);
      },
    };
  }

  function finishCell({ cell, table, files, distributions }: OpenCell, unreadable: readonly string[]): void {
    table.finish();
    whole = { ...told, unreadable: [...campaign.unreadable, ...unreadable] };
    for (const file of files) file.close();
    const stem = stemOf(cell);
    const spectra = writeSpectra(cell, stem);
    const sideCar = bdfSideCar({
      campaign,
      cell,
      provenance: whole,
      attribution: options.attribution,
      distributions: [...distributions.map((one) => ({ ...one, rows: table.rows })), ...spectra],
      columns,
      table,
    });
    target.writeText(`${stem}.metadata.jsonld`, `${JSON.stringify(sideCar, null, 2)}\n`);
  }

  function openTable<Rows>(name: string, form: BdfForm, table: readonly BdfColumn<Rows>[]): BdfTableFile<Rows> {
    const file = target.open(name);
    const metadata = (): string => canonicalJson({ "beamrack:provenance": whole });
    return form === "csv" ? createBdfCsv(file, table) : createBdfParquet(file, table, () => ({ beamrack: metadata() }));
  }

  function openCell(cell: ExportedCell, stem: string): OpenCell {
    const distributions = options.forms.map((form) => ({ name: `${stem}.bdf.${form}`, form }));
    const files = distributions.map(({ name, form }) => openTable(name, form, columns));
    const writeChunk = (chunk: CellRows): void => {
      for (const file of files) file.write(chunk);
    };
    const pick = recordPickOf(campaign, cell, options);
    const table = createCellTable(campaign, cell, ROWS_PER_CHUNK, writeChunk, pick);
    return { cell, table, files, distributions };
  }

  function writeSpectra(cell: ExportedCell, stem: string): readonly BdfDistribution[] {
    if (cell.spectra.length === 0) return [];
    const points = spectrumRows(campaign, cell);
    return options.forms.map((form) => {
      const name = `${stem}.eis.bdf.${form}`;
      const file = openTable(name, form, SPECTRUM_COLUMNS);
      file.write(points);
      file.close();
      return { name, form, rows: points.frequencyHz.length };
    });
  }
}
