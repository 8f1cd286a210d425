/** A powder pattern as a NeXus file gives it: the default plot's signal over its axis. */
import type { File as Hdf5File } from "h5wasm/node";
import { closeQuietly } from "./hdf5-trouble.ts";

export interface PowderPattern {
  readonly twoThetaDeg: Float64Array;
  readonly counts: Int32Array;
  readonly wavelengthA: number | null;
}

/** Null where the file holds none that can be read. */
export function readPowderPattern(hdf5: { readonly File: typeof Hdf5File }, path: string): PowderPattern | null {
  let file: Hdf5File;
  try {
    file = new hdf5.File(path, "r");
  } catch {
    return null;
  }
  try {
    const angles = valueOf(file, "entry/data/polar_angle");
    const counts = valueOf(file, "entry/data/data");
    const wavelength = valueOf(file, "entry/instrument/crystal/wavelength");
    if (!(angles instanceof Float64Array) || !(counts instanceof Int32Array)) return null;
    if (angles.length !== counts.length) return null;
    const wavelengthA = wavelength instanceof Float64Array ? (wavelength[0] ?? null) : null;
    return { twoThetaDeg: angles, counts, wavelengthA };
  } catch {
    // What is not there, or is damaged, is thrown by the library where an export made it do so.
    return null;
  } finally {
    closeQuietly(file);
  }
}

function valueOf(file: Hdf5File, path: string): unknown {
  const found = file.get(path);
  return found !== null && "value" in found ? found.value : null;
}
