/** Cuts a byte stream into lines of text at `\r` and `\n`, wherever the chunks were cut. Never throws. */

export interface TextLines {
  /** Calls `onLine` for each complete line, without its end; one character per byte. */
  push(chunk: Uint8Array, onLine: (line: string) => void): void;
  /** Forgets a half-received line. */
  clear(): void;
  /** Kept of a line that has not ended. */
  readonly retainedByteCount: number;
  /** Bytes thrown away because a line would not end. */
  readonly droppedByteCount: number;
}

export interface TextLinesOptions {
  /** Hands on lines with nothing in them too, where an empty answer is an answer. Default false. */
  readonly keepsEmpty?: boolean;
}

/** A line longer than `lineLengthMax` characters is dropped whole. */
export function createTextLines(lineLengthMax: number, options: TextLinesOptions = {}): TextLines {
  const keepsEmpty = options.keepsEmpty ?? false;
  let partial = "";
  let isOverlong = false;
  let droppedByteCount = 0;
  return {
    push(chunk, onLine) {
      for (const byte of chunk) {
        if (byte === 0x0a || byte === 0x0d) {
          const line = partial;
          partial = "";
          if (isOverlong) isOverlong = false;
          else if (keepsEmpty || line !== "") onLine(line);
        } else if (isOverlong) {
          droppedByteCount += 1;
        } else if (partial.length >= lineLengthMax) {
          droppedByteCount += partial.length + 1;
          partial = "";
          isOverlong = true;
        } else {
          partial += String.fromCharCode(byte);
        }
      }
    },
    clear() {
      partial = "";
      isOverlong = false;
    },
    get retainedByteCount() {
      return partial.length;
    },
    get droppedByteCount() {
      return droppedByteCount;
    },
  };
}
