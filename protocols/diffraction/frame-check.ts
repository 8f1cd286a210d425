/**
 * Quick look at one frame, as somebody at the screen would take it: is it saturated, has the beam met a cell at all, is
 * it only casing, is it strong enough to be read, is it the cell that stands in the campaign. What cannot be told is
 * good: cells of one chemistry look alike, and so do layered oxides whose lattices meet.
 */
import { CHEMISTRY_IDS, type ChemistryId } from "../campaign/chemistry.ts";
import type { ExpectedLithium } from "./expected-lithium.ts";
import { latticeAt, type LatticeTables } from "./lattice-tables.ts";
import { fitArea, fitPeak } from "./peak-fit.ts";
import { braggDeg, instrumentFwhmDeg, spacingAt, type PowderPattern } from "./powder-pattern.ts";

export const FRAME_FINDINGS = ["saturated", "beam-missed", "casing-only", "too-weak", "wrong-sample"] as const;
export type FrameFinding = (typeof FRAME_FINDINGS)[number];

export interface FrameExpectation {
  /** Of the cell that should be in the beam. */
  readonly chemistry: ChemistryId;
  /** Counts in one bin beyond which the detector no longer counts, for patterns that do not say it by pixels; null where it is not known. */
  readonly saturationCounts: number | null;
  /** Photons that should have reached the cell, by flux, filters and open time; null where they are not known. */
  readonly photons: number | null;
  /** Of the positive, by the cell's state of charge; null where it is not known. It tells layered oxides apart. */
  readonly lithium: ExpectedLithium | null;
}

export interface FrameCheck {
  readonly finding: FrameFinding | "good";
  /** In words, with the figures it rests on; empty when good. */
  readonly what: string;
  /** Whole numbers, also where a program gives parts of counts. */
  readonly counts: number;
  readonly mostInOneBin: number;
  /** Largest line over its own error of: casing and collectors, negative, positive. */
  readonly casing: number;
  readonly negative: number;
  readonly positive: number;
}

export interface FrameChecker {
  /** Never throws. */
  check(pattern: PowderPattern, expected: FrameExpectation): FrameCheck;
}

/** Strong lines of steel, copper and aluminium, angstrom (`structures.json`): one of these metals is in every cell. */
const CASING_LINES_A = [2.0767, 2.0871, 1.7985, 1.8075, 2.338, 2.0248, 1.2717, 1.278] as const;
/** (002) of graphite through LiC6, with what lies between them. */
const NEGATIVE_A = { longest: 3.76, shortest: 3.33 } as const;
/** (101) of LiFePO4 and FePO4: one of both is always there, and no layered oxide has a line near it. */
const OLIVINE_A = { longest: 4.34, shortest: 4.235 } as const;
/** With so much the lines of some metal are seen in every cell, whatever else is. */
const ENOUGH = { photons: 1e9, counts: 20_000 } as const;
/** A line counts as seen from this many errors on; one that is looked for between two angles meets more noise. */
const SEEN = 6;
/** What nobody expected has to stand out further. */
const STRANGER_SEEN = 10;
/** Where casing stands out this far, the electrodes must be seen too. */
const CASING_STRONG = 40;
/** Tables are no better than this, angstrom. */
const TABLE_ERROR = { cA: 0.012, aA: 0.004 } as const;
/** Chi squared of two observations: one in a million, and one in seven. */
const STRANGE = 27;
const FITTING = 4;
/** (003) and a of all layered oxides that are known, angstrom. */
const LAYERED_003_A = { longest: 4.87, shortest: 4.4 } as const;
const LAYERED_A_A = { longest: 2.885, shortest: 2.8 } as const;
/** Width that grains add, share of a spacing, roughly: it only guides the search. */
const GRAIN_SHARE = 0.0012;
const DEG = Math.PI / 180;

interface LayeredLines {
  readonly cA: number;
  /** By (101), which is on every detector; null where it is too weak. */
  readonly aA: number | null;
  readonly overError: number;
}

export function createFrameChecker(tables: LatticeTables): FrameChecker {
  function wide(spacingA: number, wavelengthA: number): number {
    const twoThetaDeg = braggDeg(spacingA, wavelengthA);
    const grains = (GRAIN_SHARE * Math.tan((twoThetaDeg * DEG) / 2) * 2) / DEG;
    return Math.hypot(instrumentFwhmDeg(tables.instrument, twoThetaDeg), grains);
  }

  /** Strongest line between two spacings; undefined where there is none. */
  function strongest(pattern: PowderPattern, { longest, shortest }: { longest: number; shortest: number }) {
    const { wavelengthA } = pattern;
    const fit = fitPeak(pattern, {
      fromDeg: braggDeg(longest, wavelengthA),
      toDeg: braggDeg(shortest, wavelengthA),
      fwhmDeg: wide((longest + shortest) / 2, wavelengthA),
    });
    if (fit.kind === "none") return undefined;
    const { centreDeg, area, areaError } = fit.peak;
    return { spacingA: spacingAt(centreDeg, wavelengthA), overError: area / areaError };
  }

  function layeredIn(pattern: PowderPattern): LayeredLines | undefined {
    const basal = strongest(pattern, LAYERED_003_A);
    if (basal === undefined || !(basal.overError >= SEEN)) return undefined;
    const cA = 3 * basal.spacingA;
    const spacing101 = (aA: number): number => 1 / Math.sqrt(4 / (3 * aA * aA) + 1 / (cA * cA));
    const inPlane = strongest(pattern, {
      longest: spacing101(LAYERED_A_A.longest),
      shortest: spacing101(LAYERED_A_A.shortest),
    });
    const aA =
      inPlane === undefined || !(inPlane.overError >= SEEN)
        ? null
        : Math.sqrt(4 / 3 / (1 / (inPlane.spacingA * inPlane.spacingA) - 1 / (cA * cA)));
    return { cA, aA, overError: basal.overError };
  }

  function casingOf(pattern: PowderPattern): number {
    const { wavelengthA } = pattern;
    const shares = CASING_LINES_A.map((spacingA) => {
      const fit = fitArea(pattern, braggDeg(spacingA, wavelengthA), wide(spacingA, wavelengthA));
      return fit === undefined ? 0 : fit.area / fit.areaError;
    });
    return Math.max(0, ...shares);
  }

  /** How badly a layered positive fits the table of a chemistry, at the lithium content that fits it best. */
  function misfitOf(chemistry: ChemistryId, seen: LayeredLines, around: ExpectedLithium | null): number {
    const rule = tables.rules[chemistry];
    if (rule.kind !== "layered") return Infinity;
    const lattices = [rule.main, ...(rule.collapsed === null ? [] : [rule.collapsed.lattice])];
    let least = Infinity;
    for (const lattice of lattices) {
      const first = lattice.lithium[0] ?? 0;
      const last = lattice.lithium[lattice.lithium.length - 1] ?? 1;
      for (let step = 0; step <= 200; step += 1) {
        const lithium = first + ((last - first) * step) / 200;
        const offC = (seen.cA - latticeAt(lattice, "cA", lithium)) / TABLE_ERROR.cA;
        const offA = seen.aA === null ? 0 : (seen.aA - latticeAt(lattice, "aA", lithium)) / TABLE_ERROR.aA;
        const offLithium = around === null ? 0 : (lithium - around.lithium) / around.error;
        least = Math.min(least, offC * offC + offA * offA + offLithium * offLithium);
      }
    }
    return least;
  }

  function strangerIn(
    { chemistry, lithium }: FrameExpectation,
    layered: LayeredLines | undefined,
    olivine: number,
  ): string | undefined {
    if (tables.rules[chemistry].kind !== "layered") {
      return olivine < SEEN && layered !== undefined && layered.overError >= STRANGER_SEEN
        ? `a line of a layered oxide at c ${layered.cA.toFixed(3)} A and none of ${chemistry}`
        : undefined;
    }
    if (layered === undefined)
      return olivine >= STRANGER_SEEN ? `lines of an olivine and none of ${chemistry}` : undefined;
    const own = misfitOf(chemistry, layered, lithium);
    if (!(own > STRANGE)) return undefined;
    const others = CHEMISTRY_IDS.filter((other) => other !== chemistry && misfitOf(other, layered, null) < FITTING);
    const lattice = `c ${layered.cA.toFixed(3)} A${layered.aA === null ? "" : `, a ${layered.aA.toFixed(3)} A`}`;
    return others.length === 0 ? undefined : `${lattice}, as in ${others.join(" or ")}, not as in ${chemistry}`;
  }

  return {
    check(pattern, expected) {
      const { chemistry, saturationCounts, photons } = expected;
      let sum = 0;
      let most = 0;
      let full = 0;
      for (let point = 0; point < pattern.counts.length; point += 1) {
        const here = pattern.counts[point] ?? 0;
        sum += here;
        most = Math.max(most, here);
        if (saturationCounts !== null && here >= saturationCounts) full += 1;
      }
      const [counts, mostInOneBin] = [Math.round(sum), Math.round(most)];
      const isLayered = tables.rules[chemistry].kind === "layered";
      const casing = casingOf(pattern);
      const negative = strongest(pattern, NEGATIVE_A)?.overError ?? 0;
      const olivine = strongest(pattern, OLIVINE_A)?.overError ?? 0;
      const layered = layeredIn(pattern);
      const positive = isLayered ? (layered?.overError ?? 0) : olivine;
      const figures = { counts, mostInOneBin, casing, negative, positive };
      const found = (finding: FrameCheck["finding"], what: string): FrameCheck => ({ finding, what, ...figures });
      const { saturatedPixels } = pattern;
      if (saturatedPixels !== undefined && saturatedPixels > 0) {
        return found("saturated", `${saturatedPixels} pixels no longer counted, by the word of what integrated them`);
      }
      // A bin adds up many pixels: where these are known, it says nothing.
      if (saturatedPixels === undefined && full > 0) {
        return found(
          "saturated",
          `${full} bins hold ${saturationCounts ?? mostInOneBin} counts or more, where the detector no longer counts`,
        );
      }
      const electrodes = Math.max(negative, olivine, layered?.overError ?? 0);
      if (casing < SEEN && electrodes < SEEN) {
        const isLit = photons === null ? counts >= ENOUGH.counts : photons >= ENOUGH.photons;
        if (!isLit) return found("too-weak", `${counts} counts in all, no line stands out`);
        return found("beam-missed", `no line of casing, collectors or electrodes in ${counts} counts`);
      }
      if (electrodes < SEEN) {
        return casing >= CASING_STRONG
          ? found("casing-only", `casing stands out by ${casing.toFixed(0)} errors and no electrode by ${SEEN}`)
          : found("too-weak", `no electrode's line stands out by ${SEEN} errors, ${counts} counts in all`);
      }
      const stranger = strangerIn(expected, layered, olivine);
      if (stranger !== undefined) return found("wrong-sample", stranger);
      if (positive < SEEN && isLayered && negative >= SEEN) {
        return found("wrong-sample", `the negative is seen and (003) of ${chemistry}, a stronger line, is not`);
      }
      return positive < SEEN
        ? found("too-weak", `the positive's line stands out by ${positive.toFixed(1)} errors, ${SEEN} are needed`)
        : found("good", "");
    },
  };
}
