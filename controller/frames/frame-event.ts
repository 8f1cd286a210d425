/** What the event of a first look says of the image that was looked at. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ImageEvidence, PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import { isRecord } from "../record/ledger-row.ts";

export const FRAME_EVENT = "frame-checked";

/** The image, and the geometry by which it became a pattern; nothing where the integrator said nothing of them. */
export function imageEvidenceJson(framePath: string, { image }: PowderPattern): Readonly<Record<string, Json>> {
  if (image === undefined) return {};
  const { bytes, sha256, imageIndex, geometry, corrections } = image;
  return {
    image: { file: framePath, image_index: imageIndex, bytes, sha256 },
    geometry: geometry === null ? null : { file: geometry.file, sha256: geometry.sha256 },
    corrections,
  };
}

/** Null where the event says nothing of an image. */
export function parseImageEvidence(data: Readonly<Record<string, Json>>): ImageEvidence | null {
  const { image, geometry, corrections } = data;
  if (!isRecord(image)) return null;
  const { bytes, sha256, image_index: imageIndex } = image;
  if (typeof sha256 !== "string" || typeof bytes !== "number" || typeof imageIndex !== "number") return null;
  const used = isRecord(geometry) ? geometry : {};
  const { file, sha256: geometrySha256 } = used;
  return {
    ...{ bytes, sha256, imageIndex },
    geometry: typeof file === "string" && typeof geometrySha256 === "string" ? { file, sha256: geometrySha256 } : null,
    corrections: typeof corrections === "string" ? corrections : null,
  };
}
