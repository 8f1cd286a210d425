/**
 * A column of numbers as bytes, without loss. Instruments send decimal fractions (microvolts, nanoamperes), so a
 * column is stored as integers on the first decimal scale that gives every value back exactly; where none does, as
 * the 64-bit floats themselves. Minus zero is stored as zero.
 */

/** Where bytes are written or read. `failed` is set by a read past the end or a number that cannot be. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
  failed: boolean;
}

export function createCursor(bytes: Buffer): Cursor {
  return { bytes, at: 0, failed: false };
}

/** Asked anew at each place: reading changes it behind the compiler's back. */
export function hasFailed(cursor: Cursor): boolean {
  return cursor.failed;
}

/** No number takes more: integers stay within 2^52, eight groups of seven bits. */
export const VARINT_BYTES_MAX = 8;

/** Integers on a scale stay below this, so that second differences, doubled, are still exact in a float. */
const SCALED_MAX = 2 ** 49;

const RAW = 255;
/**
 * A reading is `integer / 10^n` or `integer * 10^-n`, according to who decoded it; the two differ in the last bit.
 * The place in this table is written to files: entries are only ever added at the end.
 */
const SCALES: readonly { readonly factor: number; readonly divide: boolean }[] = [
  { factor: 1, divide: true },
  { factor: 1e3, divide: true },
  { factor: 1e6, divide: true },
  { factor: 1e9, divide: true },
  { factor: 1e12, divide: true },
  { factor: 1e15, divide: true },
  { factor: 1e-3, divide: false },
  { factor: 1e-6, divide: false },
  { factor: 1e-9, divide: false },
  { factor: 1e-12, divide: false },
  { factor: 1e-15, divide: false },
];

export function writeVarint(cursor: Cursor, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    cursor.bytes[cursor.at] = (rest % 0x80) + 0x80;
    cursor.at += 1;
    rest = Math.floor(rest / 0x80);
  }
  cursor.bytes[cursor.at] = rest;
  cursor.at += 1;
}

export function readVarint(cursor: Cursor): number {
  // Most numbers take one byte or two.
  const { bytes, at } = cursor;
  const first = bytes[at] ?? 0x80;
  if (first < 0x80) {
    cursor.at = at + 1;
    return first;
  }
  const second = bytes[at + 1] ?? 0x80;
  if (second < 0x80) {
    cursor.at = at + 2;
    return (first & 0x7f) + second * 0x80;
  }
  let value = 0;
  let weight = 1;
  for (let group = 0; group < VARINT_BYTES_MAX; group += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) break;
    cursor.at += 1;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) return value;
    weight *= 0x80;
  }
  cursor.failed = true;
  return 0;
}

function writeSigned(cursor: Cursor, value: number): void {
  writeVarint(cursor, value < 0 ? -2 * value - 1 : 2 * value);
}

function readSigned(cursor: Cursor): number {
  const value = readVarint(cursor);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * Writes `values[from..to)`: the scale, then differences (`order` 1) or differences of differences (`order` 2, for
 * columns that advance evenly, such as time).
 */
export function writeColumn(cursor: Cursor, values: Float64Array, from: number, to: number, order: 1 | 2): void {
  const scaleIndex = findScale(values, from, to);
  if (scaleIndex === RAW) {
    cursor.bytes[cursor.at] = RAW;
    cursor.at += 1;
    for (let index = from; index < to; index += 1) cursor.at = cursor.bytes.writeDoubleLE(at(values, index), cursor.at);
    return;
  }
  cursor.bytes[cursor.at] = scaleIndex;
  cursor.at += 1;
  let last = 0;
  let lastStep = 0;
  for (let index = from; index < to; index += 1) {
    const scaled = toScale(at(values, index), scaleIndex);
    const step = scaled - last;
    writeSigned(cursor, step - lastStep);
    last = scaled;
    // The first value is no step: differences of differences begin with the second.
    if (order === 2 && index > from) lastStep = step;
  }
}

/** Reads `count` values into `values` from index `from`. False when the bytes do not hold them. */
export function readColumn(cursor: Cursor, values: Float64Array, from: number, count: number, order: 1 | 2): boolean {
  const scaleIndex = cursor.bytes[cursor.at] ?? -1;
  cursor.at += 1;
  if (scaleIndex === RAW) {
    if (cursor.at + 8 * count > cursor.bytes.length) return false;
    for (let index = 0; index < count; index += 1) {
      values[from + index] = cursor.bytes.readDoubleLE(cursor.at + 8 * index);
    }
    cursor.at += 8 * count;
    return true;
  }
  const scale = SCALES[scaleIndex];
  if (scale === undefined) return false;
  let last = 0;
  let lastStep = 0;
  for (let index = 0; index < count; index += 1) {
    const step = readSigned(cursor) + lastStep;
    last += step;
    if (order === 2 && index > 0) lastStep = step;
    values[from + index] = scale.divide ? last / scale.factor : last * scale.factor;
  }
  return !hasFailed(cursor);
}

/** First scale on which every value is an integer and comes back exactly; RAW when there is none. */
function findScale(values: Float64Array, from: number, to: number): number {
  let scaleIndex = 0;
  let index = from;
  while (index < to && scaleIndex < SCALES.length) {
    if (comesBack(at(values, index), scaleIndex)) index += 1;
    else {
      scaleIndex += 1;
      index = from;
    }
  }
  return scaleIndex < SCALES.length ? scaleIndex : RAW;
}

function comesBack(value: number, scaleIndex: number): boolean {
  const scale = SCALES[scaleIndex];
  if (scale === undefined) return false;
  const scaled = scale.divide ? Math.round(value * scale.factor) : Math.round(value / scale.factor);
  // Written so that NaN and infinity fail.
  if (!(Math.abs(scaled) <= SCALED_MAX)) return false;
  return (scale.divide ? scaled / scale.factor : scaled * scale.factor) === value;
}

function toScale(value: number, scaleIndex: number): number {
  const scale = SCALES[scaleIndex];
  if (scale === undefined) return Number.NaN;
  // Adding zero turns minus zero into zero.
  return (scale.divide ? Math.round(value * scale.factor) : Math.round(value / scale.factor)) + 0;
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
