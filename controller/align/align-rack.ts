/**
 * Where the rack stands and how large the beam is, from square openings in the rack's plate: the first is searched
 * for, the second along the arc on which a turned rack may have it, the others where the first two have them.
 */
import { estimated, notEstimated, type Estimate } from "../../protocols/align/estimate.ts";
import { edgeShapeOf } from "../../protocols/align/edge-response.ts";
import { placedOnStage, type PlaneMm, type RackGrid } from "../../protocols/align/placement.ts";
import { fitRack, type FoundMark, type RackFit } from "../../protocols/align/rack-fit.ts";
import type { BeamProfile } from "../../protocols/dose/beam-profile.ts";
import type { SiteAlignment, SiteFiducial } from "../../protocols/site/alignment.ts";
import { enclose } from "./find-edge.ts";
import { findMiddle, type BeamAcross, type FoundMiddle } from "./find-middle.ts";
import { lineThrough, type Probe } from "./probe.ts";

export interface BeamSize {
  /** Full widths (at half maximum of a gaussian beam), each with its standard uncertainty. */
  readonly xMm: number;
  readonly yMm: number;
  readonly xSigmaMm: number;
  readonly ySigmaMm: number;
}

export interface RackFound {
  readonly fit: RackFit;
  readonly marks: readonly FoundMark[];
  readonly beam: BeamSize;
  /** Signal of the bare beam. */
  readonly open: number;
}

export interface RackSearch {
  readonly grid: RackGrid;
  readonly alignment: SiteAlignment;
  readonly profile: BeamProfile;
  /** The stage goes from 0 to here. */
  readonly travel: PlaneMm;
}

/** Steps of the search leave this much of an opening's side to spare. */
const TO_SPARE_MM = 2;
/** What of the bare beam's signal counts as the opening: a cell's can lets less through. */
const OPEN_SHARE = 0.8;
const COARSE_MM = 0.4;
const STEP_OUT_MM = 2;
const STEPS_OUT_MAX = 6;
/** Beam and coarse middle: the scan of an edge reaches so far to either side. */
const SPAN_MM = 1.4;
const SIZE_TOLERANCE_MM = 0.1;
/** Neither the search nor the plate's making is better than this. */
const SEARCH_MARGIN_MM = 0.3;

export async function alignRack(probe: Probe, search: RackSearch): Promise<Estimate<RackFound>> {
  const { grid, alignment, profile } = search;
  const [first, ...others] = alignment.fiducials;
  if (first === undefined || others.length === 0) return notEstimated("too-few-points", "two openings are needed");
  const shape = { x: edgeShapeOf(profile, "x"), y: edgeShapeOf(profile, "y") };
  const unknownBeam: BeamAcross = { shape };

  const bright = await brightest(probe, squareAround(nominal(grid, first), alignment.reachMm, first.sideMm));
  const rough = await coarseMiddle(probe, bright.at, bright.signal, first);
  if (!rough.ok) return rough;
  const origin = await middleOf(first, rough.value, unknownBeam);
  if (!origin.ok) return origin;
  const beam = beamSizeOf(origin.value);
  const open = openSignalOf(origin.value);
  const knownBeam: BeamAcross = { ...unknownBeam, widthMm: { x: beam.xMm, y: beam.yMm } };

  const marks: FoundMark[] = [markOf(first, origin.value)];
  for (const fiducial of others) {
    const soFar = fitRack(grid, marks);
    const places = soFar.ok
      ? [placedOnStage(grid, soFar.value.placement, fiducial)]
      : arcOf(origin.value.at, first, fiducial, alignment.rotationMaxDeg);
    const seen = await firstBright(probe, places, OPEN_SHARE * open);
    if (seen === undefined) {
      return notEstimated("no-edge", `the opening ${fiducial.name} was not seen at any of ${places.length} places`);
    }
    const about = soFar.ok ? estimated(seen.at) : await coarseMiddle(probe, seen.at, open, fiducial);
    if (!about.ok) return about;
    const middle = await middleOf(fiducial, about.value, knownBeam);
    if (!middle.ok) return middle;
    marks.push(markOf(fiducial, middle.value));
  }
  const fit = fitRack(grid, marks);
  return fit.ok ? estimated({ fit: fit.value, marks, beam, open }) : fit;

  async function middleOf(
    { name, sideMm }: SiteFiducial,
    about: PlaneMm,
    across: BeamAcross,
  ): Promise<Estimate<FoundMiddle>> {
    const found = await findMiddle(probe, across, {
      ...{ about, acrossMm: sideMm, toleranceMm: SIZE_TOLERANCE_MM, spanMm: SPAN_MM, inside: "brighter" },
      ...{ form: "square", travel: search.travel },
    });
    return found.ok ? found : notEstimated(found.why, `${name}: ${found.what}`);
  }
}

function nominal(grid: RackGrid, fiducial: PlaneMm): PlaneMm {
  return { xMm: grid.originXMm + fiducial.xMm, yMm: grid.originYMm + fiducial.yMm };
}

function markOf({ name, xMm, yMm }: SiteFiducial, { at, sigmaMm }: FoundMiddle): FoundMark {
  return { name, onRack: { xMm, yMm }, found: at, sigmaMm };
}

/** Places of which one lies in the opening, however it is shifted within the reach. */
function squareAround(middle: PlaneMm, reachMm: number, sideMm: number): readonly PlaneMm[] {
  const stepMm = sideMm - TO_SPARE_MM;
  const count = Math.ceil(Math.max(0, reachMm - sideMm / 2 + TO_SPARE_MM / 2) / stepMm);
  const steps = Array.from({ length: 2 * count + 1 }, (_, index) => (index - count) * stepMm);
  return steps.flatMap((yMm) => steps.map((xMm) => ({ xMm: middle.xMm + xMm, yMm: middle.yMm + yMm })));
}

/** Across the way from the first opening: where a rack turned about that one has the other; the middle first. */
function arcOf(origin: PlaneMm, first: PlaneMm, other: SiteFiducial, rotationMaxDeg: number): readonly PlaneMm[] {
  const [dx, dy] = [other.xMm - first.xMm, other.yMm - first.yMm];
  const apartMm = Math.hypot(dx, dy);
  const stepMm = other.sideMm - TO_SPARE_MM;
  const mostMm = apartMm * Math.sin((rotationMaxDeg * Math.PI) / 180) + SEARCH_MARGIN_MM;
  const count = Math.ceil(Math.max(0, mostMm - other.sideMm / 2 + TO_SPARE_MM / 2) / stepMm);
  const steps = Array.from({ length: 2 * count + 1 }, (_, index) => (index - count) * stepMm);
  return steps
    .sort((a, b) => Math.abs(a) - Math.abs(b))
    .map((mm) => {
      const angle = mm / apartMm;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      return { xMm: origin.xMm + cos * dx - sin * dy, yMm: origin.yMm + sin * dx + cos * dy };
    });
}

interface Seen {
  readonly at: PlaneMm;
  readonly signal: number;
}

/** Of all places the one with the largest signal. */
async function brightest(probe: Probe, places: readonly PlaneMm[]): Promise<Seen> {
  let best: Seen = { at: { xMm: NaN, yMm: NaN }, signal: -Infinity };
  for (const at of places) {
    const { signal } = await probe.signalAt(at);
    if (signal > best.signal) best = { at, signal };
  }
  return best;
}

async function firstBright(probe: Probe, places: readonly PlaneMm[], from: number): Promise<Seen | undefined> {
  for (const at of places) {
    const { signal } = await probe.signalAt(at);
    if (signal >= from) return { at, signal };
  }
  return undefined;
}

/** Its middle to a few tenths of a millimetre, from a place within. */
async function coarseMiddle(
  probe: Probe,
  within: PlaneMm,
  open: number,
  fiducial: SiteFiducial,
): Promise<Estimate<PlaneMm>> {
  const x = await coarseAlong(probe, "x", within.xMm, within.yMm, open, fiducial);
  if (!x.ok) return x;
  const y = await coarseAlong(probe, "y", within.yMm, x.value, open, fiducial);
  return y.ok ? estimated({ xMm: x.value, yMm: y.value }) : y;
}

async function coarseAlong(
  probe: Probe,
  axis: "x" | "y",
  fromMm: number,
  otherMm: number,
  open: number,
  { name, sideMm }: SiteFiducial,
): Promise<Estimate<number>> {
  const line = lineThrough(probe, axis, otherMm);
  const ends: number[] = [];
  for (const side of [-1, 1] as const) {
    let steps = 1;
    while (steps <= STEPS_OUT_MAX && (await line.at(fromMm + side * steps * STEP_OUT_MM)).signal > open / 2) steps += 1;
    if (steps > STEPS_OUT_MAX) {
      return notEstimated("no-edge", `${name}: bright from end to end, ${2 * STEPS_OUT_MAX} mm along ${axis}`);
    }
    const near = fromMm + side * (steps - 1) * STEP_OUT_MM;
    ends.push((await enclose(line, near, near + side * STEP_OUT_MM, COARSE_MM)).middleMm);
  }
  const [low = NaN, high = NaN] = ends;
  if (!(Math.abs(high - low - sideMm) < 2 * COARSE_MM + SIZE_TOLERANCE_MM)) {
    return notEstimated("other-size", `${name}: ${(high - low).toFixed(1)} mm across along ${axis}, not ${sideMm} mm`);
  }
  return estimated((low + high) / 2);
}

function beamSizeOf({ edges }: FoundMiddle): BeamSize {
  const [xMm, xSigmaMm] = meanWidth(edges.x);
  const [yMm, ySigmaMm] = meanWidth(edges.y);
  return { xMm, yMm, xSigmaMm, ySigmaMm };
}

function meanWidth(edges: FoundMiddle["edges"]["x"]): readonly [number, number] {
  const weights = edges.map(({ widthSigmaMm }) => 1 / widthSigmaMm ** 2);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = edges.reduce((sum, { widthMm }, index) => sum + (widthMm * (weights[index] ?? 0)) / total, 0);
  return [mean, 1 / Math.sqrt(total)];
}

/** Within the opening: before the high edge, behind the low one. */
function openSignalOf({ edges }: FoundMiddle): number {
  const [low, high] = edges.x;
  return ((low?.behind ?? NaN) + (high?.before ?? NaN)) / 2;
}
