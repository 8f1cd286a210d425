/** Numbers noted by the hundred thousand without an object for each, and what can be said of them. */

export interface NumberLog {
  add(value: number): void;
  readonly length: number;
  /** In the order noted. */
  values(): Float64Array;
}

export function createNumberLog(): NumberLog {
  let kept = new Float64Array(4096);
  let length = 0;
  return {
    add(value) {
      if (length === kept.length) {
        const wider = new Float64Array(2 * length);
        wider.set(kept);
        kept = wider;
      }
      kept[length] = value;
      length += 1;
    },
    get length() {
      return length;
    },
    values: () => kept.slice(0, length),
  };
}

/** The value below which `part` of them lie; NaN of none. */
export function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function spreadOf(values: Float64Array): Spread {
  const sorted = values.slice().sort();
  return { count: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) };
}
