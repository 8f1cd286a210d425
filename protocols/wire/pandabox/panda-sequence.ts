/** Rows of a PandABox sequencer's table: four words of 32 bits each. */

/** Values of a row's trigger. */
export const SEQUENCE_TRIGGER = {
  immediate: 0,
  bitALow: 1,
  bitAHigh: 2,
  bitBLow: 3,
  bitBHigh: 4,
  bitCLow: 5,
  bitCHigh: 6,
  positionAUp: 7,
  positionADown: 8,
  positionBUp: 9,
  positionBDown: 10,
  positionCUp: 11,
  positionCDown: 12,
} as const;

export interface SequenceRow {
  /** 1..65535 */
  readonly repeats: number;
  readonly trigger: number;
  /** In counts of the encoder, signed. */
  readonly position: number;
  /** In ticks of the prescaled clock; a first phase of 0 is left out. */
  readonly time1: number;
  /** Bit 0 is output A, bit 5 output F. */
  readonly outputs1: number;
  readonly time2: number;
  readonly outputs2: number;
}

export const REPEATS_MAX = 0xffff;
export const TICKS_MAX = 0xffffffff;
/** The clock of a box without an external one. */
export const TICK_S = 8e-9;
export const OUTPUT_A = 1;
export const WORDS_PER_ROW = 4;

export function encodeSequenceRow(row: SequenceRow): readonly [number, number, number, number] {
  const head =
    (row.repeats & REPEATS_MAX) |
    ((row.trigger & 0xf) << 16) |
    ((row.outputs1 & 0x3f) << 20) |
    ((row.outputs2 & 0x3f) << 26);
  return [head >>> 0, row.position >>> 0, row.time1 >>> 0, row.time2 >>> 0];
}

/** Undefined: not the words of whole rows. */
export function decodeSequenceTable(words: readonly number[]): readonly SequenceRow[] | undefined {
  if (words.length % WORDS_PER_ROW !== 0) return undefined;
  if (!words.every((word) => Number.isInteger(word) && word >= 0 && word <= TICKS_MAX)) return undefined;
  const rows: SequenceRow[] = [];
  for (let at = 0; at < words.length; at += WORDS_PER_ROW) {
    const [head = 0, position = 0, time1 = 0, time2 = 0] = words.slice(at, at + WORDS_PER_ROW);
    rows.push({
      repeats: head & REPEATS_MAX,
      trigger: (head >>> 16) & 0xf,
      outputs1: (head >>> 20) & 0x3f,
      outputs2: (head >>> 26) & 0x3f,
      position: position | 0,
      time1,
      time2,
    });
  }
  return rows;
}
