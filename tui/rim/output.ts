/**
 * stdout and stderr that may go away. A reader that has had enough (`| head`) or a terminal that was closed must not
 * end a run: what cannot be written any more is dropped, the work goes on.
 */

/** The part of process.stdout used here; `isTTY` and `columns` are there only for a terminal. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done?: () => void): unknown;
  on(event: "error", handler: (error: Error) => void): unknown;
}

export interface Output {
  readonly isTerminal: boolean;
  readonly colour: boolean;
  columns(): number;
  write(text: string): void;
  /** Resolves when what was written has left the process, or cannot. */
  flush(): Promise<void>;
  /** Why text was lost that somebody waits for, such as a full disk; null for a reader that had enough. */
  readonly trouble: string | null;
}

const COLUMNS_UNKNOWN = 80;
/** A closed pipe, a terminal that went away, a stream ended before. */
const READER_GONE: ReadonlySet<string> = new Set(["EPIPE", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"]);

export function createOutput(stream: TextStream, environment: NodeJS.ProcessEnv): Output {
  let gone = false;
  let trouble: string | null = null;
  stream.on("error", (error) => {
    gone = true;
    const code = "code" in error ? error.code : undefined;
    if (typeof code !== "string" || !READER_GONE.has(code)) trouble = error.message;
  });
  const isTerminal = stream.isTTY === true && environment["TERM"] !== "dumb";
  const noColour = environment["NO_COLOR"];
  return {
    isTerminal,
    colour: isTerminal && (noColour === undefined || noColour === ""),
    columns() {
      const columns = stream.columns ?? 0;
      return isTerminal && columns > 0 ? columns : COLUMNS_UNKNOWN;
    },
    write(text) {
      if (!gone) stream.write(text);
    },
    get trouble() {
      return trouble;
    },
    flush: () =>
      new Promise((resolve) => {
        if (gone) {
          resolve();
          return;
        }
        stream.write("", () => {
          resolve();
        });
      }),
  };
}
