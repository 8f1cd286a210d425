/** Powder patterns of a cell's exposures, read from where the frames stand. */
import { readPowderPattern } from "../../controller/export/nexus/powder-pattern-file.ts";
import type { ExportedCell } from "../../controller/export/exported-campaign.ts";
import { exposureMs } from "../../controller/export/told-dose.ts";
import { patternPath } from "../export/frame-search.ts";
import { evenlyChosen } from "./evenly-chosen.ts";

export interface CellPattern {
  readonly atMs: number;
  readonly twoThetaDeg: Float64Array;
  readonly counts: Int32Array;
}

/** In order of time, of at most `most` exposures, evenly chosen. Loads the HDF5 library. */
export async function cellPatterns(cell: ExportedCell, folder: string, most: number): Promise<readonly CellPattern[]> {
  const files = cell.exposures.flatMap((exposure) => {
    const path = exposure.frame === null ? undefined : patternPath(folder, exposure.frame);
    return path === undefined ? [] : [{ path, atMs: exposureMs(exposure) }];
  });
  files.sort((a, b) => a.atMs - b.atMs);
  if (files.length === 0) return [];
  const hdf5 = await import("h5wasm/node");
  await hdf5.ready;
  return evenlyChosen(files, most).flatMap(({ path, atMs }) => {
    const pattern = readPowderPattern(hdf5, path);
    return pattern === null ? [] : [{ atMs, twoThetaDeg: pattern.twoThetaDeg, counts: pattern.counts }];
  });
}
