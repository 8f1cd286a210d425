/**
 * A powder frame as a NeXus/HDF5 file (NXmonopd: entry, source, crystal, detector, sample, monitor and a default
 * plot), made in memory. The HDF5 library is loaded when the first frame is written. The same frame gives the same
 * bytes: HDF5's own time stamps are set to the frame's start.
 */
import type { File as Hdf5File, Group } from "h5wasm";

export interface FrameMeta {
  readonly title: string;
  /** Name of the cell in the beam, e.g. its barcode. */
  readonly sampleName: string;
  /** 1..96 on the rack, row by row. */
  readonly changerPosition?: number;
  /** ISO 8601 with zone. */
  readonly startTime: string;
  readonly exposureS: number;
  readonly energyKeV: number;
  readonly wavelengthA: number;
  readonly distanceMm?: number;
  /** Photons per second after the filters. */
  readonly fluxPhS: number;
  /** Bin centres, degrees; as many as counts. */
  readonly twoThetaDeg: Float64Array;
}

export interface FrameWriter {
  /** Throws RangeError when bins and counts do not go together. */
  frameToNexus(meta: FrameMeta, counts: Int32Array): Uint8Array;
}

const SCRATCH_NAME = "frame.nxs";
const DEFINITION = "NXmonopd";
const GZIP_LEVEL = 4;

/** Loads the HDF5 library. */
export async function openFrameWriter(): Promise<FrameWriter> {
  const hdf5 = await import("h5wasm");
  const { FS: files } = await hdf5.ready;

  return {
    frameToNexus(meta, counts) {
      const { twoThetaDeg } = meta;
      if (twoThetaDeg.length !== counts.length || counts.length === 0) {
        throw new RangeError(`${twoThetaDeg.length} bins do not hold ${counts.length} counts`);
      }
      // Old headers carry one time stamp per dataset and no checksum over it, so that it can be set.
      const file = new hdf5.File(SCRATCH_NAME, "w", { libver: ["earliest", "v108"] });
      try {
        writeFrame(file, meta, counts);
      } finally {
        file.close();
      }
      const bytes = files.readFile(SCRATCH_NAME);
      files.unlink(SCRATCH_NAME);
      return withTimeStamps(bytes, Math.floor(Date.parse(meta.startTime) / 1000));
    },
  };
}

function writeFrame(file: Hdf5File, meta: FrameMeta, counts: Int32Array): void {
  file.create_attribute("default", "entry");
  const entry = group(file, "entry", "NXentry");
  entry.create_attribute("default", "data");
  text(entry, "definition", DEFINITION);
  text(entry, "title", meta.title);
  text(entry, "start_time", meta.startTime);

  const instrument = group(entry, "instrument", "NXinstrument");
  const source = group(instrument, "source", "NXsource");
  text(source, "type", "Synchrotron X-ray Source");
  text(source, "name", "simulated storage ring");
  text(source, "probe", "x-ray");
  const crystal = group(instrument, "crystal", "NXcrystal");
  numbers(crystal, "wavelength", [meta.wavelengthA], "angstrom");
  const monochromator = group(instrument, "monochromator", "NXmonochromator");
  number(monochromator, "energy", meta.energyKeV, "keV");
  number(monochromator, "wavelength", meta.wavelengthA, "angstrom");
  const detector = group(instrument, "detector", "NXdetector");
  const polarAngle = numbers(detector, "polar_angle", meta.twoThetaDeg, "degree");
  const data = detector.create_dataset({
    name: "data",
    data: counts,
    chunks: [counts.length],
    compression: "gzip",
    compression_opts: GZIP_LEVEL,
  });
  data.create_attribute("units", "counts");
  number(detector, "count_time", meta.exposureS, "s");
  if (meta.distanceMm !== undefined) number(detector, "distance", meta.distanceMm, "mm");

  const sample = group(entry, "sample", "NXsample");
  text(sample, "name", meta.sampleName);
  number(sample, "rotation_angle", 0, "degree");
  if (meta.changerPosition !== undefined) {
    sample.create_dataset({ name: "changer_position", data: meta.changerPosition, dtype: "<i" });
  }

  const control = group(entry, "control", "NXmonitor");
  text(control, "mode", "timer");
  number(control, "preset", meta.exposureS, "s");
  number(control, "integral", meta.exposureS * meta.fluxPhS);

  const plot = group(entry, "data", "NXdata");
  plot.create_attribute("signal", "data");
  plot.create_attribute("axes", ["polar_angle"]);
  plot.create_attribute("polar_angle_indices", 0, null, "<i");
  const folder = "/entry/instrument/detector";
  polarAngle.create_attribute("target", `${folder}/polar_angle`);
  data.create_attribute("target", `${folder}/data`);
  plot.create_hard_link(`${folder}/polar_angle`, "polar_angle");
  plot.create_hard_link(`${folder}/data`, "data");
}

function group(parent: Group, name: string, nexusClass: string): Group {
  const made = parent.create_group(name);
  made.create_attribute("NX_class", nexusClass);
  return made;
}

function text(parent: Group, name: string, value: string): void {
  parent.create_dataset({ name, data: value });
}

function number(parent: Group, name: string, value: number, units?: string): void {
  const made = parent.create_dataset({ name, data: value, dtype: "<d" });
  if (units !== undefined) made.create_attribute("units", units);
}

function numbers(parent: Group, name: string, values: readonly number[] | Float64Array, units: string) {
  const made = parent.create_dataset({ name, data: Float64Array.from(values), dtype: "<d" });
  made.create_attribute("units", units);
  return made;
}

/** Sets every modification time (object header message 0x12 of HDF5's version 1 headers) to `seconds`. */
function withTimeStamps(bytes: Uint8Array, seconds: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stamp = Number.isFinite(seconds) ? Math.min(0xffffffff, Math.max(0, seconds)) : 0;
  for (let at = 0; at + 16 <= bytes.length; at += 8) {
    const isMessage = view.getUint32(at, true) === 0x00080012 && (view.getUint32(at + 4, true) & 0xffffff00) === 0;
    if (isMessage && view.getUint32(at + 8, true) === 1) view.setUint32(at + 12, stamp, true);
  }
  return bytes;
}
