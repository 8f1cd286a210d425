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
}

const COLUMNS_UNKNOWN = 80;

export function createOutput(stream: TextStream, environment: NodeJS.ProcessEnv): Output {
  let gone = false;
  stream.on("error", () => {
    gone = true;
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
