/** What is put at the positions of the rack: scaled designs, and nothing. */
import type { CellObserver } from "./cell-observer.ts";
import type { WorldOptions } from "./world-options.ts";
import type { WorldCell } from "./world-site.ts";
import type { CellDesign } from "../cell/cell-design.ts";
import type { CellPlant } from "../plant/plant.ts";

/** The same cell with another disc: capacities, surfaces and resistances follow its area. */
export function scaledDesign(design: CellDesign, scale: number): CellDesign {
  const { cell, formation } = design;
  return {
    ...design,
    cell: { ...cell, area_m2: cell.area_m2 * scale, nominalCapacity_mAh: cell.nominalCapacity_mAh * scale },
    formation: { ...formation, lithiumLoss_mAh: formation.lithiumLoss_mAh * scale },
  };
}

/** A position without a cell: no current flows, whatever is asked, and the leads pick up nothing. */
export function createOpenTerminals(): CellPlant {
  return {
    disconnect: () => undefined,
    applyCurrent: () => undefined,
    applyVoltage: () => undefined,
    applyVoltageWithin: () => undefined,
    read: () => undefined,
    voltageV: 0,
    currentA: 0,
  };
}

/** Where something is wrong from the start: with the cell, its leads, or which cell lies there; that one may not be driven. */
export function faultyFromStart(
  cells: readonly WorldCell[],
  { lyingLeads, displaced }: Pick<WorldOptions, "lyingLeads" | "displaced">,
  observers: ReadonlyMap<number, Pick<CellObserver, "forbid">>,
): Set<number> {
  const ill = cells.filter(({ faults = [] }) => faults.length > 0).map(({ positionIndex }) => positionIndex);
  for (const index of displaced ?? []) observers.get(index)?.forbid("another cell lies here than the campaign has");
  return new Set([...ill, ...(lyingLeads?.keys() ?? []), ...(displaced ?? [])]);
}

/** Each channel drives the cell that it is said to; elsewhere a proof of one passes through another. */
export function isAsWired({ hands, lyingLeads, displaced }: WorldOptions): boolean {
  return hands === undefined && lyingLeads === undefined && displaced === undefined;
}
