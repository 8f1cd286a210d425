/**
 * Data packages as the simulated instrument writes them. A value is sent with the finest prefix for which the
 * integer stays within seven hex digits around the middle: |n| <= 0x7FFFFFF. Written by hand into one buffer,
 * because every sample of every channel is made here.
 */

/** From the finest prefix to the coarsest, with the factor that turns an SI value into that prefix's integer. */
const PREFIX_BYTES = Uint8Array.from("afpnum kMGTPE", (letter) => letter.charCodeAt(0));
const POWERS = Float64Array.from(PREFIX_BYTES, (_, index) => Number(`1e${Math.abs(3 * index - 18)}`));
/** Index of the blank prefix: below it values are multiplied, above it divided, so that each is rounded once. */
const UNIT = 6;
const COARSEST = 12;
const INTEGER_MAX = 0x7ffffff;
const OFFSET = 0x8000000;
const DIGITS = Uint8Array.from("0123456789ABCDEF", (digit) => digit.charCodeAt(0));

/** Lines of the instrument are at most 1000 bytes; a script that adds more loses what does not fit. */
const LINE_BYTES_MAX = 1000;
const VARIABLE_BYTES_MAX = 24;

export interface PackageWriter {
  begin(): void;
  /** `type` is the two letters' number, `range` -1 for none, `status` -1 for no metadata at all. */
  addFloat(type: number, value: number, status: number, range: number, hasNoise: boolean): void;
  addInteger(type: number, value: number): void;
  /** The finished line with its line end, as bytes of its own. */
  end(): Uint8Array;
}

export function createPackageWriter(): PackageWriter {
  return new Writer();
}

class Writer implements PackageWriter {
  private at = 0;
  private readonly buffer = new Uint8Array(LINE_BYTES_MAX);

  private letters(type: number): boolean {
    const { buffer } = this;
    let { at } = this;
    if (at + VARIABLE_BYTES_MAX > LINE_BYTES_MAX) return false;
    if (at > 1) buffer[at++] = 0x3b;
    const second = type % 26;
    buffer[at++] = 97 + (type - second) / 26;
    buffer[at++] = 97 + second;
    this.at = at;
    return true;
  }

  private digits(integer: number): void {
    const { buffer, at } = this;
    let rest = integer + OFFSET;
    for (let place = 6; place >= 0; place -= 1) {
      buffer[at + place] = DIGITS[rest & 15] as number;
      rest >>>= 4;
    }
    this.at = at + 7;
  }

  begin(): void {
    this.buffer[0] = 0x50;
    this.at = 1;
  }

  addFloat(type: number, value: number, status: number, range: number, hasNoise: boolean): void {
    if (!this.letters(type)) return;
    const { buffer } = this;
    if (Number.isFinite(value)) {
      let prefix = finestPrefix(value);
      let integer = scaled(value, prefix);
      if ((integer > INTEGER_MAX || integer < -INTEGER_MAX) && prefix < COARSEST) {
        prefix += 1;
        integer = scaled(value, prefix);
      }
      this.digits(Math.max(-INTEGER_MAX, Math.min(INTEGER_MAX, integer)));
      buffer[this.at++] = PREFIX_BYTES[prefix] as number;
    } else {
      for (let blank = 0; blank < 5; blank += 1) buffer[this.at++] = 0x20;
      buffer[this.at++] = 0x6e;
      buffer[this.at++] = 0x61;
      buffer[this.at++] = 0x6e;
    }
    if (status < 0) return;
    let { at } = this;
    buffer[at++] = 0x2c;
    buffer[at++] = 0x31;
    buffer[at++] = DIGITS[status & 15] as number;
    if (range >= 0) {
      buffer[at++] = 0x2c;
      buffer[at++] = 0x32;
      buffer[at++] = DIGITS[(range >> 4) & 15] as number;
      buffer[at++] = DIGITS[range & 15] as number;
    }
    if (hasNoise) {
      buffer[at++] = 0x2c;
      buffer[at++] = 0x34;
      buffer[at++] = 0x30;
    }
    this.at = at;
  }

  addInteger(type: number, value: number): void {
    if (!this.letters(type)) return;
    this.digits(Math.max(-INTEGER_MAX, Math.min(INTEGER_MAX, Math.trunc(value))));
    this.buffer[this.at++] = 0x69;
  }

  end(): Uint8Array {
    const { buffer, at } = this;
    // By hand: a call out of the compiled code costs more than some forty bytes.
    const line = new Uint8Array(at + 1);
    for (let index = 0; index < at; index += 1) line[index] = buffer[index] as number;
    line[at] = 0x0a;
    return line;
  }
}

function scaled(value: number, prefix: number): number {
  const power = POWERS[prefix] as number;
  return Math.round(prefix <= UNIT ? value * power : value / power);
}

/** Zero has the blank prefix. Starts at micro, where most values of a cell end up, and looks both ways. */
function finestPrefix(value: number): number {
  if (value === 0) return UNIT;
  const size = Math.abs(value);
  let prefix = 4;
  while (prefix < COARSEST && size > limit(prefix)) prefix += 1;
  while (prefix > 0 && size <= limit(prefix - 1)) prefix -= 1;
  return prefix;
}

const LIMITS = Float64Array.from(POWERS, (power, prefix) =>
  prefix <= UNIT ? (INTEGER_MAX + 0.5) / power : (INTEGER_MAX + 0.5) * power,
);

function limit(prefix: number): number {
  return LIMITS[prefix] as number;
}
