/** The middle of something that lies across the beam, by its four edges: along x, then along y through that middle. */
import { middleBetween } from "../../protocols/align/between-edges.ts";
import type { EdgeEstimate } from "../../protocols/align/edge-fit.ts";
import type { EdgeShape } from "../../protocols/align/edge-response.ts";
import { estimated, notEstimated, type Estimate } from "../../protocols/align/estimate.ts";
import type { PlaneMm } from "../../protocols/align/placement.ts";
import { findEdge } from "./find-edge.ts";
import { lineThrough, type Probe } from "./probe.ts";

export interface BeamAcross {
  readonly shape: Readonly<Record<"x" | "y", EdgeShape>>;
  /** Full widths; left out where they are to be found. */
  readonly widthMm?: Readonly<Record<"x" | "y", number>>;
}

export interface MiddleSearch {
  /** Stage coordinates where it is expected. */
  readonly about: PlaneMm;
  /** From edge to edge. */
  readonly acrossMm: number;
  readonly toleranceMm: number;
  /** How far an edge may be from where it is expected, and the beam's own reach beyond that. */
  readonly spanMm: number;
  /** What the signal is within. */
  readonly inside: "brighter" | "darker";
  readonly form: "square" | "disc";
  /** The stage goes from 0 to here. */
  readonly travel: PlaneMm;
}

export interface FoundMiddle {
  readonly at: PlaneMm;
  /** The larger of both coordinates' standard uncertainties. */
  readonly sigmaMm: number;
  /** Mean of what was seen from edge to edge. */
  readonly acrossMm: number;
  /** Low and high edge along either axis; one of them where the stage does not reach the other. */
  readonly edges: Readonly<Record<"x" | "y", readonly EdgeEstimate[]>>;
}

/** Where only one edge is in reach and the other axis tells no size: how well things keep to theirs (chosen). */
const MADE_SIGMA_MM = 0.03;

/** Where an edge lies beyond the stage's travel, its opposite and the size seen along the other axis stand for it. */
export async function findMiddle(probe: Probe, beam: BeamAcross, search: MiddleSearch): Promise<Estimate<FoundMiddle>> {
  const { about } = search;
  // The axis whose edges are both in reach goes first: what it tells of the size the other one may need.
  const [first, second] = sidesInReach(search, "x").length === 2 ? (["x", "y"] as const) : (["y", "x"] as const);
  const other = await along(probe, beam, search, first, middleOf(about, second), null);
  if (!other.ok) return other;
  const size = other.value.edges.length === 2 ? other.value : null;
  const found = await along(probe, beam, search, second, other.value.atMm, size);
  if (!found.ok) return found;
  const [a, b] = [other.value, found.value];
  const [x, y] = first === "x" ? [a, b] : [b, a];
  return estimated({
    at: { xMm: x.atMm, yMm: y.atMm },
    sigmaMm: Math.max(x.sigmaMm, y.sigmaMm),
    acrossMm: (x.acrossMm + y.acrossMm) / 2,
    edges: { x: x.edges, y: y.edges },
  });
}

function middleOf(place: PlaneMm, axis: "x" | "y"): number {
  return axis === "x" ? place.xMm : place.yMm;
}

function sidesInReach({ about, acrossMm, spanMm, travel }: MiddleSearch, axis: "x" | "y"): readonly (-1 | 1)[] {
  const middle = middleOf(about, axis);
  const farMm = acrossMm / 2 + spanMm;
  return ([-1, 1] as const).filter((side) => {
    const at = middle + side * farMm;
    return at >= 0 && at <= middleOf(travel, axis);
  });
}

interface Along {
  readonly atMm: number;
  readonly sigmaMm: number;
  readonly acrossMm: number;
  readonly edges: readonly EdgeEstimate[];
}

/** `size`: what the other axis came to, crossed beside its middle by as much as this one's middle is off `about`. */
async function along(
  probe: Probe,
  beam: BeamAcross,
  search: MiddleSearch,
  axis: "x" | "y",
  otherMm: number,
  size: Along | null,
): Promise<Estimate<Along>> {
  const { acrossMm, spanMm, inside, toleranceMm } = search;
  const line = lineThrough(probe, axis, otherMm);
  const aboutMm = middleOf(search.about, axis);
  const sides = sidesInReach(search, axis);
  const edges: EdgeEstimate[] = [];
  for (const side of sides) {
    const edge = await findEdge(line, {
      nearMm: aboutMm + side * (acrossMm / 2 - spanMm),
      farMm: aboutMm + side * (acrossMm / 2 + spanMm),
      goes: inside === "brighter" ? "down" : "up",
      shape: beam.shape[axis],
      ...(beam.widthMm === undefined ? {} : { widthMm: beam.widthMm[axis] }),
    });
    if (!edge.ok) return edge;
    edges.push(edge.value);
  }
  const [low, high] = edges;
  if (low === undefined) return notEstimated("no-edge", `neither edge along ${axis} is within the stage's travel`);
  if (high !== undefined) {
    const middle = middleBetween(low, high, acrossMm, toleranceMm);
    return middle.ok ? estimated({ ...middle.value, edges }) : middle;
  }
  const seenMm = size?.acrossMm ?? acrossMm;
  const sigmaMm = Math.hypot(low.atSigmaMm, size?.sigmaMm ?? MADE_SIGMA_MM);
  const middleWith = (halfMm: number): number => low.atMm - (sides[0] ?? 1) * halfMm;
  let atMm = middleWith(seenMm / 2);
  if (search.form === "disc" && size !== null) {
    for (let count = 0; count < 3; count += 1) atMm = middleWith(Math.hypot(seenMm / 2, atMm - aboutMm));
  }
  return estimated({ atMm, sigmaMm, acrossMm: seenMm, edges });
}
