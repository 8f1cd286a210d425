/** What each cell's half cycles came to, by the log alone. */
import { isFault } from "../../protocols/base/fault.ts";
import { openRecord } from "./record-reader.ts";

export interface CellHalfCycles {
  readonly position: string;
  /** Half cycles that are over. */
  readonly halfCycles: number;
  /** Capacity of the last half cycle each way, A h; null where there was none. */
  readonly chargeAh: number | null;
  readonly dischargeAh: number | null;
  /** Of the last half cycles that have one. */
  readonly coulombicEfficiency: number | null;
  readonly stateOfHealth: number | null;
}

/** Cells in order of their first half cycle. Empty where the record is too damaged to be read. */
export function halfCyclesOf(folder: string): readonly CellHalfCycles[] {
  const cells = new Map<string, CellHalfCycles>();
  try {
    const reader = openRecord(folder);
    try {
      for (const scanned of reader.events()) {
        if (scanned.kind !== "row" || scanned.row.type !== "half-cycle-ended") continue;
        const half = parsed(scanned.row.dataText);
        const position = half["position"];
        if (typeof position !== "string") continue;
        cells.set(position, after(cells.get(position), position, half));
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!isFault(error) || error.code !== "store.damaged") throw error;
  }
  return [...cells.values()];
}

type HalfCycleData = Readonly<Record<string, unknown>>;

function after(before: CellHalfCycles | undefined, position: string, half: HalfCycleData): CellHalfCycles {
  const number = (key: string): number | null => {
    const value = half[key];
    return typeof value === "number" ? value : null;
  };
  const isCharge = half["direction"] === "charge";
  const capacityAh = number("capacity_Ah");
  return {
    position,
    halfCycles: (before?.halfCycles ?? 0) + 1,
    chargeAh: isCharge ? capacityAh : (before?.chargeAh ?? null),
    dischargeAh: isCharge ? (before?.dischargeAh ?? null) : capacityAh,
    coulombicEfficiency: number("coulombic_efficiency") ?? before?.coulombicEfficiency ?? null,
    stateOfHealth: number("state_of_health") ?? before?.stateOfHealth ?? null,
  };
}

/** An object, or an empty one where a row says something else. */
function parsed(text: string): HalfCycleData {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as HalfCycleData) : {};
  } catch {
    return {};
  }
}
