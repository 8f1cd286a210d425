/**
 * Highest sum of equal top hats laid over each other, exact. Only overlaps with an area count: spots that touch along
 * an edge are not added. Lengths are in full widths of each axis, so that a rectangle is a unit square and an ellipse
 * a circle of unit diameter.
 */

export interface TophatSpot {
  readonly x: number;
  readonly y: number;
  /** Above zero. */
  readonly weight: number;
}

export interface Overlap {
  /** A place inside the overlap, or on its rim. */
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/** Overlaps thinner than this share of the width are none. */
const EDGE = 1e-9;

/**
 * Squares of side 1. Somewhere at the lower left corner of the highest overlap a left and a lower edge meet, so it is
 * enough to look just right of each left edge and just above each lower edge.
 */
export function squareOverlap(spots: readonly TophatSpot[]): Overlap | undefined {
  const byX = [...spots].sort((a, b) => a.x - b.x);
  let best: { readonly value: number; readonly members: readonly TophatSpot[] } | undefined;
  for (const left of byX) {
    const column = byX.filter((spot) => covers(left.x, spot.x));
    for (const members of windows(column.sort((a, b) => a.y - b.y))) {
      const value = total(members);
      if (best === undefined || value > best.value) best = { value, members };
    }
  }
  if (best === undefined) return undefined;
  const { members, value } = best;
  return { x: middle(members.map((spot) => spot.x)), y: middle(members.map((spot) => spot.y)), value };
}

/** Largest sets of a column's spots (lowest first) that share the place just above the lower edge of one of them. */
function* windows(column: readonly TophatSpot[]): Generator<readonly TophatSpot[]> {
  let start = 0;
  let end = 0;
  for (const [index, lower] of column.entries()) {
    while (start < index && !covers(lower.y, column[start]?.y ?? lower.y)) start += 1;
    const endBefore = end;
    end = Math.max(end, index + 1);
    for (let next = column[end]; next !== undefined && covers(lower.y, next.y); next = column[end]) end += 1;
    // without a new spot at its upper end this window is part of the one before
    if (end > endBefore) yield column.slice(start, end);
  }
}

/** Does the side centred at `other` cover the place just above the lower end of the side centred at `at`? */
function covers(at: number, other: number): boolean {
  return other > at - 1 + EDGE && other <= at + EDGE;
}

function middle(centres: readonly number[]): number {
  return (Math.min(...centres) + Math.max(...centres)) / 2;
}

function total(spots: readonly TophatSpot[]): number {
  return spots.reduce((sum, spot) => sum + spot.weight, 0);
}

interface Arc {
  /** Direction from the circle's centre to the spot that covers the arc. */
  readonly towards: number;
  readonly halfAngle: number;
  readonly weight: number;
}

/**
 * Circles of diameter 1. The rim of the highest overlap is made of arcs of circles that all contain it, so it is
 * enough to go round each circle, just inside, and to see which others cover which arc.
 */
export function circleOverlap(spots: readonly TophatSpot[]): Overlap | undefined {
  let best: Overlap | undefined;
  for (const circle of spots) {
    let whole = circle.weight;
    const arcs: Arc[] = [];
    for (const other of spots) {
      if (other === circle) continue;
      const distance = Math.hypot(other.x - circle.x, other.y - circle.y);
      if (distance < EDGE) {
        whole += other.weight;
        continue;
      }
      if (distance > 1 - EDGE) continue;
      const halfAngle = Math.acos(distance) - EDGE;
      if (halfAngle <= 0) continue;
      arcs.push({ towards: Math.atan2(other.y - circle.y, other.x - circle.x), halfAngle, weight: other.weight });
    }
    const { angle, value } = highestArc(arcs);
    const sum = whole + value;
    if (best !== undefined && sum <= best.value) continue;
    const reach = arcs.length === 0 ? 0 : 0.5;
    best = { x: circle.x + reach * Math.cos(angle), y: circle.y + reach * Math.sin(angle), value: sum };
  }
  return best;
}

/** Arcs overlap most just after one of them begins. */
function highestArc(arcs: readonly Arc[]): { readonly angle: number; readonly value: number } {
  const events = arcs
    .flatMap(({ towards, halfAngle, weight }) => [
      { angle: turned(towards - halfAngle), weight },
      { angle: turned(towards + halfAngle), weight: -weight },
    ])
    .sort((a, b) => a.angle - b.angle || a.weight - b.weight);
  let running = 0;
  for (const arc of arcs) if (isOnArc(arc, 0)) running += arc.weight;
  let highest = { angle: 0, value: running };
  for (const { angle, weight } of events) {
    running += weight;
    if (running > highest.value) highest = { angle, value: running };
  }
  // summed afresh, since a running sum keeps the rounding of what it dropped
  const next = events.find((event) => event.angle > highest.angle)?.angle ?? 2 * Math.PI;
  const angle = (highest.angle + next) / 2;
  let value = 0;
  for (const arc of arcs) if (isOnArc(arc, angle)) value += arc.weight;
  return { angle, value };
}

function isOnArc(arc: Arc, angle: number): boolean {
  const apart = turned(angle - arc.towards);
  return Math.min(apart, 2 * Math.PI - apart) < arc.halfAngle;
}

/** The angle between 0 and a full turn. */
function turned(angle: number): number {
  const turn = 2 * Math.PI;
  const rest = angle % turn;
  return rest < 0 ? rest + turn : rest;
}
