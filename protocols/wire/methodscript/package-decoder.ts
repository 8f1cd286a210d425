/**
 * Data packages (`P…` lines) straight from the bytes, without strings and without allocation: the sample path of
 * 96 channels runs through here. Layout: variables joined by `;`, each of two type letters, seven upper-case hex
 * digits and a prefix character, then metadata fields led by `,`. Value = (hex - 0x8000000) x 10^prefix.
 */

/** No line of 1000 bytes holds more variables of ten bytes. */
const VARIABLE_COUNT_MAX = 100;

/** Filled by `decodePackage`; made once and used again. Entries from `count` on are stale. */
export interface PackageFields {
  count: number;
  /** Type numbers, see `variableType`. */
  readonly types: Uint16Array;
  /** SI units of the type; NaN when the instrument sent `nan`. */
  readonly values: Float64Array;
  /** Status bits: 1 timing missed, 2 overload, 4 underload, 8 overload warning. */
  readonly status: Uint8Array;
  /** Range index, or -1 when the package names none. */
  readonly ranges: Int16Array;
}

export function createPackageFields(): PackageFields {
  return {
    count: 0,
    types: new Uint16Array(VARIABLE_COUNT_MAX),
    values: new Float64Array(VARIABLE_COUNT_MAX),
    status: new Uint8Array(VARIABLE_COUNT_MAX),
    ranges: new Int16Array(VARIABLE_COUNT_MAX),
  };
}

/** Why a line is no package, or null when it is one. */
export type PackageTrouble =
  | null
  | "not a package"
  | "too many variables"
  | "cut short"
  | "bad type letters"
  | "bad value"
  | "bad prefix"
  | "bad metadata";

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const ZERO_OFFSET = 0x8000000;

/** Value of an upper-case hex digit by its byte, or -1. */
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) HEX["0123456789ABCDEF".charCodeAt(digit)] = digit;

// Two tables, because powers of ten are exact only as whole numbers: a division rounds once, a product with 1e-6 twice.
const MULTIPLIER = new Float64Array(256);
const DIVISOR = new Float64Array(256).fill(1);
const EXPONENTS: Readonly<Record<string, number>> = {
  a: -18,
  f: -15,
  p: -12,
  n: -9,
  u: -6,
  m: -3,
  " ": 0,
  i: 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
for (const [prefix, exponent] of Object.entries(EXPONENTS)) {
  const byte = prefix.charCodeAt(0);
  MULTIPLIER[byte] = exponent > 0 ? Number(`1e${exponent}`) : 1;
  DIVISOR[byte] = exponent < 0 ? Number(`1e${-exponent}`) : 1;
}

/**
 * Reads the line `bytes[start, end)` (without its line end) into `into`. Returns null when it is a whole package,
 * else the reason; `into.count` then tells how many variables were read before it. Never throws, whatever the bytes.
 */
export function decodePackage(bytes: Uint8Array, start: number, end: number, into: PackageFields): PackageTrouble {
  into.count = 0;
  if (start >= end || bytes[start] !== 0x50) return "not a package";
  let at = start + 1;
  let count = 0;
  while (at < end) {
    if (count === VARIABLE_COUNT_MAX) return "too many variables";
    if (at + 9 > end) return "cut short";
    const first = (bytes[at] as number) - 97;
    const second = (bytes[at + 1] as number) - 97;
    if (first < 0 || first > 25 || second < 0 || second > 25) return "bad type letters";
    at += 2;
    let mantissa = 0;
    let bad = 0;
    for (let index = 0; index < 7; index += 1) {
      const digit = HEX[bytes[at + index] as number] as number;
      bad |= digit;
      mantissa = (mantissa << 4) | digit;
    }
    // The seven digits come off first: `a`, `f` and `E` are prefixes as well as hex digits.
    let value: number;
    if (bad < 0) {
      if (!isNotANumber(bytes, at, end)) return "bad value";
      value = Number.NaN;
      at += 8;
    } else {
      at += 7;
      // A plain number's blank prefix may be trimmed at the end of the line.
      const prefix = at < end ? (bytes[at] as number) : SPACE;
      const multiplier = MULTIPLIER[prefix] as number;
      if (multiplier === 0) return "bad prefix";
      value = ((mantissa - ZERO_OFFSET) * multiplier) / (DIVISOR[prefix] as number);
      at += 1;
    }
    let status = 0;
    let range = -1;
    while (at < end && bytes[at] === COMMA) {
      const kind = bytes[at + 1] as number;
      let stop = at + 1;
      while (stop < end && bytes[stop] !== COMMA && bytes[stop] !== SEMICOLON) stop += 1;
      if (kind === 0x31) {
        if (stop !== at + 3) return "bad metadata";
        status = HEX[bytes[at + 2] as number] as number;
        if (status < 0) return "bad metadata";
      } else if (kind === 0x32) {
        if (stop !== at + 4) return "bad metadata";
        const high = HEX[bytes[at + 2] as number] as number;
        const low = HEX[bytes[at + 3] as number] as number;
        if ((high | low) < 0) return "bad metadata";
        range = (high << 4) | low;
      }
      at = stop;
    }
    into.types[count] = first * 26 + second;
    into.values[count] = value;
    into.status[count] = status;
    into.ranges[count] = range;
    count += 1;
    into.count = count;
    if (at >= end) return null;
    if (bytes[at] !== SEMICOLON) return "bad value";
    at += 1;
    if (at >= end) return "cut short";
  }
  return count === 0 ? "cut short" : null;
}

/** Five blanks and `nan`: eight characters in the place of digits and prefix. */
function isNotANumber(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 8 > end) return false;
  for (let index = 0; index < 5; index += 1) if (bytes[at + index] !== SPACE) return false;
  return bytes[at + 5] === 0x6e && bytes[at + 6] === 0x61 && bytes[at + 7] === 0x6e;
}
