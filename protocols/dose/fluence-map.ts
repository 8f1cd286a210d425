/**
 * Fluence that exposures left on a cell, kept as the list of exposures and evaluated exactly: at a place, and at the
 * hottest place of the plane. All exposures of one map share beam shape and energy, so any layer's dose is the map
 * times a constant.
 */
import { Fault } from "../base/fault.ts";
import { FWHM_PER_SIGMA, relativeFluence, type BeamProfile } from "./beam-profile.ts";
import { EDGE, gaussianPeak, type Region } from "./gaussian-peak.ts";
import { circleOverlap, squareOverlap } from "./tophat-overlap.ts";

/** One exposure: where its centre fell, and its fluence there. */
export interface FluenceSpot {
  readonly xMm: number;
  readonly yMm: number;
  readonly fluencePhCm2: number;
}

export interface HottestPlace {
  readonly xMm: number;
  readonly yMm: number;
  readonly fluencePhCm2: number;
}

export interface FluenceMap {
  /** Throws Fault `dose.unknown` when a number is missing, not finite, or a fluence below zero. */
  add(spot: FluenceSpot): void;
  /** Fluence at a place; the edge of a slit or top hat counts as lit. */
  at(xMm: number, yMm: number): number;
  /**
   * Would the fluence anywhere pass `limitPhCm2` with this spot added? The map without it is taken to keep the limit.
   * True also when that cannot be ruled out: a number that is not one, or a search cut short.
   */
  wouldPass(spot: FluenceSpot, limitPhCm2: number): boolean;
  /**
   * The hottest place of the plane, to 3e-6 of its fluence; undefined while nothing was given. Lines without width, as
   * between spots that touch, are no place.
   */
  hottest(): HottestPlace | undefined;
}

export function createFluenceMap(beam: BeamProfile): FluenceMap {
  const space = spaceOf(beam);
  /** By place, so that repeated exposures of one spot cost nothing. */
  const spots = new Map<string, MapSpot>();

  const merged = (added: MapSpot): readonly MapSpot[] => {
    const key = placeKey(added);
    const rest = [...spots.entries()].filter(([other]) => other !== key).map(([, spot]) => spot);
    const weight = added.weight + (spots.get(key)?.weight ?? 0);
    return [...rest, { ...added, weight }];
  };
  const scaled = (spot: FluenceSpot): MapSpot => ({
    x: spot.xMm / space.unitXMm,
    y: spot.yMm / space.unitYMm,
    xMm: spot.xMm,
    yMm: spot.yMm,
    weight: spot.fluencePhCm2,
    insideSum: 0,
  });
  /** Fluence of `spot` at the centre of `other`, zero on its own edge. */
  const inside = (spot: MapSpot, other: MapSpot): number => {
    const dxMm = other.xMm - spot.xMm;
    const dyMm = other.yMm - spot.yMm;
    if (relativeFluence(beam, dxMm * (1 + 4 * EDGE), dyMm * (1 + 4 * EDGE)) === 0) return 0;
    return spot.weight * relativeFluence(beam, dxMm, dyMm);
  };

  return {
    add(spot) {
      if (!isSpot(spot)) throw new Fault("dose.unknown", "fluence map", `not an exposure: ${JSON.stringify(spot)}`);
      if (spot.fluencePhCm2 === 0) return;
      const added = scaled(spot);
      const key = placeKey(added);
      let insideSum = spots.get(key)?.insideSum ?? 0;
      if (!spots.has(key)) for (const other of spots.values()) insideSum += inside(other, added);
      for (const [otherKey, other] of spots) {
        if (otherKey !== key) spots.set(otherKey, { ...other, insideSum: other.insideSum + inside(added, other) });
      }
      const weight = added.weight + (spots.get(key)?.weight ?? 0);
      spots.set(key, { ...added, weight, insideSum: insideSum + added.weight });
    },
    at(xMm, yMm) {
      let sum = 0;
      for (const spot of spots.values()) sum += spot.weight * relativeFluence(beam, xMm - spot.xMm, yMm - spot.yMm);
      return sum;
    },
    wouldPass(spot, limitPhCm2) {
      if (!isSpot(spot) || Number.isNaN(limitPhCm2)) return true;
      if (spot.fluencePhCm2 === 0) return false;
      const added = scaled(spot);
      let here = added.weight;
      let sum = added.weight;
      for (const other of spots.values()) {
        here += inside(other, added);
        sum += other.weight;
        if (!(other.insideSum + inside(added, other) <= limitPhCm2)) return true;
      }
      if (!(here <= limitPhCm2)) return true;
      if (sum <= limitPhCm2) return false;
      return space.passesNear(merged(added), added, limitPhCm2);
    },
    hottest() {
      let start: MapSpot | undefined;
      for (const spot of spots.values()) if (start === undefined || spot.insideSum > start.insideSum) start = spot;
      if (start === undefined) return undefined;
      const place = space.hottest([...spots.values()], start);
      return { xMm: place.x * space.unitXMm, yMm: place.y * space.unitYMm, fluencePhCm2: place.value };
    },
  };
}

interface MapSpot {
  /** In units of the beam's own size. */
  readonly x: number;
  readonly y: number;
  readonly xMm: number;
  readonly yMm: number;
  readonly weight: number;
  /** Fluence of the whole map at this spot's centre, without beams whose edge runs through it. */
  readonly insideSum: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/** Searches in units in which the beam is round or square. */
interface Space {
  readonly unitXMm: number;
  readonly unitYMm: number;
  /** The highest place, given the highest of the centres. */
  hottest(spots: readonly MapSpot[], start: MapSpot): Place;
  /** Is any place within reach of one of the spots higher than the limit? */
  passesNear(spots: readonly MapSpot[], near: MapSpot, limit: number): boolean;
}

const ROUNDING = 1e-12;
/** Beyond this many sigma a Gaussian adds less than 2e-11 of its peak. */
const GAUSSIAN_REACH = 7;
const BEYOND_REACH = Math.exp(-(GAUSSIAN_REACH ** 2) / 2);

function spaceOf(beam: BeamProfile): Space {
  if (beam.profile !== "gaussian") {
    const overlap = beam.profile === "tophat_rect" ? squareOverlap : circleOverlap;
    return {
      unitXMm: beam.widthMm,
      unitYMm: beam.heightMm,
      hottest(spots, start) {
        const place = overlap(spots);
        // a lone spot is hottest all over; its centre says more than its rim
        return place !== undefined && place.value > start.insideSum * (1 + ROUNDING)
          ? place
          : { x: start.x, y: start.y, value: start.insideSum };
      },
      passesNear(spots, near, limit) {
        const touching = spots.filter((spot) => Math.abs(spot.x - near.x) < 1 && Math.abs(spot.y - near.y) < 1);
        const place = overlap(touching);
        return place !== undefined && !(place.value <= limit);
      },
    };
  }
  const unitXMm = beam.fwhmXMm / FWHM_PER_SIGMA;
  const unitYMm = beam.fwhmYMm / FWHM_PER_SIGMA;
  const halfX = (beam.slitXMm ?? Infinity) / 2 / unitXMm;
  const halfY = (beam.slitYMm ?? Infinity) / 2 / unitYMm;
  return {
    unitXMm,
    unitYMm,
    hottest(spots, start) {
      const found = gaussianPeak({ spots, halfX, halfY, region: extent(spots), start, threshold: undefined });
      return found.value > start.insideSum ? found : { x: start.x, y: start.y, value: start.insideSum };
    },
    passesNear(spots, near, limit) {
      const all = extent(spots);
      const reachX = Math.min(GAUSSIAN_REACH, halfX);
      const reachY = Math.min(GAUSSIAN_REACH, halfY);
      const region = {
        xMin: Math.max(all.xMin, near.x - reachX),
        xMax: Math.min(all.xMax, near.x + reachX),
        yMin: Math.max(all.yMin, near.y - reachY),
        yMax: Math.min(all.yMax, near.y + reachY),
      };
      // Those beyond reach of the whole region add next to nothing to it: that much is taken off the limit.
      const close = spots.filter(
        ({ x, y }) =>
          x >= region.xMin - reachX &&
          x <= region.xMax + reachX &&
          y >= region.yMin - reachY &&
          y <= region.yMax + reachY,
      );
      let farSum = 0;
      for (const spot of spots) farSum += spot.weight;
      for (const spot of close) farSum -= spot.weight;
      const threshold = limit - Math.max(0, farSum) * BEYOND_REACH;
      const found = gaussianPeak({ spots: close, halfX, halfY, region, start: near, threshold });
      if (found.proven && found.value <= threshold) return false;
      // Close to the limit every spot counts.
      const exact = gaussianPeak({ spots, halfX, halfY, region, start: near, threshold: limit });
      return !exact.proven || !(exact.value <= limit);
    },
  };
}

/** The hottest place lies among the centres: from outside, a step towards them brings every spot nearer. */
function extent(spots: readonly MapSpot[]): Region {
  const region = { xMin: Infinity, xMax: -Infinity, yMin: Infinity, yMax: -Infinity };
  for (const { x, y } of spots) {
    region.xMin = Math.min(region.xMin, x);
    region.xMax = Math.max(region.xMax, x);
    region.yMin = Math.min(region.yMin, y);
    region.yMax = Math.max(region.yMax, y);
  }
  return region;
}

function isSpot(spot: FluenceSpot): boolean {
  return (
    Number.isFinite(spot.xMm) &&
    Number.isFinite(spot.yMm) &&
    Number.isFinite(spot.fluencePhCm2) &&
    spot.fluencePhCm2 >= 0
  );
}

function placeKey(spot: { readonly xMm: number; readonly yMm: number }): string {
  // adding zero makes -0 and 0 one place
  return `${spot.xMm + 0} ${spot.yMm + 0}`;
}
