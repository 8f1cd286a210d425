/** An image as a camserver writes it: CBF with the text header PILATUS_1.2 and 32-bit integers compressed as byte offsets. */
import { createHash } from "node:crypto";

export interface ImageMeta {
  /** `simulated 0.9M, S/N 0-0001`. */
  readonly detector: string;
  /** `2026-Mar-02T08:00:00.000`. */
  readonly takenAt: string;
  readonly exposureS: number;
  readonly pixelMm: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly countCutoff: number;
  readonly wavelengthA: number;
  readonly distanceMm: number;
  /** In pixels from the outer corner of the first. */
  readonly beamXPx: number;
  readonly beamYPx: number;
}

const BOUNDARY = "--CIF-BINARY-FORMAT-SECTION--";
const MARK = Uint8Array.of(0x0c, 0x1a, 0x04, 0xd5);

/** Row by row. Throws RangeError when the counts do not fill the image. */
export function cbfFile(meta: ImageMeta, counts: Int32Array): Uint8Array {
  const { widthPx, heightPx } = meta;
  if (counts.length !== widthPx * heightPx) {
    throw new RangeError(`${counts.length} counts do not fill ${widthPx} x ${heightPx} pixels`);
  }
  const packed = byteOffsets(counts);
  const metres = (mm: number): string => (mm / 1000).toPrecision(7).replace(/0+$/, "");
  const head = [
    "###CBF: VERSION 1.5, a simulated detector",
    "",
    "data_frame",
    "",
    '_array_data.header_convention "PILATUS_1.2"',
    "_array_data.header_contents",
    ";",
    `# Detector: ${meta.detector}`,
    `# ${meta.takenAt}`,
    `# Pixel_size ${(meta.pixelMm * 1000).toFixed(3)}e-6 m x ${(meta.pixelMm * 1000).toFixed(3)}e-6 m`,
    `# Exposure_time ${meta.exposureS.toFixed(7)} s`,
    `# Count_cutoff ${meta.countCutoff} counts`,
    `# Wavelength ${meta.wavelengthA.toFixed(6)} A`,
    `# Detector_distance ${metres(meta.distanceMm)} m`,
    `# Beam_xy (${meta.beamXPx.toFixed(3)}, ${meta.beamYPx.toFixed(3)}) pixels`,
    ";",
    "",
    "_array_data.data",
    ";",
    BOUNDARY,
    "Content-Type: application/octet-stream;",
    '     conversions="x-CBF_BYTE_OFFSET"',
    "Content-Transfer-Encoding: BINARY",
    `X-Binary-Size: ${packed.length}`,
    "X-Binary-ID: 1",
    'X-Binary-Element-Type: "signed 32-bit integer"',
    "X-Binary-Element-Byte-Order: LITTLE_ENDIAN",
    `Content-MD5: ${createHash("md5").update(packed).digest("base64")}`,
    `X-Binary-Number-of-Elements: ${counts.length}`,
    `X-Binary-Size-Fastest-Dimension: ${widthPx}`,
    `X-Binary-Size-Second-Dimension: ${heightPx}`,
    "X-Binary-Size-Padding: 0",
    "",
    "",
  ].join("\r\n");
  return Buffer.concat([
    Buffer.from(head, "latin1"),
    MARK,
    packed,
    Buffer.from(`\r\n${BOUNDARY}--\r\n;\r\n`, "latin1"),
  ]);
}

/** Each number as what it adds to the one before: in a byte, else in two behind 80, else in four behind 80 00 80. */
function byteOffsets(counts: Int32Array): Uint8Array {
  // Seven bytes at the most for each.
  const bytes = Buffer.allocUnsafe(7 * counts.length);
  let at = 0;
  let last = 0;
  for (const count of counts) {
    const added = count - last;
    last = count;
    if (added > -0x80 && added < 0x80) {
      at = bytes.writeInt8(added, at);
      continue;
    }
    at = bytes.writeInt8(-0x80, at);
    if (added > -0x8000 && added < 0x8000) {
      at = bytes.writeInt16LE(added, at);
      continue;
    }
    at = bytes.writeInt16LE(-0x8000, at);
    at = bytes.writeInt32LE(added, at);
  }
  return bytes.subarray(0, at);
}
