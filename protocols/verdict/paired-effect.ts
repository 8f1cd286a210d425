/**
 * The mean of one quantity over a cell's control pairs, with what its error is made of: the fits' own errors, scaled
 * up by what successive pairs of all cells of the material scatter beyond them, and the scatter between spots that no
 * number of visits to the same spots averages away.
 */
import { normalTail, studentQuantile, studentTwoSided } from "./distributions.ts";

/** One pair's value of the quantity. */
export interface PairValue {
  readonly value: number;
  readonly error: number;
  readonly spotIndex: number;
  readonly controlIndex: number;
}

/** Mean over the pairs. */
export interface Effect {
  readonly mean: number;
  readonly error: number;
  /** Degrees of freedom of the error. */
  readonly freedom: number;
  readonly pairCount: number;
  /** Chance of a mean this far from nothing when there is nothing, two-sided. */
  readonly chance: number;
  /** Covers the truth with 95 %, for this one cell taken alone. */
  readonly interval: readonly [number, number];
}

export interface Scatter {
  /** Factor on the fits' errors, at least 1. */
  readonly factor: number;
  readonly freedom: number;
  /** Half the 95 % interval over the error, by this freedom. */
  readonly reach: number;
}

export function scatterOf(factor: number, freedom: number): Scatter {
  return { factor, freedom, reach: criticalDistance(freedom, INTERVAL_OUTSIDE) };
}

/** Neighbouring bends share pairs and are not independent: what each counts for (18/35, after Gasser et al. 1986). */
export const BEND_FREEDOM = 18 / 35;
const INTERVAL_OUTSIDE = 0.05;

/**
 * From second differences within each cell, so that a lag which grows steadily from visit to visit is no scatter: it is
 * what is looked for.
 */
export function pooledScatter(cells: readonly (readonly PairValue[])[]): Scatter {
  let sum = 0;
  let count = 0;
  for (const values of cells) {
    for (let index = 2; index < values.length; index += 1) {
      const [first, middle, last] = [values[index - 2], values[index - 1], values[index]];
      if (first === undefined || middle === undefined || last === undefined) continue;
      const bend = first.value - 2 * middle.value + last.value;
      sum += bend ** 2 / (first.error ** 2 + 4 * middle.error ** 2 + last.error ** 2);
      count += 1;
    }
  }
  return scatterOf(count === 0 ? 1 : Math.sqrt(Math.max(1, sum / count)), BEND_FREEDOM * count);
}

/** Undefined with no pair. `spotScatter`: standard deviation of the quantity between untouched spots of one cell. */
export function pairedEffect(values: readonly PairValue[], scatter: Scatter, spotScatter: number): Effect | undefined {
  if (values.length === 0) return undefined;
  const weights = values.map(({ error }) => 1 / ((scatter.factor * error) ** 2 + 2 * spotScatter ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let mean = 0;
  let variance = 0;
  const bySpot = new Map<number, number>();
  const byControl = new Map<number, number>();
  values.forEach(({ value, error, spotIndex, controlIndex }, index) => {
    const share = (weights[index] ?? NaN) / total;
    mean += share * value;
    variance += (share * scatter.factor * error) ** 2;
    bySpot.set(spotIndex, (bySpot.get(spotIndex) ?? 0) + share);
    byControl.set(controlIndex, (byControl.get(controlIndex) ?? 0) + share);
  });
  for (const share of [...bySpot.values(), ...byControl.values()]) variance += (share * spotScatter) ** 2;
  return effectOf(mean, Math.sqrt(variance), scatter, values.length);
}

/** Mean over the cells of a material; their own scatter is the error, but no less than the cells' errors make it. */
export function effectOverCells(cells: readonly Effect[]): Effect | undefined {
  const count = cells.length;
  if (count < 3) return undefined;
  const mean = cells.reduce((sum, cell) => sum + cell.mean, 0) / count;
  const between = cells.reduce((sum, cell) => sum + (cell.mean - mean) ** 2, 0) / (count - 1) / count;
  const within = cells.reduce((sum, cell) => sum + cell.error ** 2, 0) / count / count;
  const pairCount = cells.reduce((sum, cell) => sum + cell.pairCount, 0);
  return effectOf(mean, Math.sqrt(Math.max(between, within)), scatterOf(1, count - 1), pairCount);
}

/** First group less second, each with its own scatter; undefined with less than three of either. */
export function effectBetweenGroups(first: readonly number[], second: readonly number[]): Effect | undefined {
  const [a, b] = [spread(first), spread(second)];
  if (first.length < 3 || second.length < 3) return undefined;
  const { error, freedom } = betweenGroups(
    { count: first.length, variance: a.variance },
    { count: second.length, variance: b.variance },
  );
  return effectOf(a.mean - b.mean, error, scatterOf(1, freedom), first.length + second.length);
}

interface GroupSpread {
  readonly count: number;
  readonly variance: number;
}

/**
 * Error of the difference of two groups' means. The freedom is the smaller group's, which is never too much: that of
 * Satterthwaite's rule, far out where it decides here, calls 40 against 3 equal cells different dozens of times too often.
 */
export function betweenGroups(
  first: GroupSpread,
  second: GroupSpread,
): { readonly error: number; readonly freedom: number } {
  const error = Math.sqrt(first.variance / first.count + second.variance / second.count);
  return { error, freedom: Math.min(first.count, second.count) - 1 };
}

function spread(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, variance };
}

function effectOf(mean: number, error: number, { freedom, reach }: Scatter, pairCount: number): Effect {
  const chance = studentTwoSided(mean / error, freedom);
  return { mean, error, freedom, pairCount, chance, interval: [mean - reach * error, mean + reach * error] };
}

/** How far out an effect must lie at a two-sided level, in errors; infinite where it never can. */
export function criticalDistance(freedom: number, level: number): number {
  return freedom > 0 && level > 0 ? studentQuantile(level, freedom) : Infinity;
}

/** Chance that an effect of this size is seen, its error being what it is. */
export function powerFor(size: number, error: number, critical: number): number {
  return error > 0 ? normalTail(critical - size / error) : 0;
}
