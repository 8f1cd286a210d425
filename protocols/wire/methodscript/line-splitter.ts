/**
 * Cuts a byte stream into lines at `\n`, wherever the chunks were cut. A line that lies whole in one chunk is
 * handed on in place; only the pieces of cut lines are copied. Memory is bounded: a line longer than the limit is
 * dropped whole and counted.
 */
/** A reply line may hold up to 1000 bytes by the vendor's advice. */
export const REPLY_LINE_BYTES_MAX = 1000;

/** The line is `bytes[start, end)`, without line end; it is only valid during the call. */
export type LineHandler = (bytes: Uint8Array, start: number, end: number) => void;

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Forgets a line that has begun. */
  reset(): void;
  /** Lines dropped for their length, since the splitter was made. */
  readonly droppedLines: number;
}

export function createLineSplitter(onLine: LineHandler, lineBytesMax: number = REPLY_LINE_BYTES_MAX): LineSplitter {
  return new Splitter(onLine, lineBytesMax);
}

/** A class, because the lines of 96 channels come by here, and none is to bring functions of its own to the processor's cache. */
class Splitter implements LineSplitter {
  droppedLines = 0;
  private carried = 0;
  private isDropping = false;
  private readonly onLine: LineHandler;
  private readonly lineBytesMax: number;
  private readonly carry: Uint8Array;

  constructor(onLine: LineHandler, lineBytesMax: number) {
    this.onLine = onLine;
    this.lineBytesMax = lineBytesMax;
    this.carry = new Uint8Array(lineBytesMax);
  }

  private emit(bytes: Uint8Array, start: number, end: number): void {
    this.onLine(bytes, start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end);
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    if (this.isDropping) return;
    const { carry, carried } = this;
    if (carried + end - start > this.lineBytesMax) {
      this.isDropping = true;
      this.carried = 0;
      return;
    }
    for (let at = start; at < end; at += 1) carry[carried + at - start] = chunk[at] as number;
    this.carried = carried + end - start;
  }

  push(chunk: Uint8Array): void {
    const length = chunk.length;
    let start = 0;
    while (start < length) {
      // By hand: `indexOf` leaves the compiled code, which costs more than the few bytes of a line.
      let newline = start;
      while (newline < length && chunk[newline] !== 0x0a) newline += 1;
      if (newline === length) {
        this.keep(chunk, start, length);
        return;
      }
      if (this.carried === 0 && !this.isDropping && newline - start <= this.lineBytesMax) {
        this.emit(chunk, start, newline);
      } else this.endCut(chunk, start, newline);
      start = newline + 1;
    }
  }

  /** The rest of a line that began in an earlier chunk, or one that is too long. */
  private endCut(chunk: Uint8Array, start: number, newline: number): void {
    this.keep(chunk, start, newline);
    if (this.isDropping || newline - start > this.lineBytesMax) {
      this.droppedLines += 1;
      this.isDropping = false;
      this.carried = 0;
      return;
    }
    const end = this.carried;
    this.carried = 0;
    this.emit(this.carry, 0, end);
  }

  reset(): void {
    this.carried = 0;
    this.isDropping = false;
  }
}

/** The line as text. Bytes outside ASCII become the character of the same number, so nothing is lost or thrown. */
export function lineText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 1) text += String.fromCharCode(bytes[at] as number);
  return text;
}
