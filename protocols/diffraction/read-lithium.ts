/**
 * Lithium in the positive at the place that was exposed, from one pattern. The lines are fitted in the windows that
 * the chemistry allows; what they give (c from (003), a from (113), shares of two phases) is held against the table
 * for every lithium content at once, so that a flat or turning lattice parameter shows as a wide error and not as a
 * wrong number. The mean and the standard deviation of that likelihood are the reading.
 */
import { latticeAt, type LatticeTable, type LatticeTables, type LithiumRule } from "./lattice-tables.ts";
import { fitArea, fitAreas, fitPeak, type FittedPeak, type PeakFit } from "./peak-fit.ts";
import type { ChemistryId } from "../campaign/chemistry.ts";
import { braggDeg, instrumentFwhmDeg, spacingAt, spacingErrorShare, type PowderPattern } from "./powder-pattern.ts";

export interface LithiumReading {
  /** Per formula unit of the positive, 0..1. */
  readonly lithium: number;
  readonly lithiumError: number;
  /** The line whose width is compared, by name; null where none stands alone. */
  readonly line: { readonly name: string; readonly peak: FittedPeak } | null;
  /** Angstrom, of the phase whose line was fitted; null where it was not. */
  readonly cA: number | null;
  readonly aA: number | null;
}

export type LithiumRead =
  | { readonly kind: "read"; readonly reading: LithiumReading }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface LithiumReader {
  /** Never throws. `around`: what is known before, standard deviation included; where c turns it decides the side. */
  read(pattern: PowderPattern, around?: { readonly lithium: number; readonly error: number }): LithiumRead;
}

/** A measured quantity with what the table says it should be. */
interface Observed {
  readonly value: number;
  readonly error: number;
  readonly expected: Float64Array;
}

const GRID_POINTS = 2001;
const LITHIUM = Float64Array.from({ length: GRID_POINTS }, (_, point) => point / (GRID_POINTS - 1));
/** What neighbouring weak lines may do to (113), angstrom in a. */
const A_SYSTEMATIC = 0.0006;
/** Table and calibration, angstrom in c: the same for two spots of a cell, but it keeps an error from being none. */
const C_SYSTEMATIC = 0.0001;
const SHARE_SYSTEMATIC = 0.005;
const LITHIUM_ERROR_MIN = 0.0005;
/** The lines of a window may lie this much beyond the ends of the table. */
const WINDOW_MARGIN = 0.004;
const WINDOW_113_DEG = 0.06;
const STRAIN = 1e-3;
const RADIAN_DEG = 180 / Math.PI;

export function createLithiumReader(tables: LatticeTables, chemistry: ChemistryId): LithiumReader {
  const rule = tables.rules[chemistry];
  const fwhm = (spacingA: number, wavelengthA: number): number => {
    const twoThetaDeg = braggDeg(spacingA, wavelengthA);
    const theta = twoThetaDeg / 2 / RADIAN_DEG;
    const size = (0.09 * wavelengthA) / tables.grainNm[chemistry] / Math.cos(theta);
    const strain = 4 * STRAIN * Math.tan(theta);
    const own = Math.hypot(size, strain) * RADIAN_DEG;
    return Math.hypot(instrumentFwhmDeg(tables.instrument, twoThetaDeg), own);
  };
  // Below its last row a table says nothing.
  const lowest = rule.kind === "layered" ? ((rule.collapsed?.lattice ?? rule.main).lithium[0] ?? 0) : 0;
  const observe = rule.kind === "layered" ? layeredObserver(rule, fwhm) : twoPhaseObserver(rule, fwhm);
  return {
    read(pattern, around) {
      const observed = observe(pattern);
      if (observed.kind === "unreadable") return observed;
      const found = likelihood(observed.observed, lowest, around);
      if (found === undefined) return { kind: "unreadable", reason: "no lithium content fits the lines" };
      const { line, cA, aA } = observed;
      return { kind: "read", reading: { ...found, line, cA, aA } };
    },
  };
}

type Observation =
  | ({ readonly kind: "observed"; readonly observed: readonly Observed[] } & Pick<LithiumReading, "line" | "cA" | "aA">)
  | { readonly kind: "unreadable"; readonly reason: string };

type Fwhm = (spacingA: number, wavelengthA: number) => number;

function layeredObserver(rule: Extract<LithiumRule, { kind: "layered" }>, fwhm: Fwhm) {
  const { main, collapsed } = rule;
  const lowestLithium = collapsed?.fromLithium ?? 0;
  const expectedC = LITHIUM.map((x) => latticeAt(main, "cA", Math.max(x, lowestLithium)));
  const expectedA = LITHIUM.map((x) => latticeAt(main, "aA", Math.max(x, lowestLithium)));
  const collapsedC = LITHIUM.map((x) => (collapsed === null ? NaN : latticeAt(collapsed.lattice, "cA", x)));
  const collapsedShare = LITHIUM.map((x) => (collapsed === null ? 0 : shareAt(collapsed, x)));

  return (pattern: PowderPattern): Observation => {
    const { wavelengthA } = pattern;
    const first = fit003(pattern, main, fwhm);
    const second = collapsed === null ? null : fit003(pattern, collapsed.lattice, fwhm);
    const observed: Observed[] = [];
    let cA: number | null = null;
    let aA: number | null = null;
    if (first.kind === "peak") {
      const c = cOf(first.peak, wavelengthA);
      cA = c.value;
      observed.push({ ...c, expected: expectedC });
    }
    if (collapsed !== null && second !== null) {
      if (second.kind === "peak") observed.push({ ...cOf(second.peak, wavelengthA), expected: collapsedC });
      const lines = [
        areaOr(pattern, first, spacingNear(main, collapsed.fromLithium), fwhm),
        areaOr(pattern, second, spacingNear(collapsed.lattice, collapsed.toLithium), fwhm),
      ];
      const share = shareOf(lines[0], lines[1], collapsed.strengthRatio);
      if (share !== undefined) observed.push({ ...share, expected: collapsedShare });
    }
    if (first.kind === "none" && second?.kind !== "peak") {
      return { kind: "unreadable", reason: `(003): ${first.reason}` };
    }
    if (first.kind === "peak" && cA !== null && second?.kind !== "peak") {
      const a = fit113(pattern, main, cA, fwhm);
      if (a !== undefined) {
        aA = a.value;
        observed.push({ ...a, expected: expectedA });
      }
    }
    const line = first.kind === "peak" ? first.peak : second?.kind === "peak" ? second.peak : null;
    const name = first.kind === "peak" ? "(003)" : "(003) of the collapsed phase";
    return { kind: "observed", observed, line: line === null ? null : { name, peak: line }, cA, aA };
  };
}

function shareAt(collapsed: { readonly fromLithium: number; readonly toLithium: number }, lithium: number): number {
  const share = (collapsed.fromLithium - lithium) / (collapsed.fromLithium - collapsed.toLithium);
  return Math.min(1, Math.max(0, share));
}

/** (003) at the table's content nearest to this one. */
function spacingNear(of: LatticeTable, lithium: number): number {
  return latticeAt(of, "cA", lithium) / 3;
}

function fit003(pattern: PowderPattern, of: LatticeTable, fwhm: Fwhm): PeakFit {
  const { wavelengthA } = pattern;
  const longest = (Math.max(...of.cA) / 3) * (1 + WINDOW_MARGIN);
  const shortest = (Math.min(...of.cA) / 3) * (1 - WINDOW_MARGIN);
  return fitPeak(pattern, {
    fromDeg: braggDeg(longest, wavelengthA),
    toDeg: braggDeg(shortest, wavelengthA),
    fwhmDeg: fwhm((longest + shortest) / 2, wavelengthA),
  });
}

function cOf({ centreDeg, centreErrorDeg }: FittedPeak, wavelengthA: number) {
  const value = 3 * spacingAt(centreDeg, wavelengthA);
  return { value, error: Math.hypot(value * spacingErrorShare(centreDeg, centreErrorDeg), C_SYSTEMATIC) };
}

/** (113) where a of the table and the c just found let it be; undefined where it is weak or off the detector. */
function fit113(pattern: PowderPattern, of: LatticeTable, cA: number, fwhm: Fwhm) {
  const { wavelengthA } = pattern;
  const spacing = (aA: number): number => 1 / Math.sqrt(4 / (aA * aA) + 9 / (cA * cA));
  const possible = of.aA.filter((_, row) => Math.abs((of.cA[row] ?? NaN) - cA) < 0.06);
  const nearA = possible.length === 0 ? of.aA : possible;
  const fromDeg = braggDeg(spacing(Math.max(...nearA)), wavelengthA) - WINDOW_113_DEG;
  const toDeg = braggDeg(spacing(Math.min(...nearA)), wavelengthA) + WINDOW_113_DEG;
  const found = fitPeak(pattern, { fromDeg, toDeg, fwhmDeg: fwhm(spacing(nearA[0] ?? NaN), wavelengthA) });
  if (found.kind === "none") return undefined;
  const { centreDeg, centreErrorDeg } = found.peak;
  const spacingA = spacingAt(centreDeg, wavelengthA);
  const value = 2 / Math.sqrt(1 / (spacingA * spacingA) - 9 / (cA * cA));
  return { value, error: Math.hypot(value * spacingErrorShare(centreDeg, centreErrorDeg), A_SYSTEMATIC) };
}

interface Area {
  readonly area: number;
  readonly areaError: number;
}

/** Of the fitted line, or of what stands at its place without being one. */
function areaOr(pattern: PowderPattern, fit: PeakFit, spacingA: number, fwhm: Fwhm): Area | undefined {
  if (fit.kind === "peak") return fit.peak;
  const { wavelengthA } = pattern;
  return fitArea(pattern, braggDeg(spacingA, wavelengthA), fwhm(spacingA, wavelengthA));
}

/** Share of the second phase, with its error. */
function shareOf(first: Area | undefined, second: Area | undefined, strengthRatio: number) {
  if (first === undefined || second === undefined) return undefined;
  const amount = second.area / strengthRatio;
  const amountError = second.areaError / strengthRatio;
  const total = first.area + amount;
  if (!(total > 0)) return undefined;
  const error = Math.hypot(first.area * amountError, amount * first.areaError) / (total * total);
  return { value: amount / total, error: Math.hypot(error, SHARE_SYSTEMATIC) };
}

function twoPhaseObserver(rule: Extract<LithiumRule, { kind: "two-phase" }>, fwhm: Fwhm) {
  const { rich, poor, betweenA } = rule;
  const expected = LITHIUM.map((x) =>
    Math.min(1, Math.max(0, (rule.richLithium - x) / (rule.richLithium - rule.poorLithium))),
  );
  return (pattern: PowderPattern): Observation => {
    const { wavelengthA } = pattern;
    const spacings = [rich.spacingA, poor.spacingA, ...(betweenA === null ? [] : [betweenA])];
    const areas = fitAreas(
      pattern,
      spacings.map((spacingA) => ({
        centreDeg: braggDeg(spacingA, wavelengthA),
        fwhmDeg: fwhm(spacingA, wavelengthA),
      })),
    );
    const share = shareOf(areas?.[0], areas?.[1], poor.strength / rich.strength);
    const isSeen = areas?.slice(0, 2).some(({ area, areaError }) => area > 5 * areaError) === true;
    if (share === undefined || !isSeen) return { kind: "unreadable", reason: "neither phase stands out" };
    return { kind: "observed", observed: [{ ...share, expected }], line: null, cA: null, aA: null };
  };
}

/** Mean and standard deviation of lithium under the likelihood; undefined where nothing in the table comes near. */
function likelihood(
  observed: readonly Observed[],
  lowestLithium: number,
  around: { readonly lithium: number; readonly error: number } | undefined,
): { readonly lithium: number; readonly lithiumError: number } | undefined {
  if (observed.length === 0) return undefined;
  const misfits = LITHIUM.map((x, point) => {
    if (x < lowestLithium) return Infinity;
    let misfit = around === undefined ? 0 : ((x - around.lithium) / around.error) ** 2;
    for (const { value, error, expected } of observed) misfit += ((value - (expected[point] ?? NaN)) / error) ** 2;
    return misfit;
  });
  const least = misfits.reduce((a, b) => (b < a ? b : a), Infinity);
  if (!Number.isFinite(least)) return undefined;
  let sum = 0;
  let first = 0;
  let second = 0;
  for (let point = 0; point < GRID_POINTS; point += 1) {
    const weight = Math.exp((least - (misfits[point] ?? Infinity)) / 2);
    const x = LITHIUM[point] ?? 0;
    sum += weight;
    first += weight * x;
    second += weight * x * x;
  }
  const lithium = first / sum;
  const variance = Math.max(0, second / sum - lithium * lithium);
  return { lithium, lithiumError: Math.max(LITHIUM_ERROR_MIN, Math.sqrt(variance)) };
}
