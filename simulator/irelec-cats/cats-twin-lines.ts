/** The simulated robot's own reading of orders. */

export interface TwinOrder {
  readonly name: string;
  readonly numbers: readonly number[];
}

/** Undefined when the brackets do not close or hold something else than numbers. */
export function readOrder(line: string): TwinOrder | undefined {
  const match = /^([A-Za-z0-9_ ]{1,24})(?:\(([^()]*)\))?$/.exec(line);
  if (match?.[1] === undefined) return undefined;
  const words = match[2] === undefined || match[2] === "" ? [] : match[2].split(",");
  const numbers = words.map((word) => (word.trim() === "" ? -1 : Number(word)));
  return numbers.some((value) => !Number.isFinite(value)) ? undefined : { name: match[1], numbers };
}

/** Cuts a stream at `\r`; a line that does not end is dropped. */
export function createLineReader(onLine: (line: string) => void): (chunk: Uint8Array) => void {
  let partial = "";
  return (chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0d) {
        const line = partial;
        partial = "";
        onLine(line.replace(/^\n/, ""));
      } else if (partial.length < 400) {
        partial += String.fromCharCode(byte);
      }
    }
  };
}
