/**
 * The stream that ink writes to: whenever ink has a frame, the rows that changed are painted, each at its own place.
 * Nothing is cleared in steady state, and a terminal that was scrolled or drawn over is right again after the next change of
 * size.
 */

export interface FrameStats {
  readonly frameCount: number;
  readonly byteCount: number;
  /** Whole screens, after the first frame and each change of size. */
  readonly clearCount: number;
}

export interface FrameSink {
  /** For ink, in debug mode: each write is one frame, of which only that it came is of interest. */
  readonly stream: NodeJS.WriteStream;
  readonly stats: () => FrameStats;
  /** Nothing is written any more. */
  close(): void;
}

/** What lies between is shown at once by terminals that know of it, so that no half frame is seen. */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const CLEAR = "\u001b[2J";
const CURSOR = /^\u001b\[\?\d+[hl]$/;
const CLEAR_REST_OF_LINE = "\u001b[K";

/** @param rows what is to be seen, with escape codes; the same array while nothing changed */
export function createFrameSink(terminal: NodeJS.WriteStream, rows: () => readonly string[]): FrameSink {
  let drawn: readonly string[] = [];
  let isWhole = false;
  let isClosed = false;
  const stats = { frameCount: 0, byteCount: 0, clearCount: 0 };

  function show(): void {
    const lines = rows();
    // Drawn for a size that the terminal has no more: the next one is on its way.
    if (lines.length > Math.max(1, terminal.rows - 1)) return;
    const parts: string[] = [];
    if (!isWhole) parts.push(CLEAR);
    const count = isWhole ? Math.max(lines.length, drawn.length) : lines.length;
    for (let index = 0; index < count; index += 1) {
      const line = lines[index] ?? "";
      if (isWhole && line === drawn[index]) continue;
      parts.push(`\u001b[${index + 1};1H${line}${CLEAR_REST_OF_LINE}`);
    }
    if (!isWhole) stats.clearCount += 1;
    isWhole = true;
    drawn = lines;
    if (parts.length === 0) return;
    const text = `${BEGIN}${parts.join("")}${END}`;
    stats.frameCount += 1;
    stats.byteCount += Buffer.byteLength(text);
    terminal.write(text);
  }

  function write(text: unknown): boolean {
    // What is not a frame is about the cursor, which whoever opened the terminal has hidden.
    if (!isClosed && typeof text === "string" && text !== "" && !CURSOR.test(text)) show();
    return true;
  }

  const stream = new Proxy(terminal, {
    get(target, name): unknown {
      if (name === "write") return write;
      if (name === "isTTY") return true;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const resized = (): void => {
    isWhole = false;
  };
  terminal.prependListener("resize", resized);
  return {
    stream,
    stats: () => ({ ...stats }),
    close() {
      isClosed = true;
      terminal.off("resize", resized);
    },
  };
}
