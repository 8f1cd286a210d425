/** Lists that only grow, as long as a run lives: plain numbers end to end, and texts as their bytes. */

export interface Column {
  readonly length: number;
  push(value: number): void;
  /** NaN behind the end. */
  at(index: number): number;
}

export interface TextColumn {
  push(text: string): void;
  /** In the order in which they came. */
  all(): readonly string[];
}

type Numbers = Float64Array | Int32Array | Uint32Array | Uint8Array;
type NumbersOf = new (length: number) => Numbers;

const FIRST_LENGTH = 64;
/** Room that is not used yet is memory, too: a third of it at the most. */
const GROWTH = 1.5;

/** Of a kind that holds every value that will come. */
export function createColumn(Kind: NumbersOf): Column {
  let values = new Kind(FIRST_LENGTH);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) {
        const larger = new Kind(Math.ceil(GROWTH * length));
        larger.set(values);
        values = larger;
      }
      values[length] = value;
      length += 1;
    },
    at: (index) => (index < length ? (values[index] ?? Number.NaN) : Number.NaN),
  };
}

export function createTextColumn(): TextColumn {
  const bytes = createColumn(Uint8Array);
  const ends = createColumn(Uint32Array);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    push(text) {
      for (const byte of encoder.encode(text)) bytes.push(byte);
      ends.push(bytes.length);
    },
    all() {
      let from = 0;
      return Array.from({ length: ends.length }, (_, index) => {
        const to = ends.at(index);
        const text = decoder.decode(Uint8Array.from({ length: to - from }, (_byte, place) => bytes.at(from + place)));
        from = to;
        return text;
      });
    },
  };
}
