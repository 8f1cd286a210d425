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

interface Slot {
  readonly tray: number;
  readonly slot: number;
}

export interface TwinNumbering {
  /** Null for none; undefined for one that there cannot be. */
  slotOf(first: number, second: number): Slot | null | undefined;
  numbersOf(slot: Slot): readonly [number, number];
}

const LIDS = [1, 2, 3];

/** An ISARA counts by pucks; on a CATS three cassettes are under a lid, one after the other. */
export function createNumbering(model: "CATS" | "ISARA", samplesPerCassette: number): TwinNumbering {
  const isIsara = model === "ISARA";
  return {
    slotOf(first, second) {
      if (first <= 0 || second <= 0) return null;
      if (isIsara) return { tray: first, slot: second };
      let tray = 3 * first - 2;
      let slot = second;
      while (slot > samplesPerCassette) {
        slot -= samplesPerCassette;
        tray += 1;
      }
      return LIDS.includes(first) && tray <= 3 * first ? { tray, slot } : undefined;
    },
    numbersOf({ tray, slot }) {
      if (isIsara) return [tray, slot];
      let lid = 1;
      let place = tray;
      for (; place > 3; place -= 3) lid += 1;
      return [lid, (place - 1) * samplesPerCassette + slot];
    },
  };
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
