/**
 * Cuts a byte stream into lines at `\n`, wherever the chunks were cut. A line that lies whole in one chunk is
 * handed on in place; only the pieces of cut lines are copied. Memory is bounded: a line longer than the limit is
 * dropped whole and counted.
 */
import type { Writable } from "../../base/writable.ts";

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
  const carry = new Uint8Array(lineBytesMax);
  let carried = 0;
  let dropping = false;

  function emit(bytes: Uint8Array, start: number, end: number): void {
    onLine(bytes, start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end);
  }

  function keep(chunk: Uint8Array, start: number, end: number): void {
    if (dropping) return;
    if (carried + end - start > lineBytesMax) {
      dropping = true;
      carried = 0;
      return;
    }
    for (let at = start; at < end; at += 1) carry[carried + at - start] = chunk[at] as number;
    carried += end - start;
  }

  const splitter: Writable<LineSplitter> = {
    droppedLines: 0,
    push(chunk) {
      const length = chunk.length;
      let start = 0;
      while (start < length) {
        const newline = chunk.indexOf(0x0a, start);
        if (newline < 0) {
          keep(chunk, start, length);
          return;
        }
        if (carried === 0 && !dropping && newline - start <= lineBytesMax) {
          emit(chunk, start, newline);
        } else {
          keep(chunk, start, newline);
          if (dropping || newline - start > lineBytesMax) {
            splitter.droppedLines += 1;
            dropping = false;
            carried = 0;
          } else {
            const end = carried;
            carried = 0;
            emit(carry, 0, end);
          }
        }
        start = newline + 1;
      }
    },
    reset() {
      carried = 0;
      dropping = false;
    },
  };
  return splitter;
}

/** The line as text. Bytes outside ASCII become the character of the same number, so nothing is lost or thrown. */
export function lineText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 1) text += String.fromCharCode(bytes[at] as number);
  return text;
}
