/**
 * Highest point of a sum of equal Gaussians, each cut at its own slit edges: branch and bound over the plane, so that
 * no peak between the spots is missed. Lengths are in sigma of each axis, which makes the Gaussians round.
 *
 * Boxes are cut at slit edges first; a box without edges inside has the same spots everywhere, and its closed maximum
 * is what its bound is about. A strip thinner than EDGE of a slit is no place: spots whose edges
 * coincide do not add up there.
 */
import { createTaylorSum } from "./gaussian-taylor.ts";

export interface GaussianSpot {
  readonly x: number;
  readonly y: number;
  /** Value at the spot's own centre, above zero. */
  readonly weight: number;
}

export interface Region {
  readonly xMin: number;
  readonly xMax: number;
  readonly yMin: number;
  readonly yMax: number;
}

export interface PeakSearch {
  readonly spots: readonly GaussianSpot[];
  /** Half of the slit along each axis; Infinity without one. */
  readonly halfX: number;
  readonly halfY: number;
  readonly region: Region;
  /** Where to begin: a place that is high already. */
  readonly start: { readonly x: number; readonly y: number };
  /** With a threshold, only whether any place is above it matters: the search ends at the first, and skips lower ones. */
  readonly threshold: number | undefined;
}

export interface PeakFound {
  readonly x: number;
  readonly y: number;
  readonly value: number;
  /** False when the search was cut short: a higher place may exist. */
  readonly proven: boolean;
}

/** Edges closer than this, as a share of the slit, are one edge. */
export const EDGE = 1e-9;
/** The highest place may be higher than the one found by this share. */
const TOLERANCE = 3e-6;
/** Spots that add less than this share of the value to beat in a box are bounded together. */
const NEGLIGIBLE = 1e-8;
const CLIMB_ROUNDS = 40;
/** Work is counted in spots looked at; this is some seconds. */
const WORK_MAX = 3e7;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  readonly spots: readonly GaussianSpot[];
  /** Bound on what the spots no longer listed add. */
  readonly rest: number;
}

export function gaussianPeak(search: PeakSearch): PeakFound {
  const { region, start, threshold } = search;
  const lit = search.spots.filter((spot) => isLit(spot, start.x, start.y, search));
  let best: Place = { ...start, value: sumAt(lit, start.x, start.y), spots: lit };
  let work = 0;
  const boxes: Box[] = [
    {
      x: (region.xMin + region.xMax) / 2,
      y: (region.yMin + region.yMax) / 2,
      halfWidth: (region.xMax - region.xMin) / 2,
      halfHeight: (region.yMax - region.yMin) / 2,
      spots: search.spots,
      rest: 0,
    },
  ];
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    if (work > WORK_MAX) return found(best, search, false);
    work += box.spots.length;
    const toBeat = Math.max(best.value, threshold ?? 0);
    const seen = look(box, search, toBeat);
    if (seen.place.value > best.value) best = seen.place;
    if (threshold !== undefined && best.value > threshold) break;
    if (seen.bound > Math.max(best.value, toBeat) * (1 + TOLERANCE)) boxes.push(...halves(box, seen));
  }
  return found(best, search, true);
}

/** A place and the spots that light it: on a slit edge, those of one side. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly value: number;
  readonly spots: readonly GaussianSpot[];
}

/** Climbs from a place near the top to the top itself, along each axis in turn, within the slits that hold there. */
function found(from: Place, search: PeakSearch, proven: boolean): PeakFound {
  const { spots } = from;
  let { x, y, value } = from;
  for (let round = 0; round < CLIMB_ROUNDS; round += 1) {
    const nextX = stepped(
      spots.map((spot) => spot.x),
      x,
      search.halfX,
      weightsAt(spots, x, y),
    );
    const nextY = stepped(
      spots.map((spot) => spot.y),
      y,
      search.halfY,
      weightsAt(spots, nextX, y),
    );
    const higher = sumAt(spots, nextX, nextY);
    if (!(higher > value)) break;
    [x, y, value] = [nextX, nextY, higher];
  }
  return { x, y, value, proven };
}

/** One Newton step along an axis, kept inside every slit. */
function stepped(centres: readonly number[], at: number, half: number, weights: readonly number[]): number {
  let slope = 0;
  let curve = 0;
  for (const [index, weight] of weights.entries()) {
    const d = at - (centres[index] ?? at);
    slope -= d * weight;
    curve += (d * d - 1) * weight;
  }
  if (!(curve < 0)) return at;
  const low = Math.max(...centres) - half;
  const high = Math.min(...centres) + half;
  return low <= high ? Math.min(high, Math.max(low, at - slope / curve)) : at;
}

function weightsAt(spots: readonly GaussianSpot[], x: number, y: number): readonly number[] {
  return spots.map((spot) => spot.weight * Math.exp(-((x - spot.x) ** 2 + (y - spot.y) ** 2) / 2));
}

function sumAt(spots: readonly GaussianSpot[], x: number, y: number): number {
  let sum = 0;
  for (const spot of spots) sum += spot.weight * Math.exp(-((x - spot.x) ** 2 + (y - spot.y) ** 2) / 2);
  return sum;
}

function isLit(spot: GaussianSpot, x: number, y: number, slits: { readonly halfX: number; readonly halfY: number }) {
  return (
    Math.abs(x - spot.x) < slits.halfX - edgeMargin(slits.halfX) &&
    Math.abs(y - spot.y) < slits.halfY - edgeMargin(slits.halfY)
  );
}

interface Look {
  /** The best place tried in the box. */
  readonly place: Place;
  /** No place in the box is higher. */
  readonly bound: number;
  readonly spots: readonly GaussianSpot[];
  readonly rest: number;
  /** Slit edges nearest to the middle of the box, if any cross it. */
  readonly edgeX: number | undefined;
  readonly edgeY: number | undefined;
}

function look(box: Box, search: PeakSearch, toBeat: number): Look {
  const { x, y, halfWidth, halfHeight } = box;
  const marginX = edgeMargin(search.halfX);
  const marginY = edgeMargin(search.halfY);
  const negligible = (NEGLIGIBLE * toBeat) / search.spots.length;
  const spots: GaussianSpot[] = [];
  const taylor = createTaylorSum();
  let rest = box.rest;
  let coarse = 0;
  let edgeX: number | undefined;
  let edgeY: number | undefined;
  for (const spot of box.spots) {
    const dx = x - spot.x;
    const dy = y - spot.y;
    const pastX = Math.abs(dx) - halfWidth;
    const pastY = Math.abs(dy) - halfHeight;
    if (pastX >= search.halfX - marginX || pastY >= search.halfY - marginY) continue;
    const nearest2 = Math.max(0, pastX) ** 2 + Math.max(0, pastY) ** 2;
    const most = spot.weight * Math.exp(-nearest2 / 2);
    if (most <= negligible) {
      rest += most;
      continue;
    }
    spots.push(spot);
    coarse += most;
    taylor.add(spot.weight, dx, dy, Math.sqrt(nearest2));
    edgeX = nearestEdge(edgeX, x, halfWidth - marginX, spot.x, search.halfX);
    edgeY = nearestEdge(edgeY, y, halfHeight - marginY, spot.y, search.halfY);
  }
  const { bound, atX, atY } = taylor.bound(halfWidth, halfHeight);
  let place: Place;
  if (edgeX === undefined && edgeY === undefined) {
    const middle = { x, y, value: taylor.value(), spots };
    const top = { x: x + atX, y: y + atY };
    const value = sumAt(spots, top.x, top.y);
    place = value > middle.value ? { ...top, value, spots } : middle;
  } else {
    const lit = spots.filter((spot) => isLit(spot, x, y, search));
    place = { x, y, value: sumAt(lit, x, y), spots: lit };
  }
  return { place, bound: (bound < coarse ? bound : coarse) + rest, spots, rest, edgeX, edgeY };
}

/** Two boxes that make up this one: cut at a slit edge while there is one, else across the longer side. */
function halves(box: Box, seen: Look): readonly Box[] {
  const { spots, rest, edgeX, edgeY } = seen;
  const { x, y, halfWidth, halfHeight } = box;
  const preferX = edgeX === undefined && edgeY === undefined ? halfWidth >= halfHeight : edgeX !== undefined;
  if (preferX) {
    const cut = edgeX ?? x;
    return split(x, halfWidth, cut).map((part) => ({ x: part.at, y, halfWidth: part.half, halfHeight, spots, rest }));
  }
  const cut = edgeY ?? y;
  return split(y, halfHeight, cut).map((part) => ({ x, y: part.at, halfWidth, halfHeight: part.half, spots, rest }));
}

function split(at: number, half: number, cut: number): readonly { readonly at: number; readonly half: number }[] {
  const low = at - half;
  const high = at + half;
  // a box as thin as the spacing of numbers has been looked at from corner to corner
  if (!(cut > low && cut < high)) return [];
  return [
    { at: (low + cut) / 2, half: (cut - low) / 2 },
    { at: (cut + high) / 2, half: (high - cut) / 2 },
  ];
}

function edgeMargin(half: number): number {
  return Number.isFinite(half) ? 2 * half * EDGE : 0;
}

/** Of the edge known so far and the two of one spot, that inside the box and nearest to its middle. */
function nearestEdge(
  known: number | undefined,
  middle: number,
  reach: number,
  spotAt: number,
  half: number,
): number | undefined {
  if (!Number.isFinite(half)) return undefined;
  let nearest = known;
  for (const edge of [spotAt - half, spotAt + half]) {
    if (Math.abs(edge - middle) >= reach) continue;
    if (nearest === undefined || Math.abs(edge - middle) < Math.abs(nearest - middle)) nearest = edge;
  }
  return nearest;
}
