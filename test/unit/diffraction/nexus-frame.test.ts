import { describe, expect, it } from "vitest";
import { openFrameWriter } from "../../../simulator/frames/nexus-frame.ts";
import { exposureOf, REFERENCE_FLUX, restedAt, sourceAt } from "./frames.ts";

const NMC = "nmc811-graphite-siox";
const source = sourceAt(60, 1);
const counts = source.pattern(restedAt(NMC, 0.5), exposureOf(NMC, 1));
const meta = {
  title: "sweep 3, B7",
  sampleName: "NMC-0042",
  changerPosition: 19,
  startTime: "2026-03-02T08:15:00Z",
  exposureS: 1,
  energyKeV: 60,
  wavelengthA: source.wavelengthA,
  distanceMm: 1200,
  fluxPhS: REFERENCE_FLUX,
  twoThetaDeg: source.twoThetaDeg,
};
const writer = await openFrameWriter();

/** What stands at each path of an HDF5 file, read back by the library. */
async function opened(bytes: Uint8Array) {
  const hdf5 = await import("h5wasm");
  const { FS: files } = await hdf5.ready;
  files.writeFile("read-back.nxs", bytes);
  const file = new hdf5.File("read-back.nxs", "r");
  const values = new Map<string, unknown>();
  const attributes = new Map<string, unknown>();
  const note = (path: string, entity: unknown): void => {
    if (!(entity instanceof hdf5.Group || entity instanceof hdf5.Dataset)) return;
    for (const name of Object.keys(entity.attrs)) {
      attributes.set(`${path}@${name}`, entity.get_attribute(name, true));
    }
    if (entity instanceof hdf5.Dataset) values.set(path, entity.value);
  };
  note("", file);
  for (const path of file.paths()) note(path.startsWith("/") ? path : `/${path}`, file.get(path));
  file.close();
  files.unlink("read-back.nxs");
  return { values, attributes };
}

describe("a frame as NeXus", () => {
  it("gives back counts and angles as they were", async () => {
    const { values } = await opened(writer.frameToNexus(meta, counts));
    expect(values.get("/entry/data/data")).toEqual(counts);
    expect(values.get("/entry/data/polar_angle")).toEqual(source.twoThetaDeg);
    expect(values.get("/entry/instrument/detector/data")).toEqual(counts);
  });

  it("says what an NXmonopd entry must say", async () => {
    const { values, attributes } = await opened(writer.frameToNexus(meta, counts));
    const required = {
      "/entry/definition": "NXmonopd",
      "/entry/title": "sweep 3, B7",
      "/entry/start_time": "2026-03-02T08:15:00Z",
      "/entry/sample/name": "NMC-0042",
      "/entry/sample/rotation_angle": 0,
      "/entry/sample/changer_position": 19,
      "/entry/instrument/source/type": "Synchrotron X-ray Source",
      "/entry/instrument/source/probe": "x-ray",
      "/entry/instrument/monochromator/energy": 60,
      "/entry/instrument/detector/count_time": 1,
      "/entry/control/mode": "timer",
      "/entry/control/preset": 1,
      "/entry/control/integral": REFERENCE_FLUX,
    };
    for (const [path, value] of Object.entries(required)) expect(values.get(path), path).toBe(value);
    expect(values.has("/entry/instrument/source/name")).toBe(true);
    expect(values.get("/entry/instrument/crystal/wavelength")).toEqual(Float64Array.of(source.wavelengthA));
    const classes = {
      "/entry": "NXentry",
      "/entry/data": "NXdata",
      "/entry/sample": "NXsample",
      "/entry/control": "NXmonitor",
      "/entry/instrument": "NXinstrument",
      "/entry/instrument/source": "NXsource",
      "/entry/instrument/crystal": "NXcrystal",
      "/entry/instrument/detector": "NXdetector",
    };
    for (const [path, name] of Object.entries(classes)) expect(attributes.get(`${path}@NX_class`), path).toBe(name);
  });

  it("leads a viewer to its plot, with units", async () => {
    const { attributes } = await opened(writer.frameToNexus(meta, counts));
    expect(attributes.get("@default")).toBe("entry");
    expect(attributes.get("/entry@default")).toBe("data");
    expect(attributes.get("/entry/data@signal")).toBe("data");
    expect(attributes.get("/entry/data@axes")).toEqual(["polar_angle"]);
    expect(attributes.get("/entry/data@polar_angle_indices")).toBe(0);
    expect(attributes.get("/entry/data/polar_angle@units")).toBe("degree");
    expect(attributes.get("/entry/data/data@target")).toBe("/entry/instrument/detector/data");
    expect(attributes.get("/entry/instrument/monochromator/energy@units")).toBe("keV");
  });

  it("bears the time of the frame and nothing of when it was written", () => {
    const bytes = writer.frameToNexus(meta, counts);
    const seconds = Date.parse(meta.startTime) / 1000;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const stamps: number[] = [];
    for (let at = 0; at + 16 <= bytes.length; at += 8) {
      const isStamp = view.getUint32(at, true) === 0x00080012 && view.getUint32(at + 8, true) === 1;
      if (isStamp) stamps.push(view.getUint32(at + 12, true));
    }
    expect(stamps.length).toBeGreaterThan(5);
    expect(new Set(stamps)).toEqual(new Set([seconds]));
    expect(writer.frameToNexus(meta, counts)).toEqual(bytes);
  });

  it("is refused when bins and counts do not go together", () => {
    expect(() => writer.frameToNexus(meta, counts.subarray(1))).toThrow(/2500 bins do not hold 2499 counts/);
    expect(() => writer.frameToNexus({ ...meta, twoThetaDeg: new Float64Array() }, new Int32Array())).toThrow(
      RangeError,
    );
  });

  it("does not trip over the frame that was refused before it", async () => {
    expect(() => writer.frameToNexus(meta, counts.subarray(1))).toThrow();
    const { values } = await opened(writer.frameToNexus(meta, counts));
    expect(values.get("/entry/data/data")).toEqual(counts);
  });
});
