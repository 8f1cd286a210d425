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
import { createPixelCorrections } from "../../protocols/images/pixel-corrections.ts";
import type { CorrectionFile, CorrectionFiles } from "./correction-files.ts";

export type FilePattern =
  | { readonly kind: "pattern"; readonly pattern: PowderPattern; readonly image: DetectorImage }
  /** Not there, or cut short: it may still be written. */
  | { readonly kind: "unfinished"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

export type PatternOfFile = (path: string) => FilePattern;

/** The largest detector's image, uncompressed. */
const FILE_BYTES_MAX = 200_000_000;

/** Throws Fault `image.geometry`, and `image.calibration` where a file is not the one that was calibrated. */
export function openImagePatterns(files: CorrectionFiles): PatternOfFile {
  const bytes = ownBytes(files.geometry);
  const geometry = readPoni(Buffer.from(bytes).toString("utf8"));
  if (geometry.kind === "unreadable") throw new Fault("image.geometry", files.geometry.path, geometry.reason);
  const [mask, dark, flat] = [files.mask, files.dark, files.flat].map((file) =>
    file === undefined ? undefined : imageAt(file),
  );
  const read = createImagePatterns({
    geometry: geometry.geometry,
    ...(mask === undefined ? {} : { mask: mask.image }),
    ...(dark === undefined && flat === undefined
      ? {}
      : {
          corrections: createPixelCorrections({
            ...(dark === undefined ? {} : { dark: dark.image }),
            ...(flat === undefined ? {} : { flat: flat.image }),
          }),
        }),
  });
  const used = { file: basename(files.geometry.path), sha256: sha256Of(bytes) };
  const corrections = [
    AZIMUTHAL_CORRECTIONS,
    mask === undefined ? "no mask" : `mask ${mask.words}`,
    dark === undefined ? "no dark image" : `dark ${dark.words} taken off, by exposure time`,
    flat === undefined ? "no flat field" : `divided by flat field ${flat.words}`,
  ].join("; ");

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

interface OwnImage {
  readonly image: DetectorImage;
  /** Name and the begin of its checksum. */
  readonly words: string;
}

function imageAt(file: CorrectionFile): OwnImage {
  const bytes = ownBytes(file);
  const found = readCbfImage(bytes);
  if (found.kind === "unreadable") throw new Fault("image.geometry", file.path, found.reason);
  return { image: found.image, words: `${basename(file.path)} (sha256 ${sha256Of(bytes).slice(0, 12)})` };
}

function ownBytes({ path, sha256 }: CorrectionFile): Uint8Array {
  const bytes = bytesOf(path);
  if (bytes === undefined) throw new Fault("image.geometry", path, "it cannot be read");
  if (sha256 !== undefined && sha256Of(bytes) !== sha256) {
    throw new Fault(
      "image.calibration",
      path,
      "it is not the file that the calibrations name: its checksum is another",
    );
  }
  return bytes;
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
