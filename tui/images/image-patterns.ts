/** Images on this machine's disk to patterns, with what each was made of: checksum of the image, geometry and its hash. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import { AZIMUTHAL_CORRECTIONS } from "../../protocols/images/azimuthal.ts";
import { readCbfImage, type DetectorImage } from "../../protocols/images/cbf-image.ts";
import { readPoni } from "../../protocols/images/geometry-file.ts";
import { createImagePatterns } from "../../protocols/images/image-pattern.ts";

export type FilePattern =
  | { readonly kind: "pattern"; readonly pattern: PowderPattern; readonly image: DetectorImage }
  /** Not there, or cut short: it may still be written. */
  | { readonly kind: "unfinished"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

export type PatternOfFile = (path: string) => FilePattern;

/** The largest detector's image, uncompressed. */
const FILE_BYTES_MAX = 200_000_000;

/** `geometryPath` in the PONI form, `maskPath` an image that is not 0 where it is left out. Throws Fault `image.geometry`. */
export function openImagePatterns(geometryPath: string, maskPath: string | undefined): PatternOfFile {
  const text = bytesOf(geometryPath);
  if (text === undefined) throw new Fault("image.geometry", geometryPath, "it cannot be read");
  const geometry = readPoni(Buffer.from(text).toString("utf8"));
  if (geometry.kind === "unreadable") throw new Fault("image.geometry", geometryPath, geometry.reason);
  const mask = maskPath === undefined ? undefined : maskAt(maskPath);
  const read = createImagePatterns({ geometry: geometry.geometry, ...(mask === undefined ? {} : { mask }) });
  const used = { file: basename(geometryPath), sha256: sha256Of(text) };
  const corrections = `${AZIMUTHAL_CORRECTIONS}; ${maskPath === undefined ? "no mask" : `mask ${basename(maskPath)}`}`;

  return (path) => {
    const bytes = bytesOf(path);
    if (bytes === undefined) return { kind: "unfinished", reason: `there is no ${path} that can be read` };
    const found = readCbfImage(bytes);
    if (found.kind === "unreadable") return { kind: "unfinished", reason: found.reason };
    const made = read(found.image);
    if (made.kind === "refused") return made;
    return {
      kind: "pattern",
      image: found.image,
      pattern: {
        ...made.pattern,
        image: { bytes: bytes.length, sha256: sha256Of(bytes), imageIndex: 0, geometry: used, corrections },
      },
    };
  };
}

function maskAt(path: string): DetectorImage {
  const bytes = bytesOf(path);
  const found = bytes === undefined ? undefined : readCbfImage(bytes);
  if (found?.kind === "image") return found.image;
  throw new Fault("image.geometry", path, found === undefined ? "it cannot be read" : found.reason);
}

function bytesOf(path: string): Uint8Array | undefined {
  try {
    if (!(statSync(path).size <= FILE_BYTES_MAX)) return undefined;
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
