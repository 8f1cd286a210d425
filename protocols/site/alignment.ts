/** How a site finds its rack, its cells and its beam: a diode behind the rack, and what shows there. */
import type { PlaneMm } from "../align/placement.ts";

/** A square opening in the rack's plate; millimetres from A1 along the rack's axes, as it was made. */
export interface SiteFiducial extends PlaneMm {
  readonly name: string;
  readonly sideMm: number;
}

/** What a cell shows in transmission: the rim of its window, or of the disc within. */
export interface SiteCellEdge {
  readonly diameterMm: number;
  readonly inside: "brighter" | "darker";
  /** How far a cell can lie off its place, along either axis. */
  readonly offCentreMaxMm: number;
}

export interface SiteAlignment {
  /** The sensor behind the rack. */
  readonly diode: string;
  /** In the beam meanwhile: one for each filter of the site. */
  readonly filtersIn: readonly boolean[];
  readonly fiducials: readonly SiteFiducial[];
  /** How far the first opening may be from where it was made, along either axis. */
  readonly reachMm: number;
  readonly rotationMaxDeg: number;
  readonly cellEdge: SiteCellEdge;
  /** The most that the diode can tell, in its own unit; null where that is far away. */
  readonly saturatedFrom: number | null;
  /** How thick the diode's silicon is, fully depleted; left out where its current is not to tell the flux. */
  readonly diodeSiliconMm?: number;
}
