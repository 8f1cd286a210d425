/**
 * Dark controls of other groups, as they are told to a group that shares its own: what they could hold, and nothing that
 * says whose they are or where. Pure.
 */
import { hash } from "node:crypto";
import type { RackPlan, RackPlanCell } from "../record/rack-plan-event.ts";
import type { ExportedCell } from "./exported-campaign.ts";

export interface SharedHalfCycle {
  /** From 1. */
  readonly number: number;
  readonly cycle: number;
  readonly direction: string;
  readonly capacityAh: number | null;
  readonly capacityDoubtAh: number | null;
  readonly isWhole: boolean;
  readonly coulombicEfficiency: number | null;
  readonly stateOfHealth: number | null;
}

/** Alike in chemistry, electrolyte, protocol and nominal capacity to cells of whoever is told: these are its own words. */
export interface SharedControl {
  /** `shared-control-1` and so on: of this pool, not of the cell. */
  readonly name: string;
  readonly chemistry: string;
  readonly electrolyte: string;
  readonly nominalCapacityMah: number;
  /** Without their times: those of the rack would say which cell it is. */
  readonly halfCycles: readonly SharedHalfCycle[];
}

/** Whether a group may be told of that cell at all: both agree, it is another's, was never meant for the beam, and is alike to one of its own. */
export function mayBeShared(plan: RackPlan, group: string | null, cell: RackPlanCell): boolean {
  if (group === null || cell.group === group || cell.role !== "dark-control") return false;
  if (!plan.sharedControls.includes(group) || !plan.sharedControls.includes(cell.group)) return false;
  return plan.cells.some((own) => own.group === group && isAlike(own, cell));
}

function isAlike(a: RackPlanCell, b: RackPlanCell): boolean {
  return (
    a.chemistry === b.chemistry &&
    a.electrolyte === b.electrolyte &&
    a.nominalCapacityMah === b.nominalCapacityMah &&
    a.protocolSha256 === b.protocolSha256
  );
}

/**
 * `cells`: those that may be, as they were recorded. One that was isolated or exposed is no control. `salt` is of the
 * campaign: by it they stand in an order that says nothing of their places.
 */
export function sharedControls(cells: readonly ExportedCell[], salt: string): readonly SharedControl[] {
  const keyed = cells
    .filter(({ exposures, over, halfCycles }) => {
      return exposures.length === 0 && over?.how !== "isolated" && halfCycles.length > 0;
    })
    .map((cell) => ({ cell, key: hash("sha256", `${salt} ${cell.barcode} ${cell.position}`, "hex") }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return keyed.map(({ cell: { chemistry, electrolyte, nominalCapacityMah, halfCycles } }, index) => ({
    ...{ name: `shared-control-${index + 1}`, chemistry, electrolyte, nominalCapacityMah },
    halfCycles: halfCycles.map((half) => ({
      ...{ number: half.number, cycle: half.cycle, direction: half.direction, isWhole: half.isWhole },
      ...{ capacityAh: half.capacityAh, capacityDoubtAh: half.capacityDoubtAh },
      ...{ coulombicEfficiency: half.coulombicEfficiency, stateOfHealth: half.stateOfHealth },
    })),
  }));
}
