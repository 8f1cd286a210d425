/**
 * Where a detector stands, from a geometry file in the PONI form that pyFAI writes (versions 1 and 2). Only detectors
 * that stand upright to the beam: a tilt is refused, not left out.
 */

/** Millimetres; the beam meets the detector at `beamXMm`, `beamYMm` from the outer corner of the first pixel. */
export interface DetectorGeometry {
  /** As the file names it; null where it does not. */
  readonly detector: string | null;
  readonly distanceMm: number;
  readonly beamXMm: number;
  readonly beamYMm: number;
  readonly wavelengthA: number;
  /** Null where the file leaves it to the detector's name. */
  readonly pixelXMm: number | null;
  readonly pixelYMm: number | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
}

export type GeometryRead =
  | { readonly kind: "geometry"; readonly geometry: DetectorGeometry }
  | { readonly kind: "unreadable"; readonly reason: string };

/** A pixel at the end of a detector of 200 mm moves by a micrometre. */
const TILT_MAX_RAD = 5e-6;
const METRE_PER_ANGSTROM = 1e-10;

export function readPoni(text: string): GeometryRead {
  const said = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*([A-Za-z_0-9]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    // What was written last counts: such files grow.
    if (key !== undefined && value !== undefined) said.set(key.toLowerCase(), value);
  }
  const distanceM = numberOf(said.get("distance"));
  const beamYM = numberOf(said.get("poni1"));
  const beamXM = numberOf(said.get("poni2"));
  const wavelengthM = numberOf(said.get("wavelength"));
  if (distanceM === null || beamXM === null || beamYM === null) {
    return unreadable("it does not give Distance, Poni1 and Poni2: it is no PONI file");
  }
  if (!(distanceM > 0 && distanceM < 100)) return unreadable(`a distance of ${distanceM} m`);
  if (wavelengthM === null || !(wavelengthM > 1e-12 && wavelengthM < 1e-9))
    return unreadable("it gives no Wavelength in metres");
  for (const name of ["rot1", "rot2"]) {
    const tilt = numberOf(said.get(name) ?? "0");
    if (tilt === null) return unreadable(`${name} is no number`);
    if (Math.abs(tilt) > TILT_MAX_RAD) {
      return unreadable(
        `the detector is tilted (${name} ${tilt} rad), which this integrator does not reckon with; pyFAI does`,
      );
    }
  }
  const config = configOf(said.get("detector_config"));
  const [heightPx, widthPx] = shapeOf(config["max_shape"]);
  return {
    kind: "geometry",
    geometry: {
      detector: said.get("detector") ?? null,
      distanceMm: 1000 * distanceM,
      beamXMm: 1000 * beamXM,
      beamYMm: 1000 * beamYM,
      wavelengthA: wavelengthM / METRE_PER_ANGSTROM,
      pixelXMm: milli(config["pixel2"] ?? numberOf(said.get("pixelsize2"))),
      pixelYMm: milli(config["pixel1"] ?? numberOf(said.get("pixelsize1"))),
      widthPx,
      heightPx,
    },
  };
}

function unreadable(reason: string): GeometryRead {
  return { kind: "unreadable", reason };
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? null : value;
}

function milli(metres: unknown): number | null {
  return typeof metres === "number" && metres > 0 && metres < 0.1 ? 1000 * metres : null;
}

function configOf(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    // A form of it that is no JSON: then the image has to say.
    return {};
  }
}

function shapeOf(shape: unknown): readonly [number | null, number | null] {
  if (!Array.isArray(shape) || shape.length !== 2) return [null, null];
  const [height, width] = shape.map((one: unknown) => (typeof one === "number" && one > 0 ? one : null));
  return [height ?? null, width ?? null];
}
