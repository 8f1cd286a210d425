/**
 * What asks for exposures beside the sweep, resolved: which cells, in which of their steps and cycles, at what, within
 * which window. Plain JSON values only. docs/triggers.md has an example of each.
 */
import type { ExposurePreset } from "./campaign.ts";

export const TRIGGER_KINDS = [
  "time-grid",
  "state-of-charge-grid",
  "voltage-grid",
  "step-edge",
  "rest-end",
  "relaxation",
  "cycle",
  "dqdv-peak",
  "operator",
  "agent",
] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** Around the wanted moment; a width in state of charge lasts as long as the current takes for it. */
export type TriggerWindow =
  | { readonly in: "time"; readonly earlyS: number; readonly lateS: number }
  | { readonly in: "state-of-charge"; readonly early: number; readonly late: number };

/** Cycles from 1 on: each `every`-th from the first; `to` null for all that come. */
export interface CycleRange {
  readonly from: number;
  readonly to: number | null;
  readonly every: number;
}

export interface TriggerCell {
  /** Into the campaign's cells. */
  readonly cellIndex: number;
  /** Of its protocol, counted from 0 over all steps of the file; null for all of them. */
  readonly stepIndexes: readonly number[] | null;
}

interface TriggerCommon {
  readonly name: string;
  readonly preset: ExposurePreset;
  /** Cells that are exposed as the measurement; controls ask for nothing. */
  readonly cells: readonly TriggerCell[];
  /** Null for every cycle. */
  readonly cycles: readonly CycleRange[] | null;
  /** What it is worth against others, above 0; 1 is usual. */
  readonly weight: number;
  /** On whose share it counts; null for the group of each cell. */
  readonly owner: string | null;
}

interface Timed {
  readonly window: Extract<TriggerWindow, { in: "time" }>;
}

/** Marks of the charging and of the discharging half cycles, apart, rising. */
interface ByDirection {
  readonly charge: readonly number[];
  readonly discharge: readonly number[];
}

/** Each `everyS` from `firstAfterS` on; without a window any moment until the next is as good. */
export type TimeGridTrigger = TriggerCommon & {
  readonly kind: "time-grid";
  readonly everyS: number;
  readonly firstAfterS: number;
  readonly window: Timed["window"] | null;
};

/**
 * What a state of charge is a part of. `last`: the capacity known last, the nameplate's until the cell's own was measured,
 * and the forecast before there was a cut-off. `measured`: the cell's own; nothing is asked before. `nameplate`: the
 * nominal capacity, and only the charge of the half cycle counts.
 */
export const CHARGE_REFERENCES = ["last", "measured", "nameplate"] as const;
export type ChargeReference = (typeof CHARGE_REFERENCES)[number];

/** States of charge 0..1. */
export type StateOfChargeTrigger = TriggerCommon &
  ByDirection & {
    readonly kind: "state-of-charge-grid";
    readonly window: TriggerWindow;
    readonly reference: ChargeReference;
  };

/** Volts, at the terminals, crossed in the current's direction. */
export type VoltageTrigger = TriggerCommon & ByDirection & Timed & { readonly kind: "voltage-grid" };

export type StepEdgeTrigger = TriggerCommon &
  Timed & { readonly kind: "step-edge"; readonly edges: readonly ("before" | "after")[] };

/** Just before a rest is over. */
export type RestEndTrigger = TriggerCommon & Timed & { readonly kind: "rest-end" };

/** So many seconds into a rest. */
export type RelaxationTrigger = TriggerCommon &
  Timed & { readonly kind: "relaxation"; readonly afterS: readonly number[] };

/** As a cycle begins. */
export type CycleTrigger = TriggerCommon & Timed & { readonly kind: "cycle" };

/** Once a peak of |dQ/dV| between two voltages has been passed, by `fall` of its height. */
export type DqdvPeakTrigger = TriggerCommon &
  Timed & {
    readonly kind: "dqdv-peak";
    readonly directions: readonly ("charge" | "discharge")[];
    readonly fromV: number;
    readonly toV: number;
    /** Samples are taken together over this many volts. */
    readonly smoothV: number;
    readonly fall: number;
  };

/** Asked by command: a person's, or a program's that is named as the author. */
export type CommandTrigger = TriggerCommon & Timed & { readonly kind: "operator" | "agent" };

export type CampaignTrigger =
  | TimeGridTrigger
  | StateOfChargeTrigger
  | VoltageTrigger
  | StepEdgeTrigger
  | RestEndTrigger
  | RelaxationTrigger
  | CycleTrigger
  | DqdvPeakTrigger
  | CommandTrigger;

/** Whether a trigger asks in this cycle; before any current it is cycle 0, which only a trigger without cycles has. */
export function hasCycle({ cycles }: Pick<CampaignTrigger, "cycles">, cycle: number): boolean {
  if (cycles === null) return true;
  return cycles.some(
    ({ from, to, every }) => cycle >= from && (to === null || cycle <= to) && (cycle - from) % every === 0,
  );
}

/** How many of the first `count` cycles. */
export function cycleCount(trigger: Pick<CampaignTrigger, "cycles">, count: number): number {
  if (trigger.cycles === null) return count;
  const cycles = new Set<number>();
  for (const { from, to, every } of trigger.cycles) {
    for (let cycle = from; cycle <= Math.min(count, to ?? count); cycle += every) cycles.add(cycle);
  }
  return cycles.size;
}

export function hasStep({ stepIndexes }: TriggerCell, stepIndex: number): boolean {
  return stepIndexes?.includes(stepIndex) ?? true;
}
