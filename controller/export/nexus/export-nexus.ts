/** A campaign as NeXus/HDF5: a file for each cell, and one that leads to them all with the dose over the rack. */
import type { File as Hdf5File, Group } from "h5wasm/node";
import { positionIndex } from "../../../protocols/base/position.ts";
import { ambientOf, createCellTable, type CellTable } from "../cell-rows.ts";
import type { ExportedCampaign, ExportedCell } from "../exported-campaign.ts";
import type { ExportTarget, RunningExport } from "../export-target.ts";
import { cellNames, isoTime, MASTER_NAME } from "../file-names.ts";
import { provenance, type ProvenanceOptions } from "../provenance.ts";
import { recordPickOf } from "../record-pick.ts";
import { writeCells, type OpenCells, type SampleRecord, type TakeSamples } from "../samples-by-cell.ts";
import { toldDoses } from "../told-dose.ts";
import { beginCellFile, writePattern, type CellFileParts } from "./cell-file.ts";
import { CHUNK_ROWS, jsonNote, nexusGroup, numberFields, plotOf, textField, textFields } from "./nexus-writing.ts";
import { closeQuietly, writingFault } from "./hdf5-trouble.ts";
import { readPowderPattern } from "./powder-pattern-file.ts";

export interface NexusOptions extends ProvenanceOptions {
  /** Where the powder pattern of a frame stands, by the path the detector gave it; undefined where there is none. */
  readonly patternPath: (frame: string) => string | undefined;
  /** How many cells are written side by side. */
  readonly cellsAtATime?: number;
}

const MASTER_FILE = `${MASTER_NAME}.nxs`;

interface OpenCell {
  readonly parts: CellFileParts;
  readonly file: Hdf5File;
  readonly entry: Group;
  readonly table: CellTable;
  readonly close: () => void;
}

/** Loads the HDF5 library. What it cannot write ends the export with Fault output.unwritable. */
export async function exportNexus(
  campaign: ExportedCampaign,
  record: SampleRecord,
  target: ExportTarget,
  options: NexusOptions,
): Promise<RunningExport> {
  const hdf5 = await import("h5wasm/node");
  await hdf5.ready;
  // By itself the library prints what the disk refused and goes on: a file with holes would pass for whole.
  hdf5.Module.activate_throwing_error_handler();
  return running(hdf5, campaign, record, target, options);
}

function* running(
  hdf5: typeof import("h5wasm/node"),
  campaign: ExportedCampaign,
  record: SampleRecord,
  target: ExportTarget,
  options: NexusOptions,
): RunningExport {
  const told = provenance(campaign, options);
  const hasAmbient = ambientOf(campaign) !== null;
  const names = cellNames(campaign.cells);
  const fileName = (cell: ExportedCell): string => `${names.get(cell.position) ?? cell.position}.nxs`;
  const open = new Set<OpenCell>();
  const openFiles = new Set<Hdf5File>();
  try {
    const { rows, unreadable } = yield* writeCells({ ...options, record, target, campaign }, openCells);
    writeMaster(campaign.cells, unreadable);
    return { cells: campaign.cells.length, rows, unreadable };
  } catch (error) {
    throw writingFault(error);
  } finally {
    for (const file of openFiles) closeQuietly(file);
  }

  function openCells(some: readonly ExportedCell[]): OpenCells {
    for (const cell of some) open.add(openCell(cell));
    return {
      takers: new Map<number, TakeSamples>([...open].map(({ parts, table }) => [parts.cell.channelIndex, table.take])),
      finish(unreadable) {
        let rows = 0;
        for (const one of open) {
          one.table.finish();
          rows += one.table.rows;
          writeProvenance(one.entry, unreadable);
          writePatterns(one);
        }
        for (const one of open) one.close();
        open.clear();
        return rows;
      },
    };
  }

  /** Headers of old, which HDF5 1.8 and later read alike. */
  function create(name: string): { readonly file: Hdf5File; readonly close: () => void } {
    const place = target.place(name);
    const file = new hdf5.File(place.path, "w", { libver: ["earliest", "v108"] });
    openFiles.add(file);
    return {
      file,
      close() {
        file.close();
        openFiles.delete(file);
        place.close();
      },
    };
  }

  function openCell(cell: ExportedCell): OpenCell {
    const { file, close } = create(fileName(cell));
    const parts = { campaign, cell, softwareVersion: options.softwareVersion, hasAmbient };
    const pick = recordPickOf(campaign, cell, options);
    const { entry, write } = beginCellFile(file, parts);
    const table = createCellTable(campaign, cell, CHUNK_ROWS, write, pick);
    return { parts, file, entry, table, close };
  }

  function writePatterns({ parts, file }: OpenCell): void {
    for (const [index, exposure] of parts.cell.exposures.entries()) {
      const path = exposure.frame === null ? undefined : options.patternPath(exposure.frame);
      const pattern = path === undefined ? null : readPowderPattern(hdf5, path);
      if (pattern === null) continue;
      writePattern(file, `exposure_${String(index + 1).padStart(4, "0")}`, parts, exposure, pattern);
    }
  }

  /** At the last: only then is it known what of the samples could not be read. */
  function writeProvenance(entry: Group, unreadable: readonly string[]): void {
    const whole = { ...told, unreadable: [...campaign.unreadable, ...unreadable] };
    jsonNote(entry, "provenance", "where the data come from", whole);
  }

  function writeMaster(cells: readonly ExportedCell[], unreadable: readonly string[]): void {
    const { file, close } = create(MASTER_FILE);
    file.create_attribute("NX_class", "NXroot");
    file.create_attribute("default", "campaign");
    const entry = nexusGroup(file, "campaign", "NXentry");
    entry.create_attribute("default", "dose");
    textField(entry, "title", campaign.header.campaign);
    textField(entry, "start_time", isoTime(campaign.clock.startMs));
    textField(entry, "end_time", isoTime(campaign.clock.startMs + campaign.lastMs));
    textField(entry, "program_name", "beamrack").create_attribute("version", options.softwareVersion);
    writeProvenance(entry, unreadable);
    const dose = nexusGroup(entry, "dose", "NXdata");
    plotOf(dose, "dose_highest", "changer_position");
    const positions = cells.map(({ position }) => positionIndex(position) + 1);
    dose.create_dataset({ name: "changer_position", data: Int32Array.from(positions), dtype: "<i" });
    const highest = cells.map((cell) =>
      toldDoses(campaign, cell).reduce((most, { totalGy }) => Math.max(most, totalGy), 0),
    );
    numberFields(dose, "dose_highest", highest, "Gy");
    textFields(
      dose,
      "sample_name",
      cells.map(({ barcode }) => barcode),
    );
    for (const cell of cells) file.create_external_link(fileName(cell), "/electrochemistry", cell.position);
    close();
  }
}
