/** One cell's part of the log, gathered event by event. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isRecord } from "../record/ledger-row.ts";
import type { RackPlanCell } from "../record/rack-plan-event.ts";
import { parseSpectrum, SPECTRUM_EVENT } from "../record/spectrum-event.ts";
import { numberOrNull, textOrNull, type EventData } from "./event-fields.ts";
import type {
  ExportedCell,
  ExportedExposure,
  ExportedGap,
  ExportedHalfCycle,
  ExportedSpectrum,
  ExportedStep,
} from "./exported-campaign.ts";

export interface CellFold {
  readonly position: string;
  readonly channelIndex: number;
  event(type: string, atMs: number, data: EventData, whole: Json | undefined): void;
  gap(gap: ExportedGap): void;
  cell(exposures: readonly ExportedExposure[]): ExportedCell;
}

const ENDS: ReadonlyMap<string, "complete" | "isolated" | "stopped"> = new Map([
  ["cell-complete", "complete"],
  ["cell-isolated", "isolated"],
  ["cell-stopped", "stopped"],
]);

export function createCellFold(planned: RackPlanCell): CellFold {
  const steps: ExportedStep[] = [];
  const halfCycles: ExportedHalfCycle[] = [];
  const spectra: ExportedSpectrum[] = [];
  const gaps: ExportedGap[] = [];
  let over: ExportedCell["over"] = null;

  function stepStarted(atMs: number, data: EventData): void {
    const last = steps.at(-1);
    const ordinal = ordinalOf(data);
    const goesOn = last !== undefined && ordinal !== null && ordinal === ordinalSeen && last.endedBy === null;
    ordinalSeen = ordinal;
    steps.push({
      count: goesOn ? last.count : (last?.count ?? 0) + 1,
      atMs,
      step: numberOrNull(data["step"]) ?? 0,
      cycle: numberOrNull(data["cycle"]) ?? 0,
      label: textOrNull(data["label"]) ?? "",
      currentA: numberOrNull(data["current_A"]),
      endMs: null,
      endedBy: null,
    });
  }
  let ordinalSeen: number | null = null;

  function stepEnded(atMs: number, data: EventData): void {
    const last = steps.at(-1);
    if (last === undefined) return;
    steps[steps.length - 1] = { ...last, endMs: atMs, endedBy: textOrNull(data["ended_by"]) };
  }

  return {
    position: planned.position,
    channelIndex: planned.channelIndex,
    event(type, atMs, data, whole) {
      const end = ENDS.get(type);
      if (end !== undefined) over = { how: end, atMs };
      else if (type === "step-started") stepStarted(atMs, data);
      else if (type === "step-ended") stepEnded(atMs, data);
      else if (type === "half-cycle-ended") halfCycles.push(halfCycleOf(atMs, data));
      else if (type === SPECTRUM_EVENT) {
        const parsed = parseSpectrum(whole);
        if (typeof parsed !== "string") spectra.push({ ...parsed.spectrum, atMs });
      }
    },
    gap({ fromMs, toMs, reason }) {
      gaps.push({ fromMs, toMs, reason });
    },
    cell: (exposures) => ({ ...planned, steps, halfCycles, exposures, spectra, gaps, over }),
  };
}

function ordinalOf(data: EventData): number | null {
  const state = data["state"];
  const place = isRecord(state) ? state["place"] : undefined;
  return isRecord(place) ? numberOrNull(place["ordinal"]) : null;
}

function halfCycleOf(atMs: number, data: EventData): ExportedHalfCycle {
  return {
    atMs,
    number: numberOrNull(data["half_cycle"]) ?? 0,
    cycle: numberOrNull(data["cycle"]) ?? 0,
    direction: textOrNull(data["direction"]) ?? "",
    capacityAh: numberOrNull(data["capacity_Ah"]),
    capacityDoubtAh: numberOrNull(data["capacity_doubt_Ah"]),
    isWhole: data["is_whole"] === true,
    coulombicEfficiency: numberOrNull(data["coulombic_efficiency"]),
    stateOfHealth: numberOrNull(data["state_of_health"]),
  };
}
