/** The rack, the beam and then the cells, one after the other; a cell that cannot be told keeps no other waiting. */
import { edgeShapeOf } from "../../protocols/align/edge-response.ts";
import type { NoEstimate } from "../../protocols/align/estimate.ts";
import type { PlaneMm, RackPlacement } from "../../protocols/align/placement.ts";
import type { Position } from "../../protocols/base/position.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { SiteAlignment } from "../../protocols/site/alignment.ts";
import { alignCell, type CellFound } from "./align-cell.ts";
import { alignRack, type BeamSize, type RackFound } from "./align-rack.ts";
import type { Probe } from "./probe.ts";

export interface CellMissed {
  readonly position: Position;
  readonly why: NoEstimate;
  readonly what: string;
}

export interface Aligned {
  readonly rack: RackFound;
  readonly beam: BeamSize;
  readonly placement: RackPlacement;
  readonly cells: readonly CellFound[];
  readonly missed: readonly CellMissed[];
}

export interface AlignOrder {
  readonly site: Site;
  readonly alignment: SiteAlignment;
  /** Whose cells are measured, in the order of measuring. */
  readonly positions: readonly Position[];
  /** Told after each step, for whoever watches. */
  readonly say?: (line: string) => void;
  /** Somebody goes along with it, and says how it goes on. */
  readonly guide?: AlignGuide;
}

/** A person beside the alignment. What it is asked it answers when that person has; it rejects where that person ends it. */
export interface AlignGuide {
  /** The rack and the beam are found: are they measured once more? */
  rackFound(rack: RackFound): Promise<"go-on" | "again">;
  cellBegun(position: Position): void;
  cellEnded(position: Position, cell: CellFound | CellMissed): void;
  /** All were tried: which of those that were missed are tried again? None: that is all. */
  cellsEnded(missed: readonly CellMissed[]): Promise<readonly Position[]>;
}

/** Rejects with Fault `align.rack` where the rack cannot be told, and with whatever stops the probe. */
export async function alignSite(probe: Probe, order: AlignOrder): Promise<Aligned> {
  const { site, alignment, positions, say } = order;
  const grid = site.rack;
  const { profile } = site.beam;
  const travel = { xMm: site.stage.travelXMm, yMm: site.stage.travelYMm };
  let rack = await foundRack();
  while ((await order.guide?.rackFound(rack)) === "again") rack = await foundRack();
  const { beam } = rack;
  const { placement } = rack.fit;
  const across = {
    shape: { x: edgeShapeOf(profile, "x"), y: edgeShapeOf(profile, "y") },
    widthMm: { x: beam.xMm, y: beam.yMm },
  };
  const cells: CellFound[] = [];
  let missed: readonly CellMissed[] = [];
  let next = positions;
  for (;;) {
    const failed: CellMissed[] = [];
    for (const position of next) {
      order.guide?.cellBegun(position);
      const cell = await alignCell(probe, position, {
        grid,
        placement,
        edge: alignment.cellEdge,
        beam: across,
        travel,
      });
      if (cell.ok) cells.push(cell.value);
      else failed.push({ position, why: cell.why, what: cell.what });
      order.guide?.cellEnded(position, cell.ok ? cell.value : { position, why: cell.why, what: cell.what });
      say?.(cell.ok ? cellText(cell.value) : `${position}: ${cell.what}`);
    }
    missed = [...missed.filter(({ position }) => !next.includes(position)), ...failed];
    next = (await order.guide?.cellsEnded(missed)) ?? [];
    if (next.length === 0) break;
  }
  const offsets = new Map<Position, PlaneMm>(cells.map(({ position, offset }) => [position, offset]));
  return { rack, beam, placement: { ...placement, cells: offsets }, cells, missed };

  async function foundRack(): Promise<RackFound> {
    const found = await alignRack(probe, { grid, alignment, profile, travel });
    if (!found.ok) throw new Fault("align.rack", site.name, found.what, { why: found.why });
    say?.(rackText(found.value));
    say?.(beamText(found.value.beam));
    return found.value;
  }
}

export function rackText({ fit, marks }: RackFound): string {
  const { shiftXMm, shiftYMm, rotationDeg } = fit.placement;
  const worst = fit.residualsMm.reduce((a, b) => (b.mm > a.mm ? b : a));
  return `rack: A1 off by x ${mm(shiftXMm)}, y ${mm(shiftYMm)} mm, turned by ${rotationDeg.toFixed(3)} ± ${fit.rotationSigmaDeg.toFixed(4)} degrees; ${marks.length} openings, the worst ${mm(worst.mm)} mm off the fit (${worst.name})`;
}

export function beamText({ xMm, yMm, xSigmaMm, ySigmaMm }: BeamSize): string {
  return `beam: ${mm(xMm)} ± ${mm(xSigmaMm)} mm wide, ${mm(yMm)} ± ${mm(ySigmaMm)} mm high`;
}

function cellText({ position, offset, sigmaMm }: CellFound): string {
  return `${position}: x ${mm(offset.xMm)}, y ${mm(offset.yMm)} mm off its place (± ${mm(sigmaMm)})`;
}

function mm(value: number): string {
  return value.toFixed(3);
}
