/**
 * An edge looked for with few photons: both sides, then halves of the way until it is enclosed, then a few places
 * about it, and a fit through all of them.
 */
import { fitEdge, type EdgeEstimate } from "../../protocols/align/edge-fit.ts";
import type { EdgeShape } from "../../protocols/align/edge-response.ts";
import type { Estimate, ScanPoint } from "../../protocols/align/estimate.ts";
import type { Line } from "./probe.ts";

export interface EdgeSearch {
  /** A coordinate on the near side of the edge, and one beyond it: neither is in reach of the beam's own width. */
  readonly nearMm: number;
  readonly farMm: number;
  /** What the signal does from near to far. */
  readonly goes: "up" | "down";
  readonly shape: EdgeShape;
  /** Of the beam along this axis; left out where it is to be found too. */
  readonly widthMm?: number;
}

/** Enclosed so closely, the places about the middle all lie on the edge of any beam in use. */
const ENCLOSED_MM = 0.25;
const ABOUT_MM = [0.08, 0.2, 0.35, 0.55, 0.8];
/** Of a beam too narrow for these. */
const CLOSE_MM = [0.015, 0.035, 0.055];
const NARROW_MM = 0.2;
/** Of the beam's width, where it is known. */
const ABOUT_SHARES = [0.3, 0.9];
/** What lies further off, in the beam's width, may have something else in it: it encloses, and tells nothing more. */
const FAR_SHARE = 1.2;

export async function findEdge(line: Line, search: EdgeSearch): Promise<Estimate<EdgeEstimate>> {
  const { nearMm, farMm, widthMm } = search;
  const enclosedMm = widthMm === undefined ? ENCLOSED_MM : Math.min(ENCLOSED_MM, widthMm / 2);
  const { points, middleMm } = await enclose(line, nearMm, farMm, enclosedMm);
  const about = widthMm === undefined ? ABOUT_MM : ABOUT_SHARES.map((share) => share * widthMm);
  await measure(line, points, middleMm, about);
  const question = {
    shape: search.shape,
    goes: farMm > nearMm ? search.goes : opposite(search.goes),
    ...(widthMm === undefined ? {} : { widthMm }),
  };
  const first = fitEdge(
    widthMm === undefined ? points : points.filter(({ atMm }) => Math.abs(atMm - middleMm) < FAR_SHARE * widthMm),
    question,
  );
  if (widthMm !== undefined || (first.ok ? first.value.widthMm > NARROW_MM : first.why !== "poor-fit")) return first;
  await measure(line, points, first.ok ? first.value.atMm : middleMm, CLOSE_MM);
  return fitEdge(points, question);
}

export interface Enclosed {
  readonly points: ScanPoint[];
  readonly middleMm: number;
}

/** Halves the way until the edge lies within so much. */
export async function enclose(line: Line, nearMm: number, farMm: number, withinMm: number): Promise<Enclosed> {
  const near = await line.at(nearMm);
  const far = await line.at(farMm);
  const points = [near, far];
  const level = (near.signal + far.signal) / 2;
  let [nearer, farther] = [nearMm, farMm];
  while (Math.abs(farther - nearer) > withinMm) {
    const point = await line.at((nearer + farther) / 2);
    points.push(point);
    if (point.signal > level === near.signal > level) nearer = point.atMm;
    else farther = point.atMm;
  }
  return { points, middleMm: (nearer + farther) / 2 };
}

async function measure(line: Line, points: ScanPoint[], middleMm: number, aboutMm: readonly number[]): Promise<void> {
  for (const by of [...aboutMm.map((mm) => -mm), ...aboutMm].sort((a, b) => a - b)) {
    points.push(await line.at(middleMm + by));
  }
}

function opposite(goes: "up" | "down"): "up" | "down" {
  return goes === "up" ? "down" : "up";
}
