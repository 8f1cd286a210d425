/**
 * Images as camservers write them: CBF with a text header (convention PILATUS_1.2) and one array of 32-bit integers,
 * compressed as byte offsets. Nothing is ever thrown for what stands in a file.
 */

export interface DetectorImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Row by row, the first row first; below 0 where there is no pixel, or one that does not count. */
  readonly counts: Int32Array;
  readonly header: ImageHeader;
}

/** Of the header what a pattern needs; null where it does not say. */
export interface ImageHeader {
  /** `PILATUS 300K, S/N 3-0101`. */
  readonly detector: string | null;
  readonly pixelXMm: number | null;
  readonly pixelYMm: number | null;
  readonly exposureS: number | null;
  /** From this many counts on a pixel no longer counts. */
  readonly countCutoff: number | null;
}

export type ImageRead =
  | { readonly kind: "image"; readonly image: DetectorImage }
  | { readonly kind: "unreadable"; readonly reason: string };

/** An Eiger 16M has 18 million. */
const PIXELS_MAX = 40_000_000;
const HEADER_MAX = 65_536;
/** Ends the text before the numbers. */
const BINARY_BEGINS = [0x0c, 0x1a, 0x04, 0xd5] as const;

export function readCbfImage(bytes: Uint8Array): ImageRead {
  const begins = binaryAt(bytes);
  if (begins === undefined) return unreadable("it is no CBF image: the mark before its numbers is not there");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, begins).toString("latin1");
  if (!text.startsWith("###CBF")) return unreadable("it does not begin as a CBF image does");
  if (!/conversions="x-CBF_BYTE_OFFSET"/i.test(text))
    return unreadable("its numbers are not compressed by byte offsets");
  const type = /X-Binary-Element-Type:\s*"([^"]*)"/i.exec(text)?.[1];
  if (type !== undefined && type !== "signed 32-bit integer") return unreadable(`its numbers are ${type}`);
  const widthPx = whole(text, "X-Binary-Size-Fastest-Dimension");
  const heightPx = whole(text, "X-Binary-Size-Second-Dimension");
  const sizeBytes = whole(text, "X-Binary-Size");
  if (widthPx === null || heightPx === null || sizeBytes === null)
    return unreadable("its header does not say how large it is");
  const pixels = widthPx * heightPx;
  if (!(pixels > 0 && pixels <= PIXELS_MAX)) return unreadable(`${widthPx} x ${heightPx} pixels`);
  const from = begins + BINARY_BEGINS.length;
  if (bytes.length < from + sizeBytes) {
    return unreadable(`it is cut short: ${bytes.length - from} of ${sizeBytes} bytes of numbers`);
  }
  const counts = new Int32Array(pixels);
  const found = unpack(bytes.subarray(from, from + sizeBytes), counts);
  if (found !== pixels) return unreadable(`its numbers end after ${found} of ${pixels} pixels`);
  return { kind: "image", image: { widthPx, heightPx, counts, header: headerOf(text) } };
}

function unreadable(reason: string): ImageRead {
  return { kind: "unreadable", reason };
}

function binaryAt(bytes: Uint8Array): number | undefined {
  const [first, second, third, fourth] = BINARY_BEGINS;
  const end = Math.min(bytes.length - 3, HEADER_MAX);
  for (let at = 0; at < end; at += 1) {
    const isThere =
      bytes[at] === first && bytes[at + 1] === second && bytes[at + 2] === third && bytes[at + 3] === fourth;
    if (isThere) return at;
  }
  return undefined;
}

/** Each number is the one before and what is added: a byte, or two, or four where less will not hold it. */
function unpack(bytes: Uint8Array, into: Int32Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length;
  let at = 0;
  let value = 0;
  let index = 0;
  while (index < into.length && at < end) {
    let added = view.getInt8(at);
    at += 1;
    if (added === -0x80) {
      if (at + 2 > end) break;
      added = view.getInt16(at, true);
      at += 2;
      if (added === -0x8000) {
        if (at + 4 > end) break;
        added = view.getInt32(at, true);
        at += 4;
        // A longer form follows, which no 32-bit number needs.
        if (added === -0x8000_0000) break;
      }
    }
    value += added;
    into[index] = value;
    index += 1;
  }
  return index;
}

function whole(text: string, name: string): number | null {
  const found = new RegExp(`${name}:\\s*(\\d{1,12})`, "i").exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

function headerOf(text: string): ImageHeader {
  const pixel = /^#\s*Pixel_size\s+(\S+)\s*m\s*x\s*(\S+)\s*m/im.exec(text);
  return {
    detector: /^#\s*Detector:\s*(\S.*?)\s*$/im.exec(text)?.[1] ?? null,
    pixelXMm: milli(pixel?.[1]),
    pixelYMm: milli(pixel?.[2]),
    exposureS: positive(/^#\s*Exposure_time\s+(\S+)\s*s/im.exec(text)?.[1]),
    countCutoff: positive(/^#\s*Count_cutoff\s+(\S+)\s*counts/im.exec(text)?.[1]),
  };
}

function positive(said: string | undefined): number | null {
  const value = Number(said);
  return said !== undefined && Number.isFinite(value) && value > 0 ? value : null;
}

function milli(said: string | undefined): number | null {
  const metres = positive(said);
  return metres === null ? null : 1000 * metres;
}
