/**
 * Powder patterns of the rack's cells as an azimuthally averaged, photon-counting detector gives them.
 *
 * `pattern(state, exposure)` is one frame of one cell: lines of the phases that its electrodes hold at this moment
 * (`phase-rules.ts`), over the rings of its casing and collectors and the scatter of everything else, scaled with
 * the photons that arrived and the cell's own transmission, then counted: Poisson per bin. The lithium contents
 * handed over are those of the spot in the beam: for a spot that the beam has slowed, the local ones
 * (`simulator/damage`). The whole ring is taken to reach the detector, so counts do not depend on its distance;
 * only parallax does.
 */
import type { Chance } from "../plant/plant.ts";
import { addBackground } from "./background.ts";
import { type CellStack, type CellTexture, stackTransmission } from "./cell-stack.ts";
import type { Caglioti, TwoThetaAxis } from "./line-profile.ts";
import { createPhasePatterns } from "./phase-patterns.ts";
import { createPhaseRules } from "./phase-rules.ts";
import { poisson } from "./poisson.ts";
import { type Structures, wavelengthA } from "./structures.ts";

/** Lithium per site, 0..1, in the part of the cell that is in the beam. */
export interface DiffractingState {
  readonly positiveMean: number;
  readonly positiveSurface: number;
  readonly negativeMean: number;
  /** Current over nominal capacity, 1/h, either sign; spreads the lithium among graphite grains. 0 when left out. */
  readonly rateC?: number;
  /** How fast the positive's mean changes; LiFePO4's phases lag behind it. 0 when left out. */
  readonly positivePerS?: number;
}

export interface FrameExposure {
  readonly exposureS: number;
  /** At the sample position, before filters. */
  readonly fluxPhS: number;
  /** What the filters let through, 0..1; the cell's own attenuation is added here. */
  readonly transmission: number;
  /** The cell: stack and sheet texture. Made once per cell and handed over again, for what does not change is kept. */
  readonly texture: CellTexture;
}

export interface PatternGeometry {
  /** Sample to detector. */
  readonly distanceMm: number;
  /** First and last bin, degrees 2theta. */
  readonly twoThetaDeg: readonly [number, number];
  readonly points: number;
  /** Instrument width, degrees squared. */
  readonly caglioti: Caglioti;
}

export interface PatternSourceDeps {
  readonly structures: Structures;
  /** Within the attenuation table, 15..90 keV. */
  readonly energyKeV: number;
  /** What is left out is taken from `structures.json` (instrument). */
  readonly geometry?: Partial<PatternGeometry>;
  readonly chance: Chance;
}

export interface PatternSource {
  readonly energyKeV: number;
  readonly wavelengthA: number;
  readonly distanceMm: number;
  /** Centres of the bins, degrees. */
  readonly twoThetaDeg: Float64Array;
  /** A frame, counts per bin. Throws RangeError for a state or an exposure that cannot be. */
  pattern(state: DiffractingState, exposure: FrameExposure): Int32Array;
  /** Centres of the first bin and between two, and how sharp lines are. */
  readonly axis: TwoThetaAxis;
  readonly caglioti: Caglioti;
  /** The same before counting. The array is the source's own and is overwritten by the next call. */
  expected(state: DiffractingState, exposure: FrameExposure): Float64Array;
}

const DISTANCE_MM = 1200;
/** Where a 32-bit counter stops. */
const COUNTS_MAX = 2 ** 31 - 1;

/** A cell driven past its ends is shown at its ends. */
const BEYOND_ENDS = 0.02;

interface PreparedCell {
  readonly transmission: number;
  /** Counts per bin and photon of all that does not change, before the cell's attenuation. */
  readonly still: Float64Array;
}

export function createPatternSource(deps: PatternSourceDeps): PatternSource {
  const { structures, energyKeV } = deps;
  const { instrument } = structures;
  const range = deps.geometry?.twoThetaDeg ?? instrument.twoTheta_deg;
  const points = deps.geometry?.points ?? instrument.points;
  const axis: TwoThetaAxis = { startDeg: range[0], stepDeg: (range[1] - range[0]) / (points - 1), points };
  if (!(axis.stepDeg > 0) || !(range[0] > 0) || !Number.isFinite(range[1])) {
    throw new RangeError(`no axis of ${points} points from ${range[0]} to ${range[1]} degrees`);
  }
  const lambdaA = wavelengthA(energyKeV);
  const rules = createPhaseRules(structures);
  const caglioti = deps.geometry?.caglioti ?? instrument.caglioti_deg2;
  const distanceMm = deps.geometry?.distanceMm ?? DISTANCE_MM;
  const patterns = createPhasePatterns(structures, {
    axis,
    energyKeV,
    distanceMm,
    caglioti,
  });
  const counting = deps.chance.stream("counts");
  const prepared = new WeakMap<CellTexture, PreparedCell>();
  const sum = new Float64Array(points);

  function prepare(texture: CellTexture): PreparedCell {
    const known = prepared.get(texture);
    if (known !== undefined) return known;
    const still = new Float64Array(points);
    addBackground(still, axis, structures, texture.stack, lambdaA);
    for (const [index, sheet] of texture.stack.metals.entries()) {
      patterns.addMetal(still, sheet, texture.ringFactors[index] ?? []);
    }
    const made = { still, transmission: stackTransmission(structures, texture.stack, energyKeV) };
    prepared.set(texture, made);
    return made;
  }

  function addElectrodes(stack: CellStack, state: DiffractingState, photons: number): void {
    const positive = rules.positive(stack.positiveMaterial, {
      mean: state.positiveMean,
      surface: state.positiveSurface,
      changePerS: state.positivePerS ?? 0,
    });
    for (const { phase, lithium, share } of positive) {
      patterns.add(sum, phase, lithium, stack.positiveZMm, photons * stack.positiveGCm2 * share);
    }
    for (const { phase, lithium, share } of rules.negative(state.negativeMean, state.rateC ?? 0)) {
      patterns.add(sum, phase, lithium, stack.negativeZMm, photons * stack.negativeGCm2 * share);
    }
  }

  function expected(state: DiffractingState, exposure: FrameExposure): Float64Array {
    refuseImpossible(state, exposure);
    const cell = prepare(exposure.texture);
    const photons = exposure.exposureS * exposure.fluxPhS * exposure.transmission * cell.transmission;
    const { still } = cell;
    for (let point = 0; point < points; point += 1) sum[point] = photons * (still[point] ?? 0);
    if (photons > 0) addElectrodes(exposure.texture.stack, state, photons);
    return sum;
  }

  return {
    energyKeV,
    wavelengthA: lambdaA,
    distanceMm,
    ...{ axis, caglioti },
    twoThetaDeg: Float64Array.from({ length: points }, (_, point) => axis.startDeg + point * axis.stepDeg),
    expected,
    pattern(state, exposure) {
      const means = expected(state, exposure);
      const counts = new Int32Array(points);
      for (let point = 0; point < points; point += 1) {
        counts[point] = Math.min(COUNTS_MAX, poisson(counting, means[point] ?? 0));
      }
      return counts;
    },
  };
}

function refuseImpossible(state: DiffractingState, exposure: FrameExposure): void {
  const means = [state.positiveMean, state.negativeMean];
  const isPossible = means.every((lithium) => lithium >= -BEYOND_ENDS && lithium <= 1 + BEYOND_ENDS);
  if (!isPossible || !Number.isFinite(state.positiveSurface)) {
    throw new RangeError(`lithium contents must lie in 0..1, not ${[...means, state.positiveSurface].join(", ")}`);
  }
  const { exposureS, fluxPhS, transmission } = exposure;
  if (!(transmission >= 0 && transmission <= 1)) {
    throw new RangeError(`the transmission must lie in 0..1, not ${transmission}`);
  }
  if (!(exposureS >= 0) || !(fluxPhS >= 0) || !Number.isFinite(exposureS * fluxPhS)) {
    throw new RangeError(`no frame of ${exposureS} s at ${fluxPhS} photons/s`);
  }
  if (!Number.isFinite(state.rateC ?? 0) || !Number.isFinite(state.positivePerS ?? 0)) {
    throw new RangeError("rates must be finite");
  }
}
