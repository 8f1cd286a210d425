/** Where a cell lies in its place of the rack, by the edge of what it shows in transmission: its window, or its disc. */
import { estimated, notEstimated, type Estimate } from "../../protocols/align/estimate.ts";
import {
  placedSpot,
  pointOfRack,
  type PlaneMm,
  type RackGrid,
  type RackPlacement,
} from "../../protocols/align/placement.ts";
import { columnIndex, rowIndex, type Position } from "../../protocols/base/position.ts";
import type { SiteCellEdge } from "../../protocols/site/alignment.ts";
import { findMiddle, type BeamAcross } from "./find-middle.ts";
import type { Probe } from "./probe.ts";

export interface CellFound {
  readonly position: Position;
  /** Of its centre from its place on the rack, along the rack's axes. */
  readonly offset: PlaneMm;
  readonly sigmaMm: number;
  readonly diameterMm: number;
}

export interface CellSearch {
  readonly grid: RackGrid;
  readonly placement: Omit<RackPlacement, "cells">;
  readonly edge: SiteCellEdge;
  readonly beam: BeamAcross;
  /** The stage goes from 0 to here. */
  readonly travel: PlaneMm;
}

/** A disc is crossed beside its middle, by as much as the cell is off its place; and it was stamped, not ground. */
const SIZE_TOLERANCE_MM = 0.25;
/** Beyond the edge's own freedom: so much of the beam's width, and at least this. */
const BEYOND_MM = 0.4;

export async function alignCell(probe: Probe, position: Position, search: CellSearch): Promise<Estimate<CellFound>> {
  const { grid, placement, edge, beam } = search;
  const about = placedSpot(grid, { ...placement, cells: new Map() }, position, { xMm: 0, yMm: 0 });
  const widest = beam.widthMm === undefined ? 0 : Math.max(beam.widthMm.x, beam.widthMm.y);
  const found = await findMiddle(probe, beam, {
    ...{ about, acrossMm: edge.diameterMm, toleranceMm: SIZE_TOLERANCE_MM, inside: edge.inside },
    ...{ form: "disc", travel: search.travel },
    spanMm: edge.offCentreMaxMm + Math.max(BEYOND_MM, widest),
  });
  if (!found.ok) return found;
  const { at, sigmaMm, acrossMm } = found.value;
  const onRack = pointOfRack(grid, placement, at);
  const offset = {
    xMm: onRack.xMm - columnIndex(position) * grid.pitchMm,
    yMm: onRack.yMm - rowIndex(position) * grid.pitchMm,
  };
  if (Math.hypot(offset.xMm, offset.yMm) > Math.SQRT2 * edge.offCentreMaxMm) {
    const byMm = Math.hypot(offset.xMm, offset.yMm).toFixed(2);
    return notEstimated("misfit", `${byMm} mm off its place, where a cell can lie ${edge.offCentreMaxMm} mm`);
  }
  return estimated({ position, offset, sigmaMm, diameterMm: acrossMm });
}
