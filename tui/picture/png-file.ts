/** Portable Network Graphics (W3C, third edition): eight bits a channel, no transparency. */
import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = 3;
/** Of a screen at a scale of 1: 96 dots an inch. */
const DOTS_PER_METRE = 3780;
/** Each byte less the one above it (filter 2): rows are much alike. */
const FILTER_UP = 2;

/** `rgb`: rows from the top. `scale` tells how dense the pixels are. */
export function pngFile(width: number, height: number, rgb: Uint8Array, scale: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const density = Buffer.alloc(9);
  density.writeUInt32BE(Math.round(DOTS_PER_METRE * scale), 0);
  density.writeUInt32BE(Math.round(DOTS_PER_METRE * scale), 4);
  density[8] = 1;
  const data = deflateSync(filtered(width, height, rgb), { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", head),
    chunk("pHYs", density),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function filtered(width: number, height: number, rgb: Uint8Array): Buffer {
  const row = CHANNELS * width;
  const bytes = Buffer.alloc((row + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const to = y * (row + 1);
    bytes[to] = FILTER_UP;
    for (let x = 0; x < row; x += 1) {
      const above = y === 0 ? 0 : (rgb[(y - 1) * row + x] ?? 0);
      bytes[to + 1 + x] = ((rgb[y * row + x] ?? 0) - above) & 0xff;
    }
  }
  return bytes;
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([ends.subarray(0, 4), typed, ends.subarray(4)]);
}
