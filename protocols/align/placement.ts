/**
 * Where a rack stands in truth, as it was measured: shifted and turned in its plane, each cell a little off its place.
 * Turned about A1; millimetres, and degrees counted from x to y. Pure.
 */
import { columnIndex, rowIndex, type Occupant } from "../base/position.ts";

export interface PlaneMm {
  readonly xMm: number;
  readonly yMm: number;
}

export interface RackPlacement {
  /** Of A1 against its place by the site file, in stage coordinates. */
  readonly shiftXMm: number;
  readonly shiftYMm: number;
  readonly rotationDeg: number;
  /** Of cells, each by its own name, from their places on the rack along the rack's axes; those not listed were not measured. */
  readonly cells: ReadonlyMap<Occupant, PlaneMm>;
}

export interface RackGrid {
  readonly pitchMm: number;
  readonly originXMm: number;
  readonly originYMm: number;
}

/** Stage coordinates of a point of the rack, given in millimetres from A1 along the rack's axes. */
export function placedOnStage(grid: RackGrid, placement: Omit<RackPlacement, "cells">, { xMm, yMm }: PlaneMm): PlaneMm {
  const angle = (placement.rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    xMm: grid.originXMm + placement.shiftXMm + cos * xMm - sin * yMm,
    yMm: grid.originYMm + placement.shiftYMm + sin * xMm + cos * yMm,
  };
}

/** The other way: which point of the rack is in the beam, millimetres from A1. */
export function pointOfRack(grid: RackGrid, placement: Omit<RackPlacement, "cells">, at: PlaneMm): PlaneMm {
  const angle = (placement.rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const x = at.xMm - grid.originXMm - placement.shiftXMm;
  const y = at.yMm - grid.originYMm - placement.shiftYMm;
  return { xMm: cos * x + sin * y, yMm: -sin * x + cos * y };
}

/** Stage coordinates at which the point of a cell so far from its centre is in the beam. */
export function placedSpot(grid: RackGrid, placement: RackPlacement, position: Occupant, spot: PlaneMm): PlaneMm {
  // What was measured of one that lay there before is not its own.
  const own = placement.cells.get(position) ?? { xMm: 0, yMm: 0 };
  return placedOnStage(grid, placement, {
    xMm: columnIndex(position) * grid.pitchMm + own.xMm + spot.xMm,
    yMm: rowIndex(position) * grid.pitchMm + own.yMm + spot.yMm,
  });
}
