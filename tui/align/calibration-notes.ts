/** What is noted and not measured: files of the detector with their hashes, places of calibrant and of nothing. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative, dirname } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import { placeProblem } from "../../protocols/calibration/correction-frames.ts";
import { readCbfImage } from "../../protocols/images/cbf-image.ts";
import { readPoni } from "../../protocols/images/geometry-file.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { JsonObject } from "./alignment-record.ts";

export const FILE_KINDS = ["geometry", "dark", "flat", "mask"] as const;
export type FileKind = (typeof FILE_KINDS)[number];

/** Words of those that can be read here; another form is kept as it is. Throws Fault `image.geometry`, `command.usage`. */
export function fileNote(kind: FileKind, path: string, calibrationPath: string, detector: string): JsonObject {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Fault("command.usage", path, error instanceof Error ? error.message : String(error), {}, error);
  }
  return {
    kind,
    method: methodOf(kind, path, bytes),
    file: relative(dirname(calibrationPath), path),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    detector,
  };
}

function methodOf(kind: FileKind, path: string, bytes: Uint8Array): string {
  if (kind === "geometry" && path.endsWith(".poni")) {
    const read = readPoni(Buffer.from(bytes).toString("utf8"));
    // A tilt is no fault of the file: other integrators reckon with it.
    if (read.kind === "unreadable") {
      if (!read.reason.includes("tilted")) throw new Fault("image.geometry", path, read.reason);
      return read.reason;
    }
    const { distanceMm, beamXMm, beamYMm, widthPx, heightPx } = read.geometry;
    const pixels = widthPx === null || heightPx === null ? "" : `, ${widthPx} x ${heightPx} pixels`;
    return `PONI: distance ${distanceMm.toFixed(2)} mm, beam at ${beamXMm.toFixed(3)}, ${beamYMm.toFixed(3)} mm${pixels}`;
  }
  if (path.endsWith(".cbf") || Buffer.from(bytes.subarray(0, 6)).toString("latin1") === "###CBF") {
    const read = readCbfImage(bytes);
    if (read.kind === "unreadable") throw new Fault("image.geometry", path, read.reason);
    const { widthPx, heightPx, header } = read.image;
    const lasted = header.exposureS === null ? "" : `, ${header.exposureS} s`;
    return `image of ${header.detector ?? "a detector it does not name"}, ${widthPx} x ${heightPx} pixels${lasted}`;
  }
  return "as the file has it";
}

/** Throws Fault `command.usage` for a place on a cell, or where the stage cannot stand. @param site with its rack as measured */
export function placeNote(kind: "calibrant" | "empty", what: string, x: string, y: string, site: Site): JsonObject {
  const { travelXMm, travelYMm } = site.stage;
  const [xMm, yMm] = [Number(x), Number(y)];
  const isReached = x !== "" && y !== "" && xMm >= 0 && xMm <= travelXMm && yMm >= 0 && yMm <= travelYMm;
  if (!isReached) {
    throw new Fault("command.usage", kind, `${x}, ${y} is no place within the stage's ${travelXMm} x ${travelYMm} mm`);
  }
  const problem = placeProblem(site, { xMm, yMm });
  if (problem !== null) throw new Fault("command.usage", kind, `${what} ${problem.what}: ${problem.advice}`);
  return { kind, method: "by hand", what, x_mm: xMm, y_mm: yMm };
}
